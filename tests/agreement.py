"""A dialect's bounds held against reality: the real driver, a real server, and what is on the wire between them.

`predict` tells what bounds and notes promise in a case; `observe` lets a driver connect through a relay and looks on.
A test compares the two (`disagreements`), for each spelling and all cases.
"""

from __future__ import annotations

import gc
import ssl
import threading
import time
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final

from everyhop.dialects.settings import PeerCheck, PythonContext
from everyhop.drill.behaviour import Behaviour, Impostor, Record, Strip
from everyhop.drill.relay import Relay
from everyhop.lab.server import Server
from everyhop.lab.session import Lab
from everyhop.model.certificate import Issued
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.posture import Assurance, Bounds, Floor
from everyhop.model.sighting import Dialer
from everyhop.model.wire import Wire
from tests.certificates import expired, good, new_authority

SECRET: Final = "the tip that nobody must read"
QUESTION: Final = f"SELECT '{SECRET}'"
HERE: Final = ("127.0.0.1", "127.0.0.2", "localhost")
"""The names in good certificates, and where a relay may listen."""
ELSEWHERE: Final = ("elsewhere.example",)

Attempt = Callable[[Server, TcpEndpoint], object]
"""Connects to the server by way of the endpoint, asks `QUESTION` and returns the answer; raises where it is refused."""


class Case(Enum):
    """Who answers."""

    NO_TLS = "a server without TLS"
    GOOD = "a server that takes both, with a good certificate"
    WRONG_NAME = "the same with a certificate of the trusted authority for another name"
    UNTRUSTED = "the same with a certificate of another authority for the right name"
    STRIP = "a relay that says there is no TLS"
    IMPOSTOR = "a relay with a certificate of its own authority for the right name"
    COLLEAGUE = "a relay with a certificate of the trusted authority for another name"
    EXPIRED = "a relay with a certificate of the trusted authority for the right name that is no longer valid"


cases: Final = tuple(Case)

Cell = tuple[bool | None, bool | None]
"""Whether the driver connects, and whether the secret can be read on the way; None where either may be."""

_YES, _HIDDEN, _NO = (True, True), (True, False), (False, False)
_WRONG_CHAIN = {Case.UNTRUSTED, Case.IMPOSTOR, Case.EXPIRED}
_WRONG_NAME = {Case.WRONG_NAME, Case.COLLEAGUE}
_RELAYS = {Case.STRIP, Case.IMPOSTOR, Case.COLLEAGUE, Case.EXPIRED}
_TERMINATING = _RELAYS - {Case.STRIP}


def predict(bounds: Bounds, case: Case, notes: Collection[str] = ()) -> Cell:
    """(connects, readable): what every posture within the bounds agrees on, None where they do not.

    No file of trust anchors is assumed in the home folder of whoever runs the tests.
    """
    if any(note.startswith("refused-option:") or note == "root-file-needed" for note in notes):
        return _NO
    if "system-anchors" in notes and bounds.low.assurance >= Assurance.CHAIN_VERIFIED:
        return _NO  # no certificate here comes from a public authority
    cells = [_cell(one, case, notes) for one in Assurance if bounds.low.assurance <= one <= bounds.high.assurance]
    connects, readable = ({cell[part] for cell in cells} for part in (0, 1))
    return connects.pop() if len(connects) == 1 else None, readable.pop() if len(readable) == 1 else None


