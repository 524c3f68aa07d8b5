"""One value changed, everything else as it was."""

import ast
import shlex
from collections.abc import Mapping

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from everyhop.dialects import registry
from everyhop.dialects.dsn import PLACEHOLDER
from everyhop.dialects.settings import PeerCheck, PythonContext
from everyhop.dialects.source import ANCHORS, source
from everyhop.errors import SettingsError, SourceError
from everyhop.model.finding import Remediation
from everyhop.model.posture import Floor
from everyhop.model.secret import Secret
from everyhop.rules.policy import Policy
from everyhop.scan.rewrite.dotenv import remove, set_value, values
from everyhop.scan.rewrite.remedy import remedy
from everyhop.scan.rewrite.text import rewrite, set_literal
from everyhop.scan.syntax import dotenv, python
from everyhop.scan.syntax.span import Lines, Span


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


@given(st.text(), st.data(), st.text())
def test_only_the_span_changes(text: str, data: st.DataObject, replacement: str) -> None:
    """What stands before and after a span is what it was."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    assert rewrite(text, Lines(text).span(start, end), replacement) == text[:start] + replacement + text[end:]


@given(st.text(), st.sampled_from(["'old'", '"old"', 'r"old"', '"""old"""']))
def test_a_rewritten_literal_is_worth_the_new_value(value: str, literal: str) -> None:
    """And the file still parses."""
    assume(not any(0xD800 <= ord(character) < 0xE000 for character in value))
    text = f"é = 1; url = {literal}  # why\n"
    node = python.parse(text).body[-1].value  # type: ignore[attr-defined]
    after = set_literal(text, python.span_of(node, Lines(text)), value)
    assert ast.literal_eval(python.parse(after).body[-1].value) == value  # type: ignore[attr-defined]
    assert after.endswith("  # why\n")


@pytest.mark.parametrize("source", ["f'{x}'", "a + b", "name", "3", ""])
def test_an_expression_is_not_rewritten(source: str) -> None:
    """It says more than its value."""
    with pytest.raises(SourceError):
        set_literal(source, Span(1, 1, 1, len(source) + 1), "x")


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
