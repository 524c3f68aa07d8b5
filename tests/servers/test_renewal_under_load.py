"""Renewed by force while people use the site: not one request fails, and what does not fit never comes into force."""

from __future__ import annotations

import http.client
import shutil
import ssl
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg2
import pymysql
import pytest

from everyhop.deploy.apply import apply
from everyhop.deploy.certificate import Keeping
from everyhop.deploy.look import look_at
from everyhop.deploy.plan import remedy
from everyhop.errors import LineageError
from everyhop.jobs.claim import Strangers
from everyhop.jobs.demo import closing
from everyhop.jobs.demo.stage import LEGAL, NEWSROOM, SITE, Stage, set_up
from everyhop.jobs.deployment import Fate, Telling, deploy
from everyhop.jobs.issue import issue
from everyhop.jobs.issuing import Help
from everyhop.jobs.office import Office
from everyhop.jobs.renew import Extent, Result, renew
from everyhop.lab.server import Server
from everyhop.lab.session import Lab
from everyhop.lineage.authority import UNSEALED, Founding, found
from everyhop.lineage.deployment import Consumer, Deployment, Part
from everyhop.lineage.terms import IssuerName, Terms
from everyhop.model.certificate import CertificateRequest
from everyhop.model.secret import Secret
from everyhop.pki.constraints import Constraints
from tests.certificates import utc_now
from tests.listeners import ROOT, account

FOUNDING = Founding("Tips", Constraints.parse(["localhost,127.0.0.0/8"]))
THREADS = 3


def no_passphrase() -> Secret:
    raise AssertionError("nothing is sealed here")


@dataclass(frozen=True)
class Site:
    """The demo's servers, closed, with certificates that a state directory keeps."""

    stage: Stage
    office: Office

    def renewed(self) -> dict[str, int]:
        """Renew everything by force; the serial number of each lineage's new leaf."""
        outcomes = [one for one in renew(self.office, (), Extent.FORCED, Help(no_passphrase)) if one.name != "CRL"]
        assert [one.result for one in outcomes] == [Result.RENEWED] * 3, outcomes
        assert [done.fate for one in outcomes for done in one.deployed] == [Fate.SEEN] * 3
        return {name: self.live_serial(name) for name in self.office.store.names()}

    def live_serial(self, name: str) -> int:
        live = self.office.store.open(name).live()
        assert live is not None
        return live.leaf.serial


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """As the demo closes it, but that the internal authority issues, and three lineages are deployed."""
    home = tmp_path_factory.mktemp("renewal") / "home"
    office = Office(str(home), utc_now, "a test")
    found(str(home), FOUNDING, ROOT, UNSEALED, utc_now)
    with Lab.open("tests") as lab:
        lab.authority = office.authority().issuer(None)
        with set_up(lab) as stage:
            targets = closing._targets(stage)
            plan = remedy(targets, look_at(targets), closing._PROFILE)
            apply(plan, lab.directory / "journal", closing._controls(stage))
            for name, deployment in _deployments(stage).items():
                terms = Terms(CertificateRequest((name,)), IssuerName.INTERNAL, (deployment,))
                issue(office, name, terms, Help(no_passphrase), Strangers.OVERWRITTEN)
            yield Site(stage, office)


def _deployments(stage: Stage) -> dict[str, Deployment]:
    def deployment(consumer: Consumer, server: Server, endpoint: str, *reload: str) -> Deployment:
        keeping = Keeping(server.product, str(server.directory), account(stage.lab))
        files = {Part.CHAIN: keeping.certificate, Part.KEY: keeping.key}
        return Deployment(consumer, files, keeping.owner, reload=reload, endpoint=endpoint)

    hangup = (shutil.which("kill") or "kill", "-HUP")
    login = stage.mariadb.login
    assert login is not None
    options = stage.lab.write(
        stage.lab.directory / "flush.cnf",
        f"[client]\nuser={login.admin}\npassword={login.admin_password.reveal()}\nsocket={login.socket}\n",
    )
    statement = f"import pymysql; pymysql.connect(read_default_file={str(options)!r}).cursor().execute('FLUSH SSL')"
    return {
        SITE: deployment(Consumer.NGINX, stage.nginx, stage.secure_site, *hangup, str(stage.nginx.pid)),
        NEWSROOM: deployment(
            Consumer.MARIADB, stage.mariadb, f"mariadb://{stage.newsroom.endpoint}", sys.executable, "-c", statement
        ),
        LEGAL: deployment(
            Consumer.POSTGRESQL,
            stage.postgresql,
            f"postgresql://{stage.legal.endpoint}",
            *hangup,
            str(stage.postgresql.pid),
        ),
    }


