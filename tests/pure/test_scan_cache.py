"""The cache: the same report warm as cold, every change seen, nothing of the source in it, and never an error."""

import importlib
import json
import os
import pkgutil
import shutil
import stat
import subprocess
import time
import typing
from collections.abc import Callable
from dataclasses import is_dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path, PurePath

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from everyhop import model
from everyhop.cli import main
from everyhop.config import Settings
from everyhop.jobs import remembered
from everyhop.jobs.scan import scan
from everyhop.model.evidence import SourceSpan
from everyhop.model.finding import Severity
from everyhop.model.posture import Posture
from everyhop.model.report import Report
from everyhop.model.sighting import Dialer
from everyhop.pki.key import new_key, pem_of
from everyhop.rules.catalogue import catalogue
from everyhop.scan.cache import encoding, seal
from everyhop.scan.cache.shelf import Shelf, folder
from everyhop.scan.cache.state import SETTLED, State, state_of
from everyhop.scan.pace import Pace

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MODEL = {
    name: kind
    for module in pkgutil.iter_modules(model.__path__)
    for name, kind in vars(importlib.import_module(f"{model.__name__}.{module.name}")).items()
}
URL = 'SQLALCHEMY_DATABASE_URI = "postgresql://app:hunter2secret@db.canary.internal/x"  # a-canary-in-a-comment\n'


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("EVERYHOP_NO_CACHE", raising=False)
    return tmp_path / "cache" / "everyhop"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "config.py").write_text(URL)
    (root / ".env").write_text("DATABASE_URL=mysql+pymysql://app:dotenv-secret@my.internal/x\n")
    (root / "nginx.conf").write_text("server {\n    listen 80;\n    server_name shop.example.org;\n}\n")
    aged(root)
    return root


