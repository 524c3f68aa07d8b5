"""The source line of a finding: the place exactly, and no secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.model.evidence import Quote, SourceSpan
from everyhop.render.columns import columns
from everyhop.render.quotation import underlined
from everyhop.scan.quote import quote


def shown(path: str, line: str, place: str) -> tuple[str, str]:
    """The line and the underlined part, for a place that is given by its text."""
    start = line.index(place)
    found = quote(line, SourceSpan(path, 1, start + 1, 1, start + len(place) + 1))
    assert found is not None
    return found.text, found.text[found.start : found.end]


@pytest.mark.parametrize(
    ("path", "line", "place", "text", "marked"),
    [
        ("a.py", 'URL = "mysql://app:hunter2@db/x"  # hunter2', '"mysql://app:hunter2@db/x"',
         'URL = "mysql://app:***@db/x"', '"mysql://app:***@db/x"'),
        ("a.py", 'f("mysql://%s:%s@%s" % ("app", "hunter2", "db"))', '"mysql://%s:%s@%s"',
         'f("mysql://%s:***@%s" % ("***", "***", "***"))', '"mysql://%s:***@%s"'),
        ("a.py", "c = connect('db', 'app', 'hunter2', ssl_ca='/ca.pem')",
         "connect('db', 'app', 'hunter2', ssl_ca='/ca.pem')", "c = connect('***', '***', '***', ssl_ca='/ca.pem')",
         "connect('***', '***', '***', ssl_ca='/ca.pem')"),
        ("a.py", "u = os.environ['DATABASE_URL']", "os.environ['DATABASE_URL']",
         "u = os.environ['DATABASE_URL']", "os.environ['DATABASE_URL']"),
        ("a.py", "u = os.environ.get('DB', 'hunter2')", "os.environ.get('DB', 'hunter2')",
         "u = os.environ.get('DB', '***')", "os.environ.get('DB', '***')"),
        ("a.py", 'hunter2""", url="mysql://db/x")', '"mysql://db/x"', '…"mysql://db/x")', '"mysql://db/x"'),
        (".env", "URL=mysql://app:hunter2@db/x # hunter2", "mysql://app:hunter2@db/x",
         "URL=mysql://app:***@db/x", "mysql://app:***@db/x"),
        ("a.yaml", "db: {pass: hunter2, url: mysql://db/x, key: hunter2}", "mysql://db/x",
         "…url: mysql://db/x", "mysql://db/x"),
        ("Dockerfile", "ENV DB_PASS=hunter2 URL=mysql://db/x K=hunter2", "mysql://db/x", "…URL=mysql://db/x", "mysql://db/x"),
        ("Dockerfile", "ENV URL=mysql://db/x", "mysql://db/x", "ENV URL=mysql://db/x", "mysql://db/x"),
        ("a.service", "Environment=P=hunter2 \"URL=mysql://db/x\"", "mysql://db/x", "…URL=mysql://db/x", "mysql://db/x"),
        ("a.json", '  "k": "hunter2", "url": "mysql://db/x"', "mysql://db/x", '…url": "mysql://db/x', "mysql://db/x"),
        ("a.yaml", "  - url: 'mysql://db/x'", "mysql://db/x", "  - url: 'mysql://db/x", "mysql://db/x"),
        ("a.conf", "  proxy_pass http://db/x;", "http://db/x", "  proxy_pass http://db/x", "http://db/x"),
        (".env", "DSN=host=db pass=hunter2 sslmode=prefer", "host=db pass=hunter2 sslmode=prefer",
         "DSN=host=db pass=*** sslmode=prefer", "host=db pass=*** sslmode=prefer"),
        ("my.cnf", "require_secure_transport=OFF", "require_secure_transport=OFF",
         "require_secure_transport=OFF", "require_secure_transport=OFF"),
        ("a.conf", '  add_header X "max-age=300"', 'add_header X "max-age=300"',
         '  add_header X "max-age=300"', 'add_header X "max-age=300"'),
        ("Dockerfile", "CMD x --forwarded-allow-ips=* --age=hunter2 ips=hunter2",
         "x --forwarded-allow-ips=* --age=hunter2 ips=hunter2",
         "CMD x --forwarded-allow-ips=* --age=*** ips=***", "x --forwarded-allow-ips=* --age=*** ips=***"),
    ],
)  # fmt: skip
def test_the_line_as_a_person_may_see_it(path: str, line: str, place: str, text: str, marked: str) -> None:
    """What is to be seen of it, and the place in it."""
    assert shown(path, line, place) == (text, marked)


@given(st.text("ab_=(,. {[+%", max_size=12), st.text("ab_=),. }+%", max_size=12))
def test_no_literal_of_a_python_line_is_shown(before: str, after: str) -> None:
    """Whatever stands around it, unless it is a key."""
    line = f'{before}"hunter2"{after}'
    found = quote(line, SourceSpan("a.py", 1, 1, 1, len(line) + 1))
    assert found is not None
    assert "hunter2" not in found.text
    assert '"***"' in found.text


def test_what_is_not_there_is_not_quoted() -> None:
    """A place past the end, a comment, a line that a program wrote."""
    assert quote("x = 1", SourceSpan("a.py", 1, 9, 1, 12)) is None
    assert quote("x = 1  # everyhop: waive", SourceSpan("a.py", 1, 8, 1, 20)) is None
    assert quote("x" * 9_999, SourceSpan("a.json", 1, 1, 1, 5)) is None


@pytest.mark.parametrize(
    ("text", "start", "end", "line", "carets"),
    [
        ("x = url", 4, 7, "x = url", "    ^^^"),
        ("\tx = url", 5, 8, "x = url", "    ^^^"),
        ("a\t= url", 4, 7, "a    = url", "       ^^^"),
        ("日本 = url", 5, 8, "日本 = url", "       ^^^"),
        ("x = '日本'", 4, 8, "x = '日本'", "    ^^^^^^"),
        ("e\u0301 = url", 5, 8, "e\u0301 = url", "    ^^^"),
        ("x\x1b = url", 5, 8, r"x\x1b = url", "        ^^^"),
    ],
)
def test_the_carets_stand_below_the_place(text: str, start: int, end: int, line: str, carets: str) -> None:
    """Also behind tabs, wide and combining characters, and what is shown as an escape."""
    assert underlined(Quote(text, start, end), None) == (line, carets)


@given(
    st.text(st.characters(categories=["L", "N", "P", "Zs", "Mn"]), max_size=120),
    st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=120),
    st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=120),
    st.integers(20, 100),
)
def test_no_line_is_wider_than_the_terminal(before: str, inside: str, after: str, width: int) -> None:
    """And the carets never lead past the line."""
    line, carets = underlined(Quote(before + inside + after, len(before), len(before + inside)), width)
    assert columns(line) <= width
    assert carets.strip("^ ") == ""
    assert carets.endswith("^")
    assert len(carets) <= max(columns(line), 1)
