"""The handshake as a dialogue: both ends in memory, no socket."""

from __future__ import annotations

import contextlib
import ssl
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.model.posture import Floor
from everyhop.probe.handshake import EVERYTHING, ONLY, Hello, Session, over, shake
from everyhop.probe.ladder import Ladder
from everyhop.probe.transport import T
from everyhop.probe.trouble import CutOff, HelloRefused, Trouble, Violation
from everyhop.probe.upgrades.dialogue import Dialogue, Receive, Send
from everyhop.probe.upgrades.http import ask_for_root
from tests.certificates import good, new_authority
from tests.probing import play, server_context


class Listener:
    """A TLS listener in memory. `answer` is what it says inside once anything arrived there."""

    def __init__(self, context: ssl.SSLContext, answer: bytes = b"") -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._answer = answer

    def meet(self, dialogue: Dialogue[T]) -> T:
        try:
            wish = next(dialogue)
            while True:
                match wish:
                    case Send(data):
                        self._incoming.write(data)
                        wish = dialogue.send(b"")
                    case Receive(at_most):
                        self._act()
                        wish = dialogue.send(self._outgoing.read(at_most))
        except StopIteration as end:
            result: T = end.value
            return result

    def _act(self) -> None:
        with contextlib.suppress(ssl.SSLError):
            self._tls.do_handshake()
            if self._tls.read(4096) and self._answer:
                self._tls.write(self._answer)


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    """A listener's side, with a certificate from an authority that nobody knows."""
    return server_context(good(new_authority(), "db.test"), tmp_path)


def shaken(context: ssl.SSLContext, hello: Hello = EVERYTHING) -> Session:
    return Listener(context).meet(shake(hello, "db.test"))


def test_whatever_certificate_comes_is_taken_and_handed_over(context: ssl.SSLContext) -> None:
    """The judgement is somebody else's: here an unknown authority is no reason to stop."""
    session = shaken(context)
    assert session.version == "TLSv1.3"
    assert session.suite.startswith("TLS_")
    assert [der[:1] for der in session.chain()] == [b"\x30"]


def test_the_whole_chain_is_handed_over(tmp_path: Path) -> None:
    """Leaf first, and what was served with it."""
    authority = new_authority()
    issued = good(authority, "db.test")
    context = server_context(issued, tmp_path)
    context.load_verify_locations(cadata=authority.anchors_pem)  # OpenSSL serves what completes the chain
    leaf, root = shaken(context).chain()
    assert leaf == issued.chain.leaf.der
    assert root == ssl.PEM_cert_to_DER_cert(authority.anchors_pem)


@pytest.mark.parametrize("mode", [ssl.CERT_NONE, ssl.CERT_OPTIONAL])
def test_a_wish_for_a_client_certificate_is_heard(context: ssl.SSLContext, mode: ssl.VerifyMode) -> None:
    """Asked or not asked, inside TLS 1.3's encryption as well."""
    context.verify_mode = mode
    assert shaken(context).certificate_requested is (mode is ssl.CERT_OPTIONAL)


def test_an_older_version_is_refused_by_alert_or_accepted(context: ssl.SSLContext) -> None:
    """A hello of one version gets that one, or a no."""
    assert shaken(context, ONLY["TLSv1.2"]).version == "TLSv1.2"
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with pytest.raises(HelloRefused) as refused:
        shaken(context, ONLY["TLSv1.2"])
    assert "PROTOCOL_VERSION" in refused.value.alert


def test_a_dialogue_goes_on_inside(context: ssl.SSLContext) -> None:
    """The same dialogue that a socket carries in plaintext."""
    listener = Listener(context, b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n")
    session = listener.meet(shake(EVERYTHING, "db.test"))
    assert listener.meet(over(session, ask_for_root("db.test"))).status == 200


@pytest.mark.parametrize(
    ("pieces", "kind"),
    [
        ((b"HTTP/1.1 400 Bad Request\r\n\r\n",), Violation),
        ((b"SSH-2.0-OpenSSH_9.2\r\n",), Violation),
        ((b"\x15\x03\x01\x00\x02\x02\x46",), HelloRefused),
        ((b"\x16\x03\x03\x00\x7a\x02",), CutOff),
        ((), CutOff),
    ],
)
def test_no_tls_is_told_from_a_refusal(pieces: tuple[bytes, ...], kind: type[Trouble]) -> None:
    """An alert is an answer; a closed connection is none; other protocols are no TLS."""
    with pytest.raises(kind):
        play(shake(EVERYTHING, "db.test"), *pieces)


@pytest.mark.parametrize("name", ["", "a" * 300, ".db", "bücher.example", "127.0.0.1", "::1", "app_db", "db.", "a..b"])
def test_any_name_can_be_dialled(context: ssl.SSLContext, name: str) -> None:
    """Names that cannot stand in a hello are left out of it."""
    assert Listener(context).meet(shake(EVERYTHING, name)).version == "TLSv1.3"


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=4))
def test_any_bytes_give_our_exception(pieces: list[bytes]) -> None:
    """As the first flight, and as records of the right form."""
    for raw in (pieces, [b"\x16\x03\x03" + len(piece).to_bytes(2, "big") + piece for piece in pieces]):
        with pytest.raises(Trouble):
            play(shake(EVERYTHING, "db.test"), *raw)


@pytest.mark.parametrize(
    ("accepted", "untold", "floors"),
    [
        (("TLSv1.3", "TLSv1.2"), (), (Floor.TLS_1_2, Floor.TLS_1_2)),
        (("TLSv1.3",), (), (Floor.TLS_1_3, Floor.TLS_1_3)),
        (("TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1"), (), (Floor.NONE, Floor.TLS_1_0)),
        (("TLSv1.3", "TLSv1.2"), ("TLSv1.1",), (Floor.TLS_1_1, Floor.TLS_1_2)),
        (("TLSv1.3", "TLSv1.2"), ("TLSv1.1", "TLSv1"), (Floor.NONE, Floor.TLS_1_2)),
        (("TLSv1.2", "TLSv1"), ("TLSv1.1",), (Floor.NONE, Floor.TLS_1_0)),
    ],
)
def test_the_floor_is_known_as_far_as_answers_go(
    accepted: tuple[str, ...], untold: tuple[str, ...], floors: tuple[Floor, Floor]
) -> None:
    """What nobody answered stays open, and is never "not supported"."""
    assert Ladder(accepted, untold).floors() == floors
