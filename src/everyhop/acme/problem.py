"""What an ACME server says when it refuses: problem documents (RFC 7807, RFC 8555 section 6.7), made fit for people.

They come from elsewhere: of any size, of any shape, with anything in them that a terminal acts upon.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from everyhop.x509.parse import printable

_PREFIX: Final = "urn:ietf:params:acme:error:"
_LONGEST: Final = 400  # characters of a detail that are shown; Let's Encrypt's longest have about 300
_MOST: Final = 10  # subproblems that are shown; an order has up to 100 names

_HINTS: Final = {
    "accountDoesNotExist": "the account was made with another server, or this one has forgotten it: remove its "
    "folder below acme/ in the state directory, then ask again",
    "alreadyReplaced": "the certificate has been renewed already",
    "badCSR": "the authority does not take this kind of key or these names",
    "caa": "the domain's CAA records name who may issue: add this authority, or ask the one that is named there",
    "connection": "the authority connects from outside, to port 80 for HTTP-01: is it open, in every address that the "
    "name has, IPv6 too?",
    "dns": "is the name in the public DNS? For DNS-01 the hook has to end only once the record can be seen",
    "dnssec": "the domain's DNSSEC signatures do not hold",
    "externalAccountRequired": "the authority wants an account that is bound to one with itself: get a key id and an "
    "HMAC key from it",
    "incorrectResponse": "something else answers in place of this machine: another server, a proxy, an old record",
    "invalidProfile": "the server's directory lists the profiles that it has",
    "orderNotReady": "try again",
    "rateLimited": "wait, and try on the authority's staging server meanwhile; see its page of rate limits",
    "rejectedIdentifier": "public authorities certify names in the public DNS only; for db.internal, localhost and the "
    "like there is the internal authority (--issuer internal)",
    "serverInternal": "the fault is the authority's: try again later",
    "tls": "the authority was redirected to HTTPS, and TLS failed there",
    "unauthorized": "something else answers for this name: is the web root the one that is served, and the record the "
    "newest?",
    "unsupportedIdentifier": "this server certifies no names of this kind; addresses need one that knows RFC 8738",
    "userActionRequired": "the authority wants something done by a person: its words say where",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something was refused. `kind` is RFC 8555's word (`rateLimited`), empty where it is none of ACME's.

    `identifier` is the name that it is about. All texts are printable and bounded.
    """

    kind: str
    detail: str
    identifier: str = ""
    below: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, value: object) -> Problem:
        """What a JSON value says; of one that is no problem document, nothing."""
        if not isinstance(value, dict):
            return cls("", "")
        below = value.get("subproblems")
        subproblems = tuple(_without_below(one) for one in below[:_MOST]) if isinstance(below, list) else ()
        flat = _without_below(value)
        return cls(flat.kind, flat.detail, flat.identifier, subproblems)

    @classmethod
    def read(cls, body: bytes) -> Problem:
        """What the body of an answer says: a problem document, or nothing that is understood."""
        try:
            return cls.of(json.loads(body))
        except (ValueError, RecursionError):
            return cls("", "")

    def __str__(self) -> str:
        own = f"{self.detail or 'no reason is given'}{f' ({self.kind})' if self.kind else ''}"
        head = f"{self.identifier}: {own}" if self.identifier else own
        return "; ".join([head, *map(str, self.below)])

    @property
    def hint(self) -> str | None:
        """What helps against the first of these that something is known to help against."""
        return next((_HINTS[one.kind] for one in self._all() if one.kind in _HINTS), None)

    def _all(self) -> Iterator[Problem]:
        # What is wrong with a name tells more than that something is wrong with the order.
        yield from self.below
        yield self


def _without_below(value: object) -> Problem:
    if not isinstance(value, dict):
        return Problem("", "")
    kind = _text(value.get("type"))
    identifier = value.get("identifier")
    return Problem(
        kind.removeprefix(_PREFIX) if kind.startswith(_PREFIX) else "",
        _text(value.get("detail")) or _text(value.get("title")),
        _text(identifier.get("value")) if isinstance(identifier, dict) else "",
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    shown = printable(value[:_LONGEST])
    return f"{shown} …" if len(value) > _LONGEST else shown
