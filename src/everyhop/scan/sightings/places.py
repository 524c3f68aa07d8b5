"""Which files are the project's tests: they show apps that nobody deploys."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

_FOLDERS: Final = frozenset({"test", "tests", "testing"})
_FILE: Final = re.compile(r"test_.*|.*_tests?|tests?|conftest")  # as pytest and unittest look for them


def is_for_tests(path: str) -> bool:
    """Whether a file belongs to the tests, by its name and folders."""
    pure = PurePosixPath(path)
    return not _FOLDERS.isdisjoint(pure.parent.parts) or _FILE.fullmatch(pure.stem) is not None
