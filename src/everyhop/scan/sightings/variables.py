"""URLs that stand in environment files and in settings of unknown purpose, where no known use of them was found."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Final

from everyhop.model.evidence import SourceSpan
from everyhop.scan.resolve import calls
from everyhop.scan.resolve.environment import Environment, Setting
from everyhop.scan.resolve.options import declared
from everyhop.scan.resolve.project import Module
from everyhop.scan.resolve.references import may_name
from everyhop.scan.resolve.scopes import FunctionNode, Scope
from everyhop.scan.resolve.values import Hole, Known, Partly, Unknown, Value, choice, options, place
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.schemes import is_database_url
from everyhop.scan.sightings.use import Use

# What a person is to fill in: `postgresql://{user}@{host}/{database}` in a text that is no f-string, `<host>`.
# A password of asterisks is what a log shows.
_BLANKS: Final = re.compile(r"\{\w*\}|<[\w -]+>|://[^/]*:port\b|@host(?:name)?(?:[:/]|\Z)|://[^/]*:\*+@", re.IGNORECASE)
# Keys under which a file tells people something.
_TOLD: Final = re.compile(
    r"(?:x-)?examples?|description|help|comment|docs?|doc_md|title|placeholder|summary|message", re.IGNORECASE
)
# Expressions that write a text: what else is assigned is handed on from elsewhere.
_WRITTEN: Final = ast.Constant | ast.JoinedStr | ast.BinOp | ast.BoolOp | ast.IfExp
_BUILDING: Final = frozenset({"build", "create", "URL"})
# Names under which people keep database URLs; a URL under another name may be an example, a test's input, a doc's.
_NAMED: Final = re.compile(
    r"(?:^|[_.])(?:url|uri|dsn|database|db|conn?|conninfo|connection|backend|engine|postgres|postgresql|mysql|mariadb)(?:_|$|s$)",
    re.IGNORECASE,
)

# Names of functions that are handed a URL to dial by, and of those that only look at one, or tell it.
_TAKING: Final = re.compile(
    r"engine|database|(?:^|_)db(?:_|$)|DB$|sql|(?:^|_)pool(?:_|$)|Pool$|MetaData$", re.IGNORECASE
)
_LOOKING: Final = re.compile(
    r"parse|split|valid|mask|check|is_|assert|print|log|warn|error|exception|quote|redact|safe|url|uri|test|^sql$|normal",
    re.IGNORECASE,
)


def in_environment(environment: Environment, seen: frozenset[SourceSpan]) -> Iterator[Use]:
    """The variables that hold a database URL and that no Python was seen to use."""
    for setting in environment.settings:
        value = environment.worth(setting)
        if setting.at not in seen and any(is_database_url(_shown(option)) for option in options(value)):
            yield Use(setting.name, setting.at, value, setting=True, guessed=setting.template)


def in_settings(settings: Iterable[Setting], environment: Environment) -> Iterator[Use]:
    """The values that hold a database URL in files that a program may read, or that run one."""
    for setting in settings:
        if _TOLD.fullmatch(setting.name):
            continue
        start = next((piece for piece in setting.pieces if isinstance(piece, str)), "")
        if "://" in start or len(setting.pieces) > 1:
            value = environment.worth(setting)
            if any(_is_meant(option) for option in _alternatives(value)):
                yield Use(setting.name, setting.at, value, setting=True, guessed=True)


def _is_meant(value: Value) -> bool:
    """Whether a text begins as a database URL does, and is none that a person is to fill in."""
    shown = _shown(value)
    return is_database_url(shown) and not _BLANKS.search(shown)


def in_python(module: Module, configuration: Configuration) -> Iterator[Use]:
    """The settings, constants, arguments and results of a module that hold a database URL, by their names."""
    for name, node, scope in _candidates(module, configuration):
        if _has_scheme(node) or (isinstance(node, ast.Call) and may_name(node.func, scope, _BUILDING)):
            yield from _use(name, node, scope, configuration)


def _candidates(module: Module, configuration: Configuration) -> Iterator[tuple[str, ast.expr, Scope]]:
    """What is named like a database URL and may be one, and what builds one under whatever name."""
    for target, value, scope in module.names.assignments:
        name = _name(target)
        if name is not None and _NAMED.search(name) and isinstance(value, _WRITTEN | ast.Call):
            yield name, value, scope
    for scope in module.names.functions:
        name = scope.node.name if isinstance(scope.node, FunctionNode) else ""
        for value in scope.returns if _NAMED.search(name) else ():
            if isinstance(value, _WRITTEN | ast.Call):
                yield name, value, scope
    for table, scope in module.names.dicts:
        for key, value in zip(table.keys, table.values, strict=True):
            name = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
            if isinstance(value, _WRITTEN) and _NAMED.search(name):
                yield name, value, scope
            elif isinstance(value, ast.Dict) and _NAMED.search(name):
                yield from ((name, default, scope) for default in _defaults(value))
    for call, scope in module.names.calls:
        option = declared(call)
        if option is not None and isinstance(option[1], _WRITTEN) and _NAMED.search(option[0]):
            yield *option, scope
        for keyword in call.keywords:
            if keyword.arg and isinstance(keyword.value, _WRITTEN) and _NAMED.search(keyword.arg):
                yield keyword.arg, keyword.value, scope
        called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if _TAKING.search(called) and not _LOOKING.search(called):
            yield from ((called, part, scope) for part in call.args if isinstance(part, ast.Constant | ast.JoinedStr))
        if may_name(call.func, scope, _BUILDING):
            made = configuration.evaluator.qualified(call.func, scope) or ""
            if calls.builds_url(made):
                yield made.rpartition(".")[2], call, scope


def _defaults(declared: ast.Dict) -> Iterator[ast.expr]:
    """What a declaration of a setting, `{"value": …, "validator": …}`, gives it unless it is set."""
    for key, value in zip(declared.keys, declared.values, strict=True):
        if isinstance(key, ast.Constant) and key.value in ("default", "value") and isinstance(value, _WRITTEN):
            yield value


def _has_scheme(node: ast.expr) -> bool:
    """Whether `://` is written in an expression: only then is it worth what its evaluation costs."""
    return any(isinstance(n, ast.Constant) and isinstance(n.value, str) and "://" in n.value for n in ast.walk(node))


def _use(name: str, node: ast.expr, scope: Scope, configuration: Configuration) -> Iterator[Use]:
    span = configuration.evaluator.span(node, scope)
    worth = configuration.evaluator.value(node, scope)
    found = [option for option in _alternatives(worth) if _stands_in(option, span)]
    if any(_is_meant(option) for option in found):
        yield Use(name, span, choice(found), setting=True, guessed=True)
    elif isinstance(node, ast.Call) and any(_is_open(option) for option in found):
        yield Use(name, span, Unknown("the driver"), guessed=True)


def _alternatives(value: Value) -> Iterator[Value]:
    """The alternatives of a value, with the defaults of those that are known only at run time."""
    for option in options(value):
        if isinstance(option, Unknown) and option.fallback is not None:
            yield from _alternatives(option.fallback)
        else:
            yield option


def _is_open(value: Value) -> bool:
    """Whether this is a URL of which only the run tells the scheme."""
    match value:
        case Partly(pieces=(Hole(name=name), *rest)) if "url_scheme" not in name:
            after = [piece.partition("://")[2] if isinstance(piece, str) else piece for piece in rest]
            return any(isinstance(piece, Hole) or piece.strip("/") for piece in after)
        case _:
            return False


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


def _shown(value: Value) -> str:
    match value:
        case Known(value=str() as known):
            return known
        case Partly(pieces=(str(), *_) as pieces):
            return "".join(piece if isinstance(piece, str) else "…" for piece in pieces)
        case _:
            return ""
