"""Chains of the internal authority, as real servers show them and real drivers judge them; and client certificates."""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from everyhop.errors import DeployError
from everyhop.model.certificate import CertificateRequest, Issued, KeyAlgorithm, LeafProfile
from everyhop.model.posture import Assurance, ClientAuth, Floor, Posture
from everyhop.pki.authority import Authority
from tests.certificates import new_authority
from tests.listeners import (
    ASKS,
    HOST,
    PRODUCTS,
    Dialer,
    Listener,
    alone,
    client_leaf,
    earlier,
    nginx_target,
    server_leaf,
    unconstrained,
)
from tests.servers.conftest import Registry

pytestmark = pytest.mark.xdist_group("certificates")

LISTENING = (LeafProfile.SERVER, LeafProfile.NODE, LeafProfile.PROXY)
KEYS = (KeyAlgorithm.EC_P256, KeyAlgorithm.EC_P384, KeyAlgorithm.RSA_2048)


def leaf(authority: Authority, key: KeyAlgorithm, profile: LeafProfile) -> Issued:
    return authority.issue(CertificateRequest((HOST, "127.0.0.1"), key=key, profile=profile))


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_chain_of_any_profile_and_key_is_believed(
    product: str, registry: Registry, request: pytest.FixtureRequest
) -> None:
    """By its name and by its address; PostgreSQL's password is bound to the channel."""
    listener, authority = registry.listener(product), registry.authority
    every = request.config.getoption("all_servers")
    pairs = [(key, LISTENING[0]) for key in KEYS] + [(KEYS[0], profile) for profile in LISTENING[1:]]
    if every:
        pairs = [(key, profile) for key in KeyAlgorithm for profile in LISTENING]
    for key, profile in pairs:
        listener.deploy(leaf(authority, key, profile), registry.clients)
        for host in (HOST, "127.0.0.1"):
            listener.dial(Dialer(authority.anchors_pem, host))


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_chain_that_must_not_be_believed_is_refused_by_the_dialer(product: str, registry: Registry) -> None:
    """One thing is wrong with each; the right one is believed before and after."""
    listener, authority = registry.listener(product), registry.authority
    anchors = authority.anchors_pem
    listener.dial(Dialer(anchors))
    assert "match" in listener.refuses(Dialer(anchors, "other.internal")).lower()
    past = earlier(registry.home, timedelta(days=150)).issuer(None)
    elsewhere = "elsewhere.example"
    for_clients = CertificateRequest((HOST,), profile=LeafProfile.CLIENT, common_name="carol")
    wrong = {
        "expired": (past.issue(CertificateRequest((HOST,))), HOST),
        "permitted subtree": (unconstrained(authority).issue(CertificateRequest((elsewhere,))), elsewhere),
        "issuer certificate": (alone(server_leaf(authority)), HOST),
        "purpose": (authority.issue(for_clients), HOST),
    }
    for reason, (issued, host) in wrong.items():
        if product == "mysql" and reason != "purpose":  # it holds its own chain against its anchors, and keeps the old
            with pytest.raises(DeployError, match="everything was put back"):
                listener.deploy(issued, registry.clients)
            listener.dial(Dialer(anchors))
            continue
        listener.deploy(issued, registry.clients)
        said = listener.refuses(Dialer(anchors, host))
        assert "certificate verify failed" in said
        assert product == "postgresql" or reason in said  # libpq does not say more
    stranger = new_authority("Stranger")
    if product != "mysql":
        listener.deploy(server_leaf(stranger), registry.clients)
        listener.refuses(Dialer(anchors))
        listener.dial(Dialer(stranger.anchors_pem))
    listener.deploy(server_leaf(authority), registry.clients)
    listener.dial(Dialer(anchors))
    listener.refuses(Dialer(stranger.anchors_pem))


@pytest.mark.parametrize("product", ["postgresql", "mariadb", "mysql"])
def test_a_client_certificate_logs_in_and_others_do_not(product: str, registry: Registry) -> None:
    """Carol with hers, by its subject alone; not with a colleague's, a server's, an expired one, a stranger's, none."""
    listener, authority = registry.listener(product), registry.authority
    anchors = authority.anchors_pem
    carol = Dialer(anchors, user="carol", certificate=client_leaf(authority, "carol"))
    listener.dial(carol)
    past = earlier(registry.home, timedelta(days=150)).issuer(None)
    for_servers = Dialer(anchors, user="dave", certificate=authority.issue(CertificateRequest(("127.0.0.1",))))
    for wrong in (
        client_leaf(authority, "dave"),
        client_leaf(past, "carol"),
        client_leaf(new_authority("Stranger"), "carol"),
        None,
    ):
        listener.refuses(replace(carol, certificate=wrong))
    if product != "mysql":  # whose anchors' file holds the intermediate as well
        listener.refuses(replace(carol, certificate=alone(client_leaf(authority, "carol"))))
    listener.refuses(for_servers)
    listener.dial(carol)


