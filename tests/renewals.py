"""A renewal that is killed while it deploys to a real PostgreSQL: in a process of its own, without threads."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from everyhop.jobs.issuing import Help
from everyhop.jobs.office import Office
from everyhop.jobs.renew import Extent, Outcome, Result, renew
from everyhop.model.location import Location
from everyhop.model.secret import Secret
from everyhop.model.survey import Survey
from everyhop.probe.probe import survey
from everyhop.x509.pair import belongs
from tests.certificates import utc_now
from tests.listeners import HOST
from tests.tracing import Trace, traced

_CHANGING = {"write", "fsync", "mkdirat", "renameat", "rename", "unlinkat", "fchmod", "fchown", "openat"}


def killed_while_deploying(home: Path, server: Path, endpoint: str, every: int) -> int:
    """How often the renewal was killed, at work in its journal or in the server's folder; all was seen whole then.

    `every` is 1 for a kill before each change, 2 for every other one.
    """
    program = (
        f"import sys; sys.path[:0] = {sys.path!r}; from tests.renewals import _killed; print(_killed(*sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, str(home), str(server), endpoint, str(every)]
    seen = subprocess.run(command, check=False, capture_output=True, text=True)
    assert seen.returncode == 0, seen.stderr
    return int(seen.stdout)


def _killed(home: str, server: str, endpoint: str, every: str) -> int:
    office = Office(home, utc_now, "a test")
    assert _last(_renewed(office, Extent.FORCED)).result is Result.RENEWED  # what is loaded late is loaded now
    steps = _steps(traced(lambda: list(_renewed(office, Extent.FORCED))), (f"{home}/journal", server))
    kills = 0
    for step in steps[:: int(every)]:
        kills += traced(lambda: list(_renewed(office, Extent.FORCED)), step).killed
        before = _served(endpoint)
        assert before in _serials(office)  # whole, and one of the lineage's
        outcome = _last(_renewed(office, Extent.DUE))  # the next run of the timer
        assert outcome.result in {Result.KEPT, Result.DEPLOYED}, outcome
        assert _served(endpoint) == _serials(office)[-1]
        chain, key = Path(server, "server.pem"), Path(server, "server.key")
        assert belongs(key.read_text(), chain.read_text())
    return kills


def _renewed(office: Office, extent: Extent) -> Iterator[Outcome]:
    return renew(office, (HOST,), extent, Help(lambda: Secret("")))


def _last(outcomes: Iterator[Outcome]) -> Outcome:
    (outcome,) = outcomes
    assert not outcome.stopped, outcome
    return outcome


def _steps(trace: Trace, places: tuple[str, ...]) -> list[int]:
    """The calls by which something changes there; of those that follow each other with the same file, the first."""
    found = []
    last: object = None
    for number, call in enumerate(trace.calls, 1):
        if call.name in _CHANGING and any(path.startswith(places) for path in call.paths):
            if (call.name, call.paths) != last:
                found.append(number)
            last = (call.name, call.paths)
    return found


def _served(endpoint: str) -> int:
    seen = survey(Location.parse(endpoint), anchors=None, server_name=HOST, now=datetime.now(UTC))
    assert isinstance(seen, Survey)
    assert seen.chain is not None
    return seen.chain.leaf.serial


def _serials(office: Office) -> list[int]:
    lineage = office.store.open(HOST)
    return [lineage.version(number).leaf.serial for number in lineage.numbers()]
