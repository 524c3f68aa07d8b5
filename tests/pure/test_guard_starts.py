"""What the guard refuses before any packet: unsafe spellings of the driver table, conflicts, what nobody knows."""

from __future__ import annotations

import functools
import gc
import logging
import ssl
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.exc import ArgumentError

import everyhop
from everyhop.errors import SettingsError
from everyhop.model.posture import Assurance
from everyhop.runtime.guard.guard import Guard
from everyhop.runtime.guard.objection import Reason
from everyhop.runtime.guard.settings import GuardSettings
from tests.agreement import catalogue, standing_files
from tests.agreement.driver import Driver
from tests.agreement.observation import surroundings
from tests.agreement.spelled import Door, Spelled
from tests.certificates import good, new_authority

TABLE = [
    pytest.param(driver, spelled, id=f"{driver.name} {spelled.purpose} {spelled}")
    for driver in catalogue.drivers()
    for spelled in catalogue.tried(driver)
    if spelled.door is Door.SQLALCHEMY
]
FAR = "db.internal"


@pytest.fixture(scope="module")
def standing() -> Mapping[str, str]:
    return standing_files.texts(new_authority())


@pytest.fixture
def folder(standing: Mapping[str, str], tmp_path: Path) -> Path:
    standing_files.write(standing, tmp_path)
    return tmp_path


@pytest.fixture
def quiet() -> Iterator[None]:
    """Refusals are told in the log, and that is tested elsewhere."""
    logging.getLogger("everyhop.guard").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("everyhop.guard").setLevel(logging.NOTSET)


def guard(**keys: Any) -> Guard:
    return Guard(GuardSettings.parse({f"EVERYHOP_{key}": value for key, value in keys.items()}))


def is_alive_only(driver: Driver, spelled: Spelled) -> bool:
    """aiomysql has nothing to insist on TLS: its open connection shows whether it verified."""
    context = spelled.arguments.get("ssl")
    return driver.name == "aiomysql" and isinstance(context, ssl.SSLContext) and bool(context.check_hostname)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(("driver", "spelled"), TABLE)
def test_each_unsafe_url_of_the_driver_table_is_refused(driver: Driver, spelled: Spelled, folder: Path) -> None:
    living = spelled.living(folder)
    with surroundings(living.environment, str(folder)):
        reading = driver.read(living, FAR)
        url = f"{driver.scheme}://app:hunter2@{FAR}/app{f'?{living.query}' if living.query else ''}"
        arguments = {**driver.fixed, **living.arguments}
        told: list[str] = []
        for level in (Assurance.ENCRYPTED, Assurance.CHAIN_VERIFIED, Assurance.IDENTITY_VERIFIED):
            try:
                everyhop.guard(create_engine(url, connect_args=arguments), require=level.word)
            except (SettingsError, ArgumentError, TypeError, ValueError) as error:
                told.append(f"{error}{getattr(error, 'hint', '')}")
                refused = True
            else:
                refused = False
            wanted = reading.bounds.low.assurance < level and not is_alive_only(driver, living)
            said_twice = sum(map(bool, (living.query, living.arguments, living.environment))) > 1
            refused_by_driver = any(note.startswith("refused-option:") for note in reading.notes)
            halves = "sslcert" in str(living) and "sslkey" not in str(living)
            assert refused is wanted or said_twice or refused_by_driver or halves, (level, reading)
            assert refused or not wanted
    assert "hunter2" not in "".join(told)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    ("url", "arguments", "environment", "told"),
    [
        ("postgresql+psycopg://u@db/x?sslmode=verify-full&sslrootcert=CA", {}, {"PGSSLMODE": "prefer"}, "PGSSLMODE"),
        (
            "postgresql+psycopg2://u@db/x?sslmode=verify-full&sslrootcert=CA",
            {},
            {"PGSSLROOTCERT": "/x"},
            "PGSSLROOTCERT",
        ),
        ("postgresql+psycopg://u@db/x?sslmode=verify-full&sslrootcert=CA", {"sslmode": "prefer"}, {}, "connect_args"),
        (
            "postgresql+asyncpg://u@db/x?ssl=verify-full",
            {},
            {"PGSSLMODE": "prefer", "PGSSLROOTCERT": "CA"},
            "PGSSLMODE",
        ),
        ("mysql+pymysql://u@db/x?ssl_ca=CA&ssl_cert=CA", {}, {}, "a client certificate is named, and its key is not"),
        ("postgresql+psycopg://u@db/x?sslmode=verify-full&sslrootcert=CA&sslkey=CA", {}, {}, "its certificate is not"),
    ],
)
def test_a_conflict_refuses_where_precedence_would_decide(
    url: str, arguments: dict[str, Any], environment: dict[str, str], told: str, folder: Path
) -> None:
    anchors = str(folder / "ca.pem")
    with surroundings({key: value.replace("CA", anchors) for key, value in environment.items()}, str(folder)):
        with pytest.raises(SettingsError) as caught:
            guard().watch(create_engine(url.replace("CA", anchors), connect_args=arguments))
        assert told in str(caught.value)
        assert caught.value.hint


