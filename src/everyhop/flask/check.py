"""Judges the chain from the browser to the databases, as the application itself sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from flask import Flask

from everyhop.flask.inside import browser_sightings, database_sightings, edge, hop_of, public_host
from everyhop.flask.state import State
from everyhop.model.finding import Certainty, Finding, Remediation, Severity
from everyhop.model.hop import Topology
from everyhop.model.posture import ClientAuth, Floor, Posture
from everyhop.model.report import Report
from everyhop.rules.catalogue import catalogue
from everyhop.rules.judge import judge
from everyhop.rules.policy import Policy


@dataclass(frozen=True, slots=True)
class Link:
    """A hop of the chain, from end to end, in a line for a person; `broken` names the rules that it does not meet."""

    ends: str
    state: str
    broken: tuple[str, ...]


def check(app: Flask, state: State, now: datetime) -> Report:
    """The report: findings of the rules that everything else is judged by, and what cannot be seen from here."""
    binds = state.guard.binds
    hops = [edge(state), *(hop for hop in map(hop_of, binds) if hop is not None)]
    sightings = [*browser_sightings(app, state), *database_sightings(binds)]
    demands = {bind.name: Posture(bind.required, Floor.TLS_1_2, ClientAuth.ABSENT) for bind in binds if not bind.local}
    settings = state.guard.settings
    policy = Policy(require=settings.require, local=settings.local, demands=demands | {"edge": _EDGE})
    report = judge(
        sightings, catalogue(), policy, command="flask tls check", started=now, topology=Topology(tuple(hops))
    )

    hints = {bind.name: objection.hint for bind in binds for objection in bind.objections if objection.hint}
    return replace(report, findings=tuple(_with_fix(finding, hints) for finding in report.findings))


def _with_fix(finding: Finding, hints: Mapping[str, str]) -> Finding:
    """What the guard says to change, where the rule has no advice of its own."""
    hint = hints.get(finding.hop.name) if finding.hop is not None else None
    if hint is None or finding.remediation is not None:
        return finding
    return replace(finding, remediation=Remediation(hint))


_EDGE = Policy().demand(None, None)


def chain(state: State, report: Report) -> Iterator[Link]:
    """Each hop, in the order in which a request travels."""
    settings = state.settings
    pinned = settings.redirect.pinned
    place = "any host (neither SERVER_NAME nor TRUSTED_HOSTS is set)" if pinned.is_open else str(public_host(state))
    yield Link("browser → proxy", place, _rules(report.findings, "edge"))
    far = any(gap.where == "proxy → app" for gap in report.gaps)
    trusted = [str(network) for network in settings.proxies.networks] + (["unix"] if settings.proxies.unix else [])
    said = f"believes {', '.join(trusted)}" if trusted else "believes no proxy"
    yield Link("proxy → app", said + (", not seen from here" if far else ""), ())
    for bind in state.guard.binds:
        place = f"{bind.driver} to {bind.endpoint}" if bind.endpoint else bind.driver
        promise = (
            "local (allowed)" if bind.local else bind.dialer.bounds.low.assurance.word if bind.dialer else "unknown"
        )
        objections = tuple(objection.reason.value for objection in bind.objections if bind.dialer is None)
        yield Link(f"app → {bind.name}", f"{place}  {promise}", (*_rules(report.findings, bind.name), *objections))


def _rules(findings: tuple[Finding, ...], hop: str) -> tuple[str, ...]:
    """What breaks it: a low finding does not."""
    mine = (finding for finding in findings if finding.hop is not None and finding.hop.name == hop)
    return tuple(finding.rule for finding in mine if finding.severity > Severity.LOW)


def exit_code(report: Report, fail_on: Severity | None, strict: Certainty) -> int:
    """0, 1 for a finding at or above `fail_on` (None: never) that is at least this certain, 3 for gaps."""
    counted = (Certainty.CERTAIN,) if strict is Certainty.CERTAIN else tuple(Certainty)
    if fail_on is not None and any(f.severity >= fail_on and f.certainty in counted for f in report.findings):
        return 1
    return 3 if report.gaps else 0
