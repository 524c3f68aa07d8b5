"""Which version of a package a lock file, a requirements file or pyproject.toml names."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from everyhop.scan.syntax.span import Unparsed

_REQUIREMENT = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?\s*(?P<specifier>[^;#\\@)]*)"
)
_EXACT = re.compile(r"===?\s*(?P<version>[0-9][A-Za-z0-9.!+_-]*)\Z")
_CARET = re.compile(
    r"(?P<operator>[\^~])\s*(?P<version>(?P<major>\d{1,9})(?:\.(?P<minor>\d{1,9}))?(?:[.A-Za-z_][\w.]*)?)\Z"
)


@dataclass(frozen=True, slots=True)
class Pin:
    """A package by its normalised name (PEP 503), and what is asked for: `1.2.0`, `>=1.1,<2`, or nothing."""

    name: str
    requirement: str

    @property
    def exact(self) -> bool:
        """Whether one version is named."""
        return self.requirement[:1].isdigit()


def parse(name: str, text: str) -> tuple[Pin, ...]:
    """The packages that a file of this name asks for. Raises `Unparsed` for TOML or JSON that is none."""
    if name.endswith((".txt", ".in")):
        return tuple(_pins(line for line in text.splitlines() if not line.lstrip().startswith(("#", "-"))))
    if name == "setup.cfg":
        return tuple(_pins(_of_setup(text)))
    if name == "Pipfile.lock":
        return tuple(_pipenv(_json(text)))
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise Unparsed("not TOML", int(line[1]) if line else None) from None
    except ValueError:  # a number of more than 4,300 digits is TOML, and no int of Python's
        raise Unparsed("not TOML that can be read: a number is too long") from None
    except RecursionError:
        raise Unparsed("not TOML that can be read: nested too deeply") from None
    if name.endswith(".lock") or name.startswith("pylock."):
        return tuple(_locked(table))
    if name == "Pipfile":
        return tuple(_pipenv(table))
    return (*_pins(_dependencies(table)), *_poetry(table))


def normalised(name: str) -> str:
    """The name under which an index knows a package (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _pins(requirements: Iterable[str]) -> Iterator[Pin]:
    for requirement in requirements:
        match = _REQUIREMENT.match(requirement)
        if match:
            yield Pin(normalised(match["name"]), _requirement(match["specifier"]))


def _locked(table: dict[str, object]) -> Iterator[Pin]:
    for package in (*_tables(table.get("package")), *_tables(table.get("packages"))):
        name, version = package.get("name"), package.get("version")
        if isinstance(name, str):
            yield Pin(normalised(name), version if isinstance(version, str) else "")


def _dependencies(table: dict[str, object]) -> Iterator[str]:
    project = _table(table.get("project"))
    groups = [project.get("dependencies"), *_table(project.get("optional-dependencies")).values()]
    groups += _table(table.get("dependency-groups")).values()
    for group in groups:
        if isinstance(group, list):
            yield from (item for item in group if isinstance(item, str))


def _poetry(table: dict[str, object]) -> Iterator[Pin]:
    poetry = _table(_table(table.get("tool")).get("poetry"))
    yield from _named(poetry.get("dependencies"))
    for group in _table(poetry.get("group")).values():
        yield from _named(_table(group).get("dependencies"))


def _pipenv(table: dict[str, object]) -> Iterator[Pin]:
    """Pipfile's and Pipfile.lock's groups; what only developers need decides nothing where it is deployed."""
    yield from _named(table.get("packages"))
    yield from _named(table.get("default"))


def _named(table: object) -> Iterator[Pin]:
    """`name = "^1.2"` and `name = {version = "^1.2"}`."""
    for name, wanted in _table(table).items():
        version = wanted if isinstance(wanted, str) else _table(wanted).get("version")
        yield Pin(normalised(name), _requirement(version) if isinstance(version, str) else "")


def _of_setup(text: str) -> Iterator[str]:
    """The requirements of `install_requires` in setup.cfg, one in a line."""
    inside = False
    for line in text.splitlines():
        key, _, rest = line.partition("=")
        if line[:1].isspace():
            rest = line
        else:
            inside = key.strip() == "install_requires"
        if inside and rest.strip():
            yield rest.strip()


def _json(text: str) -> dict[str, object]:
    try:
        return _table(json.loads(text))
    except json.JSONDecodeError as error:
        raise Unparsed("not JSON", error.lineno) from None
    except (ValueError, RecursionError):
        raise Unparsed("not JSON that can be read: a number is too long, or it is nested too deeply") from None


def _requirement(specifier: str) -> str:
    """A specifier in the words of PEP 440; Poetry's `^1.2` and `~1.2` become ranges."""
    specifier = specifier.strip()
    if exact := _EXACT.match(specifier):
        return exact["version"]
    if caret := _CARET.match(specifier):
        major, minor = int(caret["major"]), caret["minor"]
        whole = minor is not None and (caret["operator"] == "~" or major == 0)
        return f">={caret['version']},<{f'{major}.{int(minor) + 1}' if whole and minor else major + 1}"
    return specifier.replace(" ", "") if specifier[:1] in "<>=!~0123456789" else ""


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _tables(value: object) -> list[dict[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
