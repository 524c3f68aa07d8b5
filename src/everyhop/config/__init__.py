"""everyhop.toml (or `[tool.everyhop]` in pyproject.toml): policy, hops and listeners, read once and typed."""

from __future__ import annotations

from everyhop.config.load import load
from everyhop.config.settings import HopSettings, ListenerSettings, Settings

__all__ = ["HopSettings", "ListenerSettings", "Settings", "load"]
