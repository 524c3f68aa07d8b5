"""The parsers: exact places, and for whatever text a result or `Unparsed`."""

import io
from collections.abc import Callable
from contextlib import suppress

import pytest
from dotenv.parser import parse_stream
from hypothesis import given
from hypothesis import strategies as st

from everyhop.scan.syntax import (
    compose,
    dockerfile,
    dotenv,
    ini,
    interpolation,
    json,
    literals,
    manifest,
    pins,
    python,
    toml,
    unit,
    yaml,
)
from everyhop.scan.syntax.interpolation import Grammar, Reference
from everyhop.scan.syntax.span import Lines, Span, Unparsed
from everyhop.scan.syntax.variable import Variable

PARSERS: list[Callable[[str], object]] = [
    python.parse,
    dotenv.parse,
    compose.parse,
    lambda text: pins.parse("uv.lock", text),
    lambda text: pins.parse("pyproject.toml", text),
    lambda text: pins.parse("requirements.txt", text),
    lambda text: pins.parse("Pipfile.lock", text),
    lambda text: pins.parse("setup.cfg", text),
    manifest.parse,
    dockerfile.parse,
    unit.parse,
    ini.parse,
    toml.parse,
    json.parse,
    literals.parse,
]
HOSTILE = st.text() | st.text(
    st.sampled_from(list("ab=#'\"\\\n\r\t ${}:-[]&*!|>?é\x00\x0c\x85\u2028\ufeff😀")), max_size=80
)


def at(text: str, span: Span) -> str:
    lines = Lines(text)
    return text[lines.offset(span.line, span.column) : lines.offset(span.end_line, span.end_column)]


@given(HOSTILE)
def test_any_text_is_read_or_refused(text: str) -> None:
    """Never another exception, never a hang."""
    for parse in PARSERS:
        for variant in (text, f"services:\n  {text}", f"[[package]]\n{text}", f"ENV X={text}", f"Environment=A={text}"):
            with suppress(Unparsed):
                parse(variant)


@pytest.mark.parametrize(
    "text", ["(" * 5000, "[" * 5000, "- " * 5000, "a: " * 3000, "x = " + "-" * 5000 + "1", "a = [" * 2000, "{" * 3000]
)
def test_deep_nesting_is_refused_and_not_followed(text: str) -> None:
    """What Python's, ruamel's and tomllib's parsers answer with a RecursionError is a refusal like any other."""
    refused = 0
    for parse in PARSERS:
        try:
            parse(text)
        except Unparsed:
            refused += 1
    assert refused


@given(st.text(st.sampled_from(list("ab\n\ré\x0c\x85\u2028😀"))), st.data())
def test_offsets_and_places_are_inverse(text: str, data: st.DataObject) -> None:
    """A place between two offsets leads back to them."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    assert at(text, Lines(text).span(start, end)) == text[start:end]


@pytest.mark.parametrize("before", ["", "é = 'ü😀'; ", "x = '€'  # ☃\r\n"])
def test_places_in_python_count_characters(before: str) -> None:
    """The tree counts bytes of UTF-8; people and editors do not."""
    text = f"{before}url = f'postgresql://ä:{{x}}@b'"
    tree = python.parse(text)
    value = tree.body[-1].value  # type: ignore[attr-defined]
    assert at(text, python.span_of(value, Lines(text))) == "f'postgresql://ä:{x}@b'"


ASSIGNMENTS = st.lists(
    st.tuples(
        st.sampled_from(["", "export ", "  ", "# note\n", "\n\n"]),
        st.sampled_from(["A", "B_2", "URL"]),
        st.sampled_from(["=", " = ", "= "]),
        st.sampled_from(["1", "'x y'", '"a\\"b#"', "a#b", "pg://u:p@h/d?x=1&y=2 # why", "'mul\nti'", "", "é"]),
        st.sampled_from(["\n", "\r\n", " # end\n"]),
    )
)


@given(ASSIGNMENTS)
def test_dotenv_places_hold_what_python_dotenv_reads(parts: list[tuple[str, ...]]) -> None:
    """The value in its place, without quotes, is the value; nothing is found that python-dotenv does not find."""
    text = "".join(map("".join, parts))
    placed = list(dotenv.placed(text))
    assert [(p.name, p.value) for p in placed] == [
        (b.key, b.value)
        for b in parse_stream(io.StringIO(text, newline=""))
        if b.key and b.value is not None and not b.error
    ]
    for variable in placed:
        raw = text[variable.start : variable.end]
        assert (
            raw.strip(variable.quote).replace('\\"', '"') == variable.value if variable.quote else raw == variable.value
        )


def test_a_compose_file_of_any_length_ends() -> None:
    """ruamel is slow, and slower than linear in the depth of brackets: both are bounded before it starts."""
    for text in ("a: [" * 65, "a: 1\n" * (yaml.LONGEST // 5 + 1)):
        with pytest.raises(Unparsed):
            compose.parse(text)


@pytest.mark.parametrize(
    ("text", "grammar", "pieces"),
    [
        ("a${B}c", Grammar.DOTENV, ("a", Reference("B", None), "c")),
        ("${B:-d}", Grammar.DOTENV, (Reference("B", "d"),)),
        ("$B$$", Grammar.DOTENV, ("$B$$",)),
        ("$B$$x", Grammar.COMPOSE, (Reference("B", None), "$", "x")),
        ("${A:-${B:-c}}", Grammar.COMPOSE, (Reference("A", "${B:-c}"),)),
        ("${A:?must be set}", Grammar.COMPOSE, (Reference("A", None),)),
        ("100%", Grammar.COMPOSE, ("100%",)),
        ("a{{ .Values.b }}c", Grammar.TEMPLATE, ("a", Reference(".Values.b", None), "c")),
        ("${{ secrets.A }}", Grammar.TEMPLATE, (Reference("secrets.A", None),)),
        (
            "$(A)/${var.b}$C",
            Grammar.TEMPLATE,
            (Reference("A", None), "/", Reference("var.b", None), Reference("C", None)),
        ),
        ("${A:-d}%(b)s%%", Grammar.TEMPLATE, (Reference("A", "d"), Reference("b", None), "%")),
    ],
)
def test_references_in_values(text: str, grammar: Grammar, pieces: tuple[object, ...]) -> None:
    """python-dotenv knows the braced form; compose `$NAME` and `$$` too."""
    assert interpolation.split(text, grammar) == pieces


COMPOSE = """\
x-env: &env
  SHARED: "one"
