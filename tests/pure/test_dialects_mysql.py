"""MySQL's listener, and the whole of option files whoever reads them."""

from __future__ import annotations

import pytest

from everyhop.dialects import mariadb, mysql
from everyhop.errors import SettingsError
from everyhop.model.posture import Assurance, ClientAuth, Floor
from everyhop.model.sighting import Version


@pytest.mark.parametrize(
    ("options", "assurance", "floor"),
    [
        ({}, Assurance.OPPORTUNISTIC, Floor.TLS_1_2),
        ({"ssl": "0"}, Assurance.PLAINTEXT, Floor.NONE),
        ({"require_secure_transport": "ON"}, Assurance.ENCRYPTED, Floor.TLS_1_2),
        ({"tls_version": "TLSv1.1,TLSv1.2"}, Assurance.OPPORTUNISTIC, Floor.TLS_1_1),
    ],
)
def test_what_mysql_takes(options: dict[str, str], assurance: Assurance, floor: Floor) -> None:
    """It has a certificate of its own making, and insists on nothing."""
    low = mysql.read(options).bounds.low
    assert (low.assurance, low.floor) == (assurance, floor)


def test_older_versions_of_mysql_speak_older_versions_of_tls() -> None:
    """Which of them an installation allows is not known from its version alone."""
    bounds = mysql.read({}, Version("5.7.44")).bounds
    assert (bounds.low.floor, bounds.high.floor) == (Floor.TLS_1_0, Floor.TLS_1_2)


def test_mysql_asks_for_certificates_where_it_has_anchors() -> None:
    """It demands them account by account."""
    assert mysql.read({"ssl_ca": "/ca.pem"}).bounds.low.client_auth is ClientAuth.OPTIONAL


def test_words_that_mysql_would_not_take() -> None:
    """An error with the option, and no guess."""
    with pytest.raises(SettingsError):
        mysql.read({"require_secure_transport": "perhaps"})


def test_every_option_has_its_group_and_its_place() -> None:
    """Also before the first group, where no reader takes it; includes are options of their own."""
    text = "ssl_cert=/a\n[mysqld]\n  skip-ssl\n!includedir /etc/x/\n# no\n[client]\nport = 1\n"
    found = mariadb.options(text)
    assert [(option.group, option.name, option.value) for option in found] == [
        (None, "ssl_cert", "/a"),
        ("mysqld", "ssl", "0"),
        ("mysqld", "!includedir", "/etc/x/"),
        ("client", "port", "1"),
    ]
    assert [text[option.start : option.end] for option in found] == [
        "ssl_cert=/a",
        "skip-ssl",
        "!includedir /etc/x/",
        "port = 1",
    ]
    assert mariadb.settings(text) == {"ssl": "0"}
