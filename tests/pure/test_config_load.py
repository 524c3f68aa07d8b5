"""everyhop.toml: what it means, where it is found, and what is said of each way to get it wrong."""

from datetime import date
from pathlib import Path

import pytest

from everyhop.config import HopSettings, Settings, load
from everyhop.config.load import parse, read
from everyhop.errors import SettingsError
from everyhop.model.endpoint import Locality, TcpEndpoint, UnixEndpoint
from everyhop.model.hop import Hop
from everyhop.model.location import Location
from everyhop.model.posture import Assurance, ClientAuth, Floor, Posture
from everyhop.model.wire import Wire
from everyhop.rules.policy import Policy

EXAMPLE = """\
[policy]
require = "verify-full"            # per hop, below, may differ
floor = "TLSv1.2"
local = ["unix", "loopback"]       # where plaintext is acceptable; [] means nowhere
[[policy.waive]]
rule = "plaintext-dial"
where = "tests/**"
reason = "throw-away database of the test suite"
until = 2027-06-30

[hop.edge]                         # browser → nginx
endpoint = "https://tips.example.org"
[hop.app]                          # nginx → gunicorn
dialer = "edge"
endpoint = "unix:/run/app.sock"
[hop.db]                           # app → database
dialer = "app"
endpoint = "postgresql://db.internal:5432"
app = "wsgi:app"                   # or url_env = "DATABASE_URL"
client_auth = "optional"

[listener.edge]                    # same name = the listener of that hop
product = "nginx"
config = "/etc/nginx/nginx.conf"
certificate = "tips.example.org"
issuer = "acme"
[listener.db]
product = "postgresql"
config = "main"
certificate = "db.internal"
issuer = "internal"
"""


def settings(text: str) -> Settings:
    return read(parse(text, "everyhop.toml"), Path("/srv"))


def hop(text: str) -> Hop:
    return settings(text).topology.hops[0]


def test_the_example_of_the_reference_is_read() -> None:
    """Every key, in the types that the other rooms take."""
    told = settings(EXAMPLE)
    assert told.topology.hops == (
        Hop("edge", "browser", "nginx", Wire.HTTP, TcpEndpoint("tips.example.org", 443)),
        Hop("app", "nginx", "app", Wire.HTTP, UnixEndpoint("/run/app.sock")),
        Hop("db", "app", "postgresql", Wire.POSTGRES, TcpEndpoint("db.internal", 5432)),
    )
    assert told.hops["db"] == HopSettings("wsgi:app", None, Location.parse("postgresql://db.internal:5432"))
    assert told.policy.demands == {"db": Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2, ClientAuth.OPTIONAL)}
    assert told.listeners["edge"].config == Path("/etc/nginx/nginx.conf")
    assert told.listeners["db"].config == Path("/srv/main")
    waiver = told.policy.waivers[0]
    assert (waiver.rule, waiver.until, str(waiver.span)) == ("plaintext-dial", date(2027, 6, 30), "everyhop.toml:5:1")


def test_a_dialer_that_is_nearly_a_hop_is_a_slip() -> None:
    """And one that is like none of them is somebody of its own."""
    text = '[hop.edge]\nendpoint = "https://a"\n[hop.backend]\nendpoint = "http://app:8000"\ndialer = "{}"\n'
    assert [hop.dialer for hop in settings(text.format("edge")).topology.hops] == ["browser", "edge"]
    assert [hop.dialer for hop in settings(text.format("worker")).topology.hops] == ["browser", "worker"]
    assert [hop.dialer for hop in settings(text.format("nginx")).topology.hops] == ["browser", "nginx"]
    with pytest.raises(SettingsError) as caught:
        settings(text.format("egde"))
    assert "did you mean 'edge'?" in caught.value.message
    assert (caught.value.key, caught.value.line) == ("hop.backend.dialer", 5)


def test_an_empty_file_is_the_default() -> None:
    """verify-full, TLS 1.2, plaintext on this machine only."""
    assert settings("") == Settings()
    assert settings("[policy]").policy == Policy()


def test_nowhere_is_local() -> None:
    """`local = []` is not "the default"."""
    assert settings("[policy]\nlocal = []").policy.local == frozenset()
    assert settings('[policy]\nlocal = ["unix"]').policy.local == {Locality.UNIX}


