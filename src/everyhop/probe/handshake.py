"""A TLS handshake that takes whatever certificate comes, as a dialogue: the judgement is `trust`'s.

TLS works on memory, not on a socket, so that the transport's caps and deadline hold inside it as well.
"""

from __future__ import annotations

import contextlib
import ipaddress
import ssl
import warnings
from dataclasses import dataclass
from typing import Final, TypeVar

from everyhop.probe.trouble import HelloRefused, Trouble, Violation
from everyhop.probe.upgrades.dialogue import Dialogue, Receive, Send, cut_off

T = TypeVar("T")

_CHUNK: Final = 16_384
_HANDSHAKE_RECORD: Final = 22  # RFC 8446 section 5.1
_CERTIFICATE_REQUEST: Final = 13  # RFC 8446 section 4


@dataclass(frozen=True, slots=True)
class Hello:
    """The versions that a ClientHello offers, and the protocol inside (ALPN), if it names one."""

    lowest: ssl.TLSVersion = ssl.TLSVersion.MINIMUM_SUPPORTED
    highest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED
    protocol: str | None = None


EVERYTHING: Final = Hello()
WEB: Final = Hello(protocol="http/1.1")
ONLY: Final = {
    "TLSv1.2": Hello(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2),
    "TLSv1.1": Hello(ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1),
    "TLSv1": Hello(ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1),
}
"""Hellos of a single version, newest first. TLS 1.3 needs none: whoever has it uses it when all are offered."""


class Session:
    """A TLS connection after its handshake."""

    def __init__(
        self,
        tls: ssl.SSLObject,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        asked: bool | None,  # noqa: FBT001 - an answer, not a switch
    ) -> None:
        self.tls = tls
        self.incoming = incoming
        self.outgoing = outgoing
        self.certificate_requested = asked
        """Whether the listener asked for a client certificate; None where this Python does not tell."""

    @property
    def version(self) -> str:
        """`TLSv1.3`."""
        return self.tls.version() or "unknown"

    @property
    def suite(self) -> str:
        """OpenSSL's name of the cipher suite."""
        cipher = self.tls.cipher()
        return cipher[0] if cipher else "unknown"

    def chain(self) -> tuple[bytes, ...]:
        """The certificates that were served, DER, leaf first; the leaf alone where this Python hides the others."""
        served = getattr(self.tls, "get_unverified_chain", None)  # public from Python 3.13
        if served is not None:
            return tuple(served())
        hidden = getattr(self.tls._sslobj, "get_unverified_chain", None)  # type: ignore[attr-defined]  # noqa: SLF001 - there from 3.10
        if hidden is not None:
            return tuple(ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in hidden() or ())
        leaf = self.tls.getpeercert(binary_form=True)
        return (leaf,) if leaf else ()


def shake(hello: Hello, server_name: str) -> Dialogue[Session]:
    """Finish a handshake. `HelloRefused` for an alert, `CutOff` for a closed connection, else `Violation`."""
    asked: list[bool] = []
    context = _OLD[hello] if hello in _OLD else _attentive(hello, asked)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=_sni(server_name))
    while True:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            yield Send(outgoing.read())
            data = yield Receive(_CHUNK)
            if not data:
                raise cut_off("its part of the TLS handshake") from None
            incoming.write(data)
        except ssl.SSLError as error:
            if outgoing.pending:
                yield Send(outgoing.read())
            raise refusal(error) from error
        else:
            yield Send(outgoing.read())
            return Session(tls, incoming, outgoing, bool(asked) if _TELLS_MESSAGES and hello not in _OLD else None)


def over(session: Session, inner: Dialogue[T]) -> Dialogue[T]:
    """Carry out a dialogue inside TLS. Raises as `shake` does: TLS 1.3 refuses a client at the first read."""
    try:
        wish = next(inner)
        while True:
            match wish:
                case Send(data):
                    session.tls.write(data)
                    yield Send(session.outgoing.read())
                    wish = inner.send(b"")
                case Receive(at_most):
                    wish = inner.send((yield from _receive(session, at_most)))
    except StopIteration as end:
        result: T = end.value
        return result


def take_leave(session: Session) -> Dialogue[None]:
    """Say that nothing more will come (close_notify), as a client in good order does."""
    with contextlib.suppress(ssl.SSLError, ValueError):  # the listener's own close_notify is not waited for
        session.tls.unwrap()
    if session.outgoing.pending:
        yield Send(session.outgoing.read())


def refusal(error: ssl.SSLError) -> Trouble:
    """What a failed handshake means: an alert is an answer, everything else is not TLS."""
    reason = error.reason or "unknown error"
    words = reason.lower().replace("_", " ")
    if "_ALERT_" in reason:
        return HelloRefused(f"the listener refused the TLS handshake ({words})", "its own log says why", reason)
    return Violation(
        f"the listener does not speak TLS here ({words})", "is this the right port, and is TLS switched on there?"
    )


def demands_certificate(refused: HelloRefused) -> bool:
    """Whether this refusal is about the certificate that a client did not show (alert 116, TLS 1.3 only)."""
    return "CERTIFICATE_REQUIRED" in refused.alert


def _receive(session: Session, at_most: int) -> Dialogue[bytes]:
    while True:
        try:
            return session.tls.read(at_most)
        except ssl.SSLWantReadError:
            if session.outgoing.pending:  # an answer to a key update
                yield Send(session.outgoing.read())
            data = yield Receive(_CHUNK)
            if not data:
                return b""  # cut without close_notify: whoever reads notices that something is missing
            session.incoming.write(data)
        except ssl.SSLZeroReturnError:
            return b""
        except ssl.SSLError as error:
            raise refusal(error) from error


def _sni(name: str) -> str | None:
    """A name that can stand in a ClientHello (RFC 6066 section 3: no addresses); None where it cannot."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        labels = name.rstrip(".").split(".")
        return name.rstrip(".") if name.isascii() and all(0 < len(label) < 64 for label in labels) else None
    return None


def _attentive(hello: Hello, asked: list[bool]) -> ssl.SSLContext:
    """A context that notes in `asked` if the listener wants a certificate: Python offers no other way to hear it."""

    def note(_connection: object, direction: str, _version: object, content: int, message: int, _data: bytes) -> None:
        if (direction, content, message) == ("read", _HANDSHAKE_RECORD, _CERTIFICATE_REQUEST):
            asked.append(True)

    context = _context(hello)
    if _TELLS_MESSAGES:
        context._msg_callback = note  # type: ignore[attr-defined]  # noqa: SLF001 - as above
    return context


def _context(hello: Hello) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = hello.lowest
    context.maximum_version = hello.highest
    # Level 0 reaches listeners with short keys and old versions; the order of preference stays the modern one.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)  # the constant's name is there from Python 3.12
    if hello.protocol:
        context.set_alpn_protocols([hello.protocol])
    return context


def _old_contexts() -> dict[Hello, ssl.SSLContext]:
    # Python warns of old versions; to look for them is the purpose here. Done once, at import, since filters belong to
    # the process and not to a thread.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return {hello: _context(hello) for hello in ONLY.values()}


_TELLS_MESSAGES: Final = hasattr(ssl.SSLContext, "_msg_callback")
_OLD: Final = _old_contexts()
