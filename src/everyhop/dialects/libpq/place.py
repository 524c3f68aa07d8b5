"""Where libpq connects to: hosts, addresses and ports, each a list with commas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from everyhop.dialects.libpq.options import Given, from_environment, given
from everyhop.dialects.settings import ANY_OPTION, UNRESOLVED, DialerSettings
from everyhop.model.endpoint import Endpoint, Locality, TcpEndpoint, UnixEndpoint, port_of

_SOCKET_FOLDER: Final = "/var/run/postgresql"
"""Where Debian's libpq and the wheels look for a socket when no host is named."""

_FARTHEST_FIRST: Final = (Locality.NETWORK, Locality.LOOPBACK, Locality.UNIX)


def endpoint(settings: DialerSettings) -> Endpoint | None:
    """Where the host leads; of several, the farthest (network, loopback, socket). No host at all is a unix socket."""
    return place(given(settings), settings.environment)


def place(known: Given, environment: Mapping[str, str]) -> Endpoint | None:
    """The same for options that have come together already; None where that is known only at run time."""
    options = known.options
    if (known.elsewhere or ANY_OPTION in options) and not ("host" in options or "hostaddr" in options):
        return None
    if environment:
        options = from_environment(environment, None) | options
    host, address, port = options.get("host", ""), options.get("hostaddr", ""), options.get("port", "")
    if UNRESOLVED in (host, address, port):
        return None
    if not address and "," not in str(host):
        return _endpoint(str(host), "", str(port))
    return _farthest(str(host).split(","), str(address or "").split(","), str(port).split(","))


def mismatched(options: Mapping[str, object]) -> str | None:
    """The option that names more or fewer places than the others do, over which libpq refuses; None if none does."""
    host, address, port = (str(options.get(name) or "") for name in ("host", "hostaddr", "port"))
    places = (address or host).count(",")
    if host and address and host.count(",") != places:
        return "hostaddr"
    return "port" if port.count(",") not in {0, places} else None


def _farthest(hosts: list[str], addresses: list[str], ports: list[str]) -> Endpoint | None:
    found = []
    for index in range(max(len(hosts), len(addresses))):
        host, address = (listed[index] if index < len(listed) else "" for listed in (hosts, addresses))
        found.append(_endpoint(host, address, ports[index] if index < len(ports) else ports[0]))
    known = [one for one in found if one is not None]
    return min(known, key=lambda one: _FARTHEST_FIRST.index(one.locality)) if len(known) == len(found) else None


def _endpoint(host: str, address: str, port_text: str) -> Endpoint | None:
    """`hostaddr` is where bytes go, `host` what the certificate is held against: the farther one is the endpoint."""
    port = port_of(port_text.strip() or 5432)
    if port is None:
        return None
    if not address and (not host or host.startswith(("/", "@"))):
        return UnixEndpoint(f"{host or _SOCKET_FOLDER}/.s.PGSQL.{port}")
    if not (host and address):
        return TcpEndpoint(host or address, port)
    by_name, by_address = TcpEndpoint(host, port), TcpEndpoint(address, port)
    return by_address if by_name.locality is Locality.LOOPBACK else by_name
