"""The head of an HTTP answer, HSTS and cookies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.model import hsts
from everyhop.model.sighting import Cookie
from everyhop.probe import cookie
from everyhop.probe.trouble import Trouble
from everyhop.probe.upgrades.http import HEAD_CAP, ask_for_root
from tests.probing import play


def test_one_request_and_the_head_of_its_answer() -> None:
    """Names lose their case, values their spaces and the body stays unread."""
    raw = b"HTTP/1.1 301 Moved\r\nLocation:  https://t.example/ \r\nX-A: 1\r\nx-a: 2\r\n\r\nbody"
    head, sent = play(ask_for_root("t.example"), raw[:9], raw[9:40], raw[40:])
    assert (head.status, head.first("location"), head.all("x-a")) == (301, "https://t.example/", ("1", "2"))
    assert sent.startswith(b"GET / HTTP/1.1\r\nHost: t.example\r\n")


def test_an_interim_answer_is_not_the_answer() -> None:
    """103 comes first, in the same piece even."""
    head, _ = play(ask_for_root("t"), b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
    assert head.status == 200


def test_the_value_of_a_cookie_never_arrives_and_its_attributes_do() -> None:
    """A client-side session can be 4 kB long: nothing of it is kept, and the attributes behind it are."""
    raw = b"HTTP/1.1 200 OK\r\nSet-Cookie: session=" + b"x" * 4000 + b"; Secure; HttpOnly; Path=/\r\n\r\n"
    head, _ = play(ask_for_root("t"), raw)
    assert head.all("set-cookie") == ("session; Secure; HttpOnly; Path=/",)


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 9,
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * (HEAD_CAP + 5000),
    ],
)
def test_anything_else_is_told(raw: bytes) -> None:
    """Another protocol, a head that never ends, one that ends early."""
    with pytest.raises(Trouble) as caught:
        play(ask_for_root("t"), raw)
    assert caught.value.message.isprintable()


@given(st.lists(st.binary(min_size=1, max_size=100), max_size=5))
def test_any_bytes_give_a_result_or_our_exception(pieces: list[bytes]) -> None:
    """With the right beginning too, so that the fields are reached."""
    for raw in (pieces, [b"HTTP/1.1 200 OK\r\n", *pieces, b"\r\n\r\n"]):
        try:
            head, _ = play(ask_for_root("t"), *raw)
        except Trouble:
            continue
        assert all(value == "" or value.isprintable() for _, value in head.fields)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("max-age=31536000", 31536000),
        ('max-age="31536000"; includeSubDomains', 31536000),
        (" includeSubDomains ; MAX-AGE = 60 ; preload", 60),
        ("max-age=0", 0),
        (";; max-age=5 ;", 5),
        ('max-age=5; x="a;max-age=9"', 5),
        ("max-age=99999999999999999999999", 10**10),
        ("includeSubDomains", None),
        ("max-age", None),
        ("max-age=", None),
        ("max-age=-1", None),
        ("max-age=1.5", None),
        ("max-age=١٢", None),
        ("max-age=5; max-age=5", None),
        ("max-age=5 includeSubDomains", None),
        ("max-age=5, max-age=6", None),
        ('max-age="5', None),
        ("", None),
        ("\n", None),
        ("max-age=5;\n", None),
    ],
)
def test_hsts_is_read_as_a_browser_reads_it(header: str, seconds: int | None) -> None:
    """RFC 6797 section 6.1: directives in any order, each once; what does not fit the grammar counts as not sent."""
    assert hsts.max_age(header) == seconds


@given(st.text(max_size=300))
def test_any_hsts_header_is_read_or_ignored(header: str) -> None:
    """Never an exception, never a negative age."""
    assert (hsts.max_age(header) or 0) >= 0


@pytest.mark.parametrize(
    ("header", "name", "secure", "http_only"),
    [
        ("session=8f3a; Secure; HttpOnly; Path=/", "session", True, True),
        ("session=8f3a;secure;HTTPONLY", "session", True, True),
        ("session=Secure", "session", False, False),
        ("__Host-a=b=c; Secure", "__Host-a", True, False),
        ("nothing-but-a-value", "", False, False),
        ("a=b; Insecure; Path=/Secure", "a", False, False),
    ],
)
def test_a_cookie_is_known_by_name_and_attributes(header: str, name: str, secure: bool, http_only: bool) -> None:  # noqa: FBT001
    """The value goes first of all, and cannot pass for an attribute."""
    shown = cookie.without_value(header)
    assert "8f3a" not in shown
    assert "nothing" not in shown
    assert cookie.read("nginx", shown) == Cookie("nginx", name, secure, http_only)
