"""PostgreSQL's listener: what is read is what was written, and nobody is let in over the network without TLS."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.dialects import postgresql
from everyhop.dialects.postgresql import TlsFiles, Verifiers, conf, hba
from everyhop.errors import EveryhopError, SettingsError
from everyhop.model.posture import Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Version

FRESH = """\
# TYPE  DATABASE        USER            ADDRESS                 METHOD

local   all             all                                     peer
# IPv4 local connections:
host    all             all             127.0.0.1/32            md5      # office
host    all             all             ::1/128                 scram-sha-256
host    replication     all             10.0.0.0/8              scram-sha-256
"""

floors = st.sampled_from([floor for floor in Floor if floor])
listening = st.builds(
    Posture, st.sampled_from([Assurance.OPPORTUNISTIC, Assurance.ENCRYPTED]), floors, st.sampled_from(ClientAuth)
).filter(lambda p: p.client_auth is not ClientAuth.REQUIRED or p.assurance is Assurance.ENCRYPTED)
postures = listening | st.just(Posture(Assurance.PLAINTEXT))
paths = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1, max_size=40)

addresses = st.sampled_from(
    [
        "all",
        "0.0.0.0/0",
        "::/0",
        "10.0.0.0/8",
        "10.1.0.0 255.255.0.0",
        "samenet",
        "samehost",
        ".internal",
        "db",
        "::1/128",
    ]
)
words = st.sampled_from(["all", "app", '"two words"', "app, other", "+group", "replication", "sameuser"])
remarks = st.sampled_from(["", " # why", "#x", "  map=m", ' ldapserver="a b" # c'])
hosts = st.builds(
    "{} {}\t{}  {} {}{}".format,
    st.sampled_from(sorted(hba.TYPES - {"local", "hostgssenc"})),
    words,
    words,
    addresses,
    st.sampled_from(["md5", "scram-sha-256", "trust", "reject", "password", "cert"]),
    remarks,
)
others = st.sampled_from(
    ["", "# a remark", "local all all peer", "include more.conf", "local all \\\n  all md5", "nonsense"]
)
files = st.lists(hosts | others, max_size=8).map("\n".join)


def tls_files(posture: Posture, path: str = "/d/server") -> TlsFiles:
    clients = ("/d/ca.pem", "/d/clients.crl") if posture.client_auth else (None, None)
    return TlsFiles(f"{path}.pem", f"{path}.key", *clients)


def read(wording: postgresql.Wording) -> Bounds:
    return postgresql.read(conf.settings(wording.conf), wording.hba).bounds


@given(postures, paths)
def test_what_is_written_is_read_back(posture: Posture, path: str) -> None:
    """The law of every dialect, whatever the files are called."""
    wording = postgresql.write(posture, tls_files(posture, path), FRESH, suites=("A", "B"))
    assert read(wording) == Bounds.exactly(posture)
    if posture.assurance:
        assert conf.settings(wording.conf)["ssl_cert_file"] == f"{path}.pem"


@given(files)
def test_no_file_lets_anybody_in_without_tls_once_rewritten(text: str) -> None:
    """Whatever stood there; and a second rewriting changes nothing."""
    new = hba.refusing_plaintext(text)
    assert not hba.admits_plaintext(new)
    assert hba.refusing_plaintext(new) == new


@given(files)
def test_rewriting_changes_types_only_and_adds_refusals_only(text: str) -> None:
    """Local lines, comments, includes and every word but the first of a line stay, in order."""
    new = hba.refusing_plaintext(text)
    kept = [line for line in new.split("\n") if not line.startswith(("hostnossl all,replication", "# everyhop:"))]
    old = text.split("\n")
    stripped = [line.split(None, 1)[-1:] if line.startswith("host") else line for line in kept]
    expected = [line.split(None, 1)[-1:] if line.startswith("host") else line for line in old]
    assert [line for line in stripped if line] == [line for line in expected if line]


def test_columns_comments_and_order_stay_where_they_are() -> None:
    """A whole file, as a person would see it in the diff."""
    assert (
        hba.refusing_plaintext(hba.with_scram(FRESH))
        == """\
# TYPE  DATABASE        USER            ADDRESS                 METHOD

