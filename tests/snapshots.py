"""Whole outputs, kept as files beside the tests; EVERYHOP_WRITE_SNAPSHOTS=1 writes them anew, for a person to read."""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "snapshots"


def agrees(name: str, output: str) -> None:
    """The output is what it was."""
    path = FOLDER / name
    if os.environ.get("EVERYHOP_WRITE_SNAPSHOTS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(output, encoding="utf-8")
    assert output == path.read_text(encoding="utf-8")
