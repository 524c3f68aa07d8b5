"""Database URLs: three grammars, one value, and never a password on the way out."""

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url

from everyhop.dialects.dsn import LONGEST, PLACEHOLDER, Dsn, Grammar
from everyhop.errors import SettingsError
from everyhop.model.secret import Secret

PASSWORD = "Xq7hunter2Zv"

SQLALCHEMY_URLS = [
    "mysql+pymysql://u:p@h:3306/db?ssl_ca=/etc/ca.pem&charset=utf8mb4",
    "postgresql+psycopg2://u:p%40%3A%2F@h/db?sslmode=require",
    "postgresql://u@h",
    "postgresql:///db?host=/run/postgresql",
    "postgresql+psycopg://u:p/w?x@[2001:db8::1]:5433/db",
    "postgresql://u%20v:@h:5432/",
    "postgresql://h/db?a=1&a=2&blank=&space=a+b%20c",
    "mysql://user@server:p@h/db",
    "mysql://u%3Av%2Fw:p%3Fq%23r@h/db?ssl_ca=C:/a,b~c",
]


@pytest.mark.parametrize("url", SQLALCHEMY_URLS)
def test_a_url_is_read_as_sqlalchemy_reads_it(url: str) -> None:
    """User, password, host, port and query agree with the real parser."""
    ours, theirs = Dsn.parse(url), make_url(url)
    host, port = ours.hosts[0] if ours.hosts else (None, None)
    assert (ours.username, ours.password.reveal() if ours.password is not None else None) == (
        theirs.username,
        theirs.password,
    )
    assert (host, port) == (theirs.host, theirs.port)
    assert (ours.database or "") == (theirs.database or "")
    query: dict[str, object] = {}
    for key, value in ours.options:
        query[key] = value if key not in query else (query[key], value)
    assert query == dict(theirs.query)


@pytest.mark.parametrize("url", SQLALCHEMY_URLS)
def test_what_is_written_reads_the_same(url: str) -> None:
    """`revealed` is the same URL again, for us and for SQLAlchemy (which drops blank options)."""
    written = Dsn.parse(url).revealed()
    assert Dsn.parse(written) == Dsn.parse(url)
    assert make_url(written) == make_url(url)


LIBPQ_URLS = [
    "postgres://u:p@h1:1,h2:2/db?sslmode=require",
    "postgresql://u:p%40@[::1]:5433/db%20x?application_name=a%20b",
    "postgresql://%2Fvar%2Frun/db",
    "postgresql:///db?host=/run&user=u",
]


@pytest.mark.parametrize("url", [*LIBPQ_URLS, "postgres://u%3A:p%2F%40%2C@h/x?password=a%3Db"])
def test_what_is_written_for_libpq_reads_the_same(url: str) -> None:
    """The same URL again, for us and for libpq."""
    dsn = Dsn.parse(url, grammar=Grammar.LIBPQ_URL)
    assert Dsn.parse(dsn.revealed(), grammar=Grammar.LIBPQ_URL) == dsn
    assert conninfo_to_dict(dsn.revealed()) == conninfo_to_dict(url)


@pytest.mark.parametrize("url", LIBPQ_URLS)
def test_a_libpq_url_is_read_as_libpq_reads_it(url: str) -> None:
    """Hosts, ports, user, password and options agree with libpq's own parser."""
    ours, theirs = Dsn.parse(url, grammar=Grammar.LIBPQ_URL), conninfo_to_dict(url)
    got: dict[str, str | None] = {
        "user": ours.username,
        "password": ours.password.reveal() if ours.password else None,
        "dbname": ours.database,
        "host": ",".join(host or "" for host, _ in ours.hosts) or None,
        "port": ",".join(str(port or "") for _, port in ours.hosts) or None,
    }
    got |= {key: str(value) for key, value in ours.options}
    assert {key: value for key, value in got.items() if value} == theirs


