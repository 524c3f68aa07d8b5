"""How often a request that was refused or lost is made again, and after how long: bounded in number and in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from everyhop.acme.trouble import LateError, RefusedError, UnreachedError
from everyhop.probe.deadline import Deadline

_NONCES: Final = 300  # at 90 % rejected, one request in 10^13 is refused as often; certbot's library gives up at two
_NONCES_AT_ONCE: Final = 30  # without a pause in between
_NONCE_PAUSE: Final = 0.05  # seconds
_FAULTS: Final = 4
_FIRST_PAUSE: Final = 0.5  # seconds, doubled each time: 7.5 altogether
_LEAST_PAUSE: Final = 0.1  # seconds, where a server says that it takes the next try at once

_BUSY: Final = frozenset({429, 503})

Tell = Callable[[str], None]
"""Takes a line for a person: what is waited for."""


class Patience:
    """For one request. `bear` returns when it is time for the next try, or raises what there is to bear."""

    def __init__(self, deadline: Deadline, tell: Tell) -> None:
        self._deadline = deadline
        self._tell = tell
        self._nonces = 0
        self._faults = 0

    def bear(self, trouble: RefusedError | UnreachedError) -> None:
        """Wait for as long as this asks for. Raises it again where that is no use, `LateError` at the end."""
        pause = self._pause(trouble)
        if pause > self._deadline.left():
            raise _too_long(trouble, pause) from trouble
        if pause >= 1:
            self._tell(f"{trouble.message}: next try in {pause:.0f} s")
        time.sleep(pause)

    def _pause(self, trouble: RefusedError | UnreachedError) -> float:
        if isinstance(trouble, RefusedError) and trouble.problem.kind == "badNonce":
            self._nonces += 1
            if self._nonces > _NONCES:
                raise trouble
            return _NONCE_PAUSE if self._nonces > _NONCES_AT_ONCE else 0
        if isinstance(trouble, RefusedError) and trouble.status not in _BUSY and trouble.status < 500:
            raise trouble
        self._faults += 1
        if self._faults > _FAULTS:
            raise trouble
        if isinstance(trouble, RefusedError) and trouble.wait is not None:
            return max(trouble.wait.total_seconds(), _LEAST_PAUSE)
        return float(_FIRST_PAUSE * 2 ** (self._faults - 1))


def _too_long(trouble: RefusedError | UnreachedError, pause: float) -> LateError:
    hint = trouble.hint
    if isinstance(trouble, RefusedError) and trouble.wait is not None:
        hours, minutes = divmod(round(pause / 60), 60)
        lasting = f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{pause:.0f} s"
        hint = f"it asks to be left alone for {lasting}: try again after that"
    return LateError(f"{trouble.message}; waiting longer than there is time", hint=hint)
