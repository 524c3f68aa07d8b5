"""One value changed, everything else as it was."""

import ast
import shlex
from collections.abc import Mapping
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from everyhop.dialects import registry
from everyhop.dialects.dsn import PLACEHOLDER, Dsn
from everyhop.dialects.settings import PeerCheck, PythonContext
from everyhop.dialects.source import ANCHORS, source
from everyhop.errors import SettingsError, SourceError
from everyhop.model.evidence import SourceSpan
from everyhop.model.finding import Remediation
from everyhop.model.posture import Floor
from everyhop.model.secret import Secret
from everyhop.rules.policy import Policy
from everyhop.scan.rewrite import in_python
from everyhop.scan.rewrite.arguments import with_arguments
from everyhop.scan.rewrite.dotenv import remove, set_value, values
from everyhop.scan.rewrite.query import respelled
from everyhop.scan.rewrite.remedy import remedy
from everyhop.scan.rewrite.text import Edit, after, applied, changed, overlap
from everyhop.scan.syntax import dotenv, python
from everyhop.scan.syntax.span import Lines


def in_order(text: str) -> list[tuple[str, str]]:
    return [(placed.name, placed.value) for placed in dotenv.placed(text)]


URL = "mysql+pymysql://app:p%40ss@db.internal/tips?ssl_ca=/etc/ssl/ca.pem&charset=utf8mb4"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A=1\nURL=old # why\nB=2\n", f"A=1\nURL='{URL}' # why\nB=2\n"),
        ("URL='old'\r\n", f"URL='{URL}'\r\n"),
        ('export URL = "old"  # why\n', f'export URL = "{URL}"  # why\n'),
        ("URL=pg://h/d?a=b&c=d\n", f"URL={URL}\n"),
        ("A=1", f"A=1\nURL='{URL}'\n"),
        ("A=1\r\n", f"A=1\r\nURL='{URL}'\r\n"),
        ("", f"URL='{URL}'\n"),
        ("URL=first\nURL=second\n", f"URL='{URL}'\nURL='{URL}'\n"),
        ("#URL=old\n", f"#URL=old\nURL='{URL}'\n"),
    ],
)
def test_a_dotenv_file_keeps_its_looks(before: str, after: str) -> None:
    """Comments, order, `export`, quotes and line ends stay; what a shell would take for itself gets quotes."""
    assert set_value(before, "URL", URL) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("U=pg://a:${PW}@h/d\n", "U=pg://a:${PW}@h/e\n"),
        ("U=old\n", 'U="pg://a:${PW}@h/e"\n'),
        ("U='pg://a:${PW}@h/d'\n", "U='pg://a:${PW}@h/e'\n"),
    ],
)
def test_a_reference_is_never_put_into_single_quotes(before: str, after: str) -> None:
    """A shell would not look the variable up; quotes that are there already were somebody's choice."""
    assert set_value(before, "U", "pg://a:${PW}@h/e") == after


LINES = st.lists(
    st.sampled_from(
        [
            *("A=1", "export URL=x", "URL='a b'", '# URL="c"', "", "  B = 'x' # y", 'C="z\\"z"', "URL=a b # c", "B="),
            *("nonsense", "D='two\nlines'", "URL= # only a remark", "C='\\\\'"),
        ]
    ),
    max_size=6,
)


@given(LINES, st.sampled_from(["\n", "\r\n"]), st.text(max_size=30))
def test_what_is_set_is_read_back_and_nothing_else_changes(lines: list[str], end: str, value: str) -> None:
    """In order, too; a value that not every reader would read alike is refused."""
    text = end.join(lines)
    before = in_order(text)
    try:
        after = set_value(text, "URL", value)
    except SettingsError:
        assert any(ord(character) < 32 or character in "'\"\\" for character in value)
        return
    assert [item for item in in_order(after) if item[0] != "URL"] == [item for item in before if item[0] != "URL"]
    assert values(after) == {**values(text), "URL": value}
    assert set_value(after, "URL", value) == after


@given(LINES, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["A", "B", "URL"]))
def test_what_is_removed_is_gone_and_nothing_else_changes(lines: list[str], end: str, name: str) -> None:
    """Wherever it was set; and remarks stay."""
    text = end.join(lines)
    after = remove(text, name)
    assert in_order(after) == [item for item in in_order(text) if item[0] != name]
    assert after.count('# URL="c"') == text.count('# URL="c"')


