"""What `explain` takes besides a URL: calls, keywords, Django's `DATABASES`; and the files that they name."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import everyhop
from everyhop.dialects.source import ANCHORS
from everyhop.errors import SettingsError
from everyhop.jobs.explain import explain
from everyhop.jobs.given import Form, Given
from everyhop.jobs.given import given as recognised
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.posture import Assurance
from everyhop.scan.named import NamedFiles
from tests.certificates import good, new_authority
from tests.pure.test_explain import command

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PASSWORD = "Xq7hunter2Zv"
DJANGO = f"""
DATABASES = {{
    "default": {{
        "ENGINE": "django.db.backends.mysql",
        "NAME": "tips",
        "HOST": "db.internal",
        "USER": os.environ["DB_USER"],
        "PASSWORD": "{PASSWORD}",
        "OPTIONS": {{"ssl": {{"ca": "/etc/ssl/ca.pem"}}}},
    }},
}}
"""
ENTRY: dict[str, Any] = {"ENGINE": "django.db.backends.postgresql", "HOST": "db.internal", "PASSWORD": PASSWORD}
FLASK = """
import ssl
SQLALCHEMY_DATABASE_URI = "postgresql+pg8000://u@db/x"
SQLALCHEMY_ENGINE_OPTIONS = {"connect_args": {"ssl_context": True}}
"""
UNNAMED = """
context = ssl.create_default_context()
context.check_hostname = False
engine = create_async_engine("mysql+asyncmy://u@db/x", connect_args={"ssl": context})
"""


def worst(found: everyhop.Explanation) -> Assurance:
    assert found.bounds
    return found.bounds.low.assurance


@pytest.mark.parametrize(
    ("text", "driver", "assurance"),
    [
        ('pymysql.connect(host="db", ssl_ca="/ca.pem")', "pymysql", Assurance.ENCRYPTED),
        ('pymysql.connect(host="db", ssl={"ca": "/ca.pem"})', "pymysql", Assurance.IDENTITY_VERIFIED),
        ('psycopg2.connect("host=db sslmode=verify-full sslrootcert=/ca")', "psycopg2", Assurance.IDENTITY_VERIFIED),
        ('conn = psycopg.connect("postgresql://u@db/x", sslmode="require")', "psycopg", Assurance.ENCRYPTED),
        ('await asyncpg.connect("postgresql://u@db/x?sslmode=require")', "asyncpg", Assurance.ENCRYPTED),
        ('mysql.connector.connect(host="db")', "mysql-connector", Assurance.OPPORTUNISTIC),
        ('MySQLdb.connect(host="db")', "mysqlclient", Assurance.PLAINTEXT),
        ('create_engine("mysql+pymysql://u@db/x?ssl_ca=/ca.pem")', "pymysql", Assurance.IDENTITY_VERIFIED),
        (
            'create_engine("postgresql+pg8000://u@db/x", connect_args={"ssl_context": ssl.create_default_context()})',
            "pg8000",
            Assurance.IDENTITY_VERIFIED,
        ),
        (
            UNNAMED,
            "asyncmy",
            Assurance.CHAIN_VERIFIED,
        ),
    ],
)
def test_a_call_is_read_as_the_driver_takes_it(text: str, driver: str, assurance: Assurance) -> None:
    """Python text, in the words in which it stands in a program."""
    found = everyhop.explain(text)
    assert found.settings
    assert (found.settings.driver, worst(found)) == (driver, assurance)
    assert found.endpoint in {TcpEndpoint("db", 3306), TcpEndpoint("db", 5432)}


@pytest.mark.parametrize(
    "text",
    [
        "DATABASE_URL=postgres://u:p@db/x?sslmode=require",
        "export DATABASE_URL='postgres://u:p@db/x?sslmode=require'\n",
        '"postgresql+psycopg://u:p@db/x?sslmode=require"',
        "SQLALCHEMY_DATABASE_URI = 'postgresql+psycopg://u:p@db/x?sslmode=require'",
        "app.config['SQLALCHEMY_DATABASE_URI'] = 'postgresql+psycopg://u:p@db/x?sslmode=require'",
    ],
)
def test_a_line_that_sets_a_url_is_that_url(text: str) -> None:
    """And not libpq's `key=value`, which would lead to a local socket."""
    found = everyhop.explain(text)
    assert found.endpoint == TcpEndpoint("db", 5432)
    assert worst(found) is Assurance.ENCRYPTED


