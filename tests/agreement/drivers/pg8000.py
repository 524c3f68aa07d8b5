"""pg8000, called directly and through SQLAlchemy."""

from __future__ import annotations

from typing import Any, Final

import pg8000.dbapi as driver  # type: ignore[import-untyped]
from sqlalchemy.exc import DBAPIError

from everyhop.model.wire import Wire
from tests.agreement.driver import SECONDS, Driver, through_connect, through_sqlalchemy
from tests.agreement.spelled import BLIND_CONTEXT, CHAIN_CONTEXT, CONTEXT, STRICT_CONTEXT, Door, Spelled, call, url

SPELLINGS: Final[tuple[Spelled, ...]] = (
    url(),
    url("ssl_context=true"),
    url("sslmode=require"),
    url("ssl=true"),
    url(ssl_context=None),
    url(ssl_context=True),
    url(ssl_context=False),
    url(ssl_context=CONTEXT),
    url(ssl_context=STRICT_CONTEXT),
    url(ssl_context=CHAIN_CONTEXT),
    url(ssl_context=BLIND_CONTEXT),
    url(ssl_context={"ca": "ca.pem"}),
    url().within(PGSSLMODE="verify-full", PGSSLROOTCERT="ca.pem"),
    call(),
    call(ssl_context=True),
    call(ssl_context=CONTEXT),
    call(sslmode="require"),
)
_ALWAYS: Final[dict[str, Any]] = {"timeout": SECONDS}

PG8000: Final = Driver(
    name="pg8000",
    dialect="pg8000",
    scheme="postgresql+pg8000",
    distribution="pg8000",
    wire=Wire.POSTGRES,
    ways={
        Door.SQLALCHEMY: through_sqlalchemy("postgresql+pg8000", _ALWAYS),
        Door.CALL: through_connect(driver.connect, _ALWAYS),
    },
    refusals=(DBAPIError, driver.Error, OSError, TypeError, AttributeError),
    spellings=SPELLINGS,
)
