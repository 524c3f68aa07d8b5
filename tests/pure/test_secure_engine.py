"""`secure_engine` before it connects: what it makes of settings, and what it refuses."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pymysql
import pytest
from sqlalchemy import event, make_url
from sqlalchemy.exc import OperationalError

import everyhop
from everyhop.errors import SettingsError, ToolError
from everyhop.runtime import secure
from tests.certificates import good, new_authority


@pytest.fixture
def anchors(tmp_path: Path) -> Path:
    """The certificate of an authority."""
    path = tmp_path / "ca.pem"
    path.write_text(good(new_authority(), "db.internal").anchors_pem)
    return path


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://u:p%40@db.internal/x",
        "postgresql+psycopg2://u:p@db.internal/x?sslmode=prefer",
        "postgresql+psycopg://u:p@db.internal/x?sslmode=allow&channel_binding=disable&sslrootcert=/elsewhere.pem",
        "mysql+pymysql://u:p@db.internal/x?ssl_disabled=true&ssl_verify_identity=true",
        "postgresql+pg8000://u:p@db.internal/x",
        "mysql+mysqlconnector://u:p@db.internal/x?ssl_verify_identity=false",
    ],
)
def test_the_query_is_overruled(url: str, anchors: Path) -> None:
    """An engine comes of it, and everyhop reads what is handed to the driver as `verify-full`."""
    engine = everyhop.secure_engine(url, anchors=anchors)
    assert engine.url.password == make_url(url).password
    assert engine.url.query.get("sslmode", "verify-full") == "verify-full"


@pytest.mark.parametrize("url", ["postgresql+asyncpg://u:p@db/x?ssl=prefer", "mysql+asyncmy://u:p@db/x"])
def test_asynchronous_drivers_have_their_own(url: str, anchors: Path) -> None:
    """And each function names the other."""
    assert everyhop.secure_async_engine(url, anchors=anchors).dialect.is_async
    with pytest.raises(SettingsError) as caught:
        everyhop.secure_engine(url, anchors=anchors)
    assert caught.value.hint == "use everyhop.secure_async_engine"
    with pytest.raises(SettingsError) as caught:
        everyhop.secure_async_engine("mysql+pymysql://u@db/x", anchors=anchors)
    assert caught.value.hint == "use everyhop.secure_engine"


@pytest.mark.parametrize(
    ("url", "options", "told"),
    [
        ("postgresql+psycopg://u@db/x", {"connect_args": {"sslmode": "require"}}, "connect_args['sslmode']"),
        ("postgresql+psycopg2://u@db/x", {"connect_args": {"sslrootcert": "/other.pem"}}, "sslrootcert"),
        ("mysql+pymysql://u@db/x", {"connect_args": {"ssl": {"ca": "/other.pem"}}}, "connect_args['ssl']"),
        ("mysql+pymysql://u@db/x", {"connect_args": {"ssl_disabled": True}}, "connect_args['ssl_disabled']"),
        ("mysql+pymysql://u@db/x", {"creator": object}, "creator="),
        ("mysql+pymysql://u@db/x", {"pool": object()}, "pool="),
        ("postgresql+asyncpg://u@db/x", {"async_creator": object}, "async_creator="),
        ("postgresql+psycopg:///x", {}, "unix socket"),
        ("postgresql+psycopg://db/x?host=/run/postgresql", {}, "unix socket"),
        ("postgresql+psycopg://db/x?host=/tmp,db", {}, "unix socket"),
        ("postgresql+psycopg2://u@db/x?host=db:5432&host=/tmp:5432", {}, "unix socket"),
        ("mysql+pymysql://u@db/x?unix_socket=/run/mysqld/mysqld.sock", {}, "unix socket"),
        ("mysql+mysqlconnector://u@db/x?unix_socket=/run/mysqld/mysqld.sock", {}, "unix socket"),
        ("postgresql+psycopg://u@/x?host=db:5432&host=:5433", {}, "unix socket"),
        ("postgresql+psycopg2://u@db/x", {"connect_args": {"host": "db,"}}, "unix socket"),
        ("postgresql+psycopg://u@db/x?service=tips", {}, "pg_service.conf"),
        ("postgresql+psycopg:///x?service=tips", {}, "pg_service.conf"),
        ("mysql+pymysql://u@db/x?read_default_file=/etc/my.cnf", {}, "/etc/my.cnf"),
        ("mysql+mysqlconnector://u@db/x?pool_name=tips", {}, "pool_name"),
        ("mysql+mysqlconnector://u@db/x", {"connect_args": {"failover": [{"host": "other"}]}}, "failover"),
        ("mysql+mysqlconnector://u@db/x", {"connect_args": {"dns_srv": True}}, "dns_srv"),
        (
            "mysql+mysqlconnector://u@db/x",
            {"connect_args": {"allow_local_infile_in_path": "/srv"}},
            "allow_local_infile_in_path",
        ),
        ("sqlite:///x.db", {}, "no hop"),
        ("oracle://u@db/x", {}, "unknown scheme"),
        ("host=db user=u", {}, "no URL of SQLAlchemy's"),
        ("postgres://u@db/x", {}, "no URL of SQLAlchemy's"),
        ("mysql+nonsense://u@db/x", {}, "SQLAlchemy knows no"),
        ("mysql+aiomysql://u@db/x", {}, "aiomysql"),
    ],
)
def test_what_could_be_less_is_refused(url: str, options: dict[str, Any], told: str, anchors: Path) -> None:
    """With what it is, and what to do."""
    with pytest.raises(SettingsError) as caught:
        everyhop.secure_engine(url, anchors=anchors, **options)
    assert told in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://u@db/x?host=/tmp",
        "postgresql+asyncpg://u@db/x?host=db:5432&host=/tmp:5432",
        "postgresql+psycopg://u@db/x?host=db:5432&host=/tmp:5432",
        "mysql+asyncmy://u@db/x?unix_socket=/run/mysqld/mysqld.sock",
    ],
)
def test_no_socket_by_an_asynchronous_driver_either(url: str, anchors: Path) -> None:
    """Alone or among several hosts."""
    with pytest.raises(SettingsError, match="unix socket"):
        everyhop.secure_async_engine(url, anchors=anchors)


def test_other_arguments_are_kept(anchors: Path) -> None:
    """What has nothing to do with TLS."""
    engine = everyhop.secure_engine(
        "postgresql+psycopg://u@db/x?application_name=tips",
        anchors=anchors,
        pool_size=3,
        connect_args={"connect_timeout": 5},
    )
    assert engine.url.query["application_name"] == "tips"
    assert engine.pool.size() == 3  # type: ignore[attr-defined]


def test_anchors_have_to_be_there(tmp_path: Path) -> None:
    """A file that is missing, or is none of PEM, is told when the engine is made."""
    with pytest.raises(SettingsError, match="no such file"):
        everyhop.secure_engine("mysql+pymysql://u@db/x", anchors=tmp_path / "missing.pem")
    (tmp_path / "none.pem").write_text("nothing")
    with pytest.raises(SettingsError, match="OpenSSL cannot use it"):
        everyhop.secure_engine("mysql+pymysql://u@db/x", anchors=tmp_path / "none.pem")


def test_an_outdated_driver_is_refused(anchors: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before PyMySQL 1.2.0 no setting helps; what is installed decides."""
    monkeypatch.setattr(pymysql, "VERSION_STRING", "1.1.1")
    with pytest.raises(SettingsError) as caught:
        everyhop.secure_engine("mysql+pymysql://u@db/x", anchors=anchors)
    assert "1.2.0" in f"{caught.value} {caught.value.hint}"