def test_libpqs_own_stay_libpqs() -> None:
    """One pair looks like an assignment."""
    assert everyhop.explain("host=db").endpoint == TcpEndpoint("db", 5432)
    assert everyhop.explain("host=db options='-c search_path=a'").endpoint == TcpEndpoint("db", 5432)


def test_nothing_is_run(tmp_path: Path) -> None:
    """Whatever stands in it."""
    there = tmp_path / "there"
    text = f'pymysql.connect(host=open("{there}", "w").write("x"), ssl_ca=__import__("os").system("touch {there}"))'
    assert everyhop.explain(text).endpoint is None
    assert not there.exists()


def test_what_a_call_leaves_open_is_open() -> None:
    """Keywords from elsewhere may be anything."""
    assert everyhop.explain("pymysql.connect(**settings)").posture is None


def test_the_call_to_use_instead() -> None:
    """As a call."""
    found = everyhop.explain(f'pymysql.connect(host="db", password="{PASSWORD}", ssl_ca="/ca.pem")')
    assert found.url is None
    assert found.instead == (
        "pymysql.connect(host='db', password='***', ssl_ca='/ca.pem', ssl_verify_cert=True, ssl_verify_identity=True)"
    )
    assert PASSWORD not in found.shown + repr(found.given)


def test_a_context_is_made_in_lines_to_paste() -> None:
    """They are Python, and mean what they say."""
    found = everyhop.explain("postgresql+pg8000://u@db/x")
    lines = found.instead.splitlines()
    assert lines[0] == "import ssl"
    assert lines[-1] == "create_engine('postgresql+pg8000://u@db/x', connect_args={'ssl_context': context})"
    again = everyhop.explain(found.instead)
    assert worst(again) is Assurance.IDENTITY_VERIFIED
    assert again.findings == ()


def test_django_as_it_stands_in_settings() -> None:
    """With what is known at run time only, and the fix as OPTIONS."""
    found = everyhop.explain(DJANGO)
    assert found.given.form is Form.DJANGO
    assert found.settings
    assert (found.settings.driver, worst(found)) == ("mysqlclient", Assurance.OPPORTUNISTIC)
    assert found.endpoint == TcpEndpoint("db.internal", 3306)
    assert found.instead.startswith('"OPTIONS": {')
    assert "VERIFY_IDENTITY" in found.instead
    assert "HOST" not in found.instead
    assert PASSWORD not in found.instead + found.shown + repr(found.given)
    assert worst(everyhop.explain(DJANGO, driver="pymysql")) is Assurance.IDENTITY_VERIFIED


def test_the_whole_of_a_settings_module() -> None:
    """As Django makes it, a docstring first; the database's entry put together from variables."""
    text = f'''"""Django settings for tips."""
import os
from pathlib import Path

DEBUG = False
BASE_DIR = Path(__file__).resolve().parent.parent
TLS = {{"sslmode": "require"}}
{DJANGO.replace("mysql", "postgresql").replace('{"ssl": {"ca": "/etc/ssl/ca.pem"}}', "TLS")}
'''
    assert worst(everyhop.explain(text)) is Assurance.ENCRYPTED


@pytest.mark.parametrize("form", [ENTRY, json.dumps(ENTRY), repr(ENTRY), {"default": ENTRY}, repr({"default": ENTRY})])
def test_an_entry_in_every_form(form: str | dict[str, object]) -> None:
    """A mapping, JSON, Python; alone or under its alias."""
    found = everyhop.explain(form)
    assert found.shown == "DATABASES['default']"
    assert worst(found) is Assurance.OPPORTUNISTIC
    assert found.instead == f"\"OPTIONS\": {{'sslmode': 'verify-full', 'sslrootcert': '{ANCHORS}'}},"


