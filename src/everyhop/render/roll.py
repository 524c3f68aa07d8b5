"""A roll-over for a person: where it stands, what comes next, and what stands against that."""

from __future__ import annotations

from typing import Final

from everyhop.lineage.prospect import Move, Prospect
from everyhop.pki.rollover import Step
from everyhop.render.lines import wrapped

_STEPS: Final = (Step.INTRODUCED, Step.SWITCHED, Step.WITHDRAWN)
STANDS: Final = {
    None: "settled: one root, nothing under way",
    Step.INTRODUCED: "both roots are believed, the old one issues",
    Step.SWITCHED: "both roots are believed, the new one issues",
    Step.WITHDRAWN: "the new root alone is believed; the old one is kept for the way back",
}
"""How far a roll-over is, in words."""

_NEXT: Final = {
    None: "make a second root, which certifies the old one and is certified by it; nothing is issued from it yet. "
    "It asks for the passphrases of both keys, and for the old root's key.",
    Step.INTRODUCED: "issue from the new root. Whoever has either root believes what it issues.",
    Step.SWITCHED: "no longer tell anybody to believe the old root.",
    Step.WITHDRAWN: "forget the old root and its keys. Nothing leads back from there.",
}
_THEN: Final = {
    None: "everyhop renew gives every consumer both roots; dialers that everyhop does not keep: everyhop ca export",
    Step.INTRODUCED: "everyhop renew makes every leaf anew",
    Step.SWITCHED: "everyhop renew gives every consumer the new root alone; everyhop ca export for all others",
    Step.WITHDRAWN: "nothing: everyhop trust remove FILE takes the old root out of this machine's stores",
}
_BACK: Final = {
    Step.INTRODUCED: "forget the new root; then everyhop renew",
    Step.SWITCHED: "issue from the old root again; then everyhop renew",
    Step.WITHDRAWN: "have both roots believed again; then everyhop renew",
}


def prospect_text(prospect: Prospect) -> str:
    """Four steps with the one where it stands marked, and what the next one does."""
    lines = wrapped("stands  ", f"{prospect.step.value}: {STANDS[prospect.step]}" if prospect.step else STANDS[None])
    if prospect.way is Move.BACK and prospect.step is not None:
        lines += wrapped("back    ", _BACK[prospect.step])
    else:
        number = _STEPS.index(prospect.step) + 2 if prospect.step else 1
        lines += wrapped("next    ", f"step {number} of 4: {_NEXT[prospect.step]}")
        lines += wrapped("then    ", _THEN[prospect.step])
    for obstacle in prospect.obstacles:
        lines += wrapped("but     ", obstacle)
    return "\n".join(lines)