@pytest.mark.parametrize(
    ("keys", "endpoint", "posture"),
    [
        ('require = "verify-ca"', "mysql://db", Posture(Assurance.CHAIN_VERIFIED, Floor.TLS_1_2)),
        ('floor = "TLSv1.3"', "mysql://db", Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_3)),
        ('client_auth = "required"', "mysql://[::1]", Posture(Assurance.PLAINTEXT, Floor.NONE, ClientAuth.REQUIRED)),
        ('require = "encrypted"', "mysql://127.0.0.1", Posture(Assurance.ENCRYPTED, Floor.NONE)),
    ],
)  # fmt: skip
def test_a_hop_has_demands_of_its_own(keys: str, endpoint: str, posture: Posture) -> None:
    """What it leaves open is the policy's, which on a local hop is nothing."""
    assert settings(f'[hop.db]\nendpoint = "{endpoint}"\n{keys}').policy.demands == {"db": posture}


@pytest.mark.parametrize(
    ("keys", "wire"),
    [
        ('endpoint = "db:5432"', Wire.POSTGRES),
        ('endpoint = "db:3306"', Wire.MYSQL),
        ('endpoint = "web:80"', Wire.HTTP),
        ('endpoint = "unix:/run/postgresql/.s.PGSQL.5432"', Wire.POSTGRES),
        ('endpoint = "unix:/run/mysqld/mysqld.sock"', Wire.MYSQL),
        ('endpoint = "unix:/run/app.sock"', Wire.HTTP),
        ('endpoint = "db:7777"\n[listener.x]\nproduct = "mariadb"', Wire.MYSQL),
        ('url_env = "DATABASE_URL"\n[listener.x]\nproduct = "cockroachdb"', Wire.POSTGRES),
    ],
)
def test_the_wire_is_recognised(keys: str, wire: Wire) -> None:
    """By the scheme, the listener's product, or the usual port or socket."""
    assert hop(f"[hop.x]\n{keys}").wire is wire


def test_a_browser_dials_the_first_web_hop_and_the_app_the_others() -> None:
    """Where nobody says who dials."""
    told = settings('[hop.a]\nendpoint = "https://a"\n[hop.b]\nendpoint = "https://b"\n[hop.c]\nendpoint = "mysql://c"')
    assert [one.dialer for one in told.topology.hops] == ["browser", "app", "app"]


