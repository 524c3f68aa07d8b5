"""A report as JSON: the stable keys of everyhop/1. Programs read this, so keys are only ever added.

Everything goes out as ASCII: whatever a hostile server or file says, nobody gets a control character from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from everyhop.model.baseline import Known
from everyhop.model.endpoint import Endpoint
from everyhop.model.finding import Finding
from everyhop.model.report import Grade, HopState, Report
from everyhop.model.sighting import Gap
from everyhop.model.survey import Survey
from everyhop.model.tool import VERSION
from everyhop.render.json_readings import reading_json
from everyhop.render.json_values import Json, chain_json, dumped, evidence_json, posture_or_bounds, span_json
from everyhop.render.words import instant
from everyhop.rules.grade import SCHEME

SCHEMA: Final = "everyhop/1"


def document(report: Report, extra: Mapping[str, object] | None = None) -> str:
    """The whole document as text; `extra` are further keys of this command, and win over the common ones."""
    return dumped({**report_json(report), **(extra or {})})


def report_json(report: Report) -> Json:
    """The keys that every document has."""
    local = {state.hop: state.local for state in report.hops}
    return {
        "schema": SCHEMA,
        "command": report.command,
        "tool": {"version": VERSION},
        "started": instant(report.started),
        "grade": _word(report.grade),
        "grading": SCHEME,
        "hops": [hop_json(state) for state in report.hops],
        "readings": [reading_json(r, local.get(r.hop) if r.hop else None) for r in report.readings],
        "findings": [finding_json(finding) for finding in report.findings],
        "gaps": [gap_json(gap) for gap in report.gaps],
        "waived": [finding_json(finding) for finding in report.waived],
        "known": [finding_json(finding) for finding in report.known],
        "gone": [known_json(known) for known in report.gone],
    }


def hop_json(state: HopState) -> Json:
    """`Hop`: its posture where it is settled, its bounds where it is not."""
    return {
        "id": state.hop.name,
        "dialer": state.hop.dialer,
        "listener": state.hop.listener,
        "wire": state.hop.wire.value,
        "endpoint": _place(state.hop.endpoint),
        **posture_or_bounds(state.settled),
        "grade": _word(state.grade),
        "tls_version": state.tls_version,
        "local": state.local,
    }


def finding_json(finding: Finding) -> Json:
    """`Finding`; the place is null where it was only seen live."""
    fix, milder = finding.remediation, finding.milder
    return {
        "rule": finding.rule,
        "severity": finding.severity.word,
        "certainty": finding.certainty.value,
        "message": finding.message,
        "why": finding.why,
        "cwe": list(finding.cwe),
        "standards": dict(finding.standards),
        **span_json(finding.span),
        "endpoint": _place(finding.endpoint),
        "hop": finding.hop.name if finding.hop else None,
        "evidence": [evidence_json(item) for item in finding.evidence],
        "remediation": {"text": fix.text, "replacement": fix.replacement, "safe": fix.safe} if fix else None,
        "fingerprint": finding.fingerprint,
        "milder": {"place": milder.place.value, "usual": milder.usual.word} if milder else None,
    }


def known_json(known: Known) -> Json:
    """What a baseline names."""
    return {"where": known.where, "rule": known.rule, "fingerprint": known.fingerprint, "message": known.message}


def gap_json(gap: Gap) -> Json:
    """`Gap`."""
    return {
        "where": gap.where,
        "reason": gap.reason,
        "hint": gap.hint,
        "hop": gap.hop.name if gap.hop else None,
    }


def survey_json(survey: Survey, grade: Grade | None) -> Json:
    """One of `probe`'s `endpoints`. Not looked at is null, never an empty list."""
    return {
        "endpoint": str(survey.endpoint),
        "wire": survey.wire.value,
        "plaintext": survey.plaintext.value,
        "tls": survey.tls,
        "direct_tls": survey.direct_tls,
        "versions": None if survey.versions is None else list(survey.versions),
        "suites": None,  # this and the next two: nobody looks at them yet
        "groups": None,
        "preference": None,
        "client_auth": survey.client_auth,
        "chain": chain_json(survey.chain),
        "trusted": survey.trusted,
        "name_matches": survey.name_matches,
        "server_version": survey.server_version,
        "hellos": survey.hellos,
        "handshakes": survey.handshakes,
        "seconds": round(survey.seconds, 3),
        "grade": _word(grade),
        "product": survey.product,
        "tls_version": survey.tls_version,
        "suite": survey.suite,
        "said": list(survey.said),
    }


def _word(grade: Grade | None) -> str | None:
    return None if grade is None else grade.word


def _place(endpoint: Endpoint | None) -> str | None:
    return None if endpoint is None else str(endpoint)
