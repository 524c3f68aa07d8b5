"""All rules there are. A rule is added by adding its file: nothing else has to be touched."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any

from everyhop import rules
from everyhop.rules.rule import Rule


def _found() -> Iterator[Rule[Any]]:
    for room in pkgutil.iter_modules(rules.__path__, f"{rules.__name__}."):
        if room.ispkg:
            package = import_module(room.name)
            for module in pkgutil.iter_modules(package.__path__, f"{room.name}."):
                yield import_module(module.name).RULE


@cache
def catalogue() -> Mapping[str, Rule[Any]]:
    """Every rule by its name, in alphabetical order."""
    return MappingProxyType({rule.name: rule for rule in sorted(_found(), key=lambda rule: rule.name)})