WRONG = [
    # text, line, key, message, hint
    ("[polcy]", 1, "polcy", "unknown key, did you mean 'policy'?", "policy, hop, listener"),
    ("\n[policy]\nrequire = 'x'\nfloo = 'y'", 4, "policy.floo", "unknown key, did you mean 'floor'?", "require, floor"),
    ("[policy]\nrequire = 'verify-fulll'", 2, "policy.require", "none of plaintext, opportunistic, encrypted", None),
    ("[policy]\nrequire = 4", 2, "policy.require", "a string is expected, not a number", None),
    ("[policy]\nfloor = 'TLSv1.4'", 2, "policy.floor", "none of TLSv1, TLSv1.1, TLSv1.2, TLSv1.3", None),
    ("[policy]\nlocal = 'unix'", 2, "policy.local", "a list of strings is expected, not a string", None),
    ("[policy]\nlocal = ['lopback']", 2, "policy.local", "did you mean 'loopback'?", None),
    ("[policy]\nlocal = ['network']", 2, "policy.local", "'network' is none of unix, loopback", None),
    ("policy = 1", 1, "policy", "a table is expected, not a number", "write [policy]"),
    ("[policy]\nwaive = 1", 2, "policy.waive", "an array of tables is expected", "write [[policy.waive]]"),
    ("[[policy.waive]]\nrule = 'plaintext-dail'", 2, "policy.waive[0].rule", "did you mean 'plaintext-dial'?", None),
    ("[[policy.waive]]\nwhere = '*'", 1, "policy.waive[0]", "'rule' is missing", None),
    ("[[policy.waive]]\nrule = 'drift'\nwhere = '*'\nuntil = 2027-01-01",
     1, "policy.waive[0]", "'reason' is missing", "say why"),
    ("[[policy.waive]]\nrule = 'drift'\nwhere = '*'\nreason = ' '", 4, "policy.waive[0].reason", "empty", None),
    ("[[policy.waive]]\nrule = 'drift'\nwhere = '*'\nreason = 'x'",
     1, "policy.waive[0]", "'until' is missing", "2027-06-30"),
    (
        "[[policy.waive]]\nrule = 'drift'\nwhere = '*'\nreason = 'x'\nuntil = '2027-06-30'",
        5, "policy.waive[0].until", "a date is expected, not a string", "without quotes",
    ),
    (
        "[[policy.waive]]\nrule = 'drift'\nwhere = '*'\nreason = 'x'\nuntil = 2027-06-30T00:00:00Z",
        5, "policy.waive[0].until", "a date is expected, not a date with a time", None,
    ),
    ("[policy]\nuntil = 2027-02-30", 2, None, "this is not TOML", "https://toml.io"),
    ("[policy]\nrequire = 'verifyfull'", 2, "policy.require", "did you mean 'verify-full'?", None),
    ("[policy]\nfloor = 'TLS1.2'", 2, "policy.floor", "did you mean 'TLSv1.2'?", None),
    ("[policy]\nfloor = 12", 2, "policy.floor", "a string is expected, not a number", 'write floor = "…"'),
    ("[policy]\nlocal = 'unix'", 2, "policy.local", "a list of strings is expected", 'local = ["unix"]'),
    ("[hop.db]\nendpoint = 'db'", 2, "hop.db.endpoint", "no port", "scheme://host:port"),
    ("[hop.db]\nendpoint = 'db:99999'", 2, "hop.db.endpoint", "from 1 to 65535", None),
    ("[hop.db]\nendpoint = 'oracle://db'", 2, "hop.db.endpoint", "unknown scheme 'oracle'", None),
    ("[hop.db]\nendpoint = 'mysql://u:hunter2@db'", 2, "hop.db.endpoint", "no user name or password", None),
    ("[hop.db]\nendpoint = 'db:7777'", 2, "hop.db.endpoint", "does not tell what is spoken there", None),
    ("[hop.db]\nendpoint = 'unix:app.sock'", 2, "hop.db.endpoint", "absolute path", None),
    ("[hop.db]\ndialer = 'app'", 1, "hop.db", "'endpoint' is missing", None),
    ("[hop.db]\nendpont = 'mysql://db'", 2, "hop.db.endpont", "did you mean 'endpoint'?", None),
    ("[hop.db]\nendpoint = 'mysql://db'\napp = 'wsgi'", 3, "hop.db.app", "not MODULE:ATTRIBUTE", "wsgi:app"),
    ("[hop.db]\nendpoint = 'mysql://db'\napp = 'a:b'\nurl_env = 'X'", 4, "hop.db.url_env", "exclude each other", None),
    ("[hop.db]\nurl_env = 'mysql://u:hunter2@db'", 2, "hop.db.url_env", "name of an environment variable", None),
    ("[hop.db]\nendpoint = 'mysql://db'\nclient_auth = 'require'", 3, "hop.db.client_auth", "'required'?", None),
    ("hop = []", 1, "hop", "a table is expected, not a list", None),
    ("[hop]\ndb = 'mysql://db'", 2, "hop.db", "a table is expected, not a string", "write [hop.db]"),
    ("[hop.db]\nendpoint='mysql://db'\n[listener.dbb]\nproduct='mysql'", 3, "listener.dbb", "did you mean 'db'?", None),
    ("[hop.db]\nendpoint='mysql://db'\n[listener.db]", 3, "listener.db", "'product' is missing", "postgresql"),
    ("[hop.db]\nendpoint='mysql://db'\n[listener.db]\nproduct='mysq'",
     4, "listener.db.product", "did you mean 'mysql'", None),
    ("[hop.db]\nendpoint='mysql://db'\n[listener.db]\nproduct='nginx'",
     2, "hop.db.endpoint", "listener of nginx", None),
    (
        "[hop.db]\nendpoint='mysql://db'\n[listener.db]\nproduct='mysql'\nissuer='acne'",
        5, "listener.db.issuer", "'acne' is none of internal, acme, did you mean 'acme'?", None,
    ),
    ("[hop.db", 1, None, "this is not TOML", None),
    ("x = " + "[" * 5000, None, None, "nested too deeply", None),
    ("x = " + "9" * 5000, None, None, "a number is too long", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "key", "message", "hint"), WRONG, ids=[str(row[3])[:40] for row in WRONG])
def test_what_cannot_be_meant_is_told_with_its_place(
    text: str, line: int | None, key: str | None, message: str, hint: str | None
) -> None:
    """File, line, key, what is wrong and what would be right; never a password."""
    with pytest.raises(SettingsError) as caught:
        settings(text)
    error = caught.value
    assert (error.path, error.line, error.key) == ("everyhop.toml", line, key)
    assert message in error.message
    assert (hint or "") in (error.hint or "")
    assert error.hint or "did you mean" in error.message or " none of " in error.message or "expected" in error.message
    assert "hunter2" not in f"{error} {error.hint}"
    assert error.exit_code == 2


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


