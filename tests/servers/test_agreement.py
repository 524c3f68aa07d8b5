"""What a dialect reads is what its driver does: every spelling, in every case, against real servers.

A disagreement is a bug of the dialect. What was seen is in docs/reference/drivers.md, and has to be there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from everyhop.lab.session import Lab
from everyhop.model.sighting import Dialer
from everyhop.model.wire import Wire
from tests.agreement import catalogue, page, standing_files
from tests.agreement.cases import WRONG_CHAIN, Case
from tests.agreement.catalogue import Product
from tests.agreement.driver import Driver
from tests.agreement.drivers.libpq import PSYCOPG2
from tests.agreement.ground import Ground
from tests.agreement.observation import observe, surroundings
from tests.agreement.prediction import predict
from tests.agreement.rows import Row, note_words, posture_words, recording
from tests.agreement.spelled import Spelled, url

# Where the step to TLS fails, some drivers forget a socket; and they warn of spellings that are outdated.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

FIRST_POSTGRESQL = next(product for product in catalogue.first_products() if product.wire is Wire.POSTGRES)


def _together(product: Product) -> pytest.MarkDecorator:
    return pytest.mark.xdist_group(product.title)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "spelled" not in metafunc.fixturenames:
        return
    products = catalogue.products() if metafunc.config.getoption("all_servers") else catalogue.first_products()
    metafunc.parametrize(
        ("product", "driver", "spelled"),
        [
            pytest.param(product, driver, spelled, id=_name(product, driver, spelled), marks=_together(product))
            for product in products
            for driver in catalogue.drivers()
            if driver.wire is product.wire
            for spelled in catalogue.tried(driver)
            if product.installation.release[0] >= spelled.since
        ],
    )


def _name(product: Product, driver: Driver, spelled: Spelled) -> str:
    return f"{product.title}-{driver.name}-{spelled.purpose}{' ' if spelled.purpose else ''}{spelled}"


class Grounds:
    """The servers of one product; another's end those before."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._laid: dict[Product, Ground] = {}

    def of(self, product: Product) -> Ground:
        if product not in self._laid:
            self.close()
            self._laid = {product: product.lay(self._lab)}
        return self._laid[product]

    def close(self) -> None:
        for ground in self._laid.values():
            ground.close()


@pytest.fixture(scope="session")
def grounds(lab: Lab) -> Iterator[Grounds]:
    made = Grounds(lab)
    yield made
    made.close()


@pytest.fixture(scope="session")
def standing(lab: Lab) -> Mapping[str, str]:
    return standing_files.texts(lab.authority)


@pytest.fixture
def folder(standing: Mapping[str, str], tmp_path: Path) -> Path:
    """Where the files of a spelling are."""
    standing_files.write(standing, tmp_path)
    return tmp_path


def test_what_is_read_is_what_happens(
    grounds: Grounds, product: Product, driver: Driver, spelled: Spelled, folder: Path
) -> None:
    servers = grounds.of(product)
    living = spelled.living(folder)
    seen = {}
    wrong = {}
    with surroundings(living.environment, str(folder)):
        for case in Case:
            dialer = driver.read(living, driver.address if case is Case.IP_SAN else driver.host)
            promised = predict(dialer, case)
            seen[case] = observe(servers, driver, living, case)
            if not seen[case].agrees(promised):
                wrong[case.name] = (promised, seen[case])
    assert wrong == {}, driver.read(living, driver.host)

    dialer = driver.read(spelled, driver.host)
    words = {case.heading: one.word for case, one in seen.items()}
    posture = posture_words(dialer)
    row = Row(driver.title, product.title, str(spelled), spelled.purpose, posture, words, note_words(dialer))
    if collected := recording():
        row.keep(collected)
    else:
        page.require(row)


@_together(FIRST_POSTGRESQL)
def test_a_reading_that_promises_too_much_does_not_stand(grounds: Grounds, folder: Path) -> None:
    """The harness itself: what is read as verified and is not shows in every case in which that matters."""
    servers = grounds.of(FIRST_POSTGRESQL)
    verified = PSYCOPG2.read(url("sslmode=verify-full&sslrootcert=/ca"), PSYCOPG2.host)
    bare = PSYCOPG2.read(url(), PSYCOPG2.host)
    with surroundings({}, str(folder)):
        tried = {
            query: {case: observe(servers, PSYCOPG2, url(query), case) for case in Case}
            for query in ("sslmode=prefer", "sslmode=disable")
        }

    def wrong(dialer: Dialer, query: str) -> set[Case]:
        return {case for case, seen in tried[query].items() if not seen.agrees(predict(dialer, case))}

    assert wrong(bare, "sslmode=prefer") == set()
    assert wrong(verified, "sslmode=prefer") == set(Case) - {Case.GOOD, Case.IP_SAN, Case.CN_ONLY, Case.ASKS_VERIFIED}
    served = {Case.GOOD, Case.IP_SAN, Case.CN_ONLY, Case.WRONG_NAME, *WRONG_CHAIN} - {Case.IMPOSTOR}
    assert wrong(bare, "sslmode=disable") == served
