"""Asks the C library below mysqlclient which cipher suite a connection uses, by ctypes.

mysqlclient itself does not tell. Its `_get_native_connection` (since 2.1) hands out the MYSQL* in a capsule;
`mysql_get_ssl_cipher` is in MariaDB's and MySQL's library alike (MySQL C API Developer Guide) and returns NULL where no
TLS is in use.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any, Final

_CAPSULE: Final = b"_mysql.connection.native_connection"


def suite(module: Any, connection: Any) -> str | None:
    """OpenSSL's word; None without TLS. Raises `AttributeError` or `OSError` where the library cannot be asked."""
    told: bytes | None = _cipher(module.__file__)(_pointer()(connection._get_native_connection(), _CAPSULE))  # noqa: SLF001
    return told.decode(errors="replace") if told else None


@cache
def _cipher(path: str) -> Callable[[int], Any]:
    function = ctypes.CDLL(path).mysql_get_ssl_cipher
    function.restype, function.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
    return function


@cache
def _pointer() -> Callable[[Any, bytes], int]:
    function = ctypes.pythonapi.PyCapsule_GetPointer
    function.restype, function.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return function
