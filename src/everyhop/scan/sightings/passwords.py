"""Which password of a database connection stands in the source, and whether it is only some variable's default."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from everyhop.dialects.dsn import PLACEHOLDER
from everyhop.dialects.settings import DialerSettings
from everyhop.model.endpoint import Locality
from everyhop.model.evidence import SourceSpan
from everyhop.scan.resolve.values import Share, Table, Value, options, shares_of
from everyhop.scan.sightings.places import is_for_show, is_for_tests, is_private

# Where a password stands in a text: `://user:…@` of a URL, `password=…` of a query or of a key=value string.
_PLACES: Final = (
    re.compile(r"\b(?:password|passwd)\s*=\s*(?P<word>'(?:[^'\\]|\\.)*'|[^\s&]+)"),
    re.compile(r"://[^:/?#]*:(?P<word>[^@]*)@"),
)

# What a person is to fill in: a name in brackets or of a variable, nothing but signs or x, an instruction.
_BLANK: Final = re.compile(
    r"[\W_]*|x+|<.*>|\[.*\]|\{.*\}|\$\{.*\}|\$[A-Z_]+|\$?\(.*\)|%\(\w+\)s|%s"
    r"|(?:your|insert|enter|replace|change|put|set)[\W_]*(?:(?:your|my|the|this|strong|secure|db)[\W_]*)*"
    r"(?:pass|pw|secret|me|it|here|this).*"
    r"|redacted|placeholder|todo|hidden",
    re.IGNORECASE | re.DOTALL,
)

# Words of examples and of images' first steps; that somebody really uses one of them is possible.
_USUAL: Final = frozenset(
    {
        *("password", "passwd", "passw0rd", "pass", "pw", "pwd", "p", "word", "secret", "root"),
        *("admin", "administrator", "toor", "postgres", "postgresql", "pg", "mysql", "mariadb", "cockroachdb"),
        *("test", "tests", "testing", "tester", "dev", "devel", "development", "local", "user", "username"),
        *("app", "demo", "example", "sample", "dummy", "guest", "default", "database", "db", "docker"),
        *("flask", "django", "qwerty", "letmein", "123"),
        *("1234", "12345", "123456", "12345678", "123456789", "password1", "password123"),
        *("pass123", "admin123", "root123", "test123", "secret123", "mypassword", "mysecretpassword"),
        *("supersecret", "supersecretpassword", "dbpassword", "rootpassword", "postgrespw"),
    }
)


def notes(
    settings: DialerSettings, url: Value | None, keywords: Value | None, at: SourceSpan, *, settled: bool
) -> tuple[str, ...]:
    """`password-in-source[:PLACE]` or `default-secret:NAME` for a literal password, with `perhaps-` if it may be none.

    `at` is the place of the reading: a password that stands elsewhere is told with its own. `settled` says that the
    endpoint is not only a default. There is no note where nobody from elsewhere can use the password.
    """
    password = settings.password
    word = password.reveal() if password else ""
    local = settings.endpoint is not None and settings.endpoint.locality is not Locality.NETWORK
    if not word or PLACEHOLDER in word or _BLANK.fullmatch(word) or (local and settled):
        return ()
    shares = _given(keywords) or (_in_url(url) if url is not None else [])
    if not shares or not all(_is_source(share.at or at) for share in shares):
        return ()
    usual = word.lower() in _USUAL | {(settings.username or "").lower(), (settings.database or "").lower()}
    if usual and local:
        return ()
    name = next((share.default_of for share in shares if share.default_of), None)
    note = f"default-secret:{name}" if name else f"password-in-source{_elsewhere(shares[0].at or at, at)}"
    return (f"perhaps-{note}" if usual or local else note,)


def _given(keywords: Value | None) -> list[Share]:
    """The password among the keywords of a call, or of `connect_args`."""
    tables = [option for option in options(keywords) if isinstance(option, Table)] if keywords is not None else []
    given = (table.entries[name] for table in tables for name in ("password", "passwd") if name in table.entries)
    return [share for value in given for option in options(value) for share in shares_of(option)]


def _in_url(url: Value) -> list[Share]:
    """The shares of a URL, or connection string, in which its password stands."""
    shares = shares_of(url)
    text = "".join(share.text for share in shares)
    found = next((match for place in _PLACES if (match := place.search(text))), None)
    return list(_overlapping(shares, *found.span("word"))) if found else []


def _overlapping(shares: tuple[Share, ...], start: int, end: int) -> Iterator[Share]:
    done = 0
    for share in shares:
        if done < end and start < done + len(share.text):
            yield share
        done += len(share.text)


def _is_source(place: SourceSpan) -> bool:
    return not (is_private(place.path) or is_for_tests(place.path) or is_for_show(place.path))


def _elsewhere(place: SourceSpan, at: SourceSpan) -> str:
    return "" if (place.path, place.line) == (at.path, at.line) else f":{place.path}:{place.line}"
