"""MariaDB's listener: what is read is what was written."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.dialects import mariadb
from everyhop.dialects.mariadb import TlsFiles
from everyhop.errors import EveryhopError, SettingsError
from everyhop.model.posture import Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Version

floors = st.sampled_from([floor for floor in Floor if floor])
listening = st.builds(
    Posture,
    st.sampled_from([Assurance.OPPORTUNISTIC, Assurance.ENCRYPTED]),
    floors,
    st.sampled_from([ClientAuth.ABSENT, ClientAuth.OPTIONAL]),
)
postures = listening | st.just(Posture(Assurance.PLAINTEXT))
paths = st.text(st.characters(min_codepoint=32, exclude_characters="'\"", exclude_categories=["Cs"]), max_size=40)


def tls_files(posture: Posture, path: str = "server") -> TlsFiles:
    clients = ("/d/ca.pem", "/d/clients.crl") if posture.client_auth else (None, None)
    return TlsFiles(f"/{path}.pem", f"/{path}.key", *clients)


@given(postures, paths)
def test_what_is_written_is_read_back(posture: Posture, path: str) -> None:
    """The law of every dialect, whatever the files are called."""
    options = mariadb.settings(mariadb.write(posture, tls_files(posture, path), suites=("A", "B")))
    assert mariadb.read(options).bounds == Bounds.exactly(posture)
    if posture.assurance:
        assert options["ssl_cert"] == f"/{path}.pem"


def test_a_drop_in_as_a_person_sees_it() -> None:
    """In [mariadbd], which no client reads."""
    posture = Posture(Assurance.ENCRYPTED, Floor.TLS_1_2)
    assert (
        mariadb.write(posture, tls_files(posture))
        == """\
# Written by everyhop. In a group of its own: no client reads [mariadbd].
[mariadbd]
ssl_cert = /server.pem
ssl_key = /server.key
tls_version = TLSv1.2,TLSv1.3
require_secure_transport = ON
"""
    )


@pytest.mark.parametrize(
    ("text", "assurance"),
    [
        ("[mariadbd]\nssl-cert=/c\nssl_key=/k\nrequire-secure-transport", Assurance.ENCRYPTED),
        ("[server]\nloose-ssl_cert=/c\n[mysqld]\nssl_key=/k", Assurance.OPPORTUNISTIC),
        ("[mariadb-10.11]\nssl_cert=/c\nssl_key='/k' # x", Assurance.OPPORTUNISTIC),
        ("[client]\nssl_cert=/c\nssl_key=/k", Assurance.PLAINTEXT),
        ("[mysqld]\nssl_cert=/c\nssl_key=/k\nskip-ssl", Assurance.PLAINTEXT),
        ("[mysqld]\n#ssl_cert=/c\n;ssl_key=/k", Assurance.PLAINTEXT),
        ("[mysqld]\nssl_cert=/c", Assurance.PLAINTEXT),
    ],
)
def test_option_files_are_read_as_the_server_reads_them(text: str, assurance: Assurance) -> None:
    """Dashes and underscores, groups of the server only, `skip-`, `loose-`, remarks."""
    assert mariadb.read(mariadb.settings(text)).bounds.low.assurance is assurance


def test_an_unwritten_floor_is_bounds_below_11_4() -> None:
    """Older series changed their default between two minor releases."""
    options = mariadb.settings("[mysqld]\nssl_cert=/c\nssl_key=/k\n")
    older = mariadb.read(options, Version("10.11.6-MariaDB")).bounds
    assert (older.low.floor, older.high.floor) == (Floor.TLS_1_1, Floor.TLS_1_2)
    assert mariadb.read(options, Version("11.8.2")).bounds.settled is not None


def test_11_4_has_tls_without_being_told() -> None:
    """10.11 has not, and `skip-ssl` takes it away."""
    assert mariadb.read({}, Version("11.4.1")).bounds.low.assurance is Assurance.OPPORTUNISTIC
    assert mariadb.read({}, Version("10.11.19")).bounds.high.assurance is Assurance.PLAINTEXT
    assert mariadb.read({"ssl": "0"}, Version("11.4.1")).bounds.high.assurance is Assurance.PLAINTEXT


@pytest.mark.parametrize(
    "posture",
    [
        Posture(Assurance.CHAIN_VERIFIED, Floor.TLS_1_2),
        Posture(Assurance.ENCRYPTED),
        Posture(Assurance.PLAINTEXT, Floor.TLS_1_2),
        Posture(Assurance.ENCRYPTED, Floor.TLS_1_2, ClientAuth.REQUIRED),
    ],
)
def test_a_posture_that_no_option_file_can_have_is_refused(posture: Posture) -> None:
    """Client certificates are demanded account by account."""
    with pytest.raises(SettingsError):
        mariadb.write(posture, tls_files(posture))


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_our_words(text: str) -> None:
    """No other exception, whatever the file holds."""
    with suppress(EveryhopError):
        mariadb.read(mariadb.settings(f"[mysqld]\n{text}"))


def test_revocation_lists_are_for_whom_asks_for_clients() -> None:
    """They go with the anchors, and are refused without."""
    posture = Posture(Assurance.ENCRYPTED, Floor.TLS_1_2, ClientAuth.OPTIONAL)
    assert mariadb.settings(mariadb.write(posture, tls_files(posture)))["ssl_crl"] == "/d/clients.crl"
    with pytest.raises(SettingsError, match="revocation list"):
        mariadb.write(Posture(Assurance.ENCRYPTED, Floor.TLS_1_2), TlsFiles("/c", "/k", None, "/d/clients.crl"))
