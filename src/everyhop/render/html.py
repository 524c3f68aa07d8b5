"""One self-contained page: no script, no font, no picture from elsewhere, and a policy in it that forbids them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from everyhop.model.evidence import SourceSpan
from everyhop.model.finding import Finding
from everyhop.model.report import Report
from everyhop.model.secret import masked
from everyhop.model.sighting import Dialer, Listener, Reading
from everyhop.model.tool import VERSION
from everyhop.render import summary, words
from everyhop.render.picture import Direction, picture
from everyhop.render.printable import printable_lines
from everyhop.render.story import Step
from everyhop.rules.grade import SCHEME


def html(report: Report, before: Report | None = None, story: Sequence[Step] = ()) -> str:
    """The page of a report; with `before` two maps side by side, with `story` what happened in between."""
    style = files("everyhop.render").joinpath("templates", "report.css").read_text(encoding="utf-8")
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            before=before,
            story=_movements(story),
            style=Markup(style),  # noqa: S704 - our own file
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        )
    )


def _movements(story: Sequence[Step]) -> list[tuple[str, list[Step]]]:
    """The steps under their movements, in order."""
    chapters: list[tuple[str, list[Step]]] = []
    for step in story:
        if not chapters or chapters[-1][0] != step.movement:
            chapters.append((step.movement, []))
        chapters[-1][1].append(step)
    return chapters


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("everyhop.render"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.globals.update(
        words=words,
        summary=summary,
        picture=picture,
        Direction=Direction,
        SCHEME=SCHEME,
        VERSION=VERSION,
    )
    environment.filters["seen"] = _seen
    environment.filters["postures"] = _postures
    return environment


def _harmless(value: Any) -> Any:
    """Every piece of text that the template puts out: masked, and without characters that are not drawn."""
    return printable_lines(masked(value)) if isinstance(value, str) and not isinstance(value, Markup) else value


def _seen(finding: Finding) -> list[str]:
    return [words.seen_words(item) for item in finding.evidence if item is not finding.span]


def _postures(readings: Sequence[Reading]) -> list[tuple[Reading, str, str, str]]:
    """The readings about dialers and listeners: the reading, its side, what was read, and where."""
    rows = []
    for reading in readings:
        subject = reading.subject
        if isinstance(subject, Dialer | Listener):
            side = "dialer" if isinstance(subject, Dialer) else "listener"
            name = subject.driver if isinstance(subject, Dialer) and subject.driver else subject.product
            version = f" {subject.version.value}" if subject.version else ""
            span = next((item for item in reading.evidence if isinstance(item, SourceSpan)), None)
            where = words.seen_words(span) if span else str(reading.endpoint or "")
            rows.append((reading, side, f"{name}{version}", where))
    return rows
