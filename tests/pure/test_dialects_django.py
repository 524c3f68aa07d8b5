"""What an entry of Django's `DATABASES` hands to its driver."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.dialects import django, registry
from everyhop.dialects.settings import UNRESOLVED
from everyhop.errors import SettingsError
from everyhop.model.posture import Assurance

FULL: dict[str, Any] = {"NAME": "x", "USER": "u", "PASSWORD": "p", "HOST": "db.internal", "PORT": "6543"}


def entry(engine: str, **changes: Any) -> dict[str, Any]:
    return {"ENGINE": engine, **FULL, **changes}


def read(settings: dict[str, Any], driver: str | None = None) -> django.Entry:
    found = django.read(settings, driver)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("engine", "driver", "product"),
    [
        ("django.db.backends.postgresql", "psycopg", "postgresql"),
        ("django.db.backends.postgresql_psycopg2", "psycopg2", "postgresql"),
        ("django.contrib.gis.db.backends.postgis", "psycopg", "postgresql"),
        ("django_prometheus.db.backends.postgresql", "psycopg", "postgresql"),
        ("django_tenants.postgresql_backend", "psycopg", "postgresql"),
        ("django_cockroachdb", "psycopg", "cockroachdb"),
        ("django.db.backends.mysql", "mysqlclient", "mysql"),
        ("mysql.connector.django", "mysql-connector", "mysql"),
    ],
)
def test_the_engine_says_which_driver(engine: str, driver: str, product: str) -> None:
    """By its last part, which packages that wrap a backend keep."""
    found = read(entry(engine))
    assert (found.driver, found.product) == (driver, product)


def test_postgresql_hands_the_options_on() -> None:
    """The keys by libpq's names; what Django takes for itself is left out."""
    options = {"sslmode": "verify-full", "sslrootcert": "/ca.pem", "pool": True, "isolation_level": 3}
    found = read(entry("django.db.backends.postgresql", OPTIONS=options))
    assert found.keywords == {
        "dbname": "x",
        "sslmode": "verify-full",
        "sslrootcert": "/ca.pem",
        "user": "u",
        "password": "p",
        "host": "db.internal",
        "port": "6543",
    }
    assert found.notes == ("django-driver",)
    assert django.options_among(found.keywords) == ("sslmode", "sslrootcert")


def test_mysql_hands_the_options_on() -> None:
    """They win over the keys; a host that begins with a slash is a socket."""
    found = read(entry("django.db.backends.mysql", OPTIONS={"ssl": {"ca": "/ca.pem"}, "host": "other"}))
    assert found.keywords["host"] == "other"
    assert found.keywords["port"] == 6543
    assert django.options_among(found.keywords) == ("ssl",)
    socket = read(entry("django.db.backends.mysql", HOST="/run/mysqld/mysqld.sock"))
    assert socket.keywords["unix_socket"] == "/run/mysqld/mysqld.sock"
    assert "host" not in socket.keywords


def test_another_driver_may_stand_in() -> None:
    """`pymysql.install_as_MySQLdb()` is common, and only the caller knows."""
    found = read(entry("django.db.backends.mysql", OPTIONS={"ssl": {"ca": "/ca.pem"}}), "pymysql")
    settings = registry.from_keywords(found.driver, found.keywords, product=found.product, notes=found.notes)
    assert registry.read(settings).bounds.low.assurance is Assurance.IDENTITY_VERIFIED


@pytest.mark.parametrize("engine", ["django.db.backends.sqlite3", "django.contrib.gis.db.backends.spatialite"])
def test_a_file_has_no_hop(engine: str) -> None:
    """SQLite is inside the process."""
    assert django.read({"ENGINE": engine, "NAME": "db.sqlite3"}) is None


@pytest.mark.parametrize("key", ["sslmode", "SSLMODE", "ssl", "options", "tls_ca"])
def test_what_stands_beside_host_is_ignored(key: str) -> None:
    """Django looks at OPTIONS only, and says nothing."""
    found = read(entry("django.db.backends.mysql", **{key: "require"}))
    assert found.notes == (f"ignored-option:{key}",)
    assert key not in found.keywords
    assert read(entry("django.db.backends.mysql", CONN_MAX_AGE=60, TEST={})).notes == ()


def test_what_is_known_at_run_time_only() -> None:
    """It is handed on as that."""
    found = read(entry("django.db.backends.mysql", HOST=UNRESOLVED, PORT=UNRESOLVED))
    assert found.keywords["host"] is found.keywords["port"] is UNRESOLVED


def test_a_service_is_named_in_the_options() -> None:
    """An empty NAME leaves the database to it; None is the database `postgres`, without it."""
    options = {"service": "tips"}
    assert read(entry("django.db.backends.postgresql", NAME="", OPTIONS=options)).keywords["service"] == "tips"
    assert "service" not in read(entry("django.db.backends.postgresql", NAME=None, OPTIONS=options)).keywords


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"NAME": "x"}, "ENGINE"),
        ({"ENGINE": ""}, "ENGINE"),
        ({"ENGINE": "django.db.backends.oracle"}, "ENGINE"),
        (entry("django.db.backends.mysql", PORT="many"), "PORT"),
        (entry("django.db.backends.mysql", OPTIONS=["ssl"]), "OPTIONS"),
    ],
)
def test_what_django_would_refuse_is_refused(settings: dict[str, Any], key: str) -> None:
    """With the key, and a hint."""
    with pytest.raises(SettingsError) as caught:
        django.read(settings)
    assert caught.value.key == key
    assert caught.value.hint


def test_the_whole_is_told_from_an_entry() -> None:
    """By ENGINE, in each of its values."""
    whole = {"default": entry("django.db.backends.mysql"), "b": {"ENGINE": "django.db.backends.sqlite3"}}
    assert django.is_databases(whole)
    others: list[dict[str, object]] = [whole["default"], {}, {"default": {}}]
    assert not any(django.is_databases(other) for other in others)


VALUES = (
    st.none() | st.text(max_size=9) | st.integers() | st.booleans() | st.dictionaries(st.text(max_size=5), st.none())
)
KEYS = st.sampled_from(["ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS", "sslmode"]) | st.text(
    max_size=5
)
ENGINES = st.sampled_from(["django.db.backends.mysql", "django.db.backends.postgresql", "mysql.connector.django"])


@given(ENGINES, st.dictionaries(KEYS, VALUES, max_size=8))
def test_any_entry_is_read_or_refused(engine: str, settings: dict[str, Any]) -> None:
    """And what is read can be explained."""
    try:
        found = read(settings | {"ENGINE": engine})
    except SettingsError:
        return
    assert registry.read(registry.from_keywords(found.driver, found.keywords, product=found.product)).why
