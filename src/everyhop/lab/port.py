"""Free ports on loopback."""

from __future__ import annotations

import ipaddress
import random
import socket
from pathlib import Path
from typing import Final

from everyhop.errors import LabError, SettingsError
from everyhop.model.endpoint import TcpEndpoint

_LOWEST: Final = 10240  # well above the ports that servers have by custom
_RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_EPHEMERAL: Final = 32768  # where Linux starts by itself (ip(7)), if it does not tell
_ATTEMPTS: Final = 100


def free_endpoint(host: str, port: int | None = None) -> TcpEndpoint:
    """`port` on a loopback address if nobody listens there, or any free one.

    A free one is taken from below the range in which the kernel gives ports to outgoing connections: one of those must
    not take it while a server restarts. Raises `SettingsError` for an address that is not loopback, `LabError` for a
    port in use.
    """
    _require_loopback(host)
    if port is not None:
        if _is_free(host, port):
            return TcpEndpoint(host, port)
        raise LabError(f"{TcpEndpoint(host, port)} is in use", hint="choose another port, or none")
    highest = _first_ephemeral() - 1
    for _ in range(_ATTEMPTS):
        candidate = random.SystemRandom().randint(_LOWEST, highest)
        if _is_free(host, candidate):
            return TcpEndpoint(host, candidate)
    raise LabError(f"there is no free port on {host} between {_LOWEST} and {highest}")


def _require_loopback(host: str) -> None:
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise SettingsError(f"a lab listens on a loopback address alone, and {host!r} is none", hint="127.0.0.1")


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do
        try:
            attempt.bind((host, port))
        except OSError:
            return False
    return True


def _first_ephemeral() -> int:
    try:
        first = int(_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return _EPHEMERAL
    return first if first > _LOWEST + _ATTEMPTS else 65535
