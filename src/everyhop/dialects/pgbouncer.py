"""How PgBouncer spells its two sides: `client_tls_*` for those who dial it, `server_tls_*` for the databases it dials.

Source: PgBouncer's own `config.md` (1.24). `server_tls_sslmode` is `prefer` by default since 1.16, `client_tls_sslmode`
is `disable`; `secure` (TLS 1.2 and 1.3) is the default of both `…_protocols`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from everyhop.dialects.sites import Place
from everyhop.errors import SettingsError
from everyhop.model.endpoint import Endpoint, TcpEndpoint, UnixEndpoint, port_of
from everyhop.model.posture import Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer, Listener

_PRODUCT: Final = "pgbouncer"
PORT: Final = 6432
_LINE: Final = re.compile(r"[ \t]*(?P<name>[\w.*\"-]+)[ \t]*=[ \t]*(?P<value>[^\r\n]*)")
_HEADER: Final = re.compile(r"[ \t]*\[(?P<group>[^\]\r\n]*)\]")
_PART: Final = re.compile(r"(?P<name>\w+)[ \t]*=[ \t]*(?:'(?P<quoted>(?:[^']|'')*)'|(?P<bare>[^\s']*))")
_DIALS: Final = {
    "disable": Assurance.PLAINTEXT,
    "allow": Assurance.OPPORTUNISTIC,
    "prefer": Assurance.OPPORTUNISTIC,
    "require": Assurance.ENCRYPTED,
    "verify-ca": Assurance.CHAIN_VERIFIED,
    "verify-full": Assurance.IDENTITY_VERIFIED,
}
_TAKES: Final = {
    "disable": (Assurance.PLAINTEXT, ClientAuth.ABSENT),
    "allow": (Assurance.OPPORTUNISTIC, ClientAuth.ABSENT),
    "prefer": (Assurance.OPPORTUNISTIC, ClientAuth.ABSENT),
    "require": (Assurance.ENCRYPTED, ClientAuth.ABSENT),
    "verify-ca": (Assurance.ENCRYPTED, ClientAuth.REQUIRED),
    "verify-full": (Assurance.ENCRYPTED, ClientAuth.REQUIRED),
}
_WORDS: Final = {"secure": Floor.TLS_1_2, "default": Floor.TLS_1_2, "all": Floor.TLS_1_0, "legacy": Floor.TLS_1_0}


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of one group: its value, and its place."""

    group: str
    name: str
    value: str
    place: Place


@dataclass(frozen=True, slots=True)
class Database:
    """An entry of `[databases]`: where it leads to."""

    name: str
    endpoint: Endpoint | None
    place: Place


def options(text: str, file: str = "") -> tuple[Option, ...]:
    """Everything that is set, in order; `;` and `#` begin comments where a line begins."""
    found: list[Option] = []
    group, offset = "", 0
    for line in text.split("\n"):
        if header := _HEADER.match(line):
            group = header["group"].strip().lower()
        elif not line.lstrip().startswith((";", "#", "%")) and (match := _LINE.match(line)):
            value = match["value"].rstrip()
            place = Place(file, offset + match.start("name"), offset + match.start("value") + len(value), match["name"])
            found.append(Option(group, match["name"], value, place))
        offset += len(line) + 1
    return tuple(found)


def settings(found: tuple[Option, ...]) -> Mapping[str, Option]:
    """The settings of the pooler itself; the last wins."""
    return {option.name.lower(): option for option in found if option.group == "pgbouncer"}


def listener(given: Mapping[str, Option]) -> Listener:
    """What it takes from those who dial it. Raises `SettingsError` for a word that it would not take."""
    mode = _word(given, "client_tls_sslmode", "disable", _TAKES)
    assurance, auth = _TAKES[mode]
    if assurance is Assurance.PLAINTEXT:
        bounds = Bounds.exactly(Posture(assurance))
        return Listener(_PRODUCT, None, bounds, why="client_tls_sslmode is disable: every connection is plaintext")
    floor = _floor(given, "client_tls_protocols")
    return Listener(
        _PRODUCT, None, Bounds.exactly(Posture(assurance, floor, auth)), why=f"client_tls_sslmode is {mode}"
    )


