"""What does Everyhop cost? Processor time of this process, the middle of many rounds in shuffled order.

Targets: at most 6 µs for a request with eight headers, 10 µs with a nonce (Flask-Talisman's beside them).

python benchmarks/guard.py
"""

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_talisman import Talisman

from everyhop.flask import Everyhop

ROUNDS = 301
REQUESTS = 200
PROXIED = {
    "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/", "QUERY_STRING": "", "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "40000",
    "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.multithread": False, "wsgi.multiprocess": True,
    "wsgi.run_once": False, "HTTP_HOST": "tips.example.org", "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_FOR": "203.0.113.9", "HTTP_USER_AGENT": "Mozilla/5.0", "HTTP_ACCEPT": "text/html,*/*;q=0.8",
    "HTTP_ACCEPT_LANGUAGE": "en", "HTTP_ACCEPT_ENCODING": "gzip, deflate, br", "HTTP_COOKIE": "session=of-a-visitor",
}  # fmt: skip

Environ = dict[str, Any]


def application() -> Flask:
    """One view that answers with a word."""
    app = Flask("bench")
    app.add_url_rule("/", view_func=lambda: "ok")
    return app


def with_everyhop(**config: Any) -> Flask:
    app = application()
    app.config.update(config)
    Everyhop(app)
    return app


def with_talisman(**arguments: Any) -> Flask:
    app = application()
    Talisman(app, **arguments)
    return app


def same(_: int) -> Environ:
    return dict(PROXIED)


def each_its_own(number: int) -> Environ:
    """Every visitor has an address that was never seen before."""
    return PROXIED | {"HTTP_X_FORWARDED_FOR": f"203.{random.randrange(256)}.{random.randrange(256)}.{number % 256}"}  # noqa: S311


def nobody(_status: str, _headers: list[tuple[str, str]], _info: object = None) -> None:
    """A server that keeps nothing."""


def spent(app: Any, made: Callable[[int], Environ]) -> float:
    """Microseconds for a request."""
    environs = [made(number) for number in range(REQUESTS)]
    began = time.process_time_ns()
    for environ in environs:
        app(environ, nobody)
    return (time.process_time_ns() - began) / REQUESTS / 1000


def requests() -> None:
    csp = {"default-src": "'self'", "script-src": "'self'", "object-src": "'none'"}
    nonce = ["script-src"]
    bare = application()
    cases: dict[str, tuple[Any, Callable[[int], Environ]]] = {
        "Flask": (bare, same),
        "Everyhop, eight headers": (with_everyhop(), same),
        "Everyhop, eight headers, new visitors": (with_everyhop(), each_its_own),
        "Everyhop, with a nonce": (with_everyhop(EVERYHOP_CSP=csp, EVERYHOP_CSP_NONCE_IN=nonce), same),
        "Talisman": (with_talisman(), same),
        "Talisman, with a nonce": (
            with_talisman(content_security_policy=csp, content_security_policy_nonce_in=nonce),
            same,
        ),
    }
    took: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name in random.sample(list(cases), len(cases)):
            took[name].append(spent(*cases[name]))
    base = took["Flask"]
    print(f"{statistics.median(base):8.1f} µs  Flask alone, a request")
    for name in list(cases)[1:]:
        # Each round beside the bare request of the same round: a machine that is slow just then is slow for both.
        more = [mine - bare for mine, bare in zip(took[name], base, strict=True)]
        low, middle, high = (statistics.quantiles(more, n=4)[place] for place in range(3))
        least = min(took[name]) - min(base)
        print(f"{middle:+8.1f} µs  {name}  (half of the rounds between {low:.1f} and {high:.1f}; the best {least:.1f})")


def main() -> None:
    requests()


if __name__ == "__main__":
    main()
