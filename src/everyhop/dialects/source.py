"""Settings as Python source that a person can read and paste: passwords masked, what nobody knows as `…`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from everyhop.dialects.dsn import PLACEHOLDER, SECRET_OPTIONS
from everyhop.dialects.python_ssl import expression
from everyhop.dialects.settings import PeerCheck, PythonContext
from everyhop.model.secret import MASK, Secret, masked

ANCHORS: Final = "/path/to/ca.pem"
"""Stands for the file with the authority that issued the server's certificate, where nothing names one yet."""


def source(value: object) -> str:
    """The expression for a value of `connect_args`; a `PythonContext` is what makes one, and what to set on it."""
    match value:
        case PythonContext():
            written = expression(value)
        case PeerCheck():
            written = f"ssl.{value.value}"
        case Mapping():
            written = "{" + ", ".join(f"{key!r}: {source(item)}" for key, item in unsecret(value).items()) + "}"
        case Secret():
            written = repr(MASK)
        case str():
            written = repr(masked(value))  # a connection string may have a password in it
        case int() | float() | None:
            written = repr(value)
        case _:
            written = "…"
    return written.replace(PLACEHOLDER, "…")


def unsecret(arguments: Mapping[str, object]) -> dict[str, object]:
    """The same with the values of passwords masked."""
    return {key: MASK if str(key).lower() in SECRET_OPTIONS else value for key, value in arguments.items()}
