"""What everyhop itself writes for a driver: each posture, and `verify-full` hardened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from everyhop.dialects import registry
from everyhop.dialects.settings import Spelling
from everyhop.errors import SettingsError
from everyhop.model.posture import Assurance, Floor, Posture
from tests.agreement.driver import Driver
from tests.agreement.spelled import CA, Door, Spelled

HARDENED: Final = "hardened"


def written(driver: Driver) -> Iterator[Spelled]:
    """For each door and posture that there are words for. Raises `SettingsError` where there should be some."""
    for door in driver.ways:
        bare = Spelled(door)
        before = driver.settings(bare, driver.host)
        for assurance in Assurance:
            posture = Posture(assurance, Floor.TLS_1_2 if assurance else Floor.NONE)
            try:
                spelling = registry.write(before, posture, CA)
            except SettingsError:
                if assurance in driver.unwritable:
                    continue
                raise
            yield _as_spelled(driver, door, spelling, assurance.word)
            if assurance is Assurance.IDENTITY_VERIFIED:
                hardened = registry.harden(before, spelling)
                if hardened != spelling:
                    yield _as_spelled(driver, door, hardened, HARDENED)


def _as_spelled(driver: Driver, door: Door, spelling: Spelling, purpose: str) -> Spelled:
    query = "&".join(f"{key}={value}" for key, value in spelling.url.options) if spelling.url else ""
    chosen = {"host", *driver.fixed}
    arguments = {key: value for key, value in spelling.connect_args.items() if key not in chosen}
    return Spelled(door, query, arguments, spelling.environment, purpose=purpose)
