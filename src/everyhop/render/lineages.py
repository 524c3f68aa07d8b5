"""Lineages at a glance, for a person and for a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from everyhop.lineage.overview import Overview
from everyhop.lineage.renewal import ClockBehind, Due, NotDue, Postponed
from everyhop.lineage.terms import IssuerName
from everyhop.render.ink import Ink, Role
from everyhop.render.json_values import Json, leaf_json
from everyhop.render.lines import wrapped
from everyhop.render.printable import printable
from everyhop.render.words import instant

_BAR: Final = 10
_TENTH: Final = 0.1  # from here on nothing is waited for (lineage.renewal's emergency)
_THIRD: Final = 1 / 3


def lineages_text(overviews: Sequence[Overview], now: datetime, ink: Ink) -> str:
    """A block for each: share of life left, when it is due, who uses it, what failed."""
    if not overviews:
        return "no lineage yet: everyhop cert issue makes one"
    return "\n".join(line for one in overviews for line in _lines(one, now, ink))


def lineage_json(one: Overview, now: datetime) -> Json:
    """One lineage. `due` is null where somebody else renews it."""
    live = one.live
    return {
        "name": one.name,
        "path": one.path,
        "issuer": one.terms.issuer.value,
        "profile": one.terms.request.profile.value,
        "version": None if live is None else live.number,
        "serial": None if live is None else f"{live.leaf.serial:x}",
        "leaf": None if live is None else leaf_json(live.leaf),
        "share_left": None if live is None else round(live.validity.share_left(now), 4),
        "revoked": None
        if one.revoked is None
        else {"since": instant(one.revoked.since), "reason": one.revoked.reason.value},
        "due": _due_json(one),
        "deployments": [
            {
                "consumer": item.consumer.value,
                "files": {part.value: path for part, path in item.files.items()},
                "owner": str(item.owner),
                "key_mode": f"{item.key_mode:04o}",
                "reload": list(item.reload),
                "endpoint": item.endpoint,
            }
            for item in one.terms.deployments
        ],
        "failures": {
            "count": one.failures.count,
            "last": instant(one.failures.last) if one.failures.last else None,
            "reason": one.failures.reason,
        },
    }


def bar(share: float) -> str:
    """The share of life left as ten characters: a full one for each tenth that is begun."""
    full = min(_BAR, max(0, -int(-share * _BAR // 1)))
    return "#" * full + "-" * (_BAR - full)


def life_text(share: float, ink: Ink) -> str:
    """The bar and the percentage."""
    role = Role.BAD if share <= _TENTH else Role.MIDDLING if share <= _THIRD else Role.GOOD
    return f"{ink(role, bar(share))} {share * 100:3.0f} % left"


def _lines(one: Overview, now: datetime, ink: Ink) -> Iterator[str]:
    whose = f"{one.terms.issuer.value}, {one.terms.request.profile.value}"
    yield f"{ink(Role.STRONG, printable(one.name))}  ({whose})"
    if one.live is None:
        yield "  life   no version yet"
    else:
        validity = one.live.validity
        yield f"  life   {life_text(validity.share_left(now), ink)}, until {validity.not_after:%Y-%m-%d}"
    if one.revoked is not None:
        told = f"since {one.revoked.since:%Y-%m-%d} ({one.revoked.reason.value})"
        then = "it is not renewed" if one.revoked.reason.is_the_end else "everyhop renew replaces it"
        yield f"  {ink(Role.BAD, 'revoked')}  {told}; {then}"
    else:
        yield from wrapped("  due    ", _due_words(one))
    for item in one.terms.deployments:
        folder = PurePosixPath(next(iter(item.files.values()))).parent
        yield printable(
            f"  with   {item.consumer.value}  {folder}" + (f"  seen at {item.endpoint}" * bool(item.endpoint))
        )
    if one.failures.count:
        last = f" on {one.failures.last:%Y-%m-%d %H:%M}" if one.failures.last else ""
        times = "once" if one.failures.count == 1 else f"{one.failures.count} times"
        yield from wrapped("  failed ", f"{times}, last{last}: {one.failures.reason}")


def _due_words(one: Overview) -> str:
    match one.decision:
        case None if one.terms.issuer is IssuerName.ADOPTED:
            return f"certbot renews it ({one.terms.source})"
        case None:
            return "now: everyhop renew"
        case Due(reason=reason):
            return f"now: {reason}"
        case NotDue(reason=reason) | Postponed(reason=reason) | ClockBehind(reason=reason):
            return reason


def _due_json(one: Overview) -> Json | None:
    match one.decision:
        case None:
            return None
        case Due(reason=reason, urgency=urgency):
            return {"now": True, "at": None, "urgency": urgency.value, "reason": reason}
        case NotDue(reason=reason, at=at) | Postponed(reason=reason, at=at):
            return {"now": False, "at": instant(at), "urgency": None, "reason": reason}
        case ClockBehind(reason=reason):
            return {"now": False, "at": None, "urgency": None, "reason": reason}
