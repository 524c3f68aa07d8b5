"""MariaDB Connector/Python on the Connector/C that it was built with, called directly and through SQLAlchemy."""

from __future__ import annotations

import warnings
from typing import Any, Final

from sqlalchemy.exc import DBAPIError

from everyhop.model.posture import Assurance
from everyhop.model.wire import Wire
from tests.agreement.driver import SECONDS, Driver, through_connect, through_sqlalchemy
from tests.agreement.ground import OTHER_ADDRESS
from tests.agreement.spelled import CONTEXT, Door, Spelled, call, url

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its docstrings have escapes that Python does not know
    import mariadb as driver  # type: ignore[import-untyped]

SPELLINGS: Final[tuple[Spelled, ...]] = (
    url(),
    url("ssl=true"),
    url("ssl_ca=ca.pem"),
    url("ssl_verify_cert=true"),
    url("ssl_ca=ca.pem&ssl_verify_cert=true"),
    url("ssl_ca=ca.pem&ssl_verify_cert=false"),
    url("ssl_ca=ca.pem&ssl_verify_identity=true"),
    url("ssl_cert=client.pem&ssl_key=client.key"),
    url("ssl_ca=ca.pem&ssl_cert=client.pem&ssl_key=client.key"),
    url("sslmode=require"),
    url(ssl_ca="ca.pem", ssl_verify_cert=True),
    call(),
    call(ssl=True),
    call(ssl={"ca": "ca.pem"}),
    call(ssl_ca="ca.pem"),
    call(ssl_ca=""),
    call(ssl_verify_cert=True),
    call(ssl_ca="ca.pem", ssl_verify_cert=True),
    call(ssl_ca="ca.pem", ssl_verify_cert="true"),
    call(ssl=CONTEXT),
)
_ALWAYS: Final[dict[str, Any]] = {"connect_timeout": SECONDS}

MARIADB: Final = Driver(
    name="mariadb",
    dialect="mariadb",
    scheme="mysql+mariadbconnector",
    distribution="mariadb",
    wire=Wire.MYSQL,
    ways={
        Door.SQLALCHEMY: through_sqlalchemy("mysql+mariadbconnector", _ALWAYS),
        Door.CALL: through_connect(driver.connect, _ALWAYS),
    },
    refusals=(driver.Error, DBAPIError, TypeError, AttributeError, ValueError),
    spellings=SPELLINGS,
    build=driver.mariadbapi_version,
    library="Connector/C",
    # For localhost it takes the unix socket, and for 127.0.0.1 Connector/C 3.4 does not look at the name.
    host=OTHER_ADDRESS,
    address=OTHER_ADDRESS,
    unwritable=frozenset({Assurance.ENCRYPTED, Assurance.CHAIN_VERIFIED}),
)
