"""The names of a module: which scope defines what, in which order, and whether always or only on some path.

Built in one pass without recursion, so that a thousand `elif`s or a sum of ten thousand strings cost no stack.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_SUITES: Final = ("body", "orelse", "finalbody")


class Deed(Enum):
    """What a statement does to a name."""

    ASSIGN = "name = value"
    APPEND = "name += value"
    ENTRY = "name[key] = value"
    SOME_ENTRY = "name[…] = value: under a key that is no literal"
    ATTRIBUTE = "name.key = value"
    UPDATE = "name.update(value)"
    CALL = "name.key(…)"
    IMPORT = "import … as name"
    SCOPE = "def name, class name"
    BLUR = "for name in …, with … as name: not followed"


BINDING: Final = frozenset({Deed.ASSIGN, Deed.APPEND, Deed.IMPORT, Deed.SCOPE, Deed.BLUR})
"""Deeds that make a name one of the scope in which they are done; the others are done to what it means anyway."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One deed to one name. `conditional` is True inside `if`, `for`, `while`, `except` and `case`."""

    deed: Deed
    position: tuple[int, int]
    conditional: bool
    value: ast.expr | None = None
    key: str = ""
    scope: Scope | None = None


@dataclass(slots=True, eq=False)
class Scope:
    """A module, class or function, and what it defines, by name and in order. `attributes` are those of `self`.

    Two are equal that stand at one place: a module may have been parsed twice.
    """

    node: ast.Module | ast.ClassDef | FunctionNode
    parent: Scope | None
    path: str
    definitions: dict[str, list[Definition]] = field(default_factory=dict)
    attributes: dict[str, list[Definition]] = field(default_factory=dict)
    returns: list[ast.expr] = field(default_factory=list)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Scope) and self.path == other.path and self._position == other._position

    def __hash__(self) -> int:
        return hash((self.path, self._position))

    @property
    def _position(self) -> tuple[int, int]:
        """Where it starts; a module before its first statement."""
        return (0, 0) if isinstance(self.node, ast.Module) else (self.node.lineno, self.node.col_offset)

    def define(self, name: str, definition: Definition) -> None:
        """Note a deed to a name."""
        self.definitions.setdefault(name, []).append(definition)

    def bindings(self, name: str) -> list[Definition]:
        """The deeds that make a name this scope's own; none where it means another scope's."""
        return [one for one in self.definitions.get(name, ()) if one.deed in BINDING]

    @property
    def owner(self) -> Scope | None:
        """The class whose method this is."""
        inside = self.parent if isinstance(self.node, FunctionNode) else None
        return inside if inside is not None and isinstance(inside.node, ast.ClassDef) else None


@dataclass(slots=True)
class Names:
    """A module's scope, and the expressions in it that a sighting may start from, each with its scope."""

    module: Scope
    calls: list[tuple[ast.Call, Scope]] = field(default_factory=list)
    dicts: list[tuple[ast.Dict, Scope]] = field(default_factory=list)
    assignments: list[tuple[ast.expr, ast.expr, Scope]] = field(default_factory=list)
    functions: list[Scope] = field(default_factory=list)


def names(tree: ast.Module, path: str) -> Names:
    """Index a module. Linear in its nodes."""
    found = Names(Scope(tree, None, path))
    pending: list[tuple[ast.stmt, Scope, bool]] = [(s, found.module, False) for s in reversed(tree.body)]
    while pending:
        statement, scope, conditional = pending.pop()
        inner, branches = scope, conditional
        if isinstance(statement, FunctionNode | ast.ClassDef):
            inner = Scope(statement, scope, path)
            branches = False
            if isinstance(statement, FunctionNode):
                found.functions.append(inner)
            scope.define(
                statement.name,
                Definition(Deed.SCOPE, (statement.lineno, statement.col_offset), conditional, scope=inner),
            )
        elif isinstance(statement, ast.If | ast.For | ast.AsyncFor | ast.While | ast.Match):
            branches = True
        _note(statement, scope, conditional, found)
        pending += [(child, inner, branches) for child in reversed(list(_suites(statement)))]
        pending += [(child, inner, True) for child in reversed(list(_guarded(statement)))]
        _expressions(statement, scope, conditional, found)
    return found


def undo(found: Names) -> None:
    """Take a module to pieces: its scopes know each other, and would stay for as long as the program runs."""
    pending = [found.module]
    while pending:
        scope = pending.pop()
        pending += [deed.scope for deeds in scope.definitions.values() for deed in deeds if deed.scope is not None]
        scope.definitions.clear()
        scope.attributes.clear()


def _suites(statement: ast.stmt) -> Iterator[ast.stmt]:
    for suite in _SUITES:
        yield from getattr(statement, suite, ())


def _guarded(statement: ast.stmt) -> Iterator[ast.stmt]:
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield from part.body


def _end(node: ast.stmt | ast.expr) -> tuple[int, int]:
    """Where a deed is done: what stands inside `url = url + …` still sees the name as it was before."""
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