@pytest.mark.parametrize(
    ("url", "environment"),
    [
        ("postgresql+psycopg://u@db/x?sslmode=verify-full&sslrootcert=CA", {"PGSSLMODE": "verify-full"}),
        ("postgresql+psycopg://u@db/x?sslrootcert=CA", {"PGSSLMODE": "verify-full"}),
        ("postgresql+psycopg2://u@db/x", {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": "CA"}),
        ("mysql+pymysql://u@db/x?ssl_ca=CA", {"PGSSLMODE": "disable"}),
    ],
)
def test_what_says_the_same_twice_starts(url: str, environment: dict[str, str], folder: Path) -> None:
    anchors = str(folder / "ca.pem")
    with surroundings({key: value.replace("CA", anchors) for key, value in environment.items()}, str(folder)):
        bind = guard().watch(create_engine(url.replace("CA", anchors)))
    assert bind
    assert bind.promised is Assurance.IDENTITY_VERIFIED
    assert bind.objections == ()


@pytest.mark.usefixtures("quiet")
def test_the_hint_is_the_setting_to_change() -> None:
    with pytest.raises(SettingsError) as caught:
        guard().read("reports", "postgresql+psycopg://u:p@db/x?sslmode=require")
    assert caught.value.message.startswith(
        "reports: not connected, because verify-full is demanded, and this is encrypted"
    )
    assert caught.value.hint == "add ?sslmode=verify-full&sslrootcert=/path/to/ca.pem to the URL"
    with pytest.raises(SettingsError) as caught:
        guard().read("default", "mysql+pymysql://u:p@db/x?ssl_cert=c.pem&ssl_key=k.pem")
    assert "ssl_ca=/path/to/ca.pem" in (caught.value.hint or "")


@pytest.mark.usefixtures("quiet")
def test_a_mistyped_anchors_file_counts_for_nothing(folder: Path) -> None:
    """libpq's `require` passes it over in silence (trap 4)."""
    with surroundings({}, str(folder)):
        right = f"postgresql+psycopg://u@db/x?sslmode=require&sslrootcert={folder}/ca.pem"
        assert guard(REQUIRE="verify-ca").read("default", right)
        with pytest.raises(SettingsError, match="encrypted"):
            guard(REQUIRE="verify-ca").read("default", right.replace("ca.pem", "cca.pem"))


@pytest.mark.usefixtures("quiet")
def test_an_unknown_dialect_is_refused_with_the_key_that_exempts_it() -> None:
    url = "mysql+cymysql://u@db/x"
    pymysql = pytest.importorskip("pymysql")
    engine = create_engine("mysql+pymysql://u@db/x", module=pymysql)
    engine.dialect.name = "tidbase"
    with pytest.raises(SettingsError) as caught:
        guard().watch(engine, "reports")
    assert caught.value.hint == 'EVERYHOP_BINDS = {"reports": "off"} exempts this bind'
    exempt = create_engine("mysql+pymysql://u@db/x")
    exempt.dialect.name = "tidbase"
    bind = guard(BINDS={"reports": "off"}).watch(exempt, "reports")
    assert bind
    assert bind.objections == ()
    assert url


def test_sqlite_has_no_hop() -> None:
    engine = create_engine("sqlite://")
    assert guard().watch(engine) is None
    assert guard().read("default", "sqlite:///x.db") is None
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    engine.dispose()


def test_a_local_hop_is_excused_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    watching = guard()
    for _ in range(2):
        watching.read("default", "postgresql+psycopg:///x?host=/run/postgresql")
    assert [record.getMessage() for record in caplog.records] == [
        "hop=default unix:/run/postgresql/.s.PGSQL.5432 is on this machine: nothing is demanded of it (EVERYHOP_LOCAL)"
    ]


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg:///x?host=/run/postgresql",
        "postgresql+psycopg2://localhost/x",
        "mysql+pymysql://u@127.0.0.1/x",
        "mysql+pymysql://u@/x?unix_socket=/run/mysqld/mysqld.sock",
    ],
)
def test_nowhere_local_refuses_sockets_too(url: str) -> None:
    assert guard().read("default", url)
    with pytest.raises(SettingsError):
        guard(LOCAL=[]).read("default", url)


