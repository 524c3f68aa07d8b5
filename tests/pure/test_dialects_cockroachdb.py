"""CockroachDB's schemes of SQLAlchemy: PostgreSQL's drivers under another product's name."""

from __future__ import annotations

import pytest

from everyhop.dialects import registry
from everyhop.dialects.settings import PythonContext
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.posture import Assurance, Floor, Posture
from everyhop.model.wire import Wire

SCHEMES = {
    "cockroachdb": "psycopg2",
    "cockroachdb+psycopg2": "psycopg2",
    "cockroachdb+psycopg": "psycopg",
    "cockroachdb+asyncpg": "asyncpg",
}
QUERIES = [
    "",
    "?sslmode=require",
    "?sslmode=verify-full&sslrootcert=/ca.pem",
    "?ssl=require",
    "?ssl=verify-full",
    "?sslmod=require",
]


@pytest.mark.parametrize(("scheme", "driver"), SCHEMES.items())
@pytest.mark.parametrize("query", QUERIES)
def test_the_query_means_what_it_means_to_the_driver(scheme: str, driver: str, query: str) -> None:
    """sqlalchemy-cockroachdb hands it on untouched (trap 20)."""
    settings = registry.resolve(f"{scheme}://app:pw@db.internal:26257/app{query}")
    twin = registry.read(f"postgresql+{driver}://app:pw@db.internal:26257/app{query}")
    dialer = registry.read(settings)
    assert (settings.driver, settings.product, settings.endpoint) == (
        driver,
        "cockroachdb",
        TcpEndpoint("db.internal", 26257),
    )
    assert registry.WIRES[settings.product] is Wire.POSTGRES
    assert (dialer.driver, dialer.product) == (driver, "cockroachdb")
    assert (dialer.bounds, dialer.notes, dialer.why) == (twin.bounds, twin.notes, twin.why)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_port_that_is_not_named_is_the_drivers(scheme: str) -> None:
    """The scheme does not make it 26257."""
    assert registry.resolve(f"{scheme}://app@db.internal/app").endpoint == TcpEndpoint("db.internal", 5432)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("assurance", [one for one in Assurance if one])
def test_what_is_written_is_read_back(scheme: str, assurance: Assurance) -> None:
    """In the driver's own spelling, with the scheme as it was."""
    posture = Posture(assurance, Floor.TLS_1_2)
    before = registry.resolve(f"{scheme}://app@db.internal/app?application_name=x")
    spelling = registry.write(before, posture, "/ca.pem")
    assert spelling.url is not None
    assert spelling.url.scheme == scheme
    again = registry.read(spelling.url, connect_args=spelling.connect_args, environment=spelling.environment)
    assert again.bounds.settled == posture
    if scheme.endswith("asyncpg") and assurance is Assurance.IDENTITY_VERIFIED:
        assert spelling.connect_args == {"ssl": PythonContext(anchors="/ca.pem", common_name=False)}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_argument_that_its_dialects_drop_is_not_refused(scheme: str) -> None:
    """`disable_cockroachdb_telemetry` never reaches the driver; PostgreSQL's own dialects hand it on."""
    arguments = {"disable_cockroachdb_telemetry": True}
    dialer = registry.read(f"{scheme}://app@db.internal/app", connect_args=arguments)
    assert not [note for note in dialer.notes if note.startswith("refused-option:")]
    twin = registry.read(f"postgresql+{SCHEMES[scheme]}://app@db.internal/app", connect_args=arguments)
    assert [note for note in twin.notes if note.startswith("refused-option:disable_cockroachdb_telemetry:")]


@pytest.mark.parametrize(("scheme", "build"), [(scheme, build) for scheme in SCHEMES for build in (None, "15", "17")])
def test_what_is_hardened_is_still_verified(scheme: str, build: str | None) -> None:
    """Its server speaks no channel binding, so that a password in clear is refused by `require_auth` or not at all."""
    before = registry.resolve(f"{scheme}://app@db.internal/app", build=build)
    posture = Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2)
    hardened = registry.harden(before, registry.write(before, posture, "/ca.pem"))
    assert hardened.url is not None
    dialer = registry.read(hardened.url, connect_args=hardened.connect_args, build=build)
    assert dialer.bounds.settled == posture
    assert hardened.url.option("channel_binding") is None
    closed = build == "17" and not scheme.endswith("asyncpg")
    assert ("clear-password" in dialer.notes) is not closed
