"""Flask apps that nothing configures but their own module, in a project that settles the cookies of another app."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from everyhop.scan.resolve.project import Module

# What fills an app's config with more than stands in the line (flask/config.py).
_FILLS: Final = re.compile(r"config\.(?:from_|update\()|\bconfig[ \t]*=|COOKIE_SECURE|Talisman|Everyhop")


def stands_apart(path: str, texts: Mapping[str, str]) -> bool:
    """Whether a module neither loads settings nor is imported by one that sets any: its app keeps every default."""
    if _FILLS.search(texts[path]):
        return False
    pure = PurePosixPath(path)
    stem = pure.parent.name if pure.stem == "__init__" else pure.stem
    if not stem.isidentifier():
        return True
    imports = re.compile(
        rf"^[ \t]*(?:from[ \t]+[\w.]*\b{stem}[ \t]+import|from[ \t]+[\w.]+[ \t]+import[^\n]*\b{stem}\b"
        rf"|import[ \t]+[\w., \t]*\b{stem}\b)",
        re.MULTILINE,
    )
    return not any(stem in text and imports.search(text) for other, text in texts.items() if other != path)


def is_handed_on(call: ast.Call, module: Module) -> bool:
    """Whether the app that a call makes is given to a function, which may set whatever it likes.

    An extension is given it too, and has no business with the session's cookie: `db.init_app(app)`, `Api(app)`.
    """
    names = {
        target.id for target, value, _ in module.names.assignments if value is call and isinstance(target, ast.Name)
    }
    for other, _ in module.names.calls:
        given = (*other.args, *(keyword.value for keyword in other.keywords))
        if any(isinstance(one, ast.Name) and one.id in names for one in given) and not _is_extension(other):
            return True
    return False


def _is_extension(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name == "init_app" or name[:1].isupper()
        case _:
            return False
