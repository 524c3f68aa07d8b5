"""The servers of Python's web applications as listeners: where code, commands and settings files start them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from everyhop.dialects import app_servers
from everyhop.dialects.app_servers import CALLS, PROGRAMS, Names
from everyhop.model.evidence import SourceSpan
from everyhop.model.secret import masked
from everyhop.model.sighting import Listener, Origin, Reading
from everyhop.scan.resolve.project import Module
from everyhop.scan.resolve.references import may_name
from everyhop.scan.resolve.scopes import Deed, Scope
from everyhop.scan.resolve.values import Table
from everyhop.scan.servers import gunicorn, runs
from everyhop.scan.servers.arguments import has_certificate, written
from everyhop.scan.servers.programs import HOLE, Given, started
from everyhop.scan.servers.starts import Start
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.places import Place, place_of

_LAST_NAMES: Final = frozenset((*(name.rpartition(".")[2] for name in CALLS), "run_server"))
_WORDS: Final = (
    *(
        "waitress",
        "uvicorn",
        "gunicorn",
        "hypercorn",
        "granian",
        "run_simple",
        "make_server",
        "WSGIServer",
        "run_app",
        "bjoern",
    ),
    *("socketio", "uwsgi", "daphne", "HTTPServer", "http.server", "tornado", "eventlet", "cheroot", "cherrypy"),
    *("twisted.web", "meinheld", "bottle", "flask_script", "httpserver", "livereload"),
)
# What is done to a server after it was made, to make it serve.
_VERBS: Final = frozenset({"listen", "bind", "serve_forever", "run", "start", "serve", "start_accepting"})
# A text that starts with the name of a server's program: as a command does, or its first word.
_QUOTED: Final = re.compile(rf"['\"](?:[^'\"\s]{{0,80}}/)?(?:exec )?(?:{'|'.join(sorted(PROGRAMS))})['\" ]")
_TLS_SOCKET: Final = "wrap_socket"
# A command written as one text: it names an app as servers do, `package.module:app`.
_COMMAND: Final = re.compile(rf"(?:exec )?(?:{'|'.join(sorted(PROGRAMS))}) ")
_TARGET: Final = re.compile(r"[A-Za-z_][\w.]*:\w+(?:\(\))?")
_SHOWN: Final = 160  # characters of a command


def is_read(path: str) -> bool:
    """Whether what a file starts is somebody's server, and not that of a test or an example."""
    return place_of(path) is Place.DEPLOYED


def read(starts: Iterable[Start], configuration: Configuration) -> Iterator[Reading]:
    """A reading for each place at which a server is started."""
    for start in starts:
        for one in started(start.command.words):
            if start.certain or one.leads:
                yield _reading(app_servers.read(one.names, one.has_certificate), one.names, one.given, start.place)
    texts = configuration.project.texts
    for path, held in texts.items():
        if not is_read(path):
            continue
        serves, starts_one = _may_serve(held), _QUOTED.search(held) is not None
        module = configuration.project.module(path) if serves or starts_one else None
        if module is not None and serves:
            yield from _of_calls(module, configuration)
        if module is not None and starts_one:
            yield from _of_arguments(module, configuration)
    yield from gunicorn.read(configuration)


def _may_serve(text: str) -> bool:
    return any(word in text for word in _WORDS) or runs.may_run(text)


def _of_calls(module: Module, configuration: Configuration) -> Iterator[Reading]:
    held = configuration.project.texts[module.path]
    served = False
    for call, scope in module.names.calls:
        name = _full_name(call, scope, held, configuration)
        names = CALLS.get(name) if name is not None else None
        if names is None or not all(word in held for word in names.beside):
            continue
        served = True
        given = _given(call, scope, names, configuration)
        shown = masked(f"{ast.unparse(call.func)}(…)"[:_SHOWN])
        at = replace(configuration.evaluator.span(call, scope), snippet=shown)
        told = {key: written(value) for key, value in given.entries.items()}
        certificate = has_certificate(names, given)
        if certificate is False and any(word in held for word in names.later):
            certificate = None
        started_at = _started_at(call, scope, configuration)
        yield _reading(app_servers.read(names, certificate), names, told, at, *started_at)
    if not served and "http.server" in held and _TLS_SOCKET in held:
        yield from _of_sockets(module, configuration)


