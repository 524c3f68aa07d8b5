"""A rewritten file as a unified diff for people: only the lines that differ, and no secret in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from everyhop.model.evidence import Quote, SourceSpan
from everyhop.model.secret import masked
from everyhop.scan.quote import quote
from everyhop.scan.rewrite.fix import Fix
from everyhop.scan.rewrite.text import Edit, after, applied
from everyhop.scan.syntax.span import Lines

_OPTION: Final = re.compile(r"[?&\s](?=[^?&\s]*\Z)")
"""What stands before an option in a URL or a string of pairs."""
_Shown = Callable[[Lines, int, Iterable[tuple[int, int]]], str]


def difference(path: str, before: str, fixes: Iterable[Fix]) -> str:
    """The diff of a file with these fixes, without a final line feed. What could be a secret is `***` or left out."""
    fixes = sorted(fixes, key=lambda fix: (fix.at.line, fix.at.column))
    edits = sorted({edit for fix in fixes for edit in fix.edits})
    old, new = Lines(before), Lines(applied(before, edits))
    shown = [f"--- a/{path}", f"+++ b/{path}"]
    if path.endswith((".py", ".pyw")):
        for block in _blocks(edits, old):
            shown += _whole_lines(block, edits, old, new, _python_line)
    else:
        own = {edit for fix in fixes if fix.outcome is None for edit in fix.edits}
        for block in _blocks([edit for edit in edits if edit in own], old):
            shown += _whole_lines(block, edits, old, new, _server_line)
        for fix in fixes:
            if fix.outcome is not None:
                shown += _of_value(fix, edits, old, new)
    return "\n".join(shown)


def _blocks(edits: Sequence[Edit], old: Lines) -> list[list[Edit]]:
    """The edits of each stretch of lines."""
    blocks: list[list[Edit]] = []
    last = 0
    for edit in edits:
        place = old.span(edit.start, edit.end)
        if not blocks or place.line > last:
            blocks.append([])
        blocks[-1].append(edit)
        last = max(last, place.end_line)
    return blocks


def _whole_lines(block: list[Edit], edits: Sequence[Edit], old: Lines, new: Lines, shown: _Shown) -> list[str]:
    """The lines that a block of edits is about, before and after."""
    first, last = old.span(block[0].start, block[0].start), old.span(block[-1].end, block[-1].end)
    begin, end = old.offset(first.line, 1), old.offset(last.line, 1) + len(old.line(last.line).rstrip("\r\n"))
    top, bottom = _line(new, after(begin, edits)), _line(new, _past(end, edits))
    gone = [(edit.start, edit.end) for edit in block]
    come = [(after(edit.start, edits), after(edit.start, edits) + len(edit.new)) for edit in block]
    return _hunk(
        first.line,
        [shown(old, number, gone) for number in range(first.line, last.line + 1)],
        top,
        [shown(new, number, come) for number in range(top, bottom + 1)],
    )


def _python_line(lines: Lines, number: int, places: Iterable[tuple[int, int]]) -> str:
    """Of the literals that are hidden, the options that differ are shown."""
    text, begin = lines.line(number).rstrip("\r\n"), lines.offset(number, 1)
    seen = next((_option(text, at - begin, to - begin) for at, to in places if begin <= at <= begin + len(text)), None)
    start = len(text) - len(text.lstrip())
    return _text_of(quote(text, SourceSpan("a.py", number, start + 1, number, len(text) + 1), seen))


def _server_line(lines: Lines, number: int, _: Iterable[tuple[int, int]]) -> str:
    """A line of a server's settings: all of it, masked."""
    return masked(lines.line(number).rstrip("\r\n"))


def _option(text: str, at: int, to: int) -> tuple[int, int]:
    """What an edit is about, with the name of the option in front of it."""
    before = _OPTION.search(text[:at])
    quoted = max(text.rfind('"', 0, at), text.rfind("'", 0, at))
    return (before.start() if before and before.start() > quoted else at), min(to, len(text))


def _of_value(fix: Fix, edits: Sequence[Edit], old: Lines, new: Lines) -> list[str]:
    """The value alone, with its name: what else stands in its line may be anybody's."""
    at = fix.at
    start, end = old.offset(at.line, at.column), old.offset(at.end_line, at.end_column)
    gone = [_value_line(at.path, old, start, end)]
    top = _line(new, after(start, edits))
    return _hunk(at.line, gone, top, [_value_line(at.path, new, after(start, edits), _past(end, edits))])


def _value_line(path: str, lines: Lines, start: int, end: int) -> str:
    closing = ""
    if lines.text[start : start + 1] in ("'", '"'):  # quotes that came with the fix
        closing, start, end = lines.text[start], start + 1, end - 1
    place = lines.span(start, end)
    at = SourceSpan(path, place.line, place.column, place.end_line, place.end_column)
    return _text_of(quote(lines.line(place.line), at)) + closing


def _text_of(quoted: Quote | None) -> str:
    return quoted.text if quoted else "…"


def _line(lines: Lines, offset: int) -> int:
    return lines.span(offset, offset).line


def _past(end: int, edits: Iterable[Edit]) -> int:
    """Where a place ends when what was put in at its end is taken for a part of it."""
    return end + sum(len(edit.new) - (edit.end - edit.start) for edit in edits if edit.start <= end)


def _hunk(first: int, gone: list[str], top: int, come: list[str]) -> list[str]:
    """Lines at either end that look the same are context, unless all do: then what differs may not be seen."""
    same = 0
    while same < min(len(gone), len(come)) and gone[same] == come[same]:
        same += 1
    if same == len(gone) == len(come):
        same = 0
    rest = min(len(gone), len(come)) - same
    tail = next((n for n in range(rest) if gone[-1 - n] != come[-1 - n]), rest) if gone != come else 0
    kept = gone[len(gone) - tail :]
    return [
        f"@@ -{first},{len(gone)} +{top},{len(come)} @@",
        *(f" {line}" for line in gone[:same]),
        *(f"-{line}" for line in gone[same : len(gone) - tail]),
        *(f"+{line}" for line in come[same : len(come) - tail]),
        *(f" {line}" for line in kept),
    ]
