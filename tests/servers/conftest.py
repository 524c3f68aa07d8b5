"""Real servers, started once for each worker that needs them; a missing one fails the test, it does not skip it.

What a test changes on a shared server it changes back, or it starts one of its own in `lab`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from everyhop.deploy.certificate import Clients
from everyhop.lab import mariadb as mariadb_server
from everyhop.lab import nginx as nginx_server
from everyhop.lab import pebble as pebble_server
from everyhop.lab import postgresql as postgresql_server
from everyhop.lab.pebble import Faults, Pebble, Rules
from everyhop.lab.server import Server
from everyhop.lab.session import Lab
from everyhop.lineage.authority import KeptAuthority
from everyhop.model.posture import Assurance
from everyhop.pki.authority import Authority
from tests.listeners import Listener, kept_authority, server_leaf
from tests.listeners import start as start_listener
from tests.unpacked import PEBBLE


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A lab for this worker: directory, authority and keeper."""
    with Lab.open("tests") as opened:
        yield opened


@pytest.fixture(scope="session")
def authority(lab: Lab) -> Authority:
    """The authority that signed for the lab's servers."""
    return lab.authority


@pytest.fixture(scope="session")
def postgresql(lab: Lab) -> Server:
    """A PostgreSQL that refuses plaintext."""
    return postgresql_server.start(lab)


@pytest.fixture(scope="session")
def mariadb(lab: Lab) -> Server:
    """A MariaDB that refuses plaintext."""
    return mariadb_server.start(lab)


@pytest.fixture(scope="session")
def nginx(lab: Lab) -> Server:
    """An nginx with HTTPS, and plain HTTP that redirects to it."""
    return nginx_server.start(lab)


@pytest.fixture(scope="session")
def exposed_postgresql(lab: Lab) -> Server:
    """A PostgreSQL without TLS."""
    return postgresql_server.start(lab, Assurance.PLAINTEXT)


@pytest.fixture(scope="session")
def exposed_mariadb(lab: Lab) -> Server:
    """A MariaDB without TLS."""
    return mariadb_server.start(lab, Assurance.PLAINTEXT)


@pytest.fixture(scope="session")
def exposed_nginx(lab: Lab) -> Server:
    """An nginx that knows plain HTTP only."""
    return nginx_server.start(lab, Assurance.PLAINTEXT)


@pytest.fixture(scope="session")
def pebble(lab: Lab) -> Pebble:
    """The machine's ACME server, which rejects every fifth nonce."""
    return pebble_server.start(lab, Faults(rejected_nonces=20))


@pytest.fixture(scope="session")
def newer_pebble(lab: Lab) -> Pebble:
    """One that knows renewal information, profiles and addresses: it has to be fetched."""
    if not PEBBLE.is_there:
        pytest.skip(f"{PEBBLE.servers[0]} is not on the machine, and could not be fetched (make servers)")
    rules = Rules(profiles={"default": 90 * 86400, "shortlived": 6 * 86400}, other_roots=1)
    return pebble_server.start(lab, Faults(rejected_nonces=20), rules, directories=PEBBLE.directories)


@dataclass(frozen=True)
class Registry:
    """An authority on disk, unsealed, below which every server of `listeners` stands; started when asked for."""

    kept: KeptAuthority
    home: Path
    lab: Lab
    started: dict[str, Listener] = field(default_factory=dict)

    @property
    def authority(self) -> Authority:
        """Its intermediate."""
        return self.kept.issuer(None)

    @property
    def clients(self) -> Clients:
        """What client certificates are held against."""
        return Clients(self.kept.anchors_pem(), self.kept.crl_pem())

    def listener(self, product: str) -> Listener:
        """The server of this product, with a new certificate, whatever the last test left it with."""
        issued = server_leaf(self.authority)
        if product not in self.started:
            self.started[product] = start_listener(product, self.lab, issued, self.clients)
        else:
            self.started[product].deploy(issued, self.clients)
        return self.started[product]


@pytest.fixture(scope="session")
def registry(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """The internal authority as it is on disk, and servers below it that ask for client certificates."""
    home = tmp_path_factory.mktemp("authority") / "home"
    return Registry(kept_authority(home), home, lab)
