"""Lines per second of `scan` beside `ruff check --select S` on the same tree, in one run.

Without an argument the tree is generated: engines and ordinary code, once in one file of 20,000 lines and once in twice
as many, so that a cost that is not linear shows. With arguments: the trees named.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from everyhop.config import Settings
from everyhop.jobs.scan import scan

LINES = 20_000
RUNS = 3
BLOCK = '''
def handler_{n}(request, store):
    """Ordinary code."""
    rows = [row for row in store.rows(request.args["q"]) if row.visible]
    url_{n} = f"postgresql://app:{{PASSWORD}}@{{HOST}}/db{n}"
    if request.tls:
        url_{n} += "?sslmode=require"
    engine = create_engine(url_{n}, pool_size={n})
    total = sum(row.size for row in rows) + {n}
    return {{"rows": rows, "total": total, "engine": engine}}

'''
HEAD = "from sqlalchemy import create_engine\nPASSWORD = 'x'\nHOST = 'db.internal'\n"


def generated(folder: Path, lines: int) -> Path:
    blocks = lines // BLOCK.count("\n")
    tree = folder / str(lines)
    tree.mkdir()
    (tree / "app.py").write_text(HEAD + "".join(BLOCK.format(n=n) for n in range(blocks)))
    return tree


def best(run: Callable[[], object]) -> float:
    def once() -> float:
        start = time.perf_counter()
        run()
        return time.perf_counter() - start

    return min(once() for _ in range(RUNS))


def lines_of(tree: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in tree.rglob("*.py"))


def compare(tree: Path) -> None:
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent)) or "ruff"
    command = [ruff, "check", "--select", "S", "--no-cache", "--isolated", "--exit-zero", "--quiet", str(tree)]
    lines = lines_of(tree)
    mine = best(lambda: scan([tree], Settings(), datetime.now(UTC)))
    theirs = best(lambda: subprocess.run(command, check=True, capture_output=True))
    print(
        f"{tree.name:>24} {lines:>8} lines  everyhop {mine:6.2f} s {lines / mine:>9,.0f} lines/s  "
        f"ruff S {theirs:6.2f} s {lines / theirs:>9,.0f} lines/s  ratio {mine / theirs:5.1f}"
    )


def main() -> None:
    trees = [Path(name) for name in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as folder:
        for tree in trees or [generated(Path(folder), LINES), generated(Path(folder), 2 * LINES)]:
            compare(tree)


main()