services:
  db:
    image: 'postgres:16'
    entrypoint: postgres
    command: ["-c", "ssl=on"]
    environment:
      <<: *env
      EMPTY:
      OWN: postgresql://u:p@db/x # why
  web:
    build: {context: ./web}
    container_name: front
    environment:
      - "LISTED=a=b"
      - BARE
    networks: {back: {aliases: [www]}}
"""


def test_a_compose_file_in_its_parts() -> None:
    """Merged keys, lists and maps, short and long forms; each value with its place."""
    db, web = compose.parse(COMPOSE)
    assert [(v.name, at(COMPOSE, v.span)) for v in db.environment] == [
        ("OWN", "postgresql://u:p@db/x"),
        ("SHARED", "one"),
    ]
    assert db.image is not None
    assert at(COMPOSE, db.image.span) == "postgres:16"
    assert [a.pieces for a in db.arguments] == [("postgres",), ("-c",), ("ssl=on",)]
    assert (web.context, web.aliases) == ("./web", ("front", "www"))
    assert [(v.name, at(COMPOSE, v.span)) for v in web.environment] == [("LISTED", "a=b")]


def test_a_chain_of_aliases_is_not_expanded() -> None:
    """Ten lines that a constructing reader turns into ten to the ninth strings."""
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10))
    assert compose.parse(f"{bomb}services:\n  db: {{image: postgres, environment: *a9}}\n")[0].environment == ()
    assert compose.parse("services:\n  db: &db\n    <<: *db\n    image: x\n")[0].image is not None
    assert [v.name for v in manifest.parse(f"{bomb}env: {{A: *a9, B: x}}\nself: &self\n  <<: *self\n  c: 1\n")] == [
        "B",
        "c",
    ]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("uv.lock", '[[package]]\nname = "PyMySQL"\nversion = "1.1.1"\n', [("pymysql", "1.1.1")]),
        ("requirements.txt", "psycopg2-binary==2.9.10 \\\n  --hash=sha256:ab\n", [("psycopg2-binary", "2.9.10")]),
        (
            "requirements.txt",
            "PyMySQL[rsa]>=1.1, <2 ; python_version > '3'\n-r other.txt\n# x==1\n",
            [("pymysql", ">=1.1,<2")],
        ),
        ("pyproject.toml", '[project]\ndependencies = ["psycopg[binary]~=3.2"]\n', [("psycopg", "~=3.2")]),
        ("pyproject.toml", '[tool.poetry.dependencies]\npymysql = "^1.0.2"\n', [("pymysql", ">=1.0.2,<2")]),
        ("pyproject.toml", '[tool.poetry.dependencies]\npymysql = {version = "1.1.0"}\n', [("pymysql", "1.1.0")]),
        ("pyproject.toml", "[project]\ndependencies = 3\n", []),
        ("pyproject.toml", '[tool.poetry.group.db.dependencies]\npsycopg = "~3.2"\n', [("psycopg", ">=3.2,<3.3")]),
        ("requirements.in", "pymysql>=1\n", [("pymysql", ">=1")]),
        ("pylock.toml", '[[packages]]\nname = "asyncpg"\nversion = "0.30.0"\n', [("asyncpg", "0.30.0")]),
        ("Pipfile", '[packages]\npymysql = "==1.1.0"\n[dev-packages]\nmariadb = "*"\n', [("pymysql", "1.1.0")]),
        ("Pipfile.lock", '{"default": {"pg8000": {"version": "==1.31"}}, "develop": {"x": {}}}', [("pg8000", "1.31")]),
        ("setup.cfg", "[options]\ninstall_requires =\n  PyMySQL>=1.0\n[x]\n  y", [("pymysql", ">=1.0")]),
    ],
)
def test_what_is_pinned(name: str, text: str, found: list[tuple[str, str]]) -> None:
    """Exact versions as they are, ranges in the words of PEP 440."""
    assert [(pin.name, pin.requirement) for pin in pins.parse(name, text)] == found


URL = "postgresql://u:p@h/d"
LINES = f"[a]\n# b = {URL}\nc.d = {URL} ; why\ne: '{URL}'\n"
DOCKER = f'ENV A=1 \\\n  B="{URL}" C=x\nARG D\nENV E {URL} x\n'
UNIT = f"[Service]\nEnvironment=A=1 'B={URL}'\nExecStart=/bin/x --db {URL}\n"
TOML = f'# a = \'{URL}\'\nb = \'{URL}\' # why\n"c d" = ["é", "{URL}"]\n'
SHELL = f"# {URL}\nexport A='{URL}'\necho {URL}\necho A={URL} > x\n"
LIST = f"a: '{URL}'\nenv:\n- {{name: B, value: é}}\n- name: C\n  value: {URL}\n"


@pytest.mark.parametrize(
    ("parse", "text", "found"),
    [
        (dockerfile.parse, DOCKER, [("A", "1"), ("B", URL), ("C", "x"), ("E", f"{URL} x")]),
        (unit.parse, UNIT, [("A", "1"), ("B", URL), ("db", URL)]),
        (ini.parse, LINES, [("c.d", URL), ("e", URL)]),
        (toml.parse, TOML, [("b", URL), ("c d", "é"), ("c d", URL)]),
        (json.parse, f'{{"a": "b", "c": ["{URL}"]}} // "{URL}"', [("c", URL)]),
        (literals.parse, SHELL, [("A", URL), ("A", URL)]),
        (literals.parse, f"x=${{B:-{URL}}} {URL}, {URL}.", [("B", URL), ("url", URL), ("url", URL)]),
        (manifest.parse, LIST, [("a", URL), ("B", "é"), ("C", URL)]),
        (manifest.parse, f'{{{{ if x }}}}\na: {{{{ y }}}}\nb: "{URL}"\n', [("a", "{{ y }}"), ("b", URL)]),
        (manifest.parse, f"a:\n{{{{ if x }}}}\n  - b: {URL}\n{{{{ else }}}}\n  c: 1\n{{{{ end }}}}\n", [("b", URL)]),
        (manifest.parse, f"data:\n  f: |\n    # {URL}\n    x = {URL}\n", [("x", URL)]),
    ],
)
def test_names_and_values_stand_where_they_are_said_to(
    parse: Callable[[str], tuple[Variable, ...]], text: str, found: list[tuple[str, str]]
) -> None:
    """The text of a place is the value, to the character; comments and what is only printed are none."""
    for before in ("", "\r\n", "\n\n"):
        assert [(v.name, at(before + text, v.span)) for v in parse(before + text)] == found


def test_what_a_secret_holds_in_base64_is_placed_at_its_name() -> None:
    """Nobody masks base64, so no place leads to it."""
    text = "kind: Secret\ndata:\n  A: cG9zdGdyZXNxbDovL3U6cEBoL2Q=\n"
    (found,) = [variable for variable in manifest.parse(text) if variable.name == "A"]
    assert (found.pieces, at(text, found.span)) == ((URL,), "A")


def test_a_manifest_that_is_too_long_is_looked_through() -> None:
    """For URLs only: that is linear."""
    text = "a: 1\n" * (manifest.LONGEST // 5 + 1) + f"b: {URL}\n"
    assert [(v.name, at(text, v.span)) for v in manifest.parse(text)] == [("b", URL)]


@pytest.mark.parametrize("part", ["{{", "${", "$(", "%(", "postgresql://", "a=", "\\\n", '"', "ENV A=", "'", " ", "\n"])
def test_no_text_takes_more_than_its_length(part: str) -> None:
    """Fifty thousand of anything are read in a moment: the test's time-out tells of a square."""
    for parse in (dockerfile.parse, unit.parse, ini.parse, toml.parse, json.parse, literals.parse):
        for head in ("", "postgresql://", "ENV A=", "a = ", "Environment=", '"'):
            parse(head + part * 50_000)
