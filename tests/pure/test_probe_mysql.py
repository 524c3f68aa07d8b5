"""MySQL's and MariaDB's beginnings, byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.probe.trouble import CutOff, ServerError, Trouble, Violation
from everyhop.probe.upgrades.mysql import (
    GREETING_CAP,
    Greeting,
    ask_plaintext,
    hear_greeting,
    insists_on_tls,
    request_tls,
    tells_before_login,
)
from tests.probing import play, told

MYSQL = 0xFFFF_FFFF
MARIADB = MYSQL & ~1
NO_TLS = ~0x0800


def packet(sequence: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([sequence]) + body


def greeting(version: bytes, capabilities: int) -> bytes:
    low = (capabilities & 0xFFFF).to_bytes(2, "little")
    rest = b"\x2d\x02\0" + (capabilities >> 16 & 0xFFFF).to_bytes(2, "little") + b"\x15" + b"\0" * 10 + b"12charsofsalt"
    return packet(0, b"\x0a" + version + b"\0" + b"\x07\0\0\0" + b"8 bytes!" + b"\0" + low + rest)


@pytest.mark.parametrize(
    ("raw", "heard"),
    [
        (greeting(b"8.4.3", MYSQL), Greeting("mysql", "8.4.3", tls=True)),
        (greeting(b"8.4.3", MYSQL & NO_TLS), Greeting("mysql", "8.4.3", tls=False)),
        (
            greeting(b"5.5.5-10.11.19-MariaDB-0+deb12u1", MARIADB),
            Greeting("mariadb", "10.11.19-MariaDB-0+deb12u1", tls=True),
        ),
        (greeting(b"11.8.6-MariaDB", MARIADB & NO_TLS), Greeting("mariadb", "11.8.6-MariaDB", tls=False)),
    ],
)
def test_a_greeting_tells_product_version_and_tls(raw: bytes, heard: Greeting) -> None:
    """Whole or in pieces, and nothing is said before it was heard."""
    assert play(hear_greeting(), raw) == (heard, b"")
    assert play(hear_greeting(), *(raw[i : i + 3] for i in range(0, len(raw), 3))) == (heard, b"")


def test_a_version_is_cut_and_made_harmless() -> None:
    """It stands in reports and terminals, and it is the listener's own word."""
    heard, _ = play(hear_greeting(), greeting(b"8\x1b[31m" + b"9" * 500, MYSQL))
    assert heard.version.startswith(r"8\x1b[31m9")
    assert len(heard.version) == 64


def test_the_request_for_tls_names_nobody() -> None:
    """32 bytes with CLIENT_SSL, sequence 1; in the plaintext question the same without."""
    _, sent = play(request_tls())
    assert len(sent) == 36
    assert sent[:4] == b"\x20\0\0\x01"
    assert int.from_bytes(sent[4:8], "little") & 0x0800
    assert sent[13:] == b"\0" * 23
    _, asked = play(ask_plaintext(), packet(2, b"\xff\x13\x04#08S01Bad handshake"))
    assert not int.from_bytes(asked[4:8], "little") & 0x0800
    assert asked[13:] == b"\0" * 23


@pytest.mark.parametrize(
    ("raw", "insists"),
    [(b"\xffW\x0c#08004Connections using insecure transport", True), (b"\xff\x13\x04#08S01Bad handshake", False)],
)
def test_an_insisting_server_is_known_by_its_number(raw: bytes, insists: bool) -> None:  # noqa: FBT001
    """3159 is a no; 1043 says only that the question made no sense to the server."""
    error, _ = play(ask_plaintext(), packet(2, raw))
    assert insists_on_tls(error) is insists


@pytest.mark.parametrize(
    ("product", "version", "tells"),
    [
        ("mariadb", "11.8.6-MariaDB", True),
        ("mariadb", "12.1.2-MariaDB", True),
        ("mariadb", "10.11.19-MariaDB", False),
        ("mysql", "9.7.0", False),
        ("mariadb", "", False),
    ],
)
def test_the_question_is_put_only_where_it_is_answered(product: str, version: str, tells: bool) -> None:  # noqa: FBT001
    """Each question costs a connection of the hundred that a host has."""
    assert tells_before_login(Greeting(product, version, tls=True)) is tells


@pytest.mark.parametrize(
    ("raw", "kind", "words"),
    [
        (packet(0, b"\xff\x69\x04Host '10.0.0.9' is blocked"), ServerError, "FLUSH HOSTS"),
        (packet(0, b"\xffj\x04Host '\x1b[2J' is not allowed"), ServerError, r"\x1b[2J"),
        (packet(0, b"\xff\x10"), Violation, "cut short"),
        (packet(0, b"\x09" + b"3.23\0" + b"\0" * 30), Violation, "protocol 10"),
        (packet(0, b"\x0a" + b"8" * 4000), Violation, "protocol 10"),
        (packet(1, b"\x0a" + b"8.0\0" + b"\0" * 30), Violation, "no greeting"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Violation, "SSH-"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Violation, "HTTP"),
        ((GREETING_CAP + 1).to_bytes(3, "little") + b"\0" + b"A" * 9999, Violation, "instead of a greeting"),
        (b"\x4a\0\0", CutOff, "instead of sending"),
        (b"", CutOff, "instead of sending"),
    ],
)
def test_anything_else_is_told_and_not_believed(raw: bytes, kind: type[Trouble], words: str) -> None:
    """Errors before the greeting, other protocols, endless ones and ones that end early."""
    with pytest.raises(kind) as caught:
        play(hear_greeting(), raw)
    assert words in f"{caught.value.message} {caught.value.hint}"
    assert "\x1b" not in str(caught.value)


@given(st.lists(st.binary(min_size=1, max_size=120), max_size=5))
def test_any_bytes_give_a_result_or_our_exception(pieces: list[bytes]) -> None:
    """No other exception, and no message that a terminal would act upon."""
    for dialogue in (hear_greeting(), ask_plaintext()):
        assert told(dialogue, *pieces).isprintable()


@given(st.binary(max_size=300))
def test_any_greeting_body_gives_a_result_or_our_exception(body: bytes) -> None:
    """The length is right and the rest is the attacker's."""
    try:
        heard, _ = play(hear_greeting(), packet(0, b"\x0a" + body))
    except Trouble:
        return
    assert heard.version == "" or heard.version.isprintable()
    assert len(heard.version) <= 64