def test_a_site_lets_nobody_in_without_a_certificate(registry: Registry) -> None:
    """`ssl_verify_client on`, as the plan writes it; and back to where it only asks."""
    listener, authority = registry.listener("nginx"), registry.authority
    good = server_leaf(authority)
    demands = Posture(Assurance.ENCRYPTED, Floor.TLS_1_2, ClientAuth.REQUIRED)
    listener.make(nginx_target(listener, good, registry.clients, demands))
    somebody = Dialer(authority.anchors_pem, certificate=client_leaf(authority, "carol"))
    listener.dial(somebody)
    past = earlier(registry.home, timedelta(days=150)).issuer(None)
    for wrong in (
        None,
        client_leaf(past, "carol"),
        client_leaf(new_authority("Stranger"), "carol"),
        authority.issue(CertificateRequest((HOST,))),
    ):
        assert listener.refuses(replace(somebody, certificate=wrong)).startswith("400")
    listener.make(nginx_target(listener, good, registry.clients, ASKS))
    listener.dial(Dialer(authority.anchors_pem))


def browsed(listener: Listener, host: str, profile: Path) -> str:
    """What Chromium shows for a site, believing what the NSS store of this profile believes."""
    command = [
        *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", f"--user-data-dir={profile}/data"),
        f"--host-resolver-rules=MAP * 127.0.0.1:{listener.server.endpoint.port}",
        *("--timeout=15000", "--dump-dom", f"https://{host}/"),
    ]
    environment = {"HOME": str(profile), "PATH": os.environ["PATH"], "TMPDIR": str(profile)}
    seen = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, env=environment)
    return seen.stdout + seen.stderr


@pytest.fixture
def home() -> Iterator[Path]:
    """Chromium's sockets need a short path."""
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def test_a_browser_believes_the_site_and_says_what_is_wrong_elsewhere(registry: Registry, home: Path) -> None:
    """Chromium, with the root in NSS; the same without it, under another name, and without the intermediate."""
    listener, authority = registry.listener("nginx"), registry.authority
    believing, innocent = home / "believing", home / "innocent"
    root = home / "root.pem"
    root.write_text(authority.anchors_pem)
    for profile in (believing, innocent):
        store = f"sql:{profile}/.pki/nssdb"
        (profile / ".pki" / "nssdb").mkdir(parents=True)
        subprocess.run(["certutil", "-N", "-d", store, "--empty-password"], check=True)
        if profile is believing:
            subprocess.run(["certutil", "-A", "-d", store, "-n", "root", "-t", "C,,", "-i", str(root)], check=True)
    assert "A private nginx of an everyhop lab" in browsed(listener, HOST, believing)
    assert "ERR_CERT_AUTHORITY_INVALID" in browsed(listener, HOST, innocent)
    assert "ERR_CERT_COMMON_NAME_INVALID" in browsed(listener, "other.internal", believing)


OTHERS = [
    ("postgresql", "postgresql+psycopg", {"sslmode": "verify-full", "channel_binding": "require"}, "sslrootcert"),
    ("postgresql", "postgresql+pg8000", {}, "ssl_context"),
    ("mariadb", "mysql+mysqlconnector", {"ssl_verify_cert": True, "ssl_verify_identity": True}, "ssl_ca"),
    ("mysql", "mysql+mysqlconnector", {"ssl_verify_cert": True, "ssl_verify_identity": True}, "ssl_ca"),
    ("mariadb", "mysql+asyncmy", {}, "ssl"),
    ("mysql", "mysql+asyncmy", {}, "ssl"),
]


@pytest.mark.parametrize(("product", "driver", "options", "anchors"), OTHERS)
def test_other_drivers_believe_it_as_well_and_no_other(
    product: str, driver: str, options: dict[str, Any], anchors: str, registry: Registry, tmp_path: Path
) -> None:
    """By the server's address, each in its own words; with a stranger's root they refuse."""
    server, authority = registry.listener(product).server, registry.authority
    assert server.login is not None
    url = URL.create(
        driver,
        server.login.user,
        server.login.password.reveal(),
        "127.0.0.1",
        server.endpoint.port,
        server.login.database,
    )
    for number, pem in enumerate((authority.anchors_pem, new_authority("Stranger").anchors_pem)):
        file = tmp_path / f"{number}.pem"
        file.write_text(pem)
        believed: Any = ssl.create_default_context(cafile=str(file)) if anchors in {"ssl", "ssl_context"} else str(file)
        connect_args = {**options, anchors: believed}
        if pem == authority.anchors_pem:
            ask_by(url, connect_args)
        else:
            with pytest.raises(Exception, match=r"(?i)certificate|ssl|tls"):
                ask_by(url, connect_args)


def ask_by(url: URL, connect_args: dict[str, Any]) -> None:
    if url.get_driver_name() == "asyncmy":

        async def ask() -> None:
            engine = create_async_engine(url, connect_args=connect_args)
            try:
                async with engine.connect() as connection:
                    await connection.execute(text("SELECT 1"))
            finally:
                await engine.dispose()

        asyncio.run(ask())
        return
    engine = create_engine(url, connect_args=connect_args)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    finally:
        engine.dispose()
