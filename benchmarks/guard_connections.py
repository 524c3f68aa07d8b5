"""What the guard costs a new database connection, and what TLS costs a request that takes its connection from a pool.

The first part asks real open connections again and again: everything that the guard does for a new one, but for the
driver's own connecting and the echo's round trip. CPU time of the process, shuffled rounds, their median. Promised:
at most 15 µs for drivers that can be asked locally. The second part is gunicorn with a pool of SQLAlchemy's, with and
without TLS to the same PostgreSQL, rounds in turn: a page of twenty rows by Flask-SQLAlchemy. Promised: at least 0.95
of the requests per second.

    python benchmarks/guard_connections.py [ROUNDS]
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from typing import Any

from everyhop.lab import mariadb, postgresql
from everyhop.lab.server import Server
from everyhop.lab.session import Lab
from everyhop.model.posture import Assurance
from everyhop.runtime.guard import opening
from everyhop.runtime.guard.guard import Guard
from everyhop.runtime.guard.settings import GuardSettings

PROMISED_MICROSECONDS = 15.0
PROMISED_SHARE = 0.95
CALLS = 500
OPEN: list[Any] = []
DRIVERS = {
    "psycopg2": ("postgresql+psycopg2", "sslmode=verify-full&sslrootcert=CA", ""),
    "psycopg": ("postgresql+psycopg", "sslmode=verify-full&sslrootcert=CA", ""),
    "pg8000": ("postgresql+pg8000", "", "ssl_context"),
    "pymysql": ("mysql+pymysql", "ssl_ca=CA", ""),
    "asyncpg": ("postgresql+asyncpg", "", "ssl"),
    "asyncmy": ("mysql+asyncmy", "ssl_ca=CA", ""),
}
APP = """
import os
import everyhop
from flask import Flask, render_template_string
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["BENCH_URL"]
app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 4}
db = SQLAlchemy(app)

class Tip(db.Model):
    __tablename__ = "tips"
    id = db.Column(db.Integer, primary_key=True)
    word = db.Column(db.String)

with app.app_context():
    if "verify-full" in os.environ["BENCH_URL"]:
        everyhop.guard(db.engine, local=[])

PAGE = (
    "<!doctype html><title>Tips</title><ul>{% for tip in tips %}"
    "<li><a href='{{ url_for('one', id=tip.id) }}'>{{ tip.word }}</a></li>{% endfor %}</ul>"
)

@app.get("/")
def every():
    return render_template_string(PAGE, tips=db.session.scalars(db.select(Tip).order_by(Tip.id)).all())

@app.get("/<int:id>")
def one(id):
    return db.get_or_404(Tip, id).word
