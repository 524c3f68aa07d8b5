"""Show: a certificate wherever it is (a file, a lineage, a live listener), and what the rules say against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from everyhop.errors import EveryhopError, LineageError, SettingsError, SourceError, TrustError
from everyhop.jobs.office import Office
from everyhop.lineage.standing import standing
from everyhop.model.certificate import Chain, Leaf
from everyhop.model.evidence import Transcript
from everyhop.model.location import Location
from everyhop.model.nearest import did_you_mean
from everyhop.model.report import Report
from everyhop.model.sighting import Gap, Origin, Reading, ServedChain
from everyhop.probe import anchors as bundles
from everyhop.probe.probe import survey
from everyhop.rules.catalogue import catalogue
from everyhop.rules.judge import judge
from everyhop.rules.policy import Policy
from everyhop.x509.pair import belongs
from everyhop.x509.parse import chain_from_pem, is_authority
from everyhop.x509.path import verify_path
from everyhop.x509.usage import CLIENTS, SERVERS, usages

_LARGEST = 1_000_000  # bytes: a chain has some thousands
_MOST = 32  # certificates: a chain has two to five, a roll-over's anchors and a CockroachDB's ca.crt not many more
_ENDINGS = frozenset({".pem", ".crt", ".cer", ".cert", ".key"})
_CERTIFICATE, _KEY = "-----BEGIN CERTIFICATE-----", "PRIVATE KEY-----"


@dataclass(frozen=True, slots=True)
class Shown:
    """`what` it is, in words; its chain, None where a listener showed none; and the report of what is wrong with it.

    `believed` tells to whose anchors it leads, or why to none; None: nobody judged it. `wrong` are sentences about what
    no rule looks at, `notes` about what is as it should be.
    """

    what: str
    chain: Chain | None
    believed: str | None
    report: Report
    wrong: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def show(office: Office, named: str, ca: str | None, key: Path | None) -> Shown:
    """What `named` is: a lineage, a PEM file, or an endpoint. Raises `SettingsError` where it is none."""
    names = office.store.names()
    if named in names:
        live = office.store.open(named).live()
        if live is None:
            raise LineageError(f"the lineage {named} has no version yet", hint=f"everyhop renew {named}")
        pem = live.anchors_pem or None
        return _judged(office, f"lineage {named}, version {live.number}", live.chain, _anchors(ca, pem), key)
    path = Path(named)
    if path.is_file():
        chain = _chain(path)
        return _judged(office, f"file {named}", chain, _anchors(ca, _own(office)), key)
    if path.is_dir():
        raise SettingsError("is a directory", path=named, hint="name a file in it")
    if ":" not in named and ("/" in named or path.suffix in _ENDINGS):
        raise SettingsError("there is no such file", path=named, hint="is the path right?")
    if ":" not in named:
        raise SettingsError(
            f"{named[:80]!r} is no lineage, no file and no endpoint{did_you_mean(named, names)}",
            hint="a lineage's name, a PEM file, or an endpoint as in postgresql://db.internal:5432",
        )
    return _of_listener(office, named, ca)


def _of_listener(office: Office, named: str, ca: str | None) -> Shown:
    try:
        location = Location.parse(named)
    except ValueError as error:
        hint = "as in postgresql://db.internal:5432"
        raise SettingsError(f"{named[:80]!r} names no listener: {error}", hint=hint) from error
    now = office.now()
    anchors = _anchors(ca, _own(office)) or ("the system's", bundles.of_system())
    seen = survey(location, anchors=anchors[1], server_name=None, now=now)
    if isinstance(seen, Gap):
        return Shown(f"listener {location}", None, None, _report([seen], now))
    if seen.chain is None:
        gap = Gap(str(location), "it shows no certificate: it speaks no TLS", "everyhop probe tells more")
        return Shown(f"listener {location}", None, None, _report([gap], now))
    served = ServedChain(seen.product, seen.chain, seen.trusted, seen.name_matches, seen.server_name, seen.trust_reason)
    believed = f"leads to {anchors[0]} anchors" if seen.trusted else f"no: {seen.trust_reason}"
    reading = Reading(served, Origin.OBSERVED, seen.endpoint, None, (Transcript(now, ()),))
    return Shown(f"listener {location}", seen.chain, believed, _report([reading], now))


def _judged(office: Office, what: str, chain: Chain, anchors: tuple[str, str] | None, key: Path | None) -> Shown:
    now, trusted, believed = office.now(), None, None
    used = usages(chain.leaf)
    for_clients = CLIENTS in used and SERVERS not in used
    if anchors is not None and not is_authority(chain.leaf) and not for_clients:
        try:
            verify_path(chain, anchors[1], None, now)
            trusted, believed = True, f"leads to {anchors[0]} anchors"
        except TrustError as error:
            trusted, believed = False, f"no: {error.message}"
    wrong = (*_revoked(office, chain.leaf), *_order(chain))
    notes = () if key is None else (_pair(chain, key),)
    sightings = []
    if not is_authority(chain.leaf):
        why = "" if trusted or believed is None else believed.removeprefix("no: ")
        served = ServedChain(what, chain, trusted, None, "", why)
        sightings = [Reading(served, Origin.OBSERVED, None, None, (Transcript(now, ()),))]
    return Shown(what, chain, believed, _report(sightings, now), wrong, notes)


def _revoked(office: Office, leaf: Leaf) -> Iterator[str]:
    """What the internal authority's own lists say of it."""
    try:
        found = standing(office.authority(), office.home).revocation(leaf)
    except EveryhopError:
        return
    if found is not None:
        yield f"it was revoked on {found.since:%Y-%m-%d} ({found.reason.value}): everyhop renew makes the next one"


