"""Gunicorn where no command line names it: its settings file, and code that derives from its application."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from everyhop.dialects import app_servers
from everyhop.dialects.app_servers import GUNICORN
from everyhop.model.evidence import SourceSpan
from everyhop.model.sighting import AppServer, Debugger, Origin, Reading
from everyhop.scan.resolve.project import Module
from everyhop.scan.resolve.references import found, line_of, may_name
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.values import Table, Value
from everyhop.scan.servers.arguments import has_certificate, written
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.places import Place, place_of
from everyhop.scan.sightings.switches import Switch, switch

_NAMED: Final = re.compile(r".*gunicorn.*\.py(?:\.\w+)?")
_BIND: Final = re.compile(r"^bind[ \t]*=", re.MULTILINE)
# Settings that stand beside `bind` in no other program's file (docs.gunicorn.org, Settings).
_BESIDE: Final = re.compile(
    r"^(?:workers|worker_class|worker_connections|accesslog|errorlog|preload_app|proc_name|keepalive|threads|timeout"
    r"|max_requests|max_requests_jitter|graceful_timeout|forwarded_allow_ips|loglevel|backlog|wsgi_app)[ \t]*=",
    re.MULTILINE,
)
_SETS: Final = re.compile(r"['\"]bind['\"][ \t]*:")
_APPLICATIONS: Final = frozenset(
    {"gunicorn.app.base.BaseApplication", "gunicorn.app.base.Application", "gunicorn.app.wsgiapp.WSGIApplication"}
)
_DERIVED: Final = re.compile(r"^[ \t]*class[ \t]+(\w+)\([^)\n]*(?:Base|WSGI)?Application\b", re.MULTILINE)


def read(configuration: Configuration) -> Iterator[Reading]:
    """A reading for each settings file that says where it listens, and each application that code makes."""
    texts = {path: text for path, text in configuration.project.texts.items() if place_of(path) is Place.DEPLOYED}
    settings = [path for path, text in texts.items() if _is_settings(path, text)]
    for module in configuration.project.parsed(settings):
        yield from _of_settings(module, configuration)
    derived = frozenset(name for text in texts.values() if "gunicorn.app" in text for name in _DERIVED.findall(text))
    holders = [path for path, text in texts.items() if any(f"{name}(" in text for name in derived)]
    for module in configuration.project.parsed(holders):
        for call, scope in module.names.calls:
            if may_name(call.func, scope, derived) and _makes_application(call, scope, configuration):
                yield _of_application(call, scope, configuration)
    setting = [path for path, text in texts.items() if "gunicorn.app" in text]
    for module in configuration.project.parsed(path for path in setting if _SETS.search(texts[path])):
        yield from _of_class(module, configuration)


def _is_settings(path: str, text: str) -> bool:
    named = _NAMED.fullmatch(PurePosixPath(path).name) is not None
    return "bind" in text and _BIND.search(text) is not None and (named or len(_BESIDE.findall(text)) > 1)


def _of_settings(module: Module, configuration: Configuration) -> Iterator[Reading]:
    """`bind`, `certfile` and `keyfile` as names of a module; `debug`, which Gunicorn took before version 19."""
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
    at = replace(configuration.evaluator.span(*named["bind"]), snippet="bind = …", symbol="bind")
    yield _listener(Table(worth), worth["bind"], at)
    if "debug" in named and switch(*named["debug"], configuration.evaluator) is Switch.ON:
        at = replace(configuration.evaluator.span(*named["debug"]), snippet="debug = True", symbol="debug")
        server = AppServer("gunicorn", "debug = True", development=False, debugger=Debugger.SWITCHED, certain=False)
        yield Reading(server, Origin.DECLARED, None, None, (at,))


def _of_class(module: Module, configuration: Configuration) -> Iterator[Reading]:
    """A class of application that settles where it listens itself, whoever makes it: a dict with `bind` in a method."""
    for table, scope in module.names.dicts:
        keys = {
            str(key.value): value
            for key, value in zip(table.keys, table.values, strict=True)
            if isinstance(key, ast.Constant)
        }
        if "bind" in keys and scope.owner is not None and _is_application(scope.owner, configuration):
            worth = {key: configuration.evaluator.value(value, scope) for key, value in keys.items()}
            at = replace(configuration.evaluator.span(table, scope), snippet="bind: …", symbol="bind")
            yield _listener(Table(worth, complete=False), worth["bind"], at)


def _makes_application(call: ast.Call, scope: Scope, configuration: Configuration) -> bool:
    own = found(configuration.project, call.func, scope)
    if not (isinstance(own, Scope) and isinstance(own.node, ast.ClassDef)):
        return False
    return _is_application(own, configuration)


def _is_application(own: Scope, configuration: Configuration) -> bool:
    line = [(here.node, here.parent or here) for here in line_of(configuration.project, own)]
    bases = [(base, around) for node, around in line if isinstance(node, ast.ClassDef) for base in node.bases]
    return any(configuration.evaluator.qualified(base, around) in _APPLICATIONS for base, around in bases)


def _of_application(call: ast.Call, scope: Scope, configuration: Configuration) -> Reading:
    """Its settings are those of the one dict that it is made with, or nobody knows."""
    positional, keywords = configuration.evaluator.arguments(call, scope)
    tables = [worth for worth in (*positional, *keywords.entries.values()) if isinstance(worth, Table)]
    given = tables[0] if tables else Table(complete=False)
    shown = f"{ast.unparse(call.func)}(…)"
    at = replace(configuration.evaluator.span(call, scope), snippet=shown)
    return _listener(given, given.entries.get("bind"), at, *((given.at,) if given.at is not None else ()))


def _listener(given: Table, bind: Value | None, *places: SourceSpan) -> Reading:
    listener = app_servers.read(GUNICORN, has_certificate(GUNICORN, given))
    where = app_servers.endpoint(GUNICORN, {"bind": written(bind) if bind is not None else None})
    return Reading(listener, Origin.DECLARED, where, None, places)
