"""The rings: a test's folder is its marker, and in the ring `pure` nothing reaches a socket."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings

# A shell starts what it puts into the background with Ctrl-C ignored, and so would be what the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["tests.agreement.plugin"]

RINGS = {"pure", "loopback", "servers"}
TESTS = Path(__file__).parent

# What a test's scan has seen is no news for the cache of whoever runs the tests.
os.environ["EVERYHOP_NO_CACHE"] = "1"

collect_ignore = ["cases"]  # fixtures for rules; some are named like tests, because that is what they show

# A time limit for each example would measure how busy the machine is; pytest-timeout guards the whole test.
settings.register_profile("everyday", deadline=None, print_blob=True)
settings.register_profile("full", settings.get_profile("everyday"), max_examples=2000)
settings.load_profile("everyday")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        ring = item.path.relative_to(TESTS).parts[0]
        if ring not in RINGS:
            raise pytest.UsageError(f"{item.path}: a test lives in a ring: {', '.join(sorted(RINGS))}")
        item.add_marker(ring)


@pytest.fixture(autouse=True)
def _sockets_only_outside_pure(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("pure") is None:
        yield
        return

    def refuse(_socket: socket.socket, address: object) -> NoReturn:
        pytest.fail(f"a test in the ring `pure` reached for a socket: {address!r}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket.socket, "bind", refuse)
        yield


@pytest.fixture(autouse=True)
def _guards_end_with_their_test() -> Iterator[None]:
    """A guard that watches every engine lives as long as its app, and a failed test's traceback keeps both."""
    yield
    if guards := sys.modules.get("everyhop.runtime.guard.guard"):
        guards._EVERYTHING.clear()
