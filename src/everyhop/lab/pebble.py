"""A private pebble, the ACME server that Let's Encrypt tests clients with, and the DNS it asks (`challtestsrv`).

Every name is this machine's loopback there, so HTTP-01 is looked for at `validation`, and DNS-01 in a zone that `zone`
changes. Pebble makes trouble on purpose, which is its worth: nonces that it rejects, authorizations used again.
"""

from __future__ import annotations

import json
import socket
import ssl
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from everyhop.errors import LabError
from everyhop.lab.binary import Binary, words_of
from everyhop.lab.keeping import Program
from everyhop.lab.port import free_endpoint
from everyhop.lab.process import Process
from everyhop.lab.server import Product, Server
from everyhop.lab.session import Lab
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.secret import Secret

_PEBBLE: Final = Binary("pebble", "pebble")
_DNS: Final = Binary("pebble-challtestsrv", "pebble")
_VERSION: Final = "unknown"  # Debian's says `dev` of itself, or nothing at all
_ANSWER: Final = 1_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong how often, in per cent: good nonces that are rejected, proofs that are asked for but once."""

    rejected_nonces: int = 0
    reused_authorizations: int = 0


@dataclass(frozen=True, slots=True)
class Pebble:
    """`directory` is where ACME clients begin; `anchors` the file that tells whom to believe there.

    `management` speaks HTTPS, too; `zone` plain HTTP. `knows_renewal`: renewal information, profiles and addresses,
    which pebble has since 2.5.
    """

    server: Server
    names: Process
    management: TcpEndpoint
    validation: TcpEndpoint
    zone: TcpEndpoint
    knows_renewal: bool

    @property
    def directory(self) -> str:
        """The address of its directory."""
        return f"https://{self.server.endpoint}/dir"

    @property
    def anchors_pem(self) -> str:
        """Whom to believe of its own certificate: the lab's authority."""
        return self.server.anchors.read_text(encoding="ascii")

    def root_pem(self, number: int = 0) -> str:
        """A root that its certificates lead to: another one each time it starts."""
        return self.manage(f"roots/{number}").decode("ascii")

    def manage(self, path: str, message: Mapping[str, str] | None = None) -> bytes:
        """What its management answers to a message, or to none. Raises `LabError`."""
        context = ssl.create_default_context(cafile=str(self.server.anchors))
        return _asked(f"https://{self.management}/{path}", message, context)

    def set_zone(self, path: str, message: Mapping[str, str]) -> None:
        """Have the zone changed: `set-txt`, `clear-txt` and the like of challtestsrv. Raises `LabError`."""
        _asked(f"http://{self.zone}/{path}", message, None)


@dataclass(frozen=True, slots=True)
class Rules:
    """What it is strict about. `bindings` are the accounts that new ones have to be bound to, key ids with HMAC keys.

    `profiles` are lifetimes in seconds by name; where nobody asks for one, pebble takes any of them. So many
    `other_roots` vouch for each certificate beside the first.
    """

    bindings: Mapping[str, Secret] = field(default_factory=dict)
    profiles: Mapping[str, int] = field(default_factory=dict)
    other_roots: int = 0


