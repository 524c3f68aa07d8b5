"""How settings reach a MySQL driver: the keywords of its call, in every way in which they may turn out.

A URL comes by way of SQLAlchemy's `create_connect_args` (mysqldb.py, which PyMySQL and its relatives inherit,
mysqlconnector.py and mariadbconnector.py, of 2.0 and 2.1, which agree): it converts some options, and moves some into a
dict `ssl`. `connect_args` are added as they are, and win. What a driver makes of it is its dialect's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from everyhop.dialects.settings import (
    ANY_OPTION,
    SOME_FILE,
    UNRESOLVED,
    DialerSettings,
    PythonContext,
    alternatives,
    combined,
    resolved,
)
from everyhop.dialects.versions import spans
from everyhop.model.endpoint import Endpoint, TcpEndpoint, UnixEndpoint, port_of
from everyhop.model.posture import UNKNOWN, Bounds
from everyhop.model.sighting import Dialer, Version

MOVED: Final = ("ssl_ca", "ssl_key", "ssl_cert", "ssl_capath", "ssl_cipher", "ssl_check_hostname")
"""What SQLAlchemy's mysqldb.py moves from a URL into the dict `ssl`, the last one as a boolean."""

BOOLEANS: Final = frozenset({"compress", "local_infile", "use_unicode"})
NUMBERS: Final = frozenset({"connect_timeout", "read_timeout", "write_timeout", "client_flag"})
"""What mysqldb.py converts; a text that is none raises ValueError."""

_TRUE: Final = frozenset({"true", "yes", "on", "y", "t", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "n", "f", "0"})

_MOST_OPEN: Final = 5
"""Options that are known only at run time: with more of them the ways in which it may turn out are not gone through."""


def words(*lines: str) -> frozenset[str]:
    """The words of some lines: how a driver's signature is written down here."""
    return frozenset(word for line in lines for word in line.split())


