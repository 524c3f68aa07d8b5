"""Whether an open connection is what is demanded: by its driver's own objects, never by what its server says."""

from __future__ import annotations

from typing import Any, Final

from everyhop.model.endpoint import Endpoint, TcpEndpoint, UnixEndpoint
from everyhop.model.posture import Assurance
from everyhop.runtime.connection import glance, look
from everyhop.runtime.guard.objection import Objection, Reason
from everyhop.runtime.live import Glance, Live, Unasked

_HINT: Final = "somebody on the path may have taken it out: `everyhop explain` tells what the settings allow"


def judge(connection: Any, required: Assurance, promised: Assurance | None) -> tuple[Glance, Objection | None]:
    """What is seen of the driver's own connection object, and what is wrong with it.

    `promised` is what its settings keep on every connection; None where they were not read, so that the connection has
    to prove all by itself.
    """
    seen = glance(connection)
    if isinstance(seen, Unasked):
        told = Objection(Reason.UNASKED, seen.reason, "use a driver that can be asked")
        return Glance(tls=False), told if required else None
    if not seen.tls:
        message = f"the connection is in plaintext, and {required.word} is demanded"
        return seen, Objection(Reason.PLAINTEXT, message, _HINT) if required else None
    if required <= Assurance.ENCRYPTED:
        return seen, None
    kept = promised is not None and promised >= required
    if seen.chain is False or (seen.chain is None and not kept):
        return seen, _unverified("its chain was not verified" if seen.chain is False else _silent(connection))
    if (
        required <= Assurance.CHAIN_VERIFIED
        or seen.name
        or (seen.name is None and (kept or _by_parameters(connection)))
    ):
        return seen, None
    return seen, _unverified("the name in its certificate was not looked at")


def end_of(connection: Any) -> Endpoint | None:
    """Where an open connection ends, as its driver has it; None where it does not tell."""
    found = look(connection)
    if isinstance(found, Unasked):
        return None
    if found.socket:
        return UnixEndpoint(found.socket)
    return TcpEndpoint(found.host, found.port) if found.host and found.port else None


def _by_parameters(connection: Any) -> bool:
    """For libpq, which looks at names by itself: what it was told to do is among its effective parameters."""
    found = look(connection)
    return isinstance(found, Live) and found.identity_verified


def _silent(connection: Any) -> str:
    kind = type(connection).__module__.partition(".")[0]
    return f"{kind} does not tell whether anything was verified, and its settings do not promise it"


def _unverified(message: str) -> Objection:
    return Objection(Reason.UNVERIFIED, f"encrypted, but {message}", "`everyhop explain` tells what its settings do")
