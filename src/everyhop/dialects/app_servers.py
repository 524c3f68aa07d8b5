"""How the servers of Python's web applications are told where to listen and whether to speak TLS.

Each of them speaks plain HTTP unless it is given a certificate; none takes both on one port.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from everyhop.model.endpoint import Endpoint, TcpEndpoint, UnixEndpoint, parse_host_port, port_of
from everyhop.model.posture import BOTTOM, Assurance, Bounds
from everyhop.model.sighting import Listener

_FLASK: Final = TcpEndpoint("127.0.0.1", 5000)
_ASGI: Final = TcpEndpoint("127.0.0.1", 8000)
ANY: Final = "0.0.0.0"  # noqa: S104 - what an empty host means to bind(2)
_WAITRESS: Final = TcpEndpoint(ANY, 8080)  # waitress/adjustments.py


@dataclass(frozen=True, slots=True)
class Names:
    """What a server calls its settings, on the command line or as arguments of a call.

    `bind` is an address with its port, or a socket, in one. `elsewhere` names a file that may say more. `default` is
    where it listens if nothing says so; None where a variable of the environment decides (gunicorn's `PORT`).
    `positional` are the arguments of a call that need no name, `verbs` the subcommands that serve. `later` are words
    that give a server its certificate after it was made, `beside` words without which a call serves no HTTP.
    """

    product: str
    tls: tuple[str, ...] = ()
    bind: tuple[str, ...] = ()
    host: tuple[str, ...] = ("host",)
    port: tuple[str, ...] = ("port",)
    socket: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    default: TcpEndpoint | None = None
    positional: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


_GUNICORN: Final = Names(
    "gunicorn", ("--certfile", "--keyfile"), ("--bind", "-b"), (), (), elsewhere=("--config", "-c")
)
_WAITRESS_SERVE: Final = Names(
    "waitress", (), ("--listen",), ("--host",), ("--port",), ("--unix-socket",), default=_WAITRESS
)

PROGRAMS: Final[Mapping[str, Names]] = {
    "gunicorn": _GUNICORN,
    "gunicorn3": _GUNICORN,
    "uvicorn": Names(
        "uvicorn", ("--ssl-certfile", "--ssl-keyfile"), (), ("--host",), ("--port",), ("--uds",), default=_ASGI
    ),
    "hypercorn": Names(
        "hypercorn", ("--certfile", "--keyfile"), ("--bind", "-b"), (), (), elsewhere=("--config", "-c"), default=_ASGI
    ),
    "waitress-serve": _WAITRESS_SERVE,
    "waitress": _WAITRESS_SERVE,
    "granian": Names("granian", ("--ssl-certificate", "--ssl-keyfile"), (), ("--host",), ("--port",), default=_ASGI),
    **{
        name: Names(name, ("--cert",), (), ("--host", "-h"), ("--port", "-p"), default=_FLASK, verbs=("run",))
        for name in ("flask", "quart")
    },
    "uwsgi": Names(
        "uwsgi",
        ("--https", "--https-socket"),
        ("--https", "--https-socket", "--http", "--http-socket", "--socket", "-s", "--uwsgi-socket"),
        (),
        (),
        elsewhere=("--ini", "--yaml", "--xml", "--json", "--paste", "--ini-paste"),
    ),
    "daphne": Names(
        "daphne", (), (), ("-b", "--bind"), ("-p", "--port"), ("-u", "--unix-socket"), ("-e", "--endpoint"), _ASGI
    ),
    "sanic": Names("sanic", ("--cert", "--key", "--tls"), (), ("--host", "-H"), ("--port", "-p"), default=_ASGI),
    "fastapi": Names("uvicorn", (), (), ("--host",), ("--port",), default=_ASGI, verbs=("run", "dev")),
    "cheroot": Names("cheroot", (), ("--bind",), (), ()),
    "pserve": Names("pserve", host=(), port=(), elsewhere=("",)),
    "mod_wsgi-express": Names(
        "mod_wsgi",
        ("--ssl-certificate-file", "--ssl-certificate"),
        verbs=("start-server", "setup-server"),
        host=("--host",),
        port=("--port",),
        default=_ASGI,
    ),
    "twistd": Names("twisted", ("--https",), (), (), (), elsewhere=("--listen", "--http"), verbs=("web",)),
    **dict.fromkeys(
        ("runserver", "runserver_plus"),
        Names("django", ("--cert", "--cert-file"), (), ("-h", "--host"), ("-p", "--port")),
    ),
}
"""By the name of the program; `waitress` and the others are modules for `python -m` as well.

`pserve` is told everything by its file; `runserver` is a subcommand of Django's, and of Flask-Script's `manage.py`.
"""

FLASK_RUN: Final = Names("flask", ("ssl_context",), default=_FLASK, positional=("host", "port"))
"""`Flask.run`, and `SocketIO.run` of Flask-SocketIO, which takes the app first."""

_BOUND: Final = ("bind", "handler")
_SERVING: Final = ("hostname", "port", "application")
CALLS: Final[Mapping[str, Names]] = {
    "waitress.serve": Names("waitress", (), ("listen",), socket=("unix_socket",), default=_WAITRESS),
    **dict.fromkeys(
        ("uvicorn.run", "uvicorn.main.run", "uvicorn.Config", "uvicorn.config.Config"),
        Names("uvicorn", ("ssl_certfile", "ssl_keyfile"), socket=("uds",), default=_ASGI),
    ),
    **dict.fromkeys(
        ("werkzeug.serving.run_simple", "werkzeug.run_simple"),
        Names("werkzeug", ("ssl_context",), host=("hostname",), positional=_SERVING),
    ),
    "werkzeug.serving.make_server": Names("werkzeug", ("ssl_context",), positional=("host", "port", "app")),
    "wsgiref.simple_server.make_server": Names("wsgiref", positional=("host", "port", "app")),
    **dict.fromkeys(
        ("gevent.pywsgi.WSGIServer", "gevent.wsgi.WSGIServer"),
        Names("gevent", ("certfile", "keyfile", "ssl_context"), ("listener",), positional=("listener", "application")),
    ),
    "aiohttp.web.run_app": Names("aiohttp", ("ssl_context",), socket=("path", "sock")),
    **dict.fromkeys(
        ("waitress.create_server", "waitress.server.create_server"),
        Names("waitress", (), ("listen",), socket=("unix_socket",), default=_WAITRESS),
    ),
    **dict.fromkeys(
        ("werkzeug.serving.BaseWSGIServer", "werkzeug.serving.ThreadedWSGIServer"),
        Names("werkzeug", ("ssl_context",), positional=("host", "port", "app")),
    ),
    **dict.fromkeys(
        ("hypercorn.asyncio.serve", "hypercorn.trio.serve", "hypercorn.run.run"),
        Names("hypercorn", positional=("app", "config"), elsewhere=("config", "app")),
    ),
    **dict.fromkeys(
        ("http.server.HTTPServer", "http.server.ThreadingHTTPServer", "wsgiref.simple_server.WSGIServer"),
        Names(
            "http.server",
            bind=("bind",),
            host=(),
            port=(),
            positional=_BOUND,
            later=("wrap_socket",),
            beside=("serve_forever",),
        ),
    ),
    **dict.fromkeys(
        ("eventlet.wsgi.server",),
        Names("eventlet", bind=("sock",), host=(), port=(), positional=("sock", "site"), later=("wrap_ssl",)),
    ),
    **dict.fromkeys(
        ("tornado.httpserver.HTTPServer", "tornado.web.Application.listen"),
        Names("tornado", ("ssl_options",), host=("address",), positional=("port",)),
    ),
    **dict.fromkeys(
        (
            "cheroot.wsgi.Server",
            "cheroot.wsgi.WSGIServer",
            "cheroot.server.HTTPServer",
            "cherrypy.wsgiserver.CherryPyWSGIServer",
            "cherrypy.wsgiserver.WSGIServer",
        ),
        Names(
            "cheroot",
            bind=("bind_addr",),
            host=(),
            port=(),
            positional=("bind_addr", "wsgi_app"),
            later=("ssl_adapter", "ssl_certificate"),
        ),
    ),
    **dict.fromkeys(
        ("cherrypy.quickstart", "cherrypy.engine.start"),
        Names("cherrypy", host=(), port=(), later=("ssl_certificate", "ssl_module")),
    ),
    "twisted.internet.reactor.listenTCP": Names("twisted", positional=("port", "factory"), beside=("twisted.web",)),
    "twisted.internet.reactor.listenSSL": Names(
        "twisted", ("contextFactory",), positional=("port", "factory", "contextFactory"), beside=("twisted.web",)
    ),
    "meinheld.server.listen": Names("meinheld", bind=("address",), host=(), port=(), positional=("address",)),
    "meinheld.listen": Names("meinheld", bind=("address",), host=(), port=(), positional=("address",)),
    "bottle.run": Names("bottle", ("certfile",), default=TcpEndpoint("127.0.0.1", 8080)),
    "paste.httpserver.serve": Names("paste", ("ssl_pem", "ssl_context"), positional=("application", "host", "port")),
    "livereload.Server.serve": Names("livereload", positional=("port", "liveport", "host")),
    **dict.fromkeys(
        ("flask_script.Server", "flask_script.commands.Server", "flaskext.script.Server"),
        Names("flask", ("ssl_crt", "ssl_key"), default=_FLASK, positional=("host", "port")),
    ),
    "gunicorn.app.wsgiapp.run": Names("gunicorn", host=(), port=(), elsewhere=("prog",)),
    "gunicorn.app.wsgiapp.WSGIApplication": Names("gunicorn", host=(), port=(), elsewhere=("",)),
    "bjoern.run": Names("bjoern", positional=("wsgi_app", "host", "port")),
    "flask.Flask.run": FLASK_RUN,
    "flask_socketio.SocketIO.run": Names(
        "flask-socketio", ("ssl_context", "certfile", "keyfile"), default=_FLASK, positional=("app", "host", "port")
    ),
}
"""By the full name of what is called."""

GUNICORN: Final = Names("gunicorn", ("certfile", "keyfile"), ("bind",), (), (), elsewhere=("config",))
"""Gunicorn's settings by their own names, in its settings file and in code that derives from its application."""

WRAPPED: Final = Names("http.server", ("certfile",), host=(), port=())
"""A socket that a module of HTTP wraps for TLS itself."""


def read(names: Names, tls: bool | None) -> Listener:  # noqa: FBT001 - what was read, not what to do
    """A server of which is known whether it was given a certificate, or None where that is not to be seen."""
    if tls is None:
        bounds = Bounds.between(Assurance.PLAINTEXT, Assurance.ENCRYPTED)
        return Listener(names.product, None, bounds, (), "whether it is given a certificate is not to be seen here")
    if tls:
        bounds = Bounds.between(Assurance.ENCRYPTED, Assurance.ENCRYPTED)
        return Listener(names.product, None, bounds, (), f"{names.product} is given a certificate: it speaks TLS only")
    why = f"{names.product} is given no certificate: it speaks plain HTTP"
    return Listener(names.product, None, Bounds.exactly(BOTTOM), (), why)


def endpoint(names: Names, given: Mapping[str, str | None]) -> Endpoint | None:
    """Where it listens by these settings; a setting that is None is given, and its value not known."""

    def first(wanted: tuple[str, ...]) -> tuple[str | None, ...]:
        return tuple(given[name] for name in wanted if name in given)[:1]

    for written in (*first(names.socket), *first(names.bind)):
        return bound(written) if written is None or names.bind else _socket(written)
    host = (first(names.host) or (names.default.host if names.default else None,))[0]
    port = (first(names.port) or (str(names.default.port) if names.default else None,))[0]
    number = port_of(port) if port is not None else None
    return TcpEndpoint(host, number) if host and number and not _has_hole(host) else None


def bound(written: str | None) -> Endpoint | None:
    """The endpoint of `host:port`, `unix:/path` or `:port`; None where it is none, or holds what is not known."""
    if not written or _has_hole(written):
        return None
    if written.startswith(("unix:", "/")) or written.endswith(".sock"):
        return _socket(written.removeprefix("unix:"))
    try:
        return parse_host_port(f"{ANY}{written}" if written.startswith(":") else written)
    except ValueError:
        return None


def _socket(path: str) -> UnixEndpoint:
    return UnixEndpoint(path)


def _has_hole(text: str) -> bool:
    return any(mark in text for mark in "$<>{}%")
