"""What a file is for, by where it stands."""

import pytest

from everyhop.scan.sightings.places import Place, is_for_tests, place_of


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("app/config.py", Place.DEPLOYED),
        ("app/latest.py", Place.DEPLOYED),
        ("contest/app.py", Place.DEPLOYED),
        ("docker-compose.yml", Place.DEPLOYED),
        ("compose.prod.yaml", Place.DEPLOYED),
        ("tests/conftest.py", Place.TESTS),
        ("app/test_db.py", Place.TESTS),
        ("docker-compose-test.yml", Place.TESTS),
        ("compose.ci.yaml", Place.TESTS),
        (".env.test", Place.TESTS),
        (".github/workflows/deploy.yml", Place.PIPELINE),
        (".gitlab-ci.yml", Place.PIPELINE),
        ("tox.ini", Place.PIPELINE),
        ("docs/conf.py", Place.DOCS),
        ("examples/app.py", Place.EXAMPLE),
        (".env.example", Place.EXAMPLE),
        ("config.sample.toml", Place.EXAMPLE),
    ],
)
def test_a_path_tells_what_becomes_of_a_file(path: str, place: Place) -> None:
    """Names and folders, as people and their tools use them."""
    assert place_of(path) is place
    assert is_for_tests(path) is (place in (Place.TESTS, Place.PIPELINE))
