"""The process that keeps a lab: it starts programs, and ends them when nobody holds the lab any more.

It is run by its path with `python -I -S`, needs the standard library alone, and is told what to do in lines of JSON on
its standard input, each answered by one line on its standard output (`keeping` is the other end):

    {"do": "spawn", "argv": …, "directory": …, "environment": …, "log": …, "input": …, "uid": …, "gid": …, "stop": …}
                                               {"pid": 71}
    {"do": "poll", "pid": 71}                  {"code": null} while it runs, else its exit code (negative: the signal)
    {"do": "signal", "pid": 71, "signal": 1}   {}
    {"do": "note", "facts": {…}}               {}  what `lab list` shows
    {"do": "watch", "pids": [71]}              {"ended": 71}  as soon as one of them has ended
    {"do": "release"}                          {}  from now on only a signal ends the lab

The lab ends when the input does, when the process that opened it is gone, or with SIGTERM, SIGINT or SIGHUP. Then every
program is asked to stop, killed with its whole process group if it does not, and directory and state file are removed.
If the keeper itself is killed, the kernel sends each program its stop signal (PR_SET_PDEATHSIG, prctl(2)).
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

DIRECTORY_PREFIX = "everyhop-lab-"
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PATIENCE = 5.0  # seconds for a stop signal to work; measured: PostgreSQL 0.1, nginx 0.05, MariaDB 0.4
_ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

Json = dict[str, Any]


class Child:
    """A program that was started, at the head of a process group of its own."""

    def __init__(self, program: subprocess.Popen[bytes], stop: int) -> None:
        self._program = program
        self._stop = stop
        self.pid = program.pid

    def code(self) -> int | None:
        """None while it runs, else its exit code (negative: the signal).

        What it left behind in its group is killed when its end is first seen.
        """
        if self._program.returncode is None:
            # Looked at without being reaped, its number still belongs to it, and the group of that number is its own.
            options = os.WEXITED | os.WNOHANG | os.WNOWAIT
            if os.waitid(os.P_PID, self.pid, options) is None:
                return None
            self._kill_group()
            self._program.wait()
        return self._program.returncode

    def signal(self, number: int) -> None:
        """Send a signal to the program alone, if it runs."""
        if self.code() is None:
            os.kill(self.pid, number)

    def stop(self) -> None:
        """Ask it to end, in its own way."""
        self.signal(self._stop)

    def kill(self) -> None:
        """End it, and all of its group."""
        if self.code() is None:
            self._kill_group()
            self._program.wait()

    def _kill_group(self) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)


class Keeper:
    """The programs of one lab, its directory and its state file."""

    def __init__(self, directory: Path, state: Path, facts: Json) -> None:
        self.directory = directory
        self.state = state
        self.facts = facts
        self.children: dict[int, Child] = {}
        self.watched: list[int] = []
        self.released = False
        self._libc = ctypes.CDLL(None, use_errno=True)

    def answer(self, order: Json) -> Json | None:
        """Do what is asked; None where the answer comes later (`watch`)."""
        match order["do"]:
            case "spawn":
                return self._spawn(order)
            case "poll":
                return {"code": self.children[order["pid"]].code()}
            case "signal":
                self.children[order["pid"]].signal(order["signal"])
            case "note":
                self.facts |= order["facts"]
                self.write_state()
            case "watch":
                self.watched = order["pids"]
                return None
            case "release":
                self.released = True
            case other:
                return {"error": f"this keeper does not know how to {other}"}
        return {}

    def _spawn(self, order: Json) -> Json:
        root = os.geteuid() == 0
        try:
            with (
                Path(order["input"] or os.devnull).open("rb") as given,
                os.fdopen(_open_log(order), "ab") as log,
            ):
                program = subprocess.Popen(
                    order["argv"],
                    cwd=order["directory"],
                    env=order["environment"],
                    stdin=given,
                    stdout=log,
                    stderr=log,
                    umask=0o077,
                    start_new_session=True,
                    preexec_fn=self._until_i_die(order["stop"]),  # noqa: PLW1509  # one thread
                    user=order["uid"] if root else None,
                    group=order["gid"] if root else None,
                    extra_groups=[] if root else None,
                )
        except (OSError, subprocess.SubprocessError) as error:
            return {"error": str(error)}
        self.children[program.pid] = Child(program, order["stop"])
        return {"pid": program.pid}

    def _until_i_die(self, stop: int) -> Callable[[], None]:
        """What the child does last before it becomes the program: after its change of user, which would undo this."""
        keeper = os.getpid()

        def ask_the_kernel() -> None:
            self._libc.prctl(_PR_SET_PDEATHSIG, stop)
            if os.getppid() != keeper:  # it died before the kernel was asked
                os._exit(1)

        return ask_the_kernel

    def write_state(self) -> None:
        """Replace the state file by one that tells the facts, readable by nobody else."""
        fresh = self.state.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(self.facts, file)
        fresh.replace(self.state)

    def ended(self) -> int | None:
        """A watched program that does not run any more."""
        for pid in self.watched:
            if self.children[pid].code() is not None:
                return pid
        return None

    def end(self) -> None:
        """Stop what runs, remove what there is. Nothing that happens here keeps the rest from being done."""
        for child in self.children.values():
            child.stop()
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and any(child.code() is None for child in self.children.values()):
            time.sleep(0.01)
        for child in self.children.values():
            child.kill()
        for _ in range(5):  # a process that is just dying may still write a file into a directory being emptied
            shutil.rmtree(self.directory, ignore_errors=True)
            if not self.directory.exists():
                break
            time.sleep(0.05)
        self.state.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # another lab may have its state there
            self.state.parent.rmdir()


def _open_log(order: Json) -> int:
    """Open for appending: mode 0600, never through a symlink, and the program's account owns it."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(order["log"], flags, 0o600)
    if os.geteuid() == 0:
        os.fchown(descriptor, order["uid"], order["gid"])
    return descriptor


