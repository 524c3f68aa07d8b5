"""aiomysql and asyncmy, PyMySQL's asynchronous relatives, called directly and through SQLAlchemy."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any, Final

import aiomysql  # type: ignore[import-untyped]
import asyncmy
from asyncmy.errors import MySQLError
from sqlalchemy.exc import DBAPIError

from everyhop.model.posture import Assurance
from everyhop.model.wire import Wire
from tests.agreement.driver import QUESTION, SECONDS, Dial, Driver, Way, awaited, through_async_sqlalchemy
from tests.agreement.spelled import BLIND_CONTEXT, CHAIN_CONTEXT, CONTEXT, STRICT_CONTEXT, Door, Spelled, call, url

_BOTH: Final[tuple[Spelled, ...]] = (
    url(),
    url("ssl_ca=ca.pem"),
    url("ssl_ca=ca.pem&ssl_check_hostname=false"),
    url("ssl_check_hostname=true"),
    url("ssl_ca=ca.pem&ssl_verify_identity=true"),
    url("ssl=true"),
    url("ssl_disabled=false"),
    url("ssl_cert=client.pem&ssl_key=client.key"),
    url("ssl_ca=ca.pem&ssl_cert=client.pem&ssl_key=client.key"),
    url("sslmode=require"),
    url(ssl={"ca": "ca.pem"}),
    url(ssl=CONTEXT),
    call(),
    call(ssl=True),
    call(ssl="true"),
    call(ssl={}),
    call(ssl={"ca": "ca.pem"}),
    call(ssl_ca="ca.pem"),
    call(ssl=CONTEXT),
    call(ssl=STRICT_CONTEXT),
    call(ssl=CHAIN_CONTEXT),
    call(ssl=BLIND_CONTEXT),
)
_ASYNCMY: Final[tuple[Spelled, ...]] = (
    *_BOTH,
    call(ssl={"ca": "ca.pem", "check_hostname": False}),
    call(ssl={"ca": "ca.pem", "check_hostname": False, "verify_mode": "none"}),
    call(ssl={"ca": "ca.pem", "verify_mode": "none"}),
    call(ssl={"check_hostname": True}),
    call(ssl={"verify_mode": "required"}),
    call(ssl={"ssl_ca": "ca.pem"}),
)
# What they raise over a spelling besides errors of their own; a time-out is an OSError.
_REFUSALS: Final = (DBAPIError, ssl.SSLError, OSError, TypeError, AttributeError, ValueError)


def _called(connect: Callable[..., Any]) -> Way:
    async def ask(dial: Dial) -> object:
        place = {**dial.keywords, "db": dial.login.database, "connect_timeout": SECONDS}
        connection = await connect(**place, **dial.spelled.arguments)
        try:
            async with connection.cursor() as cursor:
                await cursor.execute(QUESTION)
                (told,) = await cursor.fetchone()
        finally:
            await connection.ensure_closed()
        return told

    return awaited(ask)


AIOMYSQL: Final = Driver(
    name="aiomysql",
    dialect="aiomysql",
    scheme="mysql+aiomysql",
    distribution="aiomysql",
    wire=Wire.MYSQL,
    ways={
        Door.SQLALCHEMY: through_async_sqlalchemy("mysql+aiomysql", {"connect_timeout": SECONDS}),
        Door.CALL: _called(aiomysql.connect),
    },
    refusals=(*_REFUSALS, aiomysql.MySQLError),
    spellings=_BOTH,
    unwritable=frozenset({Assurance.ENCRYPTED, Assurance.CHAIN_VERIFIED, Assurance.IDENTITY_VERIFIED}),
)
ASYNCMY: Final = Driver(
    name="asyncmy",
    dialect="asyncmy",
    scheme="mysql+asyncmy",
    distribution="asyncmy",
    wire=Wire.MYSQL,
    ways={
        Door.SQLALCHEMY: through_async_sqlalchemy("mysql+asyncmy", {"connect_timeout": SECONDS}),
        Door.CALL: _called(asyncmy.connect),
    },
    refusals=(*_REFUSALS, MySQLError),
    spellings=_ASYNCMY,
    unwritable=frozenset({Assurance.OPPORTUNISTIC}),
)
