"""A fix for each place of a finding: the edits that make its settings into what the driver's dialect writes.

A fix is safe if it does nothing but strengthen settings that are fully known. Whatever speaks against that is a doubt,
and a fix with doubts waits until a person asks for it. Where there is no fix, a `Refusal` says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from everyhop.dialects import registry
from everyhop.dialects.settings import DialerSettings, PythonContext, Spelling
from everyhop.dialects.source import ANCHORS
from everyhop.errors import EveryhopError, SettingsError, SourceError
from everyhop.model.evidence import SourceSpan
from everyhop.model.finding import Certainty, Finding
from everyhop.model.posture import Assurance, Posture, Verdict
from everyhop.model.report import Report
from everyhop.model.sighting import Dialer, Version
from everyhop.rules.catalogue import catalogue
from everyhop.rules.policy import Policy
from everyhop.scan.rewrite import in_file, in_python
from everyhop.scan.rewrite.remedy import named_anchors, spelled
from everyhop.scan.rewrite.text import Edit
from everyhop.scan.sightings.dialers import RUN_TIME, SHOWN_IN
from everyhop.scan.workspace import Kind, Source

UNDEPLOYED: Final = "it is not deployed: tests, examples and docs may mean it like this"
_ANY: Final = Version(">=0")


@dataclass(frozen=True, slots=True)
class Fix:
    """The edits that end the findings of these rules at a place; `doubts` are why it is not safe, none if it is.

    `outcome` is what has to be read there when they are made, None for the settings of a server. `cause` is the place
    of the findings, where another setting decides than the one they point at.
    """

    at: SourceSpan
    rules: tuple[str, ...]
    edits: tuple[Edit, ...]
    outcome: DialerSettings | None
    doubts: tuple[str, ...] = ()
    cause: SourceSpan | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A place with findings that is for a person to mend, and why."""

    at: SourceSpan
    rules: tuple[str, ...]
    why: str


def fixes(
    report: Report,
    settings: Mapping[SourceSpan, DialerSettings],
    policy: Policy,
    sources: Mapping[str, Source],
    anchors: str | None,
) -> Iterator[Fix | Refusal]:
    """A fix or a refusal for each place of a dialer's finding, in the order of the findings.

    `anchors` are the trust anchors for settings that name none, as a path where the application runs.
    """
    dialing: dict[SourceSpan, list[Dialer]] = {}
    for reading in report.readings:
        first = reading.evidence[0] if reading.evidence else None
        if isinstance(reading.subject, Dialer) and isinstance(first, SourceSpan):
            dialing.setdefault(first, []).append(reading.subject)
    concerned: dict[SourceSpan, list[Finding]] = {}
    for finding in report.findings:
        rule = catalogue()[finding.rule]
        if rule.subject is Dialer and not rule.advice and finding.span in dialing:  # advice is for a person
            concerned.setdefault(finding.span, []).append(finding)
    for at, findings in concerned.items():
        place = _Place(at, tuple(findings), tuple(dialing[at]))
        source, found = sources.get(at.path), settings.get(at)
        try:
            if any(RUN_TIME in dialer.notes for dialer in place.dialers):
                raise SourceError("the URL is known only at run time: mend it where it is set")
            if found is None or source is None:
                continue  # a proxy's or a pooler's own settings: `servers` has their fixes
            demand = policy.demand(findings[0].hop, findings[0].endpoint)
            spelling = _spelling(place, found, demand, anchors)
            edits = _edits(source, at, found, spelling)
            if not edits:
                raise SourceError("its driver has no better settings to put here")
            outcome = replace(found, dsn=spelling.url, connect_args=spelling.connect_args)
            yield Fix(at, place.rules, edits, outcome, tuple(_doubts(place, found, spelling, demand)))
        except (SettingsError, SourceError) as error:
            yield Refusal(at, place.rules, _told(error))


