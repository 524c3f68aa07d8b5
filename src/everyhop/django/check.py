"""The system check: what each entry of `DATABASES` hands to its driver, held against what is demanded.

`everyhop.E001` is an entry below the level, `everyhop.E002` an impossible setting of everyhop's own, `everyhop.W001` an
entry whose connections nobody looks at, because its `ENGINE` is Django's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core import checks  # type: ignore[import-untyped]
from django.db import connections  # type: ignore[import-untyped]

from everyhop.django.guarded import GuardedWrapper, guard, read_of
from everyhop.errors import SettingsError
from everyhop.model.posture import Assurance
from everyhop.runtime.guard.bind import unknown
from everyhop.runtime.guard.settings import Mode

_WITHOUT_HOP = frozenset({"sqlite"})
_NO_DATABASE = "django.db.backends.dummy"  # what Django puts where DATABASES names none
_BACKENDS = frozenset({"postgresql", "mysql"})


def look(app_configs: Any = None, **_options: Any) -> list[checks.CheckMessage]:  # noqa: ARG001 - Django calls it so
    """Every alias with a hop; opens no connection."""
    try:
        return [message for alias in connections for message in _about(connections[alias])]
    except SettingsError as error:
        return [checks.Error(str(error), hint=error.hint, id="everyhop.E002")]


def _about(wrapper: Any) -> Iterator[checks.CheckMessage]:
    settings = guard().settings
    required = settings.required(wrapper.alias)
    if wrapper.settings_dict["ENGINE"] == _NO_DATABASE:
        return
    if wrapper.vendor in _WITHOUT_HOP or required is Assurance.PLAINTEXT:
        return
    kind = checks.Error if settings.mode is Mode.ENFORCE else checks.Warning
    if wrapper.vendor not in _BACKENDS:
        (objection,) = unknown(wrapper.alias, wrapper.vendor, required)
        yield kind(f"{wrapper.alias}: {objection.message}", hint=objection.hint, id="everyhop.E001")
        return
    bind = read_of(wrapper, wrapper.get_connection_params())
    for objection in bind.objections:
        yield kind(f"{wrapper.alias}: {objection.message}", hint=objection.hint, id="everyhop.E001")
    if not isinstance(wrapper, GuardedWrapper) and not bind.local:
        yield checks.Warning(
            f"{wrapper.alias}: nobody looks at its open connections",
            hint=f'ENGINE = "everyhop.django.{wrapper.vendor}"',
            id="everyhop.W001",
        )