def _note(statement: ast.stmt, scope: Scope, conditional: bool, found: Names) -> None:  # noqa: FBT001 - a fact, no switch
    def define(name: str, deed: Deed, value: ast.expr | None = None, key: str = "") -> None:
        scope.define(name, Definition(deed, _end(statement), conditional, value, key))

    match statement:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                _assign(target, value, statement, scope, conditional, found)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            _assign(target, value, statement, scope, conditional, found)
        case ast.AugAssign(target=ast.Name(id=name), op=ast.Add() | ast.BitOr(), value=value):
            define(name, Deed.APPEND, value)
        case ast.Import(names=aliases):
            for alias in aliases:
                top = alias.name.partition(".")[0]
                define(alias.asname or top, Deed.IMPORT, key=alias.name if alias.asname else top)
        case ast.ImportFrom(module=module, names=aliases, level=level):
            for alias in aliases:
                define(alias.asname or alias.name, Deed.IMPORT, key=f"{'.' * level}{module or ''}:{alias.name}")
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="update")) as call):
            define(name, Deed.UPDATE, call)
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) as call):
            define(name, Deed.CALL, call, method)
        case ast.For(target=ast.Name(id=name) as target) | ast.AsyncFor(target=ast.Name(id=name) as target):
            scope.define(name, Definition(Deed.BLUR, _end(target), conditional))
        case ast.With(items=items) | ast.AsyncWith(items=items):
            for item in items:
                if isinstance(item.optional_vars, ast.Name):
                    name, end = item.optional_vars.id, _end(item.optional_vars)
                    scope.define(name, Definition(Deed.ASSIGN, end, conditional, item.context_expr))
        case ast.Return(value=ast.expr() as value) | ast.Expr(value=ast.Yield(value=ast.expr() as value)):
            scope.returns.append(value)
        case _:
            pass


def _assign(
    target: ast.expr,
    value: ast.expr,
    statement: ast.stmt,
    scope: Scope,
    conditional: bool,  # noqa: FBT001 - a fact, no switch
    found: Names,
) -> None:
    found.assignments.append((target, value, scope))
    end = _end(statement)
    match target:
        case ast.Name(id=name):
            scope.define(name, Definition(Deed.ASSIGN, end, conditional, value))
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str() as key)):
            scope.define(name, Definition(Deed.ENTRY, end, conditional, value, key))
        case ast.Subscript(value=ast.Name(id=name)):
            scope.define(name, Definition(Deed.SOME_ENTRY, end, conditional, value))
        case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=attribute) if scope.owner:
            scope.owner.attributes.setdefault(attribute, []).append(
                Definition(Deed.ASSIGN, end, conditional, value, scope=scope)
            )
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            scope.define(name, Definition(Deed.ATTRIBUTE, end, conditional, value, attribute))
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
            for index, part in enumerate(targets):
                if len(values) == len(targets):
                    _assign(part, values[index], statement, scope, conditional, found)
                elif isinstance(part, ast.Name):
                    scope.define(part.id, Definition(Deed.BLUR, end, conditional))
        case _:
            pass


def _expressions(statement: ast.stmt, scope: Scope, conditional: bool, found: Names) -> None:  # noqa: FBT001 - as above
    pending = list(_parts(statement, _HEADS))
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Call):
            found.calls.append((node, scope))
        elif isinstance(node, ast.Dict):
            found.dicts.append((node, scope))
        elif isinstance(node, ast.NamedExpr):
            scope.define(node.target.id, Definition(Deed.ASSIGN, _end(node), conditional, node.value))
        pending += _parts(node, _INNER)


def _parts(node: ast.AST, fields: Mapping[type[ast.AST], tuple[str, ...]]) -> Iterator[ast.AST]:
    for name in fields.get(type(node), ()):
        part = getattr(node, name)
        if isinstance(part, list):
            yield from part
        elif part is not None:
            yield part


def _holding(base: type[ast.AST], names: frozenset[str]) -> dict[type[ast.AST], tuple[str, ...]]:
    return {kind: tuple(name for name in kind._fields if name in names) for kind in base.__subclasses__()}


# For each kind of node the fields that may hold a call or a dict: looking at no others makes the walk twice as fast.
_HEADS: Final[Mapping[type[ast.AST], tuple[str, ...]]] = _holding(
    ast.stmt,
    frozenset("value args decorator_list bases keywords iter test items subject exc cause msg".split()),  # noqa: SIM905
)
_INNER: Final[Mapping[type[ast.AST], tuple[str, ...]]] = {
    **_holding(
        ast.expr,
        frozenset(
            "value values left right operand body test orelse elts elt generators key comparators func args keywords"  # noqa: SIM905
            " format_spec slice".split()
        ),
    ),
    ast.Constant: (),
    ast.keyword: ("value",),
    ast.comprehension: ("iter", "ifs"),
    ast.withitem: ("context_expr",),
    ast.arguments: ("defaults", "kw_defaults"),
}
