"""What is read, what is left out, and what becomes a gap."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from everyhop.errors import SourceError
from everyhop.scan.workspace import LARGEST, Kind, kind_of, read

NOBODY = 65534


def paths(folder: Path, *exclude: str) -> list[str]:
    return [source.path for source in read([folder], exclude).sources]


def write(folder: Path, *names: str, text: str = "X=1\n") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root reads everything; nobody does not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("app.py", Kind.PYTHON),
        (".env", Kind.DOTENV),
        (".env.production", Kind.DOTENV),
        ("prod.env", Kind.DOTENV),
        (".env-example", Kind.DOTENV),
        ("env.sample", Kind.DOTENV),
        (".envs/.production/.postgres", Kind.DOTENV),
        ("env.py", Kind.PYTHON),
        (".env.md", None),
        ("environment", None),
        ("app.env.j2", Kind.DOTENV),
        (".env.d.ts", None),
        ("docker-compose.prod.yml", Kind.COMPOSE),
        ("compose.yaml", Kind.COMPOSE),
        ("values.yaml", Kind.YAML),
        ("requirements/base.txt", Kind.PINS),
        ("requirements-dev.txt", Kind.PINS),
        ("notes.txt", None),
        ("uv.lock", Kind.PINS),
        ("requirements.in", Kind.PINS),
        ("Pipfile.lock", Kind.PINS),
        ("Dockerfile", Kind.DOCKERFILE),
        ("Dockerfile.prod", Kind.DOCKERFILE),
        ("app.service", Kind.UNIT),
        ("app.service.d/override.conf", Kind.UNIT),
        ("alembic.ini", Kind.INI),
        ("config.cfg.template", Kind.INI),
        ("templates/deployment.yaml.j2", Kind.YAML),
        ("settings.toml", Kind.TOML),
        ("config.json", Kind.JSON),
        ("package-lock.json", None),
        ("entrypoint.sh", Kind.TEXT),
        ("main.tf", Kind.TEXT),
        ("Procfile", Kind.TEXT),
        ("logo.svg", None),
        ("README.md", None),
    ],
)
def test_a_name_tells_the_kind(name: str, kind: Kind | None) -> None:
    """Only what scan reads is opened."""
    assert kind_of(Path(name)) is kind


def test_a_settings_file_is_looked_at_only_where_something_can_stand_in_it(tmp_path: Path) -> None:
    """The bytes decide, however large the file: nothing is parsed for a dump without a database URL."""
    write(tmp_path, "a.json", "b.toml", "c.yaml", "d.sh", text='{"x": 1}\n')
    write(tmp_path, "e.json", "f.yaml", text='{"url": "postgresql://db.internal/app"}\n')
    (tmp_path / "dump.json").write_bytes(b'["x"]\n' * (LARGEST // 5))
    (tmp_path / "large.json").write_bytes(b'["x"]\n' * (LARGEST // 5) + b'"mysql://db.internal/app"')
    seen = read([tmp_path])
    assert [source.path for source in seen.sources] == ["e.json", "f.yaml"]
    assert [gap.where for gap in seen.gaps] == ["large.json"]


def test_other_peoples_code_is_left_out(tmp_path: Path) -> None:
    """Installed packages, caches, builds, and a virtual environment under any name."""
    write(tmp_path, "app.py", "pkg/mod.py", ".venv/x.py", "node_modules/a/.env", ".git/x.py", "build/lib/app.py")
    write(tmp_path, "myenv/pyvenv.cfg", "myenv/lib/x.py", "pkg/__pycache__/y.py")
    assert paths(tmp_path) == ["app.py", "pkg/mod.py"]


def test_what_is_excluded_is_not_read(tmp_path: Path) -> None:
    """By name, by path, whole folders."""
    write(tmp_path, "app.py", "tests/a.py", "pkg/gen.py", "pkg/mod.py", "old/b.py")
    assert paths(tmp_path, "tests", "*/gen.py", "old/") == ["app.py", "pkg/mod.py"]


def test_links_that_lead_in_circles_end(tmp_path: Path) -> None:
    """Linked folders are not entered; a file that links to itself cannot be read."""
    write(tmp_path, "app.py")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / ".env").symlink_to(".env")
    seen = read([tmp_path])
    assert [source.path for source in seen.sources] == ["app.py"]
    assert [gap.where for gap in seen.gaps] == [".env"]


def test_what_cannot_be_read_is_a_gap_with_its_reason(tmp_path: Path) -> None:
    """A huge file, a pipe, a wrong encoding: the rest is read all the same."""
    write(tmp_path, "app.py")
    (tmp_path / "dump.py").write_bytes(b"#" * (LARGEST + 1))
    os.mkfifo(tmp_path / ".env")
    (tmp_path / "latin.py").write_bytes(b"x = '\xe9'")
    (tmp_path / "declared.py").write_bytes(b"# -*- coding: latin-1 -*-\nx = '\xe9'")
    (tmp_path / "unknown.py").write_bytes(b"# -*- coding: klingon -*-\nx = '\xe9'")
    seen = read([tmp_path])
    assert [source.path for source in seen.sources] == ["app.py", "declared.py"]
    assert sorted(gap.where for gap in seen.gaps) == [".env", "dump.py", "latin.py", "unknown.py"]
    assert all(gap.reason and gap.hint for gap in seen.gaps)


def test_a_folder_without_permission_is_a_gap() -> None:
    """And so is a file; what is beside them is read."""
    with tempfile.TemporaryDirectory() as name:  # others may enter it, which they may not with pytest's
        folder = Path(name)
        folder.chmod(0o755)
        write(folder, "app.py", "closed/x.py", "shut.py")
        (folder / "closed").chmod(0o000)
        (folder / "shut.py").chmod(0o000)
        with unprivileged():
            seen = read([folder])
        (folder / "closed").chmod(0o755)
    assert [source.path for source in seen.sources] == ["app.py"]
    assert sorted((gap.where, gap.reason) for gap in seen.gaps) == [
        ("closed", "cannot be read: Permission denied"),
        ("shut.py", "cannot be read: Permission denied"),
    ]


def test_a_path_that_is_not_there_is_a_mistake_and_no_gap(tmp_path: Path) -> None:
    """A typo must not look like a clean project."""
    with pytest.raises(SourceError) as caught:
        read([tmp_path / "ap.py"])
    assert caught.value.exit_code == 2
    assert caught.value.hint


def test_paths_are_relative_to_what_was_scanned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that was named; for files the current folder, so that an editor finds them."""
    write(tmp_path, "a/app.py", "b/.env", "c/notes.md")
    monkeypatch.chdir(tmp_path)
    assert paths(tmp_path / "a") == ["app.py"]
    seen = read([Path("a/app.py"), Path("b"), Path("a"), Path("c/notes.md")])
    assert [source.path for source in seen.sources] == ["a/app.py", "b/.env"]
    assert [gap.where for gap in seen.gaps] == ["c/notes.md"]
    monkeypatch.chdir(tmp_path / "c")
    assert [source.path for source in read([tmp_path / "a", tmp_path / "b"]).sources] == ["a/app.py", "b/.env"]


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    """Places count from the first character that a person sees."""
    (tmp_path / "app.py").write_bytes(b"\xef\xbb\xbfx = '\xc3\xa9'")
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfA=1\r\n")
    assert {source.text for source in read([tmp_path]).sources} == {"x = 'é'", "A=1\r\n"}
