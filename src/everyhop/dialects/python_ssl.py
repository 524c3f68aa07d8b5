"""What an `ssl.SSLContext` promises, wherever a driver takes one: read from a live object or from a `PythonContext`.

`ssl` itself is not imported: a live context is recognised by its attributes, so that a scanner's process stays small.
"""

from __future__ import annotations

import sys

from everyhop.dialects.settings import PeerCheck, PythonContext
from everyhop.model.posture import Assurance, ClientAuth, Floor, Posture

_FLOORS = {
    "MINIMUM_SUPPORTED": Floor.NONE,
    "SSLv3": Floor.NONE,
    "TLSv1": Floor.TLS_1_0,
    "TLSv1_1": Floor.TLS_1_1,
    "TLSv1_2": Floor.TLS_1_2,
    "TLSv1_3": Floor.TLS_1_3,
    "MAXIMUM_SUPPORTED": Floor.TLS_1_3,
}


def context_of(value: object) -> PythonContext | None:
    """The context that a value is: a `PythonContext` as it stands, an `ssl.SSLContext` by what it tells of itself.

    A live context does not tell which anchors or which certificate of its own were loaded.
    """
    if isinstance(value, PythonContext):
        return value
    mode = getattr(getattr(value, "verify_mode", None), "name", None)
    floor = getattr(getattr(value, "minimum_version", None), "name", None)
    if mode is None or floor is None:
        return None
    if floor == "MINIMUM_SUPPORTED" and _left_to_openssl_3(value):
        floor = "TLSv1_2"
    return PythonContext(
        PeerCheck.NONE if mode == "CERT_NONE" else PeerCheck.REQUIRED,
        bool(getattr(value, "check_hostname", False)),
        None,
        _FLOORS.get(floor, Floor.NONE),
        None,
        bool(getattr(value, "hostname_checks_common_name", True)),
    )


def _left_to_openssl_3(context: object) -> bool:
    """Whether OpenSSL itself rules out what is older than TLS 1.2: since 3.0, from security level 1 on (its CHANGES).

    Debian's Python leaves the choice to it.
    """
    version: tuple[int, ...] = getattr(sys.modules.get("ssl"), "OPENSSL_VERSION_INFO", (0,))
    return version >= (3,) and getattr(context, "security_level", 0) >= 1


def posture_of(context: PythonContext) -> Posture:
    """What a dialer promises that insists on TLS with this context."""
    assurance = Assurance.ENCRYPTED
    if context.peer is PeerCheck.REQUIRED:
        assurance = Assurance.IDENTITY_VERIFIED if context.check_hostname else Assurance.CHAIN_VERIFIED
    return Posture(assurance, context.floor, ClientAuth.OPTIONAL if context.client_pair else ClientAuth.ABSENT)


def context_for(posture: Posture, anchors: str | None, client_pair: tuple[str, str | None] | None) -> PythonContext:
    """The context that makes a dialer promise `posture`, which is at least `encrypted`; no name is taken from a CN."""
    verified = posture.assurance >= Assurance.CHAIN_VERIFIED
    return PythonContext(
        PeerCheck.REQUIRED if verified else PeerCheck.NONE,
        posture.assurance >= Assurance.IDENTITY_VERIFIED,
        anchors if verified else None,
        posture.floor,
        client_pair,
        common_name=False,
    )


def statements(context: PythonContext, name: str) -> tuple[str, ...]:
    """The lines of Python that make a context under `name`, ready to paste."""
    files = f"{'capath' if context.anchors.endswith('/') else 'cafile'}={context.anchors!r}" if context.anchors else ""
    chain = tuple(file for file in context.client_pair or () if file)
    return (
        "import ssl",
        f"{name} = ssl.create_default_context({files})",
        *(f"{name}.{attribute} = {word}" for attribute, word in _settings(context)),
        *((f"{name}.load_cert_chain({', '.join(map(repr, chain))})",) if chain else ()),
    )


def expression(context: PythonContext) -> str:
    """The same on one line: the expression, and in words what is to be set on it."""
    _, made, *rest = statements(context, "")
    told = ", ".join(line.removeprefix(".") for line in rest)
    return made.removeprefix(" = ") + (f" with {told}" if told else "")


def _settings(context: PythonContext) -> list[tuple[str, str]]:
    """What differs from `ssl.create_default_context()`; without a peer's certificate no name can be checked."""
    found = []
    if not context.check_hostname or context.peer is PeerCheck.NONE:
        found.append(("check_hostname", "False"))
    if context.peer is PeerCheck.NONE:
        found.append(("verify_mode", "ssl.CERT_NONE"))
    if context.floor is not Floor.TLS_1_2:
        found.append(("minimum_version", f"ssl.TLSVersion.{_version(context.floor)}"))
    if not context.common_name:
        found.append(("hostname_checks_common_name", "False"))
    return found


def _version(floor: Floor) -> str:
    return next(name for name, known in reversed(_FLOORS.items()) if known is floor and "SUPPORTED" not in name)
