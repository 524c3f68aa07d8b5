"""A `pg_service.conf` as text: where libpq and asyncpg look for one, and the section that a service's name picks out.

The two do not read it alike. Sources: libpq's fe-connect.c (`parseServiceInfo`, `parseServiceFile`) and asyncpg's
`connect_utils.py`, which leaves it to Python's `configparser`.
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from typing import Final

from everyhop.dialects.settings import ANY_OPTION, UNRESOLVED

HOME_FILE: Final = "~/.pg_service.conf"
"""Where both look when PGSERVICEFILE names no file."""


_MOST_REFERENCES: Final = 8
"""More of `%(…)s` than a person writes counts as known only at run time: a few lines could make gigabytes of it."""


def paths_of_libpq(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The files in libpq's order: the first that defines the service decides.

    The last is compiled in where PGSYSCONFDIR does not name it, and is Debian's and the wheels'.
    """
    folder = environment.get("PGSYSCONFDIR", "/etc/postgresql-common")
    return (environment.get("PGSERVICEFILE", HOME_FILE), f"{folder}/pg_service.conf")


def as_libpq(text: str, service: str) -> dict[str, object] | None:
    """The first section of that name, `key=value` without blanks around the sign; None where there is none.

    What stands behind an `ldap://` line is known only at run time. Raises `ValueError` for what libpq calls a syntax
    error; which names it takes for options is not looked at here.
    """
    found: dict[str, object] | None = None
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            if found is not None:
                break
            found = {} if line.startswith(f"[{service}]") else None
        elif found is not None:
            if line.startswith("ldap"):
                return {ANY_OPTION: UNRESOLVED}
            key, equals, value = line.partition("=")
            if not equals or key in {"service", "servicefile"}:
                raise ValueError("no key=value, or a service within a service")
            found.setdefault(key, value)
    return found


def as_configparser(text: str, service: str) -> dict[str, object] | None:
    """The section as Python's `configparser` reads it: blanks around the sign and `%(…)s` mean what they mean there.

    Raises `ValueError` for what it refuses.
    """
    parser = configparser.ConfigParser()
    try:
        parser.read_string(text)
        if service not in parser.sections():
            return None
        section = dict(parser.items(service, raw=True))
        if sum(value.count("%(") for value in section.values()) > _MOST_REFERENCES:
            return {key: UNRESOLVED if "%" in value else value for key, value in section.items()}
        return dict(parser[service])
    except configparser.Error as error:
        raise ValueError(type(error).__name__) from error
