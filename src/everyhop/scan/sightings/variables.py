"""URLs that stand in environment files and in settings of unknown purpose, where no known use of them was found."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Final

from everyhop.model.evidence import SourceSpan
from everyhop.scan.resolve.environment import Environment
from everyhop.scan.resolve.project import Module
from everyhop.scan.resolve.scopes import Scope
from everyhop.scan.resolve.values import Known, Partly, Value, choice, options, place
from everyhop.scan.sightings.dialers import is_database_url
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.use import Use

# What a person is to fill in: `postgresql://{user}@{host}/{database}` in a text that is no f-string, `<host>`.
_BLANKS: Final = re.compile(r"\{\w*\}|<\w+>|://[^/]*:port\b")
# Names under which people keep database URLs; a URL under another name may be an example, a test's input, a doc's.
_NAMED: Final = re.compile(r"(?:^|_)(?:url|uri|dsn|database|db|conn|conninfo|connection)(?:_|$|s$)", re.IGNORECASE)


def in_environment(environment: Environment, seen: frozenset[SourceSpan]) -> Iterator[Use]:
    """The variables that hold a database URL and that no Python was seen to use."""
    for setting in environment.settings:
        value = environment.worth(setting)
        if setting.at not in seen and any(is_database_url(_start(option)) for option in options(value)):
            yield Use(setting.name, setting.at, value, setting=True, guessed=setting.template)


def in_python(modules: Iterable[Module], configuration: Configuration) -> Iterator[Use]:
    """The settings and constants that hold a database URL, by their names."""
    for module in modules:
        for target, value, scope in module.names.assignments:
            name = _name(target)
            if (
                name is not None
                and _NAMED.search(name)
                and isinstance(value, ast.Constant | ast.JoinedStr | ast.BinOp | ast.Call)
            ):
                yield from _use(name, value, scope, configuration)


def _use(name: str, node: ast.expr, scope: Scope, configuration: Configuration) -> Iterator[Use]:
    span = configuration.evaluator.span(node, scope)
    found = [option for option in options(configuration.evaluator.value(node, scope)) if _stands_in(option, span)]
    if any(is_database_url(_start(option)) and not _BLANKS.search(_start(option)) for option in found):
        yield Use(name, span, choice(found), setting=True, guessed=True)


def _stands_in(value: Value, span: SourceSpan) -> bool:
    """Whether a value is written here, and not handed on from elsewhere."""
    at = place(value)
    return at is not None and at.path == span.path and span.line <= at.line <= span.end_line


def _name(target: ast.expr) -> str | None:
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str() as name)):
            return name
        case _:
            return None


def _start(value: Value) -> str:
    match value:
        case Known(value=str() as known):
            return known
        case Partly(pieces=(str() as first, *_)):
            return first
        case _:
            return ""
