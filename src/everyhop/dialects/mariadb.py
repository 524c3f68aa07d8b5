"""How MariaDB spells a listener's posture, in its option files: `read` and `write`.

Held to MariaDB 10.11 by tests. The groups are those that `mariadbd --help` names; a drop-in writes `[mariadbd]`,
which no client reads (a certificate under `[client-server]` breaks every client that cannot read its key).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from everyhop.errors import SettingsError
from everyhop.model.posture import Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Listener, Version

_PRODUCT = "mariadb"
_GROUP = re.compile(r"(mysqld|server|mariadb|mariadbd|client-server|galera)(-\d+\.\d+)?")
_HEADER = re.compile(r"\s*\[(?P<group>[^\]]*)\]\s*(?:#.*)?", re.ASCII)
_BLANKS = " \t\r\f\v"
_TRUE, _FALSE = frozenset({"", "1", "on", "true"}), frozenset({"0", "off", "false"})
_VERSION_WORDS = {
    Floor.TLS_1_0: "TLSv1.0",
    Floor.TLS_1_1: "TLSv1.1",
    Floor.TLS_1_2: "TLSv1.2",
    Floor.TLS_1_3: "TLSv1.3",
}
# tls_version's default lost TLSv1.1 in a minor release of each older series (10.11.19 has TLSv1.2, 10.6.4 had TLSv1.1).
_OLDER_DEFAULTS = (Floor.TLS_1_1, Floor.TLS_1_2)
_TLS_BY_ITSELF = (11, 4)  # documentation, "Secure Connections Overview": plaintext by default before 11.4
_HEADING = "# Written by everyhop. In a group of its own: no client reads [mariadbd].\n"


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where certificate, key and (for client certificates) trust anchors and revocation lists lie on the server's host.

    `client_crl` needs the lists of all authorities above a client: without the root's MariaDB refuses every client.
    """

    certificate: str
    key: str
    client_anchors: str | None = None
    client_crl: str | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One line of an option file that sets something: its group (None before the first), and its place in the text.

    `name` is in lower case with `_`; an `!include` or `!includedir` is an option of that name.
    """

    group: str | None
    name: str
    value: str
    start: int
    end: int

    @property
    def is_servers(self) -> bool:
        """Whether the server reads this group."""
        return self.group is not None and _GROUP.fullmatch(self.group) is not None


def options(text: str) -> tuple[Option, ...]:
    """Everything that one option file sets, whoever reads it, in order.

    `skip-name` is `name=0`, `loose-` is dropped, a name without a value is on (MariaDB's documentation, option files).
    """
    found: list[Option] = []
    group, offset = None, 0
    for line in text.split("\n"):
        written = line.strip(_BLANKS)
        start = offset + len(line) - len(line.lstrip(_BLANKS))
        if header := _HEADER.fullmatch(line):
            group = header["group"].strip()
        elif written.startswith(("!includedir", "!include")):
            name, _, value = written.partition(" ")
            found.append(Option(group, name, value.strip(_BLANKS), start, start + len(written)))
        elif written and not written.startswith(("#", ";", "!")):
            name, value = _option(line)
            found.append(Option(group, name, value, start, start + len(written)))
        offset += len(line) + 1
    return tuple(found)


def settings(text: str) -> Mapping[str, str]:
    """What the server takes from one option file by its names; the last wins, and includes are left out."""
    return {o.name: o.value for o in options(text) if o.is_servers and not o.name.startswith("!")}


def read(options: Mapping[str, str], version: Version | None = None) -> Listener:
    """What a server with these options takes from whoever connects over the network.

    `client_auth` is never REQUIRED here: MariaDB demands certificates account by account (`REQUIRE X509`), not in
    files.
    """
    if not _has_tls(options, version):
        bounds = Bounds.exactly(Posture(Assurance.PLAINTEXT))
        return Listener(_PRODUCT, version, bounds, why="no certificate is set: every connection is plaintext")
    insists = _is_on(options, "require_secure_transport")
    assurance = Assurance.ENCRYPTED if insists else Assurance.OPPORTUNISTIC
    asks = options.get("ssl_ca") or options.get("ssl_capath")
    client_auth = ClientAuth.OPTIONAL if asks else ClientAuth.ABSENT
    lowest, highest = _floors(options, version)
    bounds = Bounds(Posture(assurance, lowest, client_auth), Posture(assurance, highest, client_auth))
    why = "require_secure_transport is on" if insists else "require_secure_transport is off: plaintext is taken too"
    return Listener(_PRODUCT, version, bounds, why=why)


def write(posture: Posture, files: TlsFiles, *, suites: tuple[str, ...] = ()) -> str:
    """The text of a drop-in for `posture`; `suites` are those for TLS 1.2 and leave TLS 1.3's alone.

    Raises `SettingsError` for a posture that no MariaDB listener can have by its files.
    """
    _refuse_impossible(posture, files)
    if posture.assurance is Assurance.PLAINTEXT:
        return f"{_HEADING}[mariadbd]\nskip-ssl\n"
    insists = "ON" if posture.assurance is Assurance.ENCRYPTED else "OFF"
    lines = [
        ("ssl_cert", _quoted(files.certificate)),
        ("ssl_key", _quoted(files.key)),
        ("tls_version", versions(posture.floor)),
        ("require_secure_transport", insists),
    ]
    if files.client_anchors:
        lines.append(("ssl_ca", _quoted(files.client_anchors)))
    if files.client_crl:
        lines.append(("ssl_crl", _quoted(files.client_crl)))
    if suites:
        lines.append(("ssl_cipher", ":".join(suites)))
    return f"{_HEADING}[mariadbd]\n" + "".join(f"{name} = {value}\n" for name, value in lines)


def versions(floor: Floor) -> str:
    """What `tls_version` is set to for a floor; MySQL takes the same words."""
    return ",".join(word for one, word in _VERSION_WORDS.items() if one >= floor)


def _option(line: str) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    if not equals:
        name, value = line.partition("#")[0], ""
    name = name.strip(_BLANKS).lower().replace("-", "_").removeprefix("loose_")
    value = _unquoted(value.strip(_BLANKS))
    if name.startswith(("skip_", "disable_")) and not equals:
        return name.partition("_")[2], "0"
    return name, value


def _unquoted(value: str) -> str:
    if value[:1] in {"'", '"'}:
        end = value.find(value[0], 1)
        value = value[1:end] if end > 0 else value[1:]
    else:
        value = re.sub(r"[ \t]+#.*", "", value)
    escapes = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "s": " ", "\\": "\\", '"': '"', "'": "'"}
    return re.sub(r"\\(.)", lambda match: escapes.get(match[1], match[0]), value)


def _quoted(value: str) -> str:
    if any(ord(character) < 32 or character in "'\"" for character in value):
        raise SettingsError("an option file of MariaDB cannot hold a path with quotes or control characters")
    escaped = value.replace("\\", "\\\\")
    return f'"{escaped}"' if re.search(r"[\s#]", value) else escaped


def _is_on(options: Mapping[str, str], name: str) -> bool:
    word = options.get(name, "0").lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise SettingsError(f"{word[:20]!r} is neither ON nor OFF", key=name)


def _has_tls(options: Mapping[str, str], version: Version | None) -> bool:
    """TLS is on with a certificate and a key, and from 11.4 on without them too, unless `skip-ssl` says no."""
    if "ssl" in options and not _is_on(options, "ssl"):
        return False
    if options.get("ssl_cert") and options.get("ssl_key"):
        return True
    return version is not None and _numbers(version) >= _TLS_BY_ITSELF


def _numbers(version: Version) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d{1,9}", version.value)[:3])


def _floors(options: Mapping[str, str], version: Version | None) -> tuple[Floor, Floor]:
    written = options.get("tls_version")
    if written is not None:
        lowest = min(_floor(word.strip()) for word in written.split(","))
        return lowest, lowest
    recent = version is not None and _numbers(version) >= _TLS_BY_ITSELF
    return (Floor.TLS_1_2, Floor.TLS_1_2) if recent else _OLDER_DEFAULTS


def _floor(word: str) -> Floor:
    try:
        return Floor.parse(word)
    except ValueError as error:
        raise SettingsError(str(error), key="tls_version") from error


def _refuse_impossible(posture: Posture, files: TlsFiles) -> None:
    if posture.assurance > Assurance.ENCRYPTED:
        raise SettingsError(
            f"no listener can promise {posture.assurance.word}",
            hint="the dialer alone verifies; ask encrypted of the listener",
        )
    if posture.assurance is Assurance.PLAINTEXT:
        if posture != Posture(Assurance.PLAINTEXT):
            raise SettingsError("without TLS there is neither a floor nor a client certificate")
    elif posture.floor is Floor.NONE:
        raise SettingsError("MariaDB cannot be told to have no floor", hint="TLSv1.0 is the lowest that it knows")
    elif posture.client_auth is ClientAuth.REQUIRED:
        raise SettingsError(
            "MariaDB demands client certificates account by account, not in its option files",
            hint="ALTER USER … REQUIRE SUBJECT '…'",
        )
    elif (files.client_anchors is None) != (posture.client_auth is ClientAuth.ABSENT):
        raise SettingsError("client certificates need the anchors that they are held against, and only they do")
    elif files.client_crl is not None and files.client_anchors is None:
        raise SettingsError("a revocation list is of use only where client certificates are asked for")