def test_among_several_hosts_the_farthest_decides() -> None:
    """A socket first and a machine far away second is no local hop."""
    with pytest.raises(SettingsError):
        guard().read("default", "postgresql+psycopg://u@/x?host=/tmp:5432&host=db:5432")


def test_report_refuses_nothing_and_counts(caplog: pytest.LogCaptureFixture) -> None:
    watching = guard(MODE="report")
    bind = watching.read("default", "mysql+pymysql://u:hunter2@db/x")
    assert bind
    assert [objection.reason for objection in bind.objections] == [Reason.BELOW]
    assert watching.counters.total(Reason.BELOW) == 1
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("event=would-refuse hop=default driver=pymysql endpoint=db:3306")
    assert "hunter2" not in caplog.text


@pytest.mark.usefixtures("quiet")
def test_a_signal_is_sent_for_each_refusal() -> None:
    blinker = pytest.importorskip("blinker")
    seen: list[tuple[object, Any]] = []

    def hear(sender: object, refusal: Any) -> None:
        seen.append((sender, refusal))

    watching = guard()
    with blinker.signal("everyhop-refused").connected_to(hear), pytest.raises(SettingsError):
        watching.read("default", "mysql+pymysql://u@db/x")
    ((sender, refusal),) = seen
    assert sender is watching
    assert refusal.objection.reason is Reason.BELOW


@pytest.mark.usefixtures("quiet")
def test_a_receiver_that_fails_decides_nothing() -> None:
    """Neither that a bind is refused in `report` mode, nor that it is not in `enforce`."""
    blinker = pytest.importorskip("blinker")

    def fail(_sender: object, refusal: Any) -> None:
        raise RuntimeError(refusal)

    with blinker.signal("everyhop-refused").connected_to(fail):
        assert guard(MODE="report").read("default", "mysql+pymysql://u@db/x")
        with pytest.raises(SettingsError, match="not connected"):
            guard().read("default", "mysql+pymysql://u@db/x")


def test_a_creator_may_be_any_callable() -> None:
    """Not a function alone: `functools.partial`, an object of a vendor's connector."""
    psycopg2 = pytest.importorskip("psycopg2")
    engine = create_engine("postgresql+psycopg2://", creator=functools.partial(psycopg2.connect, host="db"))
    bind = guard().watch(engine)
    assert bind
    assert (bind.promised, bind.objections) == (None, ())


