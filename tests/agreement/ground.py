"""The servers of one product in one version, and the attackers before them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Final

from everyhop.drill.behaviour import Behaviour, Impostor, Record, Strip
from everyhop.drill.relay import Relay
from everyhop.lab.server import Server
from everyhop.lab.session import Lab
from everyhop.model.certificate import Issued
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.posture import Assurance
from everyhop.model.wire import Wire
from tests.agreement.cases import TERMINATING, Case
from tests.agreement.password_peers import MysqlAsks, MysqlAsksByKey, PostgresAsks
from tests.agreement.path_peers import PostgresImpostor, StripAll
from tests.certificates import common_name_only, expired, good, new_authority, not_yet_valid, self_signed

ADDRESS: Final = "127.0.0.1"
OTHER_ADDRESS: Final = "127.0.0.2"
NAME: Final = "localhost"
HERE: Final = (ADDRESS, OTHER_ADDRESS, NAME)
"""The names in good certificates, and where a relay may listen."""
ELSEWHERE: Final = ("elsewhere.example",)

Start = Callable[[Assurance, Issued | None], Server]
"""Starts a server of this product and version; without a certificate it has no TLS."""

_BEHIND_RELAYS: Final = {Case.STRIP, Case.STRIP_TLS_UP, *TERMINATING, Case.ASKS, Case.ASKS_VERIFIED}


class Ground:
    """Whatever a case needs is started when it is first asked for. `anchors` is the file to believe.

    PostgreSQL serves each certificate by a server of its own, since SCRAM binds the login to the certificate. MySQL and
    MariaDB know nothing of the kind and take longer to start: beside the good and one bad certificate theirs are served
    by an honest relay, which ends TLS for the good server. The driver cannot tell, and what is looked at is before it.
    """

    def __init__(self, lab: Lab, wire: Wire, start: Start) -> None:
        self.wire = wire
        self.anchors: Path = lab.anchors
        self._authority = lab.authority
        self._start = start
        self._servers: dict[Case, Server] = {}
        self._fronts: dict[tuple[Case, str], Relay] = {}
        self._behaviours: dict[tuple[Case, str], tuple[Behaviour, ...]] = {}

    def server(self, case: Case) -> Server:
        """The server that answers in the end; behind an attacker it is the good one.

        But not for PostgreSQL and a relay that ends TLS: on two TLS legs SCRAM's channel binding, which libpq does
        where the server offers it, would end what a server on a plaintext leg lets pass.
        """
        if case in _BEHIND_RELAYS:
            case = Case.OFF if case in TERMINATING and self.wire is Wire.POSTGRES else Case.GOOD
        elif self.wire is not Wire.POSTGRES and case not in {Case.OFF, Case.WRONG_NAME}:
            case = Case.GOOD
        if case not in self._servers:
            plain = case is Case.OFF
            assurance = Assurance.PLAINTEXT if plain else Assurance.OPPORTUNISTIC
            self._servers[case] = self._start(assurance, None if plain else self._certificate(case, NAME))
        return self._servers[case]

    def listener(self, case: Case, host: str) -> TcpEndpoint:
        """Where a driver that knows the server by this name would end up, were there nobody on the path."""
        server = self.server(case)
        if case in _BEHIND_RELAYS or case in self._servers:
            return server.endpoint
        if (case, host) not in self._fronts:
            issued = self._certificate(case, host)
            front = Impostor(self.wire, issued.chain_pem, issued.key_pem)
            self._fronts[case, host] = Relay(TcpEndpoint(ADDRESS, 0), server.endpoint, front)
        return self._fronts[case, host].endpoint

    def behaviours(self, case: Case, host: str) -> tuple[Behaviour, ...]:
        """What happens on the path to it: each of these once, where there are several ways to ask for the same."""
        if (case, host) not in self._behaviours:
            self._behaviours[case, host] = tuple(self._made(case, host))
        return self._behaviours[case, host]

    def close(self) -> None:
        """End what was started."""
        for front in self._fronts.values():
            front.close()
        for server in self._servers.values():
            server.stop()

    def _made(self, case: Case, host: str) -> Iterator[Behaviour]:
        askers = (PostgresAsks,) if self.wire is Wire.POSTGRES else (MysqlAsks, MysqlAsksByKey)
        match case:
            case Case.STRIP:
                yield StripAll(self.wire)
            case Case.STRIP_TLS_UP:
                yield Strip(self.wire)
            case Case.ASKS:
                yield from (asker() for asker in askers)
            case Case.ASKS_VERIFIED:
                issued = self._certificate(Case.GOOD, host)
                yield from (asker(issued) for asker in askers)
            case Case.IMPOSTOR | Case.COLLEAGUE:
                issued = self._certificate(case, host)
                if self.wire is Wire.POSTGRES:
                    yield PostgresImpostor(issued)
                else:
                    yield Impostor(self.wire, issued.chain_pem, issued.key_pem)
            case _:
                yield Record()

    @cached_property
    def _stranger(self) -> Issued:
        return good(new_authority("Stranger"), *HERE)

    def _certificate(self, case: Case, host: str) -> Issued:
        """What is shown in a case to somebody who dials this host."""
        match case:
            case Case.IP_SAN:
                return good(self._authority, ADDRESS, OTHER_ADDRESS)
            case Case.CN_ONLY:
                return common_name_only(self._authority, host)
            case Case.SELF_SIGNED:
                return self_signed(*HERE)
            case Case.UNTRUSTED | Case.IMPOSTOR:
                return self._stranger
            case Case.EXPIRED:
                return expired(self._authority, *HERE)
            case Case.NOT_YET_VALID:
                return not_yet_valid(self._authority, *HERE)
            case Case.WRONG_NAME | Case.COLLEAGUE:
                return good(self._authority, *ELSEWHERE)
            case _:
                return good(self._authority, *HERE)
