"""The SARIF form: valid by its schema, within what GitHub takes, relative, masked."""

import gzip
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.evidence import Quote, SourceSpan
from everyhop.model.finding import Certainty, Finding, Severity
from everyhop.model.report import Report
from everyhop.render.sarif import LONGEST_DESCRIPTION, MOST_LOCATIONS, MOST_RESULTS, sarif
from everyhop.rules.catalogue import catalogue
from tests import reports
from tests.json_schema import faults
from tests.snapshots import agrees

SCHEMA = json.loads((Path(__file__).parents[1] / "schemas" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
EVERY = [
    *(reports.empty, reports.exposed, reports.clean, reports.before, reports.undetermined, reports.crowded),
    reports.hostile,
]
EVERY_REPORT = pytest.mark.parametrize("report", [make() for make in EVERY], ids=[make.__name__ for make in EVERY])

FOUND = reports.exposed().findings[0]


def run(report: Report, base: str = "") -> Any:
    return json.loads(sarif(report, base))["runs"][0]


def with_findings(*findings: Finding) -> Report:
    return replace(reports.exposed(), findings=findings)


@EVERY_REPORT
def test_it_is_what_the_schema_demands(report: Report) -> None:
    """The one that OASIS publishes, unchanged."""
    assert faults(SCHEMA, json.loads(sarif(report))) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), "2.2.0"),
        (("runs", 0, "results", 0, "level"), "fatal"),
        (("runs", 0, "results", 0, "locations", 0, "physicalLocation", "region", "startLine"), 0),
        (("runs", 0, "tool", "driver", "name"), 7),
        (("runs", 0, "invocations", 0, "startTimeUtc"), "yesterday"),
        (("runs", 0, "invented"), True),
    ],
)
def test_the_schema_would_see_a_mistake(path: tuple[str | int, ...], value: object) -> None:
    """What is held to it is really held."""
    document = json.loads(sarif(reports.exposed()))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert len(faults(SCHEMA, document)) == 1


def test_the_whole_document() -> None:
    """All but the rules, which have pages of their own and become more."""
    document = json.loads(sarif(reports.exposed()))
    document["runs"][0]["tool"]["driver"]["rules"] = "…"
    for result in document["runs"][0]["results"]:
        result["ruleIndex"] = "…"
    agrees("exposed.sarif", json.dumps(document, indent=2) + "\n")


