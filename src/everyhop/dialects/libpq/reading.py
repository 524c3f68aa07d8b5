"""What libpq makes of its options: the posture, what is noted about it, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from everyhop.dialects.libpq.options import SINCE, Given, from_environment, given
from everyhop.dialects.libpq.place import mismatched, place
from everyhop.dialects.settings import (
    ANY_OPTION,
    SOME_FILE,
    UNRESOLVED,
    DialerSettings,
    alternatives,
    combined,
)
from everyhop.dialects.versions import spans
from everyhop.model.endpoint import UnixEndpoint
from everyhop.model.posture import UNKNOWN, Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer, Version

_NEWEST: Final = {
    "psycopg2": Version("2.9.13", assumed=True),
    "psycopg2cffi": Version("2.9.0", assumed=True),
    "psycopg": Version("3.3.9", assumed=True),
}
"""Newest versions known (November 2026)."""

MODES: Final = {
    "disable": Assurance.PLAINTEXT,
    "prefer": Assurance.OPPORTUNISTIC,
    "require": Assurance.ENCRYPTED,
    "verify-ca": Assurance.CHAIN_VERIFIED,
    "verify-full": Assurance.IDENTITY_VERIFIED,
}
"""The table: read in one direction, written in the other. `allow` is read only: nobody should write it."""

WEAK: Final = frozenset({"disable", "allow", "prefer"})
"""Modes that direct TLS is refused with."""

DEFAULT_FLOOR: Final = Floor.TLS_1_2
"""`ssl_min_protocol_version` since libpq 13."""

# What libpq takes, besides being left out; everything else it refuses before it dials.
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "channel_binding": frozenset({"disable", "prefer", "require"}),
    "gssencmode": frozenset({"disable", "prefer", "require"}),
    "sslcertmode": frozenset({"disable", "allow", "require"}),
    "sslnegotiation": frozenset({"postgres", "direct"}),
}
_METHODS: Final = frozenset({"password", "md5", "gss", "sspi", "scram-sha-256", "oauth", "none"})

# `read` only asks what an option known at run time could do to a posture.
_CANDIDATES: Final[Mapping[str, tuple[object, ...]]] = {
    "sslmode": (*MODES, "allow"),
    "sslrootcert": (SOME_FILE,),
    "channel_binding": ("require",),
    "sslcert": (SOME_FILE,),
    "ssl_min_protocol_version": ("TLSv1", "TLSv1.3"),
}
_ELSEWHERE: Final = dict.fromkeys(_CANDIDATES, UNRESOLVED)

_PLAINTEXT: Final = Bounds.exactly(Posture(Assurance.PLAINTEXT))


@cache
def _exactly(assurance: Assurance, floor: Floor, client_auth: ClientAuth) -> Bounds:
    """One of a few dozen values, made once."""
    return Bounds.exactly(Posture(assurance, floor, client_auth))


_Read = tuple[Bounds, tuple[str, ...], str]
"""Bounds, notes, and the sentence."""


def anchors(settings: DialerSettings) -> str | None:
    """`sslrootcert`, from wherever it comes."""
    known = given(settings)
    named = known.options.get("sslrootcert", None if known.elsewhere else settings.environment.get("PGSSLROOTCERT"))
    return named if isinstance(named, str) and named else None


def read(settings: DialerSettings) -> Dialer:
    """What libpq makes of these settings."""
    known = given(settings)
    options = known.options
    version = settings.version or _NEWEST[settings.driver]
    unknown = _unknown(known)
    if unknown:
        return Dialer(settings.product, settings.driver, version, UNKNOWN, *unknown)
    farthest = settings.endpoint or place(known, settings.environment)
    sockets = isinstance(farthest, UnixEndpoint)
    if known.elsewhere:
        options = _ELSEWHERE | options
    notes = _notes(known, settings)
    readings = [
        _Case({**around, **chosen} if around else chosen, list(notes), span == 0).read(sockets=sockets)
        for chosen in _possible(options)
        for span, around in _surroundings(chosen, settings)
    ]
    dialers = [Dialer(settings.product, settings.driver, version, *reading) for reading in readings]
    return dialers[0] if len(dialers) == 1 else combined(dialers)


def gives_password(methods: str | None) -> bool:
    """Whether a server that asks for the password in clear gets it, with this `require_auth`."""
    if not methods:
        return True
    named = methods.split(",")
    if named[0].startswith("!"):
        return "!password" not in named
    return "password" in named


def _unknown(known: Given) -> tuple[tuple[str, ...], str] | None:
    """Notes and sentence where nothing can be said; None where something can."""
    options = known.options
    if ANY_OPTION in options:
        return ("unresolved-options",), "further options are known only at run time, and may say anything"
    if "async_creator_fn" in options:
        return ("unresolved-options",), "async_creator_fn opens the connection in its own way"
    if known.elsewhere and "sslmode" not in options:
        return known.notes, "the service file that is named may set any sslmode"
    return None


def _possible(options: dict[str, object]) -> Iterable[Mapping[str, object]]:
    """What the options may turn out to be. A host that is known only at run time is a host all the same."""
    if UNRESOLVED not in options.values():
        return (options,)
    if options.get("host") is UNRESOLVED:
        options = options | {"host": _SOME_HOST}
    return alternatives(options, _CANDIDATES)


_SOME_HOST: Final = "…"


def _surroundings(options: Mapping[str, object], settings: DialerSettings) -> list[tuple[int, dict[str, object]]]:
    """Before (0) or since (1) libpq 16, and what the environment adds there, for every build that is possible."""
    environment = settings.environment
    if settings.build is None and not environment and options.get("sslrootcert") != "system":
        return [(1, {})]
    root = options.get("sslrootcert", environment.get("PGSSLROOTCERT"))
    build = Version(settings.build) if settings.build else None
    turning = root == "system" or (build is None and any(name in environment for name in _NEW_VARIABLES))
    if not turning:
        return [(1, from_environment(environment, build))]
    return [
        (span, from_environment(environment, build or Version("<16" if span == 0 else ">=16")))
        for span in spans(build, ("16",))
    ]


_NEW_VARIABLES: Final = frozenset({"PGREQUIREAUTH", "PGSSLCERTMODE", "PGSSLNEGOTIATION"})
"""Variables that an older libpq does not look at."""


def _notes(known: Given, settings: DialerSettings) -> tuple[str, ...]:
    """What is noted about the options by their names alone, whatever their values come to."""
    notes = known.notes
    options = known.options
    recent = options.keys() & SINCE.keys()
    if recent:
        build = Version(settings.build) if settings.build else None
        for name in (name for name in options if name in recent):
            possible = spans(build, (str(SINCE[name]),))
            if possible == (0,):
                notes += (f"refused-option:{name}:ProgrammingError",)
            elif len(possible) > 1 and f"needs-libpq:{SINCE[name]}" not in notes:
                notes += (f"needs-libpq:{SINCE[name]}",)
        if options.get("sslkeylogfile"):
            notes += ("key-log",)
    return notes


@dataclass(slots=True)
class _Case:
    """One way in which the options may turn out: all of them settled, the environment's below the others."""

    options: Mapping[str, object]
    notes: list[str]
    before_16: bool

    def value(self, name: str) -> str | None:
        """An option as libpq gets it: a text."""
        found = self.options.get(name)
        return found if found is None or type(found) is str else str(found)

    def note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def refuse(self, name: str) -> None:
        """Note that there is no connection with this option as it is."""
        self.note(f"refused-option:{name}:OperationalError")

    def read(self, *, sockets: bool) -> _Read:
        """Bounds, notes and the sentence."""
        self._look_at_words()
        if sockets:
            self._refuse_on_a_socket()
            return _PLAINTEXT, tuple(self.notes), self._why(_WHY["socket"])
        if self.value("gssencmode") == "require":
            self.note("gss-encryption")
            return UNKNOWN, tuple(self.notes), _WHY["gss"]
        mode = self._mode()
        assurance, why = self._assurance(mode, self._root(mode))
        bounds = self._bounds(assurance)
        if self.before_16 and self.value("sslrootcert") == "system":
            why = f"before libpq 16 sslrootcert=system names a file called system, which is not there: {why}"
        if assurance is Assurance.IDENTITY_VERIFIED:
            self.note("cn-fallback")
        if self.value("channel_binding") != "require" and gives_password(self.value("require_auth")):
            self.note("clear-password")
        return bounds, tuple(self.notes), self._why(why)

    def _why(self, sentence: str) -> str:
        refused = [note.split(":")[1] for note in self.notes if note.startswith("refused-option:")]
        return (
            f"libpq refuses to connect because of {', '.join(refused)}; without that: {sentence}"
            if refused
            else sentence
        )

    def _refuse_on_a_socket(self) -> None:
        """Note what is wrong there as well, or there alone: what insists on TLS in another way than `sslmode`."""
        self._mode()
        self._floor()
        for name in ("channel_binding", "sslcertmode", "gssencmode"):
            if self.value(name) == "require":
                self.refuse(name)

    def _look_at_words(self) -> None:
        for name, words in _WORDS.items():
            if name in self.options and self.value(name) not in words:
                self.refuse(name)
        methods = self.value("require_auth")
        if methods and not _is_method_list(methods.split(",")):
            self.refuse("require_auth")
        if "hostaddr" in self.options or "," in str(self.options.get("port")):
            odd = mismatched(self.options)
            if odd:
                self.refuse(odd)

    def _mode(self) -> str:
        """`sslmode` as libpq settles it; a value that it refuses is noted, and counts as the default."""
        mode = self.value("sslmode")
        system = not self.before_16 and self.value("sslrootcert") == "system"
        if mode is None:
            mode = "verify-full" if system else "prefer"
        elif mode not in MODES and mode != "allow":
            self.refuse("sslmode")
            mode = "prefer"
        elif system and mode != "verify-full":
            self.refuse("sslrootcert")
        if mode in WEAK and self.value("sslnegotiation") == "direct":
            self.refuse("sslnegotiation")
        return mode

    def _root(self, mode: str) -> str | None:
        """The trust anchors in use. A file that is named is assumed to be there; `system` before libpq 16 is not."""
        root = self.value("sslrootcert")
        if mode in {"disable", "allow"}:
            return None
        if root == "system":
            if self.before_16:
                self.note("system-is-a-file")
                return None
            self.note("system-anchors")
            self.note("wheel-anchors")
        elif not root:
            self.note("root-file-needed" if mode.startswith("verify") else "home-root-file")
        elif root != SOME_FILE:
            self.note(f"file-assumed:{root}")
        return root

    def _assurance(self, mode: str, root: str | None) -> tuple[Assurance, str]:
        bound = self.value("channel_binding") == "require"
        file = bool(root) and root != "system"
        if bound and mode == "disable":
            self.refuse("channel_binding")
        elif bound:
            self.note("channel-bound")
        if mode == "verify-full" and self.value("hostaddr") and not self.value("host"):
            self.refuse("hostaddr")
        if bound and mode in {"allow", "prefer"}:
            return Assurance.ENCRYPTED, _WHY["bound"]
        if mode == "prefer" and file:
            self.note("rootcert-fallback")
            return Assurance.OPPORTUNISTIC, _WHY["prefer with root"]
        if mode == "require" and file:
            return Assurance.CHAIN_VERIFIED, _WHY["require with root"]
        if mode == "require" and bound:
            return Assurance.ENCRYPTED, _WHY["bound"]
        return MODES.get(mode, Assurance.PLAINTEXT), _WHY[mode]

    def _bounds(self, assurance: Assurance) -> Bounds:
        floor = self._floor()  # what is wrong with it is refused without TLS as well
        if assurance is Assurance.PLAINTEXT:
            return _PLAINTEXT
        pair = ClientAuth.OPTIONAL if self.value("sslcert") else ClientAuth.ABSENT
        word = self.value("sslcertmode")  # `allow`, the default, shows a certificate if there is one
        if word in {"disable", "require"}:
            pair = ClientAuth.REQUIRED if word == "require" else ClientAuth.ABSENT
        return _exactly(assurance, floor, pair)

    def _floor(self) -> Floor:
        word = self.value("ssl_min_protocol_version")
        floor = DEFAULT_FLOOR if word is None else floor_of(word)
        if floor is None:
            self.refuse("ssl_min_protocol_version")
            floor = DEFAULT_FLOOR
        ceiling = self.value("ssl_max_protocol_version")
        if ceiling:
            highest = floor_of(ceiling)
            if highest is None or highest < floor:
                self.refuse("ssl_max_protocol_version")
        return floor


