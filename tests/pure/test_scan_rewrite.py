"""One value changed, everything else as it was."""

import ast

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from everyhop.errors import SourceError
from everyhop.scan.rewrite.dotenv import set_value
from everyhop.scan.rewrite.text import rewrite, set_literal
from everyhop.scan.syntax import dotenv, python
from everyhop.scan.syntax.span import Lines, Span

URL = "mysql+pymysql://app:p%40ss@db.internal/tips?ssl_ca=/etc/ssl/ca.pem"


def values(text: str) -> list[tuple[str, str]]:
    return [(placed.name, placed.value) for placed in dotenv.placed(text)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A=1\nURL=old # why\nB=2\n", f"A=1\nURL='{URL}' # why\nB=2\n"),
        ("URL='old'\r\n", f"URL='{URL}'\r\n"),
        ('export URL="old"  # why\n', f'export URL="{URL}"  # why\n'),
        ("URL=pg://h/d?a=b\n", f"URL={URL}\n"),
        ("A=1", f"A=1\nURL='{URL}'\n"),
        ("", f"URL='{URL}'\n"),
        ("URL=first\nURL=second\n", f"URL=first\nURL='{URL}'\n"),
        ("#URL=old\n", f"#URL=old\nURL='{URL}'\n"),
    ],
)
def test_a_dotenv_file_keeps_its_looks(before: str, after: str) -> None:
    """Comments, order, `export`, quotes and line ends stay; what a shell would take for itself gets quotes."""
    assert set_value(before, "URL", URL) == after


LINES = st.lists(st.sampled_from(["A=1", "export URL=x", "URL='a b'", '# URL="c"', "", "  B = 'x' # y", 'C="z\\"z"']))


@given(LINES, st.sampled_from(["\n", "\r\n"]), st.text(max_size=30))
def test_what_is_set_is_read_back_and_nothing_else_changes(lines: list[str], end: str, value: str) -> None:
    """For every value that a dotenv file can hold; the others are refused."""
    text = end.join(lines)
    before = values(text)
    try:
        after = set_value(text, "URL", value)
    except SourceError:
        return
    kept = [item for item in before if item[0] != "URL"]
    assert [item for item in values(after) if item[0] != "URL"] == kept
    assert values(after)[[name for name, _ in values(after)].index("URL") :]
    assert [v for name, v in values(after) if name == "URL"][-1] == value
    assert set_value(after, "URL", value) == after


@pytest.mark.parametrize("value", ["a=b&c", "it's", 'say "x"', "a b", "#x", "", "x#y", "C:\\x", "täst", "$HOME"])
def test_ordinary_values_can_all_be_held(value: str) -> None:
    """Refusing is for what no quoting can say."""
    assert values(set_value("A=1\n", "KEY", value)) == [("A", "1"), ("KEY", value)]


@pytest.mark.parametrize(("key", "value"), [("A B", "x"), ("", "x"), ("A", "${B}"), ("A=B", "x")])
def test_what_a_dotenv_file_cannot_say_is_refused(key: str, value: str) -> None:
    """With a hint, and without the value."""
    with pytest.raises(SourceError) as caught:
        set_value("", key, value)
    assert caught.value.hint


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
