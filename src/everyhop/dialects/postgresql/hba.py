"""`pg_hba.conf`, read word for word as the server does, and rewritten without touching what stands beside the words.

The lexer follows `next_token` of the server's `hba.c` (documentation, section 21.1): words end at a blank or a comma,
`#` begins a comment anywhere outside quotes, a comma joins values to one field, and a backslash at the end of a line
continues it. It is our own because a rewrite needs the exact span of every word, and the server's own reading of each.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

TYPES: Final = frozenset({"local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc"})
PLAIN_TYPES: Final = frozenset({"host", "hostnossl", "hostnogssenc"})
"""The types that match a connection without TLS and without GSSAPI encryption."""
TLS_TYPES: Final = frozenset({"host", "hostssl", "hostnogssenc"})
"""The types that match a connection with TLS."""

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
EVERYWHERE: Final = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
_LOOPBACK: Final = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


class Verifiers(Enum):
    """Which password verifiers are stored (`pg_authid.rolpassword`), as far as is known.

    A role whose verifier is MD5 cannot log in by `scram-sha-256`; `md5` lines take both (section 21.5).
    """

    SCRAM = "all are SCRAM"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Field:
    """The values of one column, and where it stands in the text (the end is exclusive)."""

    values: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Record:
    """One line that decides about connections. `networks` is None for host names, `samehost` and `samenet`."""

    kind: str
    fields: tuple[Field, ...]
    method: Field
    options: tuple[str, ...]
    networks: tuple[_Network, ...] | None
    start: int
    line: int

    @property
    def admits(self) -> bool:
        """Whether it lets anybody in."""
        return self.method.values != ("reject",)

    @property
    def is_local(self) -> bool:
        """Whether it speaks of this machine only: its socket, or addresses of its loopback."""
        if self.kind == "local":
            return True
        here = self.networks is not None and bool(self.networks)
        return here and all(any(_within(network, own) for own in _LOOPBACK) for network in self.networks or ())

    def demands_certificate(self) -> bool:
        """Whether a client has to show a certificate of the configured authority."""
        demanded = {"clientcert=verify-ca", "clientcert=verify-full", "clientcert=1"}
        return self.method.values == ("cert",) or bool(demanded & set(self.options))

    def covers(self, other: Record) -> bool:
        """Whether every connection that `other` speaks of matches this record too, but for the type."""
        return (
            _takes_all(self.fields[1], other.fields[1], {"all"}, {"replication"})
            and _takes_all(self.fields[2], other.fields[2], {"all"}, set())
            and self._spans(other)
        )

    def _spans(self, other: Record) -> bool:
        if self.networks is None:
            return False
        wanted = other.networks or EVERYWHERE
        return all(any(_within(network, mine) for mine in self.networks) for network in wanted)


def records(text: str) -> tuple[Record, ...]:
    """The records in order. Comments, `include` lines and lines that the server would refuse are none."""
    found = (_record(fields, line) for line, fields in _lines(text))
    return tuple(record for record in found if record is not None)


def admits_plaintext(text: str) -> bool:
    """Whether some connection by TCP is let in without encryption: the first record that matches decides."""
    return _admits_plaintext(records(text))


def admits_plaintext_from_afar(text: str) -> bool:
    """Whether some connection from another machine is let in without encryption."""
    return _admits_plaintext(record for record in records(text) if not record.is_local)


def has_includes(text: str) -> bool:
    """Whether records stand in further files: `include` lines (since 16), which this reader does not follow."""
    return any(fields[0].values[0].startswith("include") for _, fields in _lines(text))


def _admits_plaintext(found: Iterable[Record]) -> bool:
    refused: list[Record] = []
    for record in found:
        if record.kind in PLAIN_TYPES and not record.admits:
            refused.append(record)
        elif record.kind in PLAIN_TYPES and not any(earlier.covers(record) for earlier in refused):
            return True
    return False


def refusing_plaintext(text: str) -> str:
    """The text with every record of the network made `hostssl`, and plaintext refused by two records before all others.

    Order, comments, spacing, `local` records and `reject` records stay. Included files come after the refusal, so a
    `host` line in one of them is TLS only as well. GSSAPI-encrypted connections keep their `hostgssenc` lines, which
    then stand before the refusal.
    """
    edits = [
        (record.fields[0].start, record.fields[0].end, "hostssl")
        for record in records(text)
        if record.kind in PLAIN_TYPES and record.admits
    ]
    if not _refuses_everything(text):
        position = _refusal_position(text)
        edits.append((position, position, _refusal(text, position)))
    return _edited(text, edits)


def with_scram(text: str) -> str:
    """The text with `md5` and `password` made `scram-sha-256`: right only where every stored verifier is SCRAM."""
    old = [record.method for record in records(text) if record.method.values in {("md5",), ("password",)}]
    return _edited(text, [(method.start, method.end, "scram-sha-256") for method in old])


def demanding_certificates(text: str) -> str:
    """The text with `clientcert=verify-full` on every record that lets somebody in over TLS.

    `verify-ca` would accept a colleague's certificate for any role; it is left where it stands.
    """
    asked = [r for r in records(text) if r.kind == "hostssl" and r.admits and not r.demands_certificate()]
    return _edited(text, [(r.method.end, r.method.end, " clientcert=verify-full") for r in asked])


def _refuses_everything(text: str) -> bool:
    wanted = records(_REFUSAL)
    mine = [r for r in records(text) if r.kind in PLAIN_TYPES and not r.admits]
    return all(any(record.covers(other) for record in mine) for other in wanted)


_REFUSAL = (
    "hostnossl all,replication all 0.0.0.0/0 reject\n"
    "hostnossl all,replication all ::/0      reject\n"
)  # fmt: skip


def _refusal(text: str, position: int) -> str:
    before = "" if position == 0 or text[position - 1] == "\n" else "\n"
    return f"{before}# everyhop: nobody comes in over the network without TLS\n{_REFUSAL}"


def _refusal_position(text: str) -> int:
    """Before the first line that is not `local`; behind everything, where GSSAPI encryption is in use."""
    if any(record.kind == "hostgssenc" for record in records(text)):
        return len(text)
    starts = (fields[0].start for _, fields in _lines(text) if fields[0].values != ("local",))
    first = next(starts, len(text))
    if first == len(text):
        return first
    position = text.rfind("\n", 0, first) + 1
    while position and (above := text.rfind("\n", 0, position - 1) + 1) < position and text[above] == "#":
        position = above  # a comment belongs to the line below it
    return position


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    for start, end, words in sorted(edits, reverse=True):
        text = (
            text[:start]
            + _aligned(words, text[start:end], text[end:])
            + text[end:].removeprefix(_spare(words, text[start:end], text[end:]))
        )
    return text


def _spare(words: str, old: str, rest: str) -> str:
    """The blanks behind a word that a longer one may take, so that columns stay where they are."""
    if not old:
        return ""
    blanks = len(rest) - len(rest.lstrip(" "))
    return " " * max(0, min(len(words) - len(old), blanks - 1))


def _aligned(words: str, old: str, rest: str) -> str:
    fits = old and rest.startswith(" " * 2)
    return words.ljust(len(old)) if fits else words


def _record(fields: list[Field], line: int) -> Record | None:
    kind = fields[0].values[0]
    if kind not in TYPES or len(fields[0].values) != 1:
        return None
    if kind == "local":
        return _assembled(kind, fields, 3, (), line)
    if len(fields) < 5:
        return None
    networks, width = _networks(fields[3], fields[4])
    return _assembled(kind, fields, 3 + width, networks, line)


def _assembled(
    kind: str, fields: list[Field], method: int, networks: tuple[_Network, ...] | None, line: int
) -> Record | None:
    if len(fields) <= method:
        return None
    options = tuple(value for option in fields[method + 1 :] for value in option.values)
    return Record(kind, tuple(fields), fields[method], options, networks, fields[0].start, line)


def _networks(address: Field, following: Field) -> tuple[tuple[_Network, ...] | None, int]:
    """The networks of an address and how many fields it takes: two, if the netmask stands beside it."""
    text = address.values[0]
    if text == "all":
        return EVERYWHERE, 1
    try:
        if "/" in text:
            return (ipaddress.ip_network(text, strict=False),), 1
        ipaddress.ip_address(text)
    except ValueError:
        return None, 1
    try:
        return (ipaddress.ip_network(f"{text}/{_prefix(following.values[0])}", strict=False),), 2
    except ValueError:
        return None, 2


def _prefix(netmask: str) -> int:
    number = ipaddress.ip_address(netmask)
    bits = f"{int(number):0{number.max_prefixlen}b}"
    if "01" in bits:
        raise ValueError("not a netmask")
    return bits.count("1")


def _within(network: _Network, other: _Network) -> bool:
    if isinstance(network, ipaddress.IPv4Network) and isinstance(other, ipaddress.IPv4Network):
        return network.subnet_of(other)
    if isinstance(network, ipaddress.IPv6Network) and isinstance(other, ipaddress.IPv6Network):
        return network.subnet_of(other)
    return False


def _takes_all(mine: Field, others: Field, wildcards: set[str], exempt: set[str]) -> bool:
    """Whether one column takes everything that another names; `all` does not take `replication` (section 21.1)."""
    if wildcards & set(mine.values):
        return set(others.values) & exempt <= set(mine.values)
    return set(others.values) <= set(mine.values)


def _lines(text: str) -> Iterator[tuple[int, list[Field]]]:
    """The fields of every line that has any, with the line's number; continued lines are one."""
    logical: list[tuple[str, int]] = []
    first = number = 1
    for offset, character in enumerate(text):
        if character != "\n":
            logical.append((character, offset))
            continue
        number += 1
        if logical and logical[-1][0] == "\\":
            logical.pop()
            continue
        if fields := _fields(logical):
            yield first, fields
        logical, first = [], number
    if fields := _fields(logical):
        yield first, fields


def _fields(line: list[tuple[str, int]]) -> list[Field]:
    fields: list[Field] = []
    values: list[str] = []
    position = start = end = 0
    joined = False
    while position < len(line):
        character, offset = line[position]
        if character == "#":
            break
        if character in " \t\r,":
            joined = joined or character == ","
            position += 1
            continue
        word, following = _word(line, position)
        if values and not joined:
            fields.append(Field(tuple(values), start, end))
            values = []
        start = start if values else offset
        values.append(word)
        end, position, joined = line[following - 1][1] + 1, following, False
    return [*fields, Field(tuple(values), start, end)] if values else fields


def _word(line: list[tuple[str, int]], position: int) -> tuple[str, int]:
    word, quoted = "", False
    while position < len(line):
        character = line[position][0]
        if not quoted and character in " \t\r,#":
            break
        if character == '"':
            quoted = not quoted
            doubled = quoted and position > 0 and line[position - 1][0] == '"' and word
            word += '"' if doubled else ""
        else:
            word += character
        position += 1
    return word, position