def test_of_several_databases_one_is_named() -> None:
    """To take the first would be silent on the others."""
    both = {"default": ENTRY, "replica": ENTRY | {"HOST": "other", "OPTIONS": {"sslmode": "require"}}}
    with pytest.raises(SettingsError) as caught:
        everyhop.explain(both)
    assert "default, replica" in str(caught.value)
    assert worst(everyhop.explain(both, alias="replica")) is Assurance.ENCRYPTED
    with pytest.raises(SettingsError, match="did you mean 'replica'"):
        everyhop.explain(both, alias="replika")


def test_sqlite_in_django_has_no_hop() -> None:
    """As in a URL."""
    found = everyhop.explain({"ENGINE": "django.db.backends.sqlite3"})
    assert (found.dialer, found.findings, found.instead) == (None, (), "")


def test_keywords_of_a_driver_that_is_named() -> None:
    """A mapping, or JSON."""
    for keywords in ({"host": "db", "ssl": "require"}, '{"host": "db", "ssl": "require"}'):
        assert worst(everyhop.explain(keywords, driver="asyncpg")) is Assurance.ENCRYPTED


def test_what_raises_is_named_with_what_it_raises() -> None:
    """An option that the driver does not know: ignored, or which error."""
    found = everyhop.explain("postgresql+asyncpg://u@db/x?sslmode=require")
    assert any("sslmode" in trap and "TypeError" in trap for trap in found.traps)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("jdbc:postgresql://db/x", "jdbc: is Java's"),
        ("postgresq://db/x", "did you mean 'postgresql'"),
        ("mongodb://db/x", "unknown scheme"),
        ("pymysql.connect(", "never closed"),
        ("print('x')", "no connection is opened"),
        ('pymysql.connect(host="a"); pymysql.connect(host="b")', "2 connections"),
        ('{"host": "db"}', "ENGINE"),
        ("{'default': {'NAME': 'x'}}", "ENGINE"),
        ("{nonsense", "never closed"),
        ("create_engine(url)", "run time"),
        ("DATABASES = {'default': {'ENGINE': 'django.db.backends.oracle'}}", "unknown backend"),
    ],
)
def test_what_is_none_of_these_is_refused(text: str, told: str) -> None:
    """With a hint."""
    with pytest.raises(SettingsError) as caught:
        everyhop.explain(text)
    assert told in str(caught.value)
    assert caught.value.hint


def test_connect_args_go_with_a_url() -> None:
    """A call has its own."""
    with pytest.raises(SettingsError, match="go with a URL"):
        everyhop.explain("pymysql.connect(host='db')", connect_args={"ssl": {}})
    with pytest.raises(SettingsError, match="no aliases"):
        everyhop.explain("postgresql://db/x", alias="default")


@given(st.text(max_size=40) | st.from_regex(r"(DATABASES = \{|pymysql\.connect\(|\{'ENGINE')[^\n]{0,40}"))
def test_any_text_is_recognised_or_refused(text: str) -> None:
    """Nothing else comes of it."""
    try:
        assert isinstance(recognised(text), Given)
    except SettingsError:
        return


# What full verification leaves open.


def test_what_is_left_open_is_told_with_what_closes_it() -> None:
    """libpq by the URL alone."""
    found = everyhop.explain("postgresql+psycopg://u@db/x?sslmode=verify-full&sslrootcert=/ca")
    assert found.unchanged
    assert found.hardened
    assert "channel_binding=require" in found.hardened_instead or "require_auth" in found.hardened_instead
    assert any("clear" in told for told in found.left_open)
    again = everyhop.explain(str(found.hardened.url))
    assert "clear-password" not in (again.dialer.notes if again.dialer else ())


def test_secure_url_closes_what_a_url_can() -> None:
    """libpq's can; PyMySQL's needs a context for it."""
    assert "channel_binding=require" in everyhop.secure_url("postgresql+psycopg://u:p@db/x", anchors="/ca.pem")
    assert everyhop.secure_url("mysql+pymysql://u:p@db/x", anchors="/ca.pem").endswith("?ssl_ca=/ca.pem")


# The files.


