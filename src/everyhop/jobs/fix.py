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
from typing import Any, Final

from everyhop.config import Settings
from everyhop.deploy import profiles
from everyhop.dialects.settings import DialerSettings
from everyhop.errors import SourceError
from everyhop.jobs.scan import AS_IT_COMES, PROFILE, Looked, look, said, shown
from everyhop.model.evidence import SourceSpan
from everyhop.model.report import Report
from everyhop.rules.rule import Rule
from everyhop.scan import workspace
from everyhop.scan.observe import Observed
from everyhop.scan.pace import Pace
from everyhop.scan.rewrite.fix import Fix, Refusal, fixes
from everyhop.scan.rewrite.save import save
from everyhop.scan.rewrite.servers import server_fixes
from everyhop.scan.rewrite.text import Edit, after, applied, overlap
from everyhop.scan.syntax.span import Lines
from everyhop.scan.workspace import Source, Workspace

_QUOTES: Final = ("'", '"')


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
        """Where what stood at a place of the source begins in the text with the fixes, inside of new quotes."""
        before, now, text = Lines(self.source.text), Lines(self.text), self.text
        start, end = before.offset(at.line, at.column), before.offset(at.end_line, at.end_column)
        new_start, new_end = after(start, self._edits), after(end, self._edits)
        if text[new_start : new_start + 1] in _QUOTES and self.source.text[start : start + 1] not in _QUOTES:
            new_start += 1
        span = now.span(new_start, max(new_start, new_end))
        return replace(at, line=span.line, column=span.column, end_line=span.end_line, end_column=span.end_column)

    @property
    def _edits(self) -> list[Edit]:
        return [edit for fix in self.fixes for edit in fix.edits]


@dataclass(frozen=True, slots=True)
class Seen:
    """The texts of a tree, and what there is to say about them."""

    read: Workspace
    looked: Looked

    def report(self) -> Report:
        """What `jobs.scan.scan` says of a tree with these texts."""
        return shown(said(self.looked, self.read), self.read)


