"""What asyncpg makes of keywords, DSN and environment: the posture, what is noted about it, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from everyhop.dialects.asyncpg.options import Given, error, given, with_service
from everyhop.dialects.asyncpg.place import endpoint
from everyhop.dialects.python_ssl import context_of, posture_of
from everyhop.dialects.settings import (
    ANY_OPTION,
    SOME_FILE,
    UNRESOLVED,
    DialerSettings,
    PeerCheck,
    PythonContext,
    alternatives,
    combined,
)
from everyhop.dialects.versions import spans
from everyhop.model.endpoint import UnixEndpoint
from everyhop.model.posture import UNKNOWN, Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer, Version

NEWEST: Final = Version("0.32.0", assumed=True)
"""Newest version known (November 2026)."""

TURNS: Final = ("0.27", "0.30", "0.31", "0.32")
_NEGOTIATION, SERVICE, _STRICT = 2, 3, 4  # the spans from which on these are understood, or weak modes refused

MODES: Final = {
    "disable": Assurance.PLAINTEXT,
    "prefer": Assurance.OPPORTUNISTIC,
    "require": Assurance.ENCRYPTED,
    "verify-ca": Assurance.CHAIN_VERIFIED,
    "verify-full": Assurance.IDENTITY_VERIFIED,
}
"""The table: read in one direction, written in the other. `allow` is read only: nobody should write it."""

_FLOORS: Final = {
    "MINIMUM_SUPPORTED": Floor.NONE,
    "TLSv1": Floor.TLS_1_0,
    "TLSv1_1": Floor.TLS_1_1,
    "TLSv1_2": Floor.TLS_1_2,
    "TLSv1_3": Floor.TLS_1_3,
    "MAXIMUM_SUPPORTED": Floor.TLS_1_3,
}
"""Members of `ssl.TLSVersion`, which asyncpg looks a word up in."""

_VARIABLES: Final = {
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
}

_CANDIDATES: Final[Mapping[str, tuple[object, ...]]] = {
    "ssl": (*MODES, PythonContext(), PythonContext(PeerCheck.NONE, check_hostname=False)),
    "direct_tls": (True,),
}
_DSN_CANDIDATES: Final[Mapping[str, tuple[object, ...]]] = {
    "sslmode": tuple(MODES),
    "sslrootcert": (SOME_FILE,),
    "sslcert": (SOME_FILE,),
    "ssl_min_protocol_version": ("TLSv1", "TLSv1.3"),
}
_ELSEWHERE: Final = dict.fromkeys(("sslrootcert", "sslcert", "ssl_min_protocol_version"), UNRESOLVED)

_Read = tuple[Bounds, tuple[str, ...], str]
"""Bounds, notes, and the sentence."""


def anchors(settings: DialerSettings) -> str | None:
    """A context's own, `sslrootcert` of the DSN or the service, or what PGSSLROOTCERT says."""
    known, _ = with_service(given(settings), settings)
    context = known.keywords.get("ssl")
    if isinstance(context, PythonContext):
        return context.anchors
    named = known.query.get("sslrootcert", settings.environment.get("PGSSLROOTCERT"))
    return named if isinstance(named, str) and named else None


def read(settings: DialerSettings) -> Dialer:
    """What asyncpg makes of these settings."""
    known = given(settings)
    version = settings.version or NEWEST
    unknown = _unknown(known)
    if unknown:
        return Dialer(settings.product, settings.driver, version, UNKNOWN, ("unresolved-options",), unknown)
    sockets = isinstance(settings.endpoint or endpoint(settings), UnixEndpoint)
    readings = []
    for span in spans(version, TURNS):
        served, elsewhere = with_service(known, settings) if span >= SERVICE else (known, False)
        query = _ELSEWHERE | served.query if elsewhere else served.query
        for keywords in alternatives(known.keywords, _CANDIDATES):
            for options in alternatives(query, _DSN_CANDIDATES):
                case = _Case(span, keywords, options, settings.environment, error(settings), list(served.notes))
                readings.append(case.read(sockets=sockets, elsewhere=elsewhere))
    dialers = [Dialer(settings.product, settings.driver, version, *reading) for reading in readings]
    return dialers[0] if len(dialers) == 1 else combined(dialers)


