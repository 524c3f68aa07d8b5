"""Option files are read as PyMySQL, aiomysql and Connector/Python read them, and as Connector/C was seen to."""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mysql.connector.optionfiles import read_option_files
from pymysql.optionfile import Parser

from everyhop.dialects.option_file import OptionFile, Reader, literal, parse

LINES = st.lists(
    st.sampled_from(
        [
            "[client]",
            "[other]",
            "[client] # told",
            "ssl-ca=/ca.pem",
            "ssl_cert = '/c d'",
            'SSL-KEY: "/k"',
            "  host=indented",
            "skip-name",
            "=nameless",
            "# a comment",
            "; another",
            "",
            "   ",
            "port = 33 # not a comment",
            "tls_versions=['TLSv1.3']",
            "ssl_disabled=True",
            "ssl_verify_cert=false",
            "password='1'",
            "use_pure = 0",
        ]
    ),
    max_size=8,
)


def by_configparser(parser: configparser.RawConfigParser, text: str) -> tuple[dict[tuple[str, str], Any], str | None]:
    """What a real parser makes of a text, and how it ends."""
    try:
        parser.read_string(text)
    except (configparser.Error, AttributeError) as error:
        return {}, type(error).__name__
    found = {}
    for group in parser.sections():
        for name in parser.options(group):
            try:
                found[group, name.replace("-", "_")] = parser.get(group, name)
            except TypeError:  # PyMySQL's looks for quotes, and takes it for nothing
                found[group, name.replace("-", "_")] = None
    return found, None


def as_pairs(found: OptionFile) -> dict[tuple[str, str], str | None]:
    return {(group, name): value for group, name, value in found.options}


@given(LINES)
@example(["[client]", "skip-name", "  host=indented"])
@example(["[client]", "ssl-ca=/ca.pem", "", "  host=indented"])
@example(["[client]", "  host=indented", "=nameless", "  host=indented"])
def test_pymysql_reads_it_like_this(lines: list[str]) -> None:
    """The driver's own parser, with its quotes and its names; it reads a file before it looks for anything."""
    text = "\n".join(lines)
    found = parse(text, Reader.PYMYSQL)
    real, error = by_configparser(Parser(), text)
    if error == "MultilineContinuationError":  # Python 3.13's word for it
        error = "AttributeError"
    assert found.error == error
    assert error or as_pairs(found) == real


@given(LINES)
def test_aiomysql_reads_it_like_this(lines: list[str]) -> None:
    """A plain `RawConfigParser`: an option without a value ends it, and quotes stay."""
    text = "\n".join(lines)
    found = parse(text, Reader.AIOMYSQL)
    real, error = by_configparser(configparser.RawConfigParser(), text)
    assert found.error == error
    assert error or as_pairs(found) == {(group, name): value for (group, name), value in real.items()}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES)
def test_connector_python_reads_it_like_this(tmp_path: Path, lines: list[str]) -> None:
    """Its own work on the lines, then Python's literals; nothing under [client] that it does not know."""
    text = "\n".join(lines)
    (tmp_path / "my.cnf").write_text(text, encoding="utf-8")
    found = parse(text, Reader.CONNECTOR_PYTHON)
    try:
        real = read_option_files(option_files=str(tmp_path / "my.cnf"))
        told = None
    except configparser.Error as error:
        real, told = {}, type(error).__name__
    if found.error == "MissingSectionHeaderError":  # it goes on behind the line, once
        return
    assert found.error == told
    if told:
        return
    options = {name: value for name, value in found.of("client").items() if name != "skip_name"}
    taken = {name: value if name == "password" else literal(value or "") for name, value in options.items()}
    assert {name: str(value) for name, value in taken.items()} == {name: str(value) for name, value in real.items()}


# What mysqlclient 2.3.1 and mariadb 1.1.14 on Connector/C 3.3.20 were seen to make of a file.
CONNECTOR_C = [
    ("[client]\nssl-ca=/ca\n", {"ssl_ca": "/ca"}),
    ("[client]\nssl_ca = /ca\n", {"ssl_ca": "/ca"}),
    ('[client]\nssl-ca="/a b"\n', {"ssl_ca": "/a b"}),
    ("[client]\nssl-ca=/a\\sb\n", {"ssl_ca": "/a b"}),
    ("[client]\nssl-verify-server-cert\n", {}),  # the end of the line is a part of the name
    ("[client]\nssl-enforce=1 # told\n", {"ssl_enforce": "1 # told"}),
    ("[client]\nSSL-CA=/ca\n", {"SSL_CA": "/ca"}),  # which nobody knows
    ("[mysql]\nssl-ca=/ca\n", {}),
    ("ssl-ca=/ca\n[client]\nssl-ca=/ca\n", {}),  # it stops in silence
    ("[client\nssl-ca=/ca\n", {}),
    ("[client]\n# ssl-ca=/ca\n; ssl-ca=/ca\n", {}),
]


@pytest.mark.parametrize(("text", "expected"), CONNECTOR_C)
def test_connector_c_reads_it_like_this(text: str, expected: dict[str, str]) -> None:
    """Names as they are written, quotes and escapes gone, and no error whatever happens."""
    found = parse(text, Reader.CONNECTOR_C)
    assert found.error is None
    assert found.of("client") == expected


@pytest.mark.parametrize("line", ["!include /etc/more.cnf", "!includedir /etc/mysql/conf.d/"])
def test_what_is_included_is_told(line: str) -> None:
    """Connector/C and Connector/Python follow it; to PyMySQL it is an option without a value."""
    text = f"[client]\n{line}\n"
    told = {reader: parse(text, reader).includes for reader in Reader}
    assert told == {
        Reader.PYMYSQL: False,
        Reader.AIOMYSQL: False,
        Reader.CONNECTOR_PYTHON: True,
        Reader.CONNECTOR_C: True,
    }


@given(st.text(max_size=300), st.sampled_from(Reader))
def test_any_text_is_a_reading(text: str, reader: Reader) -> None:
    """A file is somebody else's."""
    assert isinstance(parse(text, reader), OptionFile)
