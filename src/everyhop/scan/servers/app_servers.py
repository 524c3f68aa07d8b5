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
# One of these is in each of them: looked for ten times as fast.
_PROGRAM_WORDS: Final = tuple(
    name for name in PROGRAMS if not any(other in name for other in PROGRAMS if other != name)
)
_TLS_SOCKET: Final = "wrap_socket"
# A command written as one text: it names an app as servers do, `package.module:app`.
_COMMAND: Final = re.compile(rf"(?:exec )?(?:{'|'.join(sorted(PROGRAMS))}) ")
_TARGET: Final = re.compile(r"[A-Za-z_][\w.]*:\w+(?:\(\))?")
_FIELD: Final = re.compile(r"\{[\w.]*(?:![a-z])?(?::[^{}]*)?\}")
_RUNNING: Final = ("os.exec", "execv", "Popen(")
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
        serves, starts_one = _may_serve(held), _may_start(held)
        module = configuration.project.module(path) if serves or starts_one else None
        if module is not None and serves:
            yield from _of_calls(module, configuration)
        if module is not None and starts_one:
            yield from _of_arguments(module, configuration)
    yield from gunicorn.read(configuration)


def _may_serve(text: str) -> bool:
    return any(word in text for word in _WORDS) or runs.may_run(text)


def _may_start(text: str) -> bool:
    return any(word in text for word in _PROGRAM_WORDS) and _QUOTED.search(text) is not None


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
        started_at = _started_at(call, scope, module, configuration)
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


def _started_at(call: ast.Call, scope: Scope, module: Module, configuration: Configuration) -> Iterator[SourceSpan]:
    """Where the server that a call makes is told to serve: `server.serve_forever()`, `self.server.listen(80)`."""
    kept = {ast.unparse(target) for target, value, _ in module.names.assignments if value is call}
    kept = {name for name in kept if name.startswith("self.")}
    for other, around in module.names.calls if kept else ():
        verb = other.func if isinstance(other.func, ast.Attribute) and other.func.attr in _VERBS else None
        if verb is not None and (name := ast.unparse(verb.value)) in kept:
            yield replace(configuration.evaluator.span(other, around), snippet=f"{name}.{verb.attr}(…)")
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
    runs_programs = any(word in configuration.project.texts[module.path] for word in _RUNNING)
    for node in ast.walk(scope.node):
        if isinstance(node, ast.List | ast.Tuple) and (len(node.elts) > 1 or (node.elts and runs_programs)):
            yield from _of_words([_word(item) for item in node.elts], at(node, scope))
        elif runs_programs and isinstance(node, ast.BinOp) and isinstance(node.left, ast.List) and node.left.elts:
            yield from _of_words([*map(_word, node.left.elts), HOLE], at(node, scope))
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
        told = any(word.startswith("-") or ":" in word or word == HOLE for word in rest)
        if one.leads and (one.before or told or one.names.verbs):
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
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str() as written), attr="format")):
            return _FIELD.sub(HOLE, written)
        case _:
            return "<…>"


def _reading(listener: Listener, names: Names, given: Given, *places: SourceSpan) -> Reading:
    """Which hop ends at an app's server its own settings do not tell: a proxy's, or the browsers'."""
    return Reading(listener, Origin.DECLARED, app_servers.endpoint(names, given), None, places)
