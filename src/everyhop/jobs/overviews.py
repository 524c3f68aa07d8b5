"""List: every lineage at a glance; one that is damaged is told, and hides no other."""

from __future__ import annotations

from everyhop.errors import EveryhopError
from everyhop.jobs.office import Office
from everyhop.lineage.overview import Overview, overview


def overviews(office: Office) -> tuple[tuple[Overview, ...], tuple[str, ...]]:
    """All lineages, and a sentence for each that cannot be read."""
    found, damaged = [], []
    for name in office.store.names():
        try:
            found.append(overview(office.store.open(name), office.now()))
        except EveryhopError as error:
            damaged.append(f"{name}: {error}")
    return tuple(found), tuple(damaged)
