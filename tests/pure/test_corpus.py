"""The labels by which `make corpus` measures: that they are labels, and that every package is pinned by hash."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure

CORPUS = Path(__file__).parents[2] / "benchmarks/corpus"
LABELS = sorted((CORPUS / "labels").glob("*.toml"))
WEB = {"http-listener", "http-dialer", "cookie", "header", "proxy-trust", "debug"}
KINDS = WEB | {"database-dialer", "database-listener", "key", "certificate"}
PLACE = re.compile(r"[^:]+:\d+(?:-\d+)?")


@pytest.mark.parametrize("path", LABELS, ids=lambda path: path.stem)
def test_labels_are_places_of_a_kind_and_nothing_else(path: Path) -> None:
    table = tomllib.loads(path.read_text())
    assert set(table) == {"half", "root", "places", "neutral"}
    assert all(PLACE.fullmatch(text) for text in table["neutral"])
    for label in table["places"]:
        assert set(label) <= {"at", "also", "kind", "product", "driver", "posture"}
        assert label["kind"] in KINDS
        assert all(PLACE.fullmatch(text) for text in (label["at"], *label.get("also", ())))


def test_every_labelled_package_is_pinned_by_hash() -> None:
    pinned = re.findall(r"^([\w-]+)==[\w.]+ \\\n    --hash=sha256:[0-9a-f]{64}$", _pins(), re.MULTILINE)
    assert pinned == [path.stem for path in LABELS]


def test_twenty_packages_and_more_are_labelled_and_some_are_kept_aside() -> None:
    halves = Counter(tomllib.loads(path.read_text())["half"] for path in LABELS)
    assert set(halves) == {"open", "held"}
    assert halves.total() >= 20
    assert halves["held"] >= 10


def test_no_index_is_named() -> None:
    assert "://" not in _pins()


def _pins() -> str:
    return (CORPUS / "requirements.txt").read_text()
