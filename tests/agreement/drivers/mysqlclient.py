"""mysqlclient (MySQLdb) on the C library that it was built with, called directly and through SQLAlchemy."""

from __future__ import annotations

from typing import Any, Final

import MySQLdb
from sqlalchemy.exc import DBAPIError

from everyhop.model.posture import Assurance
from everyhop.model.wire import Wire
from tests.agreement.driver import SECONDS, Driver, through_connect, through_sqlalchemy
from tests.agreement.ground import OTHER_ADDRESS
from tests.agreement.spelled import CONTEXT, Door, Spelled, call, url

SPELLINGS: Final[tuple[Spelled, ...]] = (
    url(),
    url("ssl_ca=ca.pem"),
    url("ssl_mode=PREFERRED"),
    url("ssl_mode=REQUIRED"),
    url("ssl_mode=VERIFY_CA"),
    url("ssl_mode=VERIFY_CA&ssl_ca=ca.pem"),
    url("ssl_mode=VERIFY_IDENTITY"),
    url("ssl_mode=VERIFY_IDENTITY&ssl_ca=ca.pem"),
    url("ssl_mode=DISABLED&ssl_ca=ca.pem"),
    url("ssl_mode=verify_identity&ssl_ca=ca.pem"),
    url("ssl_ca=ca.pem&ssl_check_hostname=true"),
    url("ssl=true"),
    url("ssl_cert=client.pem&ssl_key=client.key"),
    url("ssl_ca=ca.pem&ssl_cert=client.pem&ssl_key=client.key"),
    url("sslmode=require"),
    url("ssl_ca=ca.pem&ssl_verify_identity=true"),
    url(ssl={"ca": "ca.pem"}),
    url(ssl_mode="VERIFY_IDENTITY", ssl={"ca": "ca.pem"}),
    call(),
    call(ssl=True),
    call(ssl={}),
    call(ssl={"ca": "ca.pem"}),
    call(ssl={"ssl_ca": "ca.pem"}),
    call(ssl_mode="REQUIRED"),
    call(ssl_mode="VERIFY_CA", ssl={"ca": "ca.pem"}),
    call(ssl_mode="VERIFY_IDENTITY", ssl={"ca": "ca.pem"}),
    call(ssl=CONTEXT),
    call(ssl_ca="ca.pem"),
    call(read_default_file="my.cnf").beside({"my.cnf": "[client]\nssl-ca=ca.pem\n"}),
)
_ALWAYS: Final[dict[str, Any]] = {"connect_timeout": SECONDS}

MYSQLCLIENT: Final = Driver(
    name="mysqlclient",
    dialect="mysqlclient",
    scheme="mysql+mysqldb",
    distribution="mysqlclient",
    wire=Wire.MYSQL,
    ways={
        Door.SQLALCHEMY: through_sqlalchemy("mysql+mysqldb", _ALWAYS),
        Door.CALL: through_connect(MySQLdb.connect, _ALWAYS),
    },
    refusals=(MySQLdb.MySQLError, DBAPIError, TypeError, AttributeError, ValueError),
    spellings=SPELLINGS,
    build=MySQLdb.get_client_info(),  # type: ignore[no-untyped-call]
    library="Connector/C",
    # For localhost it takes the unix socket, and for 127.0.0.1 Connector/C 3.4 does not look at the name.
    host=OTHER_ADDRESS,
    address=OTHER_ADDRESS,
    unwritable=frozenset({Assurance.ENCRYPTED, Assurance.CHAIN_VERIFIED}),
)
