"""The fields of pydantic's settings classes: under which environment variables each is looked for.

`pydantic_settings.BaseSettings` reads a field from the variable of its name behind `env_prefix`, whatever the case of
its letters; `env=`, `alias=` and `validation_alias=` name others, without the prefix.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from everyhop.scan.resolve.project import Project
from everyhop.scan.resolve.references import line_of, qualified
from everyhop.scan.resolve.scopes import Scope

_BASES: Final = frozenset(
    {"pydantic.BaseSettings", "pydantic_settings.BaseSettings", "pydantic.env_settings.BaseSettings"}
    | {"pydantic.v1.BaseSettings", "pydantic_settings.main.BaseSettings"}
)
_NAMING: Final = ("validation_alias", "alias", "env")


def variables(project: Project, owner: Scope, name: str) -> tuple[str, ...]:
    """The environment variables that a field may come from, the first before the others; none for other attributes."""
    line = list(line_of(project, owner))
    field = next((node for here in line for node in _fields(here, name)), None)
    if field is None or not any(_inherits(project, here) for here in line):
        return ()
    named = tuple(_named(field.value)) if isinstance(field.value, ast.Call) else ()
    prefix = next((found for here in line if (found := _prefix(here)) is not None), "")
    return named or (f"{prefix}{name}",)


def _inherits(project: Project, here: Scope) -> bool:
    bases = here.node.bases if isinstance(here.node, ast.ClassDef) else []
    return any(qualified(project, base, here.parent or here) in _BASES for base in bases)


def _fields(here: Scope, name: str) -> Iterator[ast.AnnAssign]:
    """The annotated assignment, with or without a value, that makes a field of a name."""
    for statement in here.node.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=target)) if target == name:
                yield statement
            case _:
                pass


def _named(call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg in _NAMING:
            for node in ast.walk(keyword.value):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def _prefix(here: Scope) -> str | None:
    """`model_config = SettingsConfigDict(env_prefix=…)` (or a dict), or version 1's inner `class Config`."""
    for definition in here.definitions.get("model_config", ()):
        match definition.value:
            case ast.Call(keywords=keywords):
                pairs = [(keyword.arg, keyword.value) for keyword in keywords]
            case ast.Dict(keys=keys, values=values):
                pairs = [
                    (str(key.value), value)
                    for key, value in zip(keys, values, strict=True)
                    if isinstance(key, ast.Constant)
                ]
            case _:
                pairs = []
        for key, value in pairs:
            if key == "env_prefix" and isinstance(value, ast.Constant):
                return str(value.value)
    for definition in here.definitions.get("Config", ()):
        inner = definition.scope.definitions.get("env_prefix", ()) if definition.scope else ()
        for setting in inner:
            if isinstance(setting.value, ast.Constant):
                return str(setting.value.value)
    return None
