"""The tables of `data/profiles/*.toml`, read into `model.profile.Profile`."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from functools import cache
from importlib.resources import files

from everyhop.errors import SettingsError
from everyhop.model.posture import Floor
from everyhop.model.profile import Profile

_SUFFIX = ".toml"


def names() -> tuple[str, ...]:
    """The names of all profiles there are, in alphabetical order."""
    tables = (files("everyhop") / "data" / "profiles").iterdir()
    return tuple(sorted(t.name.removesuffix(_SUFFIX) for t in tables if t.name.endswith(_SUFFIX)))


@cache
def load(name: str) -> Profile:
    """The profile of this name. Raises `SettingsError` that names those there are."""
    if name not in names():
        raise SettingsError(f"there is no profile {name!r}", hint=f"one of: {', '.join(names())}")
    table = tomllib.loads((files("everyhop") / "data" / "profiles" / f"{name}{_SUFFIX}").read_text("utf-8"))
    return Profile(
        name=name,
        version=table["version"],
        source=table["source"],
        floor=Floor.parse(table["floor"]),
        suites=tuple(table["suites"]),
        groups=tuple(table["groups"]),
        leaf_lifetime=timedelta(days=table["leaf_lifetime_days"]),
        hsts=timedelta(seconds=table["hsts_seconds"]),
    )