def test_every_rule_has_what_github_shows() -> None:
    """Descriptions, help, a score in the band of its severity, tags; all rules, also those without a result."""
    rules = run(reports.empty())["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(catalogue())
    bands = {Severity.LOW: (0.1, 3.9), Severity.MEDIUM: (4, 6.9), Severity.HIGH: (7, 8.9), Severity.CRITICAL: (9.1, 10)}
    for rule in rules:
        texts = [rule["shortDescription"]["text"], rule["fullDescription"]["text"]]
        assert all(0 < len(text) <= LONGEST_DESCRIPTION for text in texts), rule["id"]
        assert rule["help"]["text"]
        assert rule["help"]["markdown"].startswith(f"# {rule['id']}\n\n")
        low, high = bands[catalogue()[rule["id"]].severity]
        assert low <= float(rule["properties"]["security-severity"]) <= high
        assert rule["properties"]["tags"][0] == "security"
        assert len(rule["properties"]["tags"]) <= 10  # GitHub refuses 20 and shows 10
        assert rule["defaultConfiguration"]["level"] in {"note", "warning", "error"}


@EVERY_REPORT
def test_every_result_has_what_github_demands(report: Report) -> None:
    """A rule, a message, a place, a fingerprint."""
    for result in (told := run(report))["results"]:
        assert told["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert result["partialFingerprints"]["everyhop/v1"]
        assert len(result["locations"]) == 1


def test_paths_are_relative_to_the_repository() -> None:
    """As GitHub counts them, also where only a folder of it was scanned; a space is escaped."""
    span = SourceSpan("my config.py", 3, 1, 3, 9, "x = 1")
    report = with_findings(replace(FOUND, evidence=(span,)))
    for base, uri in (("", "my%20config.py"), ("src/app", "src/app/my%20config.py")):
        (result,) = run(report, base)["results"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": uri, "uriBaseId": "%SRCROOT%"}
    outside = with_findings(replace(FOUND, evidence=(replace(span, path="/etc/nginx/nginx.conf"),)))
    (result,) = run(outside)["results"]
    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "file:///etc/nginx/nginx.conf"}


def test_a_live_finding_points_at_the_line_that_names_its_endpoint() -> None:
    """And where no file does, at the endpoint itself."""
    named = replace(reports.DB, span=SourceSpan("everyhop.toml", 9, 1, 9, 40, "endpoint = …", "hop.db.endpoint"))
    live = replace(FOUND, evidence=(reports.live(),), hop=named, endpoint=TcpEndpoint("db.internal", 3306))
    (result,) = run(with_findings(live))["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("everyhop.toml", 9)
    (result,) = run(with_findings(replace(live, hop=reports.DB)))["results"]
    assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"].endswith("db.internal:3306")
    assert faults(SCHEMA, json.loads(sarif(with_findings(live, replace(live, hop=None, endpoint=None))))) == []


def test_the_region_shows_the_place_and_nothing_secret() -> None:
    """The words that are underlined for a person; what is masked is declared as such."""
    quote = Quote('URL = "mysql://app:***@db"', 6, 26)
    span = SourceSpan("config.py", 3, 7, 3, 33, "mysql://app:***@db", quote=quote)
    told = run(with_findings(replace(FOUND, evidence=(span,))))
    region = told["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region["snippet"] == {"text": '"mysql://app:***@db"'}
    assert told["redactionTokens"] == ["***"]


@pytest.mark.parametrize(
    ("severity", "certainty", "level"),
    [
        (Severity.CRITICAL, Certainty.CERTAIN, "error"),
        (Severity.HIGH, Certainty.CERTAIN, "error"),
        (Severity.HIGH, Certainty.POSSIBLE, "warning"),
        (Severity.MEDIUM, Certainty.CERTAIN, "warning"),
        (Severity.MEDIUM, Certainty.POSSIBLE, "note"),
        (Severity.LOW, Certainty.CERTAIN, "note"),
    ],
)
def test_the_level_tells_severity_and_certainty(severity: Severity, certainty: Certainty, level: str) -> None:
    """What is only possible stands one lower."""
    (result,) = run(with_findings(replace(FOUND, severity=severity, certainty=certainty)))["results"]
    assert (result["level"], result["properties"]["certainty"]) == (level, certainty.value)


def test_what_is_waived_or_known_is_no_result() -> None:
    """GitHub would open an alert for each, suppressed or not."""
    assert run(replace(reports.empty(), waived=(FOUND,), known=(FOUND,)))["results"] == []


def test_equal_findings_keep_fingerprints_of_their_own() -> None:
    """The second of the same kind in the same words gets a number, the first keeps its own."""
    results = run(with_findings(FOUND, FOUND))["results"]
    first, second = (result["partialFingerprints"]["everyhop/v1"] for result in results)
    assert (first, second) == (FOUND.fingerprint, f"{FOUND.fingerprint}-2")


def test_a_gap_is_told() -> None:
    """Not as a result, which would be an alert, and not in silence."""
    (told,) = run(reports.exposed())["invocations"][0]["toolExecutionNotifications"]
    assert "nginx.conf could not be looked at: permission denied" in told["message"]["text"]


def test_github_takes_the_most_that_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """25,000 results at a time, 10 MB packed; the worst are kept, and that others are missing is told.

    Measured with a tenth, each at a place of its own.
    """
    tenth = MOST_RESULTS // 10
    assert tenth == 2_500
    monkeypatch.setattr("everyhop.render.sarif.MOST_RESULTS", tenth)
    many = tuple(
        replace(
            FOUND,
            fingerprint=hashlib.sha256(str(number).encode()).hexdigest()[:32],
            evidence=tuple(SourceSpan(f"app/{number}.py", line, 1, line, 9) for line in range(1, 20)),
        )
        for number in range(tenth + 10)
    )
    document = sarif(with_findings(*many))
    (only,) = json.loads(document)["runs"]
    assert len(only["results"]) == tenth
    assert all(len(result["relatedLocations"]) == MOST_LOCATIONS for result in only["results"])
    assert "10 findings more" in only["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]
    assert len(gzip.compress(document.encode())) < 1_000_000


def test_nothing_secret_and_nothing_raw_gets_in() -> None:
    """ASCII, without a password of anybody."""
    document = sarif(reports.hostile())
    assert document.isascii()
    assert "hunter2" not in document
    assert not any(ord(character) < 32 and character != "\n" for character in document)
