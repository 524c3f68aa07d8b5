"""Real applications against real servers: what each connection is, as its own client tells."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

import psycopg
import pytest

from everyhop.drill.behaviour import Record, Strip
from everyhop.drill.relay import Relay
from everyhop.lab import mariadb as mariadb_server
from everyhop.lab import postgresql as postgresql_server
from everyhop.lab.server import Server
from everyhop.lab.session import Lab
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.posture import Assurance, Floor
from everyhop.model.report import Report
from everyhop.model.secret import Secret
from everyhop.model.sighting import Dialer, Listener, Origin, Reading
from everyhop.model.wire import Wire
from everyhop.rules.catalogue import catalogue
from everyhop.rules.judge import judge
from everyhop.rules.policy import Policy
from everyhop.runtime.sample import AppModule, Sample, UrlVariable, sample, sightings
from everyhop.runtime.sightings import PLAINTEXT_NOW, Compared, compare

EVERYWHERE = Policy(local=frozenset())
ANY = TcpEndpoint("127.0.0.1", 0)
DRIVERS = ("psycopg2", "psycopg")


def ask_url(url: Secret, directory: Path, **variables: str) -> Sample:
    environment = {**os.environ, "DATABASE_URL": url.reveal(), **variables}
    return sample(
        UrlVariable("DATABASE_URL"),
        python=sys.executable,
        environment=environment,
        directory=str(directory),
        deadline=30,
    )


def ask_app(directory: Path, name: str, **variables: Secret | str) -> Sample:
    given = {key: value.reveal() if isinstance(value, Secret) else value for key, value in variables.items()}
    return sample(
        AppModule(name),
        python=sys.executable,
        environment={**os.environ, **given},
        directory=str(directory),
        deadline=30,
    )


def postgres_url(server: Server, driver: str, query: str, port: int | None = None) -> Secret:
    text = server.url_with(query, port=port).reveal()
    return Secret(f"postgresql+{driver}://{text.partition('://')[2]}")


def seen(taken: Sample) -> Compared:
    (compared,) = compare(taken)
    return compared


def assurances(compared: Compared) -> tuple[str, str]:
    assert compared.declared is not None
    assert compared.observed is not None
    together = compared.declared.bounds.narrow(compared.observed)
    assert together is not None
    return together.low.assurance.word, together.high.assurance.word


def judged(taken: Sample) -> Report:
    return judge(sightings(taken), catalogue(), EVERYWHERE, command="verify", started=datetime.now(UTC))


def rules(taken: Sample) -> list[str]:
    return [finding.rule for finding in judged(taken).findings]


@pytest.fixture(scope="session")
def both_postgresql(lab: Lab) -> Server:
    return postgresql_server.start(lab, Assurance.OPPORTUNISTIC)


@pytest.fixture(scope="session")
def both_mariadb(lab: Lab) -> Server:
    return mariadb_server.start(lab, Assurance.OPPORTUNISTIC)


POSTGRESQL_SPELLINGS = {
    "sslmode=prefer": "opportunistic",
    "": "opportunistic",
    "sslmode=require": "encrypted",
    "sslmode=require&sslrootcert={ca}": "verify-ca",
    "sslmode=require&sslrootcert=/no/such/file": "encrypted",
    "sslmode=verify-ca&sslrootcert={ca}": "verify-ca",
    "sslmode=verify-full&sslrootcert={ca}": "verify-full",
}
MARIADB_SPELLINGS = {"ssl_ca={ca}": "verify-full", "ssl_verify_cert=false": "encrypted", "": "opportunistic"}
PLAINTEXT_SPELLINGS = {"refuses": "plaintext", "does without": "opportunistic"}

MANY = """
    import json, os
    from sqlalchemy import create_engine
    for name, url in json.loads(os.environ["URLS"]).items():
        globals()[name] = create_engine(url)
