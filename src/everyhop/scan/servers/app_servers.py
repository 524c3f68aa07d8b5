"""The servers of Python's web applications as listeners: where code, commands and settings files start them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from everyhop.dialects import app_servers
from everyhop.dialects.app_servers import CALLS, PROGRAMS, Names
from everyhop.model.endpoint import Endpoint
from everyhop.model.evidence import SourceSpan
from everyhop.model.secret import masked
from everyhop.model.sighting import Listener, Origin, Reading
from everyhop.scan.resolve.project import Module
from everyhop.scan.resolve.references import may_name
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.values import Known, Series, Table, Unknown, Value, options, text
from everyhop.scan.servers import runs
from everyhop.scan.servers.starts import Start
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.places import Place, place_of

_LAST_NAMES: Final = frozenset(name.rpartition(".")[2] for name in CALLS)
_WORDS: Final = (
    *("waitress", "uvicorn", "gunicorn", "hypercorn", "granian", "werkzeug", "wsgiref", "gevent", "aiohttp", "bjoern"),
    *("app.run(", "socketio", "application.run(", "server.run(", "create_app"),
)
_BETWEEN: Final = frozenset({"&&", "||", ";", "|", "&"})
_NOT_SERVING: Final = frozenset(
    {"install", "pkill", "kill", "pgrep", "echo", "which", "systemctl", "supervisorctl", "--version", "--help",
     "--check-config", "--print-config"}
)  # fmt: skip
# A command written as one text: it names an app as servers do, `package.module:app`.
_COMMAND: Final = re.compile(r"(?:exec )?(?:gunicorn3?|uvicorn|hypercorn|waitress-serve) ")
_TARGET: Final = re.compile(r"[A-Za-z_][\w.]*:\w+(?:\(\))?")
_SETTINGS: Final = re.compile(r".*gunicorn.*\.py")
_HOLE: Final = "${…}"
_SHOWN: Final = 160  # characters of a command

Given = Mapping[str, str | None]


def is_read(path: str) -> bool:
    """Whether what a file starts is somebody's server, and not that of a test or an example."""
    return place_of(path) is Place.DEPLOYED


def read(starts: Iterable[Start], configuration: Configuration) -> Iterator[Reading]:
    """A reading for each place at which a server is started."""
    for start in starts:
        for names, given in _programs(start.command.words):
            yield _reading(app_servers.read(names, _is_told(names, given)), names, given, start.place)
    texts = configuration.project.texts
    holders = [path for path, text in texts.items() if is_read(path) and _may_serve(path, text)]
    for module in configuration.project.parsed(holders):
        yield from _of_calls(module, configuration)
        yield from _of_arguments(module, configuration)
        if _is_gunicorns(module.path):
            yield from _of_settings(module, configuration)


def _may_serve(path: str, text: str) -> bool:
    return any(word in text for word in _WORDS) or _is_gunicorns(path)


def _is_gunicorns(path: str) -> bool:
    return _SETTINGS.fullmatch(PurePosixPath(path).name) is not None


def _programs(words: Sequence[str]) -> Iterator[tuple[Names, Given]]:
    """The servers that a command starts, with their options."""
    for segment in _segments([part for word in words for part in word.split()]):
        if _NOT_SERVING & set(segment):
            continue
        for number, word in enumerate(segment):
            name = PurePosixPath(word).name
            rest = segment[number + 1 :]
            of_module = number > 0 and segment[number - 1] == "-m"
            if name in PROGRAMS and (name != "waitress" or of_module) and (name != "flask" or "run" in rest):
                yield PROGRAMS[name], _options(rest)
                break


def _segments(words: Sequence[str]) -> Iterator[list[str]]:
    segment: list[str] = []
    for word in words:
        if word.rstrip(";") != word or word in _BETWEEN:
            yield [*segment, *([word.rstrip(";")] if word.rstrip(";") not in _BETWEEN else [])]
            segment = []
        else:
            segment.append(word)
    yield segment


def _options(words: Sequence[str]) -> Given:
    given: dict[str, str | None] = {}
    for number, word in enumerate(words):
        if word == _HOLE:
            given[_HOLE] = None
        elif word.startswith("-"):
            name, equals, value = word.partition("=")
            given[name] = value if equals else "".join(words[number + 1 : number + 2])
    return given


def _is_told(names: Names, given: Given) -> bool | None:
    """Whether a server is given a certificate; None where other settings may tell it to take one."""
    if any(name in given for name in names.tls):
        return True
    return None if names.tls and any(name in given for name in (*names.elsewhere, _HOLE)) else False


