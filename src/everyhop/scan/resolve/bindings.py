"""What a name is worth: a parameter, what the deeds to it leave of it in their order, a class's attribute."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from everyhop.scan.resolve import calls, operators
from everyhop.scan.resolve.fields import variables
from everyhop.scan.resolve.options import option_default
from everyhop.scan.resolve.project import Project, stars
from everyhop.scan.resolve.references import line_of, module_scope
from everyhop.scan.resolve.scopes import Deed, Definition, FunctionNode, Scope
from everyhop.scan.resolve.values import Known, Made, Table, Unknown, Value, choice, options, text

_DEEDS: Final = 64
"""Deeds to one name that are followed, from the last plain assignment on."""
_CHANGING: Final = frozenset({"setdefault", "pop", "clear"})
"""Methods that change the dict they are called on; `update` is a deed of its own."""
_END: Final = (1 << 60, 0)

Position = tuple[int, int]


@dataclass(slots=True)
class Bindings:
    """Answers what a name is worth; `value` and `arguments` say what the expressions are that were bound to it."""

    project: Project
    value: Callable[[ast.expr, Scope], Value]
    arguments: Callable[[ast.Call, Scope], tuple[tuple[Value, ...], Table]]
    _asked: list[tuple[str, Scope]] = field(default_factory=list)
    _frames: list[tuple[Scope, Mapping[str, Value]]] = field(default_factory=list)

    def local(self, name: str, scope: Scope, position: Position) -> Value:
        """A name as a scope sees it at a position; an enclosing scope has run to its end by then."""
        here: Scope | None = scope
        while here is not None:
            given = self._given(name, here)
            if name in here.definitions:
                if given is None and here.parent is not None and not here.bindings(name):
                    given = self.local(name, here.parent, _END)
                return self._named(here, name, position if here is scope else _END, given)
            if given is not None:
                return given
            here = here.parent
            while here is not None and isinstance(here.node, ast.ClassDef):
                here = here.parent
        for source in stars(module_scope(scope)):
            module = self.project.imported(source, scope.path)
            if module is not None and name in module.names.module.definitions:
                return self.at_the_end(module.names.module, name)
        return Unknown(name)

    def at_the_end(self, scope: Scope, name: str) -> Value:
        """A name as its own scope leaves it when it has run."""
        return self._named(scope, name, _END, None)

    def member(self, owner: Scope, name: str) -> Value | None:
        """A class's or its instance's attribute: what a property returns, what pydantic's settings read."""
        own = self._attribute(owner, name)
        names = variables(self.project, owner, name)
        return self.project.environment.first(names, owner.path, own) if names else own

    def _attribute(self, owner: Scope, name: str) -> Value | None:
        for here in line_of(self.project, owner):
            if name in here.definitions:
                method = here.definitions[name][-1].scope
                return self.returned(method, (), Table()) if method else self.at_the_end(here, name)
            for deed in here.attributes.get(name, ())[-1:]:
                if deed.value is not None and deed.scope is not None and (name, here) not in self._asked:
                    with self._asking(here, name):
                        return self.value(deed.value, deed.scope)
        return None

    def returned(self, function: Scope, arguments: Sequence[Value], keywords: Table) -> Value:
        """What a function of the project returns for these arguments: any of its `return`s."""
        if ("return", function) in self._asked or not function.returns:
            return Unknown(f"{getattr(function.node, 'name', 'a function')}()")
        self._frames.append((function, dict(_bound(function, arguments, keywords))))
        try:
            with self._asking(function, "return"):
                return choice(self.value(node, function) for node in function.returns)
        finally:
            self._frames.pop()

    def _given(self, name: str, scope: Scope) -> Value | None:
        """A parameter: what the call that is being followed gave for it, else unknown, with its default."""
        if not isinstance(scope.node, FunctionNode):
            return None
        for owner, frame in reversed(self._frames):
            if name in frame and owner == scope:
                return frame[name]
        parameters = _parameters(scope.node)
        if name not in parameters:
            return None
        default = parameters[name] or option_default(scope.node, name)
        return Unknown(name, self.value(default, scope.parent or scope) if default is not None else None)

    def _named(self, scope: Scope, name: str, position: Position, before: Value | None) -> Value:
        """What the deeds to a name in its own scope, up to a position, leave it worth."""
        if (name, scope) in self._asked and position == _END:
            return Unknown(name)
        deeds = scope.definitions[name]
        last = len(deeds)
        while last and deeds[last - 1].position >= position:
            last -= 1
        first = last
        while first and last - first < _DEEDS:
            first -= 1
            if deeds[first].deed is Deed.ASSIGN and not deeds[first].conditional:
                break
        worth = before
        with self._asking(scope, name):
            for deed in deeds[first:last]:
                after = self._done(deed, worth, scope, name)
                worth = choice([worth, after]) if deed.conditional and worth is not None else after
        return worth if worth is not None else Unknown(name)

    @contextmanager
    def _asking(self, scope: Scope, name: str) -> Iterator[None]:
        self._asked.append((name, scope))
        try:
            yield
        finally:
            self._asked.pop()

    def _done(self, deed: Definition, before: Value | None, scope: Scope, name: str) -> Value:
        """What a deed leaves of what a name was worth before it."""
        match deed:
            case Definition(deed=Deed.ASSIGN, value=ast.expr() as node):
                return self.value(node, scope)
            case Definition(deed=Deed.APPEND, value=ast.expr() as node) if before is not None:
                more = self.value(node, scope)
                return choice(operators.extended(option, more) for option in options(before))
            case Definition(deed=Deed.ENTRY, value=ast.expr() as node, key=key):
                worth = self.value(node, scope)
                return operators.changed(before, Table, lambda table: table.with_entry(key, worth))
            case Definition(deed=Deed.SOME_ENTRY):
                return operators.changed(before, Table, lambda table: replace(table, complete=False))
            case Definition(deed=Deed.ATTRIBUTE, value=ast.expr() as node, key=key):
                return self._told(before, key, self.value(node, scope))
            case Definition(deed=Deed.UPDATE, value=ast.Call() as node):
                arguments, keywords = self.arguments(node, scope)
                updated = operators.table(arguments[0]).merged(keywords) if arguments else keywords
                return operators.changed(before, Table, lambda table: table.merged(updated))
            case Definition(deed=Deed.CALL, value=ast.Call() as node, key=key):
                if before is None or key not in (*calls.TELLING, *_CHANGING):
                    return before if before is not None else Unknown(name)
                arguments, keywords = self.arguments(node, scope)
                if key in _CHANGING:
                    return operators.changed(before, Table, lambda table: _changed(table, key, arguments))
                return self._told(before, f"{key}()", Made(key, arguments, keywords))
            case Definition(deed=Deed.IMPORT, key=key):
                return self._imported(key, scope)
            case _:
                return before if before is not None and deed.deed is Deed.APPEND else Unknown(name)

    @staticmethod
    def _told(before: Value | None, name: str, worth: Value) -> Value:
        return operators.changed(
            before, Made, lambda made: replace(made, attributes=made.attributes.with_entry(name, worth))
        )

    def _imported(self, key: str, scope: Scope) -> Value:
        source, _, name = key.partition(":")
        module = self.project.imported(source, scope.path)
        if module is not None and name in module.names.module.definitions:
            return self.at_the_end(module.names.module, name)
        return Unknown(f"{source}.{name}".strip(".") if name else source)