@given(st.text(st.characters(codec="ascii", min_codepoint=32), max_size=20))
def test_a_shell_and_python_dotenv_read_the_same(value: str) -> None:
    """One word, worth the same; or nothing is written."""
    assume("${" not in value)
    try:
        written = set_value("", "URL", value)
    except SettingsError:
        assert set(value) & set("'\\")
        return
    assert shlex.split(written) == [f"URL={value}"]


@pytest.mark.parametrize("value", ["a=b&c", "it's", 'say "x"', "a b", "#x", "", "x#y", "C:\\x", "täst", "$HOME"])
def test_ordinary_values_can_all_be_held(value: str) -> None:
    """Refusing is for what no quoting can say to everybody."""
    assert in_order(set_value("A=1\n", "KEY", value)) == [("A", "1"), ("KEY", value)]


@pytest.mark.parametrize(
    ("key", "value"), [("A B", "x"), ("", "x"), ("A", 'it\'s "x"'), ("A", "x\ny"), ("A=B", "x"), ("A", "x\\")]
)
def test_what_a_dotenv_file_cannot_say_is_refused(key: str, value: str) -> None:
    """With a hint, and without the value."""
    with pytest.raises(SettingsError) as caught:
        set_value("", key, value)
    assert caught.value.hint
    assert len(value) < 2 or value not in str(caught.value)


EDITS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5), st.text("xyz", max_size=4)), max_size=5).map(
    lambda drawn: [Edit(start, start + length, new) for start, length, new in drawn]
)


@given(st.text("abc\n", min_size=40, max_size=50), EDITS)
def test_only_what_an_edit_names_changes(text: str, edits: list[Edit]) -> None:
    """Whatever stands outside of every edit is there afterwards, where `after` says."""
    assume(not overlap(edits))
    now = applied(text, edits)
    assert len(now) == len(text) + sum(len(edit.new) - (edit.end - edit.start) for edit in set(edits))
    for offset, character in enumerate(text):
        if not any(edit.start <= offset < edit.end for edit in edits):
            put_in_here = sum(len(edit.new) for edit in set(edits) if edit.start == edit.end == offset)
            assert now[after(offset, edits) + put_in_here] == character


@given(st.text("ab", max_size=8), st.text("ab", max_size=8))
def test_the_difference_of_two_texts_makes_one_into_the_other(before: str, now: str) -> None:
    """And where there is none there is no edit."""
    edit = changed(before, now)
    assert (applied(before, [edit]) if edit else before) == now


@pytest.mark.parametrize(
    "edits",
    [[Edit(0, 3, "x"), Edit(2, 4, "y")], [Edit(1, 1, "x"), Edit(1, 1, "y")], [Edit(0, 3, "x"), Edit(0, 3, "y")]],
)
def test_edits_of_the_same_text_overlap(edits: list[Edit]) -> None:
    """Those that are about neighbours do not, nor does one that is there twice."""
    assert overlap(edits)
    assert not overlap([edits[0], edits[0], edits[0].moved(10)])


WORDS = st.text("ab1%@:/?&= .", min_size=1, max_size=8)


@given(WORDS, WORDS, st.lists(st.sampled_from(["sslmode=require", "application_name=a+b", "x=%20", "sslmode=allow"])))
def test_of_a_url_only_the_options_change(user: str, password: str, options: list[str]) -> None:
    """User, password and whatever else is asked for stay to the letter."""
    query = f"?{'&'.join(options)}" if options else ""
    head = f"postgresql+psycopg2://{quote(user, safe='')}:{quote(password, safe='')}@db.internal/app"
    old = Dsn.parse(head + query)
    new = old.with_options({"sslmode": "verify-full", "sslrootcert": "/ca.pem"})
    edit = respelled(head + query, old, new)
    assert edit is not None
    now = applied(head + query, [edit])
    assert now.startswith(head)
    assert Dsn.parse(now) == new
    assert respelled(now, Dsn.parse(now), new) is None


