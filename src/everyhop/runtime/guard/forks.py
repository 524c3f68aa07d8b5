"""Keeps a forked child off its parent's connections, whose TLS state cannot be shared ("bad record mac")."""

from __future__ import annotations

import ctypes
import os
from typing import Any
from weakref import WeakSet

_ENGINES: WeakSet[Any] = WeakSet()


def part(engine: Any) -> None:
    """From now on, a child of this process starts with an empty pool for this engine; the parent keeps its own."""
    _ENGINES.add(engine)


def _dispose() -> None:
    for engine in list(_ENGINES):
        _keep(engine.pool)
        engine.dispose(close=False)


def _keep(pool: Any) -> None:
    """Let nobody free it, the interpreter's own end included.

    A connection of mysqlclient's or mariadb's that is freed says goodbye to the server, and that one is the parent's.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(pool))


os.register_at_fork(after_in_child=_dispose)
