"""asyncpg, called directly with its own DSN or keywords, and through SQLAlchemy."""

from __future__ import annotations

from typing import Final

import asyncpg as driver  # type: ignore[import-untyped]
from sqlalchemy.exc import DBAPIError

from everyhop.model.wire import Wire
from tests.agreement.driver import QUESTION, SECONDS, Dial, Driver, awaited, through_async_sqlalchemy
from tests.agreement.spelled import BLIND_CONTEXT, CHAIN_CONTEXT, CONTEXT, STRICT_CONTEXT, Door, Spelled, call, dsn, url

SPELLINGS: Final[tuple[Spelled, ...]] = (
    url(),
    url("ssl=disable"),
    url("ssl=allow"),
    url("ssl=prefer"),
    url("ssl=require"),
    url("ssl=verify-ca"),
    url("ssl=verify-full"),
    url("ssl=true"),
    url("sslmode=require"),
    url("sslmode=verify-full&sslrootcert=ca.pem"),
    url("ssl=verify-full").within(PGSSLROOTCERT="ca.pem"),
    url("ssl=verify-ca").within(PGSSLROOTCERT="ca.pem"),
    url("ssl=require").within(PGSSLROOTCERT="ca.pem"),
    url("ssl=prefer").within(PGSSLMODE="verify-full", PGSSLROOTCERT="ca.pem"),
    url().within(PGSSLMODE="verify-full", PGSSLROOTCERT="ca.pem"),
    url(ssl=False),
    url(ssl=True),
    url(ssl="require"),
    url(ssl=CONTEXT),
    url(ssl=STRICT_CONTEXT),
    url(ssl=CHAIN_CONTEXT),
    url(ssl=BLIND_CONTEXT),
    url("ssl=prefer", ssl=CONTEXT),
    call(),
    call(ssl="require"),
    call(ssl=True),
    call(ssl=CONTEXT),
    call(sslmode="require"),
    dsn(),
    dsn("sslmode=disable"),
    dsn("sslmode=allow"),
    dsn("sslmode=prefer&sslrootcert=ca.pem"),
    dsn("sslmode=require"),
    dsn("sslmode=require&sslrootcert=ca.pem"),
    dsn("sslmode=verify-ca&sslrootcert=ca.pem"),
    dsn("sslmode=verify-full&sslrootcert=ca.pem"),
    dsn("sslmode=verify-full&sslrootcert=ca.pem&ssl_min_protocol_version=TLSv1.3"),
    dsn("sslmode=verify-full&sslrootcert=system"),
    dsn("sslmode=verify-full&sslrootcert=ca.pem", ssl=False),
    dsn("sslmode=require&sslnegotiation=direct").needing(17),
    dsn("sslmode=verify-full&sslrootcert=ca.pem&sslnegotiation=direct").needing(17),
    dsn("sslmode=require&sslcert=client.pem&sslkey=client.key"),
    dsn("ssl=require"),
    dsn("sslmod=require"),
    dsn("channel_binding=require"),
    dsn("requiressl=1"),
)


async def _connect(dial: Dial) -> object:
    own = dial.spelled.door is Door.DSN
    place = {"dsn": dial.url("postgres")} if own else {**dial.keywords, "database": dial.login.database}
    connection = await driver.connect(**place, timeout=SECONDS, **dial.spelled.arguments)
    try:
        return await connection.fetchval(QUESTION)
    finally:
        await connection.close(timeout=2)


ASYNCPG: Final = Driver(
    name="asyncpg",
    dialect="asyncpg",
    scheme="postgresql+asyncpg",
    distribution="asyncpg",
    wire=Wire.POSTGRES,
    ways={
        Door.SQLALCHEMY: through_async_sqlalchemy("postgresql+asyncpg", {"timeout": SECONDS}),
        Door.CALL: awaited(_connect),
        Door.DSN: awaited(_connect),
    },
    refusals=(
        driver.PostgresError, driver.InterfaceError, driver.InternalClientError, DBAPIError, OSError, TypeError,
    ),
    spellings=SPELLINGS,
)  # fmt: skip