def _unknown(known: Given) -> str | None:
    """The sentence where nothing can be said; None where something can."""
    if ANY_OPTION in known.query or ANY_OPTION in known.keywords or known.keywords.get("dsn") is UNRESOLVED:
        return "further options are known only at run time, and may say anything"
    if "async_creator_fn" in known.keywords:
        return "async_creator_fn opens the connection in its own way: nothing else that stands here has to matter to it"
    return None


@dataclass(slots=True)
class _Case:
    """One way in which the settings may turn out: keywords of the call, the DSN's query, and notes on the way.

    `error` is what is raised over a value that asyncpg refuses before it dials.
    """

    span: int
    keywords: Mapping[str, object]
    query: Mapping[str, object]
    environment: Mapping[str, str]
    error: str
    notes: list[str]

    def note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def refuse(self, name: str, error: str | None = None) -> None:
        """Note that there is no connection with this option or keyword as it is."""
        self.note(f"refused-option:{name}:{error or self.error}")

    def value(self, name: str) -> str | None:
        """An option of the DSN, else its environment variable."""
        given = self.query.get(name)
        return str(given) if given is not None else self.environment.get(_VARIABLES[name])

    def read(self, *, sockets: bool, elsewhere: bool) -> _Read:
        """Bounds, notes and the sentence."""
        self._look_at_names()
        if self.span == 0:
            self.note("unmeasured-version:0.27")
            return UNKNOWN, tuple(self.notes), "what asyncpg before 0.27 makes of its settings was not measured"
        given = self.keywords.get("ssl", self.query.get("sslmode"))
        if given is None and elsewhere and not sockets:
            return UNKNOWN, tuple(self.notes), "the service file that is named may set any sslmode"
        if given is None:
            given = self.environment.get("PGSSLMODE", "prefer")
        before = len(self.notes)
        posture, why = self._posture(given)
        if sockets:
            told = self.notes[before:]
            self.notes[before:] = [note for note in told if note.partition(":")[0] in _STILL_TRUE_ON_A_SOCKET]
            posture, why = Posture(Assurance.PLAINTEXT), _WHY["socket"]
        else:
            self.note("clear-password")  # asyncpg has nothing to refuse it with, whoever asks
        refused = [note.split(":")[1] for note in self.notes if note.startswith("refused-option:")]
        if refused:
            why = f"it cannot connect because of {', '.join(refused)}; without that: {why}"
        return Bounds.exactly(posture), tuple(self.notes), why

    def _look_at_names(self) -> None:
        for name in ("service", "servicefile"):
            if name in self.keywords and self.span < SERVICE:
                self.refuse(name, "TypeError")
        if "service" in self.query and self.span < SERVICE:
            self.refuse("service", "UndefinedObjectError")
        if "sslnegotiation" in self.query and self.span < _NEGOTIATION:
            self.refuse("sslnegotiation", "UndefinedObjectError")
        direct = self.keywords.get("direct_tls")
        if isinstance(direct, str) and direct.lower() in {"false", "no", "off", "0"}:
            self.note("string-is-true:direct_tls")

    def _posture(self, given: object) -> tuple[Posture, str]:
        """What `ssl` comes to: a word, a boolean, a context; anything else that is true is no context and raises."""
        context = context_of(given)
        word = given if isinstance(given, str) else getattr(given, "name", None) if isinstance(given, int) else None
        if isinstance(word, str):
            posture, why = self._by_word(word.replace("_", "-"))
        elif given is True:
            self.note("system-anchors")
            posture, why = posture_of(PythonContext()), _WHY["true"]
        elif context is not None:
            posture = posture_of(context)
            why = _WHY[f"context {posture.assurance.word}"]
            if context.anchors:
                self.note(f"file-assumed:{context.anchors}")
            if self.keywords.get("direct_tls"):
                self.note("direct-tls-alpn")
        else:
            if given:
                self.refuse("ssl", "TypeError")
            posture, why = Posture(Assurance.PLAINTEXT), _WHY["disable"]
        if posture.assurance is Assurance.IDENTITY_VERIFIED and (context is None or context.common_name):
            self.note("cn-fallback")
        if self.keywords.get("ssl") is not None and self.query:
            for name in ("sslmode", "sslrootcert") if not isinstance(word, str) else ("sslmode",):
                if name in self.query:
                    self.note(f"ignored-option:{name}")
        self._look_at_direct_tls(posture)
        return posture, why

    def _by_word(self, word: str) -> tuple[Posture, str]:
        mode = word
        if word not in MODES and word != "allow":
            self.refuse("ssl" if "ssl" in self.keywords else "sslmode")
            mode = "prefer"
        if mode in {"disable", "allow"}:
            if mode == "allow":
                self._floor()  # allow has a context as well, for its second attempt: what is wrong with it raises
            return Posture(Assurance.PLAINTEXT), _WHY[mode]
        assurance, root = MODES[mode], self.value("sslrootcert") or None
        why = _WHY[mode]
        if mode == "prefer":
            if self.query.get("sslrootcert"):
                self.note("ignored-option:sslrootcert")
        elif root == "system":
            self.refuse("sslrootcert", "FileNotFoundError")  # the name of a file to asyncpg, and a missing one raises
        elif root:
            if root != SOME_FILE:
                self.note(f"file-assumed:{root}")
            if mode == "require":
                assurance, why = Assurance.CHAIN_VERIFIED, _WHY["require with root"]
        else:
            self.note("home-root-file" if mode == "require" else "root-file-needed")
        pair = ClientAuth.OPTIONAL if self.value("sslcert") else ClientAuth.ABSENT
        return Posture(assurance, self._floor(), pair), why

    def _floor(self) -> Floor:
        floor = self._version("ssl_min_protocol_version", Floor.TLS_1_2)
        if self._version("ssl_max_protocol_version", Floor.TLS_1_3) < floor:
            self.refuse("ssl_max_protocol_version", "SSLError")  # no version is left to speak
        return floor

    def _version(self, name: str, default: Floor) -> Floor:
        word = self.value(name)
        if not word:
            return default
        floor = _FLOORS.get(word.replace(".", "_"))
        if floor is None:
            self.refuse(name)
        return default if floor is None else floor

    def _look_at_direct_tls(self, posture: Posture) -> None:
        """`direct_tls`, or `sslnegotiation=direct`: refused with a weak mode since 0.32, before that as weak as it."""
        given = self.keywords.get("direct_tls")
        named = self.value("sslnegotiation") if self.span >= _NEGOTIATION else None
        if given is None and named not in {None, "direct", "postgres"}:
            self.refuse("sslnegotiation")
        direct = bool(given) if given is not None else named == "direct"
        if direct and posture.assurance < Assurance.ENCRYPTED and self.span >= _STRICT:
            self.refuse("sslnegotiation" if given is None else "direct_tls")


