"""Looks through a libpq connection at the TLS object of OpenSSL inside, by ctypes.

psycopg shows neither the peer's certificate nor what was verified. `dlsym` on the driver's own module searches
the libraries which that module was linked with, so that a wheel's private libpq and libssl are found, and not some
others that are loaded beside them. A symbol that is missing gives a reason in place of an answer.

Functions and constants: PostgreSQL's manual, "Connection Status Functions" (PQgetssl, PQsslAttribute, PQgssEncInUse),
and OpenSSL's (SSL_get1_peer_certificate, SSL_get_verify_mode, i2d_X509).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from everyhop.runtime.live import Glance

_POINTER: Final = ctypes.c_void_p
_SSL_VERIFY_PEER: Final = 1
_PLAINTEXT: Final = Glance(tls=False)
_LARGEST = 1 << 20
"""Bytes: no certificate that passed a handshake is larger (OpenSSL's max_cert_list is 100 kB)."""


@dataclass(frozen=True, slots=True)
class Inside:
    """What lies below one connection. `verifies` is None where it cannot be told; `reason` says why `peer` is None."""

    version: str | None = None
    suite: str | None = None
    verifies: bool | None = None
    peer: bytes | None = None
    gss: bool = False
    reason: str = ""


def glance(module: Any, pointer: int) -> Glance:
    """Whether the PGconn at `pointer` uses TLS, and whether its chain was looked at; libpq hides what became of names.

    Raises `AttributeError` or `OSError` where the library below cannot be asked.
    """
    shown, mode = _functions(module)
    tls = shown(pointer)
    return Glance(True, bool(mode(tls) & _SSL_VERIFY_PEER)) if tls else _PLAINTEXT


def inside(module: Any, pointer: int) -> Inside:
    """Look at the PGconn at `pointer`, which the extension module (or ctypes wrapper) `module` has opened."""
    try:
        library = _library(module)
    except OSError as error:
        return Inside(reason=f"its libpq cannot be reached: {error}")
    with suppress(AttributeError):  # libpq older than 12, or built without Kerberos
        if _call(library, "PQgssEncInUse", ctypes.c_int, pointer):
            return Inside(gss=True)
    try:
        return _tls(library, pointer)
    except AttributeError as error:
        return Inside(reason=f"its TLS library is not an OpenSSL that can be asked: {error}")


@cache
def _functions(module: Any) -> tuple[Callable[[int], Any], Callable[[int], int]]:
    """PQgetssl and SSL_get_verify_mode of the module's own libraries, typed once."""
    library = _library(module)
    library.PQgetssl.restype, library.PQgetssl.argtypes = _POINTER, [_POINTER]
    library.SSL_get_verify_mode.restype, library.SSL_get_verify_mode.argtypes = ctypes.c_int, [_POINTER]
    return library.PQgetssl, library.SSL_get_verify_mode


def _tls(library: ctypes.CDLL, pointer: int) -> Inside:
    version, suite = (_attribute(library, pointer, name) for name in (b"protocol", b"cipher"))
    tls = _call(library, "PQgetssl", _POINTER, pointer)
    if not tls:
        return Inside(version, suite, reason="libpq shows no OpenSSL object")
    verifies = bool(_call(library, "SSL_get_verify_mode", ctypes.c_int, tls) & _SSL_VERIFY_PEER)
    certificate = _call(library, _peer_function(library), _POINTER, tls)
    if not certificate:
        return Inside(version, suite, verifies, reason="the server showed no certificate")
    try:
        peer = _der(library, certificate)
    finally:
        _call(library, "X509_free", None, certificate)
    return Inside(version, suite, verifies, peer, reason="" if peer else "OpenSSL does not encode the certificate")


def _attribute(library: ctypes.CDLL, pointer: int, name: bytes) -> str | None:
    function = library.PQsslAttribute
    function.restype, function.argtypes = ctypes.c_char_p, [_POINTER, ctypes.c_char_p]
    value: bytes | None = function(pointer, name)
    return value.decode(errors="replace") if value is not None else None


def _peer_function(library: ctypes.CDLL) -> str:
    """OpenSSL 3.0 renamed it; both add a reference that the caller has to free."""
    modern = "SSL_get1_peer_certificate"
    return modern if hasattr(library, modern) else "SSL_get_peer_certificate"


def _der(library: ctypes.CDLL, certificate: int) -> bytes | None:
    encode = library.i2d_X509
    encode.restype, encode.argtypes = ctypes.c_int, [_POINTER, ctypes.POINTER(_POINTER)]
    length = encode(certificate, None)
    if not 0 < length <= _LARGEST:
        return None
    buffer = ctypes.create_string_buffer(length)
    encode(certificate, ctypes.byref(_POINTER(ctypes.addressof(buffer))))  # i2d moves the pointer, not the buffer
    return buffer.raw


def _call(library: ctypes.CDLL, name: str, result: Any, argument: int) -> Any:
    function = getattr(library, name)
    function.restype, function.argtypes = result, [_POINTER]
    return function(argument)


def _library(module: Any) -> ctypes.CDLL:
    """The library that holds the module's libpq; psycopg's pure-Python implementation has loaded it by ctypes."""
    loaded = getattr(getattr(module, "impl", None), "pq", None)
    if isinstance(loaded, ctypes.CDLL):
        # a handle of our own to the same library: argument types are kept per handle, and these belong to psycopg
        return ctypes.CDLL(loaded._name)  # noqa: SLF001 - ctypes has no other word for it
    return ctypes.CDLL(module.__file__)
