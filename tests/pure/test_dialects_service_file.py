"""Service files as libpq and asyncpg read them: hostile ones as well."""

from __future__ import annotations

import pytest

from everyhop.dialects.service_file import as_configparser, as_libpq
from everyhop.dialects.settings import UNRESOLVED


def test_values_go_into_others_for_asyncpg_alone() -> None:
    """`%(…)s` is `configparser`'s."""
    text = "[app]\nname=db\nhost=%(name)s.internal\n"
    assert as_configparser(text, "app") == {"name": "db", "host": "db.internal"}
    assert as_libpq(text, "app") == {"name": "db", "host": "%(name)s.internal"}


def test_a_few_lines_do_not_make_gigabytes() -> None:
    """Each line eight times the next: what comes of it counts as known only at run time."""
    lines = [f"a{number}={f'%(a{number + 1})s' * 8}" for number in range(9)]
    found = as_configparser("\n".join(["[app]", *lines, f"a9={'x' * 1000}"]), "app")
    assert found is not None
    assert found["a0"] is UNRESOLVED
    assert found["a9"] == "x" * 1000


def test_what_configparser_refuses_is_refused() -> None:
    """With the name of what asyncpg raises."""
    with pytest.raises(ValueError, match="InterpolationMissingOptionError"):
        as_configparser("[app]\nhost=%(nothing)s\n", "app")
