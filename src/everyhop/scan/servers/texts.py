"""Places in the texts of settings files, as evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from everyhop.model.evidence import SourceSpan
from everyhop.model.secret import masked
from everyhop.scan.syntax.span import Lines

_SHOWN: Final = 160  # characters of a setting


@dataclass(slots=True)
class Texts:
    """Settings files by their paths, with their places."""

    by_path: Mapping[str, str]
    _lines: dict[str, Lines] = field(default_factory=dict)

    def span(self, path: str, start: int, end: int, symbol: str) -> SourceSpan:
        """The place between two offsets; what stands there is shown with its blanks joined."""
        text = self.by_path[path]
        lines = self._lines.get(path)
        if lines is None:
            lines = self._lines[path] = Lines(text)
        place = lines.span(start, end)
        shown = masked(" ".join(text[start : min(end, start + 4 * _SHOWN)].split())[:_SHOWN])
        return SourceSpan(path, place.line, place.column, place.end_line, place.end_column, shown, symbol)
