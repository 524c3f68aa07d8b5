"""The internal authority, for a person and for a program."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from everyhop.lineage.standing import GenerationStanding, Standing
from everyhop.render.json_values import Json, leaf_json
from everyhop.render.lines import wrapped
from everyhop.render.printable import printable
from everyhop.render.roll import STANDS
from everyhop.render.words import counted, instant

_LABEL: Final = 14


def permitted_words(standing: Standing) -> str:
    """For which names it may speak, in a sentence's end."""
    if standing.permitted is None:
        return "every name there is (no name constraints)"
    return f"{', '.join(standing.permitted)} and nothing else"


def standing_text(standing: Standing, now: datetime) -> str:
    """The authority in lines: for whom it speaks, its certificates, where its keys are, its revocation lists."""
    lines = [f"{standing.name}, for {permitted_words(standing)}"]
    if standing.step is not None:
        lines += wrapped("  roll-over     ", f"{standing.step.value}: {STANDS[standing.step]}")
    for one in standing.generations:
        lines += _generation(one, standing, now)
    return "\n".join(map(printable, lines))


def standing_json(standing: Standing) -> Json:
    """The same, with stable keys."""
    return {
        "name": standing.name,
        "permitted": None if standing.permitted is None else list(standing.permitted),
        "roll_over": None if standing.step is None else standing.step.value,
        "sealed": standing.sealed,
        "generations": [
            {
                "number": one.number,
                "issues": one.issues,
                "root": leaf_json(one.root),
                "intermediate": leaf_json(one.intermediate),
                "root_key": one.root_key,
                "crl": {
                    "number": one.crl,
                    "this_update": instant(one.crl_validity.not_before),
                    "next_update": instant(one.crl_validity.not_after),
                    "revoked": [
                        {"serial": f"{item.serial:x}", "since": instant(item.since), "reason": item.reason.value}
                        for item in one.revoked
                    ],
                },
            }
            for one in standing.generations
        ],
    }


def _generation(one: GenerationStanding, standing: Standing, now: datetime) -> Iterator[str]:
    for what, certificate in (("root", one.root), ("intermediate", one.intermediate)):
        over = ", EXPIRED" if now > certificate.validity.not_after else ""
        number = f" {one.number}" if len(standing.generations) > 1 else ""
        yield f"  {what + number:<{_LABEL}}{certificate.key}, until {certificate.validity.not_after:%Y-%m-%d}{over}"
        if what == "root":
            yield f"  {'':<{_LABEL}}sha256 {certificate.sha256}"
            yield f"  {'':<{_LABEL}}key: {one.root_key + ', sealed' if one.root_key else 'not here (offline)'}"
        else:
            sealed = f", {'sealed' if standing.sealed else 'IN THE CLEAR'}" if one.issues else ""
            yield f"  {'':<{_LABEL}}key: {one.intermediate_key}{sealed}{'; it issues' if one.issues else ''}"
    over = ", OVER: servers refuse every client" if now > one.crl_validity.not_after else ""
    yield (
        f"  {'CRL':<{_LABEL}}number {one.crl}, {counted(len(one.revoked), 'certificate')} revoked, "
        f"next update {one.crl_validity.not_after:%Y-%m-%d %H:%M}{over}"
    )