@dataclass(frozen=True, slots=True)
class _Place:
    """A place with what is wrong there, and what its settings were read as."""

    at: SourceSpan
    findings: tuple[Finding, ...]
    dialers: tuple[Dialer, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(finding.rule for finding in self.findings)


def _told(error: EveryhopError) -> str:
    return f"{error.message}: {error.hint}" if error.hint else error.message


def _spelling(place: _Place, settings: DialerSettings, demand: Posture, anchors: str | None) -> Spelling:
    """What the dialect writes. Raises `SourceError` where nobody can say what the settings at a place are."""
    if not any(finding.certainty is Certainty.CERTAIN for finding in place.findings):
        raise SourceError("what it does is known only at run time")
    if any(dialer.bounds != registry.read(settings).bounds for dialer in place.dialers):
        raise SourceError("what it does depends on the branch taken, or on who uses it")
    named = named_anchors(settings) or anchors
    if named is None and demand.assurance >= Assurance.CHAIN_VERIFIED:
        raise SourceError("no trust anchors are named: give --anchors FILE")
    spelling = spelled(settings, demand, named or ANCHORS)
    if spelling.environment != settings.environment:
        raise SourceError("variables of its environment decide: set them there")
    if any(isinstance(value, PythonContext) for value in spelling.connect_args.values()):
        raise SourceError(f"{settings.driver} takes an ssl.SSLContext: write the code that makes one")
    return spelling


def _edits(source: Source, at: SourceSpan, settings: DialerSettings, spelling: Spelling) -> tuple[Edit, ...]:
    before, now = settings.connect_args, spelling.connect_args
    arguments = {name: now.get(name) for name in (*before, *now) if before.get(name) != now.get(name)}
    if source.kind is Kind.PYTHON:
        return in_python.edits(source.text, at, settings, spelling.url, arguments)
    if arguments or settings.dsn is None or spelling.url is None:
        raise SourceError(f"{settings.driver} takes these settings in connect_args, not in a URL")
    return in_file.edits(source, at, settings.dsn, spelling.url)


def _doubts(place: _Place, settings: DialerSettings, spelling: Spelling, demand: Posture) -> Iterator[str]:
    notes = {note for dialer in place.dialers for note in dialer.notes}
    now = _read(settings, spelling).bounds
    if any(note.startswith("driver-assumed") for note in notes) and not all(
        _read(other, spelling).bounds.verdict(demand) is Verdict.MET for other in _possible(settings)
    ):
        yield f"no driver is named, and {settings.driver} assumed"
    if any(note.startswith(f"{SHOWN_IN}:") for note in notes):
        yield UNDEPLOYED
    if settings.dsn is None and settings.version is None and settings.driver == "mysqlclient":
        yield "no file asks for mysqlclient, and another driver may take its place"
    if now.low.client_auth < registry.read(settings).bounds.low.client_auth:
        yield "the client would no longer show its certificate"
    if now.verdict(demand) is not Verdict.MET:
        driver, version = settings.driver, settings.version
        yield (
            f"{driver} {version.value} may not keep what this promises: ask for a newer one"
            if version
            else f"no file says which {driver} it is, and an old one does not keep what this promises"
        )


def _possible(settings: DialerSettings) -> Iterator[DialerSettings]:
    """The same with each driver that a URL without one may mean: SQLAlchemy 2.1 has another default than 2.0."""
    for version in ("2.0", "2.1"):
        if settings.dsn is not None:
            driver, _ = registry.driver_of(settings.dsn, Version(version))
            yield replace(settings, driver=driver, version=None)


def _read(settings: DialerSettings, spelling: Spelling) -> Dialer:
    """What the new settings do, with every version of the driver that the project may be using."""
    version = settings.version or _ANY
    if spelling.url is None:
        arguments = spelling.connect_args
        new = registry.from_keywords(
            settings.driver, arguments, environment=spelling.environment, version=version, build=settings.build
        )
    else:
        new = registry.resolve(
            spelling.url,
            connect_args=spelling.connect_args,
            environment=spelling.environment,
            driver=settings.driver if spelling.url.driver else None,
            version=version,
            build=settings.build,
        )
    return registry.read(replace(new, driver=settings.driver, sqlalchemy=settings.sqlalchemy))
