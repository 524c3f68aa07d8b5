"""A private nginx: `nginx.conf` includes `conf.d/`, where one site stands, a page or a proxy to an application."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from typing import Final, assert_never

from everyhop.errors import LabError
from everyhop.lab.binary import Binary, version_of
from everyhop.lab.keeping import Program
from everyhop.lab.port import free_endpoint
from everyhop.lab.server import Product, Server, wait_until
from everyhop.lab.session import Lab, Pair
from everyhop.model.certificate import Issued
from everyhop.model.endpoint import Endpoint, TcpEndpoint, UnixEndpoint
from everyhop.model.posture import Assurance

_NGINX: Final = Binary("nginx", "nginx")
_TEMPORARY: Final = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
_WORKER: Final = b"nginx: worker process"
_REFUSED: Final = "[emerg]"
_PAGE: Final = "<!doctype html><title>everyhop lab</title><p>A private nginx of an everyhop lab.\n"


def start(
    lab: Lab,
    assurance: Assurance = Assurance.ENCRYPTED,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    names: tuple[str, ...] = ("localhost",),
    issued: Issued | None = None,
    upstream: Endpoint | None = None,
) -> Server:
    """Start one that speaks HTTPS and redirects plain HTTP to it (ENCRYPTED), serves both, or knows no TLS (PLAINTEXT).

    It serves a page of its own, or what `upstream` answers over plain HTTP; `plain` of the server is where it listens
    for plain HTTP. Raises `ToolError`, `LabError`.
    """
    nginx = _NGINX.find()
    version = version_of(nginx, "-v")
    endpoint = free_endpoint(host, port)
    directory = lab.room("nginx")
    for name in ("conf.d", "temporary", "www"):
        lab.folder(directory / name)
    lab.write(directory / "www" / "index.html", _PAGE)
    lab.write(directory / "nginx.conf", _main(directory))
    hosts, content = (host, *names), _content(upstream, directory)
    plain = endpoint if assurance is Assurance.PLAINTEXT else free_endpoint(host)
    # A fixed place to go to: one made of $host would go wherever a request says.
    aside = f"return 301 https://{endpoint}$request_uri;" if assurance is Assurance.ENCRYPTED else content
    site = _plain_site(plain, hosts, aside)
    if assurance is not Assurance.PLAINTEXT:
        site += _tls_site(endpoint, hosts, lab.pair(directory, hosts, issued), content)
    lab.write(directory / "conf.d" / "site.conf", site)
    argv = (str(nginx), "-p", str(directory), "-e", "stderr", "-c", str(directory / "nginx.conf"))
    program = Program(
        argv=argv,
        log=directory / "server.log",
        directory=directory,
        account=lab.account,
        environment=lab.environment(),
    )
    scheme = "http" if assurance is Assurance.PLAINTEXT else "https"
    product = Product("nginx", version, scheme, "", _is_ready, (*argv, "-t"), _reload)
    return lab.add(Server(lab.keeper, product, program, endpoint, lab.anchors, plain=plain))


def _main(directory: Path) -> str:
    temporary = "\n".join(f"  {name}_temp_path {directory}/temporary/{name};" for name in _TEMPORARY)
    return f"""\
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log stderr notice;
events {{
  worker_connections 256;
}}
http {{
{temporary}
  access_log {directory}/access.log;
  default_type text/html;
  include {directory}/conf.d/*.conf;
}}
"""


def _plain_site(endpoint: TcpEndpoint, names: tuple[str, ...], body: str) -> str:
    return f"""\
server {{
    listen {endpoint};
    server_name {" ".join(names)};
    {body}
}}
"""


def _tls_site(endpoint: TcpEndpoint, names: tuple[str, ...], pair: Pair, body: str) -> str:
    # Debian 12's nginx speaks no TLS 1.3 unless it is named.
    return f"""\
server {{
    listen {endpoint} ssl;
    server_name {" ".join(names)};
    ssl_certificate {pair.certificate};
    ssl_certificate_key {pair.key};
    ssl_protocols TLSv1.2 TLSv1.3;
    {body}
}}
"""


def _content(upstream: Endpoint | None, directory: Path) -> str:
    match upstream:
        case None:
            return f"root {directory}/www;"
        case UnixEndpoint(path=path):
            target = f"http://unix:{path}:"
        case TcpEndpoint():
            target = f"http://{upstream}"
        case _:
            assert_never(upstream)
    return f"""\
location / {{
        proxy_pass {target};
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-Host "";
    }}"""


def _is_ready(server: Server, pid: int) -> bool:
    """Whether its pid file names this process (it is written once the sockets listen), and it takes a connection."""
    try:
        if int((server.directory / "nginx.pid").read_text() or 0) != pid:
            return False
        with socket.create_connection((server.endpoint.host, server.endpoint.port), timeout=5):
            return True
    except OSError:
        return False


def _reload(server: Server) -> None:
    """Send SIGHUP and wait until only processes with the new settings take connections."""
    before, old = server.log_size(), _workers(server)
    server.send(signal.SIGHUP)

    def done() -> bool:
        if _REFUSED in server.log_since(before):
            raise LabError("nginx keeps the settings that it had", hint=server.tail())
        now = _workers(server)
        return bool(now) and not now & old

    wait_until(done, "nginx takes up its settings", server)


def _workers(server: Server) -> set[int]:
    """The processes that take connections; one that is on its way out calls itself differently."""
    workers = set()
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    for child in map(int, children):
        try:
            title = Path(f"/proc/{child}/cmdline").read_bytes().rstrip(b"\0 ")
        except OSError:
            continue
        if title == _WORKER:
            workers.add(child)
    return workers
