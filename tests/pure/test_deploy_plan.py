"""Plans are values: what they say, what they hide, and that planning twice plans nothing."""

from __future__ import annotations

import pytest

from everyhop.deploy import profiles
from everyhop.deploy.app import AppTarget
from everyhop.deploy.change import Change, MakeDirectory, Reload, Restart, WriteFile
from everyhop.deploy.disclosure import Disclosure, shown
from everyhop.deploy.files import Files, Found
from everyhop.deploy.mariadb import MariadbTarget
from everyhop.deploy.nginx import NginxTarget
from everyhop.deploy.plan import Plan, Target, concerning, remedy
from everyhop.deploy.postgresql import PostgresqlTarget
from everyhop.dialects.registry import read
from everyhop.errors import EveryhopError, SettingsError, SourceError
from everyhop.model.certificate import Issued
from everyhop.model.owner import Owner
from everyhop.model.posture import Assurance, Floor, Posture
from everyhop.model.secret import Secret
from everyhop.scan.rewrite.dotenv import values
from tests.certificates import good, new_authority
from tests.reports import clean, exposed

LISTENER = Posture(Assurance.ENCRYPTED, Floor.TLS_1_2)
DIALER = Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2)
PROFILE = profiles.load("internal")
SERVER = Owner("postgres", "postgres")
PASSWORD, SECRET_KEY = "correct%20horse", "battery-staple"
ENV = f"""\
# settings of the tip line
DATABASE_URL=mysql+pymysql://app:{PASSWORD}@db.internal/tips
export ARCHIVE_URL="postgresql+psycopg2://app:{PASSWORD}@archive.internal/tips?sslmode=prefer" # old tips
SECRET_KEY={SECRET_KEY}
"""


@pytest.fixture(scope="module")
def issued() -> Issued:
    return good(new_authority(), "db.internal")


def found(text: str, mode: int = 0o644, owner: Owner = SERVER) -> Found:
    return Found(Secret(text), mode, owner)


def files_of(target: Target, **texts: str) -> Files:
    """What `look` would bring: these files by the end of their name, and nothing else there."""
    named = {suffix.replace("_", "."): found(text) for suffix, text in texts.items()}
    return {path: next((f for name, f in named.items() if path.endswith(name)), None) for path in target.paths()}


def made(plan: Plan, files: Files) -> Files:
    """The files as they would be after the plan."""
    after = dict(files)
    for change in plan.changes:
        if isinstance(change, WriteFile):
            before = files[change.path]
            owner = change.owner or (before.owner if before else Owner("root", "root"))
            after[change.path] = found(change.revealed(), change.mode, owner)
    return after


def app_target(**changes: str) -> AppTarget:
    urls = {"DATABASE_URL": None, "ARCHIVE_URL": None}
    settings = {"SESSION_COOKIE_SECURE": "true", **changes}
    return AppTarget("app", "/srv/tips/app.env", urls, "/srv/tips/anchors.pem", "PEM\n", DIALER, settings)


def test_postgresql_is_planned_as_files_and_a_reload(issued: Issued) -> None:
    """Key 0600 for the server's account, drop-in last in its folder, the include made, the key never shown."""
    target = PostgresqlTarget("db", "/etc/pg/postgresql.conf", "/etc/pg/pg_hba.conf", SERVER, issued, LISTENER)
    files = files_of(target, postgresql_conf="port = 5432\n", pg__hba_conf="")
    files = {**files, target.hba: found("host all all all md5\n", 0o640)}
    plan = remedy([target], files, PROFILE)
    assert [outline(change) for change in plan.changes] == [
        "make /etc/pg/everyhop 755 postgres:postgres",
        "write /etc/pg/everyhop/server.pem 644 postgres:postgres",
        "write /etc/pg/everyhop/server.key 600 postgres:postgres",
        "make /etc/pg/conf.d 755 postgres:postgres",
        "write /etc/pg/conf.d/zz-everyhop.conf 644 postgres:postgres",
        "write /etc/pg/postgresql.conf 644 None",
        "write /etc/pg/pg_hba.conf 640 None",
        "reload db",
    ]
    text = plan.text()
    assert "+include_dir = 'conf.d'" in text
    assert "-host all all all md5" in text
    assert "+hostssl all all all md5" in text
    assert "a private key: its text is never shown" in text
    hidden(plan, issued.key_pem.reveal().splitlines()[1])
    again = remedy([target], made(plan, files), PROFILE)
    assert again.changes == ()


def test_debians_postgresql_conf_includes_conf_d_already(issued: Issued) -> None:
    """Nothing is appended to it then."""
    target = PostgresqlTarget("db", "/etc/pg/postgresql.conf", "/etc/pg/pg_hba.conf", SERVER, issued, LISTENER)
    files = {**files_of(target), target.config: found("include_dir = 'conf.d'\n"), target.hba: found("")}
    paths = [change.path for change in remedy([target], files, PROFILE).changes if isinstance(change, WriteFile)]
    assert target.config not in paths


