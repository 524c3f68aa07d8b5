"""Dependencies point one way, pure rooms stay pure, and starting the command stays cheap."""

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "everyhop"

PURE_ROOMS = (
    "errors.py",
    "model/**/*.py",
    "rules/**/*.py",
    "dialects/**/*.py",
    "scan/syntax/**/*.py",
    "probe/upgrades/**/*.py",
    "lineage/renewal.py",
    "lineage/ledger/chain.py",
)
# What import contracts cannot see: the impure half of datetime, pathlib, io and urllib, and builtins.
IMPURE_FUNCTIONS = {"input", "open", "print"}
IMPURE_METHODS = {"now", "today", "utcnow", "urlopen"} | {
    name for name in dir(Path) if name.startswith(("read_", "write_", "is_file", "iterdir", "unlink"))
}

# `everyhop --version` and `--help` are typed often, in shells and in hooks; these take longer to import than
# everything else together, and only some commands need them.
HEAVY = {"asyncio", "cryptography", "flask", "jinja2", "pgtoolkit", "rich", "ruamel", "sqlalchemy", "ssl"}
START = "import sys; from everyhop.cli import main; sys.argv = ['everyhop', '--version']; main()"
LIST_MODULES = "import atexit, sys; atexit.register(lambda: print(*sorted(sys.modules), sep='\\n')); "


def test_imports_keep_the_contracts() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    seen = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert seen.returncode == 0, seen.stdout + seen.stderr


def impure_calls(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in IMPURE_FUNCTIONS:
                yield f"{node.lineno}: {name}()"
            case ast.Call(func=ast.Attribute(attr=name)) if name in IMPURE_METHODS:
                yield f"{node.lineno}: .{name}()"


def test_pure_rooms_call_no_clock_and_no_file() -> None:
    modules = [module for room in PURE_ROOMS for module in sorted(PACKAGE.glob(room))]
    assert modules
    found = [
        f"{module.relative_to(ROOT)}:{call}"
        for module in modules
        for call in impure_calls(module.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    ["open('x')", "datetime.now(UTC)", "date.today()", "Path('x').read_text()", "request.urlopen('x')"],
)
def test_an_impure_call_is_seen(source: str) -> None:
    assert list(impure_calls(source))


@pytest.mark.parametrize("source", ["def f(now): return now", "validity.due(now)", "reading.opened()"])
def test_a_pure_call_stays_unmentioned(source: str) -> None:
    assert list(impure_calls(source)) == []


@pytest.mark.skipif(importlib.util.find_spec("everyhop.cli") is None, reason="there is no command yet")
def test_the_version_is_told_without_heavy_imports() -> None:
    # -I: the reader's PYTHON* variables and current directory are not what is measured.
    command = [sys.executable, "-I", "-c", LIST_MODULES + START]
    seen = subprocess.run(command, check=False, capture_output=True, text=True)
    assert seen.returncode == 0, seen.stderr
    modules = set(seen.stdout.splitlines())
    assert "everyhop.cli" in modules
    assert sorted(HEAVY & modules) == []
    # Python 3.11 with click and one empty command: 99.
    assert len(modules) <= 200
