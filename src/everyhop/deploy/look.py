"""Reads what is there, before anything is planned."""

from __future__ import annotations

from collections.abc import Iterable

from everyhop.deploy.files import Files, Found
from everyhop.deploy.plan import Target
from everyhop.disk import account, place
from everyhop.model.secret import Secret

ENCODING = ("utf-8", "surrogateescape")
"""Bytes that are no UTF-8 survive being read and written, unchanged."""


def look(paths: Iterable[str]) -> Files:
    """These files as they are; None for one that is not there. Raises `DiskError` for one that cannot be read."""
    return {path: _found(path) for path in paths}


def look_at(targets: Iterable[Target]) -> Files:
    """Every file that the targets need to know of."""
    return look(dict.fromkeys(path for target in targets for path in target.paths()))


def _found(path: str) -> Found | None:
    snapshot = place.read(path)
    if snapshot is None:
        return None
    content = Secret(snapshot.content.decode(*ENCODING))
    return Found(content, snapshot.mode, account.owner(snapshot.uid, snapshot.gid))
