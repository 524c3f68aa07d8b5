"""The agreement suite's part in pytest's own run: which servers, what was not there, and the page.

`EVERYHOP_WRITE_DRIVERS=1` writes docs/reference/drivers.md from what this run saw, if it saw all of it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

import pytest

from tests.agreement.rows import FOLDER, kept

_WRITE: Final = "EVERYHOP_WRITE_DRIVERS"
_FOLDER: Final = pytest.StashKey[tempfile.TemporaryDirectory[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make test-full` looks at every server that there is here."""
    parser.addoption("--all-servers", action="store_true", help="agreement with each version of a server")


def pytest_configure(config: pytest.Config) -> None:
    """The workers inherit the folder's name with the environment."""
    if os.environ.get(_WRITE) and not hasattr(config, "workerinput"):
        folder = tempfile.TemporaryDirectory(prefix="everyhop-rows-")
        config.stash[_FOLDER] = folder
        os.environ[FOLDER] = folder.name


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let xdist see which tests belong together: version 3.8 writes it where pytest from 9.2 on does not read it."""
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        group = "_".join(sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")}))
        if group and not item.nodeid.endswith(f"@{group}"):
            item._id = type(item._id).parse(f"{item.nodeid}@{group}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The rows have been read, or nobody wants them."""
    if folder := config.stash.get(_FOLDER, None):
        folder.cleanup()
        del os.environ[FOLDER]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """A line for each driver and server that agreement was not held with, where the suite was run; and the page."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, [])]
    if not any("test_agreement.py" in one.nodeid for one in reports):
        return
    from tests.agreement import absence, catalogue, page  # noqa: PLC0415  # most runs of pytest have no need of them

    for line in absence.told():
        terminalreporter.line(f"agreement: {line}")
    if not (folder := config.stash.get(_FOLDER, None)):
        return
    rows = tuple(kept(Path(folder.name)))
    order = [
        (one.title, spelled.purpose, str(spelled)) for one in catalogue.drivers() for spelled in catalogue.tried(one)
    ]
    unseen = set(order) - {(row.driver, row.purpose, row.spelling) for row in rows}
    if unseen:
        terminalreporter.line(f"{page.PAGE.name} is not written: {len(unseen)} spellings were not seen to agree")
    else:
        page.PAGE.write_text(page.rendered(rows, order, tuple(absence.told())), encoding="utf-8")
