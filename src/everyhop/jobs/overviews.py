"""List: every lineage at a glance; one that is damaged is told, and hides no other."""

from __future__ import annotations

from dataclasses import replace

from everyhop.errors import EveryhopError
from everyhop.jobs.office import Office
from everyhop.lineage.overview import Overview, overview
from everyhop.lineage.standing import Standing, standing


def overviews(office: Office) -> tuple[tuple[Overview, ...], tuple[str, ...]]:
    """All lineages, and a sentence for each that cannot be read."""
    found, damaged = [], []
    authority = _standing(office)
    for name in office.store.names():
        try:
            seen = overview(office.store.open(name), office.now())
            if authority is not None and seen.live is not None:
                seen = replace(seen, revoked=authority.revocation(seen.live.leaf))
            found.append(seen)
        except EveryhopError as error:
            damaged.append(f"{name}: {error}")
    return tuple(found), tuple(damaged)


def _standing(office: Office) -> Standing | None:
    """The internal authority's; None where there is none, or it is damaged: ca show tells that."""
    try:
        return standing(office.authority(), office.home)
    except EveryhopError:
        return None
