"""The JSON form: stable keys, one document for every command, masked."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from everyhop.model.certificate import Chain
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.evidence import FileState
from everyhop.model.posture import Assurance, Bounds, Posture
from everyhop.model.report import Grade, Report
from everyhop.model.sighting import Agreement, Cookie, Origin, Plaintext, Reading, ServedChain, Site
from everyhop.model.survey import Survey
from everyhop.model.wire import Wire
from everyhop.render.json import document, report_json, survey_json
from everyhop.render.json_readings import reading_json
from everyhop.render.json_values import bounds_json, evidence_json, posture_json
from everyhop.render.words import instant
from tests import reports
from tests.snapshots import agrees

DOCUMENT = {
    "schema", "command", "tool", "started", "grade", "grading", "hops", "readings", "findings", "gaps",
}  # fmt: skip
READING = {
    "side", "kind", "product", "driver", "driver_version", "notes", "path", "line", "column", "end_line", "end_column",
    "endpoint", "local",
}  # fmt: skip
FINDING = {
    "rule", "severity", "certainty", "message", "why", "cwe", "standards", "path", "line", "column", "end_line",
    "end_column", "endpoint", "evidence", "remediation", "fingerprint",
}  # fmt: skip
SURVEY = {
    "endpoint", "wire", "plaintext", "tls", "direct_tls", "versions", "suites", "groups", "preference", "client_auth",
    "chain", "trusted", "name_matches", "server_version", "hellos", "handshakes", "seconds", "grade",
}  # fmt: skip

EVERY = [
    reports.empty(),
    reports.exposed(),
    reports.clean(),
    reports.before(),
    reports.undetermined(),
    reports.hostile(),
]


@pytest.mark.parametrize("name", ["exposed", "undetermined", "before"])
def test_the_whole_document(name: str) -> None:
    """Every key and value, as a program gets them."""
    agrees(f"{name}.json", document(getattr(reports, name)()) + "\n")


@pytest.mark.parametrize("report", EVERY)
def test_the_promised_keys_are_there(report: Report) -> None:
    """interface.md's keys, each of them, in each document."""
    told = json.loads(document(report))
    assert set(told) >= DOCUMENT
    assert all(set(hop) >= {"id", "dialer", "listener", "wire", "endpoint", "grade"} for hop in told["hops"])
    assert all(("posture" in hop) != ("bounds" in hop) for hop in told["hops"])
    assert all(set(reading) >= READING for reading in told["readings"])
    assert all(("posture" in reading) != ("bounds" in reading) for reading in told["readings"])
    assert all(set(finding) >= FINDING for finding in told["findings"])
    assert all(set(gap) >= {"where", "reason", "hint"} for gap in told["gaps"])


@pytest.mark.parametrize("report", EVERY)
def test_it_is_ascii_and_without_control_characters(report: Report) -> None:
    """`| less` and a terminal are as safe as a parser."""
    text = document(report)
    assert text.isascii()
    assert text.replace("\n", "").isprintable()


def test_no_password_leaves_in_any_string() -> None:
    """Wherever an observer put one: message, evidence, gap, remediation, and what a command adds."""
    text = document(reports.hostile(), {"secure_url": "postgresql://app:hunter2@db", "list": [{"a": ("pwd=hunter2",)}]})
    assert "hunter2" not in text
    assert json.loads(text)["secure_url"] == "postgresql://app:***@db"


def test_what_a_command_adds_wins() -> None:
    """`verify` puts hops of its own in place of the common ones."""
    told = json.loads(document(reports.clean(), {"hops": [], "endpoints": [1]}))
    assert told["hops"] == []
    assert told["endpoints"] == [1]


def test_a_posture_is_three_words() -> None:
    """The floor is null where there is none."""
    bottom = {"assurance": "plaintext", "floor": None, "client_auth": "absent"}
    assert posture_json(Posture(Assurance.PLAINTEXT)) == bottom
    top = {"assurance": "verify-full", "floor": "TLSv1.3", "client_auth": "required"}
    assert bounds_json(Bounds.between(Assurance.PLAINTEXT, Assurance.IDENTITY_VERIFIED)) == {"low": bottom, "high": top}


