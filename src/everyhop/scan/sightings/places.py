"""What a file is for, by its name and folders: tests, examples and docs show apps that nobody deploys."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

_FOLDERS: Final = frozenset({"test", "tests", "testing"})
_SHOWN: Final = frozenset({"doc", "docs", "example", "examples", "sample", "samples", "tutorial", "tutorials"})
_FILE: Final = re.compile(r"test_.*|.*_tests?|tests?|conftest")  # as pytest and unittest look for them


def is_for_tests(path: str) -> bool:
    """Whether a file belongs to the tests, by its name and folders."""
    pure = PurePosixPath(path)
    return not _FOLDERS.isdisjoint(pure.parent.parts) or _FILE.fullmatch(pure.stem) is not None


def is_for_show(path: str) -> bool:
    """Whether a file belongs to examples or documentation."""
    return not _SHOWN.isdisjoint(PurePosixPath(path).parent.parts)


def is_private(path: str) -> bool:
    """Whether a file is to stay out of the repository: a dotenv file, which python-dotenv's README says to ignore.

    `.flaskenv` is none: in Flask's documentation ("Environment Variables From dotenv") it is for what is public.
    """
    name = PurePosixPath(path).name
    return name != ".flaskenv" and (name.startswith(".env") or name.endswith(".env"))