@dataclass(frozen=True, slots=True)
class Signature:
    """What a driver's call takes, and what becomes of a URL's options on the way there.

    `turns` are the versions at which something changed; `kept_since` is the one before which TLS silently fell back,
    `measured_since` the one before which nobody looked. `unknown` is what an unknown keyword raises. `candidates` are
    what an option that is known only at run time may be, in a URL, in a call and in a dict `ssl`.
    """

    newest: Version
    turns: tuple[str, ...]
    keywords: frozenset[str]
    unknown: str = "TypeError"
    moved: tuple[str, ...] = MOVED
    booleans: frozenset[str] = BOOLEANS
    numbers: frozenset[str] = NUMBERS
    kept_since: str | None = None
    measured_since: str | None = None
    candidates: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    url_candidates: Mapping[str, tuple[object, ...]] | None = None
    inner_candidates: Mapping[str, tuple[object, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Case:
    """One way in which the settings may turn out: the span of versions, the keywords that the driver gets, and notes.

    `written` are the options that SQLAlchemy made the dict `ssl` from, under the names that a person knows.
    """

    span: int
    keywords: Mapping[str, object]
    written: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)

    def note(self, *notes: str) -> None:
        """Note it, once."""
        for note in notes:
            if note not in self.notes:
                self.notes.append(note)

    def refuse(self, name: str, error: str) -> None:
        """Note that connecting raises `error` over an option."""
        self.note(f"refused-option:{name}:{error}")

    def ignore(self, *names: str) -> None:
        """Note that keywords have no effect, by the names they were written under."""
        for name in names:
            for known in self.written if name == "ssl" and self.written else (name,):
                self.note(f"ignored-option:{known}")

    def ignore_keys(self, inner: Iterable[object], known: Iterable[object]) -> None:
        """Note the keys of the dict `ssl` that have no effect, by the names they were written under."""
        for key in inner:
            if key not in known:
                self.note(f"ignored-option:{'ssl_' if f'ssl_{key}' in self.written else 'ssl.'}{key}")

    def assume_files(self, *files: object) -> None:
        """Note the files that have to be there."""
        self.note(*[f"file-assumed:{file}" for file in files if isinstance(file, str) and file not in {"", SOME_FILE}])

    def warn_of_texts(self, *names: str) -> None:
        """Note switches that are texts which mean no: every text is true."""
        self.note(*[f"string-is-true:{name}" for name in names if is_no(self.keywords.get(name))])

    def told(self, why: str) -> str:
        """The sentence, or that it cannot connect at all."""
        refused = [note.split(":")[1] for note in self.notes if note.startswith("refused-option:")]
        return f"it cannot connect because of {', '.join(refused)}; without that: {why}" if refused else why


def is_no(value: object) -> bool:
    """Whether a value is a text that means no to a person."""
    return isinstance(value, str) and value.strip().lower() in _FALSE


Reading = Callable[[Case], tuple[Bounds, str] | None]
"""What a driver makes of a case, and why; None where the case does not arise with this build of it."""


def read(settings: DialerSettings, signature: Signature, *readings: Reading, most: Bounds = UNKNOWN) -> Dialer:
    """One reading of all the ways in which settings may turn out, by each build of the driver that is possible.

    `most` is what it comes to where there are too many ways to go through.
    """
    version = settings.version or signature.newest
    found = cases(settings, signature)
    if found is None:
        why = "further options are known only at run time, and may say anything"
        return Dialer(settings.product, settings.driver, version, most, ("unresolved-options", "clear-password"), why)
    dialers = []
    for one in found:
        for name in one.keywords:
            if name not in signature.keywords:
                one.refuse(name, signature.unknown)
        for reading in readings:
            case = one if len(readings) == 1 else Case(one.span, one.keywords, one.written, [*one.notes])
            if (seen := reading(case)) is not None:
                bounds, why = seen
                notes = tuple(case.notes)
                dialers.append(Dialer(settings.product, settings.driver, version, bounds, notes, case.told(why)))
    dialer = dialers[0] if len(dialers) == 1 else combined(dialers)
    return dialer if settings.version is None else _with_age(dialer, signature)


def cases(settings: DialerSettings, signature: Signature) -> list[Case] | None:
    """Every way in which the settings may turn out; None where there are too many to go through."""
    query, arguments = url_options(settings), _call(settings.connect_args)
    possible = spans(settings.version or signature.newest, signature.turns)
    if not _is_open(query) and not (arguments and _is_open(arguments)):
        return [_case(span, query, arguments, settings, signature) for span in possible]
    opened = sum(value is UNRESOLVED for given in (query, arguments) for value in given.values())
    if ANY_OPTION in query or ANY_OPTION in arguments or opened > _MOST_OPEN:
        return None
    for given in (query, arguments):
        if given.get("host") is UNRESOLVED:  # it is there, whatever it is
            given["host"] = SOME_FILE
    return [
        _case(span, options, added, settings, signature)
        for options in alternatives(query, signature.url_candidates or signature.candidates)
        for added in _argument_alternatives(arguments, signature)
        for span in possible
    ]


def given(settings: DialerSettings) -> dict[str, object]:
    """All keywords as they are written, before anything is converted or moved: the call's beat the URL's."""
    return url_options(settings) | _call(settings.connect_args)


def url_options(settings: DialerSettings) -> dict[str, object]:
    """The URL as keywords; the query beats what stands before it, and what stands there twice is a tuple."""
    options: dict[str, object] = {}
    if settings.dsn is not None and settings.dsn.hosts:
        host, port = settings.dsn.hosts[0]
        if host is not None:
            options["host"] = resolved(host)
        if port is not None:
            options["port"] = port
    options.update(settings.options)
    if len({name for name, _ in settings.options}) < len(settings.options):
        for name in options:
            several = tuple([value for key, value in settings.options if key == name])
            if len(several) > 1:
                options[name] = UNRESOLVED if UNRESOLVED in several else several
    return options


def tcp_or_socket(keywords: Mapping[str, object], host: str) -> Endpoint | None:
    """`unix_socket` before host and port; `host` is what the driver takes without one."""
    socket = keywords.get("unix_socket")
    name, port = keywords.get("host") or host, keywords.get("port") or 3306
    if UNRESOLVED in (socket, name, port):
        return None
    if socket:
        return UnixEndpoint(str(socket))
    number = port_of(port)
    return TcpEndpoint(name, number) if number and isinstance(name, str) else None


def anchors(settings: DialerSettings) -> str | None:
    """`ssl_ca` of the URL or the call, `ca` or `capath` of a dict, or a context's own; a folder ends with `/`."""
    keywords = given(settings)
    ssl = keywords.get("ssl")
    if isinstance(ssl, PythonContext):
        return ssl.anchors
    inner = ssl if isinstance(ssl, Mapping) else {}
    for file in (keywords.get("ssl_ca"), inner.get("ca"), inner.get("ssl_ca")):
        if file:
            return file if isinstance(file, str) else None
    folder = inner.get("capath") or keywords.get("ssl_capath")
    return f"{folder.rstrip('/')}/" if isinstance(folder, str) else None


def client_pair(settings: DialerSettings) -> tuple[str, str | None] | None:
    """The client's certificate and key that are named already: writing other settings leaves them."""
    keywords = given(settings)
    ssl = keywords.get("ssl")
    if isinstance(ssl, PythonContext):
        return ssl.client_pair
    inner = ssl if isinstance(ssl, Mapping) else {}
    certificate, key = keywords.get("ssl_cert") or inner.get("cert"), keywords.get("ssl_key") or inner.get("key")
    if not isinstance(certificate, str) or not certificate:
        return None
    return certificate, key if isinstance(key, str) else None


def _is_open(options: Mapping[str, object]) -> bool:
    if UNRESOLVED in options.values() or ANY_OPTION in options:
        return True
    inner = options.get("ssl")
    return inner is not None and isinstance(inner, Mapping) and UNRESOLVED in inner.values()


def _call(arguments: Mapping[str, object]) -> dict[str, object]:
    if not arguments:
        return {}
    settled = {name: resolved(value) for name, value in arguments.items()}
    inner = settled.get("ssl")
    if isinstance(inner, Mapping):
        settled["ssl"] = {str(key): resolved(value) for key, value in inner.items()}
    return settled


def _argument_alternatives(arguments: Mapping[str, object], signature: Signature) -> Iterator[dict[str, object]]:
    for added in alternatives(arguments, signature.candidates):
        inner = added.get("ssl")
        if isinstance(inner, Mapping):
            # A key of a dict does not vanish: `{"ca": None}` still turns TLS on in some drivers.
            for chosen in alternatives(inner, signature.inner_candidates):
                yield added | {"ssl": {key: chosen.get(key) for key in inner}}
        else:
            yield added


def _case(
    span: int,
    options: Mapping[str, object],
    added: Mapping[str, object],
    settings: DialerSettings,
    signature: Signature,
) -> Case:
    """SQLAlchemy's union of the URL, converted and moved, and `connect_args`, which win."""
    case = Case(span, options)
    if settings.sqlalchemy and options:
        case.keywords = _converted(case, options, signature)
    if added:
        if "ssl" in added:
            case.note(*[f"ignored-option:{name}" for name in case.written])
            case.written = ()
        case.keywords = {**case.keywords, **added}
    return case


def _converted(case: Case, options: Mapping[str, object], signature: Signature) -> dict[str, object]:
    kept: dict[str, object] = {}
    inner: dict[str, object] = {}
    for name, value in options.items():
        if name in signature.moved:
            if name == "ssl_check_hostname":
                inner |= {"check_hostname": word} if (word := _boolean(case, name, value)) is not None else {}
            else:
                inner[name[4:]] = str(value) if isinstance(value, tuple) else value
        elif name in signature.booleans:
            if (word := _boolean(case, name, value)) is not None:
                kept[name] = word
        elif name in signature.numbers:
            kept[name] = _number(case, name, value)
        else:
            kept[name] = value
    if inner:
        if "ssl" in kept:
            case.note("ignored-option:ssl")
        kept["ssl"] = inner
        case.written = tuple([f"ssl_{key}" for key in inner])
    return kept


def _boolean(case: Case, name: str, value: object) -> bool | None:
    """SQLAlchemy's `asbool`; None for a text that it refuses."""
    if not isinstance(value, str):
        return bool(value)
    word = value.strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    case.refuse(name, "ValueError")
    return None


def _number(case: Case, name: str, value: object) -> object:
    if isinstance(value, str) and not value.strip().lstrip("+-").isdecimal():
        case.refuse(name, "ValueError")
    return value


def _with_age(dialer: Dialer, signature: Signature) -> Dialer:
    """The reading with what is to be said of the version: of one that is given, and old enough."""
    notes = []
    if signature.kept_since and 0 in (old := spans(dialer.version, [signature.kept_since])):
        notes.append(f"{'outdated' if old == (0,) else 'perhaps-outdated'}:{signature.kept_since}")
    if signature.measured_since and 0 in spans(dialer.version, [signature.measured_since]):
        notes.append(f"unmeasured-version:{signature.measured_since}")
    if not notes:
        return dialer
    return Dialer(dialer.product, dialer.driver, dialer.version, dialer.bounds, (*dialer.notes, *notes), dialer.why)
