"""Our tokens of nginx's language are those of crossplane, which NGINX, Inc. wrote, and which reads only files."""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import crossplane  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.dialects.nginx.syntax import Directive, parse
from everyhop.scan.recognise import Server, server_of

CASES = Path(__file__).parents[1] / "cases"

ODD = [
    "",
    "# nothing but a comment",
    "daemon off;",
    "a;b;c;",
    "user  www-data\n  www-data ;",
    "server{listen 80;}",
    "server { listen 443 ssl; listen [::]:443 ssl; server_name a.example b.example; }",
    'add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;',
    "add_header X 'it; has { marks } in it';",
    "log_format main '$remote_addr - ' \"[$time_local] \" '$request';",
    "location ~ ^/a#b$ { return 200 c#d; }  # behind a word a mark is no comment",
    "location ~* \\.(?:css|js)$ { expires 1d; }",
    "rewrite ^/(.*)$ https://$host/$1 permanent;",
    "if ($scheme != https) { return 301 https://$host$request_uri; }",
    "if (!-f $request_filename) { proxy_pass http://app; break; }",
    "map $http_upgrade $connection { default upgrade; '' close; }",
    "set $a ${b}c;",
    "set $a x${b}y;",
    "proxy_pass http://${upstream}/;",
    "return 200 '';",
    'return 200 "";',
    "http { server { location / { if ($a) { return 403; } } } }",
    "upstream app { server unix:/run/app.sock fail_timeout=0; }",
    "types { text/html html htm; }",
    "ssl_protocols TLSv1.2\n\tTLSv1.3\r\n;",
    "ssl_ciphers 'ECDHE:!RC4';",
    "a\n# a comment ; { between\nb;",
    'a "line\nbreak";',
    "server { # behind a brace\n listen 80; # behind a mark\n } # behind the end",
]


def ours(text: str) -> list[str]:
    """Every word in its order, with the marks that end it."""
    return [token for directive in parse(text).body for token in _tokens(directive)]


def _tokens(directive: Directive) -> Iterator[str]:
    yield from directive.words
    if directive.inside is None:
        yield "mark ;"
        return
    yield "mark {"
    for child in directive.body:
        yield from _tokens(child)
    yield "mark }"


def theirs(text: str) -> list[str]:
    """The same out of crossplane's lexer, without the comments; it is handed a file."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "nginx.conf"
        file.write_bytes(text.encode())
        found = [(token, quoted) for token, _, quoted in crossplane.lex(str(file))]
    words = [(token, quoted) for token, quoted in found if quoted or not token.startswith("#")]
    return [f"mark {token}" if token in ("{", "}", ";") and not quoted else token for token, quoted in words]


def _configurations() -> Iterator[Path]:
    for path in sorted(CASES.rglob("*nginx*.conf")) + sorted(CASES.rglob("*nginx*/**/*.conf")):
        if server_of(path.name, path.read_bytes()) is Server.NGINX:
            yield path


@pytest.mark.parametrize("text", ODD)
def test_odd_configurations_have_the_same_tokens(text: str) -> None:
    """Quotes, variables, patterns, comments and lines wherever nginx allows them."""
    assert ours(text) == theirs(text)


@pytest.mark.parametrize("path", list(_configurations()), ids=lambda path: str(path.relative_to(CASES)))
def test_the_configurations_of_the_cases_have_the_same_tokens(path: Path) -> None:
    """Those that our other tests judge."""
    assert ours(path.read_text()) == theirs(path.read_text())


WORD = st.text(string.ascii_letters + string.digits + "$/:.=~^_-", min_size=1, max_size=8)
QUOTED = st.text(string.ascii_letters + " ;{}#$=", min_size=1, max_size=8).map(lambda text: f'"{text}"')
SIMPLE = st.lists(st.one_of(WORD, QUOTED), min_size=1, max_size=4).map(lambda words: " ".join(("name", *words)) + ";")
BLOCK = st.recursive(
    st.lists(SIMPLE, max_size=3).map("\n".join),
    lambda inner: st.tuples(WORD, inner, inner).map(lambda parts: f"b {parts[0]} {{ {parts[1]}\n}}\n{parts[2]}"),
    max_leaves=6,
)


@given(BLOCK)
def test_any_configuration_has_the_same_tokens(text: str) -> None:
    """However words, texts and blocks are put together."""
    assert ours(text) == theirs(text)
