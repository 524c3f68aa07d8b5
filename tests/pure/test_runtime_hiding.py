"""Nothing that an application says leaves its process with a password in it."""

from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from everyhop.runtime.hiding import LONGEST, Hiding, is_secret

TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=40)
PASSWORD = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="*"), min_size=3, max_size=30)


@given(PASSWORD, TEXT, TEXT)
def test_a_learnt_secret_does_not_come_out(password: str, before: str, after: str) -> None:
    """In any of the forms in which drivers quote what they were given."""
    hiding = Hiding()
    hiding.learn(password)
    for form in (password, quote(password, safe=""), quote_plus(password), repr(password)[1:-1]):
        rest = f"{before}\x00{after}"
        if form not in rest:
            assert form not in hiding(f"{before}\x00{form}\x00{after}").replace("***", "\x00")


@given(st.text())
def test_what_comes_out_is_printable_and_short(text: str) -> None:
    """A server's words may hold terminal escapes (CVE-2024-10977)."""
    said = Hiding()(text)
    assert said.isprintable()
    assert len(said) <= LONGEST


def test_a_url_that_nobody_has_announced_is_masked_too() -> None:
    """The exception of a driver, with the URL in it."""
    said = Hiding()(ValueError("no such host in mysql+pymysql://app:hunter2@db.internal/app"))
    assert "hunter2" not in said
    assert "db.internal" in said


def test_the_passwords_of_the_environment_do_not_come_out() -> None:
    """Those that a parser could not make sense of, too: its complaint holds a piece of one."""
    hiding = Hiding()
    hiding.learn_from(
        {"DATABASE_URL": "mysql+pymysql://app:hun@ter2:w0rd/x9z@db/app", "API_SECRET": "s3cr3t", "PWD": "/srv/app"}
    )
    assert hiding("invalid literal for int() with base 10: 'w0rd'") == "invalid literal for int() with base 10: '***'"
    assert hiding("no host ter2 or x9z; s3cr3t") == "no host *** or ***; ***"
    assert hiding("in /srv/app: the app at db") == "in /srv/app: the app at db"


def test_other_words_stay() -> None:
    """It does not hide what is no secret."""
    hiding = Hiding()
    hiding.learn("hunter2")
    assert hiding("connection refused at db.internal:5432") == "connection refused at db.internal:5432"


def test_options_with_secrets_are_known_by_their_names() -> None:
    """And those without are left alone."""
    assert all(map(is_secret, ("password", "passwd", "sslpassword", "PWD", "oauth_client_secret", "ssl_key_password")))
    assert not any(map(is_secret, ("sslmode", "ssl_ca", "host", "user", "sslkey")))
