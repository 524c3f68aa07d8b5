"""No password is shown by `explain`, in whichever place of the settings it stands."""

from __future__ import annotations

from typing import Any

import pytest

import everyhop
from everyhop.jobs.explanation import plain

PASSWORD = "Xq7hunter2Zv"


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ("mysql+pymysql://u@db/x", {"connect_args": {"password": PASSWORD}}),
        ("mysql+pymysql://u@db/x", {"connect_args": {"passwd": PASSWORD, "ssl": {"ca": "c", "password": PASSWORD}}}),
        ("postgresql+psycopg2://db/x", {"connect_args": {"dsn": f"postgresql://u:{PASSWORD}@db/x"}}),
        ("postgresql+psycopg://u@db/x", {"environment": {"PGPASSWORD": PASSWORD}}),
        ({"dsn": f"host=db password={PASSWORD}"}, {"driver": "psycopg2"}),
        ({"dsn": f"postgresql://u:{PASSWORD}@db/x?sslmode=require"}, {"driver": "psycopg2"}),
        ({"conninfo": f"host=db password={PASSWORD}", "password": PASSWORD}, {"driver": "psycopg"}),
        (f"asyncpg.create_pool(dsn='postgres://u:{PASSWORD}@db/x?sslmode=require')", {}),
    ],
)
def test_neither_in_words_nor_in_a_debugger(given: Any, options: dict[str, Any]) -> None:
    """What is shown to be pasted, what JSON carries, and the `repr` that ends up in somebody's log."""
    found = everyhop.explain(given, **options)
    shown = [found.shown, found.instead, found.hardened_instead, repr(found), repr(found.settings)]
    shown += [repr(plain(found.secure_connect_args)), repr(found.hardened), repr(found.findings)]
    assert found.instead
    assert not [text for text in shown if PASSWORD in text]