@pytest.mark.parametrize(
    "text",
    [
        "host=db user=u password=p sslmode=require",
        "host = 'a b' password='it\\'s \\\\' port=1",
        "sslmode=''",
        "user=a\\ b",
    ],
)
def test_a_key_value_string_is_read_as_libpq_reads_it(text: str) -> None:
    """Quotes, backslashes and blanks around the equals sign."""
    ours = {k: v.reveal() if isinstance(v, Secret) else v for k, v in Dsn.parse(text).options}
    assert ours == {key: str(value) for key, value in conninfo_to_dict(text).items()}
    assert conninfo_to_dict(Dsn.parse(text).revealed()) == conninfo_to_dict(text)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"mysql://u:{PASSWORD}@h/db", "mysql://u:***@h/db"),
        (f"mysql://u:%40{PASSWORD}%2F@h/db", "mysql://u:***@h/db"),
        (f"postgresql://h/db?user=u&password={PASSWORD}", "postgresql://h/db?user=u&password=***"),
        (f"postgresql://h/db?sslpassword={PASSWORD}", "postgresql://h/db?sslpassword=***"),
        (f"host=h password='{PASSWORD} x'", "host=h password=***"),
        (f"postgresql://u:p@h/{PLACEHOLDER}", "postgresql://u:***@h/…"),
    ],
)
def test_passwords_are_masked_wherever_they_stand(url: str, shown: str) -> None:
    """In the user part, in the query, in quotes; parts known only at run time are an ellipsis."""
    dsn = Dsn.parse(url)
    assert dsn.masked() == str(dsn) == shown
    assert PASSWORD not in repr(dsn)


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://u:{PASSWORD}@{PASSWORD}@h/db",
        f"mysql://u:{PASSWORD}/x",
        f"mysql://u:p@h:{PASSWORD}/db",
        f"postgres://u:{PASSWORD}/{PASSWORD}@h/db",
        f"postgres://h/db?{PASSWORD}",
        f"u:{PASSWORD}@h/db",
        f"host=h password={PASSWORD}' x",
        f"mysql://u:{PASSWORD} @h/db",
        f"mysql://u:{PASSWORD}\x00@h/db",
        "://",
        "",
        "x" * (LONGEST + 1),
    ],
)
def test_what_is_no_url_is_refused_without_its_password(url: str) -> None:
    """Each with a hint, and nothing of the text in the message."""
    with pytest.raises(SettingsError) as caught:
        Dsn.parse(url)
    assert caught.value.hint
    assert PASSWORD not in f"{caught.value} {caught.value.hint}"
    assert caught.value.__cause__ is None


@given(st.text(max_size=80) | st.from_regex(r"[a-z+]{1,12}://[^\n]{0,60}") | st.from_regex(r"\w+ ?=[^\n]{0,40}"))
def test_any_text_is_a_dsn_or_our_own_error(text: str) -> None:
    """No other exception, and what was read can be shown, written and read again."""
    try:
        dsn = Dsn.parse(text)
    except SettingsError:
        return
    assert dsn.masked()
    again = Dsn.parse(dsn.revealed(), grammar=dsn.grammar)
    assert (again.options, again.hosts) == (dsn.options, dsn.hosts)
    assert (again.username, again.password, again.path) == (dsn.username, dsn.password, dsn.path)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20))
def test_no_password_is_ever_shown(tail: str) -> None:
    """Whatever characters a password has, quoted or not, it stays unseen."""
    secret = f"{PASSWORD}{tail}"
    for text in (f"mysql://u:{secret}@h/db", f"postgres://u:{secret}@h/db", f"postgresql://h/db?password={secret}"):
        try:
            told = Dsn.parse(text).masked()
        except SettingsError as error:
            told = f"{error} {error.hint}"
        assert PASSWORD not in told


def test_options_are_replaced_where_they_stand() -> None:
    """Unrelated options keep their place and order; a repeated one is left once; None removes."""
    dsn = Dsn.parse("postgresql://h/db?a=1&sslmode=prefer&b=2&sslmode=allow&c=3")
    changed = dsn.with_options({"sslmode": "verify-full", "c": None, "d": "4"})
    assert changed.revealed() == "postgresql://h/db?a=1&sslmode=verify-full&b=2&d=4"


def test_psycopg_is_the_real_one() -> None:
    """The oracle of this file is libpq itself."""
    assert psycopg.pq.version() >= 150000