"""


def connections(lab: Lab, servers: dict[str, Server], rounds: int) -> bool:
    """Microseconds for each driver; whether all are as promised."""
    opening.echo = lambda *_: None  # type: ignore[assignment]
    acts: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {}
    loop = asyncio.new_event_loop()
    for name, (scheme, query, context) in DRIVERS.items():
        acts[name] = _act(name, scheme, query, context, lab, servers[scheme.partition("+")[0]], loop)
    spent: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(rounds):
        for name in random.sample(list(acts), len(acts)):
            guarded, bare = (_timed(act) for act in acts[name])
            spent[name].append(guarded - bare)
    for name, each in spent.items():
        print(f"new connection, {name:9} {statistics.median(each):6.1f} µs")
    return all(statistics.median(each) <= PROMISED_MICROSECONDS for each in spent.values())


def _act(
    name: str, scheme: str, query: str, context: str, lab: Lab, server: Server, loop: asyncio.AbstractEventLoop
) -> tuple[Callable[[], Any], Callable[[], Any]]:
    from sqlalchemy import create_engine, event  # noqa: PLC0415
    from sqlalchemy.util import greenlet_spawn  # noqa: PLC0415

    written = server.url_with(query.replace("CA", str(lab.anchors)), host="localhost").reveal()
    arguments = {context: ssl.create_default_context(cafile=str(lab.anchors))} if context else {}
    engine = create_engine(f"{scheme}://{written.partition('://')[2]}", connect_args=arguments)
    handed: dict[str, Any] = {}
    event.listen(engine, "do_connect", lambda _d, _r, _p, given: handed.update(given))
    run = loop.run_until_complete

    def dialled() -> Any:
        proxy = engine.raw_connection()
        OPEN.append(proxy)  # a pool closes what nobody holds
        found = proxy.dbapi_connection
        proxy.detach()
        return found

    connection = run(greenlet_spawn(dialled)) if engine.dialect.is_async else dialled()

    def bare(**_: Any) -> Any:
        return connection

    engine.dialect.connect = bare  # type: ignore[method-assign]
    Guard(GuardSettings.parse({"EVERYHOP_LOCAL": []})).watch(engine, name)
    watched: Any = engine.dialect.connect

    def guarded_calls() -> None:
        for _ in range(CALLS):
            watched(**handed)
            watched.meet(connection, None)

    def bare_calls() -> None:
        for _ in range(CALLS):
            bare(**handed)

    if not engine.dialect.is_async:
        return guarded_calls, bare_calls

    async def inside(calls: Callable[[], None]) -> None:
        calls()

    return lambda: run(inside(guarded_calls)), lambda: run(inside(bare_calls))


def _timed(act: Callable[[], Any]) -> float:
    began = time.process_time_ns()
    act()
    return (time.process_time_ns() - began) / 1000 / CALLS


def requests(lab: Lab, rounds: int) -> bool:
    """Requests per second through gunicorn, over TLS and in plaintext; whether their ratio is as promised."""
    server = postgresql.start(lab, Assurance.OPPORTUNISTIC)
    _fill(server)
    queries = {"plaintext": "sslmode=disable", "TLS": f"sslmode=verify-full&sslrootcert={lab.anchors}"}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "bench_app.py").write_text(APP, encoding="utf-8")
        running = {
            name: _gunicorn(folder, server.url_with(query, host="localhost").reveal())
            for name, query in queries.items()
        }
        try:
            rates: dict[str, list[float]] = {name: [] for name in queries}
            for _ in range(rounds):
                for name in random.sample(list(queries), len(queries)):
                    rates[name].append(_rate(running[name][1]))
        finally:
            for process, _ in running.values():
                process.send_signal(signal.SIGTERM)
                process.wait(10)
    shares = [tls / plain for tls, plain in zip(rates["TLS"], rates["plaintext"], strict=True)]
    plain, tls = (statistics.median(rates[name]) for name in ("plaintext", "TLS"))
    share = statistics.median(shares)
    print(f"requests per second through a pool: plaintext {plain:.0f}, TLS {tls:.0f}, ratio {share:.3f}")
    return share >= PROMISED_SHARE


def _fill(server: Server) -> None:
    import psycopg  # noqa: PLC0415

    with psycopg.connect(server.url_with("", host="localhost").reveal().replace("+psycopg2", "")) as connection:
        connection.execute("CREATE TABLE tips AS SELECT n AS id, md5(n::text) AS word FROM generate_series(1, 20) AS n")


def _gunicorn(folder: str, url: str) -> tuple[subprocess.Popen[bytes], int]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--threads", "2", "--bind", f"127.0.0.1:{port}", "bench_app:app"]
    process = subprocess.Popen(
        command, cwd=folder, env={**os.environ, "BENCH_URL": url}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return process, port
    process.kill()
    raise SystemExit("gunicorn does not answer")


def _rate(port: int, seconds: float = 1.0, clients: int = 2) -> float:
    done = [0] * clients

    def client(number: int) -> None:
        leg = HTTPConnection("127.0.0.1", port)
        while time.monotonic() < end:
            leg.request("GET", "/")
            leg.getresponse().read()
            done[number] += 1
        leg.close()

    end = time.monotonic() + seconds
    threads = [Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / seconds


def main(rounds: int = 61) -> bool:
    """Both parts; whether both are as promised."""
    warnings.simplefilter("ignore")
    logging.getLogger("everyhop.guard").setLevel(logging.CRITICAL)
    with Lab.open("benchmark") as lab:
        servers = {"postgresql": postgresql.start(lab), "mysql": mariadb.start(lab)}
        kept = connections(lab, servers, rounds)
        return requests(lab, max(3, rounds // 6)) and kept


if __name__ == "__main__":
    sys.exit(not main(int(sys.argv[1]) if len(sys.argv) > 1 else 61))