@given(
    st.lists(
        st.sampled_from(["host=db", "password='a \\' b'", "sslmode=allow", "user = x", "sslmode='a b'"]), min_size=1
    )
)
def test_of_a_string_of_pairs_only_the_options_change(pairs: list[str]) -> None:
    """In libpq's own grammar, where blanks may stand around `=`."""
    text = " ".join(pairs)
    old = Dsn.parse(text)
    new = old.with_options({"sslmode": "verify-full", "sslrootcert": "/ca.pem"})
    edit = respelled(text, old, new)
    assert edit is not None
    now = Dsn.parse(applied(text, [edit]))
    assert sorted(now.options, key=str) == sorted(new.options, key=str)


@pytest.mark.parametrize("path", ["/a b.pem", "/ä.pem", "/{ca}.pem", "/100%.pem", "/$HOME/ca.pem", "/it's.pem"])
def test_a_path_that_would_have_to_be_quoted_is_refused(path: str) -> None:
    """What it needs differs from file to file."""
    old = Dsn.parse("postgresql://h/d")
    with pytest.raises(SourceError):
        respelled("postgresql://h/d", old, old.with_options({"sslrootcert": path}))


@pytest.mark.parametrize("written", ["postgresql://h/d?{options}", "postgresql://h/d", "postgresql://h/d?ssl=1"])
def test_options_that_do_not_stand_in_the_text_are_refused(written: str) -> None:
    """They came from elsewhere: changing them here would do something else."""
    old = Dsn.parse("postgresql://h/d?sslmode=require")
    with pytest.raises(SourceError):
        respelled(written, old, old.with_options({"sslmode": "verify-full"}))


def test_more_than_options_is_refused() -> None:
    """A driver or a host is not changed by a fix."""
    with pytest.raises(SourceError):
        respelled("postgresql://h/d", Dsn.parse("postgresql://h/d"), Dsn.parse("postgresql+psycopg2://h/d"))


PREFIXES = st.sampled_from(["", "r", "R", "f", "F", "u", "rf", "fR"])
MARKS = st.sampled_from(["'", '"', "'''", '"""'])
JOINTS = st.sampled_from([" ", "\n    ", "  # why\n    ", " \\\n", " + ", "\r\n    "])
OPTIONS = ["", "?sslmode=require", "?connect_timeout=5&sslmode=allow", "?sslmode=prefer&connect_timeout=5"]


@given(
    st.lists(st.tuples(PREFIXES, MARKS, st.integers(0, 60), JOINTS), min_size=1, max_size=4), st.sampled_from(OPTIONS)
)
def test_a_url_is_mended_in_whatever_literals_it_is_written(
    forms: list[tuple[str, str, int, str]], options: str
) -> None:
    """Or it is left alone; what is written is worth what it was, but for the options."""
    url = f"postgresql+psycopg2://app:p%40ss@db.internal/app{options}"
    cuts = sorted({0, len(url), *(cut for _, _, cut, _ in forms[1:] if cut < len(url))})
    pieces = [
        f"{form[0]}{form[1]}{url[a:b]}{form[1]}{form[3]}" for form, (a, b) in zip(forms, pairwise(cuts), strict=False)
    ]
    expression = "".join(pieces)[: -len(forms[len(pieces) - 1][3])]
    text = f"ä = (create_engine(\n    {expression}), 'x')\n"
    call = python.parse(text).body[0].value.elts[0]  # type: ignore[attr-defined]
    span = python.span_of(call.args[0], Lines(text))
    at = SourceSpan("app.py", span.line, span.column, span.end_line, span.end_column)
    settings = registry.resolve(url)
    assert settings.dsn is not None
    new = settings.dsn.with_options({"sslmode": "verify-full", "sslrootcert": "/ca.pem"})
    try:
        now = applied(text, in_python.edits(text, at, settings, new, {}))
    except SourceError:
        assert len(pieces) > 1
        return
    mended = python.parse(now).body[0].value.elts[0].args[0]  # type: ignore[attr-defined]
    assert Dsn.parse(eval(compile(ast.Expression(mended), "", "eval"))) == new  # noqa: S307 - made right here
    assert now.endswith("), 'x')\n")


