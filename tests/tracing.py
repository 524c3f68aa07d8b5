"""Every system call of a real process, by ptrace(2): to see them, and to kill the process right before one of them.

Nothing is listed beforehand: whatever call the code comes to make is a step at which it is killed. Only what tests ask
about by name has a number here.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import signal
import struct
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

_TRACEME, _SYSCALL, _SETOPTIONS, _GET_SYSCALL_INFO = 0, 24, 0x4200, 0x420E
_SYSGOOD, _EXITKILL = 0x1, 0x100000
_AT_SYSCALL: Final = signal.SIGTRAP | 0x80
_ENTRY: Final = 1

# From the kernel's tables: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
_NUMBERS: Final = {
    "x86_64": {
        "write": 1, "pwrite64": 18, "fsync": 74, "fdatasync": 75, "chmod": 90, "fchmod": 91, "rename": 82, "open": 2,
        "mkdir": 83, "creat": 85, "symlink": 88, "openat": 257, "mkdirat": 258, "renameat": 264, "symlinkat": 266,
        "fchmodat": 268, "unlinkat": 263, "renameat2": 316,
    },
    "aarch64": {
        "write": 64, "pwrite64": 68, "fsync": 82, "fdatasync": 83, "fchmod": 52, "openat": 56, "mkdirat": 34,
        "renameat": 38, "symlinkat": 36, "fchmodat": 53, "unlinkat": 35, "renameat2": 276,
    },
}[platform.machine()]  # fmt: skip
_NAMES: Final = {number: name for name, number in _NUMBERS.items()}

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


@dataclass(frozen=True)
class Call:
    """A system call that was made: its name where it has one here, and the paths that it was about, absolute."""

    name: str
    arguments: tuple[int, ...]
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Trace:
    """What a process did. `killed` is whether it was; else it ended by itself, without an error."""

    calls: tuple[Call, ...]
    killed: bool


def traced(act: Callable[[], object], kill_before: int | None = None) -> Trace:
    """Run `act` in a child; before its system call of this number, from 1, it is killed: the call is not made."""
    child = os.fork()
    if not child:
        _be_traced(act)
    os.waitpid(child, 0)
    _ptrace(_SETOPTIONS, child, 0, _SYSGOOD | _EXITKILL)
    calls: list[Call] = []
    passed_on = 0
    while True:
        _ptrace(_SYSCALL, child, 0, passed_on)
        status = os.waitpid(child, 0)[1]
        if os.WIFEXITED(status):
            if os.WEXITSTATUS(status):
                raise AssertionError("the traced process failed: see above")
            return Trace(tuple(calls), killed=False)
        passed_on = 0
        if os.WSTOPSIG(status) != _AT_SYSCALL:
            passed_on = os.WSTOPSIG(status)
            continue
        operation, number, arguments = _syscall(child)
        if operation != _ENTRY:
            continue
        if kill_before is not None and len(calls) + 1 == kill_before:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return Trace(tuple(calls), killed=True)
        calls.append(_call(child, number, arguments))


def killed_everywhere(root: Path, act: Callable[[Path], object]) -> Iterator[tuple[Path, Trace]]:
    """A copy of the folder `root/before` for each system call that `act` makes on it, killed right before that call.

    The last one ended by itself.
    """
    for step in count(1):
        room = root / str(step)
        shutil.copytree(root / "before", room, symlinks=True)
        trace = traced(lambda room=room: act(room), step)  # type: ignore[misc]
        yield room, trace
        if not trace.killed:
            return


def _be_traced(act: Callable[[], object]) -> None:
    try:
        _ptrace(_TRACEME, 0, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        act()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - the child must not go on with its parent's work
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def _ptrace(request: int, process: int, address: int, data: int) -> int:
    result: int = _libc.ptrace(request, process, address, data)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"ptrace({request:#x}): {os.strerror(ctypes.get_errno())}")
    return result


def _syscall(process: int) -> tuple[int, int, tuple[int, ...]]:
    """`struct ptrace_syscall_info`: which stop it is, and for an entry the call's number and its six arguments."""
    buffer = ctypes.create_string_buffer(96)
    _ptrace(_GET_SYSCALL_INFO, process, len(buffer), ctypes.addressof(buffer))
    number, *arguments = struct.unpack_from("7Q", buffer.raw, 24)
    return buffer.raw[0], number, tuple(arguments)


def _call(process: int, number: int, arguments: tuple[int, ...]) -> Call:
    name = _NAMES.get(number, "")
    paths: tuple[str, ...]
    match name:
        case "":
            return Call(name, arguments, ())
        case "write" | "pwrite64" | "fsync" | "fdatasync" | "fchmod":
            paths = (_of_descriptor(process, arguments[0]),)
        case "openat" | "mkdirat" | "fchmodat" | "unlinkat":
            paths = (_of_name(process, arguments[0], arguments[1]),)
        case "renameat" | "renameat2":
            paths = _of_name(process, arguments[0], arguments[1]), _of_name(process, arguments[2], arguments[3])
        case "symlinkat":
            paths = (_of_name(process, arguments[1], arguments[2]),)
        case "rename":
            paths = tuple(_of_name(process, _HERE, argument) for argument in arguments[:2])
        case _:
            paths = (_of_name(process, _HERE, arguments[1 if name == "symlink" else 0]),)
    return Call(name, arguments, paths)


_HERE: Final = -100 & (2**64 - 1)  # AT_FDCWD


def _of_descriptor(process: int, descriptor: int) -> str:
    signed = ctypes.c_int(descriptor).value
    place = "cwd" if signed == ctypes.c_int(_HERE).value else f"fd/{signed}"
    try:
        return str(Path(f"/proc/{process}/{place}").readlink())
    except OSError:
        return ""


def _of_name(process: int, directory: int, address: int) -> str:
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        name = os.fsdecode((memory.read(4096) or b"").partition(b"\0")[0])
    return str(Path(_of_descriptor(process, directory)) / name)
