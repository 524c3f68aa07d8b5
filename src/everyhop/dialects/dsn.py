"""Database URLs: SQLAlchemy's, libpq's, and libpq's `key=value` strings, each read by its own grammar.

The grammars differ where it hurts (an `@` in a password, `+` in a query, several hosts, blank values), so a text is
read as the program that gets it reads it. Nothing that is raised here quotes more of a text than its scheme: anything
else may turn out to be a password.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final
from urllib.parse import quote, unquote

from everyhop.errors import SettingsError
from everyhop.model.secret import MASK, Secret, masked

PLACEHOLDER: Final = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands in a text for a part that is known only at run time (an f-string's `{…}`)."""

LONGEST: Final = 65_536
"""Characters. No database URL comes near it; it bounds what hostile input can cost."""

SECRET_OPTIONS: Final = frozenset(
    {"password", "passwd", "pwd", "sslpassword", "ssl_key_password", "oauth_client_secret", "scram_client_key"}
)
"""Options whose value is a secret, in one product or another."""

Option = tuple[str, str | Secret]
Host = tuple[str | None, int | None]


class Grammar(Enum):
    """By whose rules a text is read."""

    SQLALCHEMY = "SQLAlchemy URL"
    LIBPQ_URL = "libpq URL"
    LIBPQ_PAIRS = "libpq key=value string"


@dataclass(frozen=True, slots=True)
class Dsn:
    """A database URL in its parts, decoded. `str` and `masked` never show a password; `revealed` is for drivers.

    `scheme` is as written (`mysql+pymysql`; empty for a key=value string), `hosts` are hosts and ports as far as the
    part before the path gives them, `path` is what follows it, as written; `options` are the query in order, secrets as
    `Secret` (of a key=value string: all its pairs). `driver` is what was named beside the text, if anything was.
    """

    grammar: Grammar
    scheme: str
    username: str | None
    password: Secret | None
    hosts: tuple[Host, ...]
    path: str | None
    options: tuple[Option, ...]
    driver: str | None = None

    @classmethod
    def parse(cls, text: str, driver: str | None = None, grammar: Grammar | None = None) -> Dsn:
        """Read a text; without a `grammar` it is recognised (`postgresql://` as SQLAlchemy's).

        Raises `SettingsError` with a hint and without any password. Linear in the length of the text.
        """
        text = text.strip()
        _refuse_unreadable(text)
        scheme, separator, rest = text.partition("://")
        if not separator or "=" in scheme:
            return _parse_pairs(text, driver)
        if not _SCHEME.fullmatch(scheme):
            raise _malformed(*_no_scheme(scheme))
        grammar = grammar or _recognised(scheme, rest)
        parse = _parse_libpq_url if grammar is Grammar.LIBPQ_URL else _parse_sqlalchemy
        return parse(scheme, rest, driver)

    @property
    def dialect(self) -> str:
        """The scheme up to a `+`, in lower case: `mysql` of `mysql+pymysql`; of a key=value string `postgresql`."""
        return self.scheme.partition("+")[0].lower() or "postgresql"

    @property
    def database(self) -> str | None:
        """The name of the database, decoded."""
        return unquote(self.path) if self.path else None

    def option(self, name: str) -> str | Secret | None:
        """The last value of an option; None where it is not there."""
        return next((value for key, value in reversed(self.options) if key == name), None)

    def with_options(self, changes: Mapping[str, str | None]) -> Dsn:
        """The same with some options replaced where they first stand, appended, or (None) removed."""
        kept: list[Option] = []
        placed: set[str] = set()
        for key, value in self.options:
            if key not in changes:
                kept.append((key, value))
                continue
            new = changes[key]
            if new is not None and key not in placed:
                kept.append((key, new))
                placed.add(key)
        new_ones = [(key, new) for key, new in changes.items() if new is not None and key not in placed]
        return replace(self, options=(*kept, *new_ones))

    def masked(self) -> str:
        """The text for people: passwords are `***`, parts known only at run time `…`.

        Also what only looks like one: in `//u/x:word@host` SQLAlchemy takes the password for a part of the path.
        """
        return masked(self._written(lambda _: MASK, masked)).replace(PLACEHOLDER, "…")

    def revealed(self) -> str:
        """The text for a driver, with its password: never for a person, a log or a report."""
        return self._written(Secret.reveal, str)

    def __str__(self) -> str:
        return self.masked()

    def _written(self, secret: Callable[[Secret], str], plain: Callable[[str], str]) -> str:
        values = [(k, secret(v) if isinstance(v, Secret) else plain(v)) for k, v in self.options]
        if self.grammar is Grammar.LIBPQ_PAIRS:
            return " ".join(f"{key}={_quoted(value)}" for key, value in values)
        user = "" if self.username is None else _encoded(self.username, "")
        word = "" if self.password is None else f":{_encoded(secret(self.password), '')}"
        at = "@" if self.username is not None or self.password is not None else ""
        decoded = self.grammar is Grammar.LIBPQ_URL  # SQLAlchemy takes a host as it stands
        hosts = ",".join(_written_host(_encoded(h, ":") if h and decoded else h, port) for h, port in self.hosts)
        path = "" if self.path is None else f"/{self.path}"
        query = "&".join(f"{_encoded(key)}={_encoded(value)}" for key, value in values)
        return f"{self.scheme}://{user}{word}{at}{hosts}{path}{'?' if query else ''}{query}"