def start(
    lab: Lab,
    faults: Faults | None = None,
    rules: Rules | None = None,
    *,
    host: str = "127.0.0.1",
    names: tuple[str, ...] = ("localhost",),
    directories: Iterable[Path] | None = None,
) -> Pebble:
    """Start one, with its programs from these directories (None: the usual ones). Raises `ToolError`, `LabError`."""
    places = None if directories is None else tuple(directories)
    pebble, dns = _PEBBLE.find(places), _DNS.find(places)
    directory = lab.room("pebble")
    endpoint, management, validation = (free_endpoint(host) for _ in range(3))
    resolver, zone = _start_names(lab, dns, directory, host)
    pair = lab.pair(directory, (host, *names))
    rules = rules or Rules()
    settings = _settings(rules, endpoint, management, validation)
    settings |= {"certificate": str(pair.certificate), "privateKey": str(pair.key)}
    lab.write(directory / "pebble.json", json.dumps({"pebble": settings}, indent=2))
    program = Program(
        argv=(str(pebble), "-config", str(directory / "pebble.json"), "-dnsserver", str(resolver.endpoint)),
        log=directory / "server.log",
        directory=directory,
        account=lab.account,
        environment={**lab.environment(), **_environment(faults or Faults(), rules)},
    )

    def is_ready(_server: Server, _pid: int) -> bool:
        return _listens(endpoint) and _listens(management)

    product = Product("pebble", _VERSION, "https", "", is_ready, (str(pebble), "-h"), Server.restart)
    server = lab.add(Server(lab.keeper, product, program, endpoint, lab.anchors))
    return Pebble(server, resolver.process, management, validation, zone, _knows_renewal(pebble))


@dataclass(frozen=True, slots=True)
class _Resolver:
    process: Process
    endpoint: TcpEndpoint


def _start_names(lab: Lab, dns: Path, directory: Path, host: str) -> tuple[_Resolver, TcpEndpoint]:
    endpoint, zone = free_endpoint(host), free_endpoint(host)
    # The option was renamed on the way to 2.10.
    known = words_of(dns, "-h")
    listen = "-dns01" if "-dns01 " in known else "-dnsserver"
    silent = [f"{name}=" for name in ("-http01", "-https01", "-tlsalpn01", "-doh") if f"{name} " in known]
    program = Program(
        argv=(
            *(str(dns), listen, str(endpoint), "-management", str(zone)),
            *("-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", *silent),
        ),
        log=directory / "names.log",
        directory=directory,
        account=lab.account,
        environment=lab.environment(),
    )
    process = Process(lab.keeper, "pebble-challtestsrv", program, lambda _: _listens(endpoint) and _listens(zone))
    return _Resolver(process.start(), endpoint), zone


def _settings(
    rules: Rules, endpoint: TcpEndpoint, management: TcpEndpoint, validation: TcpEndpoint
) -> dict[str, object]:
    return {
        "listenAddress": str(endpoint),
        "managementListenAddress": str(management),
        "httpPort": validation.port,
        "tlsPort": validation.port,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": bool(rules.bindings),
        "externalAccountMACKeys": {key_id: key.reveal() for key_id, key in rules.bindings.items()},
        "keyAlgorithm": "ecdsa",
        "profiles": {
            name: {"description": name, "validityPeriod": seconds} for name, seconds in rules.profiles.items()
        },
    }


def _environment(faults: Faults, rules: Rules) -> dict[str, str]:
    return {
        "PEBBLE_VA_NOSLEEP": "1",
        "PEBBLE_WFE_NONCEREJECT": str(faults.rejected_nonces),
        "PEBBLE_AUTHZREUSE": str(faults.reused_authorizations),
        "PEBBLE_ALTERNATE_ROOTS": str(rules.other_roots),
    }


def _knows_renewal(pebble: Path) -> bool:
    """It came to its own version option and to these at about the same time, and tells no number."""
    return "-version" in words_of(pebble, "-h")


def _listens(endpoint: TcpEndpoint) -> bool:
    try:
        with socket.create_connection((endpoint.host, endpoint.port), timeout=5):
            return True
    except OSError:
        return False


def _asked(url: str, message: Mapping[str, str] | None, context: ssl.SSLContext | None) -> bytes:
    body = None if message is None else json.dumps(message).encode()
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]  # loopback, whatever the proxy
    if context is not None:
        handlers.append(urllib.request.HTTPSHandler(context=context))
    try:
        with urllib.request.build_opener(*handlers).open(url, body, timeout=10) as answer:
            content: bytes = answer.read(_ANSWER)
    except OSError as error:
        raise LabError(f"pebble's management does not answer: {error}") from error
    return content
