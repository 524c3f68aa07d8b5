"""Fix: work out what would end the findings of a scan, look at the result as if it were written, then write it.

A fix counts only if the rewritten text, looked at by the same eyes and rules, has those findings no more and no others
instead. What fails that is left to a person, and nothing of it is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from everyhop.config import Settings
from everyhop.errors import SourceError
from everyhop.jobs.scan import look
from everyhop.model.evidence import SourceSpan
from everyhop.model.report import Report
from everyhop.rules.rule import Rule
from everyhop.scan import workspace
from everyhop.scan.rewrite.fix import Fix, Refusal, fixes
from everyhop.scan.rewrite.save import save
from everyhop.scan.rewrite.text import Edit, after, applied, overlap
from everyhop.scan.syntax.span import Lines
from everyhop.scan.workspace import Source, Workspace


class Extent(Enum):
    """Which fixes are wanted."""

    SAFE = "safe fixes"
    ALL = "unsafe fixes, too"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A file as it was read and the fixes in it; `text` is what they make of it."""

    source: Source
    fixes: tuple[Fix, ...]

    @property
    def text(self) -> str:
        """The text with the fixes."""
        return applied(self.source.text, self._edits)

    def place(self, at: SourceSpan) -> SourceSpan:
        """Where what stood at a place of the source begins in the text with the fixes."""
        before, now = Lines(self.source.text), Lines(self.text)
        offsets = [after(offset, self._edits) for offset in _offsets(at, before)]
        span = now.span(*offsets)
        return replace(at, line=span.line, column=span.column, end_line=span.end_line, end_column=span.end_column)

    @property
    def _edits(self) -> list[Edit]:
        return [edit for fix in self.fixes for edit in fix.edits]


@dataclass(frozen=True, slots=True)
class Proposal:
    """The files to be rewritten, the fixes that wait for `Extent.ALL`, and what is left to a person."""

    files: tuple[Rewritten, ...] = ()
    unsafe: tuple[Fix, ...] = ()
    refused: tuple[Refusal, ...] = ()


def propose(
    paths: Sequence[Path],
    settings: Settings,
    now: datetime,
    extent: Extent,
    *,
    anchors: str | None = None,
    exclude: Sequence[str] = (),
    rules: Mapping[str, Rule[Any]] | None = None,
    narrowed: Callable[[Report], Report] = lambda report: report,
) -> Proposal:
    """What to write into the files below `paths`; nothing is written.

    `anchors` are the trust anchors for settings that name none. `narrowed` leaves of a report what is to be mended
    (without what a baseline knows). Raises `SourceError` for a path that does not exist.
    """
    read = workspace.read(paths, exclude)
    before = look(read, settings, now, rules)
    sources = {source.path: source for source in read.sources}
    found = list(fixes(narrowed(before.report), before.observed.settings, before.policy, sources, anchors))
    wanted = [fix for fix in found if isinstance(fix, Fix) and (extent is Extent.ALL or not fix.doubts)]
    unsafe = [fix for fix in found if isinstance(fix, Fix) and fix not in wanted]
    refused = [refusal for refusal in found if isinstance(refusal, Refusal)]

    wanted, clashing = _apart(wanted)
    refused += [_refusal(fix, "another fix is about the same text: scan again after it") for fix in clashing]
    while wanted:
        files = _rewritten(wanted, sources)
        futile = list(_futile(files, before.report, look(_with(files, read), settings, now, rules).report))
        if not futile:
            return Proposal(files, tuple(unsafe), tuple(refused))
        refused += [
            _refusal(fix, "the settings are decided elsewhere as well, or read from another text") for fix in futile
        ]
        wanted = [fix for fix in wanted if fix not in futile]
    return Proposal((), tuple(unsafe), tuple(refused))


def write(proposal: Proposal, root: Path) -> Proposal:
    """The same as it came about: a file that could not be written is refused, and the others are written."""
    written: list[Rewritten] = []
    refused: list[Refusal] = []
    for file in proposal.files:
        try:
            save(root, file.source, file.text)
            written.append(file)
        except SourceError as error:
            refused += [_refusal(fix, error.message) for fix in file.fixes]
    places = {file.source.path: file.place for file in written}
    return Proposal(
        tuple(written),
        tuple(replace(fix, at=places.get(fix.at.path, _same)(fix.at)) for fix in proposal.unsafe),
        tuple(replace(one, at=places.get(one.at.path, _same)(one.at)) for one in (*proposal.refused, *refused)),
    )


def _same(at: SourceSpan) -> SourceSpan:
    return at


def _apart(wanted: list[Fix]) -> tuple[list[Fix], list[Fix]]:
    """Fixes that can be made together, and those that would be about the same characters."""
    kept: list[Fix] = []
    clashing: list[Fix] = []
    for fix in wanted:
        beside = [edit for other in kept if other.at.path == fix.at.path for edit in other.edits]
        (clashing if overlap([*beside, *fix.edits]) else kept).append(fix)
    return kept, clashing


def _rewritten(wanted: list[Fix], sources: Mapping[str, Source]) -> tuple[Rewritten, ...]:
    paths = dict.fromkeys(fix.at.path for fix in wanted)
    return tuple(Rewritten(sources[path], tuple(fix for fix in wanted if fix.at.path == path)) for path in paths)


def _with(files: Sequence[Rewritten], read: Workspace) -> Workspace:
    texts = {file.source.path: file.text for file in files}
    return replace(read, sources=tuple(replace(one, text=texts.get(one.path, one.text)) for one in read.sources))


def _futile(files: Sequence[Rewritten], before: Report, now: Report) -> Iterator[Fix]:
    """The fixes at whose place something is wrong still or anew; else all of a file with more findings or gaps."""
    left = _places(now)
    spoilt = {path for _, path in _tally(now) - _tally(before)}
    for file in files:
        futile = [fix for fix in file.fixes if left.get(_start(file.place(fix.at)), set()) - _kept(fix, before)]
        yield from futile or (file.fixes if file.source.path in spoilt else ())


def _places(report: Report) -> dict[tuple[str, int, int], set[str]]:
    """The rules of the findings at each place."""
    found: dict[tuple[str, int, int], set[str]] = {}
    for finding in report.findings:
        if finding.span is not None:
            found.setdefault(_start(finding.span), set()).add(finding.rule)
    return found


def _kept(fix: Fix, before: Report) -> set[str]:
    """What was wrong at a fix's place and is not what it is about."""
    return _places(before).get(_start(fix.at), set()).difference(fix.rules)


def _start(at: SourceSpan) -> tuple[str, int, int]:
    return at.path, at.line, at.column


def _tally(report: Report) -> Counter[tuple[str, str]]:
    findings = Counter((finding.rule, finding.span.path) for finding in report.findings if finding.span is not None)
    return findings + Counter(("gap", gap.where.partition(":")[0]) for gap in report.gaps)


def _offsets(at: SourceSpan, lines: Lines) -> tuple[int, int]:
    return lines.offset(at.line, at.column), lines.offset(at.end_line, at.end_column)


def _refusal(fix: Fix, why: str) -> Refusal:
    return Refusal(fix.at, fix.rules, why)
