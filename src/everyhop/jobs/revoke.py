"""Revoke: what is not to be believed any more, and which servers have to be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from everyhop.errors import LineageError, SettingsError, SourceError
from everyhop.jobs.issuing import Help, acme_issuer
from everyhop.jobs.office import Office
from everyhop.lineage.deployment import Part
from everyhop.lineage.ledger.event import Kind
from everyhop.lineage.standing import standing
from everyhop.lineage.terms import AcmeTerms, IssuerName
from everyhop.model.certificate import Leaf, Revocation, RevocationReason
from everyhop.model.nearest import did_you_mean
from everyhop.x509.parse import chain_from_pem

_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Revoked:
    """The leaf; the number of the list that says so, None where an ACME server keeps it; and who is to get that list.

    `readers` are files that deployments of lineages name for the list: everyhop renew writes them. `earlier` is since
    when it had been revoked already: that stays as it was (RFC 5280 section 5.3.1 has one reason for one entry).
    `renewed` is whether everyhop renew makes what comes after it.
    """

    leaf: Leaf
    lineage: str | None
    crl: int | None
    readers: tuple[str, ...]
    earlier: Revocation | None = None
    renewed: bool = False


def revoke(office: Office, named: str, reason: RevocationReason, given: Help) -> Revoked:
    """Revoke a lineage's live leaf, a leaf by its serial number (hex) or one in a PEM file.

    Raises `SettingsError` where nothing of the kind is here, `LineageError`, and `IssueError` for a wrong passphrase.
    """
    leaf, lineage, acme = _leaf(office, named)
    earlier = None
    with office.ledger() as ledger:
        if acme is not None:
            acme_issuer(office, acme, given).revoke(leaf)
            number = None
        else:
            kept = office.authority()
            earlier = standing(kept, office.home).revocation(leaf)
            kept.revoke(leaf, reason, given.passphrase() if kept.is_sealed() else None)
            here = standing(kept, office.home).generations
            number = next(one.crl for one in here if one.intermediate.subject == leaf.issuer)
        detail = reason.value if earlier is None else f"again: it stays {earlier.reason.value}"
        ledger.append(office.event(Kind.REVOKED, leaf, lineage or next(iter(leaf.names), leaf.subject), detail))
    readers = tuple(_readers(office)) if number is not None else ()
    renewed = lineage is not None and office.store.open(lineage).terms().issuer is not IssuerName.ADOPTED
    return Revoked(leaf, lineage, number, readers, earlier, renewed)


def _leaf(office: Office, named: str) -> tuple[Leaf, str | None, AcmeTerms | None]:
    names = office.store.names()
    if named in names:
        lineage = office.store.open(named)
        live = lineage.live()
        if live is None:
            raise LineageError(f"the lineage {named} has no version, so there is nothing to revoke")
        return live.leaf, named, lineage.terms().acme
    if Path(named).is_file():
        with Path(named).open("rb") as file:
            text = file.read(_LARGEST).decode("ascii", "replace")
        try:
            return chain_from_pem(text, named).leaf, None, None
        except SourceError as error:
            raise SettingsError(error.message, path=named, hint=error.hint) from error
    for name in names:
        lineage = office.store.open(name)
        for number in lineage.numbers():
            version = lineage.version(number)
            if f"{version.leaf.serial:x}" == _plain(named):
                return version.leaf, name, lineage.terms().acme
    raise SettingsError(
        f"{named[:80]!r} is no lineage, no serial number of one, and no file{did_you_mean(named, names)}",
        hint="everyhop cert list tells which lineages there are; what was issued for a signing request is revoked by "
        "its file: everyhop cert revoke FILE",
    )


def _plain(serial: str) -> str:
    """`0A:1B`, `0x0a1b` and `a1b` are the same number."""
    return serial.lower().replace(":", "").removeprefix("0x").lstrip("0")


def _readers(office: Office) -> Iterator[str]:
    for name in office.store.names():
        for deployment in office.store.open(name).terms().deployments:
            if Part.CRL in deployment.files:
                yield deployment.files[Part.CRL]
