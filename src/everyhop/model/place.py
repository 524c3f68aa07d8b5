"""What becomes of a file, as its name and its folders tell: it is deployed, or it tests or shows something."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
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
_SITES: Final = frozenset({"sites-available", "sites-enabled", "vhosts", "vhosts.d", "conf.d"})
"""Folders of web servers with a file for each site, named after it: `shop.ci`, `test.example.org.conf`."""
_EXAMPLE: Final = re.compile(r".*\.(?:example|sample)(?:\..*)?")


class Place(Enum):
    """What becomes of a file."""

    DEPLOYED = "deployed"
    TESTS = "tests"
    PIPELINE = "pipeline"
    DOCS = "docs"
    EXAMPLE = "example"


@lru_cache(maxsize=16_384)  # asked for every file by each kind of sighting
def place_of(path: str) -> Place:
    """What becomes of a file, by its name and folders."""
    pure = PurePosixPath(path)
    folders = {part.lower() for part in pure.parent.parts}
    if pure.parent.name in _SITES and pure.suffix not in (".py", ".example", ".sample"):
        pure = pure.with_name("site")  # its name is a host's, and says nothing
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
