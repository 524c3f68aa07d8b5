"""docs/reference/drivers.md has what the agreement suite tries, all of it and nothing else."""

from __future__ import annotations

import pytest

from everyhop.dialects import registry
from everyhop.errors import SettingsError
from everyhop.model.posture import Floor, Posture
from tests.agreement import catalogue, page
from tests.agreement.driver import Driver
from tests.agreement.spelled import CA, Spelled

DRIVERS = pytest.mark.parametrize("driver", catalogue.drivers(), ids=lambda driver: driver.name)


@DRIVERS
def test_each_spelling_has_its_line_and_no_line_is_left_over(driver: Driver) -> None:
    tried = {page.first_cell(spelled) for spelled in catalogue.tried(driver)}
    assert page.spellings()[driver.title] == tried


@DRIVERS
def test_what_cannot_be_written_is_what_is_said_to_be(driver: Driver) -> None:
    """Or a driver would be spared what it can do."""
    for door in driver.ways:
        settings = driver.settings(Spelled(door), driver.host)
        for assurance in driver.unwritable:
            with pytest.raises(SettingsError):
                registry.write(settings, Posture(assurance, Floor.TLS_1_2 if assurance else Floor.NONE), CA)


def test_every_driver_is_here() -> None:
    assert catalogue.missing_drivers() == ()
