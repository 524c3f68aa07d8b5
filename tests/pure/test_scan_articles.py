"""What five well-read articles tell people to write gets the judgement that it deserves, where they are right or not.

The facts of their snippets, in our own words; the prose is theirs and is not here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from everyhop.config import Settings
from everyhop.jobs.scan import scan
from everyhop.model.finding import Certainty
from everyhop.model.hop import Topology
from everyhop.model.posture import Assurance, Floor
from everyhop.model.sighting import Dialer, Listener, Reading
from everyhop.scan.observe import observe
from everyhop.scan.workspace import read

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def told(tmp_path: Path, **files: str) -> dict[str, Certainty]:
    for name, text in files.items():
        (tmp_path / name.replace("__", ".")).write_text(text)
    return {finding.rule: finding.certainty for finding in scan([tmp_path], Settings(), NOW).findings}


def readings(tmp_path: Path) -> list[Reading]:
    return [item for item in observe(read([tmp_path]), Topology()).sightings if isinstance(item, Reading)]


# 1: certificate lines appended to Debian's my.cnf, and an app that shows the server's own key and verifies nobody.
APPENDED = "[client-server]\nsocket = /run/mysqld/mysqld.sock\nssl_cert=/etc/mariadb/ssl/fullchain.pem\n"
HANDED = """
app.config["SQLALCHEMY_DATABASE_URI"] = (
    f"mysql+pymysql://{db_user}:{db_pass}@db.internal/{db_name}"
    "?ssl_cert={ssl_cert}&ssl_key={ssl_key}".format(ssl_cert=ssl_cert, ssl_key=ssl_key)
)
"""


def test_a_certificate_alone_makes_nobody_insist(tmp_path: Path) -> None:
    """The server goes on taking plaintext, and every client on the machine reads the group."""
    found = told(tmp_path, my__cnf=f"{APPENDED}ssl_key=/etc/mariadb/ssl/privkey.pem\n")
    assert found == {"plaintext-accepted": Certainty.CERTAIN}
    (listener,) = [one.subject for one in readings(tmp_path) if isinstance(one.subject, Listener)]
    assert listener.product == "mariadb"
    assert listener.notes == ("client-group:ssl_cert", "client-group:ssl_key")


def test_the_servers_own_certificate_verifies_nobody(tmp_path: Path) -> None:
    """Encrypted, to whoever answers."""
    head = "from flask import Flask\napp = Flask(__name__)\n"
    found = told(tmp_path, app__py=head + HANDED, requirements__txt="pymysql==1.2.4\nsqlalchemy==2.0.40\n")
    assert found.get("unverified-chain") is Certainty.CERTAIN


# 2: TLS for one office network; the URL asks for verification of a certificate that no system anchor knows.
def test_hostssl_for_one_network_is_enough(tmp_path: Path) -> None:
    """Nobody else gets in at all, and the password is not given away."""
    conf = "listen_addresses = '*'\nssl = on\nssl_cert_file = '/s/server.crt'\nssl_key_file = '/s/server.key'\n"
    found = told(tmp_path, postgresql__conf=conf, pg_hba__conf="hostssl all all 203.0.113.0/24 scram-sha-256\n")
    assert found == {}
    (listener,) = [one.subject for one in readings(tmp_path) if isinstance(one.subject, Listener)]
    assert listener.bounds.low.assurance is Assurance.ENCRYPTED
    assert listener.bounds.low.floor is Floor.TLS_1_2


# 3: an option file that insists, and an app that verifies chain and name.
def test_a_server_that_insists(tmp_path: Path) -> None:
    """Nothing to say against the server, whichever of the two products reads its group."""
    options = "ssl-ca=/s/ca-cert.pem\nssl-cert=/s/server-cert.pem\nssl-key=/s/server-key.pem\n"
    assert told(tmp_path, my__cnf=f"[mysqld]\n{options}\n# all others stay out\nrequire_secure_transport = ON\n") == {}


def test_an_app_that_verifies(tmp_path: Path) -> None:
    """`ca` with `check_hostname` in PyMySQL's own dict."""
    source = (
        "from sqlalchemy import create_engine\n"
        "params = {'ca': '/path/to/ca-cert.pem', 'check_hostname': True}\n"
        "engine = create_engine('mysql+pymysql://user@10.0.0.5/prod', connect_args={'ssl': params})\n"
    )
    assert "plaintext-dial" not in told(
        tmp_path, app__py=source, requirements__txt="pymysql==1.2.4\nsqlalchemy==2.0.40\n"
    )
    (dialer,) = [one.subject for one in readings(tmp_path) if isinstance(one.subject, Dialer)]
    assert dialer.bounds.low.assurance is Assurance.IDENTITY_VERIFIED


# 4: three URLs to CockroachDB; the third is said to keep impostors out.
@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ("sslmode=disable", "plaintext-dial"),
        ("sslmode=verify-full&sslrootcert=/path/to/ca.crt", None),
        ("sslmode=require&sslrootcert=/path/to/ca.crt", "unverified-identity"),
    ],
)
def test_require_with_a_root_certificate_looks_at_no_name(options: str, rule: str | None, tmp_path: Path) -> None:
    """libpq reads it as verify-ca: anybody with a certificate of that authority is believed."""
    source = f"SQLALCHEMY_DATABASE_URI = 'postgresql+psycopg2://app@cockroach:26257/db?{options}'\n"
    assert told(tmp_path, config__py=source) == ({rule: Certainty.CERTAIN} if rule else {})


# 5: the built-in server with a certificate, for tests, and a proxy in production.
def test_a_certificate_does_not_make_the_development_server_another(tmp_path: Path) -> None:
    """Under the guard it is a person's own business, until something that is deployed starts it."""
    source = (
        "from flask import Flask\napp = Flask(__name__)\nif __name__ == '__main__':\n"
        "    app.run(ssl_context=('path/to/cert.pem', 'path/to/key.pem'))\n"
    )
    assert told(tmp_path, site__py=source) == {}
    found = told(tmp_path, Dockerfile='FROM python\nCMD ["python", "site.py"]\n')
    assert found == {"development-server": Certainty.CERTAIN}


NGINX = """
server {{ listen 80; server_name tips.example.org; {plain} }}
server {{
    listen 443 ssl; server_name tips.example.org;
    ssl_protocols TLSv1.2 TLSv1.3;
    {headers}
    location / {{ proxy_pass http://127.0.0.1:8000; }}
}}
"""


@pytest.mark.parametrize(
    ("plain", "headers", "rules"),
    [
        (
            "return 301 https://tips.example.org$request_uri;",
            'add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;',
            set(),
        ),
        ("root /srv;", 'add_header Strict-Transport-Security "max-age=31536000" always;', {"missing-redirect"}),
        ("return 301 https://tips.example.org$request_uri;", "", {"missing-hsts"}),
    ],
)
def test_a_proxy_that_enforces_https(plain: str, headers: str, rules: set[str], tmp_path: Path) -> None:
    """Versions, redirect and HSTS as the article wants them; each of them can be missing."""
    assert set(told(tmp_path, site__conf=NGINX.format(plain=plain, headers=headers))) == rules