_STILL_TRUE_ON_A_SOCKET: Final = frozenset({"refused-option", "root-file-needed"})
"""Notes that do not speak of TLS: what is wrong with `ssl` raises before asyncpg looks where it connects to."""

_WHY: Final[Mapping[str, str]] = {
    "socket": "on a unix socket asyncpg speaks no TLS, whatever ssl says: the kernel carries the bytes",
    "disable": "ssl=disable (or False) never speaks TLS: everything crosses in the clear",
    "allow": "ssl=allow tries plaintext first, and every ordinary server takes it",
    "prefer": "prefer, the default, encrypts only while nobody objects: "
    "whoever sits on the path answers that there is no TLS, and asyncpg goes on in plaintext",
    "require": "require encrypts to whoever answers: the certificate is not looked at",
    "require with root": "require with trust anchors verifies the chain but not the name: "
    "any certificate of that authority is believed",
    "verify-ca": "verify-ca verifies the chain but not the name: any certificate of that authority is believed",
    "verify-full": "verify-full verifies the chain and the name: only the real server is believed",
    "true": "ssl=True verifies chain and name, with the system's trust anchors",
    "context encrypted": "the SSLContext has CERT_NONE: whoever answers is believed",
    "context verify-ca": "the SSLContext does not check the host name: any certificate of its authorities is believed",
    "context verify-full": "the SSLContext verifies the chain and the name: only the real server is believed",
}
