"""How a listener is asked to take up what was written: handed in by the caller, one for each listener."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Control(Protocol):
    """One running listener (or application). Each method raises an `EveryhopError`, and none waits for ever."""

    def test(self) -> None:
        """The product's own test of the configuration as it now stands on disk (`nginx -t`)."""
        ...

    def reload(self) -> None:
        """Read the configuration again; returns when it is in force."""
        ...

    def restart(self) -> None:
        """Stop and start; returns when connections are taken again."""
        ...


Controls = Mapping[str, Control]
"""By the name of the listener."""