def test_files_are_looked_at_as_they_are_here(tmp_path: Path) -> None:
    """An authority that is none is a gap; one that is not here is assumed."""
    (tmp_path / "ca.pem").write_text("nothing")
    url = "postgresql+psycopg://u@db/x?sslmode=verify-full&sslrootcert="
    found = explain(f"{url}ca.pem", started=NOW, files=NamedFiles(tmp_path))
    assert [gap.where for gap in found.report.gaps] == ["ca.pem"]
    assert explain(f"{url}missing.pem", started=NOW, files=NamedFiles(tmp_path)).report.gaps == ()
    assert everyhop.explain(f"{url}ca.pem").report.gaps == ()


def test_an_option_file_is_read(tmp_path: Path) -> None:
    """And that it was read is told."""
    (tmp_path / "my.cnf").write_text("[client]\nhost=db.internal\nssl-ca=/ca.pem\n")
    text = 'pymysql.connect(read_default_file="my.cnf")'
    found = explain(text, started=NOW, files=NamedFiles(tmp_path))
    assert found.files_read == ("my.cnf",)
    assert found.endpoint == TcpEndpoint("db.internal", 3306)
    assert everyhop.explain(text).files_read == ()


# The command.


def test_the_command_reads_settings_from_stdin(tmp_path: Path) -> None:
    """Django's, as they stand; no password comes out."""
    seen = command("-", stdin=DJANGO, directory=tmp_path)
    assert seen.returncode == 1, seen.stderr
    assert "DATABASES['default'] with OPTIONS" in seen.stdout
    assert '"OPTIONS": {' in seen.stdout
    assert PASSWORD not in seen.stdout + seen.stderr


def test_the_document_has_the_keys_of_every_form(tmp_path: Path) -> None:
    """`url` is null where there is none."""
    seen = command('pymysql.connect(host="db", ssl_ca="/ca.pem")', "--format", "json", directory=tmp_path)
    document = json.loads(seen.stdout)
    assert (document["url"], document["secure_url"]) == (None, None)
    assert document["given"] == "pymysql.connect(host='db', ssl_ca='/ca.pem')"
    assert document["secure_connect_args"]["ssl_verify_identity"] is True
    assert document["secure_text"].startswith("pymysql.connect(")
    assert {"hardened_url", "hardened_connect_args", "hardened_text", "left_open", "files_read"} <= document.keys()


def test_a_certificate_that_is_none_is_exit_3(tmp_path: Path) -> None:
    """All else is right, and still it is no pass: told with a hint, and no word of an assumption."""
    (tmp_path / "folder").mkdir()
    url = "postgresql+psycopg://u@db.internal/x?sslmode=verify-full&sslrootcert=folder"
    seen = command(url, directory=tmp_path)
    assert seen.returncode == 3, seen.stdout
    assert "it is a directory" in seen.stdout
    assert "hint" in seen.stdout
    assert "folder exists where" not in seen.stdout


def test_a_key_that_does_not_match_is_told(tmp_path: Path) -> None:
    """With the certificate that it is not of."""
    authority = new_authority()
    (tmp_path / "ca.pem").write_text(good(authority, "a").anchors_pem)
    (tmp_path / "app.crt").write_text(good(authority, "app").chain_pem)
    (tmp_path / "app.key").write_text(good(authority, "app").key_pem.reveal())
    options = "sslmode=verify-full&sslrootcert=ca.pem&sslcert=app.crt&sslkey=app.key"
    seen = command(f"postgresql+psycopg://u@db.internal/x?{options}", directory=tmp_path)
    assert seen.returncode == 3, seen.stdout
    assert "this key is not that of app.crt" in " ".join(seen.stdout.split())