def _malformed(message: str, hint: str) -> SettingsError:
    return SettingsError(f"this is no database URL: {message}", hint=hint)


def _refuse_unreadable(text: str) -> None:
    if not text:
        raise _malformed("it is empty", "write, for example, postgresql+psycopg://user:password@host:5432/database")
    if len(text) > LONGEST:
        raise _malformed(f"it is longer than {LONGEST} characters", "give the URL alone")
    if not text.isprintable() and any(not c.isprintable() and c != PLACEHOLDER and not c.isspace() for c in text):
        raise _malformed("it has characters that cannot be printed", "percent-encode them: %00 to %FF")


_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+]{0,40}")


def _no_scheme(scheme: str) -> tuple[str, str]:
    """What is wrong with what stands before `://`, and what to write instead."""
    if scheme.lower().startswith("jdbc:"):
        return (
            "jdbc: is Java's",
            "write postgresql+psycopg:// or mysql+pymysql://: JDBC's own options mean nothing here",
        )
    return "what stands before :// is no scheme", "write postgresql+psycopg:// or mysql+pymysql://"


def _recognised(scheme: str, rest: str) -> Grammar:
    """Only libpq knows `postgres://`, and only libpq lists hosts before the path."""
    if scheme.lower() == "postgres":
        return Grammar.LIBPQ_URL
    if "," not in rest or scheme.lower() != "postgresql":
        return Grammar.SQLALCHEMY
    authority = re.split(r"[/?]", rest.rpartition("@")[2] if "@" in rest else rest, maxsplit=1)[0]
    return Grammar.LIBPQ_URL if "," in authority else Grammar.SQLALCHEMY


_BLANK: Final = re.compile(r"\s")
# The same parts as SQLAlchemy 2.0 and 2.1 take (engine/url.py), anchored at the end: what SQLAlchemy drops in silence
# is refused here.
_SQLALCHEMY = re.compile(
    r"(?:(?P<user>[^:/]*)(?::(?P<password>[^@]*))?@)?"
    r"(?:(?:\[(?P<v6>[^/?\]]+)\]|(?P<host>[^/:?]+))?(?::(?P<port>[^/?]*))?)?"
    r"(?:/(?P<path>[^?]*))?(?:\?(?P<query>.*))?",
    re.DOTALL,
)


def _parse_sqlalchemy(scheme: str, rest: str, driver: str | None) -> Dsn:
    if _BLANK.search(rest):
        raise _malformed("there is white space in it", "percent-encode a space as %20")
    match = _SQLALCHEMY.fullmatch(rest)
    if match is None or "@" in (match["host"] or "") or "?" in (match["user"] or ""):
        raise _malformed(
            "its parts cannot be told apart", "percent-encode @ as %40, / as %2F and : as %3A in user name and password"
        )
    host = match["v6"] or match["host"]
    hosts = () if host is None and not match["port"] else ((host, _port(match["port"])),)
    return Dsn(
        Grammar.SQLALCHEMY,
        scheme,
        None if match["user"] is None else unquote(match["user"]),
        None if match["password"] is None else Secret(unquote(match["password"])),
        hosts,
        match["path"],
        _query(match["query"]) if match["query"] else (),
        driver,
    )


def _query(text: str) -> tuple[Option, ...]:
    """The options as SQLAlchemy's `parse_qsl` reads them: blank values are dropped, and `+` is a space."""
    pairs = [pair.partition("=") for pair in text.split("&")]
    return tuple([_option(_decoded(key), _decoded(value)) for key, _, value in pairs if value])


