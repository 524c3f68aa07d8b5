"""What a verifying dialer would make of the certificates that a listener shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from everyhop.errors import SourceError, TrustError
from everyhop.model.certificate import Chain
from everyhop.x509.names import matches
from everyhop.x509.parse import chain as parse_chain
from everyhop.x509.path import verify_path


@dataclass(frozen=True, slots=True)
class Shown:
    """A chain and the judgement of it: None where there was nothing to judge, or nothing to judge by."""

    chain: Chain | None
    trusted: bool | None
    name_matches: bool | None
    reason: str


def judge_chain(served: Iterable[bytes], anchors: str | None, name: str, now: datetime) -> Shown:
    """Judge the certificates (DER, leaf first) for `name` at `now`, against anchors in PEM."""
    try:
        chain = parse_chain(served)
    except SourceError as error:
        return Shown(None, None if anchors is None else False, None, error.message)
    named = matches(chain.leaf, name)
    if anchors is None:
        return Shown(chain, None, named, "no trust anchors were given (--ca)")
    reason = _objection(chain, anchors, None, now)
    if reason is not None:
        return Shown(chain, False, named, reason)
    # The path alone may be good where the path for this name is not: constraints of an authority, a name in CN only.
    return Shown(chain, True, named, _objection(chain, anchors, name, now) or "")


def _objection(chain: Chain, anchors: str, name: str | None, now: datetime) -> str | None:
    try:
        verify_path(chain, anchors, name, now)
    except TrustError as error:
        return error.message
    except SourceError as error:
        return error.message
    return None
