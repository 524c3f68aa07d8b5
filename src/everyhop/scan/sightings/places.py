"""Which files show something that nobody deploys, are for development, or are to stay private."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

from everyhop.model.place import Place, place_of

__all__ = ["Place", "is_for_development", "is_for_show", "is_for_tests", "is_private", "place_of"]

_FOR_DEVELOPMENT: Final = re.compile(
    r"(?:^|[._/-])(?:dev|devel|development|local|debug|override|devcontainer)(?:[._/-]|$)", re.IGNORECASE
)


def is_for_tests(path: str) -> bool:
    """Whether a file belongs to the tests, or to the pipeline that runs them."""
    return place_of(path) in (Place.TESTS, Place.PIPELINE)


def is_for_development(path: str) -> bool:
    """Whether a file says by its name or folder that it is for the machine of whoever develops the app."""
    return _FOR_DEVELOPMENT.search(path) is not None


def is_for_show(path: str) -> bool:
    """Whether a file belongs to examples or documentation."""
    return place_of(path) in (Place.EXAMPLE, Place.DOCS)


def is_private(path: str) -> bool:
    """Whether a file is to stay out of the repository: a dotenv file, which python-dotenv's README says to ignore.

    `.flaskenv` is none: in Flask's documentation ("Environment Variables From dotenv") it is for what is public.
    """
    name = PurePosixPath(path).name
    return name != ".flaskenv" and (name.startswith(".env") or name.endswith(".env"))