def _decoded(text: str) -> str:
    return unquote(text.replace("+", " "))


def _parse_libpq_url(scheme: str, rest: str, driver: str | None) -> Dsn:
    """As `conninfo_uri_parse_options` of libpq reads it (fe-connect.c)."""
    if "+" in scheme:
        raise _malformed("libpq knows no driver in the scheme", "write postgresql://")
    before, at, after = rest.partition("@")
    user, colon, password = (before if at and "/" not in before else "").partition(":")
    location = after if at and "/" not in before else rest
    match = re.fullmatch(r"(?P<hosts>[^/?]*)(?:/(?P<path>[^?]*))?(?:\?(?P<query>.*))?", location, re.DOTALL)
    if match is None or "@" in match["hosts"]:
        raise _malformed("its parts cannot be told apart", "percent-encode @ as %40 and / as %2F in the password")
    hosts = tuple(_libpq_host(part) for part in match["hosts"].split(",")) if match["hosts"] else ()
    pairs = [pair.partition("=") for pair in (match["query"] or "").split("&") if pair]
    if any(not equals or "=" in value for _, equals, value in pairs):
        raise _malformed("an option in the query is not key=value", "percent-encode = as %3D inside a value")
    return Dsn(
        Grammar.LIBPQ_URL,
        scheme,
        unquote(user) if at and "/" not in before else None,
        Secret(unquote(password)) if colon else None,
        hosts,
        match["path"],
        tuple(_option(unquote(key), unquote(value)) for key, _, value in pairs),
        driver,
    )


def _libpq_host(text: str) -> Host:
    match = re.fullmatch(r"(?:\[(?P<v6>[^\]]*)\]|(?P<host>[^:\[\]]*))(?::(?P<port>.*))?", text, re.DOTALL)
    if match is None:
        raise _malformed("a host cannot be read", "write host:port, or [address]:port for IPv6")
    return unquote(match["v6"] or match["host"] or "") or None, _port(match["port"])


def _port(text: str | None) -> int | None:
    if not text or PLACEHOLDER in text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 0 < int(text) < 65_536):
        raise _malformed(
            "the port is not a number from 1 to 65535",
            "if a part of the password stands there: percent-encode its / as %2F, : as %3A and @ as %40",
        )
    return int(text)


# PostgreSQL's manual, "Connection Strings", keyword/value: single quotes around values with spaces, backslash escapes.
_PAIR = re.compile(
    r"\s*(?P<key>\w+)\s*=\s*(?:'(?P<quoted>(?:[^'\\]|\\.)*)'|(?P<bare>(?:[^\s'\\]|\\.)*))(?=\s|$)", re.DOTALL
)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def _parse_pairs(text: str, driver: str | None) -> Dsn:
    options: list[Option] = []
    position = 0
    while position < len(text):
        match = _PAIR.match(text, position)
        if match is None:
            raise _malformed(
                "neither scheme:// nor key=value pairs",
                "write postgresql+psycopg://user:password@host:5432/database, or host=… dbname=… for libpq",
            )
        value = match["quoted"] if match["quoted"] is not None else match["bare"]
        options.append(_option(match["key"], _ESCAPED.sub(r"\1", value) if "\\" in value else value))
        position = match.end()
    found = dict(options)
    user, password, database = found.get("user"), found.get("password"), found.get("dbname")
    return Dsn(
        Grammar.LIBPQ_PAIRS,
        "",
        user if isinstance(user, str) else None,
        password if isinstance(password, Secret) else None,
        (),
        quote(database) if isinstance(database, str) else None,
        tuple(options),
        driver,
    )


def _option(key: str, value: str) -> Option:
    return key, Secret(value) if key.lower() in SECRET_OPTIONS else value


def _encoded(text: str, safe: str = "/:,~") -> str:
    """Percent-encoded, but for what a person would rather read and no parser takes for anything else in a query."""
    if text == MASK:
        return MASK
    return PLACEHOLDER.join(quote(part, safe=safe, errors="surrogatepass") for part in text.split(PLACEHOLDER))


def _quoted(value: str) -> str:
    if value and re.fullmatch(r"[^\s'\\]+", value):
        return value
    return "'" + re.sub(r"(['\\])", r"\\\1", value) + "'"


def _written_host(host: str | None, port: int | None) -> str:
    shown = f"[{host}]" if host and ":" in host else (host or "")
    return shown if port is None else f"{shown}:{port}"
