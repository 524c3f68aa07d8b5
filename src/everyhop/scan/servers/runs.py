"""Calls that serve an app with what its framework brings along: `app.run()`, `run_simple()`, `socketio.run()`."""

from __future__ import annotations

import ast
from typing import Final

from everyhop.scan.resolve.references import may_name
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.values import Made, options
from everyhop.scan.sightings.entries import Configuration

APP: Final = "flask.Flask.run"
SOCKETIO: Final = "flask_socketio.SocketIO.run"
_SIMPLE: Final = frozenset({"werkzeug.serving.run_simple", "werkzeug.run_simple"})
_FLASK: Final = frozenset({"flask.Flask", "flask.app.Flask"})
_SIO: Final = "flask_socketio.SocketIO"
# What `Flask.run` takes; a call with anything else is of another kind of app (flask/app.py, werkzeug/serving.py).
_RUN: Final = frozenset(
    {"host", "port", "debug", "load_dotenv", "ssl_context", "threaded", "processes", "use_reloader", "use_debugger",
     "use_evalex", "extra_files", "exclude_patterns", "reloader_interval", "reloader_type", "passthrough_errors"}
)  # fmt: skip
_APPS: Final = frozenset({"app", "application", "server", "flask_app", "_app"})
_OTHERS: Final = frozenset({"Server", "Runner"})  # `uvicorn.Server(config).run()`: its `Config` tells more
_FACTORIES: Final = frozenset({"create_app", "make_app", "get_app", "build_app", "create_application"})


def served_by(call: ast.Call, scope: Scope, text: str, configuration: Configuration) -> str | None:
    """The full name of what is called, if it serves an app; `text` is the module's."""
    if may_name(call.func, scope, frozenset({"run_simple"})):
        name = configuration.evaluator.qualified(call.func, scope)
        return name if name in _SIMPLE else None
    if not (isinstance(call.func, ast.Attribute) and call.func.attr == "run"):
        return None
    receiver = call.func.value
    made = {
        option.callee for option in options(configuration.evaluator.value(receiver, scope)) if isinstance(option, Made)
    }
    if _SIO in made or (_last(receiver) == "socketio" and call.args + call.keywords and "socketio" in text):
        return SOCKETIO
    if any(callee.rpartition(".")[2] in _OTHERS for callee in made):
        return None
    known = all(keyword.arg in _RUN for keyword in call.keywords if keyword.arg) and len(call.args) <= 2
    if not known or any(isinstance(argument, ast.List | ast.Tuple | ast.Starred) for argument in call.args):
        return None
    of_flask = "lask" in text or any(factory in text for factory in _FACTORIES)
    return APP if made & _FLASK or (of_flask and (_last(receiver) in _APPS or _makes_app(receiver))) else None


def _last(node: ast.expr) -> str:
    """The last name of a dotted one: `app` of `self.app` and of `web.app`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _makes_app(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _last(node.func) in _FACTORIES
