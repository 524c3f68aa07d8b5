"""A backend of Django's whose connections are opened under guard."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

from django.conf import settings  # type: ignore[import-untyped]

from everyhop.dialects.registry import WIRES
from everyhop.runtime.guard.bind import Bind, Call, read
from everyhop.runtime.guard.deadline import Term
from everyhop.runtime.guard.guard import Guard
from everyhop.runtime.guard.opening import Opening, close, refused
from everyhop.runtime.guard.settings import KEYS, GuardSettings, Mode
from everyhop.runtime.handed import Installed

_PRODUCTS = {"postgresql": "postgresql", "mysql": "mysql"}
_NAMES = {"MySQLdb": "mysqlclient"}


@cache
def guard() -> Guard:
    """The guard of this project, made of its settings when it is first asked for.

    Raises `SettingsError` for an impossible one.
    """
    return Guard(GuardSettings.parse({key: getattr(settings, key) for key in KEYS if hasattr(settings, key)}))


def read_of(wrapper: Any, parameters: Mapping[str, Any]) -> Bind:
    """What one alias hands to its driver, read."""
    return read(wrapper.alias, Call(_installed(wrapper), parameters), guard().settings, os.environ)


class GuardedWrapper:
    """Comes before a `DatabaseWrapper` of Django's among the bases of a class."""

    alias: str
    Database: Any

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Read, dial and judge. Raises `SettingsError` or `GuardError`."""
        keeper, bind = guard(), read_of(self, conn_params)
        if bind.objections:
            for objection in bind.objections:
                keeper.object_to(bind, objection)
            if keeper.settings.mode is Mode.ENFORCE:
                raise refused(bind, bind.objections[0])
        dial: Callable[..., Any] = super().get_new_connection  # type: ignore[misc]
        opening = Opening(keeper, WIRES[bind_product(self)], self.Database.Error, _inner, close, Term)
        return opening.dial(bind, dial, (conn_params,))


def bind_product(wrapper: Any) -> str:
    """The product that a backend is for, by the name that Django has for it."""
    return _PRODUCTS.get(wrapper.vendor, str(wrapper.vendor))


def _installed(wrapper: Any) -> Installed:
    module = sys.modules.get(wrapper.Database.__name__.removesuffix(".errors"), wrapper.Database)
    name = module.__name__
    below = SimpleNamespace(
        dbapi=module, driver=_NAMES.get(name, name), name=bind_product(wrapper), is_async=False
    )  # what a dialect of SQLAlchemy's has to show
    return Installed.below(below)


def _inner(connection: Any) -> Any:
    return connection
