"""The story's lines: what the acts found, in words for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Final

from everyhop.capture.exposed import Exposed, Kind
from everyhop.deploy.change import Change, MakeDirectory, Reload, Restart, WriteFile
from everyhop.deploy.plan import Plan
from everyhop.drill.scenario import Ordeal
from everyhop.drill.scenario import Outcome as Met
from everyhop.jobs.demo.stage import Stage
from everyhop.model.posture import Assurance
from everyhop.model.report import Report
from everyhop.render.hop_map import hop_map
from everyhop.render.ink import plain
from everyhop.runtime.sightings import Compared

_WIDTH: Final = 96
_CREDENTIALS: Final = (Kind.PASSWORD, Kind.PASSWORD_HASH)
_SHOWN: Final = (Kind.FORM, Kind.PASSWORD, Kind.COOKIE, Kind.SQL, Kind.ROW)


def stage(it: Stage) -> list[str]:
    """What runs, and where it is dialled."""
    return [
        f"nginx {it.nginx.version}  {it.plain_site}  → gunicorn on {it.socket}",
        f"MariaDB {it.mariadb.version}  {it.newsroom.endpoint}  the newsroom's inbox, no TLS",
        f"PostgreSQL {it.postgresql.version}  {it.legal.endpoint}  the legal desk's inbox, sslmode=prefer, no TLS",
    ]


def invitation(it: Stage) -> str:
    """Where the closed tip line is, and how to get in."""
    return (
        f"\nIt runs until Ctrl-C.\n  the tip line   {it.secure_site}\n  its authority  {it.lab.anchors}\n"
        f"  the inbox      {it.secure_site}/login  password {it.editor.reveal()}\n"
        f"  the project    {it.project}  (everyhop verify and everyhop scan work there)"
    )


def findings(report: Report) -> list[str]:
    """A line for each finding, and the place."""
    return [
        f"{found.rule}  {found.severity.word}  {found.span or found.endpoint}  {found.message}"
        for found in report.findings
    ]


def exposures(wire: str, exposed: Sequence[Exposed], words: Iterable[str]) -> list[str]:
    """Each kind of thing once per name, those first that hold one of `words`.

    Passwords and cookies are shown: everyhop made them for this demo, on the loopback.
    """
    wanted = tuple(words)
    shown = [item for item in exposed if item.kind in _SHOWN]
    shown.sort(key=lambda item: not any(word in item.value.reveal() for word in wanted))
    first: dict[tuple[Kind, str], Exposed] = {}
    for item in shown:
        first.setdefault((item.kind, item.name), item)
    ordered = sorted(first.values(), key=lambda item: _SHOWN.index(item.kind))
    return [wire, *(f"  {_item(item)}" for item in ordered)]


def logins(heard: Mapping[str, Sequence[Exposed]]) -> list[str]:
    """Which hop's way of logging in gave a password away, and which did not."""
    told = []
    for wire, exposed in heard.items():
        ways = sorted({f"{item.kind.value} in “{item.name}”" for item in exposed if item.kind in _CREDENTIALS})
        told.append(f"{wire}: login: {', '.join(ways) or 'gives no password away'}")
    return told


def hops(report: Report) -> list[str]:
    """The hop map."""
    return hop_map(report, plain)


def plan(planned: Plan, root: Path) -> list[str]:
    """Every change with its diff, in paths below `root`; without the lines that only a patch program needs."""
    lines = planned.text().replace(f"{root}/", "").splitlines()
    return [line for line in lines if not line.startswith(("    --- ", "    +++ ", "    @@ "))]


def change(made: Change, root: Path) -> str:
    """A change in a line."""
    match made:
        case MakeDirectory() | WriteFile():
            return made.text().splitlines()[0].replace(f"{root}/", "")
        case Reload() | Restart():
            return made.text()


def is_verified(row: Compared) -> bool:
    """Whether what was declared and what the live connection showed leave nothing but `verify-full`."""
    if row.declared is None or row.observed is None:
        return False
    both = row.declared.bounds.narrow(row.observed)
    return both is not None and both.low.assurance is Assurance.IDENTITY_VERIFIED


def rows(compared: Sequence[Compared]) -> list[str]:
    """What each of the app's connections told of itself, and what its server says."""
    lines = []
    for row in compared:
        live = row.engine.live
        name = f"{row.hop.dialer} → {row.hop.listener}" if row.hop else row.engine.name
        if live is None:
            lines.append(f"{name}: not connected: {row.engine.reason}")
            continue
        posture = Assurance.IDENTITY_VERIFIED.word if is_verified(row) else "not verified"
        peer = row.peer.subject if row.peer else "not shown by this driver"
        lines.append(f"{name}: {posture}, {live.version or 'no TLS'}, {live.suite or 'no suite'}, peer {peer}")
        lines.append(f"  the server's view: {row.engine.server}")
    return lines


def remaining(report: Report) -> list[str]:
    """What is still wrong or unknown."""
    return findings(report) + [f"not looked at: {gap.where}: {gap.reason}" for gap in report.gaps]


def silence(exposed: Sequence[Exposed], connections: int) -> str:
    """What was read, against how much there was to read."""
    return f"{len(exposed)} readable things in {connections} connection{'s' if connections != 1 else ''}"


def ordeal(met: Ordeal) -> str:
    """What came of an attack."""
    match met.outcome:
        case Met.REFUSED:
            return f"refused by the app's own driver after {met.seconds:.1f} s; {len(met.exposed)} readable things"
        case Met.ACCEPTED:
            return "ACCEPTED: the app talks to the attacker"
        case Met.NOT_REACHED:
            return "the app never came to the relay: nothing was proven"


def complaint(met: Ordeal) -> list[str]:
    """The driver's own words, whole."""
    return wrap(met.error or "", _WIDTH)


def _item(item: Exposed) -> str:
    return _clipped(f"{item.kind.value} “{item.name}”: {item.value.reveal()}")


def _clipped(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
