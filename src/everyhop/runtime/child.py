"""What runs in the application's own interpreter: `python child.py REQUEST REPLY`, two inherited file descriptors.

Reads one JSON request, answers one JSON object a line. stdout and stderr belong to the application. Written for Python
3.10 and later, and it imports little before the application does (gevent, for one, has to patch `ssl` before anybody
imports it).

everyhop itself is loaded from the folder that this file lies in, as a package by itself: the site-packages around it,
if there are any, are not on the application's path.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

OLDEST = (3, 10)
_PR_SET_PDEATHSIG, _SIGKILL = 1, 9  # linux/prctl.h, signal(7)


class Reply:
    """Lines to the parent. A process that the application forks has no part in them."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)
        self._descriptor = descriptor
        self._owner = os.getpid()
        self.forked = False
        os.register_at_fork(after_in_parent=self._note_fork, after_in_child=self._let_go)

    def send(self, kind: str, **fields: Any) -> None:
        """Write one line, whole (the pipe's other end reads until this process has ended)."""
        if os.getpid() != self._owner:
            os._exit(0)
        data = json.dumps({"kind": kind, **fields}).encode() + b"\n"
        while data:
            data = data[os.write(self._descriptor, data) :]

    def _note_fork(self) -> None:
        self.forked = True

    def _let_go(self) -> None:
        os.close(self._descriptor)


def main() -> None:
    """Load, find, dial, tell; then leave without the application's exit handlers, which might wait."""
    request_descriptor, reply_descriptor = map(int, sys.argv[1:3])
    reply = Reply(reply_descriptor)
    if sys.version_info < OLDEST:
        oldest, found = (".".join(map(str, version[:2])) for version in (OLDEST, sys.version_info))
        reply.send(
            "told",
            message=f"the application's interpreter is Python {found}: everyhop asks from Python {oldest} on",
            hint="give another one with --python PATH",
        )
        os._exit(0)
    _die_with_parent()
    with os.fdopen(request_descriptor) as file:
        request = json.load(file)
    _load_everyhop(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120 - see the docstring
    _stand_in(request["directory"])
    from everyhop.runtime.asking import ask  # noqa: PLC0415 - there is no everyhop before the line above

    ask(request, reply)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _die_with_parent() -> None:
    """Have the kernel end this process when everyhop is killed. Only Linux can."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - here only

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL)


def _load_everyhop(package: str) -> None:
    import importlib.util  # noqa: PLC0415 - here only

    place = os.path.join(package, "__init__.py")  # noqa: PTH118
    spec = importlib.util.spec_from_file_location("everyhop", place, submodule_search_locations=[package])
    if spec is None or spec.loader is None:
        raise ImportError(f"{place} is no package")
    module = importlib.util.module_from_spec(spec)
    sys.modules["everyhop"] = module
    spec.loader.exec_module(module)


def _stand_in(directory: str) -> None:
    """Take the place of the program that starts the application: its directory first on the path, no arguments."""
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    sys.path[:] = [directory, *(entry for entry in sys.path if os.path.abspath(entry) != here)]  # noqa: PTH100
    sys.argv[:] = ["everyhop"]


if __name__ == "__main__":
    main()
