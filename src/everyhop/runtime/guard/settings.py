"""What an application demands of its database connections, parsed from `EVERYHOP_…` keys."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from everyhop.errors import SettingsError
from everyhop.model.endpoint import Endpoint, Locality
from everyhop.model.nearest import did_you_mean
from everyhop.model.posture import Assurance

REQUIRE: Final = "EVERYHOP_REQUIRE"
MODE: Final = "EVERYHOP_MODE"
LOCAL: Final = "EVERYHOP_LOCAL"
BINDS: Final = "EVERYHOP_BINDS"
DEADLINE: Final = "EVERYHOP_CONNECT_DEADLINE"
KEYS: Final = frozenset({REQUIRE, MODE, LOCAL, BINDS, DEADLINE})

LEVELS: Final[Mapping[str, Assurance]] = {
    "off": Assurance.PLAINTEXT,
    **{
        level.word: level
        for level in (Assurance.ENCRYPTED, Assurance.CHAIN_VERIFIED, Assurance.IDENTITY_VERIFIED)
    },
}  # fmt: skip
"""The words for what may be demanded. `opportunistic` is none: it is a demand that whoever is on the path decides."""

_LOCALITIES: Final = {one.value: one for one in (Locality.UNIX, Locality.LOOPBACK)}
_LONGEST: Final = 3600.0  # seconds; more is a slip of the pen


class Mode(Enum):
    """Whether what is less than demanded is refused, or told and counted: how one starts on a running system."""

    ENFORCE = "enforce"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """`binds` has levels of their own, by bind; `deadline` is for a whole connect, in seconds (PyMySQL's default)."""

    require: Assurance = Assurance.IDENTITY_VERIFIED
    mode: Mode = Mode.ENFORCE
    local: frozenset[Locality] = frozenset(_LOCALITIES.values())
    binds: Mapping[str, Assurance] = field(default_factory=dict)
    deadline: float = 10.0

    @classmethod
    def parse(cls, config: Mapping[str, Any]) -> GuardSettings:
        """Read the keys of a configuration; others are passed over. Raises `SettingsError` that names the key."""
        default = cls()
        return cls(
            require=_level(config.get(REQUIRE, "verify-full"), REQUIRE),
            mode=_mode(config.get(MODE, default.mode.value)),
            local=_local(config.get(LOCAL, tuple(_LOCALITIES))),
            binds=_binds(config.get(BINDS, {})),
            deadline=_deadline(config.get(DEADLINE, default.deadline)),
        )

    def required(self, bind: str) -> Assurance:
        """The level for one bind."""
        return self.binds.get(bind, self.require)

    def is_local(self, endpoint: Endpoint | None) -> bool:
        """Whether nothing is demanded of a connection that ends there."""
        return endpoint is not None and endpoint.locality in self.local


def _level(word: object, key: str) -> Assurance:
    if not isinstance(word, str) or word not in LEVELS:
        raise _unknown(word, LEVELS, key)
    return LEVELS[word]


def _mode(word: object) -> Mode:
    words = [mode.value for mode in Mode]
    if word not in words:
        raise _unknown(word, words, MODE)
    return Mode(word)


def _local(words: object) -> frozenset[Locality]:
    if not isinstance(words, list | tuple | set | frozenset):
        raise SettingsError("this has to be a list", key=LOCAL, hint='["unix", "loopback"], or [] for nowhere')
    for word in words:
        if not isinstance(word, str) or word not in _LOCALITIES:
            raise _unknown(word, _LOCALITIES, LOCAL)
    return frozenset(_LOCALITIES[word] for word in words)


def _binds(given: object) -> Mapping[str, Assurance]:
    if not isinstance(given, Mapping):
        raise SettingsError("this has to be a dict", key=BINDS, hint='{"reports": "encrypted"}')
    return {
        "default" if name is None else str(name): _level(word, f"{BINDS}[{name!r}]") for name, word in given.items()
    }


def _deadline(seconds: object) -> float:
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not number or not math.isfinite(float(seconds)) or not 0 < float(seconds) <= _LONGEST:  # type: ignore[arg-type]
        raise SettingsError(
            f"seconds are wanted, more than 0 and at most {_LONGEST:.0f}", key=DEADLINE, hint="10.0 is the default"
        )
    return float(seconds)  # type: ignore[arg-type]


def _unknown(word: object, known: Any, key: str) -> SettingsError:
    nearest = did_you_mean(word, known) if isinstance(word, str) else ""
    return SettingsError(
        f"{word!r} is none of {', '.join(known)}{nearest}", key=key, hint=f"write one of {', '.join(known)}"
    )
