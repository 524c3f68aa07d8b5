"""What PyMySQL's asynchronous relatives, aiomysql and asyncmy, have in common: how settings reach them.

SQLAlchemy hands them a URL as it hands it to PyMySQL (`create_connect_args` in mysqldb.py of 2.0 and 2.1): files and
`ssl_check_hostname` in a dict `ssl`, everything else as keywords. What they make of it is each driver's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from everyhop.dialects.settings import (
    ANY_OPTION,
    SOME_FILE,
    UNRESOLVED,
    DialerSettings,
    PythonContext,
    Spelling,
    alternatives,
    resolved,
)
from everyhop.dialects.versions import spans
from everyhop.model.endpoint import Endpoint, TcpEndpoint, UnixEndpoint, port_of
from everyhop.model.sighting import Version

_MOVED: Final = ("ssl_ca", "ssl_key", "ssl_cert", "ssl_capath", "ssl_cipher", "ssl_check_hostname")
_TRUE: Final = frozenset({"true", "yes", "on", "y", "t", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "n", "f", "0"})

_CANDIDATES: Final[Mapping[str, tuple[object, ...]]] = {
    "ssl_ca": (SOME_FILE,),
    "ssl_capath": (SOME_FILE,),
    "ssl_cert": (SOME_FILE,),
    "ssl_check_hostname": ("true", "false"),
}
_DICT_CANDIDATES: Final[Mapping[str, tuple[object, ...]]] = {
    "ca": (SOME_FILE,),
    "capath": (SOME_FILE,),
    "cert": (SOME_FILE,),
    "check_hostname": (True, False),
    "verify_mode": ("none", "required"),
}


@dataclass(slots=True)
class Case:
    """One way in which the settings may turn out: the span of versions, the keywords that the driver gets, and notes.

    `written` are the options that SQLAlchemy made the dict `ssl` from, under the names that a person knows.
    """

    span: int
    keywords: Mapping[str, object]
    written: tuple[str, ...]
    notes: list[str] = field(default_factory=list)

    def note(self, note: str) -> None:
        """Note it, once."""
        if note not in self.notes:
            self.notes.append(note)

    def refuse_unknown(self, known: frozenset[str]) -> None:
        """Note every keyword that is not in the driver's signature: Python raises TypeError."""
        for name in self.keywords:
            if name not in known:
                self.note(f"refused-option:{name}")

    def assume_files(self, context: PythonContext) -> None:
        """Note the files that a context needs."""
        for file in (context.anchors, *(context.client_pair or ())):
            if file and file != SOME_FILE:
                self.note(f"file-assumed:{file}")

    def told(self, why: str) -> str:
        """The sentence, or that it cannot connect at all."""
        refused = [note.partition(":")[2] for note in self.notes if note.startswith("refused-option:")]
        return f"it cannot connect because of {', '.join(refused)}; without that: {why}" if refused else why


def endpoint(settings: DialerSettings) -> Endpoint | None:
    """`unix_socket` before host and port; a socket that is handed over leads nobody knows where."""
    keywords = _query(settings) | _resolved(settings.connect_args)
    socket, given = keywords.get("unix_socket"), keywords.get("sock")
    host, port = keywords.get("host") or "localhost", keywords.get("port") or 3306
    if given is not None or UNRESOLVED in (socket, host, port):
        return None
    if socket:
        return UnixEndpoint(str(socket))
    number = port_of(port)
    return TcpEndpoint(str(host), number) if number else None


def anchors(settings: DialerSettings) -> str | None:
    """`ssl_ca` of the URL or the call, `ca` or `capath` of a dict, or a context's own."""
    keywords = {**_query(settings), **_resolved(settings.connect_args)}
    inner = keywords.get("ssl")
    given = inner if isinstance(inner, Mapping) else {}
    context = inner.anchors if isinstance(inner, PythonContext) else None
    named = (keywords.get("ssl_ca"), given.get("ca"), given.get("capath"), keywords.get("ssl_capath"), context)
    found = next((value for value in (*named, given.get("ssl_ca")) if value), None)
    return found if isinstance(found, str) else None