"""


@pytest.fixture(scope="module")
def every_spelling(
    postgresql: Server,
    mariadb: Server,
    both_postgresql: Server,
    both_mariadb: Server,
    exposed_postgresql: Server,
    exposed_mariadb: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Sample:
    """One app with an engine for every spelling."""
    ca = str(postgresql.anchors)
    urls = {
        f"{driver} {query}": postgres_url(postgresql, driver, query.format(ca=ca))
        for driver in DRIVERS
        for query in POSTGRESQL_SPELLINGS
    }
    urls |= {f"pymysql {query}": mariadb.url_with(query.format(ca=ca)) for query in MARIADB_SPELLINGS}
    for driver in DRIVERS:
        urls[f"{driver} refuses"] = postgres_url(both_postgresql, driver, "sslmode=disable")
        urls[f"{driver} does without"] = postgres_url(exposed_postgresql, driver, "")
    urls |= {"pymysql refuses": both_mariadb.url_with("ssl_disabled=true")}
    urls |= {"pymysql does without": exposed_mariadb.url_with("")}
    directory = tmp_path_factory.mktemp("spellings")
    (directory / "many.py").write_text(dedent(MANY))
    given = json.dumps({name: url.reveal() for name, url in urls.items()})
    return sample(
        AppModule("many"),
        python=sys.executable,
        environment={**os.environ, "URLS": given, "HOME": str(directory)},
        directory=str(directory),
        deadline=60,
    )


def engine(taken: Sample, name: str) -> Compared:
    return next(compared for compared in compare(taken) if compared.engine.name == f"many.{name}")


@pytest.mark.parametrize(
    ("driver", "query", "assurance"),
    [(driver, query, word) for driver in DRIVERS for query, word in POSTGRESQL_SPELLINGS.items()]
    + [("pymysql", query, word) for query, word in MARIADB_SPELLINGS.items()],
)
def test_a_connection_over_tls_is_what_its_settings_make_it(
    every_spelling: Sample, driver: str, query: str, assurance: str
) -> None:
    """Exactly; with version, suite and the certificate that the server really has."""
    compared = engine(every_spelling, f"{driver} {query}")
    live = compared.engine.live
    assert live is not None, compared.engine.reason
    assert (live.driver, live.tls, live.version) == (driver, True, "TLSv1.3")
    assert live.suite is not None
    assert live.suite.startswith("TLS_")
    assert compared.peer is not None
    assert "127.0.0.1" in compared.peer.names
    assert assurances(compared) == (assurance, assurance)
    assert not compared.drift
    assert compared.engine.product == ("mariadb" if driver == "pymysql" else "postgresql")


@pytest.mark.parametrize("driver", [*DRIVERS, "pymysql"])
@pytest.mark.parametrize(("case", "assurance"), PLAINTEXT_SPELLINGS.items())
def test_a_connection_in_plaintext_is_seen_as_that(
    every_spelling: Sample, driver: str, case: str, assurance: str
) -> None:
    """A connection without TLS says so; whether it must be so, its settings tell."""
    compared = engine(every_spelling, f"{driver} {case}")
    assert compared.engine.live is not None, compared.engine.reason
    assert not compared.engine.live.tls
    assert compared.peer is None
    assert assurances(compared) == (assurance, assurance)
    readings = [r for r in sightings(every_spelling) if isinstance(r, Reading) and r.hop == compared.hop]
    seen = [r.subject for r in readings if r.origin is Origin.OBSERVED and isinstance(r.subject, Dialer)]
    assert PLAINTEXT_NOW in seen[0].notes
    report = judge(readings, catalogue(), EVERYWHERE, command="verify", started=datetime.now(UTC))
    assert report.findings[0].rule == f"{assurance}-dial"


def test_the_environment_counts_as_it_does_for_libpq(postgresql: Server, tmp_path: Path) -> None:
    """`PGSSLMODE` and `PGSSLROOTCERT` make a bare URL verified; an option in the URL beats them (trap 7)."""
    variables = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": str(postgresql.anchors)}
    verified = seen(ask_url(postgres_url(postgresql, "psycopg2", ""), tmp_path, **variables))
    assert assurances(verified) == ("verify-full", "verify-full")
    beaten = seen(ask_url(postgres_url(postgresql, "psycopg2", "sslmode=prefer"), tmp_path, **variables))
    assert assurances(beaten) == ("opportunistic", "opportunistic")


@pytest.mark.parametrize("driver", DRIVERS)
def test_no_secret_of_libpqs_comes_with_its_parameters(postgresql: Server, tmp_path: Path, driver: str) -> None:
    """psycopg2's `dsn_parameters` leave out the password and nothing else; a key's passphrase is a secret, too."""
    url = postgres_url(postgresql, driver, "sslmode=require&sslpassword=hunter2-never-shown")
    taken = ask_url(url, tmp_path, PGADMIN_PASSWORD="hunter2-never-shown")
    assert "hunter2" not in repr(taken)
    live = taken.engines[0].live
    assert live is not None, taken.engines[0].reason
    assert live.parameters["sslmode"] == "require"
    assert "sslpassword" not in live.parameters


def test_a_root_certificate_in_the_home_counts_as_it_does_for_libpq(postgresql: Server, tmp_path: Path) -> None:
    """Trap 4: whether `require` verifies the chain depends on a file that nobody named."""
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql" / "root.crt").write_bytes(Path(postgresql.anchors).read_bytes())
    compared = seen(ask_url(postgres_url(postgresql, "psycopg", "sslmode=require"), tmp_path, HOME=str(tmp_path)))
    assert assurances(compared) == ("verify-ca", "verify-ca")


def listener(taken: Sample) -> Listener | None:
    found = [r.subject for r in sightings(taken) if isinstance(r, Reading) and isinstance(r.subject, Listener)]
    return found[0] if found else None


def test_a_verified_login_settles_whether_mariadb_refuses_plaintext(
    mariadb: Server, both_mariadb: Server, tmp_path: Path
) -> None:
    """MariaDB 10.11 does not tell from outside: `@@require_secure_transport` does, over a verified connection."""
    for server, assurance in ((mariadb, Assurance.ENCRYPTED), (both_mariadb, Assurance.OPPORTUNISTIC)):
        told = listener(ask_url(server.url, tmp_path))
        assert told is not None
        assert told.bounds.low.assurance is told.bounds.high.assurance is assurance
        assert told.bounds.low.floor is Floor.TLS_1_2


@pytest.mark.parametrize("query", ["ssl_verify_cert=false", ""])
def test_an_unverified_server_is_not_asked_for_its_settings(every_spelling: Sample, query: str) -> None:
    """Whoever answered could say anything."""
    server = engine(every_spelling, f"pymysql {query}").engine.server
    assert server is not None
    assert server.settings is None


def test_a_verified_postgresql_tells_its_floor_to_those_who_may_know(postgresql: Server, tmp_path: Path) -> None:
    """Whether it refuses plaintext stands in pg_hba.conf, which the app's role cannot read: that stays open."""
    assert listener(ask_url(postgresql.url, tmp_path)) is None
    with _administrator(postgresql) as connection:
        connection.execute("GRANT pg_read_all_settings TO app")
        told = listener(ask_url(postgresql.url, tmp_path))
        connection.execute("REVOKE pg_read_all_settings FROM app")
    assert told is not None
    assert told.bounds.low.floor is told.bounds.high.floor is Floor.TLS_1_2
    assert (told.bounds.low.assurance, told.bounds.high.assurance) == (Assurance.OPPORTUNISTIC, Assurance.ENCRYPTED)