def test_several_databases_are_exit_2(tmp_path: Path) -> None:
    """With the way out."""
    both = repr({"default": {"ENGINE": "django.db.backends.sqlite3"}, "b": {"ENGINE": "django.db.backends.sqlite3"}})
    seen = command("-", stdin=both, directory=tmp_path)
    assert seen.returncode == 2
    assert "--alias default" in seen.stderr
    assert command("-", "--alias", "b", stdin=both, directory=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("text", "worst_of"),
    [
        (f"SECRET_KEY=x\nDATABASE_URL=postgresql://u:{PASSWORD}@db/x?sslmode=require\n", Assurance.ENCRYPTED),
        ("# the app's\nexport DB='mysql+pymysql://u:${PW}@db/x?ssl_ca=/ca.pem'\nPW=x\n", Assurance.IDENTITY_VERIFIED),
        ("host=db\nsslmode=require\n", Assurance.ENCRYPTED),  # libpq's own, on several lines
        (f'psql "host=db password={PASSWORD} sslmode=verify-ca sslrootcert=/ca"', Assurance.CHAIN_VERIFIED),
        ("psql postgresql://u@db/x?sslmode=require", Assurance.ENCRYPTED),
        ("class C:\n    SQLALCHEMY_DATABASE_URI = 'mysql+pymysql://u@db/x?ssl_ca=/ca'\n", Assurance.IDENTITY_VERIFIED),
        (FLASK, Assurance.ENCRYPTED),
    ],
)
def test_what_lies_around_is_read_as_it_is(text: str, worst_of: Assurance) -> None:
    """A dotenv file, psql's command, Flask-SQLAlchemy's settings; no password is shown."""
    found = everyhop.explain(text)
    assert worst(found) is worst_of
    assert PASSWORD not in f"{found.shown}{found.instead}{found!r}"


@pytest.mark.parametrize(
    "text",
    [
        f"A=postgresql://u:{PASSWORD}@db/x\nB=mysql://u:{PASSWORD}@db/x\n",
        f"A={PASSWORD}\nB=2\n",
        f"mysql -h db -u app -p{PASSWORD} --ssl-mode=REQUIRED",
        f"psql -h db -U app --password {PASSWORD}",
    ],
)
def test_what_is_not_one_database_is_refused_with_a_hint(text: str) -> None:
    """Several URLs, none, or a client's own options."""
    with pytest.raises(SettingsError) as refusal:
        everyhop.explain(text)
    assert refusal.value.hint
    assert PASSWORD not in f"{refusal.value} {refusal.value.hint}"


def test_the_name_of_a_file_is_no_url(tmp_path: Path) -> None:
    """The way to explain it is told."""
    (tmp_path / "settings.py").write_text(DJANGO)
    seen = command("settings.py", directory=tmp_path)
    assert seen.returncode == 2
    assert "explain - < settings.py" in seen.stderr


def test_an_old_driver_with_the_right_settings_is_told_what_to_do(tmp_path: Path) -> None:
    """The settings stay as they are: it is the version that has to change."""
    seen = command("mysql+pymysql://u@db/x?ssl_ca=/ca.pem", "--driver-version", "1.1.1", directory=tmp_path)
    assert seen.returncode == 1
    assert "use PyMySQL 1.2.0 or later" in seen.stdout
    assert "use instead" not in seen.stdout


@pytest.mark.parametrize(
    ("url", "against"),
    [
        ("postgresql+psycopg://db/x?sslmode=verify-full", "~/.postgresql/root.crt"),
        ("postgresql+asyncpg://db/x?ssl=verify-full", "~/.postgresql/root.crt"),
        ("postgresql+psycopg://db/x?sslmode=verify-full&service=s", "known only where it runs"),
        ("postgresql+psycopg://db/x?sslmode=verify-full&sslrootcert=system", "the system's"),
        ("postgresql+psycopg://db/x?sslmode=verify-full&sslrootcert=/ca.pem", "/ca.pem"),
    ],
)
def test_the_anchors_are_those_that_the_driver_takes(url: str, against: str) -> None:
    """libpq's and asyncpg's default is a file of the user's, and no store of the system's."""
    (chain,) = [check for check in everyhop.explain(url).checks if check.what == "chain"]
    assert against in chain.detail


def test_a_promise_that_only_some_keep_is_none() -> None:
    """Where channel binding is known only at run time, a relay may still get in."""
    found = everyhop.explain('psycopg.connect(host="db", sslmode="require", channel_binding=os.environ["X"])')
    assert "certificate of his own" in found.attacker
