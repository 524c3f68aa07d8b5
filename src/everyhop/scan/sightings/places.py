"""Which files show something that nobody deploys: tests, pipelines, documentation, examples."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import PurePosixPath
from typing import Final

_FOLDERS: Final = frozenset({"test", "tests", "testing"})
_FILE: Final = re.compile(r"test_.*|.*_tests?|tests?|conftest")  # as pytest and unittest look for them
_PIPELINES: Final = frozenset(
    {".ci", "ci", ".github", ".circleci", ".gitlab", ".buildkite", ".woodpecker", ".drone", ".gitea"}
)
_PIPELINE: Final = re.compile(
    r"\.?(?:gitlab-ci|travis|appveyor|drone|woodpecker|azure-pipelines|bitbucket-pipelines|tox|noxfile|jenkinsfile)\b.*",
    re.IGNORECASE,
)
_FOR_TESTS: Final = re.compile(r"(?:.*[._-])?(?:tests?|testing|ci|e2e|cypress)(?:[._-].*)?", re.IGNORECASE)
_DOCS: Final = frozenset({"doc", "docs", "documentation"})
_EXAMPLES: Final = frozenset({"example", "examples", "sample", "samples", "demo", "demos", "tutorial", "tutorials"})
_EXAMPLE: Final = re.compile(r".*\.(?:example|sample)(?:\..*)?")


class Place(Enum):
    """What becomes of a file."""

    DEPLOYED = "deployed"
    TESTS = "tests"
    PIPELINE = "pipeline"
    DOCS = "docs"
    EXAMPLE = "example"


def place_of(path: str) -> Place:
    """What becomes of a file, by its name and folders."""
    pure = PurePosixPath(path)
    folders = {part.lower() for part in pure.parent.parts}
    if folders & _FOLDERS or _FILE.fullmatch(pure.stem):
        return Place.TESTS
    if folders & _PIPELINES or _PIPELINE.fullmatch(pure.name):
        return Place.PIPELINE
    if pure.suffix != ".py" and _FOR_TESTS.fullmatch(pure.name):  # compose.ci.yaml, docker-compose-test.yml
        return Place.TESTS
    if folders & _DOCS:
        return Place.DOCS
    if folders & _EXAMPLES or _EXAMPLE.fullmatch(pure.name.lower()):
        return Place.EXAMPLE
    return Place.DEPLOYED


def is_for_tests(path: str) -> bool:
    """Whether a file belongs to the tests, or to the pipeline that runs them."""
    return place_of(path) in (Place.TESTS, Place.PIPELINE)


def is_for_show(path: str) -> bool:
    """Whether a file belongs to examples or documentation."""
    return place_of(path) in (Place.EXAMPLE, Place.DOCS)


def is_private(path: str) -> bool:
    """Whether a file is to stay out of the repository: a dotenv file, which python-dotenv's README says to ignore.

    `.flaskenv` is none: in Flask's documentation ("Environment Variables From dotenv") it is for what is public.
    """
    name = PurePosixPath(path).name
    return name != ".flaskenv" and (name.startswith(".env") or name.endswith(".env"))
