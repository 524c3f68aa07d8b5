"""What an eavesdropper reads, from lists of bytes."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.capture.clear import read_clear
from everyhop.capture.exposed import Kind
from everyhop.model.wire import Wire

TLS_HELLO = b"\x16\x03\x01\x00\x05hello"
SSL_REQUEST = struct.pack(">II", 8, 80877103)


def shown(wire: Wire, from_dialer: bytes, from_listener: bytes = b"") -> list[tuple[Kind, str, str]]:
    return [(item.kind, item.name, item.value.reveal()) for item in read_clear(wire, from_dialer, from_listener)]


def pg(tag: bytes, body: bytes) -> bytes:
    return tag + struct.pack(">I", len(body) + 4) + body


def my(sequence: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([sequence]) + body


STARTUP = pg(b"", struct.pack(">I", 196608) + b"user\0app\0database\0tips\0\0")
GREETING = my(0, b"\x0a10.11\0" + bytes(20))
LOGIN = my(1, struct.pack("<IIB", 0x0200, 1 << 24, 45) + bytes(23) + b"app\0" + bytes(21))


def test_http() -> None:
    """A form, a password field, the cookie that is the session; both directions, several messages."""
    body = b"desk=legal&text=the+mayor+%26+me"
    dialer = (
        b"POST /tip HTTP/1.1\r\nHost: t\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: %d\r\n\r\n%s"
        % (len(body), body)
        + b"POST /login HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 16\r\n\r\n"
        + b"password=hunter2"
        + b"GET /inbox HTTP/1.1\r\nCookie: session=abc; a=b\r\n\r\n"
    )
    listener = b"HTTP/1.1 303 SEE OTHER\r\nSet-Cookie: session=abc; HttpOnly\r\nContent-Length: 2\r\n\r\nok"
    assert shown(Wire.HTTP, dialer, listener) == [
        (Kind.REQUEST, "request", "POST /tip"),
        (Kind.FORM, "desk", "legal"),
        (Kind.FORM, "text", "the mayor & me"),
        (Kind.REQUEST, "request", "POST /login"),
        (Kind.PASSWORD, "password", "hunter2"),
        (Kind.REQUEST, "request", "GET /inbox"),
        (Kind.COOKIE, "session", "abc"),
        (Kind.COOKIE, "a", "b"),
        (Kind.COOKIE, "session", "abc"),
    ]


def test_postgres() -> None:
    """After a refused SSLRequest: the user, statements, bound values and rows."""
    bind = b"\0\0" + struct.pack(">HHI", 0, 1, 3) + b"tip" + struct.pack(">H", 0)
    dialer = SSL_REQUEST + STARTUP + pg(b"Q", b"SELECT 1\0") + pg(b"P", b"s\0INSERT $1\0\0\0") + pg(b"B", bind)
    listener = b"N" + pg(b"R", struct.pack(">I", 10)) + pg(b"D", struct.pack(">HI", 1, 3) + b"row")
    assert shown(Wire.POSTGRES, dialer, listener) == [
        (Kind.USER, "user", "app"),
        (Kind.SQL, "statement", "SELECT 1"),
        (Kind.SQL, "statement", "INSERT $1"),
        (Kind.SQL, "value", "tip"),
        (Kind.ROW, "column", "row"),
    ]


@pytest.mark.parametrize(
    ("method", "kind"), [(3, Kind.PASSWORD), (5, Kind.PASSWORD_HASH), (10, None)], ids=["clear", "md5", "scram"]
)
def test_postgres_password(method: int, kind: Kind | None) -> None:
    """The login method decides whether a password crosses, its hash, or neither."""
    read = shown(Wire.POSTGRES, STARTUP + pg(b"p", b"hunter2\0"), pg(b"R", struct.pack(">I", method)))
    assert [item for item in read if item[0] is not Kind.USER] == (
        [(kind, f"{'password' if method == 3 else 'md5'} authentication", "hunter2")] if kind else []
    )


def test_mysql() -> None:
    """The user, statements, and the rows of a text result."""
    query = my(0, b"\x03SELECT text FROM tip")
    column, row = my(2, b"\x03def\0\0\0\x04text"), my(4, b"\x03tip")
    listener = GREETING + my(2, b"\0\0\0\2\0\0\0") + my(1, b"\1") + column + my(3, b"\xfe\0\0\2\0") + row
    assert shown(Wire.MYSQL, LOGIN + query, listener) == [
        (Kind.USER, "user", "app"),
        (Kind.SQL, "statement", "SELECT text FROM tip"),
        (Kind.ROW, "column", "tip"),
    ]


def test_mysql_password_asked_in_clear() -> None:
    """A server that switches to mysql_clear_password gets the password, and so does everybody on the path."""
    listener = GREETING + my(2, b"\xfemysql_clear_password\0")
    read = shown(Wire.MYSQL, LOGIN + my(3, b"hunter2\0"), listener)
    assert (Kind.PASSWORD, "mysql_clear_password", "hunter2") in read
    assert not any(kind is Kind.PASSWORD for kind, _, _ in shown(Wire.MYSQL, LOGIN + my(3, b"x" * 20), GREETING))


@pytest.mark.parametrize(
    ("wire", "start", "answer"),
    [
        (Wire.HTTP, b"", b""),
        (Wire.POSTGRES, SSL_REQUEST, b"S"),
        (Wire.MYSQL, my(1, struct.pack("<IIB", 0x0A00, 1 << 24, 45) + bytes(23)), GREETING),
    ],
)
def test_nothing_is_readable_under_tls(wire: Wire, start: bytes, answer: bytes) -> None:
    """After the upgrade there is only ciphertext, and none of it is taken for something."""
    ciphertext = b"\x17\x03\x03\x00\x20" + bytes(range(32))
    assert shown(wire, start + TLS_HELLO + ciphertext, answer + TLS_HELLO + ciphertext) == []


@given(st.sampled_from(Wire), st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes(wire: Wire, from_dialer: bytes, from_listener: bytes) -> None:
    """Whatever crosses, reading it ends, and ends well."""
    read_clear(wire, from_dialer, from_listener)


@given(st.sampled_from([(Wire.POSTGRES, STARTUP), (Wire.MYSQL, LOGIN)]), st.binary(max_size=200), st.integers(0, 99))
def test_cut_short(start: tuple[Wire, bytes], rest: bytes, keep: int) -> None:
    """A capture may begin well and end anywhere."""
    wire, login = start
    read_clear(wire, (login + rest)[: len(login) + keep - 20], GREETING + rest)