def test_a_floor_that_is_higher_already_stays(issued: Issued) -> None:
    """No plan takes protection away."""
    target = PostgresqlTarget("db", "/etc/pg/postgresql.conf", "/etc/pg/pg_hba.conf", SERVER, issued, LISTENER)
    main = found("ssl = on\nssl_min_protocol_version = 'TLSv1.3'\n")
    plan = remedy([target], {**files_of(target), target.config: main, target.hba: found("")}, PROFILE)
    assert "+ssl_min_protocol_version = 'TLSv1.3'" in plan.text()


def test_only_what_stands_at_a_hop_with_a_finding_is_concerned(issued: Issued) -> None:
    """Either end of it; a report without findings concerns nobody."""
    names = {state.hop.dialer for state in exposed().hops} | {state.hop.listener for state in exposed().hops}
    targets = [MariadbTarget(name, "/d", "/d/c", SERVER, issued, LISTENER) for name in (*sorted(names), "elsewhere")]
    faulty = {finding.hop for finding in exposed().findings}
    expected = {name for hop in faulty if hop is not None for name in (hop.dialer, hop.listener)}
    assert {target.listener for target in concerning(exposed(), targets)} == expected
    assert expected
    assert concerning(clean(), targets) == ()


def test_mariadb_is_planned_with_a_restart_that_is_told(issued: Issued) -> None:
    """The plan says which sessions end, before anything happens."""
    target = MariadbTarget("db", "/etc/mysql", "/etc/mysql/mariadb.conf.d", SERVER, issued, LISTENER)
    files = files_of(target)
    plan = remedy([target], files, PROFILE)
    assert isinstance(plan.changes[-1], Restart)
    assert "open sessions end" in plan.text()
    assert "+require_secure_transport = ON" in plan.text()
    assert not remedy([target], made(plan, files), PROFILE)


def test_nginx_is_planned_as_an_edit_of_its_own_file(issued: Issued) -> None:
    """And reloads."""
    target = NginxTarget("edge", "/etc/nginx/site", "/etc/nginx", "db.internal", "443", 443, SERVER, issued, LISTENER)
    files = files_of(target, site="server {\n    listen 80;\n    server_name db.internal;\n    root /srv;\n}\n")
    plan = remedy([target], files, PROFILE)
    assert plan.changes[-1] == Reload("edge")
    assert "+    return 308 https://db.internal$request_uri;" in plan.text()
    assert not remedy([target], made(plan, files), PROFILE)


def test_the_app_gets_verified_urls_and_keeps_its_secrets() -> None:
    """The file becomes private; quotes, remarks and other variables stay; the diff shows neither password nor key."""
    target = app_target()
    files = files_of(target, app_env=ENV)
    plan = remedy([target], files, PROFILE)
    written = next(c for c in plan.changes if isinstance(c, WriteFile) and c.path.endswith(".env"))
    assert written.mode == 0o600
    expected = ENV.replace("/tips\n", "/tips?ssl_ca=/srv/tips/anchors.pem\n")
    expected = expected.replace("sslmode=prefer", "sslmode=verify-full&sslrootcert=/srv/tips/anchors.pem")
    assert written.revealed() == f"{expected}SESSION_COOKIE_SECURE=true\n"
    for variable in ("DATABASE_URL", "ARCHIVE_URL"):
        url = values(written.revealed())[variable]
        assert read(url).bounds.low.assurance is Assurance.IDENTITY_VERIFIED
    hidden(plan, PASSWORD)
    hidden(plan, SECRET_KEY)
    assert "+SESSION_COOKIE_SECURE=true" in plan.text()
    assert "(was 0644)" in plan.text()
    assert not remedy([target], made(plan, files), PROFILE)


def test_a_reference_to_another_variable_stays_one() -> None:
    """`${PW}` is python-dotenv's to resolve, not ours to encode."""
    target = AppTarget("app", "/a.env", {"U": None}, "/ca.pem", "PEM\n", DIALER)
    files = files_of(target, a_env="PW=x\nU=mysql+pymysql://app:${PW}@db/tips\n")
    change = target.changes(files, PROFILE)[1]
    assert isinstance(change, WriteFile)
    assert "U='mysql" not in change.revealed()
    assert "app:${PW}@db/tips?ssl_ca=/ca.pem" in change.revealed()


@pytest.mark.parametrize(
    ("text", "error"),
    [("OTHER=x\n", SourceError), ("U=no url\n", SettingsError), ("U=nosuch://a:secret@b/c\n", SettingsError)],
)
def test_what_cannot_be_rewritten_is_told_with_its_place(text: str, error: type[EveryhopError]) -> None:
    """File and variable, and no password."""
    target = AppTarget("app", "/a.env", {"U": None}, "/ca.pem", "PEM\n", DIALER)
    with pytest.raises(error) as told:
        target.changes(files_of(target, a_env=text), PROFILE)
    assert told.value.where == "/a.env: U"
    assert "secret" not in f"{told.value} {told.value.hint}"


