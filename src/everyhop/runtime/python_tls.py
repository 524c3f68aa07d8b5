"""What a connection on Python's own `ssl` tells: the socket of a blocking driver, the SSLObject of an asyncio one.

Both have the context that they were made with, so that the checks themselves can be seen, and not only their result.
"""

from __future__ import annotations

from typing import Any, Final

from everyhop.runtime.live import Checks, Glance, Live

PLAINTEXT: Final = Glance(tls=False)
_CERT_NONE: Final = 0  # ssl.CERT_NONE: gevent has to patch `ssl` before anybody imports it


def glance(tls: Any) -> Glance:
    """A TLS object (None, or a socket without TLS, is plaintext)."""
    context = getattr(tls, "context", None)
    if context is None:
        return PLAINTEXT
    chain = context.verify_mode != _CERT_NONE
    return Glance(True, chain, chain and context.check_hostname and tls.server_hostname is not None)


def look(driver: str, tls: Any, place: dict[str, Any]) -> Live:
    """The same with all that there is to know; `place` is where the connection ends."""
    context = getattr(tls, "context", None)
    if context is None:
        return Live(driver, tls=False, **place)
    cipher, peer = tls.cipher(), tls.getpeercert(True)
    seen = glance(tls)
    return Live(
        driver=driver,
        tls=True,
        version=tls.version(),
        suite=cipher[0] if cipher else None,
        peer=peer,
        peer_reason="" if peer else "the server showed no certificate",
        checks=Checks(bool(seen.chain), seen.name, context.hostname_checks_common_name),
        minimum=_VERSIONS.get(oldest(context)),
        **place,
    )


def oldest(context: Any) -> str:
    """The oldest version that an `ssl.SSLContext` speaks, or `MINIMUM_SUPPORTED` where that is not to be known.

    Debian's Python leaves the choice to OpenSSL, which since 3.0 speaks nothing older than TLS 1.2 from security level
    1 on (OpenSSL's CHANGES, 3.0).
    """
    import ssl  # noqa: PLC0415 - as above

    name: str = context.minimum_version.name
    ruled_out = ssl.OPENSSL_VERSION_INFO >= (3,) and context.security_level >= 1
    return "TLSv1_2" if name == "MINIMUM_SUPPORTED" and ruled_out else name


def place(name: Any) -> dict[str, Any]:
    """Where a connection ends, from a socket's peer name: a path, or an address and a port."""
    if isinstance(name, tuple | list):
        return {"host": str(name[0]), "port": int(name[1])}
    path = name.decode(errors="replace") if isinstance(name, bytes) else name
    return {"socket": path} if path else {}


# MINIMUM_SUPPORTED is not here: what the library below still speaks, it does not tell.
_VERSIONS: Final = {"TLSv1": "TLSv1", "TLSv1_1": "TLSv1.1", "TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}
