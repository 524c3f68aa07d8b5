"""RFC 9525: which names a certificate stands for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.x509.names import matches
from tests.certificates import common_name_only, good, new_authority

AUTHORITY = new_authority()
LEAF = good(AUTHORITY, "db.internal").chain.leaf
label = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
host = st.lists(label, min_size=2, max_size=4).map(".".join).filter(lambda name: not name[-1].isdigit())


@pytest.mark.parametrize(
    ("presented", "dialled"),
    [
        ("db.internal", "db.internal"),
        ("db.internal", "DB.Internal."),
        ("*.example.org", "tips.example.org"),
        ("10.0.0.5", "10.0.0.5"),
        ("::1", "0:0:0:0:0:0:0:1"),
        ("my_db", "my_db"),
        ("xn--mnchen-3ya.example", "münchen.example"),
    ],
)
def test_it_matches(presented: str, dialled: str) -> None:
    """Without case, without the root's dot, one label for a wildcard, addresses by value."""
    assert matches(replace(LEAF, names=(presented,)), dialled)


@pytest.mark.parametrize(
    ("presented", "dialled"),
    [
        ("db.internal", "db2.internal"),
        ("db.internal", "internal"),
        ("*.example.org", "example.org"),
        ("*.example.org", "a.b.example.org"),
        ("t*.example.org", "tips.example.org"),
        ("a.*.org", "a.b.org"),
        ("*", "localhost"),
        ("*.0.0.5", "10.0.0.5"),
        ("DNS:10.0.0.5", "10.0.0.5"),
        ("10.0.0.5", "10.0.0.50"),
        ("db.internal", ""),
        ("db.internal", "db..internal"),
    ],
)
def test_it_does_not_match(presented: str, dialled: str) -> None:
    """The near misses."""
    assert not matches(replace(LEAF, names=(presented,)), dialled)


def test_a_common_name_never_matches() -> None:
    """Python's default context believes this one."""
    assert not matches(common_name_only(AUTHORITY, "db.internal").chain.leaf, "db.internal")


@given(host)
def test_every_host_matches_itself_and_its_wildcard(name: str) -> None:
    """And the wildcard does not match what is below."""
    wildcard = f"*.{name.partition('.')[2]}"
    assert matches(replace(LEAF, names=(name,)), name.upper())
    assert matches(replace(LEAF, names=(wildcard,)), name)
    assert not matches(replace(LEAF, names=(wildcard,)), f"below.{name}")


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_gets_an_answer(presented: str, dialled: str) -> None:
    """Names come from whoever answers and from whoever configures."""
    assert matches(replace(LEAF, names=(presented,)), dialled) in {True, False}