def _order(chain: Chain) -> Iterator[str]:
    """Servers take the first certificate of a file for their own, and the next one for its issuer."""
    for lower, upper in pairwise(chain.certificates):
        if lower.issuer != upper.subject:
            yield f"out of order: {upper.subject} follows {lower.subject}, and did not issue it; the leaf comes first"
            return


def _report(sightings: list[Reading] | list[Gap], now: datetime) -> Report:
    return judge(sightings, catalogue(), Policy(), command="cert show", started=now)


def _pair(chain: Chain, key: Path) -> str:
    """Raises `LineageError` for the key of another certificate: a server that gets both does not start."""
    from everyhop.x509.parse import pem_of  # noqa: PLC0415 - only here

    found = belongs(_read(key), pem_of(chain.leaf), str(key))
    if found is None:
        return f"whether the key in {key} belongs to it cannot be told: a passphrase keeps it"
    if not found:
        raise LineageError(
            "the key does not belong to the certificate", path=str(key), hint="they are of two different issuances"
        )
    return f"the key in {key} belongs to it"


def _anchors(ca: str | None, own: str | None) -> tuple[str, str] | None:
    if ca == "system":
        return "the system's", bundles.of_system()
    if ca is not None:
        return f"{ca}'s", bundles.from_file(Path(ca))
    return ("the internal authority's", own) if own else None


def _own(office: Office) -> str | None:
    try:
        return office.authority().anchors_pem()
    except LineageError:
        return None


def _chain(path: Path) -> Chain:
    text = _read(path)
    if text.count(_CERTIFICATE) > _MOST:
        hint = "a chain is a leaf and those above it; of a bundle, take one: openssl x509 -in FILE shows the first"
        raise SettingsError(f"holds more than {_MOST} certificates: that is no chain", path=str(path), hint=hint)
    try:
        return chain_from_pem(text, str(path))
    except SourceError as error:
        if _CERTIFICATE in text:
            raise
        if _KEY in text:
            hint = "name the certificate, and the key with --key FILE"
            raise SettingsError("holds a private key, and no certificate", path=str(path), hint=hint) from error
        raise SettingsError(
            "holds no certificate in PEM", path=str(path), hint="openssl x509 -inform der -in FILE makes PEM of DER"
        ) from error


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST).decode("ascii", "replace")
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise SettingsError(f"cannot be read: {reason}", path=str(path), hint="is the path right?") from error
