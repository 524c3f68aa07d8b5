"""What an expression refers to: a class, function or module of the project, or a full name through imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from everyhop.scan.resolve.project import Module, Project, stars
from everyhop.scan.resolve.scopes import Deed, Definition, FunctionNode, Scope

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
                    return _part(project, owner, name)
                case _:
                    pass
            return project.imported(ast.unparse(node), scope.path) if is_dotted(node) else None
        case ast.Call(func=function):
            made = found(project, function, scope)
            return _made(project, made, _IMPORTS) if isinstance(made, Scope) else made
        case _:
            return None


def qualified(project: Project, node: ast.expr, scope: Scope) -> str | None:
    """The full name of what an expression names, through imports: `sa.create_engine` is `sqlalchemy.create_engine`."""
    return _dotted(project, node, scope, _IMPORTS)


def may_name(node: ast.expr, scope: Scope, names: frozenset[str]) -> bool:
    """Whether an expression can have one of these names last in its full name, as far as this module tells."""
    if isinstance(node, ast.Attribute):
        return node.attr in names
    if not isinstance(node, ast.Name):
        return False
    here = _defining(node.id, scope)
    deed = _first(node.id, here) if here is not None else None
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
    while here is not None and not here.bindings(name):
        here = here.parent
    return here


def _first(name: str, scope: Scope) -> Definition:
    """What a name is by its first deed; where it is imported if that goes well, it is what was imported."""
    bindings = scope.bindings(name)
    imported = [one for one in bindings if one.deed is Deed.IMPORT]
    return next((one for one in imported if not one.conditional), (imported or bindings)[0])


def _made(project: Project, made: Scope, depth: int) -> Scope | None:
    """The class of what calling a class or function of the project gives: by annotation, else by its one return."""
    if not isinstance(made.node, FunctionNode) or not depth:
        return made
    around = made.parent or made
    given = _annotated(project, made.node.returns, around)
    if given is None and len(made.returns) == 1:
        match made.returns[0]:
            case ast.Call(func=ast.Name(id=name)) | ast.Name(id=name):
                given = _thing(project, name, made, depth - 1)
            case _:
                pass
    return given if isinstance(given, Scope) and isinstance(given.node, ast.ClassDef) else made


def _part(project: Project, owner: Scope, name: str) -> Scope | Module | None:
    """What an attribute of a class or its instance is: a method, an inner class, the class of what it holds."""
    for here in line_of(project, owner):
        for one in here.definitions.get(name, ()):
            if one.scope is not None:
                return one.scope
        for statement in here.node.body:
            match statement:
                case ast.AnnAssign(target=ast.Name(id=target), annotation=annotation) if target == name:
                    held = _annotated(project, annotation, here)
                    if held is not None:
                        return held
                case _:
                    pass
        given = [*here.definitions.get(name, ()), *here.attributes.get(name, ())]
        for one in given[-1:]:
            if isinstance(one.value, ast.Call) and isinstance(one.value.func, ast.Name):
                made = _thing(project, one.value.func.id, one.scope or here, _IMPORTS)
                return _made(project, made, _IMPORTS) if isinstance(made, Scope) else None
    return None


def _annotated(project: Project, annotation: ast.expr | None, scope: Scope) -> Scope | Module | None:
    """The class of the project that an annotation names: `Settings`, `"Settings"`, `Annotated[Settings, …]`."""
    match annotation:
        case ast.Name(id=name) | ast.Constant(value=str() as name):
            return _thing(project, name, scope, _IMPORTS)
        case ast.Subscript(value=ast.Name(id="Annotated" | "Optional"), slice=ast.Tuple(elts=[inner, *_]) | inner):
            return _annotated(project, inner, scope)
        case _:
            return None


def _parameter(project: Project, name: str, scope: Scope) -> Scope | Module | None:
    """The class that a parameter is annotated with."""
    here: Scope | None = scope
    while here is not None:
        if isinstance(here.node, FunctionNode):
            arguments = here.node.args
            for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
                if argument.arg == name:
                    return _annotated(project, argument.annotation, here.parent or here)
        here = here.parent
    return None


def _thing(project: Project, name: str, scope: Scope, depth: int) -> Scope | Module | None:
    here = _defining(name, scope)
    if not depth:
        return None
    if here is None:
        return _parameter(project, name, scope)
    deed = here.bindings(name)[-1]
    if deed.deed is Deed.IMPORT:
        source, _, member = deed.key.partition(":")
        whole = project.imported(f"{source}.{member}" if source.strip(".") else source + member, here.path)
        if whole is not None or not member:
            return whole
        module = project.imported(source, here.path)
        return _thing(project, member, module.names.module, depth - 1) if module else None
    if deed.deed is Deed.ASSIGN and isinstance(deed.value, ast.Call) and isinstance(deed.value.func, ast.Name):
        made = _thing(project, deed.value.func.id, here, depth - 1)
        return _made(project, made, depth - 1) if isinstance(made, Scope) else made
    return deed.scope


def _dotted(project: Project, node: ast.expr, scope: Scope, depth: int) -> str | None:
    names: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            return None
    owner = _full_name(project, node.id, scope, depth)
    return ".".join([owner, *reversed(names)]) if owner else None


def _full_name(project: Project, name: str, scope: Scope, depth: int) -> str | None:
    here = _defining(name, scope)
    if here is None:
        known = next(stars(module_scope(scope)), None)
        return f"{known}.{name}" if known else None
    deed = _first(name, here)
    if deed.deed is Deed.IMPORT:
        source, _, member = deed.key.partition(":")
        module = project.imported(source, here.path) if member and depth else None
        if module is not None and member in module.names.module.definitions:
            return _full_name(project, member, module.names.module, depth - 1)
        return f"{source}.{member}" if member else source
    if deed.deed is Deed.ASSIGN and depth and isinstance(deed.value, ast.Call):
        return _dotted(project, deed.value.func, here, depth - 1)
    return None
