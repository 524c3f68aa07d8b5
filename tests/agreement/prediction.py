"""What bounds and notes promise in a case."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from everyhop.model.posture import Assurance
from everyhop.model.sighting import Dialer
from tests.agreement.cases import ASKING, ATTACKS, TERMINATING, WITHOUT_TLS, WRONG_CHAIN, WRONG_NAME, Case


@dataclass(frozen=True, slots=True)
class Cell:
    """Whether the driver connects, whether the secret can be read on the way, and whether the password was given away.

    None: either may be, or it is not looked at in this case.
    """

    connects: bool | None
    readable: bool | None
    given: bool | None = None


_READ: Final = Cell(connects=True, readable=True)
_HIDDEN: Final = Cell(connects=True, readable=False)
_REFUSED: Final = Cell(connects=False, readable=False)
_EITHER: Final = Cell(connects=None, readable=None)

_ALIEN: Final = {"system-anchors", "anchors-needed"}
"""Notes with which no certificate of these tests is believed: none comes from a public authority."""


def predict(dialer: Dialer, case: Case) -> Cell:
    """What every posture within the bounds agrees on, None where they do not.

    No file of trust anchors is assumed in the home folder of whoever runs the tests.
    """
    bounds, notes = dialer.bounds, dialer.notes
    asks = case in ASKING
    if any(note.startswith("refused-option:") for note in notes) or "root-file-needed" in notes:
        # Some refuse an option only after the login has begun.
        given = None if "clear-password" in notes or not asks else False
        return Cell(connects=False, readable=False, given=given)
    possible = [one for one in Assurance if bounds.low.assurance <= one <= bounds.high.assurance]
    cells = {_asked(one, case, notes) if asks else _cell(one, case, notes) for one in possible}
    return Cell(
        _agreed({cell.connects for cell in cells}),
        _agreed({cell.readable for cell in cells}),
        _agreed({cell.given for cell in cells}),
    )


def _agreed(values: Collection[bool | None]) -> bool | None:
    return next(iter(values)) if len(values) == 1 else None


def _cell(assurance: Assurance, case: Case, notes: Collection[str]) -> Cell:
    wrong_chain = case in WRONG_CHAIN or not _ALIEN.isdisjoint(notes)
    if case is Case.OFF and "mysql-wants-tls" in notes:
        return _EITHER  # the server decides
    if assurance is Assurance.PLAINTEXT:
        return _REFUSED if "fails-over-tls" in notes and case not in WITHOUT_TLS else _READ
    if assurance is Assurance.OPPORTUNISTIC:
        if case in WITHOUT_TLS:
            return _READ
        if "strippable-check" in notes and (wrong_chain or case in WRONG_NAME or case is Case.CN_ONLY):
            return _EITHER  # it looks at the chain, at the name or at both, until it is told that there is no TLS
        if case in TERMINATING:
            return _READ
        # Some go back to plaintext over a certificate that they do not like.
        return _READ if wrong_chain and "rootcert-fallback" in notes else _HIDDEN
    if case in WITHOUT_TLS or (case in ATTACKS and "channel-bound" in notes):
        return _REFUSED
    refused = assurance >= Assurance.CHAIN_VERIFIED and wrong_chain
    if assurance >= Assurance.IDENTITY_VERIFIED:
        refused |= case in WRONG_NAME or (case is Case.CN_ONLY and "cn-fallback" not in notes)
    if refused:
        return _REFUSED
    return _READ if case in TERMINATING else _HIDDEN


def _asked(assurance: Assurance, case: Case, notes: Collection[str]) -> Cell:
    """A listener that asks for the password in clear, and lets nobody in."""
    there = _cell(assurance, Case.STRIP if case is Case.ASKS else Case.GOOD, notes).connects
    given = there and "clear-password" in notes
    if case is Case.ASKS and "kept-without-tls" in notes:
        given = False
    return Cell(connects=False, readable=False, given=given)
