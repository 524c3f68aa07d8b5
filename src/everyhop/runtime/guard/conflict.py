"""Settings that contradict each other: which one wins is a driver's affair, and nobody who wrote the other knows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from everyhop.dialects import client_key
from everyhop.dialects.libpq.options import VARIABLES
from everyhop.dialects.python_ssl import context_of, posture_of
from everyhop.dialects.settings import DialerSettings
from everyhop.model.posture import Assurance

_PLACES: Final = frozenset({"host", "hostaddr", "port"})
_TLS: Final = ("ssl", "tls", "direct_tls", *(name for name in VARIABLES if name not in _PLACES))
_LIBPQ: Final = ("psycopg2", "psycopg", "psycopg2cffi")
_MODES: Final = {
    "disable": Assurance.PLAINTEXT,
    "allow": Assurance.PLAINTEXT,
    "prefer": Assurance.OPPORTUNISTIC,
    "require": Assurance.ENCRYPTED,
    "verify-ca": Assurance.CHAIN_VERIFIED,
    "verify-full": Assurance.IDENTITY_VERIFIED,
}
_TELLING: Final = 80  # characters of a value that a message quotes


def conflicts(
    settings: DialerSettings, by_url: Mapping[str, Any], environment: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """What contradicts what, and what to do. `by_url` is what the URL alone would have handed to the driver."""
    given = settings.connect_args
    for name, value in by_url.items():
        if name.startswith(_TLS) and name in given and not _same(given[name], value):
            yield f"the URL and connect_args say different things of {name}", "leave one of them out"
    if settings.driver in _LIBPQ:
        yield from _against_variables(given, environment)
    elif settings.driver == "asyncpg":
        yield from _against_mode(given.get("ssl"), environment.get("PGSSLMODE"))
    certificate, key = client_key.certificate_of(settings), client_key.of(settings)
    if (certificate is None) is not (key is None):
        there, missing = ("a client certificate", "its key") if key is None else ("a client key", "its certificate")
        yield f"{there} is named, and {missing} is not", "name both, or neither"


def _against_variables(given: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, variable in VARIABLES.items():
        if name in _PLACES or name not in given or not environment.get(variable):
            continue
        if str(given[name]) != environment[variable]:
            yield (
                f"{name} is {_shown(given[name])} here, and {variable} says {_shown(environment[variable])}",
                f"unset {variable}, or leave {name} out",
            )


def _against_mode(ssl: Any, word: str | None) -> Iterator[tuple[str, str]]:
    if ssl is None or word not in _MODES:
        return
    context = context_of(ssl)
    if context is not None:
        said = posture_of(context).assurance
    elif isinstance(ssl, bool):
        said = Assurance.IDENTITY_VERIFIED if ssl else Assurance.PLAINTEXT
    else:
        said = _MODES.get(str(ssl), Assurance.PLAINTEXT)
    if said is not _MODES[word]:
        yield f"ssl makes it {said.word} here, and PGSSLMODE says {word}", "unset PGSSLMODE, or leave ssl out"


def _same(one: Any, other: Any) -> bool:
    return one is other or bool(one == other)


def _shown(value: object) -> str:
    return repr(str(value)[:_TELLING])