def _administrator(server: Server) -> psycopg.Connection[Any]:
    login = server.login
    assert login is not None
    return psycopg.connect(
        host=str(server.directory),
        port=server.endpoint.port,
        user=login.admin,
        password=login.admin_password.reveal(),
        dbname="postgres",
        autocommit=True,
    )


def test_a_stripped_client_leg_is_plaintext_although_the_server_says_encrypted(
    postgresql: Server, mariadb: Server, tmp_path: Path
) -> None:
    """Trap 21: a relay strips the client's leg and speaks TLS upstream. Only the client's own objects are right."""
    for server, wire in ((postgresql, Wire.POSTGRES), (mariadb, Wire.MYSQL)):
        with Relay(ANY, server.endpoint, Strip(wire)) as relay:
            taken = ask_url(server.url_with("", port=relay.endpoint.port), tmp_path, HOME=str(tmp_path))
        compared = seen(taken)
        assert compared.engine.live is not None, compared.engine.reason
        assert not compared.engine.live.tls
        assert compared.engine.server is not None
        assert compared.engine.server.tls is True
        assert compared.engine.server.settings is None
        assert rules(taken)[0] == "opportunistic-dial"


def test_a_verified_app_refuses_a_stripping_relay(postgresql: Server, mariadb: Server, tmp_path: Path) -> None:
    """And says so in its driver's words; a relay that only records changes nothing."""
    for server, wire in ((postgresql, Wire.POSTGRES), (mariadb, Wire.MYSQL)):
        query = server.url.reveal().partition("?")[2]
        with Relay(ANY, server.endpoint, Strip(wire)) as relay:
            url = server.url_with(query, port=relay.endpoint.port)
            refused = seen(ask_url(url, tmp_path))
            relay.switch(Record())
            accepted = seen(ask_url(url, tmp_path))
        assert refused.engine.live is None
        assert refused.engine.reason
        assert assurances(accepted) == ("verify-full", "verify-full")


