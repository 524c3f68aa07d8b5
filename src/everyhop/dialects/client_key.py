"""Which certificate and key an app is handed as its own, and whether the key's path says that it is a server's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from everyhop.dialects.dsn import PLACEHOLDER
from everyhop.dialects.settings import DialerSettings, PythonContext


@dataclass(frozen=True, slots=True)
class _Spelled:
    """How one file of the pair is named: by an option, by a key of a dict `ssl`, by libpq's variable.

    `place` is where it stands in a context's pair.
    """

    options: frozenset[str]
    keys: frozenset[str]
    variable: str
    place: int


# `sslkey` is libpq's and asyncpg's, `ssl_key` the MySQL drivers'.
_CERTIFICATE: Final = _Spelled(frozenset({"sslcert", "ssl_cert"}), frozenset({"cert", "ssl_cert"}), "PGSSLCERT", 0)
_KEY: Final = _Spelled(frozenset({"sslkey", "ssl_key"}), frozenset({"key", "ssl_key"}), "PGSSLKEY", 1)
_PAIR: Final = (_CERTIFICATE, _KEY)

# A server's own files: certbot's (its User Guide, "Where are my certificates?"), Debian's and Red Hat's packages of the
# databases. A key for clients may lie beside them, and is named so.
_FOLDERS: Final = re.compile(
    r"/etc/letsencrypt/(?:live|archive)/|/etc/(?:mysql|mariadb|postgresql|postgres)/|/var/lib/(?:mysql|postgresql|pgsql)/"
)
# PostgreSQL's default (ssl_key_file), what MySQL makes itself in its data directory, CockroachDB's `cert create-node`,
# and the pair that Debian's PostgreSQL starts with.
_NAMES: Final = re.compile(
    r"(?:.*[-_.])?server(?:[-_.]?(?:key|private|priv))?\.(?:key|pem)|node\.key|ssl-cert-snakeoil\.key"
)
_CERTBOT: Final = re.compile(r"privkey\d*\.pem")  # OpenSSL's `req` uses the name as well, for any key


def of(settings: DialerSettings) -> str | None:
    """The file with the client key that the settings name; None where there is none, or only the run time knows."""
    return _named(settings, _KEY)


def certificate_of(settings: DialerSettings) -> str | None:
    """The file with the client certificate that the settings name; None as in `of`."""
    return _named(settings, _CERTIFICATE)


def notes(settings: DialerSettings) -> tuple[str, ...]:
    """`server-key:PATH` where the client key is a server's by its path, `perhaps-…` where its name only hints at it."""
    path = of(settings)
    if path is None or "client" in path.lower() or "\n" in path:
        return ()
    name = path.rpartition("/")[2].lower()
    if _NAMES.fullmatch(name) or _FOLDERS.match(path):
        return (f"server-key:{path}",)
    return (f"perhaps-server-key:{path}",) if _CERTBOT.fullmatch(name) else ()


def own(settings: DialerSettings) -> DialerSettings:
    """The settings without certificate and key, if the key is a server's; else as they are."""
    if not any(note.startswith("server-key:") for note in notes(settings)):
        return settings
    options = frozenset().union(*(file.options for file in _PAIR))
    variables = [file.variable for file in _PAIR]
    return replace(
        settings,
        options=tuple((name, value) for name, value in settings.options if name not in options),
        connect_args={name: _bare(value) for name, value in settings.connect_args.items() if name not in options},
        environment={name: value for name, value in settings.environment.items() if name not in variables},
        dsn=settings.dsn.with_options(dict.fromkeys(options)) if settings.dsn else None,
    )


def _bare(value: object) -> object:
    if isinstance(value, PythonContext):
        return replace(value, client_pair=None)
    if isinstance(value, Mapping):
        return {key: item for key, item in value.items() if not any(key in file.keys for file in _PAIR)}
    return value


def _named(settings: DialerSettings, file: _Spelled) -> str | None:
    found = next((path for path in _paths(settings, file) if path), None)
    return found if found and PLACEHOLDER not in found else None


def _paths(settings: DialerSettings, file: _Spelled) -> Iterator[str | None]:
    for name, value in (*settings.connect_args.items(), *settings.options):
        if isinstance(value, str):  # first, because nearly all are
            if name in file.options:
                yield value
        elif isinstance(value, PythonContext) and value.client_pair:
            yield value.client_pair[file.place] or value.client_pair[0]  # without a key file it is the certificate's
        elif isinstance(value, Mapping):
            yield from (item for key, item in value.items() if key in file.keys and isinstance(item, str))
    yield settings.environment.get(file.variable)