@dataclass
class Load:
    """What came of each request and connection, until it is stopped."""

    done: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def repeat(self, name: str, act: Callable[[], None]) -> None:
        while not self.stop.is_set():
            try:
                act()
            except Exception as error:  # noqa: BLE001 - whatever it is, it failed
                self.failed.append(f"{name}: {type(error).__name__}: {error}")
            else:
                self.done[name] += 1


@contextmanager
def load_on(site: Site) -> Iterator[Load]:
    """Tips for both desks, each over a TLS connection of its own; and new sessions with both databases."""
    load, stage = Load(), site.stage
    trusting = ssl.create_default_context(cadata=stage.anchors)
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT

    def tip(desk: str) -> None:
        connection = http.client.HTTPSConnection(SITE, stage.https.endpoint.port, context=trusting, timeout=30)
        try:
            body = urlencode({"desk": desk, "text": "It renews itself."})
            headers = {"Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}
            connection.request("POST", "/tip", body, headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == http.client.SEE_OTHER, answer.status
        finally:
            connection.close()

    acts: dict[str, Callable[[], None]] = {
        "a session with PostgreSQL": lambda: session_with_postgresql(stage).close(),
        "a session with MariaDB": lambda: session_with_mariadb(stage).close(),
    }
    work = [("a tip", lambda desk=desk: tip(desk)) for desk in ("newsroom", "legal")] * THREADS + [*acts.items()]
    threads = [threading.Thread(target=load.repeat, args=one) for one in work]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.stop.set()
        for thread in threads:
            thread.join()


def session_with_postgresql(stage: Stage) -> Any:
    login = stage.postgresql.login
    assert login is not None
    return psycopg2.connect(
        host=LEGAL,
        port=stage.legal.endpoint.port,
        user=login.user,
        password=login.password.reveal(),
        dbname=login.database,
        sslmode="verify-full",
        sslrootcert=str(stage.project / "anchors.pem"),
        channel_binding="require",
        connect_timeout=20,
    )


def session_with_mariadb(stage: Stage) -> Any:
    login = stage.mariadb.login
    assert login is not None
    return pymysql.connect(
        host=NEWSROOM,
        port=stage.newsroom.endpoint.port,
        user=login.user,
        password=login.password.reveal(),
        database=login.database,
        ssl={"ca": str(stage.project / "anchors.pem")},
        connect_timeout=20,
    )


def ask(session: Any) -> Any:
    with session.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()


def test_everything_is_renewed_by_force_without_a_failed_request(site: Site, request: pytest.FixtureRequest) -> None:
    """Each new serial is seen on the wire; sessions from before the renewal go on; the ledger holds together."""
    old = [session_with_postgresql(site.stage), session_with_mariadb(site.stage)]
    serials: list[dict[str, int]] = []
    with load_on(site) as load:
        for _ in range(10 if request.config.getoption("all_servers") else 3):
            before = sum(load.done.values())
            serials.append(site.renewed())
            assert sum(load.done.values()) > before
    assert load.failed == []
    assert set(load.done) == {"a tip", "a session with PostgreSQL", "a session with MariaDB"}
    assert all(len({one[name] for one in serials}) == len(serials) for name in serials[0])
    assert [ask(session) for session in old] == [(1,), (1,)]
    for session in old:
        session.close()
    with site.office.ledger() as ledger:
        assert "broken" not in ledger.verify().text()


def test_a_pair_that_does_not_match_never_comes_into_force(site: Site, request: pytest.FixtureRequest) -> None:
    """Refused by the store; and where it comes past that, by what each server says or shows, under the same load."""
    store = site.office.store
    before = {name: site.live_serial(name) for name in store.names()}
    names = store.names() if request.config.getoption("all_servers") else (NEWSROOM, LEGAL)
    with load_on(site) as load:
        for name in names:
            lineage = store.open(name)
            live, authority = lineage.live(), site.office.authority().issuer(None)
            assert live is not None
            one, other = (authority.issue(lineage.terms().request) for _ in range(2))
            with pytest.raises(LineageError, match="key does not belong"):
                lineage.add(replace(one, key_pem=other.key_pem))
            mixed = replace(live, chain_pem=one.chain_pem, chain=one.chain, key_pem=other.key_pem)
            deployments = lineage.terms().deployments
            (done,) = deploy(site.office, name, mixed, deployments, None, Telling.RELOAD)
            assert (done.fate, bool(done.reason)) == (Fate.PUT_BACK, True), done
            assert Path(deployments[0].files[Part.CHAIN]).read_text() == live.chain_pem
            assert Path(deployments[0].files[Part.KEY]).read_text() == live.key_pem.reveal()
    assert load.failed == []
    assert {name: site.live_serial(name) for name in store.names()} == before
    assert site.renewed() != before
