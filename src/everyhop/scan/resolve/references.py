"""What an expression refers to: a class, function or module of the project, or a full name through imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from everyhop.scan.resolve.project import Module, Project, stars
from everyhop.scan.resolve.scopes import Deed, Scope

_IMPORTS: Final = 8
"""How far a name is followed from module to module; two modules may import it from each other."""


def found(project: Project, node: ast.expr, scope: Scope) -> Scope | Module | None:
    """The class, function or module of the project that an expression names; for an instance, its class."""
    match node:
        case ast.Name(id="self" | "cls"):
            return scope.owner
        case ast.Name(id=name):
            return _thing(project, name, scope, _IMPORTS)
        case ast.Attribute(value=base, attr=name):
            match found(project, base, scope):
                case Module() as module:
                    return _thing(project, name, module.names.module, _IMPORTS)
                case Scope(node=ast.ClassDef()) as owner:
                    return next((d.scope for d in owner.definitions.get(name, ()) if d.scope), None)
                case _:
                    pass
            return project.imported(ast.unparse(node), scope.path) if is_dotted(node) else None
        case ast.Call(func=function):
            return found(project, function, scope)
        case _:
            return None


def qualified(project: Project, node: ast.expr, scope: Scope) -> str | None:
    """The full name of what an expression names, through imports: `sa.create_engine` is `sqlalchemy.create_engine`."""
    names: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            return None
    owner = _full_name(project, node.id, scope, _IMPORTS)
    return ".".join([owner, *reversed(names)]) if owner else None


def may_name(node: ast.expr, scope: Scope, names: frozenset[str]) -> bool:
    """Whether an expression can have one of these names last in its full name, as far as this module tells."""
    if isinstance(node, ast.Attribute):
        return node.attr in names
    if not isinstance(node, ast.Name):
        return False
    here = _defining(node.id, scope)
    deed = here.definitions[node.id][0] if here is not None else None
    if deed is None or deed.deed is not Deed.IMPORT:
        return node.id in names
    return deed.key.rpartition(":")[2].rpartition(".")[2] in names


def line_of(project: Project, owner: Scope) -> Iterator[Scope]:
    """A class and those it inherits from, in Python's order as far as that matters to settings."""
    pending, seen = [owner], [owner]
    while pending:
        here = pending.pop(0)
        yield here
        for base in here.node.bases if isinstance(here.node, ast.ClassDef) else ():
            other = found(project, base, here.parent or here)
            if isinstance(other, Scope) and isinstance(other.node, ast.ClassDef) and other not in seen:
                seen.append(other)
                pending.append(other)


def module_scope(scope: Scope) -> Scope:
    """The scope of the module that a scope is in."""
    while scope.parent is not None:
        scope = scope.parent
    return scope


def is_dotted(node: ast.expr) -> bool:
    """Whether an expression is nothing but names with dots between them."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def called(node: ast.expr) -> str:
    """What a person would call an expression whose value is not known; never its literals, which may be secrets."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=base, attr=name):
            return f"{called(base)}.{name}" if is_dotted(base) else name
        case ast.Call(func=function):
            return f"{called(function)}()"
        case ast.Subscript(value=base):
            return f"{called(base)}[…]"
        case _:
            return "an expression"


def _defining(name: str, scope: Scope) -> Scope | None:
    here: Scope | None = scope
    while here is not None and name not in here.definitions:
        here = here.parent
    return here


def _thing(project: Project, name: str, scope: Scope, depth: int) -> Scope | Module | None:
    here = _defining(name, scope)
    if here is None or not depth:
        return None
    deed = here.definitions[name][-1]
    if deed.deed is Deed.IMPORT:
        source, _, member = deed.key.partition(":")
        whole = project.imported(f"{source}.{member}" if source.strip(".") else source + member, here.path)
        if whole is not None or not member:
            return whole
        module = project.imported(source, here.path)
        return _thing(project, member, module.names.module, depth - 1) if module else None
    if deed.deed is Deed.ASSIGN and isinstance(deed.value, ast.Call) and isinstance(deed.value.func, ast.Name):
        return _thing(project, deed.value.func.id, here, depth - 1)
    return deed.scope


def _full_name(project: Project, name: str, scope: Scope, depth: int) -> str | None:
    here = _defining(name, scope)
    if here is None:
        known = next(stars(module_scope(scope)), None)
        return f"{known}.{name}" if known else None
    deed = here.definitions[name][0]
    if deed.deed is Deed.IMPORT:
        source, _, member = deed.key.partition(":")
        module = project.imported(source, here.path) if member and depth else None
        if module is not None and member in module.names.module.definitions:
            return _full_name(project, member, module.names.module, depth - 1)
        return f"{source}.{member}" if member else source
    if deed.deed is Deed.ASSIGN and depth and isinstance(deed.value, ast.Call):
        function = deed.value.func
        return _full_name(project, function.id, here, depth - 1) if isinstance(function, ast.Name) else None
    return None