def aged(root: Path) -> None:
    """As if nobody had touched it for a while: the system's own time of change cannot be set, so it is waited for."""
    for path in root.rglob("*"):
        os.utime(path, ns=(10**18, 10**18))


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree that was written a moment ago counts as settled, but where a test says otherwise."""
    monkeypatch.setattr("everyhop.scan.cache.state.SETTLED", -(10**18))


def looked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is looked at anew from here on."""
    seen: list[object] = []
    from everyhop.jobs import scan as job  # noqa: PLC0415 - what is replaced

    real = job.look

    def look(*args: object, **rest: object) -> object:
        seen.append(args)
        return real(*args, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(job, "look", look)
    return seen


def report(tree: Path, *options: str) -> str:
    result = CliRunner().invoke(main, ["scan", str(tree), "--format", "json", *options])
    assert result.exit_code in (0, 1), result.output
    document = json.loads(result.stdout)
    del document["started"]
    return json.dumps(document)


@pytest.mark.parametrize("form", ["text", "json", "sarif", "markdown", "html", "junit", "gitlab", "github"])
def test_a_second_run_says_the_same(tree: Path, shelf: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = [[tree], Settings(), NOW]
    cold = remembered.scan(*arguments)  # type: ignore[arg-type]
    anew = looked(monkeypatch)
    warm = remembered.scan(*arguments)  # type: ignore[arg-type]
    assert not anew
    assert warm == cold == scan([tree], Settings(), NOW)
    quotes = [[item.quote for item in one.evidence if hasattr(item, "quote")] for one in cold.findings]
    assert quotes == [[item.quote for item in one.evidence if hasattr(item, "quote")] for one in warm.findings]
    outputs = [CliRunner().invoke(main, ["scan", str(tree), "--format", form]).stdout for _ in range(2)]
    assert len({"\n".join(line for line in text.splitlines() if "20" not in line) for text in outputs}) == 1
    assert len(list(shelf.iterdir())) == 1  # one question; the later day's answer took the place of the other


def other_size(tree: Path) -> None:
    (tree / "config.py").write_text(URL.replace("x", "xy"))


def same_size_and_time(tree: Path) -> None:
    path = tree / "config.py"
    before = path.stat()
    path.write_text(URL.replace("postgresql:", "postgresqL:"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def other_mode(tree: Path) -> None:
    (tree / ".env").chmod(0o600)


def new_file(tree: Path) -> None:
    (tree / "more.py").write_text(URL)


def new_folder(tree: Path) -> None:
    (tree / "deep" / "down").mkdir(parents=True)
    (tree / "deep" / "down" / "settings.ini").write_text("[a]\nurl = mysql://h/x\n")


def no_file(tree: Path) -> None:
    (tree / ".env").unlink()


def other_name(tree: Path) -> None:
    (tree / "config.py").rename(tree / "settings.py")


@pytest.mark.parametrize(
    "change", [other_size, same_size_and_time, other_mode, new_file, new_folder, no_file, other_name]
)
def test_every_change_of_the_tree_is_seen(
    tree: Path, shelf: Path, change: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    report(tree)
    change(tree)
    anew = looked(monkeypatch)
    assert report(tree) == report(tree, "--no-cache")
    assert len(anew) == 2
    assert report(tree) == report(tree, "--no-cache")
    assert len(anew) == 3  # what was said of the changed tree is remembered in its turn
    assert shelf.exists()


def test_a_file_that_is_not_read_changes_nothing(tree: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report(tree)
    (tree / "picture.png").write_bytes(b"\x89PNG")
    anew = looked(monkeypatch)
    report(tree)
    assert not anew
    assert shelf.exists()


def test_a_key_that_version_control_takes_up_is_seen(tree: Path, shelf: Path) -> None:
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")
    (tree / "tls.key").write_text(pem_of(new_key()).reveal())
    subprocess.run([git, "init", "--quiet", tree], check=True)
    before = report(tree)
    assert report(tree) == before
    subprocess.run([git, "-C", tree, "add", "tls.key"], check=True)
    assert report(tree) != before
    assert report(tree) == report(tree, "--no-cache")
    assert shelf.exists()


def test_other_questions_have_other_answers(tree: Path, shelf: Path) -> None:
    every = report(tree)
    assert report(tree, "--ignore", "password-in-source") != every
    assert report(tree, "--exclude", "config.py") != every
    (tree / "everyhop.toml").write_text('[policy]\nrequire = "encrypted"\n')
    assert report(tree) == report(tree, "--no-cache") != every
    assert len(list(shelf.iterdir())) == 4


def test_an_answer_is_good_until_a_waiver_may_run_out(tree: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waived = URL.replace("# a", '# everyhop: waive[plaintext-dial] reason="soon" until=2026-06-01 a')
    (tree / "config.py").write_text(waived)
    anew = looked(monkeypatch)
    for now, looks in ((NOW, 1), (NOW.replace(hour=23), 1), (NOW + timedelta(days=1), 2), (NOW, 3)):
        assert remembered.scan([tree], Settings(), now) == scan([tree], Settings(), now)
        del anew[-1]  # the one that was not asked of the cache
        assert len(anew) == looks
    assert shelf.exists()


def test_a_tree_that_was_touched_a_moment_ago_is_not_kept(
    tree: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("everyhop.scan.cache.state.SETTLED", SETTLED)
    report(tree)
    assert not shelf.exists()


def test_what_changes_within_two_seconds_may_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("everyhop.scan.cache.state.SETTLED", SETTLED)
    assert State(b"", 10**18).is_settled(10**18 + 3 * 10**9) is True
    assert State(b"", 10**18).is_settled(10**18 - 1) is False


def test_a_change_while_it_is_read_is_no_secret_of_the_clock(
    tree: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file may change twice in one tick before and after it is read: what counts is when the look began."""
    monkeypatch.setattr("everyhop.scan.cache.state.SETTLED", 10**12)
    later = time.time_ns() + 10**13

    def tell(_: str) -> None:
        monkeypatch.setattr(time, "time_ns", lambda: later)

    remembered.scan([tree], Settings(), NOW, pace=Pace(None, tell))
    assert time.time_ns() == later
    assert not shelf.exists()
    remembered.scan([tree], Settings(), NOW)
    assert len(list(shelf.iterdir())) == 1


SECRETS = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\"'\\@/:#?%{}$ "), min_size=8
).map(
    lambda word: f"~{word}"  # no name of the model's begins like this
)


@given(word=SECRETS)
def test_nothing_of_the_source_is_in_a_record(word: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    base = tmp_path_factory.mktemp("canary")
    tree = base / "project"
    tree.mkdir()
    (tree / "config.py").write_text(f'URL = "postgresql://app:{word}@{word[:8]}.internal/x"  # {word}\n')
    (tree / "config.py").write_text(
        f'SQLALCHEMY_DATABASE_URI = "postgresql://app:{word}@db.internal/canary-of-a-name"  # {word}\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(base / "cache"))
        remembered.scan([tree], Settings(), NOW)
    kept = [path.read_bytes() for path in (base / "cache" / "everyhop").iterdir()]
    assert kept
    for data in kept:
        for canary in (word, "canary-of-a-name", "db.internal", "SQLALCHEMY", "config.py", "project"):
            assert canary.encode() not in data
    opened = seal.opened(kept[0], state_of([tree], ()).digest)
    assert opened is not None
    assert json.dumps(word)[1:-1] not in opened  # not even for who has the tree: passwords are masked before
    shutil.rmtree(base)


def test_who_does_not_have_the_tree_cannot_open_a_record() -> None:
    data = seal.sealed("text", b"one state")
    assert seal.opened(data, b"one state") == "text"
    assert seal.opened(data, b"another") is None
    assert seal.opened(data[:-1], b"one state") is None
    assert seal.opened(b"", b"one state") is None


def spoilt(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"?")


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def open_to_others(path: Path) -> None:
    path.chmod(0o666)


def a_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_folder_open_to_others(path: Path) -> None:
    path.parent.chmod(0o777)


@pytest.mark.parametrize("damage", [spoilt, emptied, open_to_others, a_link, a_folder, a_pipe, a_folder_open_to_others])
def test_a_record_that_is_not_ours_as_we_left_it_is_passed_over(
    tree: Path, shelf: Path, damage: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = report(tree)
    (record,) = shelf.iterdir()
    damage(record)
    anew = looked(monkeypatch)
    assert report(tree) == before
    assert len(anew) == 1


def test_a_cache_folder_that_is_no_folder_is_passed_over(tree: Path, shelf: Path) -> None:
    shelf.parent.write_text("in the way")
    assert report(tree) == report(tree)


def test_records_are_for_their_owner_alone(tree: Path, shelf: Path) -> None:
    before = os.umask(0)
    try:
        report(tree)
    finally:
        os.umask(before)
    assert stat.S_IMODE(shelf.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in shelf.iterdir()] == [0o600]


def test_there_are_never_more_records_than_the_bound(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "everyhop")
    for number in range(70):
        shelf.keep(f"{number:064x}", b"record")
        os.utime(tmp_path / "everyhop" / f"{number:064x}.sealed", ns=(number, number))
    assert len(list(shelf.folder.iterdir())) == 64
    assert shelf.fetch(f"{69:064x}") == b"record"
    assert shelf.fetch(f"{0:064x}") is None
    shelf.keep("large", bytes(9_000_000))
    assert shelf.fetch("large") is None


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"XDG_CACHE_HOME": "/c", "HOME": "/h"}, Path("/c/everyhop")),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, Path("/h/.cache/everyhop")),
        ({"HOME": "/h"}, Path("/h/.cache/everyhop")),
        ({"HOME": ""}, None),
        ({}, None),
    ],
)
def test_the_folder_is_the_users(environment: dict[str, str], expected: Path | None) -> None:
    assert folder(environment) == expected


@pytest.mark.parametrize("options", [("--no-cache",), ("--diff",), ("--fix",)])
def test_nothing_is_kept_where_nothing_may_be(tree: Path, shelf: Path, options: tuple[str, ...]) -> None:
    CliRunner().invoke(main, ["scan", str(tree), *options])
    assert not shelf.exists()


def test_a_variable_switches_the_cache_off(tree: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERYHOP_NO_CACHE", "1")
    report(tree)
    assert not shelf.exists()


def said_in(kind: object, seen: set[object]) -> set[object]:
    """Every type that may stand in a value of a type."""
    if kind in seen:
        return seen
    inner = typing.get_args(kind)
    if not inner:
        seen.add(kind)
        inner = tuple(typing.get_type_hints(kind, localns=MODEL).values()) if is_dataclass(kind) else ()
    for part in inner:
        if part is not Ellipsis:
            said_in(part, seen)
    return seen


def test_every_type_that_a_report_may_hold_can_be_kept() -> None:
    """One that is forgotten would raise nothing: a scan that found such a thing would only never be quick again."""
    plain = {str, int, float, bool, type(None), datetime, date, bytes, Path, PurePath}
    reached = said_in(Report, set()) - plain
    assert {Dialer, Posture, Severity, SourceSpan} <= reached  # it went through unions, tuples and enums
    known = encoding.kinds()
    assert {kind for kind in reached if known.get(getattr(kind, "__name__", "")) is not kind} == set()


def test_what_is_written_is_what_is_read(tree: Path) -> None:
    made = scan([tree], Settings(), NOW, rules=catalogue())
    assert encoding.read(encoding.written(made)) == made
    with pytest.raises(KeyError):
        encoding.read('{"=": "Popen", "args": "true"}')
    with pytest.raises(TypeError):
        encoding.written(object())
