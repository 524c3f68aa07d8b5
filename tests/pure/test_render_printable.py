"""What a terminal would obey is shown, not sent."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from everyhop.render.printable import printable, printable_lines

ANY_TEXT = st.text(st.characters(exclude_categories=[]))  # lone surrogates too: undecodable file names are such


@given(ANY_TEXT)
def test_nothing_is_left_that_is_not_drawn(text: str) -> None:
    """One line, without control, format or surrogate characters."""
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    shown.encode()


@given(ANY_TEXT)
def test_twice_is_once(text: str) -> None:
    """What is harmless stays as it is."""
    assert printable(printable(text)) == printable(text)


def test_words_of_any_script_stay() -> None:
    """Only what is not drawn is replaced."""
    assert printable("Zoë → 東京 · ключ") == "Zoë → 東京 · ключ"


def test_line_feeds_stay_where_lines_are_wanted() -> None:
    """A carriage return, which would overwrite the line, does not."""
    assert printable_lines("one\ntwo\rthree") == "one\ntwo\\rthree"
