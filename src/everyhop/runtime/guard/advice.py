"""What to write instead, so that a connection is what is demanded: the dialect's own spelling, ready to paste."""

from __future__ import annotations

from typing import Final

from everyhop.dialects import registry
from everyhop.dialects.settings import DialerSettings, Spelling
from everyhop.dialects.source import ANCHORS, source, unsecret
from everyhop.errors import SettingsError
from everyhop.model.posture import Assurance, Floor, Posture

_OTHERWISE: Final = "`everyhop explain` tells what these settings do"


def advice(settings: DialerSettings, required: Assurance) -> str:
    """The setting to change; the dialect's own words where this driver has no setting for it."""
    named = registry.dialect_for(settings.driver).anchors(settings)
    try:
        spelling = registry.write(settings, Posture(required, Floor.TLS_1_2), named or ANCHORS)
    except SettingsError as error:
        return error.hint or error.message
    return ", and ".join(_changes(settings, spelling)) or _OTHERWISE


def _changes(settings: DialerSettings, spelling: Spelling) -> list[str]:
    before = dict(settings.options)
    after = spelling.url.options if spelling.url is not None else ()
    query = [f"{key}={value}" for key, value in after if before.get(key) != value]
    gone = [key for key in before if key not in dict(after)]
    added = {
        key: value
        for key, value in unsecret(spelling.connect_args).items()
        if key not in settings.connect_args or settings.connect_args[key] != value
    }
    left_out = [key for key in settings.connect_args if key not in spelling.connect_args]
    told = []
    if query:
        told.append(f"add ?{'&'.join(query)} to the URL")
    if gone or left_out:
        told.append(f"leave out {', '.join([*gone, *left_out])}")
    if added:
        told.append("set " + ", ".join(f"{key}={source(value)}" for key, value in added.items()))
    told += [f"unset {name}" for name in settings.environment if name not in spelling.environment]
    told += [
        f"export {name}={value}"
        for name, value in spelling.environment.items()
        if settings.environment.get(name) != value
    ]
    return told
