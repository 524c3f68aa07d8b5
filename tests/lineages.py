"""Lineages for tests, and the rooms in which a real process is killed at every system call that it makes on one."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Final

from everyhop.lineage.lineage import Lineage
from everyhop.lineage.store import Store
from everyhop.lineage.terms import IssuerName, Terms
from everyhop.model.certificate import CertificateRequest
from everyhop.pki.authority import Authority
from tests.certificates import MONTH, good
from tests.tracing import Trace

NAME: Final = "db.internal"

# Forks are made in a process of its own, which has no threads: pytest's watches the time.
_PROGRAM: Final = """
import os, pickle, sys
sys.path[:0] = {path!r}
from pathlib import Path
from {module} import {function}
from tests.tracing import killed_everywhere, traced
os.umask(0)
root = Path(sys.argv[1])
act = {function}(root)
if {steps} == "every":
    rooms = [(str(room), trace) for room, trace in killed_everywhere(root, act)]
else:
    rooms = [(str(root / "before"), traced(lambda: act(root / "before")))]
sys.stdout.buffer.write(pickle.dumps(rooms))
"""


def terms(*names: str, keep: int = 2) -> Terms:
    return Terms(CertificateRequest(names or (NAME,), MONTH), IssuerName.INTERNAL, keep=keep)


def lineage_of(home: Path, authority: Authority, *, versions: int = 0, keep: int = 2) -> Lineage:
    """A lineage with so many versions, the last of which is live."""
    lineage = Store(str(home)).create(NAME, terms(keep=keep))
    for _ in range(versions):
        lineage.add(good(authority, NAME))
    return lineage


def killed(root: Path, module: str, function: str) -> list[tuple[Path, Trace]]:
    """For each system call that an act makes on a copy of `root/before`: the copy in which it was killed before that.

    `function` of `module` takes `root` and returns the act, which takes the copy. The last act ended by itself.
    """
    rooms = _run(root, module, function, "every")
    assert not rooms[-1][1].killed
    assert all(trace.killed for _, trace in rooms[:-1])
    return rooms


def watched(root: Path, module: str, function: str) -> Trace:
    """What the act does, in `root/before` itself."""
    return _run(root, module, function, "none")[0][1]


def _run(root: Path, module: str, function: str, steps: str) -> list[tuple[Path, Trace]]:
    program = _PROGRAM.format(path=sys.path, module=module, function=function, steps=repr(steps))
    seen = subprocess.run([sys.executable, "-c", program, str(root)], check=True, stdout=subprocess.PIPE)
    # Our own process's, over a pipe of our own.
    return [(Path(room), trace) for room, trace in pickle.loads(seen.stdout)]  # noqa: S301