@pytest.mark.usefixtures("quiet")
def test_what_a_hook_changes_is_read_before_any_packet(folder: Path) -> None:
    """The ring `pure` refuses sockets: nothing here gets as far."""
    engine = create_engine(f"mysql+pymysql://u@db/x?ssl_ca={folder}/ca.pem")
    guard().watch(engine)

    @event.listens_for(engine, "do_connect")
    def weaken(_dialect: object, _record: object, _positional: object, given: dict[str, Any]) -> None:
        given["ssl"] = None

    with pytest.raises(SettingsError, match="not connected"):
        engine.connect()
    with pytest.raises(SettingsError, match="not connected"):
        engine.connect()


@pytest.mark.usefixtures("quiet")
def test_an_environment_that_changes_is_read_before_any_packet(folder: Path) -> None:
    with surroundings({"PGSSLMODE": "verify-full", "PGSSLROOTCERT": f"{folder}/ca.pem"}, str(folder)):
        engine = create_engine("postgresql+psycopg2://u@db/x")
        guard().watch(engine)
        with pytest.MonkeyPatch.context() as later:
            later.setenv("PGSSLMODE", "prefer")
            with pytest.raises(SettingsError, match="opportunistic"):
                engine.connect()


@pytest.mark.usefixtures("quiet")
def test_every_engine_that_nobody_named_is_taken_in() -> None:
    """Alembic's own, say; it is refused when it dials, before any packet."""
    watching = guard()
    watching.watch_everything()
    engine = create_engine("mysql+pymysql://u@db.internal/x")
    with pytest.raises(SettingsError, match=r"engine db\.internal: not connected"):
        engine.connect()
    del watching
    free = create_engine("sqlite://")
    with free.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    free.dispose()


@pytest.mark.usefixtures("quiet")
def test_an_engine_that_was_frozen_is_taken_in() -> None:
    """A server that forks freezes what it has loaded (`gc.freeze`): the collector does not show it any more."""
    watching = guard()
    watching.watch_everything()
    engine = create_engine("mysql+pymysql://u@db.internal/x")
    gc.freeze()
    try:
        with pytest.raises(SettingsError, match=r"engine db\.internal: not connected"):
            engine.connect()
    finally:
        gc.unfreeze()


def test_an_engine_that_nobody_needs_ends(folder: Path) -> None:
    """Whoever makes one for each task has not got them all for ever."""
    watching = guard()
    engines = [create_engine(f"mysql+pymysql://u@db/x?ssl_ca={folder}/ca.pem") for _ in range(3)]
    for engine in engines:
        watching.watch(engine)
    kept = [weakref.ref(engine.dialect) for engine in engines]
    del engines, engine, watching
    gc.collect()
    assert [reference() for reference in kept] == [None, None, None]


@pytest.mark.usefixtures("quiet")
def test_whoever_goes_on_in_spite_of_a_refusal_dials_under_guard() -> None:
    engine = create_engine("mysql+pymysql://u@db.internal/x")
    for _ in range(2):
        with pytest.raises(SettingsError, match="verify-full is demanded"):
            guard().watch(engine)
    with pytest.raises(SettingsError, match="not connected"):
        engine.connect()


def test_watching_twice_is_watching_once(folder: Path) -> None:
    engine = create_engine(f"mysql+pymysql://u@db/x?ssl_ca={folder}/ca.pem")
    watching = guard()
    assert watching.watch(engine) is watching.watch(engine, "again")
    assert [bind.name for bind in watching.binds] == ["default"]


def test_a_context_is_read_anew_when_its_file_is_renewed(tmp_path: Path) -> None:
    anchors = tmp_path / "ca.pem"
    anchors.write_text(good(new_authority("First"), "db").anchors_pem)
    context = everyhop.client_context(anchors)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    before = context.now()  # type: ignore[attr-defined]
    assert context.now() is before  # type: ignore[attr-defined]
    fresh = tmp_path / "new.pem"
    fresh.write_text(good(new_authority("Second"), "db").anchors_pem)
    fresh.replace(anchors)
    after = context.now()  # type: ignore[attr-defined]
    assert [name["subject"][0][0][1] for name in after.get_ca_certs()] == ["Second"]
    anchors.write_text("half wr")
    assert context.now() is after  # type: ignore[attr-defined]
