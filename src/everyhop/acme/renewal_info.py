"""When the authority itself wants a certificate renewed (ARI, RFC 9773): sooner, if it has to revoke it."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509

from everyhop.acme import library, retry_after
from everyhop.acme.patience import Tell
from everyhop.acme.server import AcmeServer
from everyhop.errors import IssueError
from everyhop.model.certificate import Leaf
from everyhop.model.validity import RenewalWindow
from everyhop.probe.deadline import Deadline
from everyhop.x509.parse import printable, reading

# RFC 9773 section 4.3.2: six hours where the server says nothing; within a minute and a day whatever it says.
_USUAL: Final = timedelta(hours=6)
_SOONEST: Final = timedelta(minutes=1)
_LATEST: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RenewalAdvice:
    """`window` is for `lineage.renewal`, `explanation` an address where the reason stands, `ask_again` from when on."""

    window: RenewalWindow
    explanation: str | None
    ask_again: datetime


def certificate_id(leaf: Leaf) -> str | None:
    """How its authority calls a certificate (RFC 9773 section 4.1); None where it does not tell its issuer's key."""
    with reading("the certificate"):
        certificate = x509.load_der_x509_certificate(leaf.der)
        try:
            above = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        except x509.ExtensionNotFound:
            above = None
    if above is None or leaf.serial <= 0:
        return None
    # The content of the DER INTEGER: a positive number, so its first bit is 0.
    serial = leaf.serial.to_bytes(leaf.serial.bit_length() // 8 + 1, "big")
    return f"{_base64url(above)}.{_base64url(serial)}"


def renewal_advice(
    server: AcmeServer, leaf: Leaf, *, now: Callable[[], datetime], patience: float = 30.0, tell: Tell = lambda _: None
) -> RenewalAdvice | None:
    """What the server advises for this certificate; None where it gives no advice, or the certificate has expired.

    Raises `IssueError` where it cannot be asked or answers nonsense: then one's own window holds (RFC 9773 section
    4.3), and nothing is put off. Needs no account. Raises `ToolError` without the extra.
    """
    library.require()
    from everyhop.acme.directory import directory  # noqa: PLC0415 - they need the extra
    from everyhop.acme.garbled import Understood  # noqa: PLC0415
    from everyhop.acme.network import Network  # noqa: PLC0415

    name, asked = certificate_id(leaf), now()
    if name is None or leaf.validity.not_after < asked:  # RFC 9773 section 4.3: not to be asked about then
        return None
    network = Network(None, server.anchors_pem, Deadline.after(patience), now, tell)
    with network.session, Understood("renewal information"):
        try:
            base = directory(network, server.directory)["renewalInfo"]
        except KeyError:
            return None
        response = network.get(f"{base.rstrip('/')}/{name}")
        window, explanation = _advice(response.json())
        wait = retry_after.wait(response.headers.get("Retry-After"), asked)
    return RenewalAdvice(window, explanation, asked + min(max(wait or _USUAL, _SOONEST), _LATEST))


def _advice(answer: dict[str, Any]) -> tuple[RenewalWindow, str | None]:
    """The window; one that does not end after it starts is none (RFC 9773 section 4.2)."""
    told, explanation = answer["suggestedWindow"], answer.get("explanationURL")
    start, end = _moment(told["start"]), _moment(told["end"])
    if end <= start:
        raise IssueError("the ACME server suggests a renewal window that ends before it starts")
    shown = printable(explanation[:300]) if isinstance(explanation, str) else None
    return RenewalWindow(start, end), shown


def _moment(text: object) -> datetime:
    if not isinstance(text, str):
        raise TypeError("a time is a text")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without an offset")
    return moment


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode("ascii").rstrip("=")