STRICT = '[policy]\nrequire = "verify-ca"\n'
SHARED = '[project]\nname = "x"\n[tool.everyhop.policy]\nrequire = "encrypted"\n'


def test_the_nearest_file_counts(tmp_path: Path) -> None:
    """In the directory before its parents, everyhop.toml before pyproject.toml, up to the repository's root."""
    inner = tmp_path / "repo" / "src"
    inner.mkdir(parents=True)
    (tmp_path / "repo" / ".git").mkdir()
    write(tmp_path, "everyhop.toml", STRICT)
    assert load(None, inner) == Settings()
    shared = write(tmp_path / "repo", "pyproject.toml", SHARED)
    assert load(None, inner).path == shared
    assert load(None, inner).policy.require is Assurance.ENCRYPTED
    own = write(tmp_path / "repo", "everyhop.toml", STRICT)
    assert load(None, inner).path == own
    write(inner, "pyproject.toml", '[project]\nname = "no everyhop here"\n')
    assert load(None, inner).policy.require is Assurance.CHAIN_VERIFIED


def test_a_broken_pyproject_of_somebody_else_is_not_ours_to_tell(tmp_path: Path) -> None:
    """Only one that speaks of everyhop."""
    (tmp_path / ".git").mkdir()
    write(tmp_path, "pyproject.toml", "[project\n")
    assert load(None, tmp_path) == Settings()
    write(tmp_path, "pyproject.toml", "[tool.everyhop\n")
    with pytest.raises(SettingsError, match="this is not TOML"):
        load(None, tmp_path)


def test_keys_in_pyproject_have_their_whole_name(tmp_path: Path) -> None:
    """So that they can be found there."""
    write(tmp_path, "pyproject.toml", "[tool.everyhop.policy]\nfloo = 1\n")
    with pytest.raises(SettingsError) as caught:
        load(None, tmp_path)
    assert str(caught.value).startswith("pyproject.toml:2: tool.everyhop.policy.floo: unknown key")


def test_a_named_file_has_to_be_there(tmp_path: Path) -> None:
    """Missing, a folder, unreadable as text, or without a section of ours: each in its own words."""
    write(tmp_path, "pyproject.toml", "[project]\n")
    (tmp_path / "latin.toml").write_bytes(b'x = "\xe9"')
    for name, message in {
        "absent.toml": "No such file or directory",
        ".": "Is a directory",
        "latin.toml": "this is not UTF-8",
        "pyproject.toml": r"there is no \[tool.everyhop\]",
    }.items():
        with pytest.raises(SettingsError, match=message) as caught:
            load(tmp_path / name, tmp_path)
        assert caught.value.hint
    assert load(write(tmp_path, "other.toml", STRICT), tmp_path).policy.require is Assurance.CHAIN_VERIFIED


def test_a_folder_that_may_not_be_entered_has_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`is_file` raises there: those above it count, as if nothing lay in it."""
    closed = tmp_path / "closed"
    closed.mkdir()
    above = write(tmp_path, "everyhop.toml", STRICT)
    enter = Path.is_file

    def refuse(path: Path) -> bool:
        if closed in path.parents:
            raise PermissionError(13, "Permission denied", str(path))
        return enter(path)

    monkeypatch.setattr(Path, "is_file", refuse)
    assert load(None, closed).path == above


def test_the_old_spelling_of_tls_1_0_is_read() -> None:
    """OpenSSL says TLSv1, people say TLSv1.0."""
    assert settings("[policy]\nfloor = 'TLSv1.0'").policy.floor is Floor.TLS_1_0


def test_a_byte_order_mark_is_not_a_key(tmp_path: Path) -> None:
    """Some editors write one."""
    path = tmp_path / "everyhop.toml"
    path.write_text(STRICT, encoding="utf-8-sig")
    assert load(None, tmp_path).policy.require is Assurance.CHAIN_VERIFIED


def test_places_are_told_as_seen_from_here(tmp_path: Path) -> None:
    """A file above is `../everyhop.toml`."""
    write(tmp_path, "everyhop.toml", "x = 1")
    (tmp_path / "a").mkdir()
    with pytest.raises(SettingsError) as caught:
        load(None, tmp_path / "a")
    assert caught.value.path == "../everyhop.toml"
