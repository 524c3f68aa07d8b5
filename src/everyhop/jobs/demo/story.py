"""The story, act by act: find, close, prove. Every number and line in it comes from the run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from everyhop.capture.exposed import Exposed
from everyhop.config import Settings, load
from everyhop.deploy.change import Change
from everyhop.deploy.plan import Plan
from everyhop.drill.behaviour import Behaviour, Impostor, Record, Strip
from everyhop.drill.relay import Relay
from everyhop.drill.scenario import Outcome as Met
from everyhop.drill.scenario import attack
from everyhop.errors import EveryhopError, LabError
from everyhop.jobs.audit import Audit, audit
from everyhop.jobs.demo import telling
from everyhop.jobs.demo.closing import apply_plan, make_plan
from everyhop.jobs.demo.eavesdropper import connections, overheard
from everyhop.jobs.demo.stage import Stage
from everyhop.jobs.demo.visitor import Visitor
from everyhop.jobs.scan import scan
from everyhop.jobs.verify import Asked
from everyhop.lab.gunicorn import interpreter
from everyhop.model.certificate import CertificateRequest
from everyhop.model.report import Grade, Report
from everyhop.model.wire import Wire
from everyhop.pki.authority import Authority
from everyhop.render.story import Outcome, Step
from everyhop.runtime.interpreter import Interpreter
from everyhop.runtime.sample import AppModule, sample

TIPS: Final = {"newsroom": "The mayor signed it on the third of May.", "legal": "Ask who paid invoice 4711."}
"""What is sent, to each desk."""

_APP: Final = AppModule("wsgi:app")
_DEADLINE: Final = 60.0  # seconds, for loading the app and opening its connections; measured: 1.5


@dataclass(frozen=True, slots=True)
class Played:
    """What came of an act."""

    text: str
    lines: tuple[str, ...]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Act:
    """A part of the story: under which movement it stands, what it is called, and how it is played."""

    movement: str
    title: str
    playing: Callable[[], Played]

    def play(self) -> Step:
        """Do it. An act that cannot be played to its end is one that did not hold, and says why."""
        try:
            played = self.playing()
        except (EveryhopError, OSError) as error:
            played = Played(f"stopped: {error}", (), Outcome.FAILED)
        return Step(self.movement, self.title, played.text, played.lines, played.outcome)


class Story:
    """Plays on a stage. `before` and `after` are the reports of the two audits, once they have been made."""

    def __init__(self, stage: Stage, told: Callable[[str], None]) -> None:
        self._stage = stage
        self._told = told
        self._plan = Plan(())
        self.before: Report | None = None
        self.after: Report | None = None

    def opening(self) -> Step:
        """What runs, and where."""
        return Step("Stage", "The tip line as it is usually deployed", "it runs", tuple(telling.stage(self._stage)))

    def invitation(self) -> str:
        """For somebody who wants to try it by hand."""
        return telling.invitation(self._stage)

    def acts(self) -> Iterator[Act]:
        """In order; each is played before the next is asked for."""
        yield Act("Find", "Scan the project: everyhop scan", self._scan)
        yield Act("Find", "Listen on the wire while a tip is sent and an editor logs in", self._listen_before)
        yield Act("Find", "Look at every hop: scan, probe and verify together", self._audit_before)
        yield Act("Close", "Plan what has to change; nothing is touched yet", self._make_plan)
        yield Act("Close", "Apply the plan", self._apply)
        yield Act("Prove", "Ask the app's own connections, and the listeners", self._audit_after)
        yield Act("Prove", "Listen on the same wires again", self._listen_after)
        for wire, relay, database in (
            (Wire.MYSQL, self._stage.newsroom, "MariaDB"),
            (Wire.POSTGRES, self._stage.legal, "PostgreSQL"),
        ):
            yield Act("Prove", f"Strip TLS between the app and {database}", self._strip(wire, relay))
            yield Act("Prove", f"Answer in {database}'s place with an attacker's certificate", self._pose(wire, relay))
        yield Act("Prove", "With the attacker gone, everything works", self._works)

    # Find

    def _scan(self) -> Played:
        report = scan([self._stage.project], self._settings(), datetime.now(UTC))
        text = f"{len(report.findings)} findings, grade {_word(report.grade)}"
        return _step(text, telling.findings(report), held=report.grade is Grade.F)

    def _listen_before(self) -> Played:
        heard = self._overhear(self._stage.plain_site, self._stage.http)
        lines = [line for wire, exposed in heard.items() for line in telling.exposures(wire, exposed, self._words())]
        text = "this is what anybody on the path reads"
        return _step(text, [*lines, *telling.logins(heard)], held=all(self._leaks(e) for e in heard.values()))

    def _audit_before(self) -> Played:
        self.before = self._audit().report
        text = f"the chain has the grade of its weakest hop: {_word(self.before.grade)}"
        return _step(text, telling.hops(self.before), held=self.before.grade is Grade.F)

    # Close

    def _make_plan(self) -> Played:
        if self.before is None:
            raise LabError("a plan starts from what was found")
        self._plan = make_plan(self._stage, self.before)
        text = f"{len(self._plan.changes)} changes"
        return _step(text, telling.plan(self._plan, self._stage.lab.directory), held=bool(self._plan))

    def _apply(self) -> Played:
        made: list[str] = []

        def tell(change: Change) -> None:
            made.append(telling.change(change, self._stage.lab.directory))
            self._told(made[-1])

        apply_plan(self._stage, self._plan, tell)
        again = apply_plan(self._stage, self._plan, tell)
        text = f"{len(made)} changes made; a second apply found {'something' if again.done else 'nothing'} to do"
        return _step(text, [], held=bool(made) and not again.done)

    # Prove

    def _audit_after(self) -> Played:
        seen = self._audit()
        self.after = seen.report
        proven = all(telling.is_verified(row) for row in seen.rows) and len(seen.rows) == len(TIPS)
        text = f"every hop is what it says it is: grade {_word(self.after.grade)}"
        good = self.after.grade is not None and self.after.grade >= Grade.A
        lines = [*telling.rows(seen.rows), *telling.remaining(self.after)]
        return _step(text if good else f"grade {_word(self.after.grade)}", lines, held=proven and good)

    def _listen_after(self) -> Played:
        heard = self._overhear(self._stage.secure_site, self._stage.https)
        carried = [connections(relay) for relay in self._relays(self._stage.https).values()]
        lines = [
            f"{wire}: {telling.silence(exposed, n)}" for (wire, exposed), n in zip(heard.items(), carried, strict=True)
        ]
        silent = not any(heard.values()) and all(carried)
        return _step("nothing is readable any more" if silent else "something is readable", lines, held=silent)

    def _strip(self, wire: Wire, relay: Relay) -> Callable[[], Played]:
        return lambda: self._attacked("strip", wire, relay, Strip(wire))

    def _pose(self, wire: Wire, relay: Relay) -> Callable[[], Played]:
        def play() -> Played:
            mallory = Authority.create("Mallory", lambda: datetime.now(UTC))
            forged = mallory.issue(CertificateRequest((relay.endpoint.host,), timedelta(days=1)))
            return self._attacked("impostor", wire, relay, Impostor(wire, forged.chain_pem, forged.key_pem))

        return play

    def _attacked(self, scenario: str, wire: Wire, relay: Relay, behaviour: Behaviour) -> Played:
        ordeal = attack(scenario, relay, wire, behaviour, lambda: self._attempt(relay))
        relay.switch(Record())
        # Whoever refuses after a name or a password went over in the clear has refused too late.
        refused = ordeal.outcome is Met.REFUSED and not ordeal.exposed
        return _step(telling.ordeal(ordeal), telling.complaint(ordeal), held=refused)

    def _works(self) -> Played:
        visitor = Visitor(self._stage.secure_site, self._stage.anchors)
        inbox = visitor.log_in(self._stage.editor)
        kept = [desk for desk, text in TIPS.items() if text in inbox]
        return _step(f"the inbox shows the tips of {' and '.join(kept)}", [], held=len(kept) == len(TIPS))

    # What several acts need

    def _settings(self) -> Settings:
        return load(self._stage.project / "everyhop.toml", self._stage.project)

    def _audit(self) -> Audit:
        stage = self._stage
        python = Interpreter(interpreter(), "the demo's own")
        asked = Asked((_APP,), python, _environment(), stage.project, _DEADLINE, stage.anchors)
        return audit(asked, self._settings(), datetime.now(UTC))

    def _relays(self, site: Relay) -> dict[str, Relay]:
        return {
            "browser → nginx": site,
            "flask → mariadb": self._stage.newsroom,
            "flask → postgresql": self._stage.legal,
        }

    def _overhear(self, site: str, relay: Relay) -> dict[str, tuple[Exposed, ...]]:
        """A tip to each desk, and an editor's visit; what each wire gave away meanwhile."""
        relays = self._relays(relay)
        for tapped in relays.values():
            tapped.switch(Record())
        visitor = Visitor(site, self._stage.anchors)
        for desk, text in TIPS.items():
            visitor.send_tip(desk, text)
        visitor.log_in(self._stage.editor)
        wires = (Wire.HTTP, Wire.MYSQL, Wire.POSTGRES)
        return {name: overheard(tapped, wire) for (name, tapped), wire in zip(relays.items(), wires, strict=True)}

    def _words(self) -> list[str]:
        return [*TIPS.values(), self._stage.editor.reveal()]

    def _leaks(self, exposed: tuple[Exposed, ...]) -> bool:
        """Whether a tip or the editor's password is among what was read."""
        return any(word in item.value.reveal() for item in exposed for word in self._words())

    def _attempt(self, relay: Relay) -> str | None:
        """Let the app connect with its own driver and settings; the driver's words, or None where it connected."""
        seen = sample(
            _APP,
            python=interpreter(),
            environment=_environment(),
            directory=str(self._stage.project),
            deadline=_DEADLINE,
        )
        engine = next(engine for engine in seen.engines if engine.endpoint == relay.endpoint)
        return None if engine.live is not None else engine.reason


def _step(text: str, lines: list[str], *, held: bool) -> Played:
    return Played(text, tuple(lines), Outcome.HELD if held else Outcome.FAILED)


def _word(grade: Grade | None) -> str:
    return grade.word if grade is not None else "none"


def _environment() -> dict[str, str]:
    """The caller's, less what would change how the app connects: it is the app's `.env` that is on trial."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "MYSQL", "MARIADB"))}
