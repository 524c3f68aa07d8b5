"""A report as SARIF 2.1.0 (OASIS), in the way that GitHub code scanning reads it.

What is waived or known is left out: GitHub takes no notice of `suppressions` and would open an alert for each. The
fingerprint has a name of our own, because GitHub's `primaryLocationLineHash` is made by its upload action, which warns
about every other value that it finds there.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from everyhop.model.evidence import SourceSpan
from everyhop.model.finding import Certainty, Finding, Severity
from everyhop.model.report import Report
from everyhop.model.secret import MASK
from everyhop.model.sighting import Gap
from everyhop.model.tool import NAME, VERSION
from everyhop.render.catalogue import summary as first_sentence
from everyhop.render.json_values import Json, dumped
from everyhop.render.pointing import based, numbered, pointed
from everyhop.render.words import instant, place_words, told_words
from everyhop.rules.catalogue import catalogue
from everyhop.rules.grade import SCHEME
from everyhop.rules.rule import Rule

# docs.github.com, "SARIF support for code scanning", 2026: what is more than this is refused as a whole.
MOST_RESULTS: Final = 25_000
MOST_LOCATIONS: Final = 10
LONGEST_DESCRIPTION: Final = 1_024

_ROOT: Final = "%SRCROOT%"
_SEVERITY: Final = {Severity.LOW: "2.5", Severity.MEDIUM: "5.5", Severity.HIGH: "8.0", Severity.CRITICAL: "9.5"}
"""Inside GitHub's bands: critical over 9.0, high from 7.0, medium from 4.0, low below."""

_LEVELS: Final = {
    Severity.LOW: ("note", "note"),
    Severity.MEDIUM: ("warning", "note"),
    Severity.HIGH: ("error", "warning"),
    Severity.CRITICAL: ("error", "warning"),
}
"""The level of a certain finding, and that of a possible one."""


def sarif(report: Report, base: str = "") -> str:
    """The document. `base` is what the report's paths are relative to, seen from the root of the repository."""
    rules = list(catalogue().values())
    index = {rule.name: number for number, rule in enumerate(rules)}
    shown = report.findings[:MOST_RESULTS]  # the worst come first
    notes = [_gap(gap) for gap in report.gaps]
    if len(report.findings) > len(shown):
        left = len(report.findings) - len(shown)
        notes.append(_notification(f"{left} findings more are left out: GitHub takes {MOST_RESULTS} at a time"))
    run: Json = {
        "tool": {
            "driver": {
                "name": NAME,
                "version": VERSION,
                "semanticVersion": VERSION,
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "automationDetails": {"id": f"{NAME}/{report.command}/"},
        "columnKind": "unicodeCodePoints",
        "redactionTokens": [MASK],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "the root of the repository"}}},
        "invocations": [
            {
                "executionSuccessful": True,
                "startTimeUtc": instant(report.started),
                "toolExecutionNotifications": notes,
            }
        ],
        "results": [_result(finding, own, index, base) for finding, own in numbered(shown)],
        "properties": {"grade": report.grade.word if report.grade is not None else None, "grading": SCHEME},
    }
    return dumped(
        {
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [run],
        }
    )


def _rule(rule: Rule[Any]) -> Json:
    page = rule.page.strip()
    controls = "\n".join(f"* {name}: {control}" for name, control in rule.standards.items())
    weaknesses = [f"external/cwe/cwe-{cwe.removeprefix('CWE-').zfill(3)}" for cwe in rule.cwe]
    return {
        "id": rule.name,
        "shortDescription": {"text": first_sentence(rule)},
        "fullDescription": {"text": _cut(page.partition("\n\n")[2] or page)},
        "help": {"text": page, "markdown": "\n\n".join(filter(None, [f"# {rule.name}", page, controls]))},
        "defaultConfiguration": {"level": _LEVELS[rule.severity][0]},
        "properties": {
            "tags": ["security", *weaknesses],
            "precision": "very-high",
            "security-severity": _SEVERITY[rule.severity],
        },
    }


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_DESCRIPTION else f"{text[: LONGEST_DESCRIPTION - 1]}…"


def _result(finding: Finding, fingerprint: str, index: dict[str, int], base: str) -> Json:
    at = pointed(finding, base)
    others = [based(item, base) for item in finding.evidence if isinstance(item, SourceSpan) and item != finding.anchor]
    level = _LEVELS[finding.severity][0 if finding.certainty is Certainty.CERTAIN else 1]
    result: Json = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": level,
        "message": {"text": told_words(finding)},
        "locations": [_location(at) if at else _nowhere(finding)],
        "partialFingerprints": {f"{NAME}/v1": fingerprint},
        "properties": {"severity": finding.severity.word, "certainty": finding.certainty.value},
    }
    if finding.milder is not None:
        result["properties"] |= {"place": finding.milder.place.value, "usualSeverity": finding.milder.usual.word}
    if others:
        result["relatedLocations"] = [
            {"id": number, **_location(other), "message": {"text": other.symbol or "also here"}}
            for number, other in enumerate(others[:MOST_LOCATIONS])
        ]
    return result


def _location(span: SourceSpan) -> Json:
    region: Json = {"startLine": span.line, "startColumn": span.column}
    region |= {"endLine": span.end_line, "endColumn": span.end_column}
    if span.quote is not None and span.line == span.end_line:
        region["snippet"] = {"text": span.quote.text[span.quote.start : span.quote.end]}
    return {"physicalLocation": {"artifactLocation": _artifact(span.path), "region": region}}


def _artifact(path: str) -> Json:
    if path.startswith("/"):  # a file outside of what was scanned
        return {"uri": f"file://{quote(path)}"}
    return {"uri": quote(path), "uriBaseId": _ROOT}


def _nowhere(finding: Finding) -> Json:
    """What no file is to blame for: the endpoint itself. GitHub shows no such result; other readers do."""
    return {"logicalLocations": [{"fullyQualifiedName": place_words(finding), "kind": "resource"}]}


def _gap(gap: Gap) -> Json:
    return _notification(f"{gap.where} could not be looked at: {gap.reason}")


def _notification(text: str) -> Json:
    return {"level": "warning", "message": {"text": text}}