@pytest.mark.parametrize(
    ("before", "changes", "after_it"),
    [
        ("f()", {"a": 1}, "f(a=1)"),
        ("f(x)", {"a": "b"}, 'f(x, a="b")'),
        ("f('x',)", {"a": "b"}, "f('x', a='b',)"),
        ("f(a=None)", {"a": True}, "f(a=True)"),
        ("f(a=1, b=2)", {"a": None}, "f(b=2)"),
        ("f(a=1, b=2)", {"b": None}, "f(a=1)"),
        ("f(a=1)", {"a": None}, "f()"),
        ("f(a=1)", {"a": None, "b": 2}, "f(b=2)"),
        ("f(a=1, b=2)", {"a": None, "b": None, "c": 3}, "f(c=3)"),
        ("f(x, a=1, b=2)", {"a": None, "b": None, "c": 3}, "f(x, c=3)"),
        ("f(a=1, b=2, c=3, d=4)", {"a": None, "b": None, "d": None}, "f(c=3)"),
        ("f(\n  a=1,\n)", {"b": {"c": "d"}}, 'f(\n  a=1,\n  b={"c": "d"},\n)'),
        ("f(\r\n\ta=1  # one\r\n)", {"b": 2}, "f(\r\n\ta=1,  # one\r\n\tb=2,\r\n)"),
        ("f(\n  a=1)", {"b": 2}, "f(\n  a=1,\n  b=2)"),
        ("{'a': 1}", {"b": "c"}, "{'a': 1, 'b': 'c'}"),
        ("{}", {"b": "c"}, '{"b": "c"}'),
        ("{'a': {'b': 'c'}}", {"a": {"b": "d"}}, "{'a': {'b': 'd'}}"),
    ],
)
def test_arguments_and_entries_keep_their_layout(before: str, changes: Mapping[str, object], after_it: str) -> None:
    """Rows stay rows, lines stay lines, and comments stay beside what they are about."""
    node = ast.parse(before, mode="eval").body
    assert isinstance(node, ast.Call | ast.Dict)
    assert applied(before, with_arguments(before, node, changes)) == after_it


@pytest.mark.parametrize(
    ("before", "changes"),
    [
        ("f(**a)", {"b": 1}),
        ("{**a}", {"b": 1}),
        ("f(a=b)", {"a": 1}),
        ("f(a=b())", {"a": None}),
        ("{'a': [b]}", {"a": 1}),
        ("f(a=1)", {"a": PythonContext()}),
        ("f(a=1)", {"a": "it's"}),
        ("f(a=1,  # why\n b=2)", {"a": None}),
    ],
)
def test_what_is_more_than_a_plain_value_is_left_to_a_person(before: str, changes: Mapping[str, object]) -> None:
    """An expression says more than its value, and a comment may be about what would go."""
    node = ast.parse(before, mode="eval").body
    assert isinstance(node, ast.Call | ast.Dict)
    with pytest.raises(SourceError):
        with_arguments(before, node, changes)


def fix_of(keywords: Mapping[str, object]) -> Remediation:
    return remedy(registry.from_keywords("pymysql", {"host": "db.internal", **keywords}), Policy().demand(None, None))


def test_a_fix_keeps_the_anchors_that_are_named() -> None:
    """Those of a context, too; then it is safe to apply."""
    for named in (
        {"ssl": {"ca": "/ca.pem"}},
        {"ssl": PythonContext(PeerCheck.NONE, check_hostname=False, anchors="/ca.pem")},
    ):
        fix = fix_of(named)
        assert fix.safe
        assert fix.replacement is not None
        assert "/ca.pem" in fix.replacement


@pytest.mark.parametrize("keywords", [{}, {"ssl": {"ca": f"{PLACEHOLDER}/ca.pem"}}, {"ssl_ca": PLACEHOLDER}])
def test_anchors_that_nobody_knows_are_to_be_filled_in(keywords: dict[str, object]) -> None:
    """What is known only at run time cannot be pasted."""
    fix = fix_of(keywords)
    assert not fix.safe
    assert fix.replacement is not None
    assert ANCHORS in fix.replacement
    assert PLACEHOLDER not in fix.replacement


def test_a_context_is_told_with_all_that_is_set_on_it() -> None:
    """A call alone would have another floor, and the names back that were switched off."""
    context = PythonContext(PeerCheck.NONE, check_hostname=False, anchors="/ca.pem", floor=Floor.TLS_1_3)
    written = source({"ssl": context, "password": "hunter2", "mode": PeerCheck.NONE, "x": Secret("hunter2")})
    for part in ("check_hostname = False", "verify_mode = ssl.CERT_NONE", "TLSv1_3", "cafile='/ca.pem'"):
        assert part in written
    assert "hunter2" not in written