def _of_calls(module: Module, configuration: Configuration) -> Iterator[Reading]:
    held = configuration.project.texts[module.path]
    for call, scope in module.names.calls:
        if not may_name(call.func, scope, _LAST_NAMES):
            continue
        name = configuration.evaluator.qualified(call.func, scope)
        if name not in CALLS:
            name = runs.served_by(call, scope, held, configuration)
        if name is None:
            continue
        names = CALLS[name]
        positional, keywords = configuration.evaluator.arguments(call, scope)
        given = replace(keywords, entries={**dict(zip(names.positional, positional, strict=False)), **keywords.entries})
        at = replace(configuration.evaluator.span(call, scope), snippet=masked(f"{ast.unparse(call.func)}(…)"[:_SHOWN]))
        told = {key: _written(value) for key, value in given.entries.items()}
        yield _reading(app_servers.read(names, _has_certificate(names, given)), names, told, at)


def _has_certificate(names: Names, given: Table) -> bool | None:
    answers = {_is_set(option) for key in names.tls for option in options(given.entries.get(key, Known(None)))}
    if True in answers and len(names.tls) > 1:
        return True  # one of the files is there
    if names.tls and not given.complete:
        answers.add(None)
    return answers.pop() if len(answers) == 1 else None if answers else False


def _is_set(value: Value) -> bool | None:
    match value:
        case Known(value=known):
            return bool(known)
        case Unknown():
            return None
        case _:
            return True


def _written(value: Value) -> str | None:
    """A value as a setting is written: `('', 8000)` is `0.0.0.0:8000`; None where it is not known."""
    match value:
        case Known(value=int() as number):
            return str(number)
        case Series(items=[host, Known(value=int() as port)]) if (name := text(host)) is not None:
            return f"{name or app_servers.ANY}:{port}"
        case _:
            return text(value)


def _of_arguments(module: Module, configuration: Configuration) -> Iterator[Reading]:
    """Commands that code puts together: `[sys.executable, "-m", "gunicorn", …]`, `f"uvicorn {options} app:app"`."""
    at = configuration.evaluator.span
    scope = module.names.module
    for node in ast.walk(scope.node):
        if isinstance(node, ast.List | ast.Tuple) and len(node.elts) > 1:
            yield from _of_words([_word(item) for item in node.elts], at(node, scope))
    for written, here in _texts(module):
        if _COMMAND.match(whole := _word(written)) and any(map(_TARGET.fullmatch, words := whole.split())):
            yield from _of_words(words[words[0] == "exec" :], at(written, here))


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
    started = 2 if words[1:2] == ["-m"] else 0
    name = PurePosixPath(words[started]).name if len(words) > started + 1 else ""
    rest = words[started + 1 :]
    starts_one = started or any(word.startswith("-") or ":" in word for word in rest)
    if name not in PROGRAMS or not starts_one or (name == "flask" and "run" not in rest):
        return
    names, given = PROGRAMS[name], _options(rest)
    shown = masked(" ".join(words)[:_SHOWN])
    yield _reading(app_servers.read(names, _is_told(names, given)), names, given, replace(at, snippet=shown))


def _word(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str() as written):
            return written
        case ast.JoinedStr(values=parts):
            return "".join(_word(part) if isinstance(part, ast.Constant) else _HOLE for part in parts)
        case ast.Starred():
            return _HOLE
        case _:
            return "<…>"


def _of_settings(module: Module, configuration: Configuration) -> Iterator[Reading]:
    """Gunicorn's own settings file: `bind`, `certfile` and `keyfile` as names of a module."""
    named = {
        target.id: (value, scope)
        for target, value, scope in module.names.assignments
        if isinstance(target, ast.Name) and scope.parent is None
    }
    if "bind" not in named:
        return
    worth: dict[str, Value] = {
        key: configuration.evaluator.value(*named[key]) for key in ("bind", "certfile", "keyfile") if key in named
    }
    names = replace(PROGRAMS["gunicorn"], tls=("certfile", "keyfile"), bind=("bind",))
    at = replace(configuration.evaluator.span(*named["bind"]), snippet="bind = …", symbol="bind")
    listener = app_servers.read(names, _has_certificate(names, Table(worth)))
    yield _reading(listener, names, {"bind": _written(worth["bind"])}, at)


def _reading(listener: Listener, names: Names, given: Given, at: SourceSpan) -> Reading:
    """Which hop ends at an app's server its own settings do not tell: a proxy's, or the browsers'."""
    where: Endpoint | None = app_servers.endpoint(names, given)
    return Reading(listener, Origin.DECLARED, where, None, (at,))