def started_at(pid: int) -> str | None:
    """When a process started, in clock ticks since boot: with its number that names it for good. None: it has ended."""
    try:
        # proc(5), stat: the state is field 3, the start field 22; field 2 is the name, in parentheses.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def _say(message: Json) -> None:
    # Who has gone hears nothing; that it has gone is seen elsewhere.
    with contextlib.suppress(OSError):
        os.write(sys.stdout.fileno(), json.dumps(message).encode() + b"\n")


def _make_directory(parent: str, uid: int, gid: int) -> Path:
    """A new directory of mode 0700 that belongs to the account the servers run as."""
    directory = Path(tempfile.mkdtemp(prefix=DIRECTORY_PREFIX, dir=parent))
    if os.geteuid() == 0:
        os.chown(directory, uid, gid)
    return directory


def _alarm() -> int:
    """A descriptor that becomes readable whenever one of our signals comes, and carries its number."""
    read, write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    for one in (*_ENDINGS, signal.SIGCHLD):
        signal.signal(one, lambda _number, _frame: None)
    return read


def serve(keeper: Keeper, holder: int, alarm: int) -> None:
    """Do what is asked until the lab ends. `holder` is a descriptor of the process that opened it (pidfd_open(2))."""
    orders, pending = sys.stdin.fileno(), b""
    while True:
        held = [] if keeper.released else [orders, holder]
        ready, _, _ = select.select([*held, alarm], [], [])
        if alarm in ready and any(number in _ENDINGS for number in os.read(alarm, 512)):
            return
        if holder in ready:
            return
        if orders in ready:
            received = os.read(orders, 65536)
            if not received:
                return
            *lines, pending = (pending + received).split(b"\n")
            for line in lines:
                answer = keeper.answer(json.loads(line))
                if answer is not None:
                    _say(answer)
        gone = keeper.ended()
        if gone is not None:
            keeper.watched = []
            _say({"ended": gone})


def main(parent: str, state: str, purpose: str, uid: str, gid: str, holder_pid: str) -> None:
    """Keep one lab from its first moment to its last."""
    alarm = _alarm()
    holder = os.pidfd_open(int(holder_pid))
    if os.getppid() != int(holder_pid):
        return
    directory = _make_directory(parent, int(uid), int(gid))
    me = {"pid": os.getpid(), "started": started_at(os.getpid())}
    keeper = Keeper(directory, Path(state), me | {"purpose": purpose, "directory": str(directory)})
    try:
        keeper.write_state()
        _say({"directory": str(directory)})
        serve(keeper, holder, alarm)
    finally:
        for one in _ENDINGS:
            signal.signal(one, signal.SIG_IGN)  # the end is not to be interrupted
        keeper.end()


if __name__ == "__main__":
    main(*sys.argv[1:])
