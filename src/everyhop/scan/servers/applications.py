"""What serves an app where it is deployed, and whom it believes: commands, variables and the app's own source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from everyhop.model.evidence import SourceSpan
from everyhop.model.secret import masked
from everyhop.model.sighting import AppServer, Debugger, Origin, ProxyTrust, Reading
from everyhop.scan.resolve.environment import Setting
from everyhop.scan.resolve.project import Module
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.values import Known
from everyhop.scan.servers import runs
from everyhop.scan.servers.starts import Start
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.places import Place, is_for_development, place_of
from everyhop.scan.sightings.switches import ON
from everyhop.scan.syntax.span import Lines
from everyhop.scan.workspace import Kind, Source, Workspace

_SERVERS: Final = ("gunicorn", "uvicorn", "hypercorn")
_SWITCHES: Final = frozenset({"FLASK_DEBUG", "DJANGO_DEBUG", "FLASK_RUN_DEBUG"})
_SCRIPTS: Final = frozenset({Kind.TEXT, Kind.INI, Kind.TOML, Kind.JSON})
_EXPORTED: Final = re.compile(
    r"^[^#\n]*?(?<![\w.])['\"]?(?P<name>FLASK_DEBUG|FLASK_ENV|DJANGO_DEBUG)"
    r"['\"]?[ \t]*[:?]?[=:][ \t]*['\"]?(?P<value>\w+)",
    re.MULTILINE,
)
_LOCAL_BIND: Final = re.compile(r"(?:unix:|127\.|localhost|\[::1\])|.*\.sock$")
_SHOWN: Final = 160  # characters of a command


def read(
    workspace: Workspace, starts: Iterable[Start], variables: Iterable[Setting], configuration: Configuration
) -> Iterator[Reading]:
    """The servers of an app, as far as they are for development, have the debugger on or believe any proxy."""
    started: dict[str, Start] = {}
    for start in starts:
        if start.deployed and _is_deployed(start.source.path):
            yield from _of_command(start, started)
    yield from _of_variables(variables)
    for source in workspace.sources:
        sets = source.kind in _SCRIPTS and ("FLASK_" in source.text or "DJANGO_DEBUG" in source.text)
        if sets and place_of(source.path) is Place.DEPLOYED:
            yield from _of_script(source)
    texts = configuration.project.texts
    telling = [path for path, text in texts.items() if _may_serve(text) and _is_deployed(path)]
    for module in configuration.project.parsed(telling):
        yield from _of_module(module, configuration, started)


def _may_serve(text: str) -> bool:
    return runs.may_run(text) or "run_simple" in text or "forwarded_allow_ips" in text


def _is_deployed(path: str) -> bool:
    return place_of(path) is Place.DEPLOYED and not is_for_development(path)


def _of_command(start: Start, started: dict[str, Start]) -> Iterator[Reading]:
    words = start.command.words
    names = [PurePosixPath(word).name for word in words]
    debug = "--debug" in words or "-d" in words[:1]
    if "flask" in names and "run" in words[names.index("flask") :]:
        yield _server("flask", start, Debugger.ON if debug else Debugger.OFF)
    elif "manage.py" in names and "runserver" in words:
        yield _server("django", start, Debugger.OFF)
    for word, name in zip(words, names, strict=True):
        if name.endswith(".py"):
            started.setdefault(name, start)
        elif words[max(0, words.index(word) - 1)] == "-m":
            started.setdefault(f"{word.rpartition('.')[2]}.py", start)
    server = next((name for name in names if name in _SERVERS), None)
    trusted = _option(words, "--forwarded-allow-ips")
    if server is not None and trusted is not None and not _binds_here(words):
        yield _reading(ProxyTrust(server, trusted), start.place)


def _option(words: Sequence[str], *names: str) -> str | None:
    for number, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name in names:
            return value if equals else "".join(words[number + 1 : number + 2])
    return None


def _binds_here(words: Sequence[str]) -> bool:
    bound = _option(words, "--bind", "-b", "--host", "--uds")
    return bound is not None and (_LOCAL_BIND.match(bound) is not None or "--uds" in words)


def _of_variables(variables: Iterable[Setting]) -> Iterator[Reading]:
    for setting in variables:
        value = "".join(piece for piece in setting.pieces if isinstance(piece, str)).strip().lower()
        at = _named(setting.at, f"{setting.name}={value}", setting.name)
        if setting.name == "FORWARDED_ALLOW_IPS" and value == "*" and _is_deployed(setting.file):
            yield _reading(ProxyTrust("gunicorn", value), at)
        elif place_of(setting.file) is Place.DEPLOYED and _turns_debugger_on(setting.name, value):
            settled = all(isinstance(piece, str) for piece in setting.pieces)
            name = PurePosixPath(setting.file).name
            # `.flaskenv` is for what is public (Flask, "Environment Variables From dotenv"): how one develops.
            here = setting.template or is_for_development(setting.file) or name == ".flaskenv"
            server = AppServer(
                "flask",
                at.snippet,
                development=False,
                debugger=Debugger.IN_DEVELOPMENT if here else Debugger.ON,
                certain=settled and not name.startswith(".env") and setting.name == "FLASK_DEBUG",
            )
            yield _reading(server, at)


def _of_script(source: Source) -> Iterator[Reading]:
    """Variables that a script, a Makefile or a supervisor sets for what it starts; it may not come to that."""
    lines = None
    for match in _EXPORTED.finditer(source.text):
        if _turns_debugger_on(match["name"], match["value"].lower()):
            lines = lines or Lines(source.text)
            span = lines.span(match.start("name"), match.end("value"))
            shown = f"{match['name']}={match['value']}"
            at = SourceSpan(source.path, span.line, span.column, span.end_line, span.end_column, shown, match["name"])
            debugger = Debugger.IN_DEVELOPMENT if is_for_development(source.path) else Debugger.SWITCHED
            yield _reading(AppServer("flask", shown, development=False, debugger=debugger, certain=False), at)


def _turns_debugger_on(name: str, value: str) -> bool:
    """`FLASK_ENV=development` did so before Flask 2.3. What a plain `DEBUG` is for, its program has to tell."""
    return (name in _SWITCHES and value in ON) or (name == "FLASK_ENV" and value == "development")


def _of_module(module: Module, configuration: Configuration, started: dict[str, Start]) -> Iterator[Reading]:
    text = configuration.project.texts[module.path]
    start = started.get(PurePosixPath(module.path).name)
    for call, scope in module.names.calls:
        served = runs.served_by(call, scope, text, configuration)
        if served is not None:
            yield from _of_run(call, scope, served, configuration, start)
        for keyword in call.keywords:
            if keyword.arg == "forwarded_allow_ips" and _is(keyword.value, scope, "*", configuration):
                at = configuration.evaluator.span(call, scope)
                yield _reading(ProxyTrust("uvicorn", "*"), _named(at, 'forwarded_allow_ips="*"', "run"))
    yield from _of_settings(module, configuration)


def _of_run(
    call: ast.Call, scope: Scope, served: str, configuration: Configuration, start: Start | None
) -> Iterator[Reading]:
    """A call of `app.run`: it serves where something deployed starts its file, or where importing that runs it.

    Flask-SocketIO serves with another server than the one for development, unless it is told that any will do.
    """
    on = {keyword.arg for keyword in call.keywords if _is(keyword.value, scope, True, configuration)}
    debug = not on.isdisjoint({"debug", "use_debugger"})
    reached = start is not None and start.certain
    on_import = _is_on_import(call, scope)
    if debug or reached or on_import:
        at = _named(configuration.evaluator.span(call, scope), f"{ast.unparse(call.func)}(…)", "run")
        development = (reached or on_import) and (served != runs.SOCKETIO or "allow_unsafe_werkzeug" in on)
        debugger = Debugger.ON if debug else Debugger.OFF
        server = AppServer("flask", at.snippet, development=development, debugger=debugger, certain=reached)
        yield _reading(server, at, *((start.place,) if start is not None else ()))


def _of_settings(module: Module, configuration: Configuration) -> Iterator[Reading]:
    """Gunicorn's own settings file: `bind` and `forwarded_allow_ips` as names of a module."""
    named = {
        target.id: (value, scope)
        for target, value, scope in module.names.assignments
        if isinstance(target, ast.Name) and target.id in ("bind", "forwarded_allow_ips") and scope.parent is None
    }
    bound = named["bind"][0] if "bind" in named else None
    if isinstance(bound, ast.Constant) and _LOCAL_BIND.match(str(bound.value)):
        return
    if "forwarded_allow_ips" in named and _is(*named["forwarded_allow_ips"], "*", configuration):
        at = configuration.evaluator.span(*named["forwarded_allow_ips"])
        yield _reading(ProxyTrust("gunicorn", "*"), _named(at, 'forwarded_allow_ips = "*"', "forwarded_allow_ips"))


def _is(node: ast.expr, scope: Scope, wanted: object, configuration: Configuration) -> bool:
    value = configuration.evaluator.value(node, scope)
    return isinstance(value, Known) and value.value == wanted and type(value.value) is type(wanted)


def _is_on_import(call: ast.Call, scope: Scope) -> bool:
    """Whether a call runs as soon as its module is imported: in no function, and under no `if __name__ == …`."""
    if scope.parent is not None or not isinstance(scope.node, ast.Module):
        return False
    guarded = (node for node in scope.node.body if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test))
    return not any(node.lineno <= call.lineno <= (node.end_lineno or node.lineno) for node in guarded)


def _server(product: str, start: Start, debugger: Debugger) -> Reading:
    place = start.place
    server = AppServer(product, place.snippet, development=True, debugger=debugger, certain=start.certain)
    return _reading(server, place)


def _named(at: SourceSpan, shown: str, symbol: str) -> SourceSpan:
    return SourceSpan(at.path, at.line, at.column, at.end_line, at.end_column, masked(shown[:_SHOWN]), symbol)


def _reading(subject: AppServer | ProxyTrust, *places: SourceSpan) -> Reading:
    return Reading(subject, Origin.DECLARED, None, None, places)
