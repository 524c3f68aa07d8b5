"""PgBouncer's two sides, each with the words of libpq and with defaults of its own."""

from __future__ import annotations

import pytest

from everyhop.dialects import pgbouncer
from everyhop.errors import SettingsError
from everyhop.model.posture import Assurance, ClientAuth, Floor


def given(text: str) -> dict[str, pgbouncer.Option]:
    return dict(pgbouncer.settings(pgbouncer.options(f"[pgbouncer]\n{text}\n")))


@pytest.mark.parametrize(
    ("text", "assurance", "client_auth"),
    [
        ("", Assurance.PLAINTEXT, ClientAuth.ABSENT),
        ("client_tls_sslmode = disable", Assurance.PLAINTEXT, ClientAuth.ABSENT),
        ("client_tls_sslmode = allow", Assurance.OPPORTUNISTIC, ClientAuth.ABSENT),
        ("client_tls_sslmode=require", Assurance.ENCRYPTED, ClientAuth.ABSENT),
        ("client_tls_sslmode = verify-full", Assurance.ENCRYPTED, ClientAuth.REQUIRED),
        (";client_tls_sslmode = require", Assurance.PLAINTEXT, ClientAuth.ABSENT),
    ],
)
def test_what_it_takes(text: str, assurance: Assurance, client_auth: ClientAuth) -> None:
    """Nothing but plaintext by default."""
    low = pgbouncer.listener(given(text)).bounds.low
    assert (low.assurance, low.client_auth) == (assurance, client_auth)


@pytest.mark.parametrize(
    ("text", "assurance", "floor"),
    [
        ("", Assurance.OPPORTUNISTIC, Floor.TLS_1_2),
        ("server_tls_sslmode = disable", Assurance.PLAINTEXT, Floor.NONE),
        ("server_tls_sslmode = require\nserver_tls_protocols = all", Assurance.ENCRYPTED, Floor.TLS_1_0),
        ("server_tls_sslmode = verify-ca\nserver_tls_protocols = tlsv1.3", Assurance.CHAIN_VERIFIED, Floor.TLS_1_3),
        ("server_tls_sslmode = verify-full", Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2),
    ],
)
def test_how_it_dials(text: str, assurance: Assurance, floor: Floor) -> None:
    """`prefer` by default: TLS if the database offers it, and nobody is verified."""
    low = pgbouncer.dialer(given(text)).bounds.low
    assert (low.assurance, low.floor) == (assurance, floor)


def test_where_its_databases_are() -> None:
    """Several hosts are several ends; without a host it is the socket."""
    text = "[databases]\na = host=db1,db2 port=5433\nb = dbname=x\nc = host='/run/pg' port=1\n* = host=${HOST}\n"
    found = [str(database.endpoint) for database in pgbouncer.databases(pgbouncer.options(text))]
    assert found == ["db1:5433", "db2:5433", "unix:/tmp/.s.PGSQL.5432", "unix:/run/pg/.s.PGSQL.1", "None"]


@pytest.mark.parametrize("text", ["client_tls_sslmode = on", "client_tls_sslmode = require\nclient_tls_protocols = x"])
def test_words_that_it_would_not_take(text: str) -> None:
    """Told with their setting."""
    with pytest.raises(SettingsError):
        pgbouncer.listener(given(text))