def test_times_are_utc() -> None:
    """RFC 3339, whatever the offset they came with."""
    east = datetime(2026, 11, 22, 14, 4, 11, 999, tzinfo=timezone(timedelta(hours=2)))
    assert instant(east) == "2026-11-22T12:04:11Z"


def kinds() -> list[tuple[Any, str, str, Any]]:
    chain = ServedChain("nginx", Chain((reports.PEER,)), True, None, "tips.example.org")
    sides = Agreement("db", reports.VERIFY_CA, reports.PLAINTEXT)
    return [
        (Cookie("flask", "session", secure=True, http_only=False), "cookie", "secure", True),
        (Site("nginx", True, None, 300, True), "header", "hsts_max_age", 300),
        (chain, "certificate", "trusted", True),
        (sides, "agreement", "declared", bounds_json(reports.VERIFY_CA)),
    ]  # fmt: skip


@pytest.mark.parametrize(("subject", "kind", "key", "value"), kinds(), ids=lambda value: type(value).__name__)
def test_what_is_no_posture_tells_its_detail(subject: Any, kind: str, key: str, value: object) -> None:
    """Cookies, headers and certificates have the keys of a reading, posture null, and `detail`."""
    told = reading_json(Reading(subject, Origin.OBSERVED, reports.EDGE.endpoint, None, ()))
    assert set(told) >= READING
    assert (told["kind"], told["posture"], told["detail"][key]) == (kind, None, value)


@pytest.mark.parametrize(
    ("hop", "side"), [(reports.EDGE, "http-dialer"), (reports.DB, "database-dialer"), (None, "database-dialer")]
)
def test_the_kind_follows_the_wire(hop: Any, side: str) -> None:
    """By the hop, or by the product where there is none."""
    reading = reports.dials(hop or reports.DB, reports.PLAINTEXT)
    told = reading_json(reading if hop else Reading(reading.subject, reading.origin, None, None, ()))
    assert told["kind"] == side


def test_local_is_what_policy_says_of_the_hop() -> None:
    """A reading without a hop is local if it stays on the machine."""
    told = report_json(reports.clean())["readings"]
    assert {reading["hop"]: reading["local"] for reading in told} == {"edge": False, "app": True, "db": False}
    cookie = Cookie("flask", "session", secure=True, http_only=True)
    assert reading_json(Reading(cookie, Origin.OBSERVED, TcpEndpoint("127.0.0.1", 80), None, ()))["local"] is True


def test_a_file_state_shows_its_mode_in_octal() -> None:
    """As `ls` and `chmod` write it."""
    state = evidence_json(FileState("server.key", 0o644, "root"))
    assert state == {"kind": "file", "path": "server.key", "mode": "0644", "owner": "root"}


def test_what_was_not_looked_at_is_null() -> None:
    """Never an empty list."""
    silent = Survey(
        endpoint=TcpEndpoint("db", 3306), wire=Wire.MYSQL, product="mysql", at=datetime(2026, 1, 1, tzinfo=UTC),
        plaintext=Plaintext.UNKNOWN, tls=False, direct_tls=None, versions=None, tls_version=None, suite=None,
        client_auth=None, chain=None, trusted=None, name_matches=None, trust_reason="", server_name="db",
        server_version=None, bounds=reports.PLAINTEXT, http_plain=None, http_tls=None, said=(), hellos=1,
        handshakes=0, seconds=0.12345,
    )  # fmt: skip
    told = survey_json(silent, Grade.A_MINUS)
    assert set(told) >= SURVEY
    assert [told[key] for key in ("versions", "suites", "groups", "chain", "trusted")] == [None] * 5
    assert (told["plaintext"], told["grade"], told["seconds"]) == ("unknown", "A-", 0.123)
