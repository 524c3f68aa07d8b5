"""How many connections were opened and refused, in Prometheus' text form (its documentation, "Exposition formats")."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Final

from everyhop.runtime.guard.objection import Reason

_OPENED: Final = "everyhop_db_connections_total"
_REFUSED: Final = "everyhop_db_connections_refused_total"


class Counters:
    """Those of one guard. In `report` mode, what would have been refused is counted as refused and as opened."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened: dict[tuple[str, bool, bool], int] = {}
        self._refused: Counter[Reason] = Counter()

    def opened(self, hop: str, *, encrypted: bool, verified: bool) -> None:
        """A connection was handed out."""
        key = (hop, encrypted, verified)
        with self._lock:
            self._opened[key] = self._opened.get(key, 0) + 1

    def refused(self, reason: Reason) -> None:
        """A bind, or a connection, was not good enough."""
        with self._lock:
            self._refused[reason] += 1

    def total(self, reason: Reason | None = None) -> int:
        """How many were refused for this reason; without one, how many were opened."""
        with self._lock:
            return sum(self._opened.values()) if reason is None else self._refused[reason]

    def text(self) -> str:
        """Both families, in the order of their labels."""
        with self._lock:
            opened, refused = sorted(self._opened.items()), list(self._refused.items())
        lines = [f"# HELP {_OPENED} Database connections that were handed out.", f"# TYPE {_OPENED} counter"]
        for (hop, encrypted, verified), count in opened:
            labels = f'hop="{_escaped(hop)}",encrypted="{_word(encrypted)}",verified="{_word(verified)}"'
            lines.append(f"{_OPENED}{{{labels}}} {count}")
        lines += [f"# HELP {_REFUSED} Database connections that were less than demanded.", f"# TYPE {_REFUSED} counter"]
        lines += [f'{_REFUSED}{{reason="{reason.value}"}} {count}' for reason, count in refused]
        return "\n".join(lines) + "\n"


def _word(value: bool) -> str:  # noqa: FBT001 - it is the value that is written
    return "true" if value else "false"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
