"""How long does one URL take? Microseconds of processor time, the best of several rounds. Target: 50 to explain one.

python benchmarks/explain.py
"""

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


def main() -> None:
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
