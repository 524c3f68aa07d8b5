"""How SQLAlchemy hands on the query of a PostgreSQL URL: options that are repeated, several hosts and ports.

Source: `_split_multihost_from_url` of SQLAlchemy 2.0 and 2.1, which its psycopg and asyncpg dialects share.
"""

from __future__ import annotations

from collections.abc import Iterable

from everyhop.dialects.settings import UNRESOLVED

Split = tuple[tuple[str, ...], tuple[str, ...]]
"""Hosts, and as many ports, as digits; an empty one is not named."""


def queried(pairs: tuple[tuple[str, object], ...]) -> dict[str, object]:
    """A URL's query as SQLAlchemy hands it on: what is repeated becomes a tuple."""
    options = dict(pairs)
    if len(options) != len(pairs):
        for name in options:
            values = tuple(value for key, value in pairs if key == name)
            if len(values) > 1:
                options[name] = UNRESOLVED if UNRESOLVED in values else values
    return options


def split(pairs: Iterable[tuple[str, object]]) -> Split | None:
    """What `?host=h1:5432&host=h2:5433` and `?host=h1,h2&port=5432,5433` come to; None where no host is named.

    None also for what is known only at run time. Raises `ValueError` where SQLAlchemy raises ArgumentError.
    """
    named: list[str] = []
    numbered: list[str] = []
    for key, value in pairs:
        if key in {"host", "port"}:
            if value is UNRESOLVED:
                return None
            (named if key == "host" else numbered).append(str(value))
    if not named and not numbered:
        return None
    hosts, ports = named, numbered if len(numbered) > 1 else ",".join(numbered).split(",") if numbered else []
    joined = len(named) > 1 or (len(named) == 1 and not numbered and _is_host_and_port(named[0]))
    if joined and numbered:
        raise ValueError("ports beside hosts that have their own")
    if joined:
        parts = [host.split(":") for host in named]  # of an IPv6 address that is the beginning: it cannot stand here
        hosts, ports = [part[0] for part in parts], [part[1] if len(part) > 1 else "" for part in parts]
    elif named:
        hosts = named[0].split(",")
    if any(port and not port.isdigit() for port in ports):
        raise ValueError("a port that is no number")
    if ports and len(ports) != len(hosts) and (len(hosts) > 1 or len(ports) > 1):
        raise ValueError("not as many ports as hosts")
    return (tuple(hosts), tuple(ports or [""] * len(hosts))) if hosts else None


def _is_host_and_port(text: str) -> bool:
    host, colon, port = text.partition(":")
    plain = host.replace("-", "").replace(".", "")
    return bool(colon) and plain.isascii() and (not plain or plain.isalnum()) and (not port or port.isdigit())
