"""`everyhop init`: what scan finds becomes an everyhop.toml that reads back as the same hops."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from everyhop.cli import main
from everyhop.config import HopSettings, ListenerSettings, Settings, load
from everyhop.config.load import parse, read
from everyhop.config.write import written
from everyhop.jobs.init import outline
from everyhop.jobs.scan import scan
from everyhop.model.endpoint import TcpEndpoint, UnixEndpoint
from everyhop.model.hop import Hop, Topology
from everyhop.model.location import Location
from everyhop.model.wire import Wire
from tests.snapshots import agrees

PROJECT = Path(__file__).parents[1] / "cases" / "project"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
WIRES = {"postgresql": Wire.POSTGRES, "mysql": Wire.MYSQL, "mariadb": Wire.MYSQL, "cockroachdb": Wire.POSTGRES}


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["init", *words])


def test_the_whole_file() -> None:
    """As a person gets it, with what nobody could know."""
    found = outline(scan([PROJECT], Settings(), NOW))
    agrees("init.toml", found.text)
    assert found.unknown


def test_it_reads_back_as_the_same_hops() -> None:
    """A scan by the settings meets the hops that it was made of."""
    found = outline(scan([PROJECT], Settings(), NOW))
    again = scan([PROJECT], found.settings, NOW)
    named = {hop.name for hop in found.settings.topology.hops}
    assert {state.hop.name for state in again.hops} == named
    before = {(str(state.hop.endpoint), state.grade) for state in scan([PROJECT], Settings(), NOW).hops}
    assert {(str(state.hop.endpoint), state.grade) for state in again.hops} == before


LETTERS = st.characters(exclude_categories=["Cs"])
NAMES = st.text(LETTERS, min_size=1).filter(lambda name: name not in {"app", "browser"})
HOSTS = st.from_regex(r"[a-z][a-z0-9-]{0,20}(\.[a-z]{2,6})?", fullmatch=True)
ENDS = st.one_of(
    st.builds(TcpEndpoint, HOSTS, st.integers(1, 65535)),
    st.builds(UnixEndpoint, st.from_regex(r"/[a-zA-Z0-9._-][a-zA-Z0-9./_-]{0,20}", fullmatch=True)),
    st.none(),
)


@given(st.dictionaries(NAMES, st.tuples(ENDS, st.sampled_from(sorted(WIRES)), st.booleans()), max_size=4))
def test_what_is_written_is_read(ends: dict[str, tuple[TcpEndpoint | UnixEndpoint | None, str, bool]]) -> None:
    """Whatever the names, with and without endpoint and variable."""
    hops = tuple(Hop(name, "app", product, WIRES[product], end) for name, (end, product, _) in ends.items())
    listeners = {name: ListenerSettings(product) for name, (_, product, _) in ends.items()}
    known = {name: HopSettings(url_env="A_URL" if variable else None) for name, (_, _, variable) in ends.items()}
    settings = Settings(topology=Topology(hops), hops=known, listeners=listeners)
    text = written(settings, {name: ["a remark\n[hop.x]"] for name in ends}, ["last"])
    again = read(parse(text, "everyhop.toml"), Path())
    assert again.topology == settings.topology
    assert again.listeners == settings.listeners
    assert [hop.url_env for hop in again.hops.values()] == [hop.url_env for hop in known.values()]


def test_the_web_hops_are_written_too() -> None:
    """The first is the browser's; a port for plain HTTP stays one."""
    edge = Hop("edge", "browser", "nginx", Wire.HTTP, TcpEndpoint("tips.example.org", 443))
    app = Hop("inner", "nginx", "gunicorn", Wire.HTTP, UnixEndpoint("/run/app.sock"))
    hops = {
        "edge": HopSettings(location=Location.parse("https://tips.example.org")),
        "inner": HopSettings(app="wsgi:app"),
    }
    listeners = {"edge": ListenerSettings("nginx"), "inner": ListenerSettings("gunicorn")}
    text = written(Settings(topology=Topology((edge, app)), hops=hops, listeners=listeners), {})
    again = read(parse(text, "everyhop.toml"), Path())
    assert again.topology == Topology((edge, app))
    assert again.hops["inner"].app == "wsgi:app"
    assert 'endpoint = "https://tips.example.org:443"' in text


