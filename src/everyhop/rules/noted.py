"""What a dialer's notes say of one kind: surely (`outdated:1.2.0`) or perhaps (`perhaps-outdated:1.2.0`)."""

from __future__ import annotations

from dataclasses import dataclass

from everyhop.model.finding import Certainty
from everyhop.model.sighting import Dialer


@dataclass(frozen=True, slots=True)
class Noted:
    """The details of the notes of one kind, in order; one that has no detail is an empty text."""

    details: tuple[str, ...]
    certainty: Certainty

    @property
    def shown(self) -> str:
        """The details with commas between them."""
        return ", ".join(detail for detail in self.details if detail)


def noted(dialer: Dialer, kind: str) -> Noted | None:
    """The notes of a kind, or None; those that are only perhaps so count where there are no others."""
    for prefix, certainty in (("", Certainty.CERTAIN), ("perhaps-", Certainty.POSSIBLE)):
        details = [note.partition(":")[2] for note in dialer.notes if note.partition(":")[0] == prefix + kind]
        if details:
            return Noted(tuple(dict.fromkeys(details)), certainty)
    return None
