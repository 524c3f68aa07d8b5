"""Finds the settings file and makes `Settings` of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from everyhop.config.settings import Settings
from everyhop.errors import SettingsError
from everyhop.model.hop import Topology

if TYPE_CHECKING:
    from everyhop.config.table import Table

_OWN, _SHARED = "everyhop.toml", "pyproject.toml"
_LINE = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)")


def load(path: Path | None, directory: Path) -> Settings:
    """The settings in `path`; without one, those found in `directory` or above it; else the defaults.

    The search ends at a repository's root (`.git`) or the file system's. Raises `SettingsError` for a file that is
    named and not there, and for everything in one that cannot be meant.
    """
    candidates = [path] if path is not None else _candidates(directory.resolve())
    for candidate in candidates:
        table = _table(candidate, _shown(candidate, directory))
        if table is not None:
            return replace(read(table, candidate.parent), path=candidate)
        if path is not None:
            raise SettingsError(
                "there is no [tool.everyhop] in it", path=str(path), hint="add it, or name another file with --config"
            )
    return Settings()


def read(table: Table, folder: Path) -> Settings:
    """The settings in a table; what they call relative is relative to `folder`. Pure."""
    from everyhop.config.hops import read_hops, read_listeners  # noqa: PLC0415 - most calls find no file to read
    from everyhop.config.policy import demand_of, read_policy  # noqa: PLC0415

    table.only("policy", "hop", "listener")
    policy = read_policy(table.table("policy"))
    hop_table = table.table("hop")
    listeners = read_listeners(table.table("listener"), hop_table, folder)
    hops, hop_settings = read_hops(hop_table, listeners)
    demands = {hop.name: demand_of(hop_table.table(hop.name), policy, hop.endpoint) for hop in hops}
    policy = replace(policy, demands={name: posture for name, posture in demands.items() if posture is not None})
    return Settings(None, policy, Topology(hops), hop_settings, listeners)


def parse(text: str, shown: str) -> Table:
    """A text as a table; `shown` is the name of its file for people. Pure."""
    import tomllib  # noqa: PLC0415 - as in `read`

    from everyhop.config.lines import key_lines  # noqa: PLC0415
    from everyhop.config.table import Document, Table  # noqa: PLC0415

    try:
        values = tomllib.loads(text)
        return Table(Document(shown, text, key_lines(text)), (), values)
    except tomllib.TOMLDecodeError as error:
        line = _LINE.search(str(error))
        message = _LINE.sub("", str(error)).strip()
        raise SettingsError(
            f"this is not TOML: {message}",
            path=shown,
            line=int(line[1]) if line and line[1] else len(text.splitlines()),
            hint="strings stand in double quotes, tables in [brackets]: https://toml.io",
        ) from None
    except ValueError:  # a number of more than 4,300 digits is TOML, and no int of Python's
        raise SettingsError("a number is too long", path=shown, hint="settings need five digits") from None
    except RecursionError:
        raise SettingsError("this is nested too deeply", path=shown, hint="settings need three levels") from None


def _candidates(directory: Path) -> Iterator[Path]:
    for folder in (directory, *directory.parents):
        with suppress(PermissionError):  # a folder that may not be entered: what is in there is nobody's to use
            yield from [folder / name for name in (_OWN, _SHARED) if (folder / name).is_file()]
            if (folder / ".git").exists():
                return


def _table(path: Path, shown: str) -> Table | None:
    """The table with everyhop's settings; None for a pyproject.toml that has none."""
    text = _text(path, shown)
    if path.name != _SHARED:
        return parse(text, shown)
    if "everyhop" not in text:  # whatever else is wrong in there is not ours to tell
        return None
    table = parse(text, shown)
    tools = table.values.get("tool")
    return table.table("tool").table("everyhop") if isinstance(tools, dict) and "everyhop" in tools else None


def _text(path: Path, shown: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError("this is not UTF-8", path=shown, hint="TOML is always UTF-8: save it as such") from None
    except OSError as error:
        raise SettingsError(
            f"the settings cannot be read: {error.strerror or error}",
            path=shown,
            hint="grant read permission, or name another file with --config"
            if isinstance(error, PermissionError)
            else "name an existing file with --config, or leave it out to use what lies here or above",
        ) from None


def _shown(path: Path, directory: Path) -> str:
    """The path as a person would write it from `directory`: relative, with `/`, unless it leads far away."""
    if not path.is_absolute():
        return path.as_posix()
    relative = Path(os.path.relpath(path, directory.resolve())).as_posix()
    return path.as_posix() if relative.startswith("../../..") else relative