def _cell(assurance: Assurance, case: Case, notes: Collection[str]) -> Cell:
    bound = "channel-bound" in notes
    if assurance is Assurance.PLAINTEXT:
        return _NO if "fails-over-tls" in notes and case not in {Case.NO_TLS, Case.STRIP} else _YES
    if assurance is Assurance.OPPORTUNISTIC:
        if case in {Case.NO_TLS, Case.STRIP}:
            return _YES
        if "strippable-check" in notes and case is not Case.GOOD:
            return None, None  # it looks at the chain, at the name or at both, until it is told that there is no TLS
        if case in _TERMINATING:
            return _YES
        # Some go back to plaintext over a certificate that they do not like.
        return _HIDDEN if case is not Case.UNTRUSTED else (True, "rootcert-fallback" in notes)
    if case in {Case.NO_TLS, Case.STRIP} or (bound and case in _RELAYS):
        return _NO
    refused = assurance >= Assurance.CHAIN_VERIFIED and case in _WRONG_CHAIN
    refused |= assurance >= Assurance.IDENTITY_VERIFIED and case in _WRONG_NAME
    return _NO if refused else (True, case in _TERMINATING)


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of an attempt. `hung`: the driver had to be stopped from outside."""

    connects: bool
    readable: bool
    error: str | None = None
    hung: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """The servers of one product and the attackers before them. `anchors` is the file to believe."""

    wire: Wire
    anchors: Path
    plain: Server
    good: Server
    wrong_name: Server
    untrusted: Server
    forged: Mapping[Case, Issued] = field(repr=False)

    @classmethod
    def lay(cls, lab: Lab, wire: Wire, start: Callable[..., Server]) -> Ground:
        """Start the four servers with `start` of `everyhop.lab.<product>`."""
        stranger, authority = new_authority("Stranger"), lab.authority
        both = Assurance.OPPORTUNISTIC
        return cls(
            wire,
            lab.anchors,
            start(lab, Assurance.PLAINTEXT),
            start(lab, both, issued=good(authority, *HERE)),
            start(lab, both, issued=good(authority, *ELSEWHERE)),
            start(lab, both, issued=good(stranger, *HERE)),
            {
                Case.IMPOSTOR: good(new_authority("Mallory"), *HERE),
                Case.COLLEAGUE: good(authority, *ELSEWHERE),
                Case.EXPIRED: expired(authority, *HERE),
            },
        )

    def server(self, case: Case) -> Server:
        """The server behind the relay; before every attacker it is the good one.

        But not for PostgreSQL and a relay that ends TLS: on two TLS legs SCRAM's channel binding, which libpq does
        where the server offers it, would end what a server on a plaintext leg lets pass.
        """
        others = {Case.NO_TLS: self.plain, Case.WRONG_NAME: self.wrong_name, Case.UNTRUSTED: self.untrusted}
        if self.wire is Wire.POSTGRES:
            others |= dict.fromkeys(_TERMINATING, self.plain)
        return others.get(case, self.good)

    def behaviour(self, case: Case) -> Behaviour:
        """What the relay does."""
        if case is Case.STRIP:
            return Strip(self.wire)
        forged = self.forged.get(case)
        return Impostor(self.wire, forged.chain_pem, forged.key_pem) if forged else Record()

    def observe(
        self,
        case: Case,
        attempt: Attempt,
        refusals: tuple[type[BaseException], ...],
        *,
        host: str = "127.0.0.1",
        seconds: float = 10,
    ) -> Seen:
        """Let the driver try, in a thread and for so long; what it raises besides `refusals` is the test's own fault.

        `host` is where the relay listens, and so the name that the driver knows: one of `HERE`.
        """
        server = self.server(case)
        answers: list[object] = []
        errors: list[BaseException] = []

        with Relay(TcpEndpoint(host, 0), server.endpoint, self.behaviour(case)) as relay:

            def attempted() -> None:
                try:
                    answers.append(attempt(server, relay.endpoint))
                except BaseException as error:  # noqa: BLE001 - raised again below, in the test's own thread
                    errors.append(error)

            thread = threading.Thread(target=attempted, daemon=True)
            thread.start()
            thread.join(seconds)
            if hung := thread.is_alive():
                relay.close()
                thread.join(5)
            _wait_until_idle(relay)
            # An answer that the driver has had went onto the tape before: there is nothing to wait for.
            heard = b"".join(tape.from_dialer + tape.from_listener for tape in relay.tapes)
        for error in errors:
            if not isinstance(error, refusals):
                raise error
        told = f"{type(errors[0]).__name__}: {errors[0]}" if errors else None
        return Seen(answers == [SECRET], SECRET.encode() in heard, told, hung)

    def disagreements(
        self,
        dialer: Dialer,
        attempt: Attempt,
        refusals: tuple[type[BaseException], ...],
        *,
        host: str = "127.0.0.1",
        among: Collection[Case] = cases,
    ) -> dict[str, tuple[Cell, Seen]]:
        """Every case in which reality is not what the reading predicts: prediction and sight. It should be empty."""
        found = {}
        with _leaks_forgiven():
            for case in among:
                predicted = predict(dialer.bounds, case, dialer.notes)
                seen = self.observe(case, attempt, refusals, host=host)
                pairs = zip(predicted, (seen.connects, seen.readable), strict=True)
                if any(promised is not None and promised is not real for promised, real in pairs):
                    found[case.name] = (predicted, seen)
        return found


@contextmanager
def _leaks_forgiven() -> Iterator[None]:
    """Drivers leave what is left of a refused connection to the garbage collector, which warns of it: here, if it must.

    Otherwise it would be in somebody else's test.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


def made_context(planned: PythonContext, anchors: str) -> ssl.SSLContext:
    """The live context that a `PythonContext` describes, with these anchors where it names any."""
    made = ssl.create_default_context(cafile=anchors if planned.anchors else None)
    made.check_hostname = planned.check_hostname
    made.verify_mode = ssl.CERT_NONE if planned.peer is PeerCheck.NONE else ssl.CERT_REQUIRED
    made.hostname_checks_common_name = planned.common_name
    if planned.floor is Floor.TLS_1_3:
        made.minimum_version = ssl.TLSVersion.TLSv1_3
    return made


def _wait_until_idle(relay: Relay) -> None:
    """A relay that is cut in the middle of a beginning would leave a leg to the garbage collector, which warns."""
    deadline = time.monotonic() + 0.5
    while relay._open and time.monotonic() < deadline:
        time.sleep(0.005)
