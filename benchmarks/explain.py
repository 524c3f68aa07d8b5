"""How long does one URL take? The best of several rounds, in processor time and, of the command, on the clock as well.

Targets: 50 µs to explain one as a library call, 200 ms for `everyhop explain` as a process. Beside the command stand an
empty Python and click alone, which it cannot be faster than; on a busy machine all of them are slow together.

python benchmarks/explain.py
"""

import resource
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable
from datetime import UTC, datetime

from everyhop.dialects import registry
from everyhop.dialects.dsn import Dsn
from everyhop.jobs.explain import explain

URLS = [
    "postgresql+psycopg2://app:pw@db.internal:5432/app",
    "postgresql+psycopg://app:pw@db.internal:5432/app?sslmode=verify-full&sslrootcert=/etc/ssl/ca.pem",
    "mysql+pymysql://app:pw@db.internal/app?ssl_ca=/etc/ssl/ca.pem",
    "mysql+pymysql://app:pw@db.internal/app?ssl_ca=/etc/ssl/ca.pem&ssl_verify_identity=true",
    "host=db.internal user=app sslmode=require",
]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def each(label: str, url: str, function: Callable[[str], object]) -> float:
    timer = timeit.Timer(lambda: function(url), timer=time.process_time)
    best = min(timer.repeat(repeat=15, number=200)) / 200 * 1e6
    print(f"{best:8.1f} µs  {label:9}  {url}")
    return best


def process(label: str, code: str, rounds: int = 15) -> None:
    """In an empty folder, as a user without settings calls it."""
    clock = processor = float("inf")
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, cwd=folder, check=False)
            clock = min(clock, time.perf_counter() - began)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            processor = min(processor, used)
    print(f"{processor * 1e3:8.1f} ms  {clock * 1e3:8.1f} ms on the clock  {label}")


def processes() -> None:
    process("python", "pass")
    process("python and click", "import click")
    for url in URLS[:3]:
        code = f"import sys; sys.argv = ['everyhop', 'explain', {url!r}]; from everyhop.cli import main; main()"
        process(f"everyhop explain {url}", code)


def main() -> None:
    processes()
    print()
    steps: dict[str, Callable[[str], object]] = {
        "parse": Dsn.parse,
        "read": registry.read,
        "explain": lambda url: explain(url, started=NOW).why,
        "judge": lambda url: explain(url, started=NOW).findings,
    }
    for label, function in steps.items():
        worst = max(each(label, url, function) for url in URLS)
        print(f"{worst:8.1f} µs  {label}: the slowest\n")


if __name__ == "__main__":
    main()