def test_the_command_tells_what_it_wrote_and_what_it_could_not_know(tmp_path: Path) -> None:
    """And what it wrote is found by every other command."""
    (tmp_path / ".env").write_text("DATABASE_URL=mariadb+pymysql://app:hunter2@db.internal/x\n", encoding="utf-8")
    result = run(str(tmp_path))
    assert result.exit_code == 0
    assert "database  app → mariadb  db.internal:3306" in result.stdout
    assert "not known, and left for you:" in result.stdout
    settings = load(None, tmp_path)
    assert settings.hops["database"].url_env == "DATABASE_URL"
    assert "hunter2" not in (tmp_path / "everyhop.toml").read_text(encoding="utf-8")


def test_what_it_wrote_is_no_source(tmp_path: Path) -> None:
    """It names endpoints and no settings of a dialer: scanning it finds nothing more."""
    (tmp_path / ".env").write_text("DATABASE_URL=mariadb+pymysql://app:hunter2@db.internal/x\n", encoding="utf-8")
    before = scan([tmp_path], Settings(), NOW)
    run(str(tmp_path))
    after = scan([tmp_path], load(None, tmp_path), NOW)
    assert [finding.fingerprint for finding in after.findings] == [finding.fingerprint for finding in before.findings]


def test_nothing_is_written_over_unasked(tmp_path: Path) -> None:
    """Neither an everyhop.toml nor what stands in pyproject.toml; --force is asking."""
    path = tmp_path / "everyhop.toml"
    path.write_text("mine", encoding="utf-8")
    refused = run(str(tmp_path))
    assert (refused.exit_code, path.read_text(encoding="utf-8")) == (2, "mine")
    assert "--force" in refused.stderr
    assert run(str(tmp_path), "--force").exit_code == 0
    assert path.read_text(encoding="utf-8") != "mine"
    path.unlink()
    (tmp_path / "pyproject.toml").write_text("[tool.everyhop]\n", encoding="utf-8")
    assert run(str(tmp_path)).exit_code == 2


def test_an_empty_project_gets_a_policy_and_a_hint(tmp_path: Path) -> None:
    """It reads back, and says what to write."""
    assert run(str(tmp_path)).exit_code == 0
    assert load(None, tmp_path).topology.hops == ()
    assert "no connection was found" in (tmp_path / "everyhop.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", ["nowhere", "--nothing"])
def test_what_cannot_be_meant_is_exit_2(words: str) -> None:
    """A folder that is none, an option that is none."""
    assert run(words).exit_code == 2


def test_a_hop_behind_the_proxy_keeps_its_scheme(tmp_path: Path) -> None:
    """What nginx dials by http:// is no https://, and nobody is asked which driver opens it."""
    site = (
        "server { listen 80; location / { proxy_pass http://web:8000; } location /s { proxy_pass https://safe:8443; } }"
    )
    (tmp_path / "nginx.conf").write_text(f"http {{ {site} }}", encoding="utf-8")
    text = outline(scan([tmp_path], Settings(), NOW)).text
    assert 'endpoint = "http://web:8000"' in text
    assert 'endpoint = "https://safe:8443"' in text
    assert "which application opens it" not in text


def test_what_nobody_told_is_no_guess(tmp_path: Path) -> None:
    """What answers behind a proxy stays open, with a remark; who dials it is the hop that the proxy ends."""
    (tmp_path / "nginx.conf").write_text(
        "http { server { listen 443 ssl; server_name tips.example.org; location / { proxy_pass http://back:8000; } } }",
        encoding="utf-8",
    )
    found = outline(scan([tmp_path], Settings(), NOW))
    edge, back = found.settings.topology.hops
    assert (edge.dialer, edge.listener, back.dialer) == ("browser", "nginx", "nginx")
    assert back.name not in found.settings.listeners
    assert f'dialer = "{edge.name}"' in found.text
    assert "what answers there is not known" in found.text