@dataclass(frozen=True, slots=True)
class Proposal:
    """The files to be rewritten, the fixes that wait for `Extent.ALL`, and what is left to a person.

    `before` is the tree as it was read, `after` as it is with all of these files rewritten.
    """

    files: tuple[Rewritten, ...]
    unsafe: tuple[Fix, ...]
    refused: tuple[Refusal, ...]
    before: Seen
    after: Seen

    @property
    def left(self) -> Seen | None:
        """The tree when the files have been written; None where only some of them could be."""
        whole = {source.path: source.text for source in self.after.read.sources}
        return self.after if all(whole[path] == text for path, text in self._texts().items()) else None

    def _texts(self) -> Mapping[str, str]:
        written = {file.source.path: file.text for file in self.files}
        return {source.path: written.get(source.path, source.text) for source in self.before.read.sources}


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
    pace: Pace = AS_IT_COMES,
) -> Proposal:
    """What to write into the files below `paths`; nothing is written.

    `anchors` are the trust anchors for settings that name none. `narrowed` leaves of a report what is to be mended
    (without what a baseline knows). Raises `SourceError` for a path that does not exist.
    """
    read = workspace.read(paths, exclude, pace)
    before = look(read, settings, now, rules, pace)
    as_it_is = Seen(read, before)
    sources = {source.path: source for source in read.sources}
    report, policy = narrowed(before.report), before.policy
    found = list(fixes(report, before.observed.settings, policy, sources, anchors))
    found += server_fixes(report, policy, sources, anchors, profiles.load(PROFILE))
    wanted = [fix for fix in found if isinstance(fix, Fix) and (extent is Extent.ALL or not fix.doubts)]
    unsafe = [fix for fix in found if isinstance(fix, Fix) and fix not in wanted]
    refused = [refusal for refusal in found if isinstance(refusal, Refusal)]

    wanted, clashing = _apart(wanted)
    refused += [_refusal(fix, "another fix is about the same text: scan again after it") for fix in clashing]
    while wanted:
        files = _rewritten(wanted, sources)
        rewritten = _with(files, read)
        after = look(rewritten, settings, now, rules, pace)
        futile = list(_futile(files, before, after))
        if not futile:
            return Proposal(files, tuple(unsafe), tuple(refused), as_it_is, Seen(rewritten, after))
        refused += [
            _refusal(fix, "the settings are decided elsewhere as well, or read from another text") for fix in futile
        ]
        wanted = [fix for fix in wanted if fix not in futile]
    return Proposal((), tuple(unsafe), tuple(refused), as_it_is, as_it_is)


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
    return replace(
        proposal,
        files=tuple(written),
        unsafe=tuple(replace(fix, at=places.get(fix.at.path, _same)(fix.at)) for fix in proposal.unsafe),
        refused=tuple(replace(one, at=places.get(one.at.path, _same)(one.at)) for one in (*proposal.refused, *refused)),
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


def _futile(files: Sequence[Rewritten], before: Looked, now: Looked) -> Iterator[Fix]:
    """The fixes at whose place something is wrong still or anew, or other settings are read than were meant.

    Where none can be singled out, all of a file with more findings or gaps than before.
    """
    left, kept, read = _rules(now.report), _rules(before.report), _settings(now.observed)
    spoilt = {path for _, path in _tally(now.report) - _tally(before.report)}
    lasting = _lasting([fix for file in files for fix in file.fixes if fix.outcome is None], before.report, now.report)
    for file in files:
        futile = [fix for fix in file.fixes if fix in lasting]
        for fix in file.fixes:
            if fix.outcome is None:
                continue
            place = _start(file.place(fix.at))
            beside = [other.outcome for other in file.fixes if _start(other.at) == _start(fix.at)]
            meant = [outcome for outcome in beside if outcome is not None]
            amiss = left.get(place, set()) - kept.get(_start(fix.at), set()).difference(fix.rules)
            found = read.get(place, [])
            if amiss or not found or not all(_is_one_of(settings, meant) for settings in found):
                futile.append(fix)
        yield from futile or (file.fixes if file.source.path in spoilt else ())


def _lasting(fixes: Sequence[Fix], before: Report, now: Report) -> list[Fix]:
    """The fixes of servers' settings after which as many findings of their rule are left in the file as before.

    What decides may stand elsewhere than where a finding points, so places are not compared.
    """
    ended = _tally(before) - _tally(now)
    wanted = Counter((rule, path) for rule, path, _ in {_aim(fix) for fix in fixes})
    return [fix for fix in fixes if ended[_aim(fix)[:2]] < wanted[_aim(fix)[:2]]]


def _aim(fix: Fix) -> tuple[str, str, SourceSpan]:
    cause = fix.cause or fix.at
    return fix.rules[0], cause.path, cause


def _settings(observed: Observed) -> dict[tuple[str, int, int], list[DialerSettings]]:
    """The settings that are read at each place."""
    found: dict[tuple[str, int, int], list[DialerSettings]] = {}
    for at, settings in observed.settings.items():
        found.setdefault(_start(at), []).append(settings)
    return found


def _is_one_of(settings: DialerSettings, meant: Sequence[DialerSettings]) -> bool:
    return any(_in_any_order(settings) == _in_any_order(one) for one in meant)


def _in_any_order(settings: DialerSettings) -> tuple[object, ...]:
    """What settings say; a text may have their options in another order."""
    dsn = settings.dsn
    options = sorted(dsn.options, key=lambda option: option[0]) if dsn else []
    return settings.driver, dsn and replace(dsn, options=()), options, dict(settings.connect_args)


def _rules(report: Report) -> dict[tuple[str, int, int], set[str]]:
    """The rules of the findings at each place."""
    found: dict[tuple[str, int, int], set[str]] = {}
    for finding in report.findings:
        if finding.span is not None:
            found.setdefault(_start(finding.span), set()).add(finding.rule)
    return found


def _start(at: SourceSpan) -> tuple[str, int, int]:
    return at.path, at.line, at.column


def _tally(report: Report) -> Counter[tuple[str, str]]:
    findings = Counter((finding.rule, finding.span.path) for finding in report.findings if finding.span is not None)
    return findings + Counter(("gap", gap.where.partition(":")[0]) for gap in report.gaps)


def _refusal(fix: Fix, why: str) -> Refusal:
    return Refusal(fix.at, fix.rules, why)
