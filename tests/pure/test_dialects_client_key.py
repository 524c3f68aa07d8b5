"""Which private key an app is handed, and what its path tells."""

import pytest

from everyhop.dialects import client_key, registry
from everyhop.dialects.dsn import PLACEHOLDER
from everyhop.dialects.settings import DialerSettings, PythonContext
from everyhop.model.posture import Assurance, Floor, Posture

SERVERS = (
    "/etc/letsencrypt/live/db.example.org/privkey.pem",
    "/etc/letsencrypt/archive/db.example.org/privkey3.pem",
    "/etc/mysql/ssl/db.pem",
    "/etc/mariadb/ssl/privkey.pem",
    "/var/lib/postgresql/17/main/tls.key",
    "/etc/ssl/private/ssl-cert-snakeoil.key",
    "/etc/ssl/postgres/server.key",
    "certs/server-key.pem",
    "C:/certs/mysql_server.key",
    "/cockroach/certs/node.key",
)
OTHERS = (
    "/etc/ssl/app.key",
    "/etc/mysql/ssl/client-key.pem",
    "/var/lib/postgresql/client/app.key",
    "/cockroach/certs/client.app.key",
    "/srv/app-server/tls/app.key",
    "/etc/ssl/observer.key",
    "/etc/letsencrypt.bak/app.key",
    "",
)


@pytest.mark.parametrize("path", SERVERS)
def test_a_servers_key_is_known_by_its_path(path: str) -> None:
    """By certbot's and the databases' own folders, and by the names that servers' keys have."""
    settings = registry.from_keywords("psycopg", {"host": "db.internal", "sslkey": path})
    assert client_key.notes(settings) == (f"server-key:{path}",)


@pytest.mark.parametrize("path", OTHERS)
def test_any_other_key_is_the_apps_own(path: str) -> None:
    """Also one for clients that lies beside the server's."""
    settings = registry.from_keywords("psycopg", {"host": "db.internal", "sslkey": path})
    assert client_key.notes(settings) == ()


def test_certbots_name_elsewhere_only_hints() -> None:
    """OpenSSL's own commands name any key so."""
    settings = registry.from_keywords("psycopg", {"host": "db.internal", "sslkey": "/opt/privkey.pem"})
    assert client_key.notes(settings) == ("perhaps-server-key:/opt/privkey.pem",)


@pytest.mark.parametrize(
    ("driver", "keywords"),
    [
        ("psycopg2", {"sslkey": "/k"}),
        ("asyncpg", {"ssl": PythonContext(client_pair=("/c", "/k"))}),
        ("pg8000", {"ssl_context": PythonContext(client_pair=("/k", None))}),
        ("pymysql", {"ssl_key": "/k"}),
        ("pymysql", {"ssl": {"ca": "/ca", "key": "/k"}}),
        ("mysqlclient", {"ssl": {"key": "/k"}}),
        ("mysql-connector", {"ssl_key": "/k"}),
        ("mariadb", {"ssl_key": "/k"}),
        ("asyncmy", {"ssl": {"key": "/k"}}),
    ],
)
def test_every_drivers_spelling_of_the_key(driver: str, keywords: dict[str, object]) -> None:
    """A combined file holds the key beside the certificate."""
    assert client_key.of(registry.from_keywords(driver, {"host": "db.internal", **keywords})) == "/k"


def test_the_key_in_a_url_and_in_the_environment() -> None:
    """An option of the URL; libpq's own variable; a path that is known only at run time is none."""
    assert client_key.of(registry.resolve("postgresql+psycopg://app@db.internal/a?sslkey=/k")) == "/k"
    assert client_key.of(registry.resolve("mysql+pymysql://app@db.internal/a?ssl_key=/k")) == "/k"
    assert client_key.of(registry.resolve("postgresql://app@db.internal/a", environment={"PGSSLKEY": "/k"})) == "/k"
    assert client_key.of(registry.resolve("postgresql://app@db.internal/a")) is None
    partly = registry.from_keywords("psycopg", {"sslkey": f"/etc/mysql/{PLACEHOLDER}"})
    assert client_key.of(partly) is None


def test_a_key_instead_of_a_path_is_not_repeated() -> None:
    """Whoever pastes the key itself into the setting finds it in no note."""
    pem = "-----BEGIN PRIVATE KEY-----\nserver.key"
    assert client_key.notes(registry.from_keywords("psycopg", {"sslkey": pem})) == ()


@pytest.mark.parametrize(
    "settings",
    [
        registry.resolve("postgresql+psycopg://app@db.internal/a?sslcert=/c.pem&sslkey=/etc/postgresql/k.pem"),
        registry.resolve("mysql+pymysql://app@db.internal/a?ssl_cert=/c.pem&ssl_key=/etc/mysql/k.pem"),
        registry.from_keywords(
            "pymysql", {"host": "db.internal", "ssl": {"cert": "/c.pem", "key": "/etc/mysql/k.pem"}}
        ),
        registry.from_keywords(
            "asyncpg", {"host": "db.internal", "ssl": PythonContext(client_pair=("/c.pem", "/etc/postgresql/k.pem"))}
        ),
    ],
    ids=["psycopg URL", "PyMySQL URL", "PyMySQL dict", "asyncpg context"],
)
def test_settings_are_written_anew_without_a_servers_key(settings: DialerSettings) -> None:
    """Certificate and key go, whatever holds them; the authority comes."""
    assert client_key.of(settings) is not None
    without = client_key.own(settings)
    assert client_key.of(without) is None
    posture = Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2)
    spelling = registry.write(without, posture, "/ca.pem")
    told = f"{spelling.url} {spelling.connect_args}"
    assert "k.pem" not in told
    assert "/c.pem" not in told
    assert "/ca.pem" in told


def test_a_key_of_ones_own_stays() -> None:
    """Also where its name only hints that it may be a server's."""
    for key in ("/app.key", "/opt/privkey.pem"):
        settings = registry.resolve(f"postgresql+psycopg://app@db.internal/a?sslcert=/c.pem&sslkey={key}")
        assert client_key.own(settings) is settings


def test_the_certificate_beside_it() -> None:
    """The other file of the pair, in the same spellings."""
    url = registry.resolve("postgresql+psycopg://app@db.internal/a?sslcert=/c&sslkey=/k")
    context = registry.from_keywords("asyncpg", {"ssl": PythonContext(client_pair=("/c", "/k"))})
    keys = registry.from_keywords("pymysql", {"ssl": {"cert": "/c", "key": "/k"}})
    assert {client_key.certificate_of(settings) for settings in (url, context, keys)} == {"/c"}
