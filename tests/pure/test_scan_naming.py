"""Names under which people keep the URL of a database, or the parts of a connection; and those that only look so."""

import pytest

from everyhop.scan.sightings.naming import Part, PartName, is_url_name, part_of, product_in


@pytest.mark.parametrize(
    "name",
    [
        *("DATABASE_URL", "DATABASE_URI", "SQLALCHEMY_DATABASE_URI", "sqlalchemy.url", "DB_URL", "db.uri"),
        *("JOBS_DB_URL", "POSTGRES_DSN", "PG_CONNECTION_STRING", "databaseUrl", "DB_CONN", "app_database_url"),
    ],
)
def test_a_name_of_a_database_s_url(name: str) -> None:
    """In capitals or not, with or without a word before it."""
    assert is_url_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("url", "URL", "HOMEPAGE_URL", "REDIS_DB_URL", "MONGODB_URI", "GRAPH_DATABASE_URL", "DATABASE", "DB_HOST"),
        *(
            "CELERY_BROKER_DB_URL",
            "SENTRY_DSN",
            "TEST_DATABASE_URL",
            "DATABASE_URL_HELP",
            "connection_url",
            "LDAP_DB_URL",
        ),
    ],
)
def test_a_name_of_anything_else(name: str) -> None:
    """Other stores, tests, and what only has a word in common."""
    assert not is_url_name(name)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("DB_HOST", PartName("DB", Part.HOST)),
        ("PGUSER", PartName("PG", Part.USER)),
        ("APP_DATABASE_PASSWORD", PartName("APP_DATABASE", Part.PASSWORD)),
        ("MYSQL_DATABASE", PartName("MYSQL", Part.DATABASE)),
        ("POSTGRES_DB", PartName("POSTGRES", Part.DATABASE)),
        ("DB_ENGINE", PartName("DB", Part.PRODUCT)),
        ("RDS_HOSTNAME", PartName("RDS", Part.HOST)),
        ("REDIS_HOST", None),
        ("MONGO_DB_HOST", None),
        ("HOST", None),
        ("DB", None),
    ],
)
def test_a_part_and_what_its_neighbours_begin_with(name: str, part: PartName | None) -> None:
    """Parts with one beginning belong to one connection."""
    assert part_of(name) == part


def test_a_name_may_speak_of_a_product() -> None:
    """Or of none."""
    assert [product_in(name) for name in ("POSTGRES", "APP_PG", "MYSQL", "MARIADB", "DB")] == [
        "postgresql",
        "postgresql",
        "mysql",
        "mariadb",
        None,
    ]