def test_the_driver_may_be_named_beside_the_url(anchors: Path) -> None:
    """As everywhere in everyhop."""
    engine = everyhop.secure_engine("mysql://u:p@db/x", anchors=anchors, driver="mysql-connector")
    assert engine.url.drivername == "mysql+mysqlconnector"
    assert everyhop.secure_engine(make_url("mysql://u:p@db/x"), anchors=anchors, driver="pymysql").driver == "pymysql"


def test_the_context_is_a_hard_one(anchors: Path) -> None:
    """No name from a CN, TLS 1.2 as floor, only the named authority."""
    plan = secure._planned("postgresql+pg8000://u@db/x", anchors, None, None, {})
    context = plan.connect_args["ssl_context"]
    assert isinstance(context, ssl.SSLContext)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.hostname_checks_common_name is False
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert len(context.get_ca_certs()) == 1


def test_the_environment_has_no_keys_written_down(
    anchors: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's default context takes SSLKEYLOGFILE for an order."""
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    plan = secure._planned("postgresql+pg8000://u@db/x", anchors, None, None, {})
    assert plan.connect_args["ssl_context"].keylog_filename is None


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PGSERVICE", "tips", "pg_service.conf"),
        ("PGGSSENCMODE", "require", "would not be verified"),
        ("PGSSLMINPROTOCOLVERSION", "TLSv1", "TLS before 1.2"),
    ],
)
def test_an_environment_that_could_weaken_it_is_refused(
    name: str, value: str, told: str, anchors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the engine is made, and when it connects."""
    engine = everyhop.secure_engine("postgresql+psycopg://u@db.invalid/x", anchors=anchors)
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=told):
        engine.connect()
    with pytest.raises(SettingsError, match=told):
        everyhop.secure_engine("postgresql+psycopg://u@db.invalid/x", anchors=anchors)


@pytest.mark.parametrize(
    ("url", "changed"),
    [
        ("postgresql+psycopg://u@db.invalid/x", {"require_auth": "", "channel_binding": "prefer"}),
        ("postgresql+psycopg2://u@db.invalid/x", {"sslrootcert": "/elsewhere.pem"}),
        ("postgresql+pg8000://u@db.invalid/x", {"ssl_context": ssl.create_default_context()}),
        ("mysql+pymysql://u@db.invalid/x", {"ssl": ssl.create_default_context()}),
    ],
)
def test_a_hook_changes_neither_anchors_nor_what_is_closed(url: str, changed: dict[str, Any], anchors: Path) -> None:
    """It would be verified still, and not as the engine was made to."""
    engine = everyhop.secure_engine(url, anchors=anchors)
    event.listen(engine, "do_connect", lambda _dialect, _record, _positional, keywords: keywords.update(changed))
    with pytest.raises(SettingsError, match="something has changed"):
        engine.connect()


def test_a_hook_may_change_the_password(anchors: Path) -> None:
    """A token of a cloud's, made anew each time; here nobody answers to the name."""
    engine = everyhop.secure_engine("mysql+pymysql://u@db.invalid/x", anchors=anchors)
    event.listen(engine, "do_connect", lambda _dialect, _record, _positional, keywords: keywords.update(password="t"))
    with pytest.raises(OperationalError):
        engine.connect()


def test_a_connection_of_a_hooks_own_is_closed_unused(anchors: Path) -> None:
    """SQLAlchemy takes what `do_connect` returns in place of calling the driver."""
    closed: list[bool] = []

    class Foreign:
        def close(self) -> None:
            closed.append(True)

    engine = everyhop.secure_engine("mysql+pymysql://u@db.invalid/x", anchors=anchors)
    event.listen(engine, "do_connect", lambda *_: Foreign())
    for _ in range(2):
        with pytest.raises(SettingsError, match="do_connect"):
            engine.connect()
        engine.dispose()
    assert closed


def test_a_creator_in_the_call_is_refused(anchors: Path) -> None:
    """SQLAlchemy takes it out before the driver is called, and calls it instead."""
    for scheme in ("postgresql+asyncpg", "postgresql+psycopg"):
        with pytest.raises(SettingsError, match="async_creator_fn"):
            everyhop.secure_async_engine(
                f"{scheme}://u@db/x", anchors=anchors, connect_args={"async_creator_fn": object}
            )


def test_a_client_certificate_is_shown(anchors: Path, tmp_path: Path) -> None:
    """By URL for libpq, in the context for the others."""
    issued = good(new_authority(), "app")
    certificate, key = tmp_path / "app.crt", tmp_path / "app.key"
    certificate.write_text(issued.chain_pem)
    key.write_text(issued.key_pem.reveal())
    pair = (str(certificate), str(key))
    query = everyhop.secure_engine("postgresql+psycopg://u@db/x", anchors=anchors, client_pair=pair).url.query
    assert (query["sslcert"], query["sslkey"]) == pair
    plan = secure._planned("mysql+pymysql://u@db/x", anchors, None, pair, {})
    assert isinstance(plan.connect_args["ssl"], ssl.SSLContext)


def test_without_sqlalchemy_it_says_so(anchors: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is optional."""
    monkeypatch.setattr(secure, "find_spec", lambda _: None)
    with pytest.raises(ToolError, match="SQLAlchemy is not installed"):
        everyhop.secure_engine("mysql+pymysql://u@db/x", anchors=anchors)


def test_no_password_is_told() -> None:
    """In no error."""
    with pytest.raises(SettingsError) as caught:
        everyhop.secure_engine("mysql+pymysql://u:Xq7hunter2Zv@db/x", anchors="/nowhere/ca.pem")
    assert "Xq7hunter2Zv" not in f"{caught.value} {caught.value.hint}"