def _full_name(call: ast.Call, scope: Scope, held: str, configuration: Configuration) -> str | None:
    if not may_name(call.func, scope, _LAST_NAMES):
        return None
    name = configuration.evaluator.qualified(call.func, scope)
    return name if name in CALLS else runs.served_by(call, scope, held, configuration)


def _given(call: ast.Call, scope: Scope, names: Names, configuration: Configuration) -> Table:
    positional, keywords = configuration.evaluator.arguments(call, scope)
    return replace(keywords, entries={**dict(zip(names.positional, positional, strict=False)), **keywords.entries})


def _started_at(call: ast.Call, scope: Scope, configuration: Configuration) -> Iterator[SourceSpan]:
    """Where the server that a call makes is told to serve: `server.serve_forever()`."""
    for name, deeds in scope.definitions.items():
        if any(deed.deed is Deed.ASSIGN and deed.value is call for deed in deeds):
            for deed in deeds:
                if deed.deed is Deed.CALL and deed.key in _VERBS and deed.value is not None:
                    shown = f"{name}.{deed.key}(…)"
                    yield replace(configuration.evaluator.span(deed.value, scope), snippet=shown)


def _of_sockets(module: Module, configuration: Configuration) -> Iterator[Reading]:
    """The server's side of TLS, where a module of HTTP wraps its connections itself."""
    for call, scope in module.names.calls:
        if may_name(call.func, scope, frozenset({_TLS_SOCKET})):
            side = next((keyword.value for keyword in call.keywords if keyword.arg == "server_side"), None)
            if isinstance(side, ast.Constant) and side.value is True:
                at = replace(configuration.evaluator.span(call, scope), snippet=f"{_TLS_SOCKET}(…)")
                yield _reading(app_servers.read(app_servers.WRAPPED, tls=True), app_servers.WRAPPED, {}, at)


def _of_arguments(module: Module, configuration: Configuration) -> Iterator[Reading]:
    """Commands that code puts together: `[sys.executable, "-m", "gunicorn", …]`, `f"uvicorn {options} app:app"`."""
    at = configuration.evaluator.span
    scope = module.names.module
    for node in ast.walk(scope.node):
        if isinstance(node, ast.List | ast.Tuple) and len(node.elts) > 1:
            yield from _of_words([_word(item) for item in node.elts], at(node, scope))
    for given, here in _texts(module):
        if _COMMAND.match(whole := _word(given)) and _says_what(words := whole.split()):
            yield from _of_words(words, at(given, here))


def _says_what(words: Sequence[str]) -> bool:
    """Whether a text is a command and no sentence: it names an app, or an option."""
    return any(_TARGET.fullmatch(word) or word.startswith("-") for word in words)


def _texts(module: Module) -> Iterator[tuple[ast.expr, Scope]]:
    """The texts that are kept under a name, and those that something is called with."""
    for _, value, scope in module.names.assignments:
        yield value, scope
    for call, scope in module.names.calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("system", "run", "call", "check_call", "Popen"):
            yield from ((argument, scope) for argument in call.args[:1])


def _of_words(words: Sequence[str], at: SourceSpan) -> Iterator[Reading]:
    """A list of which the first word, or the one after `-m`, is a server; what is not known of it is a hole.

    A list of servers' names alone is none: what starts one has an option, or names an app.
    """
    shown = masked(" ".join(words)[:_SHOWN])
    for one in started(words):
        rest = words[len(one.before) + 1 :]
        if one.leads and (one.before or any(word.startswith("-") or ":" in word for word in rest)):
            listener = app_servers.read(one.names, one.has_certificate)
            yield _reading(listener, one.names, one.given, replace(at, snippet=shown))
            return


def _word(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str() as written):
            return written
        case ast.JoinedStr(values=parts):
            return "".join(_word(part) if isinstance(part, ast.Constant) else HOLE for part in parts)
        case ast.Starred():
            return HOLE
        case _:
            return "<…>"


def _reading(listener: Listener, names: Names, given: Given, *places: SourceSpan) -> Reading:
    """Which hop ends at an app's server its own settings do not tell: a proxy's, or the browsers'."""
    return Reading(listener, Origin.DECLARED, app_servers.endpoint(names, given), None, places)
