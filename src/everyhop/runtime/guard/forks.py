"""Keeps a forked child off its parent's connections, whose TLS state cannot be shared ("bad record mac")."""

from __future__ import annotations

import os
from typing import Any
from weakref import WeakSet

_ENGINES: WeakSet[Any] = WeakSet()


def part(engine: Any) -> None:
    """From now on, a child of this process starts with an empty pool for this engine; the parent keeps its own."""
    _ENGINES.add(engine)


def _dispose() -> None:
    for engine in list(_ENGINES):
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_dispose)
