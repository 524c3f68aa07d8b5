"""Expressions to values: the part of Python in which settings are written."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from everyhop.model.evidence import SourceSpan
from everyhop.scan.resolve import calls, operators
from everyhop.scan.resolve.bindings import Bindings
from everyhop.scan.resolve.project import Module, Project
from everyhop.scan.resolve.references import called, found, qualified
from everyhop.scan.resolve.scopes import FunctionNode, Scope
from everyhop.scan.resolve.values import Known, Made, Series, Table, Unknown, Value, choice, joined, text
from everyhop.scan.syntax.python import span_of

_DEPTH: Final = 40
"""How deeply expressions, names and calls are followed into each other; written settings need about ten."""
_STEPS: Final = 1_500
"""Expressions looked at for one question, so that no source can make the scan slow."""

# Objects whose attributes are the settings that a project sets anywhere (Django).
_SETTINGS: Final = frozenset({"django.conf.settings"})
# A mapping under this name that is handed around is the environment: `def load(env): env.get("DATABASE_URL")`.
_ENVIRONMENT: Final = re.compile(r"env|environ|environment")


@dataclass(slots=True)
class Evaluator:
    """Answers what an expression is worth. `configuration` finds a key of the app's config, wherever it is set."""

    project: Project
    configuration: Callable[[str], Value | None] = field(default=lambda _key: None)
    _depth: int = 0
    _steps: int = 0
    _bindings: Bindings = field(init=False)

    def __post_init__(self) -> None:
        self._bindings = Bindings(self.project, self.value, self.arguments)

    def value(self, node: ast.expr, scope: Scope) -> Value:
        """What an expression is worth in its scope."""
        if self._depth == 0:
            self._steps = 0
        self._steps += 1
        if self._depth >= _DEPTH or self._steps > _STEPS:
            return Unknown(called(node))
        self._depth += 1
        try:
            return self._value(node, scope)
        finally:
            self._depth -= 1

    def span(self, node: ast.expr, scope: Scope) -> SourceSpan:
        """Where an expression stands."""
        span = span_of(node, self.project.lines(scope.path))
        return SourceSpan(scope.path, span.line, span.column, span.end_line, span.end_column)

    def qualified(self, node: ast.expr, scope: Scope) -> str | None:
        """The full name of what an expression names, through imports."""
        return qualified(self.project, node, scope)

    def member(self, owner: Scope, name: str) -> Value | None:
        """A class's or its instance's attribute; a property or method gives what it returns."""
        return self._bindings.member(owner, name)

    def arguments(self, node: ast.Call, scope: Scope) -> tuple[tuple[Value, ...], Table]:
        """What a call is given: by position (nothing past a `*` of unknown length), and by name with `**` opened up."""
        positional: list[Value] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                rest = self.value(argument.value, scope)
                positional += rest.items if isinstance(rest, Series) else ()
                break
            positional.append(self.value(argument, scope))
        keywords = Table()
        for keyword in node.keywords:
            worth = self.value(keyword.value, scope)
            if keyword.arg:
                keywords = keywords.with_entry(keyword.arg, worth)
            else:
                keywords = keywords.merged(operators.table(worth))
        return tuple(positional), keywords

    def _value(self, node: ast.expr, scope: Scope) -> Value:
        match node:
            case ast.Constant(value=int() as number) if number.bit_length() > 64:
                # No setting is that large, and Python refuses to write one of more than 4,300 digits as text.
                return Unknown("a number beyond 64 bits", at=self.span(node, scope))
            case ast.Constant(value=str() | bytes() | int() | float() | bool() | None as plain):
                return Known(plain, self.span(node, scope))
            case ast.JoinedStr(values=parts):
                return joined([self.value(part, scope) for part in parts], self.span(node, scope))
            case ast.FormattedValue(value=inner) | ast.Await(value=inner) | ast.NamedExpr(value=inner):
                return self.value(inner, scope)
            case ast.Name(id=name):
                return self._bindings.local(name, scope, (node.lineno, node.col_offset))
            case ast.Attribute():
                return self._attribute(node, scope)
            case ast.BinOp():
                return self._operation(node, scope)
            case ast.BoolOp(op=ast.Or(), values=parts):
                return operators.either([self.value(part, scope) for part in parts])
            case ast.IfExp(body=body, orelse=orelse):
                return choice([self.value(body, scope), self.value(orelse, scope)])
            case ast.Dict():
                return self._dict(node, scope)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return Series(tuple(self.value(item, scope) for item in items), self.span(node, scope))
            case ast.Subscript(value=base, slice=key):
                return self._subscript(base, key, node, scope)
            case ast.Compare() | ast.UnaryOp():
                return self._truth(node, scope)
            case ast.Call():
                return self._call(node, scope)
            case _:
                return Unknown(called(node), at=self.span(node, scope))

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Value:
        match found(self.project, node.value, scope):
            case Module() as module if node.attr in module.names.module.definitions:
                return self._bindings.at_the_end(module.names.module, node.attr)
            case Scope(node=ast.ClassDef()) as owner:
                value = self.member(owner, node.attr)
                if value is not None:
                    return value
            case None if self.qualified(node.value, scope) in _SETTINGS and (known := self.configuration(node.attr)):
                return known
            case _:
                pass
        return Unknown(self.qualified(node, scope) or called(node), at=self.span(node, scope))

    def _operation(self, node: ast.BinOp, scope: Scope) -> Value:
        terms: list[ast.expr] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add):  # a long sum leans to the left
            terms.append(left.right)
            left = left.left
        at = self.span(node, scope)
        if terms:
            return operators.added([self.value(term, scope) for term in (left, *reversed(terms))], at)
        one, other = self.value(node.left, scope), self.value(node.right, scope)
        match node.op:
            case ast.Mod():
                return operators.percent(one, other, at)
            case ast.BitOr() if isinstance(one, Table):
                return one.merged(other)
            case ast.Div():
                return joined([one, Known("/"), other], at)
            case _:
                return Unknown(called(node), at=at)

    def _truth(self, node: ast.expr, scope: Scope) -> Value:
        at = self.span(node, scope)
        match node:
            case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq() | ast.In() as operator], comparators=[right]):
                one, other = self.value(left, scope), self.value(right, scope)
                if isinstance(operator, ast.In) and isinstance(other, Series):
                    same = [operators.equal(one, item) for item in other.items]
                    return Known(any(same), at) if None not in same else Unknown(called(node), at=at)
                equal = operators.equal(one, other)
                if equal is not None and not isinstance(operator, ast.In):
                    return Known(equal is isinstance(operator, ast.Eq), at)
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                worth = self.value(inner, scope)
                if isinstance(worth, Known):
                    return Known(not worth.value, at)
            case _:
                pass
        return Unknown(called(node), at=at)

    def _dict(self, node: ast.Dict, scope: Scope) -> Value:
        table = Table(at=self.span(node, scope))
        for key, item in zip(node.keys, node.values, strict=True):
            worth = self.value(item, scope)
            name = text(self.value(key, scope)) if key is not None else None
            if key is None:
                table = table.merged(operators.table(worth))
            elif name is not None:
                table = table.with_entry(name, worth)
            else:
                table = replace(table, complete=False)
        return table

    def _subscript(self, base: ast.expr, key: ast.expr, node: ast.expr, scope: Scope) -> Value:
        index = self.value(key, scope)
        name = text(index)
        if name is not None and (shared := self._shared(base, name, None, scope)) is not None:
            return shared
        match self.value(base, scope), index:
            case Table(entries=entries), Known(value=str() as entry) if entry in entries:
                return entries[entry]
            case Series(items=items), Known(value=int() as number) if -len(items) <= number < len(items):
                return items[number]
        return Unknown(f"{called(base)}[{name}]" if name else called(node), at=self.span(node, scope))

    def _shared(self, base: ast.expr, key: str, default: Value | None, scope: Scope) -> Value | None:
        """`base[key]` where `base` is the environment or the app's config; None for anything else."""
        if self.qualified(base, scope) == "os.environ":
            return self.project.environment.value(key, scope.path, default)
        if isinstance(base, ast.Attribute) and base.attr == "config":
            return self.configuration(key)
        if isinstance(base, ast.Name) and _ENVIRONMENT.fullmatch(base.id) and key.isupper():
            owner = self._bindings.local(base.id, scope, (base.lineno, base.col_offset))
            if isinstance(owner, Unknown):
                return self.project.environment.value(key, scope.path, default)
        return None

    def _call(self, node: ast.Call, scope: Scope) -> Value:
        at = self.span(node, scope)
        arguments, keywords = self.arguments(node, scope)
        plain = node.func.id if isinstance(node.func, ast.Name) else None
        name = self.qualified(node.func, scope) or plain
        if name in calls.ENVIRONMENT_CALLS and arguments and (variable := text(arguments[0])):
            rest = [*arguments[1:], *(v for k, v in keywords.entries.items() if k == "default")]
            return self.project.environment.value(variable, scope.path, rest[0] if rest else None)
        if name is not None and (known := calls.function(name, arguments, keywords, at)) is not None:
            return known
        own = found(self.project, node.func, scope)
        if isinstance(own, Scope) and isinstance(own.node, FunctionNode):
            return self._bindings.returned(own, arguments, keywords)
        if isinstance(node.func, ast.Attribute):
            known = self._method(node.func, arguments, keywords, scope, at)
            if known is not None:
                return known
        return Made(name or called(node.func), arguments, keywords, at=at)

    def _method(
        self, function: ast.Attribute, arguments: Sequence[Value], keywords: Table, scope: Scope, at: SourceSpan
    ) -> Value | None:
        key = text(arguments[0]) if arguments else None
        if function.attr == "get" and key is not None:
            default = arguments[1] if len(arguments) > 1 else None
            shared = self._shared(function.value, key, default, scope)
            if shared is not None:
                return shared
        return calls.method(self.value(function.value, scope), function.attr, arguments, keywords, at)
