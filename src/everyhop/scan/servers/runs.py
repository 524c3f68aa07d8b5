"""Calls that serve an app with what its framework brings along: `app.run()`, `run_simple()`, `socketio.run()`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import Final

from everyhop.scan.resolve.references import may_name
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.values import Made, options
from everyhop.scan.sightings.entries import Configuration

APP: Final = "flask.Flask.run"
SOCKETIO: Final = "flask_socketio.SocketIO.run"
_SIMPLE: Final = frozenset({"werkzeug.serving.run_simple", "werkzeug.run_simple"})
_FLASK: Final = frozenset(
    {"flask.Flask", "flask.app.Flask", "quart.Quart", "apiflask.APIFlask", "connexion.FlaskApp", "connexion.App",
     "flask_openapi3.OpenAPI", "dash.Dash", "eve.Eve"}
)  # fmt: skip
_SIO: Final = "flask_socketio.SocketIO"
# What `Flask.run` takes; a call with anything else is of another kind of app (flask/app.py, werkzeug/serving.py).
_RUN: Final = frozenset(
    {"host", "port", "debug", "load_dotenv", "ssl_context", "threaded", "processes", "use_reloader", "use_debugger",
     "use_evalex", "extra_files", "exclude_patterns", "reloader_interval", "reloader_type", "passthrough_errors",
     "request_handler", "static_files", "fd", "certfile", "keyfile"}
)  # fmt: skip
# `app.run(…)` under any name, with what only a server is told.
_CALLED: Final = re.compile(r"\.run(?:_server)?\(")
_TELLING: Final = re.compile(r"(?:[^()]|\([^()]*\)){0,200}?\b(?:host|port|debug|ssl_context|use_reloader)[ \t]*=")
_NAMED: Final = re.compile(r"(?:app|application|server|flask|socketio|api|sio|socket_io)(?:\([^()\n]{0,80}\))?\Z")
_LONGEST_NAME: Final = 100
# Of these two make a server of whatever is run.
_TOLD: Final = frozenset({"host", "port", "debug", "ssl_context", "use_reloader", "use_debugger", "threaded"})
_APPS: Final = re.compile(r"(?:.*_)?(?:app|application|server|flask|api|site)|app_.*", re.IGNORECASE)
_SOCKETS: Final = frozenset({"socketio", "sio", "socket_io", "_socketio"})
_OTHERS: Final = frozenset({"Server", "Runner"})  # `uvicorn.Server(config).run()`: its `Config` tells more
_FACTORIES: Final = frozenset({"create_app", "make_app", "get_app", "build_app", "create_application"})


def may_run(text: str) -> bool:
    """Whether a module may hold such a call, as far as a look at its text tells."""
    return ".run" in text and ("Flask(" in text or any(_is_meant(call, text) for call in _CALLED.finditer(text)))


def _is_meant(call: re.Match[str], text: str) -> bool:
    """Whether what is run is named like an app, or told what only a server is."""
    start, end = call.span()
    return bool(_TELLING.match(text, end) or _NAMED.search(text, max(0, start - _LONGEST_NAME), start))


def served_by(call: ast.Call, scope: Scope, text: str, configuration: Configuration) -> str | None:
    """The full name of what is called, if it serves an app; `text` is the module's."""
    if may_name(call.func, scope, frozenset({"run_simple"})):
        name = configuration.evaluator.qualified(call.func, scope)
        return name if name in _SIMPLE else None
    if not (isinstance(call.func, ast.Attribute) and call.func.attr in ("run", "run_server")):
        return None
    receiver = call.func.value
    last = _last(receiver)
    told = len(_TOLD.intersection(keyword.arg or "" for keyword in call.keywords))
    if not (told or "Flask(" in text or _APPS.fullmatch(last) or last.lower() in _SOCKETS or _makes_app(receiver)):
        return None  # what is left costs an evaluation, and many things are run
    given = [one for one in options(configuration.evaluator.value(receiver, scope)) if isinstance(one, Made)]
    made = {one.callee for one in given}
    named = last.lower() in _SOCKETS and call.args + call.keywords
    if _SIO in made or (named and ("socketio" in text or "SocketIO" in text)):
        return SOCKETIO
    if any(callee.rpartition(".")[2] in _OTHERS for callee in made):
        return None
    known = all(keyword.arg in _RUN for keyword in call.keywords if keyword.arg) and len(call.args) <= 3
    if not known or any(isinstance(argument, ast.List | ast.Tuple | ast.Starred) for argument in call.args):
        return None
    if (
        made & _FLASK
        or _makes_app(receiver)
        or (_is_plain(call) and _APPS.fullmatch(last) and _is_flask(given, configuration))
    ):
        return APP
    if _APPS.fullmatch(last) is None:
        return APP if told > 1 else None
    of_flask = "lask" in text or any(factory in text for factory in _FACTORIES)
    return APP if told or (of_flask and _is_plain(call)) else None


def _is_flask(given: Iterable[Made], configuration: Configuration) -> bool:
    """Whether an app is made by a module that knows of Flask: of a class below Flask's, say."""
    texts = configuration.project.texts
    return any(one.at is not None and "lask" in texts.get(one.at.path, "") for one in given)


def _is_plain(call: ast.Call) -> bool:
    """Whether a call without keywords is given a host and a port at most: other things that are run take texts too."""
    return not call.args or isinstance(call.args[0], ast.Constant | ast.Name | ast.Attribute | ast.Subscript)


def _last(node: ast.expr) -> str:
    """The last name of a dotted one: `app` of `self.app` and of `web.app`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _makes_app(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _last(node.func) in _FACTORIES
