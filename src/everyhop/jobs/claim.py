"""Claim: whose the files are that a deployment would write; another lineage's, or a stranger's, are left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from everyhop.disk import place
from everyhop.errors import EveryhopError, LineageError
from everyhop.jobs.office import Office
from everyhop.lineage.deployment import Deployment, Part
from everyhop.lineage.terms import IssuerName

_SHARED = frozenset({Part.ANCHORS, Part.CRL})
"""Parts that are the same for all lineages of the internal authority: a CockroachDB node and its clients have one."""


class Strangers(Enum):
    """What becomes of a file that is there already, and that no lineage has written."""

    KEPT = "kept"
    OVERWRITTEN = "overwritten"
    """The journal holds what was there, for as long as it holds anything of that lineage."""


def refuse_taken(
    office: Office, name: str, issuer: IssuerName, deployments: tuple[Deployment, ...], strangers: Strangers
) -> None:
    """Raise `LineageError` where one of these files is another lineage's, or there and nobody's; `DiskError`.

    `name` is the lineage that would write them, which may not be there yet.
    """
    wanted = {path: part for one in deployments for part, path in one.files.items()}
    claims = [one for one in _claims(office) if one.path in wanted]
    for path, part in wanted.items():
        owners = [one for one in claims if one.path == path]
        if any(one.lineage == name for one in owners):
            continue
        strange = [one.lineage for one in owners if not _shared(one, part, issuer)]
        if strange:
            raise LineageError(
                f"belongs to the lineage {strange[0]}",
                path=path,
                hint="--out DIR names a folder of its own: two lineages in one file would take turns",
            )
        if not owners and strangers is Strangers.KEPT:
            refuse_present(path, _expected(office, issuer, part))


def refuse_present(path: str, expected: str | None = None) -> None:
    """Raise `LineageError` for a file that is there, unless it holds what is expected of it."""
    found = place.read(path)
    if found is not None and (expected is None or found.content != expected.encode()):
        raise LineageError(
            "is there already, and everyhop did not write it",
            path=path,
            hint="--out DIR names another folder; --overwrite, if it is to give way",
        )


@dataclass(frozen=True, slots=True)
class _Claim:
    """A file that a lineage writes, and what it writes there."""

    lineage: str
    issuer: IssuerName
    path: str
    part: Part


def _claims(office: Office) -> Iterator[_Claim]:
    """Of all lineages. A damaged one says nothing of its files, and keeps nobody from theirs."""
    for name in office.store.names():
        try:
            terms = office.store.open(name).terms()
        except EveryhopError:
            continue
        for one in terms.deployments:
            yield from (_Claim(name, terms.issuer, path, part) for part, path in one.files.items())


def _shared(claim: _Claim, part: Part, issuer: IssuerName) -> bool:
    return part is claim.part and part in _SHARED and issuer is claim.issuer is IssuerName.INTERNAL


def _expected(office: Office, issuer: IssuerName, part: Part) -> str | None:
    """What of it is known before anything is issued."""
    if issuer is not IssuerName.INTERNAL:
        return None
    match part:
        case Part.ANCHORS:
            return office.authority().anchors_pem()
        case Part.CRL:
            return office.authority().crl_pem()
        case _:
            return None
