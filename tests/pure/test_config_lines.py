"""Every key of a TOML document has its line."""

import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.config.lines import KeyPath, key_lines, line_of

DOCUMENT = '''\
# a comment with [brackets] and "quotes"
title = "everyhop"

[policy]
require = "verify-full" # = [x]
"quoted.key" = 1
'single' = 1
dotted . inner = """
not = "a key"
[nor.a.table]
\\""" still inside"""
local = [
  "unix", # ]
  "loop,back",
]
date = 2027-06-30

[[policy.waive]]
rule = \'\'\'it's ' all
'' one string''\'\'\'
[policy.waive.deeper]
here = true
[[policy.waive]]
rule = "b"
[ hop . "a b" ]
endpoint = { host = "x", ports = [ 1, { n = 2 } ] }
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("policy",), 4),
        (("policy", "require"), 5),
        (("policy", "quoted.key"), 6),
        (("policy", "single"), 7),
        (("policy", "dotted"), 8),
        (("policy", "dotted", "inner"), 8),
        (("policy", "local"), 12),
        (("policy", "local", 0), 13),
        (("policy", "local", 1), 14),
        (("policy", "date"), 16),
        (("policy", "waive"), 18),
        (("policy", "waive", 0), 18),
        (("policy", "waive", 0, "rule"), 19),
        (("policy", "waive", 0, "deeper", "here"), 22),
        (("policy", "waive", 1), 23),
        (("policy", "waive", 1, "rule"), 24),
        (("hop",), 25),
        (("hop", "a b"), 25),
        (("hop", "a b", "endpoint", "ports", 1, "n"), 26),
        (("hop", "a b", "absent"), 25),
        (("absent",), None),
    ],
)
def test_a_key_has_its_line(path: KeyPath, line: int | None) -> None:
    """Strings, comments, arrays and inline tables are stepped over, not into."""
    assert line_of(key_lines(DOCUMENT), path) == line
    assert line_of(key_lines(DOCUMENT.replace("\n", "\r\n")), path) == line


def leaves(value: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from leaves(item, (*path, position))
    yield path


NAMES = st.sampled_from(["a", "b-c", '"d.e"', "'f \"g'", "a.h", '"\\u00e9"', "1"])
VALUES = st.recursive(
    st.sampled_from(['"x"', "'#'", '"""\n]\n"""', "'''\n}'''", "1", "-1.5", "true", "2027-06-30", '"\\""', '""', "''"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[\n" + ", # ]\n ".join(items) + "\n]")
        | st.lists(st.tuples(NAMES, inner), max_size=2).map(
            lambda pairs: "{" + ", ".join(f"{name} = {item}" for name, item in pairs) + "}"
        )
    ),
    max_leaves=6,
)
STATEMENTS = st.one_of(
    st.tuples(NAMES, VALUES).map(lambda pair: f"{pair[0]} = {pair[1]} # = 1"),
    NAMES.map(lambda name: f"[ {name} ]"),
    NAMES.map(lambda name: f"[[{name}]]  # [x]"),
    st.sampled_from(["", "# comment = 1", "  \t"]),
)


@given(st.lists(STATEMENTS, max_size=12).map("\n".join))
def test_every_key_that_tomllib_finds_is_found_and_no_other(text: str) -> None:
    """The walk and the parser agree on every document that the parser accepts."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    lines = key_lines(text)
    assert set(lines) == set(leaves(values)) - {()}
    assert all(1 <= line <= len(text.split("\n")) for line in lines.values())
