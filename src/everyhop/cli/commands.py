"""The commands there are: one table. Nothing is imported before it is called, so that `--help` answers at once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Movement(Enum):
    """What a person is after, in the order in which it is needed: the headings of `everyhop --help`."""

    FIND = "FIND what is exposed"
    CLOSE = "CLOSE it"
    PROVE = "PROVE it"
    KEEP = "KEEP it closed"
    TRY = "TRY it"
    LEARN = "LEARN why"


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives (`module:attribute`) and what it does, in one line."""

    place: str
    movement: Movement
    summary: str


COMMANDS: Final = {
    "scan": Entry(
        "everyhop.cli.scan:scan", Movement.FIND, "Read source and configuration, offline, and judge every hop."
    ),
    "explain": Entry(
        "everyhop.cli.explain:explain", Movement.FIND, "Say what a database URL really does, and what to use instead."
    ),
    "init": Entry("everyhop.cli.init:init", Movement.FIND, "Write everyhop.toml from what scan finds."),
    "audit": Entry(
        "everyhop.cli.audit:audit", Movement.FIND, "Scan, probe and sample over everyhop.toml: one report, one grade."
    ),
    "probe": Entry(
        "everyhop.cli.probe:probe", Movement.FIND, "Look at a live listener from outside; never authenticates."
    ),
    "ca": Entry("everyhop.cli.ca:ca", Movement.CLOSE, "Keep an authority of your own, its keys sealed."),
    "cert": Entry("everyhop.cli.cert:cert", Movement.CLOSE, "Have certificates issued, by that authority or by ACME."),
    "trust": Entry("everyhop.cli.trust:trust", Movement.CLOSE, "Have this machine's programs believe the authority."),
    "verify": Entry(
        "everyhop.cli.verify:verify", Movement.PROVE, "Connect as the app does, and ask its own connections."
    ),
    "renew": Entry("everyhop.cli.renew:renew", Movement.KEEP, "Renew what is due, deploy it, and see it served."),
    "demo": Entry(
        "everyhop.cli.demo:demo", Movement.TRY, "Watch an exposed app found, closed and proven, on real servers."
    ),
    "lab": Entry("everyhop.cli.lab:lab", Movement.TRY, "Start private servers with verified TLS, in seconds."),
    "rules": Entry("everyhop.cli.rules:rules", Movement.LEARN, "Show the catalogue of rules, or one rule's page."),
}