def test_roots_file_for_a_services_group_stays_readable_by_it() -> None:
    """0640 root:app is how a service reads what it may not change; everybody else is kept out."""
    target = app_target()
    for owner, mode, expected in [
        (Owner("root", "tips"), 0o644, 0o640),
        (Owner("root", "root"), 0o644, 0o600),
        (Owner("tips", "tips"), 0o664, 0o600),
    ]:
        files = {**files_of(target), target.env_file: found(ENV, mode, owner)}
        change = target.changes(files, PROFILE)[1]
        assert isinstance(change, WriteFile)
        assert change.mode == expected


def test_a_listener_without_a_file_to_write_is_left_alone(issued: Issued) -> None:
    """No reload where nothing changed, while others go on."""
    maria = MariadbTarget("db", "/etc/mysql", "/etc/mysql/conf.d", SERVER, issued, LISTENER)
    app = app_target()
    files = {**files_of(maria), **files_of(app, app_env=ENV)}
    files = {**files, **{p: f for p, f in made(remedy([maria], files, PROFILE), files).items() if "mysql" in p}}
    plan = remedy([maria, app], files, PROFILE)
    assert {change.listener for change in plan.changes} == {"app"}


@pytest.mark.parametrize("path", ["relative", "/a/../b", "/", "/a/", "/a\0b"])
def test_a_change_names_its_file_exactly(path: str) -> None:
    """An absolute path without detours."""
    with pytest.raises(ValueError, match="absolute"):
        WriteFile("a", path, "", 0o644, None, None)


def outline(change: Change) -> str:
    match change:
        case WriteFile():
            return f"write {change.path} {change.mode:o} {change.owner}"
        case MakeDirectory():
            return f"make {change.path} {change.mode:o} {change.owner}"
        case Reload() | Restart():
            return f"{type(change).__name__.lower()} {change.listener}"


def hidden(plan: Plan, secret: str) -> None:
    for shape in (plan.text(), repr(plan), str(plan), "".join(map(repr, plan.changes))):
        assert secret not in shape


# What is shown


@pytest.mark.parametrize(
    "line",
    [
        "SECRET_KEY=hunter2",
        "export TOKEN = 'hunter2'",
        "# API_KEY=hunter2",
        "DATABASE_URL=postgresql://u:hunter2@h/d",
        "# old: postgresql://u:hunter2@h/d",
        "hunter2 of a value over several lines",
        "NUMBER=hunter2\r",
    ],
)
def test_a_dotenv_line_shows_no_value(line: str) -> None:
    """Whatever it is called."""
    assert "hunter2" not in shown(f"{line}\n", Disclosure.NAMES)


@pytest.mark.parametrize("line", ["FLAG=true", "DIR='/srv/x'", "EMPTY=", "# a remark", "U=https://h/p", ""])
def test_a_harmless_dotenv_line_is_shown(line: str) -> None:
    """A diff that hides everything convinces nobody."""
    assert shown(f"{line}\n", Disclosure.NAMES) == f"{line}\n"


@pytest.mark.parametrize(
    "line",
    [
        'host all all all ldap ldapserver=l ldapbindpasswd="hunter2 x"',
        "host all all all radius radiussecrets=hunter2",
        "primary_conninfo = 'host=a password=hunter2'",
        "-----BEGIN EC PRIVATE KEY-----\nhunter2\n-----END EC PRIVATE KEY-----",
    ],
)
def test_a_configuration_shows_no_secret(line: str) -> None:
    """Those of PostgreSQL's files too."""
    assert "hunter2" not in shown(line, Disclosure.MASKED)


def test_a_diff_carries_no_terminal_escapes() -> None:
    """Files are written by others."""
    change = WriteFile("a", "/a", Secret("x\n"), 0o644, None, found("\x1b[2J\udcff\n"))
    assert "\x1b" not in change.text()
    change.text().encode()


# Profiles


def test_profiles_are_tables_with_their_provenance() -> None:
    """Mozilla's with its version; no DHE since 5.8, TLS 1.3 brings its own suites."""
    assert profiles.names() == ("intermediate", "internal", "modern")
    for name in profiles.names():
        profile = profiles.load(name)
        assert profile.name == name
        assert profile.version in profile.source or name == "internal"
        assert profile.floor >= Floor.TLS_1_2
        assert all(suite.startswith("ECDHE-") and ("GCM" in suite or "CHACHA" in suite) for suite in profile.suites)
        assert profile.groups[0] == "X25519MLKEM768"
    assert profiles.load("modern").suites == ()


def test_an_unknown_profile_is_told_the_names_there_are() -> None:
    """As a typo deserves."""
    with pytest.raises(SettingsError) as told:
        profiles.load("../modern")
    assert told.value.hint == "one of: intermediate, internal, modern"
