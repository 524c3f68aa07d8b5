"""The conversation of the child with its parent: which engines there are, and what each connection tells.

Lines, by `kind`: `told` (it went no further, and why), `loaded` (what was found), `dialing` (an engine hands these
arguments to its driver), `answer` (what its connection says), `end`.
"""

from __future__ import annotations

import os
import platform
import sys
import threading
from typing import Any, Protocol

from everyhop.runtime.application import load
from everyhop.runtime.dialing import dial
from everyhop.runtime.engines import Found, described, find, make
from everyhop.runtime.failure import Failure, read
from everyhop.runtime.hiding import Hiding, is_secret
from everyhop.runtime.root_file import home_root


class Reply(Protocol):
    """Where lines go; `forked` is whether the application has forked."""

    forked: bool

    def send(self, kind: str, **fields: Any) -> None:
        """One line."""


def ask(request: dict[str, Any], reply: Reply) -> None:
    """Answer one request, to its end or to the first thing that stops it."""
    hiding = Hiding()
    failure = _ask(request, reply, hiding)
    hiding.learn_from(os.environ)
    if failure is not None:
        reply.send("told", message=hiding(failure.message), hint=hiding(failure.hint))


def _ask(request: dict[str, Any], reply: Reply, hiding: Hiding) -> Failure | None:
    try:
        found = _found(request, hiding)
    except BaseException as error:  # noqa: BLE001 - sys.exit() in the application, too, has to be told
        return read(error, request.get("app"), request["directory"], forked=reply.forked)
    if isinstance(found, Failure):
        return found
    hiding.learn_from(os.environ)  # with what the application has loaded by itself
    lock = threading.Lock()

    def tell(kind: str, **fields: Any) -> None:
        with lock:
            reply.send(kind, **fields)

    tell(
        "loaded",
        python=platform.python_version(),
        sqlalchemy=sys.modules["sqlalchemy"].__version__,
        engines=[described(item, hiding) for item in found],
        environment=_tls_environment(),
        home_root=home_root(),
    )
    # One thread each: an endpoint that swallows packets holds up nobody but itself. The parent has the deadline.
    threads = [
        threading.Thread(target=dial, args=(index, item.engine, tell, hiding), daemon=True)
        for index, item in enumerate(found)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tell("end")
    return None


def _found(request: dict[str, Any], hiding: Hiding) -> list[Found] | Failure:
    if "url_env" in request:
        return [make(request["url_env"], hiding)]
    application = load(request["app"])
    return application if isinstance(application, Failure) else find(application, request["app"])


def _tls_environment() -> dict[str, str]:
    """The variables that libpq and OpenSSL act upon, as they are after the application has loaded its own."""
    names = [name for name in os.environ if name.startswith(("PG", "SSL_CERT_")) and not is_secret(name)]
    return {name: os.environ[name] for name in sorted(names)}