def _changed(table: Table, method: str, arguments: Sequence[Value]) -> Table:
    """A dict after `setdefault(key, value)`, `pop(key)` or `clear()`."""
    key = text(arguments[0]) if arguments else None
    match method:
        case "clear":
            return Table(at=table.at)
        case _ if key is None:
            return replace(table, complete=False)
        case "pop":
            return replace(table, entries={name: value for name, value in table.entries.items() if name != key})
        case _ if key in table.entries:
            return table
        case _:
            return table.with_entry(key, arguments[1] if len(arguments) > 1 else Known(None))


def _parameters(node: FunctionNode) -> Mapping[str, ast.expr | None]:
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(named) - len(arguments.defaults))
    every = dict(zip((a.arg for a in named), [*defaults, *arguments.defaults], strict=True))
    every.update(zip((a.arg for a in arguments.kwonlyargs), arguments.kw_defaults, strict=True))
    every.update((a.arg, None) for a in (arguments.vararg, arguments.kwarg) if a)
    return every


def _bound(function: Scope, arguments: Sequence[Value], keywords: Table) -> Iterator[tuple[str, Value]]:
    names = list(_parameters(function.node)) if isinstance(function.node, FunctionNode) else []
    if function.owner and names[:1] in (["self"], ["cls"]):
        names = names[1:]
    yield from zip(names, arguments, strict=False)
    yield from keywords.entries.items()
