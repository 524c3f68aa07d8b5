"""What every store can do."""

from __future__ import annotations

from typing import Protocol

from everyhop.trust.anchor import Anchor


class Store(Protocol):
    """Programs of one kind look here for what they believe. Every method raises `ToolError` or `DiskError`."""

    @property
    def title(self) -> str:
        """Which store it is, and where, for a person."""
        ...

    def holds(self, anchor: Anchor) -> bool:
        """Whether it believes this anchor by our doing."""
        ...

    def install(self, anchor: Anchor) -> None:
        """Let it believe this anchor; nothing happens where it does."""
        ...

    def remove(self, anchor: Anchor) -> None:
        """Let it forget this anchor; nothing happens where it does not know it."""
        ...
