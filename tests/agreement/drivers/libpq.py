"""psycopg2 and psycopg 3, which hand their options to libpq."""

from __future__ import annotations

from typing import Any, Final

import psycopg
import psycopg2
import psycopg2.extensions
from psycopg import pq
from sqlalchemy.exc import DBAPIError

from everyhop.model.wire import Wire
from tests.agreement.driver import (
    QUESTION,
    SECONDS,
    Dial,
    Driver,
    answer,
    awaited,
    through_async_sqlalchemy,
    through_connect,
    through_sqlalchemy,
)
from tests.agreement.spelled import Door, Spelled, call, dsn, url

_SERVICE: Final = "[tips]\nsslmode=verify-full\nsslrootcert=ca.pem\n"

SPELLINGS: Final[tuple[Spelled, ...]] = (
    url(),
    url("sslmode=disable"),
    url("sslmode=allow"),
    url("sslmode=prefer"),
    url("sslrootcert=ca.pem"),
    url("sslmode=prefer&sslrootcert=ca.pem"),
    url("sslmode=require"),
    url("sslmode=require&sslrootcert=ca.pem"),
    url("sslmode=verify-ca"),
    url("sslmode=verify-ca&sslrootcert=ca.pem"),
    url("sslmode=verify-full"),  # and no file in the home folder
    url("sslmode=verify-full&sslrootcert=ca.pem"),
    url("sslmode=verify-full&sslrootcert=ca.pem&ssl_min_protocol_version=TLSv1.3"),
    url("sslmode=verify-full&sslrootcert=system"),
    url("sslrootcert=system"),
    url("channel_binding=require"),
    url("sslmode=disable&channel_binding=require"),
    url("sslmode=prefer&channel_binding=require"),
    url("sslmode=require&channel_binding=require"),
    url("sslmode=verify-full&sslrootcert=ca.pem&channel_binding=require"),
    url("sslmode=require&require_auth=scram-sha-256"),
    url("require_auth=scram-sha-256"),
    url("sslmode=verify-full&sslrootcert=ca.pem&require_auth=scram-sha-256"),
    url("sslcert=client.pem&sslkey=client.key"),
    url("sslmode=require&sslcert=client.pem&sslkey=client.key"),
    url("sslmode=verify-full&sslrootcert=ca.pem&hostaddr=127.0.0.1"),
    url("sslmode=verify_full"),
    url("sslmod=require"),
    url("ssl=require"),
    url("ssl=true"),
    url("ssl_ca=ca.pem"),
    url(sslmode="verify-full", sslrootcert="ca.pem"),
    url("sslmode=verify-full&sslrootcert=ca.pem", sslmode="prefer"),
    url().within(PGSSLMODE="require"),
    url().within(PGSSLMODE="verify-full", PGSSLROOTCERT="ca.pem"),
    url("sslmode=prefer").within(PGSSLMODE="verify-full", PGSSLROOTCERT="ca.pem"),
    url("sslmode=require").within(PGSSLROOTCERT="ca.pem"),
    url().within(PGCHANNELBINDING="require"),
    url("sslmode=require&sslnegotiation=direct").needing(17),
    url("sslmode=verify-full&sslrootcert=ca.pem&sslnegotiation=direct").needing(17),
    url("sslmode=prefer&sslnegotiation=direct").needing(17),
    call(),
    call(sslmode="require"),
    call(sslmode="verify-full", sslrootcert="ca.pem"),
    call(ssl_ca="ca.pem"),
    dsn(),
    dsn("ssl=true"),
    dsn("sslmode=require"),
    dsn("sslmode=verify-full&sslrootcert=ca.pem"),
    url("service=tips").within(PGSERVICEFILE="pg_service.conf").beside({"pg_service.conf": _SERVICE}),
    url("sslmode=prefer&service=tips").within(PGSERVICEFILE="pg_service.conf").beside({"pg_service.conf": _SERVICE}),
)
# The library is the same: enough to see that nothing else is between.
_ASYNC: Final = (
    url(),
    url("sslmode=require"),
    url("sslmode=require&sslrootcert=ca.pem"),
    url("sslmode=verify-full&sslrootcert=ca.pem"),
    url("channel_binding=require"),
    url("ssl=require"),
    url().within(PGSSLMODE="verify-full", PGSSLROOTCERT="ca.pem"),
    call(),
    call(sslmode="verify-full", sslrootcert="ca.pem"),
)
_ALWAYS: Final[dict[str, Any]] = {"connect_timeout": SECONDS}


async def _call_async(dial: Dial) -> object:
    keywords = {**dial.keywords, "dbname": dial.login.database, **_ALWAYS, **dial.spelled.arguments}
    async with await psycopg.AsyncConnection.connect(**keywords) as connection:
        told = await (await connection.execute(QUESTION)).fetchone()
        return told[0] if told else None


PSYCOPG2: Final = Driver(
    name="psycopg2",
    dialect="psycopg2",
    scheme="postgresql+psycopg2",
    distribution="psycopg2-binary",
    wire=Wire.POSTGRES,
    ways={
        Door.SQLALCHEMY: through_sqlalchemy("postgresql+psycopg2", _ALWAYS),
        Door.CALL: through_connect(psycopg2.connect, _ALWAYS, "dbname"),
        Door.DSN: lambda dial: answer(psycopg2.connect(dial.url("postgres"), **_ALWAYS)),
    },
    refusals=(DBAPIError, psycopg2.Error),
    spellings=SPELLINGS,
    build=str(psycopg2.extensions.libpq_version() // 10000),
    library="libpq",
)
PSYCOPG: Final = Driver(
    name="psycopg",
    dialect="psycopg",
    scheme="postgresql+psycopg",
    distribution="psycopg",
    wire=Wire.POSTGRES,
    ways={
        Door.SQLALCHEMY: through_sqlalchemy("postgresql+psycopg", _ALWAYS),
        Door.CALL: through_connect(psycopg.connect, _ALWAYS, "dbname"),
        Door.DSN: lambda dial: answer(psycopg.connect(dial.url("postgres"), **_ALWAYS)),
    },
    refusals=(DBAPIError, psycopg.Error),
    spellings=SPELLINGS,
    build=str(pq.version() // 10000),
    library="libpq",
)
PSYCOPG_ASYNC: Final = Driver(
    name="psycopg_async",
    dialect="psycopg",
    scheme="postgresql+psycopg_async",
    distribution="psycopg",
    wire=Wire.POSTGRES,
    ways={
        Door.SQLALCHEMY: through_async_sqlalchemy("postgresql+psycopg_async", _ALWAYS),
        Door.CALL: awaited(_call_async),
    },
    refusals=(DBAPIError, psycopg.Error),
    spellings=_ASYNC,
    build=str(pq.version() // 10000),
    library="libpq",
)
