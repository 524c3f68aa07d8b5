"""Who is speaking: the name and version that stand in every report."""

from __future__ import annotations

from typing import Final

NAME: Final = "everyhop"

VERSION: Final = "0.1.0"
"""The same as in pyproject.toml (a test compares them); a constant, because asking the installation takes longer than
`everyhop --version` may."""
