"""The asynchronous MySQL drivers as the agreement tests call them: directly, and through SQLAlchemy."""

from __future__ import annotations

import asyncio
import gc
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from sqlalchemy import NullPool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from everyhop.dialects.settings import PeerCheck, PythonContext
from everyhop.lab.server import Server
from everyhop.model.endpoint import TcpEndpoint
from tests.agreement import QUESTION, Attempt

SECONDS: Final = 5
REFUSALS: Final = (DBAPIError, ssl.SSLError, OSError, TypeError, AttributeError, ValueError)
"""What they raise over a spelling besides errors of their own; a time-out is an OSError."""


def live(value: Any, anchors: str) -> Any:
    """The same with a file that is there in place of `ANCHORS`, and with real contexts."""
    if isinstance(value, dict):
        return {key: live(inner, anchors) for key, inner in value.items()}
    if not isinstance(value, PythonContext):
        return anchors if value == "ANCHORS" else value
    made = ssl.create_default_context(cafile=anchors if value.anchors else None)
    made.check_hostname = value.check_hostname
    made.verify_mode = ssl.CERT_NONE if value.peer is PeerCheck.NONE else ssl.CERT_REQUIRED
    made.hostname_checks_common_name = value.common_name
    made.minimum_version = getattr(ssl.TLSVersion, value.floor.name.replace("TLS_", "TLSv"))
    return made


def by_call(driver: Any, keywords: Mapping[str, Any]) -> Attempt:
    """`driver.connect(…)` with these keywords."""

    async def ask(server: Server, at: TcpEndpoint) -> object:
        login = server.login
        assert login
        named = {"host": at.host, "port": at.port, "user": login.user, "password": login.password.reveal()}
        connection = await driver.connect(**named, db=login.database, connect_timeout=SECONDS, **keywords)
        try:
            async with connection.cursor() as cursor:
                await cursor.execute(QUESTION)
                (answer,) = await cursor.fetchone()
        finally:
            await connection.ensure_closed()
        return answer

    return lambda server, at: _run(ask, server, at)


def by_sqlalchemy(driver: str, query: str, arguments: Mapping[str, Any]) -> Attempt:
    """An engine for a URL with this query."""

    async def ask(server: Server, at: TcpEndpoint) -> object:
        url = server.url_with(query, host=at.host, port=at.port).reveal().replace("+pymysql", f"+{driver}")
        engine = create_async_engine(url, poolclass=NullPool, connect_args={"connect_timeout": SECONDS, **arguments})
        async with engine.connect() as connection:
            return await connection.scalar(text(QUESTION))

    return lambda server, at: _run(ask, server, at)


def _run(ask: Callable[[Server, TcpEndpoint], Awaitable[object]], server: Server, at: TcpEndpoint) -> object:
    """Ask, and let go of what a failure leaves behind: where the step to TLS fails, aiomysql forgets a socket."""
    try:
        return asyncio.run(asyncio.wait_for(ask(server, at), SECONDS))
    except Exception as error:  # noqa: BLE001 - raised again below, without the frames that hold the socket
        refusal = error.with_traceback(None)
        refusal.__cause__ = refusal.__context__ = None
    gc.collect()
    raise refusal