def dialer(given: Mapping[str, Option]) -> Dialer:
    """How it dials its databases. Raises `SettingsError` for a word that it would not take."""
    mode = _word(given, "server_tls_sslmode", "prefer", _DIALS)
    floor = _floor(given, "server_tls_protocols") if mode != "disable" else Floor.NONE
    auth = ClientAuth.OPTIONAL if "server_tls_cert_file" in given and mode != "disable" else ClientAuth.ABSENT
    why = f"server_tls_sslmode is {mode}" + ("" if "server_tls_sslmode" in given else " by default")
    bounds = Bounds.exactly(Posture(_DIALS[mode], floor, auth))
    return Dialer("postgresql", _PRODUCT, None, bounds, why="" if mode == "verify-full" else why)


def databases(found: tuple[Option, ...]) -> Iterator[Database]:
    """Where the entries of `[databases]` lead to: several hosts are several, none is a unix socket."""
    for option in found:
        if option.group != "databases":
            continue
        parts = {m["name"].lower(): m["quoted"] or m["bare"] or "" for m in _PART.finditer(option.value)}
        port = port_of(parts.get("port", "5432").partition(",")[0]) or 5432
        for host in parts.get("host", "").split(","):
            yield Database(option.name, _endpoint(host.strip(), port), option.place)


def versions(floor: Floor) -> str:
    """What `client_tls_protocols` is set to for a floor."""
    return "secure" if floor <= Floor.TLS_1_2 else "tlsv1.3"


def names_anchors(text: str) -> bool:
    """Whether it is told by which authorities to verify its databases."""
    return "server_tls_ca_file" in settings(options(text))


def verifying(text: str, anchors: str | None) -> str:
    """The whole text with every database verified in full; `anchors` are for settings that name none.

    Raises `SettingsError` where there is no `[pgbouncer]` to write into, or for a path with control characters.
    """
    if anchors is not None and any(ord(character) < 32 for character in anchors):
        raise SettingsError("a value in pgbouncer.ini cannot hold control characters")
    wanted = {"server_tls_sslmode": "verify-full"}
    if anchors is not None and not names_anchors(text):
        wanted["server_tls_ca_file"] = anchors
    found = options(text)
    given = settings(found)
    own = [option for option in found if option.group == "pgbouncer"]
    if not own:
        raise SettingsError("there is no [pgbouncer] to write into")
    edits: list[tuple[int, int, str]] = []
    for name, value in wanted.items():
        if name in given:
            place = given[name].place
            edits.append((place.end - len(given[name].value), place.end, value))
    lines = "".join(f"\n{name} = {value}" for name, value in wanted.items() if name not in given)
    last = given["server_tls_sslmode"] if "server_tls_sslmode" in given else own[-1]
    for start, end, words in sorted([*edits, (last.place.end, last.place.end, lines)], reverse=True):
        text = text[:start] + words + text[end:]
    return text


def _endpoint(host: str, port: int) -> Endpoint | None:
    if not host or host.startswith(("/", "@")):
        return UnixEndpoint(f"{host.lstrip('@') or '/tmp'}/.s.PGSQL.{port}")  # noqa: S108 - PgBouncer's own default
    return TcpEndpoint(host.lower(), port) if not any(character in host for character in "${}%") else None


def _floor(given: Mapping[str, Option], name: str) -> Floor:
    written = given[name].value if name in given else "secure"
    words = [word.strip().lower() for word in written.replace(":", ",").split(",") if word.strip()]
    try:
        return min(
            (_WORDS.get(word) or Floor.parse(word.replace("tlsv", "TLSv")) for word in words), default=Floor.TLS_1_2
        )
    except ValueError as error:
        raise SettingsError(str(error), key=name) from error


def _word(given: Mapping[str, Option], name: str, usual: str, words: Mapping[str, object]) -> str:
    written = given[name].value.lower() if name in given else usual
    if written not in words:
        raise SettingsError(f"{written[:20]!r} is none of {', '.join(words)}", key=name)
    return written
