"""`everyhop scan` as a whole: a small Flask project, the command, and what it costs."""

import json
import os
import sys
from pathlib import Path
from types import FrameType

import pytest
from click.testing import CliRunner, Result

from everyhop.cli import main
from everyhop.model.hop import Topology
from everyhop.scan.observe import observe
from everyhop.scan.workspace import Kind, Source, Workspace
from tests.snapshots import agrees

PROJECT = Path(__file__).parents[1] / "cases" / "project"


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["scan", *words])


def test_a_small_project_from_its_files_to_its_report() -> None:
    """Dotenv, compose, classes, binds and pins joined; the whole output, for a person to read."""
    result = run(str(PROJECT))
    assert result.exit_code == 1
    agrees("scan.txt", result.stdout)


def test_the_versions_are_those_of_the_lock() -> None:
    """PyMySQL 1.1.1 strips where 1.2 does not: the pinned version is read, not the newest."""
    readings = json.loads(run(str(PROJECT), "--format", "json").stdout)["readings"]
    versions = {reading["driver"]: reading["driver_version"] for reading in readings if reading.get("driver")}
    assert versions["pymysql"] == {"value": "1.1.1", "assumed": False}
    assert versions["psycopg2"] == {"value": "2.9.10", "assumed": False}


def test_rules_can_be_chosen() -> None:
    """And a name that is none is told, with the nearest."""
    chosen = json.loads(run(str(PROJECT), "--select", "insecure-cookie", "--format", "json").stdout)
    assert chosen["findings"] == []
    everything = json.loads(run(str(PROJECT), "--format", "json").stdout)["findings"]
    first = everything[0]["rule"]
    rest = json.loads(run(str(PROJECT), "--ignore", first, "--format", "json").stdout)["findings"]
    assert rest == [finding for finding in everything if finding["rule"] != first]
    wrong = run(str(PROJECT), "--select", "plaintext-dail")
    assert wrong.exit_code == 2
    assert "plaintext-dial" in wrong.stderr


def test_files_can_be_left_out() -> None:
    """Without .env the URL is known only at run time: a possible finding, and no exit code 1."""
    found = json.loads(run(str(PROJECT), "--exclude", ".env", "--exclude", "compose*", "--format", "json").stdout)
    assert {finding["certainty"] for finding in found["findings"] if finding["path"] == "app/config.py"} >= {"possible"}


def test_a_path_that_is_not_there_is_exit_2(tmp_path: Path) -> None:
    """With what to do next."""
    result = run(str(tmp_path / "nowhere"))
    assert result.exit_code == 2
    assert "hint:" in result.stderr


def test_a_path_that_is_named_and_may_not_be_read_is_exit_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the place and what to do; one that is found on the way is a gap."""
    monkeypatch.setattr(os, "access", lambda path, _: path != tmp_path / "locked")
    (tmp_path / "locked").mkdir()
    seen = run(str(tmp_path / "locked"))
    assert seen.exit_code == 2
    assert "locked: cannot be read: permission denied\nhint: grant read permission" in seen.stderr
    assert run(str(tmp_path)).exit_code == 0


def test_an_empty_folder_is_clean(tmp_path: Path) -> None:
    """Nothing there is nothing wrong."""
    assert run(str(tmp_path)).exit_code == 0


def test_only_a_gap_is_exit_3(tmp_path: Path) -> None:
    """Nothing found wrong, but something could not be looked at."""
    (tmp_path / "config.py").write_text("SQLALCHEMY_DATABASE_URI = (")
    assert run(str(tmp_path)).exit_code == 3


def test_nothing_that_is_scanned_is_run(tmp_path: Path) -> None:
    """Importing the file would write another one."""
    (tmp_path / "app.py").write_text(
        f"open({str(tmp_path / 'ran')!r}, 'w').close()\nSQLALCHEMY_DATABASE_URI = 'postgresql://db.internal/a'\n"
    )
    run(str(tmp_path))
    assert not (tmp_path / "ran").exists()


def work(text: str) -> int:
    """How many functions are called to look at a file: the same number on every machine, however busy it is."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        observe(Workspace((Source("app.py", Kind.PYTHON, text),), ()), Topology())
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    "line",
    [
        "create_engine(f'postgresql://u@db.internal/x{NUMBER}')",
        "url += 'x'",
        "options['k'] = url",
        "url = url + 'x' if url else other(url)",
        "app.config['SQLALCHEMY_DATABASE_URI'] = url",
    ],
)
def test_work_grows_with_the_lines(line: str) -> None:
    """Four times the lines cost at most about four times the calls, whatever stands in them."""
    head = "from sqlalchemy import create_engine\nNUMBER = 1\nurl = 'postgresql://u@db.internal/x'\noptions = {}\n"
    small, large = (work(head + f"{line}\n" * lines) for lines in (200, 800))
    assert 2 * small < large < 5 * small


