"""What is done to an authority in a process of its own: forked while it issues, and killed at any write it makes.

In a process of its own, because pytest's has threads, and those do not come along with a fork.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from everyhop.lineage.authority import UNSEALED, Founding, KeptAuthority, found, load
from everyhop.model.certificate import CertificateRequest
from everyhop.model.secret import Secret
from everyhop.pki.constraints import Constraints
from everyhop.pki.revocation import crls
from everyhop.pki.rollover import Settled
from everyhop.x509.path import verify_path
from tests.certificates import good, new_authority, utc_now
from tests.tracing import traced

FOUNDING: Final = Founding("Kept", Constraints.parse(["db.internal,10.0.0.0/8"]))
ROOT: Final = Secret("the root's passphrase")
CHANGING: Final = {"write", "fsync", "mkdirat", "renameat", "rename", "unlinkat"}


def in_a_process(function: str, *words: str) -> str:
    """What a function of this module prints."""
    program = (
        f"import sys; sys.path[:0] = {sys.path!r}; from tests.authorities import {function} as f; f(*sys.argv[1:])"
    )
    seen = subprocess.run([sys.executable, "-c", program, *words], check=False, capture_output=True, text=True)
    assert seen.returncode == 0, seen.stderr
    return seen.stdout


def serials_of_forks() -> None:
    """Print the serial numbers of 20 certificates from each of four processes, which all began alike."""
    authority = new_authority()
    good(authority, "db.internal")
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            serials = [good(authority, "db.internal").chain.leaf.serial for _ in range(20)]
            os.write(1, "".join(f"{serial}\n" for serial in serials).encode())
            os._exit(0)
        children.append(child)
    assert all(os.waitpid(child, 0)[1] == 0 for child in children)


def killed_at_every_write(act: str, directory: str) -> None:
    """Do this act on an authority, and kill it right before each write, until it is done; see that all is whole then.

    Prints how often it was killed.
    """
    root = Path(directory)
    before = root / "before"
    before.mkdir()
    _prepare(act, before / "home")
    # Once without being watched, so that what is loaded at first use is loaded when the calls are counted.
    ACTS[act](Path(shutil.copytree(before, root / "first")) / "home")
    steps = _steps(act, Path(shutil.copytree(before, root / "measured")))
    kills = 0
    for step in steps:
        room = Path(shutil.copytree(before, root / str(step)))
        # Signatures are of random length, so that a call more or less is made: the last step may come too late.
        kills += traced(lambda home=room / "home": ACTS[act](home), step).killed  # type: ignore[misc]
        if act == "init" and not (room / "home" / "authority").exists():
            _init(room / "home")
        kept = load(str(room / "home"), utc_now)
        _see_that_it_is_whole(kept)
        if act == "roll" and isinstance(kept.state().roll, Settled) and step == steps[-1]:
            _roll(room / "home")  # again, over what was left
        kept.renew_crl(None)
        _see_that_it_is_whole(kept)
        shutil.rmtree(room)
    print(kills)  # noqa: T201 - for `in_a_process`


def _see_that_it_is_whole(kept: KeptAuthority) -> None:
    issued = kept.issuer(None).issue(CertificateRequest(("db.internal",)))
    verify_path(issued.chain, kept.anchors_pem(), "db.internal", utc_now())
    assert len(crls(kept.crl_pem())) >= 2


def _steps(act: str, room: Path) -> list[int]:
    """The numbers of the system calls with which this act changes something."""
    calls = traced(lambda: ACTS[act](room / "home")).calls
    return [
        number
        for number, call in enumerate(calls, 1)
        if call.name in CHANGING and any(path.startswith(str(room)) for path in call.paths)
    ]


def _prepare(act: str, home: Path) -> None:
    if act == "init":
        return
    _init(home)
    if act == "finish":
        _roll(home)
        _advance(home)
        _advance(home)


def _init(home: Path) -> None:
    found(str(home), FOUNDING, ROOT, UNSEALED, utc_now)


def _roll(home: Path) -> None:
    load(str(home), utc_now).begin_roll(FOUNDING, ROOT, UNSEALED)


def _advance(home: Path) -> None:
    load(str(home), utc_now).advance_roll()


def _lists(home: Path) -> None:
    load(str(home), utc_now).renew_crl(None)


ACTS: Final[Mapping[str, Callable[[Path], None]]] = {
    "init": _init,
    "roll": _roll,
    "finish": _advance,
    "lists": _lists,
}
