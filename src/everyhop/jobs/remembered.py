"""Scan, unless the same was asked of the same tree before: then what was said is said again, dated anew."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from everyhop.config import Settings
from everyhop.model.report import Report
from everyhop.model.sighting import ServedChain
from everyhop.rules.rule import Rule
from everyhop.scan import workspace
from everyhop.scan.cache import encoding, seal
from everyhop.scan.cache.question import question
from everyhop.scan.cache.shelf import Shelf, folder
from everyhop.scan.cache.state import State, state_of
from everyhop.scan.pace import Pace
from everyhop.scan.quote import quoted

_AS_IT_COMES: Final = Pace()


def scan(
    paths: Sequence[Path],
    settings: Settings,
    now: datetime,
    *,
    exclude: Sequence[str] = (),
    rules: Mapping[str, Rule[Any]] | None = None,
    pace: Pace = _AS_IT_COMES,
) -> Report:
    """What `jobs.scan.scan` says of the same arguments; its records are in the user's cache folder.

    They hold the report without the source lines, which are read again. Raises as that does.
    """
    began = time.time_ns()
    state = state_of(paths, exclude)
    shelf, asked = _shelf(), _asked(paths, exclude, rules, settings)
    kept = shelf.fetch(asked) if shelf is not None and asked is not None else None
    report = _said_before(kept, state, now) if kept is not None else None
    if report is not None:
        root = workspace.root_of(paths)
        return quoted(replace(report, started=now), lambda path: workspace.text_at(root, path))

    from everyhop.jobs import scan as anew  # noqa: PLC0415 - what looks and judges is most of the program

    read = workspace.read(paths, exclude, pace)
    report = anew.said(anew.look(read, settings, now, rules, pace), read)
    if shelf is not None and asked is not None and state.is_settled(began):
        with suppress(TypeError):  # something that is not to be kept
            shelf.keep(asked, seal.sealed(encoding.written([_until(report), report]), state.digest))
    return anew.shown(report, read)


def _shelf() -> Shelf | None:
    place = folder(os.environ)
    return None if place is None else Shelf(place)


def _asked(
    paths: Sequence[Path], exclude: Sequence[str], rules: Mapping[str, Rule[Any]] | None, settings: Settings
) -> str | None:
    try:
        return question(paths, exclude, None if rules is None else sorted(rules), settings)
    except (TypeError, OSError):
        return None


def _said_before(data: bytes, state: State, now: datetime) -> Report | None:
    text = seal.opened(data, state.digest)
    if text is None:
        return None
    try:
        until, report = encoding.read(text)
    except (ValueError, KeyError, TypeError):
        return None
    return report if isinstance(report, Report) and report.started <= now < until else None


def _until(report: Report) -> datetime:
    """When the same tree has to be judged anew: a certificate begins or ends, or a day does, which ends waivers."""
    day = report.started.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return min([day + timedelta(days=1), *(at for at in _turns(report) if at > report.started)])


def _turns(report: Report) -> Iterable[datetime]:
    for reading in report.readings:
        if isinstance(reading.subject, ServedChain):
            for leaf in reading.subject.chain.certificates:
                yield leaf.validity.not_before
                yield leaf.validity.not_after + timedelta.resolution  # the last moment counts (RFC 5280, 4.1.2.5)