def floor_of(word: str) -> Floor | None:
    """A protocol version as libpq takes it, in any case; an empty one is no bound, None is none of its words."""
    return _FLOORS.get(word.lower())


_FLOORS: Final = {(floor.word or "").lower(): floor for floor in Floor}


def _is_method_list(methods: list[str]) -> bool:
    """Whether libpq takes this `require_auth`: known methods, none twice, all of them forbidden or all allowed."""
    forbidden = [method.startswith("!") for method in methods]
    known = all(method.removeprefix("!") in _METHODS for method in methods)
    return known and len(set(methods)) == len(methods) and all(forbidden) is any(forbidden)


_WHY: Final[Mapping[str, str]] = {
    "socket": "on a unix socket libpq speaks no TLS, whatever sslmode says: the kernel carries the bytes",
    "disable": "sslmode=disable never speaks TLS: everything crosses in the clear",
    "allow": "sslmode=allow tries plaintext first, and every ordinary server takes it",
    "prefer": "sslmode=prefer, the default, encrypts only while nobody objects: "
    "whoever sits on the path answers that there is no TLS, and libpq goes on in plaintext",
    "prefer with root": "sslrootcert without sslmode=verify-full makes it worse: "
    "a certificate that does not lead there makes libpq connect again, in plaintext",
    "require": "sslmode=require encrypts to whoever answers: the certificate is not looked at",
    "require with root": "sslmode=require with sslrootcert verifies the chain but not the name: "
    "any certificate of that authority is believed; if the file is not there, nothing is verified",
    "bound": "channel_binding=require: any certificate will do, but the peer has to prove over this very TLS "
    "connection that it knows the password's verifier, so a relay is refused",
    "verify-ca": "sslmode=verify-ca verifies the chain but not the name: any certificate of that authority is believed",
    "verify-full": "sslmode=verify-full verifies the chain and the name: only the real server is believed",
    "gss": "gssencmode=require has Kerberos encrypt the connection in the place of TLS: sslmode does not matter to it",
}
