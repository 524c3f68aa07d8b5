"""What was asked of a scan, and by which everyhop: what an answer is kept under."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from everyhop.model.tool import VERSION
from everyhop.scan.cache.encoding import written
from everyhop.scan.workspace import root_of


def question(paths: Sequence[Path], exclude: Sequence[str], rules: Sequence[str] | None, settings: object) -> str:
    """A name for it, in hex. Two of one name have the same answer on the same tree and day."""
    named = [str(path.resolve()) for path in paths]
    program = [VERSION, sys.version, *_program()]
    asked = written([program, str(root_of(paths)), named, list(exclude), rules, settings])
    return hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()


def _program() -> Iterator[str]:
    """The state of everyhop's own files, for who works on them, and of the folders its requirements are put into."""
    pending = [str(Path(__file__).parents[2])]
    while pending:
        for entry in sorted(os.scandir(pending.pop()), key=lambda entry: entry.name):
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    pending.append(entry.path)
            else:
                state = entry.stat()
                yield f"{entry.path} {state.st_size} {state.st_mtime_ns}"
    for name in sys.path:
        folder = Path(name)
        if folder.name in ("site-packages", "dist-packages") and folder.is_dir():
            yield f"{name} {folder.stat().st_mtime_ns}"
