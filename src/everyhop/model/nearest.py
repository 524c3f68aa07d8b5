"""The word that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`, did you mean …?` for the nearest known word; nothing where none is near."""
    from difflib import get_close_matches  # noqa: PLC0415 - only where something was mistyped

    near = get_close_matches(word, list(known), n=1)
    return f", did you mean {near[0]!r}?" if near else ""