APP = """
    import os, ssl
    from flask import Flask
    from flask_sqlalchemy import SQLAlchemy
    from sqlalchemy import create_engine
    db = SQLAlchemy()

    def create_app():
        app = Flask(__name__)
        app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
        legal = {"url": os.environ["LEGAL_URL"], "connect_args": {"sslmode": "require"}}
        app.config["SQLALCHEMY_BINDS"] = {"legal": legal}
        db.init_app(app)
        with app.app_context():
            with db.engine.connect():
                pass
        return app

    archive = create_engine(
        os.environ["ARCHIVE_URL"],
        connect_args={"ssl": ssl.create_default_context(cafile=os.environ["CA"])},
    )
"""


@pytest.fixture(scope="module")
def application(mariadb: Server, postgresql: Server, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    directory = tmp_path_factory.mktemp("tips")
    (directory / "tips.py").write_text(dedent(APP))
    return ask_app(
        directory,
        "tips:create_app",
        DATABASE_URL=mariadb.url_with(""),
        LEGAL_URL=postgresql.url_with(""),
        ARCHIVE_URL=mariadb.url_with("", host="localhost"),
        CA=str(mariadb.anchors),
        HOME=str(directory),
    )


def test_every_engine_of_a_flask_app_is_asked(application: Sample) -> None:
    """Flask-SQLAlchemy's default and its bind, and one of SQLAlchemy's own; each as the app really opens it."""
    told = {compared.engine.name: assurances(compared)[0] for compared in compare(application)}
    assert told == {"default": "opportunistic", "legal": "encrypted", "tips.archive": "verify-full"}


def test_every_engine_is_judged_on_a_hop_of_its_own(application: Sample) -> None:
    """Two engines on one server are two hops, and what is right on one excuses nothing on the other."""
    report = judged(application)
    assert {state.hop.name for state in report.hops} == {"app-mariadb", "legal", "tips.archive"}
    found = {(finding.hop.name, finding.rule) for finding in report.findings if finding.hop}
    assert ("app-mariadb", "opportunistic-dial") in found
    assert ("legal", "unverified-chain") in found
    assert not any(name == "tips.archive" for name, _ in found)


def test_what_a_hook_changes_counts_as_declared(both_postgresql: Server, tmp_path: Path) -> None:
    """The URL says verify-full and a hook of the app's takes it back: what reaches the driver is what is declared."""
    code = """
        import os
        from sqlalchemy import create_engine, event
        app = create_engine(os.environ["DATABASE_URL"])
        @event.listens_for(app, "do_connect")
        def hook(dialect, record, cargs, cparams):
            cparams["sslmode"] = "disable"
    """
    (tmp_path / "wsgi.py").write_text(dedent(code))
    compared = seen(ask_app(tmp_path, "wsgi:app", DATABASE_URL=both_postgresql.url))
    assert compared.engine.live is not None
    assert not compared.engine.live.tls
    assert assurances(compared) == ("plaintext", "plaintext")


def test_a_connection_that_contradicts_its_settings_is_drift(both_mariadb: Server, tmp_path: Path) -> None:
    """A wrapper around the driver throws the TLS settings away: what was declared is void, and that is a finding."""
    code = """
        import os, pymysql, pymysql.connections
        honest = pymysql.connections.Connection.__init__
        def careless(self, **given):
            honest(self, **{key: value for key, value in given.items() if not key.startswith("ssl")}, ssl_disabled=True)
        pymysql.connections.Connection.__init__ = careless
        from sqlalchemy import create_engine
        app = create_engine(os.environ["DATABASE_URL"])
    """
    (tmp_path / "wsgi.py").write_text(dedent(code))
    taken = ask_app(tmp_path, "wsgi:app", DATABASE_URL=both_mariadb.url)
    compared = seen(taken)
    assert compared.drift
    assert compared.declared is not None
    assert compared.declared.bounds.low.assurance is Assurance.IDENTITY_VERIFIED
    assert "drift" in rules(taken)


def test_an_app_with_a_creator_of_its_own_is_asked_all_the_same(postgresql: Server, tmp_path: Path) -> None:
    """With `creator=` nobody sees the arguments; libpq's effective parameters tell."""
    code = """
        import os, psycopg2
        from sqlalchemy import create_engine
        app = create_engine("postgresql+psycopg2://", creator=lambda: psycopg2.connect(os.environ["DSN"]))
    """
    (tmp_path / "wsgi.py").write_text(dedent(code))
    dsn = postgresql.url_with("sslmode=require").reveal()
    taken = ask_app(tmp_path, "wsgi:app", DSN=Secret(f"postgresql://{dsn.partition('://')[2]}"), HOME=str(tmp_path))
    compared = seen(taken)
    assert compared.declared is None
    assert compared.observed is not None
    assert compared.observed.low.assurance is compared.observed.high.assurance is Assurance.ENCRYPTED
    assert rules(taken)[0] == "unverified-chain"


def test_a_refused_login_is_a_gap_beside_what_was_declared(mariadb: Server, tmp_path: Path) -> None:
    """Nothing is known of the live connection; the settings are judged all the same; no password in either."""
    wrong = Secret(mariadb.url.reveal().replace(":" + mariadb.login.password.reveal(), ":wrong-pass-word"))  # type: ignore[union-attr]
    taken = ask_url(wrong, tmp_path)
    report = judged(taken)
    assert "Access denied" in report.gaps[0].reason
    assert "wrong-pass-word" not in repr(report)
    assert report.hops[0].settled is not None
    assert report.hops[0].settled.low.assurance is Assurance.IDENTITY_VERIFIED


def test_a_unix_socket_is_a_hop_that_never_leaves_the_machine(postgresql: Server, tmp_path: Path) -> None:
    """libpq ignores sslmode there, and nothing drifts."""
    login = postgresql.login
    assert login is not None
    port, folder = postgresql.endpoint.port, postgresql.directory
    url = f"postgresql+psycopg2://{login.user}:{login.password.reveal()}@/{login.database}"
    taken = ask_url(Secret(f"{url}?host={folder}&port={port}&sslmode=verify-full"), tmp_path)
    compared = seen(taken)
    assert str(compared.engine.endpoint) == f"unix:{folder}/.s.PGSQL.{port}"
    assert not compared.drift
    assert judge(sightings(taken), catalogue(), Policy(), command="verify", started=datetime.now(UTC)).findings == ()