local   all             all                                     peer
# everyhop: nobody comes in over the network without TLS
hostnossl all,replication all 0.0.0.0/0 reject
hostnossl all,replication all ::/0      reject
# IPv4 local connections:
hostssl all             all             127.0.0.1/32            scram-sha-256 # office
hostssl all             all             ::1/128                 scram-sha-256
hostssl replication     all             10.0.0.0/8              scram-sha-256
"""
    )


@pytest.mark.parametrize(
    ("text", "admits"),
    [
        ("host all all 10.0.0.0/8 md5", True),
        ("hostnossl all all samenet trust", True),
        ("hostnogssenc all all ::/0 md5", True),
        ("hostnossl all all 10.0.0.0/9 reject\nhost all all 10.0.0.0/8 md5", True),
        ("hostnossl all all all reject\nhost replication all 10.0.0.0/8 md5", True),
        ("hostnossl app all all reject\nhost all all 10.0.0.0/8 md5", True),
        ("host all all 10.0.0.0/8 md5\nhostnossl all all all reject", True),
        ("", False),
        ("local all all trust", False),
        ("hostssl all all all md5", False),
        ("# host all all all md5", False),
        ("host all all all reject", False),
        ("hostnossl all all 10.0.0.0 255.0.0.0 reject\nhost all all 10.1.0.0/16 md5", False),
        ("hostnossl all,replication all all reject\nhost replication all db.internal md5", False),
    ],
)
def test_the_first_record_that_matches_decides(text: str, *, admits: bool) -> None:
    """Only a refusal before it, that covers it wholly, takes a plaintext record's effect."""
    assert hba.admits_plaintext(text) is admits


def test_a_remark_right_behind_a_word_is_no_part_of_it() -> None:
    """`md5#x` is `md5`, as the server reads it."""
    (record,) = hba.records('host "a,b" all,"c" 10.0.0.0/8 md5#x\n')
    assert record.fields[1].values == ("a,b",)
    assert record.fields[2].values == ("all", "c")
    assert record.method.values == ("md5",)


def test_md5_stays_md5_while_nobody_knows_the_verifiers() -> None:
    """A role with an MD5 verifier could not log in by scram-sha-256."""
    posture = Posture(Assurance.ENCRYPTED, Floor.TLS_1_2)
    unknown = postgresql.write(posture, tls_files(posture), FRESH)
    scram = postgresql.write(posture, tls_files(posture), FRESH, verifiers=Verifiers.SCRAM)
    assert "md5" in unknown.hba
    assert "md5" not in scram.hba


def test_gssapi_encrypted_connections_keep_their_lines_in_front() -> None:
    """`hostnossl` matches them too: a refusal before them would lock them out."""
    new = hba.refusing_plaintext("hostgssenc all all all gss\nhost all all all md5\n")
    assert new.splitlines()[:2] == ["hostgssenc all all all gss", "hostssl all all all md5"]
    assert not hba.admits_plaintext(new)


def test_the_old_default_floor_belongs_to_12() -> None:
    """PostgreSQL 12 takes TLS 1.0 where nothing is written; 13 and later do not."""
    settings = conf.settings("ssl = on")
    old = postgresql.read(settings, FRESH, Version("12.22"))
    assert old.bounds.low.floor is Floor.TLS_1_0
    assert postgresql.read(settings, FRESH).bounds.low.floor is Floor.TLS_1_2


@pytest.mark.parametrize(
    "posture",
    [
        Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2),
        Posture(Assurance.ENCRYPTED),
        Posture(Assurance.PLAINTEXT, Floor.TLS_1_2),
        Posture(Assurance.OPPORTUNISTIC, Floor.TLS_1_2, ClientAuth.REQUIRED),
    ],
)
def test_a_posture_that_no_listener_can_have_is_refused(posture: Posture) -> None:
    """With a reason for the reader."""
    with pytest.raises(SettingsError):
        postgresql.write(posture, tls_files(posture), FRESH)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("ssl = on", "on"),
        ("SSL on # remark", "on"),
        ("ssl='o''n'", "o'n"),
        (r"ssl = 'a\'b'", "a'b"),
        ("ssl=on#x", "on"),
    ],
)
def test_settings_are_read_as_the_server_reads_them(line: str, value: str) -> None:
    """Names without case, an optional equal sign, quotes as in SQL."""
    assert conf.settings(line) == {"ssl": value}


def test_includes_are_told_apart_from_settings() -> None:
    """`include_dir` is named where the server would look, a commented one is not."""
    text = "#include_dir = 'a'\ninclude_dir 'conf.d' # x\ninclude 'b'\n"
    assert conf.included(text) == ("conf.d",)
    assert conf.settings(text) == {}


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_our_words(text: str) -> None:
    """No other exception, whatever the files hold."""
    with suppress(EveryhopError):
        postgresql.read(conf.settings(text), text)
        hba.demanding_certificates(hba.with_scram(hba.refusing_plaintext(text)))


def test_revocation_lists_are_for_whom_asks_for_clients() -> None:
    """They go with the anchors, and are refused without."""
    posture = Posture(Assurance.ENCRYPTED, Floor.TLS_1_2, ClientAuth.OPTIONAL)
    assert conf.settings(postgresql.write(posture, tls_files(posture), FRESH).conf)["ssl_crl_file"] == "/d/clients.crl"
    with pytest.raises(SettingsError, match="revocation list"):
        postgresql.write(replace(posture, client_auth=ClientAuth.ABSENT), TlsFiles("/c", "/k", None, "/d/crl"), FRESH)