def cases(
    settings: DialerSettings, version: Version, turns: Sequence[str], candidates: tuple[object, ...]
) -> list[Case] | None:
    """Every way in which the settings may turn out; `candidates` are for an `ssl` that is known only at run time.

    None where even the options' names are known only at run time.
    """
    query, arguments = _query(settings), _resolved(settings.connect_args)
    if ANY_OPTION in query or ANY_OPTION in arguments:
        return None
    open_ones = {**_CANDIDATES, "ssl": candidates}
    return [
        _case(span, options, added, moves=settings.sqlalchemy)
        for options in alternatives(query, open_ones)
        for added in _argument_alternatives(arguments, open_ones)
        for span in spans(version, turns)
    ]


def client_pair(settings: DialerSettings) -> tuple[str, str | None] | None:
    """The client's certificate and key that are named already: writing other settings leaves them."""
    keywords = dict(settings.options) | dict(settings.connect_args)
    inner = keywords.get("ssl")
    if isinstance(inner, PythonContext):
        return inner.client_pair
    given = inner if isinstance(inner, Mapping) else {}
    certificate = keywords.get("ssl_cert") or given.get("cert")
    key = keywords.get("ssl_key") or given.get("key")
    return (str(certificate), None if key is None else str(key)) if certificate else None


def spelling(settings: DialerSettings, options: Mapping[str, str], arguments: Mapping[str, object]) -> Spelling:
    """The settings with everything about TLS replaced, other drivers' options and typos included."""
    kept = {key: value for key, value in settings.connect_args.items() if not _is_about_tls(key)}
    url = settings.dsn
    if url is not None:
        gone = {key: None for key, _ in url.options if _is_about_tls(key)}
        url = url.with_options(gone | dict(options))
    return Spelling(url, kept | dict(arguments), dict(settings.environment))


def _is_about_tls(name: str) -> bool:
    return name.lower().startswith(("ssl", "tls"))


def _resolved(arguments: Mapping[str, object]) -> dict[str, object]:
    settled = {key: resolved(value) for key, value in arguments.items()}
    inner = settled.get("ssl")
    if isinstance(inner, Mapping):
        settled["ssl"] = {str(key): resolved(value) for key, value in inner.items()}
    return settled


def _query(settings: DialerSettings) -> dict[str, object]:
    """The URL as keywords, before SQLAlchemy moves any of them; the query beats what stands before it."""
    options: dict[str, object] = {}
    if settings.dsn and settings.dsn.hosts:
        host, port = settings.dsn.hosts[0]
        options = {key: resolved(value) for key, value in (("host", host), ("port", port)) if value is not None}
    return options | dict(settings.options)


def _argument_alternatives(
    arguments: Mapping[str, object], candidates: Mapping[str, tuple[object, ...]]
) -> Iterator[dict[str, object]]:
    for added in alternatives(arguments, candidates):
        inner = added.get("ssl")
        if isinstance(inner, Mapping):
            # A key of a dict does not vanish: `{"ca": None}` still turns TLS on.
            for chosen in alternatives(inner, _DICT_CANDIDATES):
                yield added | {"ssl": {key: chosen.get(key) for key in inner}}
        else:
            yield added


def _case(span: int, options: Mapping[str, object], added: Mapping[str, object], *, moves: bool) -> Case:
    """The keywords as the driver gets them: SQLAlchemy's union of the URL and `connect_args`, which win."""
    notes: list[str] = []
    moved, written = _moved(options, notes) if moves else (dict(options), ())
    if "ssl" in added:
        notes += [f"ignored-option:{name}" for name in written]
        written = ()
    return Case(span, {**moved, **added}, written, notes)


def _moved(options: Mapping[str, object], notes: list[str]) -> tuple[dict[str, object], tuple[str, ...]]:
    kept = {key: value for key, value in options.items() if key not in _MOVED}
    inner: dict[str, object] = {}
    for key in (key for key in _MOVED if key in options):
        value: object = options[key]
        if key == "ssl_check_hostname":
            word = str(value).strip().lower()
            if word not in _TRUE | _FALSE:
                notes.append(f"refused-option:{key}")
                continue
            value = word in _TRUE
        inner[key.removeprefix("ssl_")] = value
    if not inner:
        return kept, ()
    if "ssl" in kept:
        notes.append("ignored-option:ssl")
    return kept | {"ssl": inner}, tuple(key for key in _MOVED if key.removeprefix("ssl_") in inner)