@pytest.mark.parametrize(
    "text",
    [
        "create_engine(" + "+".join(["'postgresql://u@db.internal/x'"] * 5000) + ")",
        "if x:\n    pass\n" + "elif x:\n    url = 'postgresql://u@h/d'\n" * 1500 + "create_engine(url)",
        "a = b\nb = a\ncreate_engine(a)",
        "def f(x): return f(x)\ncreate_engine(f(1))",
        "class A(B): pass\nclass B(A): SQLALCHEMY_DATABASE_URI = A.URL",
        "from app import *\ncreate_engine(url)",
        "from app import create_engine\ncreate_engine(url)",
        "url = url\ncreate_engine(url)",
        "x = {}\nx['x'] = x\ncreate_engine(**x)",
        "class A:\n    def url(self): return self.url\n    def go(self): create_engine(self.url)",
        "create_engine(lambda: 0)\ncreate_engine(*a, **b)\ncreate_engine()",
        "a = " + "(" * 150 + "1" + ")" * 150 + "\ncreate_engine(" + "f(" * 80 + ")" * 80 + ")",
        "create_engine('%s' % ())\ncreate_engine('{' .format())\ncreate_engine('{0.x[1]}'.format(1))",
        "create_engine('postgresql://u@h/d', connect_args={'port': 0x" + "f" * 4500 + "})",
        "create_engine('postgresql://u:p@[::1/d')\ncreate_engine('postgresql://h:99999/d')",
        "def f(): return f()\nx = f()\ncreate_engine(x.url)\ncreate_engine(f().url)",
        "def f(): return g()\ndef g(): return f()\ncreate_engine(f().url)\ndef h(x: h): create_engine(x.url)",
        "from pydantic import BaseSettings\nclass A(A, BaseSettings):\n    url: str\ncreate_engine(A().url)",
        "DATABASES = {'ENGINE': 'django.db.backends.mysql', **DATABASES, 'OPTIONS': DATABASES, 'HOST': DATABASES}",
        "from pony.orm import Database\ndb = Database()\ndb.bind()\ndb.bind(*a, **b)\ndb.bind(provider=x)",
        "from dbutils.pooled_db import PooledDB\nPooledDB()\nPooledDB(PooledDB)\nimport aiopg\naiopg.connect()",
        "from sqlalchemy import engine_from_config as make\nmake()\nmake({}, 1)\nmake({}, 'a')",
        "import dj_database_url as dj, environ\ndj.config()\nenviron.Env().db()\nenviron.Env().db(x)\ndj.parse()",
        "url = a or (b or (c or " * 30 + "'postgresql://u@h/d'" + "))" * 30,
        "class A:\n    a: A\n    b = A()\n    def __init__(self): self.c = A()\ncreate_engine(A().a.a.b.b.c.c.d)",
        "from tortoise import Tortoise\nTortoise.init()\nx = {'connections': x}\n{'engine': y, 'credentials': y}",
        "from sqlalchemy import make_url as m\ncreate_engine(m('x').set(host=1, query=m))\nm('postgresql://h').set(port={})",
    ],
)
def test_strange_code_ends_in_a_report(text: str) -> None:
    """Names that mean themselves, sums of thousands, chains of `elif`: so much work for a character, and no more."""
    source = f"from sqlalchemy import create_engine\n{text}\n"
    assert 0 < work(source) < 30 * len(source)


def test_numbers_without_end_are_no_crash(tmp_path: Path) -> None:
    """Python turns no text of more than 4,300 digits into a number, and files are anybody's."""
    digits = "9" * 5000
    (tmp_path / "compose.yaml").write_text(
        f"services:\n  db:\n    image: mysql:{digits}\n  old:\n    image: mariadb:10.{digits}\n"
        f"  web:\n    image: nginx:{digits}\n    ports: ['{digits}:{digits}']\n"
    )
    (tmp_path / "pyproject.toml").write_text(
        f"[tool.poetry.dependencies]\npymysql = '^{digits}'\npsycopg2 = '~1.{digits}'\n"
    )
    (tmp_path / "uv.lock").write_text(f"version = {digits}\n")
    (tmp_path / ".env").write_text(f"DATABASE_URL=postgresql://u@h:000001{'0' * 5000}/d\n")
    ended = CliRunner().invoke(main, ["scan", str(tmp_path)])
    assert ended.exit_code in (0, 1, 3), ended.output
