"""What may be demanded, and what is refused as a demand: with the key's name."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from everyhop.errors import SettingsError
from everyhop.model.endpoint import Locality, TcpEndpoint, UnixEndpoint
from everyhop.model.posture import Assurance
from everyhop.model.wire import Wire
from everyhop.runtime.guard.counters import Counters
from everyhop.runtime.guard.echo import echo, is_echo
from everyhop.runtime.guard.events import Refusal, trace
from everyhop.runtime.guard.objection import Objection, Reason
from everyhop.runtime.guard.settings import GuardSettings, Mode


def test_nothing_said_is_the_strictest() -> None:
    settings = GuardSettings.parse({"SECRET_KEY": "not ours"})
    assert (settings.require, settings.mode) == (Assurance.IDENTITY_VERIFIED, Mode.ENFORCE)
    assert settings.local == {Locality.UNIX, Locality.LOOPBACK}


def test_a_bind_may_have_a_level_of_its_own() -> None:
    settings = GuardSettings.parse({"EVERYHOP_BINDS": {"reports": "off", None: "encrypted"}})
    assert settings.required("reports") is Assurance.PLAINTEXT
    assert settings.required("default") is Assurance.ENCRYPTED
    assert settings.required("other") is Assurance.IDENTITY_VERIFIED


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("EVERYHOP_REQUIRE", "verify-ful"),
        ("EVERYHOP_REQUIRE", "opportunistic"),
        ("EVERYHOP_REQUIRE", True),
        ("EVERYHOP_REQUIRE", None),
        ("EVERYHOP_MODE", "warn"),
        ("EVERYHOP_MODE", ["report"]),
        ("EVERYHOP_LOCAL", "unix"),
        ("EVERYHOP_LOCAL", ["network"]),
        ("EVERYHOP_LOCAL", [["unix"]]),
        ("EVERYHOP_BINDS", ["reports"]),
        ("EVERYHOP_BINDS", {"reports": "none"}),
        ("EVERYHOP_CONNECT_DEADLINE", 0),
        ("EVERYHOP_CONNECT_DEADLINE", float("nan")),
        ("EVERYHOP_CONNECT_DEADLINE", True),
        ("EVERYHOP_CONNECT_DEADLINE", "10"),
    ],
)
def test_what_means_nothing_is_refused_by_its_key(key: str, value: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        GuardSettings.parse({key: value})
    assert (caught.value.key or "").startswith(key)
    assert caught.value.hint


def test_where_plaintext_is_excused() -> None:
    socket, loopback, far = UnixEndpoint("/run/db.sock"), TcpEndpoint("localhost", 1), TcpEndpoint("db.internal", 1)
    assert [GuardSettings().is_local(end) for end in (socket, loopback, far, None)] == [True, True, False, False]
    nowhere = GuardSettings.parse({"EVERYHOP_LOCAL": []})
    assert not any(nowhere.is_local(end) for end in (socket, loopback, far, None))


def test_counters_are_prometheus_text() -> None:
    counters = Counters()
    counters.opened('a"b\n', encrypted=True, verified=False)
    counters.opened("default", encrypted=True, verified=True)
    counters.opened("default", encrypted=True, verified=True)
    counters.refused(Reason.ECHO)
    lines = counters.text().splitlines()
    assert 'everyhop_db_connections_total{hop="a\\"b\\n",encrypted="true",verified="false"} 1' in lines
    assert 'everyhop_db_connections_total{hop="default",encrypted="true",verified="true"} 2' in lines
    assert 'everyhop_db_connections_refused_total{reason="echo"} 1' in lines
    assert (counters.total(), counters.total(Reason.ECHO), counters.total(Reason.BELOW)) == (3, 1, 0)


def test_a_refusal_is_one_line_without_secrets() -> None:
    objection = Objection(Reason.BELOW, 'from\n"postgresql://app:hunter2@db/app"')
    refusal = Refusal("a b\n", "psycopg", None, Assurance.ENCRYPTED, Mode.ENFORCE, objection)
    assert str(refusal) == (
        "event=refused hop=a_b_ driver=psycopg endpoint=unknown required=encrypted reason=below "
        "message=\"from''postgresql://app:***@db/app'\""
    )


@pytest.mark.parametrize(
    ("rows", "right"),
    [
        ([("v",)], True),
        ([["v"]], True),
        ([{"v": "v"}], True),
        ([(b"v",)], True),
        ((("v",),), True),
        ([], False),
        ([("v",), ("v",)], False),
        ([("v", "v")], False),
        ([("V",)], False),
        ([("v ",)], False),
        ([(None,)], False),
        ([None], False),
        (None, False),
        ("v", False),
    ],
)
def test_an_echo_is_exact(rows: Any, right: bool) -> None:  # noqa: FBT001
    assert is_echo(rows, "v") is right


def test_only_an_exact_echo_is_taken() -> None:
    """By a real DB-API connection: as it is, one that changes its answers, and one that gives none."""
    connection = sqlite3.connect(":memory:")
    assert echo(connection, sqlite3.Error, Wire.MYSQL) is None
    connection.text_factory = lambda data: data.decode() + " "
    changed = echo(connection, sqlite3.Error, Wire.MYSQL)
    connection.close()
    silent = echo(connection, sqlite3.Error, Wire.MYSQL)
    assert changed
    assert silent
    assert (changed.reason, silent.reason) == (Reason.ECHO, Reason.ECHO)


def test_a_tracer_that_fails_ends_no_connection(caplog: pytest.LogCaptureFixture) -> None:
    """The connection has been judged by then."""
    api = pytest.importorskip("opentelemetry.trace")

    class Failing(api.NonRecordingSpan):  # type: ignore[misc,name-defined]
        def is_recording(self) -> bool:
            raise RuntimeError

    with api.use_span(Failing(api.INVALID_SPAN_CONTEXT), record_exception=False, set_status_on_exception=False):
        trace(sqlite3)
    assert [record.getMessage() for record in caplog.records] == ["event=not-traced"]
