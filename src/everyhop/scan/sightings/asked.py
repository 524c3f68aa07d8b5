"""Settings named as the URL of a database that only the run tells, where no use of them was found."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Final

from everyhop.model.evidence import SourceSpan
from everyhop.scan.resolve.environment import Environment, Setting
from everyhop.scan.resolve.fields import variables
from everyhop.scan.resolve.project import Module
from everyhop.scan.resolve.scopes import FunctionNode, Scope
from everyhop.scan.resolve.values import Hole, Known, Made, Partly, Table, Unknown, Value, choice, options, place, text
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.naming import is_url_name
from everyhop.scan.sightings.places import is_for_show, is_for_tests
from everyhop.scan.sightings.schemes import is_database_url
from everyhop.scan.sightings.use import Use
from everyhop.scan.syntax.interpolation import Reference

# What asks for a value: a name or an attribute only hands one on.
_ASKING: Final = ast.Call | ast.Subscript | ast.BoolOp | ast.IfExp
_SETTING: Final = frozenset({"from_mapping", "update", "setdefault"})
_WORD: Final = re.compile(r"\w+")
_FILE: Final = re.compile(r"sqlite(?:\+\w+)?:", re.IGNORECASE)


def names_in(use: Use) -> Iterator[str]:
    """What a use asks for, by the last words of the names: `settings.DATABASE_URL` and `config[DATABASE_URL]` alike."""
    pending = [value for value in (use.url, use.keywords) if value is not None]
    while pending:
        match pending.pop():
            case Unknown(name=name, fallback=fallback):
                yield from _last_word(name)
                pending += [fallback] if fallback is not None else []
            case Partly(pieces=pieces):
                for piece in pieces:
                    if isinstance(piece, Hole):
                        yield from _last_word(piece.name)
            case Table(entries=entries):
                pending += entries.values()
            case Made(callee=callee):
                yield from _last_word(callee)
            case Known():
                pass
            case several:
                pending += [option for option in options(several) if option is not several]


Named = tuple[str, SourceSpan, Value]
"""A setting that is named as the URL of a database: its place, and what is asked for it."""


def named(module: Module, configuration: Configuration) -> Iterator[Named]:
    """Those of a module, its classes and configs that are asked for at run time, and those of pydantic's classes."""
    if not is_for_tests(module.path):
        yield from _assigned(module, configuration)
        yield from _declared(module, configuration)


def in_python(settings: Iterable[Named], told: frozenset[str], seen: frozenset[SourceSpan]) -> Iterator[Use]:
    """Of these settings those that may be a database's URL and that no other place tells."""
    for name, at, worth in settings:
        if name.casefold() in told:
            continue
        open_ends = [option for option in options(worth) if _is_open(option, told, seen)]
        if open_ends:
            yield Use(name, at, choice(open_ends), setting=True, guessed=True)


def in_environment(environment: Environment, told: frozenset[str], used: frozenset[SourceSpan]) -> Iterator[Use]:
    """The variables that programs are given, and of which no file tells more than where they come from."""
    shown: set[tuple[str, str]] = set()
    for setting in environment.settings:
        place_of_name = (setting.file, setting.name)
        if setting.template or setting.at in used or place_of_name in shown or is_for_tests(setting.file):
            continue
        if not is_url_name(setting.name) or setting.name.casefold() in told:
            continue
        value = environment.worth(setting)
        if setting.pieces and all(isinstance(option, Unknown) and not option.fallback for option in options(value)):
            shown.add(place_of_name)
            yield Use(setting.name, setting.at, value, setting=True, guessed=True)


def in_settings(values: Iterable[Setting], told: frozenset[str]) -> Iterator[Use]:
    """The values of settings files that somebody else fills in: `sqlalchemy.url = %(DB_URL)s`, `{{ database_url }}`."""
    for setting in values:
        filled_in = setting.pieces and all(isinstance(piece, Reference) for piece in setting.pieces)
        if not filled_in or not is_url_name(setting.name) or told.intersection(_last_word(setting.name)):
            continue
        if not (is_for_tests(setting.file) or is_for_show(setting.file)):
            yield Use(setting.name, setting.at, Unknown(setting.name), setting=True, guessed=True)


def _assigned(module: Module, configuration: Configuration) -> Iterator[Named]:
    evaluator = configuration.evaluator
    found = [
        (name, value, scope)
        for target, value, scope in module.names.assignments
        if (name := _setting(target, scope)) is not None
    ]
    for call, scope in module.names.calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr in _SETTING:
            found += [(keyword.arg, keyword.value, scope) for keyword in call.keywords if keyword.arg]
    for name, value, scope in found:
        if is_url_name(name) and isinstance(value, _ASKING) and not _is_handed_on(value):
            yield name, evaluator.span(value, scope), evaluator.value(value, scope)


def _is_handed_on(value: ast.expr) -> bool:
    """Whether a setting is another one of the same config: `app.config["X"] = app.config["Y"]`."""
    match value:
        case ast.Subscript(value=ast.Attribute(attr="config")):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="config"), attr="get")):
            return True
        case _:
            return False


def _setting(target: ast.expr, scope: Scope) -> str | None:
    """The name of a setting: of a module's or class's, an object's or a config's; none for a function's variable."""
    match target:
        case ast.Name(id=name) if not isinstance(scope.node, FunctionNode):
            return name
        case ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str() as name)):
            return name
        case _:
            return None


def _declared(module: Module, configuration: Configuration) -> Iterator[Named]:
    """The fields without a value of pydantic's classes of settings: they come from the environment."""
    project = configuration.project
    for deeds in module.names.module.definitions.values():
        for owner in (deed.scope for deed in deeds if deed.scope and isinstance(deed.scope.node, ast.ClassDef)):
            for statement in owner.node.body:
                match statement:
                    case ast.AnnAssign(target=ast.Name(id=name) as target, value=None) if is_url_name(name):
                        if variables(project, owner, name) and (worth := configuration.evaluator.member(owner, name)):
                            yield name, configuration.evaluator.span(target, owner), worth
                    case _:
                        pass


def _is_open(option: Value, told: frozenset[str], seen: frozenset[SourceSpan]) -> bool:
    """Whether this may be a database's URL, and no other place tells it."""
    match option:
        case Unknown(fallback=fallback):
            defaults = options(fallback) if fallback is not None else ()
            written = [text(one) or "" for one in defaults]
            if any("://" in url and not (is_database_url(url) or _FILE.match(url)) for url in written):
                return False
            return not (
                told.intersection(names_in(Use("", _NOWHERE, option))) or seen.intersection(map(place, defaults))
            )
        case Made():
            return not told.intersection(names_in(Use("", _NOWHERE, option)))
        case Known(value=str() as url):
            return is_database_url(url) and place(option) not in seen
        case _:
            return False


def _last_word(name: str) -> Iterator[str]:
    yield from (word.casefold() for word in _WORD.findall(name)[-1:])


_NOWHERE: Final = SourceSpan("", 1, 1, 1, 1)
