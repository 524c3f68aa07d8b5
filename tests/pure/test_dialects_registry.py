"""Which driver a URL means, what is known of it, and what is told of a driver that nobody can read yet."""

import pytest

from everyhop.dialects import notes, registry
from everyhop.dialects.dsn import Dsn
from everyhop.dialects.versions import spans
from everyhop.errors import SettingsError
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.posture import UNKNOWN
from everyhop.model.sighting import Version
from everyhop.model.wire import Wire


@pytest.mark.parametrize(
    ("url", "driver", "product"),
    [
        ("postgresql+psycopg2://h/x", "psycopg2", "postgresql"),
        ("postgresql+psycopg_async://h/x", "psycopg", "postgresql"),
        ("cockroachdb://h/x", "psycopg2", "cockroachdb"),
        ("cockroachdb+psycopg://h/x", "psycopg", "cockroachdb"),
        ("mysql+pymysql://h/x", "pymysql", "mysql"),
        ("mariadb+pymysql://h/x", "pymysql", "mariadb"),
        ("mysql+mysqldb://h/x", "mysqlclient", "mysql"),
        ("mysql://h/x", "mysqlclient", "mysql"),
        ("mariadb+mariadbconnector://h/x", "mariadb", "mariadb"),
        ("mysql+mysqlconnector://h/x", "mysql-connector", "mysql"),
        ("host=h dbname=x", "psycopg", "postgresql"),
    ],
)
def test_a_url_means_a_driver(url: str, driver: str, product: str) -> None:
    """SQLAlchemy's names and defaults, in everyhop's words."""
    settings = registry.resolve(url)
    assert (settings.driver, settings.product) == (driver, product)


@pytest.mark.parametrize(
    ("sqlalchemy", "driver", "assumed"),
    [(None, "psycopg", True), ("2.0.44", "psycopg2", False), ("2.1.3", "psycopg", False), (">=2.0", "psycopg", True)],
)
def test_sqlalchemys_version_decides_what_postgresql_means(  # trap 20
    sqlalchemy: str | None,
    driver: str,
    assumed: bool,  # noqa: FBT001 - expected
) -> None:
    """psycopg2 until 2.0, psycopg from 2.1; the newest where nothing tells, and said so."""
    version = Version(sqlalchemy) if sqlalchemy else None
    dialer = registry.read("postgresql://h/x", sqlalchemy=version)
    assert dialer.driver == driver
    assert (f"driver-assumed:{driver}" in dialer.notes) is assumed


@pytest.mark.parametrize("text", ["postgres://h/x", "postgresql://h,i/x", "host=h dbname=x"])
def test_what_only_libpq_reads_is_not_sqlalchemys(text: str) -> None:
    """So SQLAlchemy's version decides nothing, and whoever hands it to SQLAlchemy is told."""
    notes_of = registry.read(text).notes
    assert "libpq-text" in notes_of
    assert not any(note.startswith("driver-assumed") for note in notes_of)
    assert "libpq-text" not in registry.read(text, driver="psycopg2").notes


def test_a_driver_without_a_dialect_is_not_guessed_at() -> None:
    """Widest bounds and a note, so that a scanner is not silent; writing and explaining refuse."""
    settings = registry.resolve("mysql+cymysql://u:p@db.internal/x?ssl_mode=REQUIRED")
    dialer = registry.read(settings)
    assert dialer.bounds == UNKNOWN
    assert dialer.notes == ("unknown-driver:cymysql",)
    assert settings.endpoint == TcpEndpoint("db.internal", 3306)
    assert notes.told(dialer.notes[0]) == "everyhop does not know yet what cymysql makes of its settings"
    with pytest.raises(SettingsError, match="cymysql") as caught:
        registry.dialect_for("cymysql")
    assert "pymysql" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("url", "driver"), [("oracle://h/x", None), ("sqlite:///x", None), ("mysql://h/x", "psycopg2")]
)
def test_what_cannot_be_a_hop_is_refused(url: str, driver: str | None) -> None:
    """Unknown products, files, and a driver of another product."""
    with pytest.raises(SettingsError) as caught:
        registry.resolve(url, driver=driver)
    assert caught.value.hint


def test_sqlite_leads_nowhere() -> None:
    """And a server leads somewhere."""
    assert not registry.has_hop(Dsn.parse("sqlite:///x.db"))
    assert registry.has_hop(Dsn.parse("postgresql://h/x"))


def test_every_known_driver_has_its_dialect_and_its_wire() -> None:
    """The table and the modules agree."""
    for driver in registry.known_drivers():
        settings = registry.from_keywords(driver, {"host": "db.internal"})
        dialer = registry.read(settings)
        assert dialer.driver == driver
        assert dialer.version is not None
        assert dialer.version.assumed
        assert registry.WIRES[settings.product] in Wire


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        (None, (0, 1, 2)),
        ("1.1.9", (0,)),
        ("1.2", (1,)),
        ("1.2.0", (1,)),
        ("1.2.4", (2,)),
        ("1.2.4.post1", (2,)),
        ("2", (2,)),
        ("==1.2.*", (1, 2)),
        ("~=1.2.1", (1, 2)),
        ("~=1.1", (0, 1, 2)),
        ("~=1.1.0", (0,)),
        (">=1.2", (1, 2)),
        (">=1.2,<1.2.4", (1,)),
        (">1.2.3", (1, 2)),
        ("<1.2", (0,)),
        ("<=1.2", (0, 1)),
        ("<=1.2.3,!=1.2.1", (0, 1)),
        ("nonsense", (0, 1, 2)),
        (">=3,<2", (0, 1, 2)),
    ],
)
def test_a_requirement_leaves_spans_open(requirement: str | None, expected: tuple[int, ...]) -> None:
    """Versions between two turning points; what cannot be read, or meets nothing, leaves everything open."""
    assert spans(Version(requirement) if requirement else None, ("1.2.0", "1.2.4")) == expected


def test_every_note_has_a_sentence() -> None:
    """Told in words, with its detail; what is told elsewhere is not told twice."""
    assert notes.told("refused-option:sslmod") == "sslmod is not accepted like this: connecting raises an error"
    assert notes.told("file-assumed:/ca") is None
    assert notes.told("brand-new") == "brand-new"
    assert not notes.known("brand-new")
