"""PyMySQL, called directly and through SQLAlchemy."""

from __future__ import annotations

import ssl
from typing import Any, Final

import pymysql as driver
from sqlalchemy.exc import DBAPIError

from everyhop.model.wire import Wire
from tests.agreement.driver import SECONDS, Driver, through_connect, through_sqlalchemy
from tests.agreement.spelled import BLIND_CONTEXT, CHAIN_CONTEXT, CONTEXT, STRICT_CONTEXT, Door, Spelled, call, url

SPELLINGS: Final[tuple[Spelled, ...]] = (
    url(),
    url("ssl_ca=ca.pem"),
    url("ssl_ca=ca.pem&ssl_check_hostname=false"),
    url("ssl_check_hostname=true"),
    url("ssl_ca=ca.pem&ssl_verify_identity=true"),
    url("ssl_ca=ca.pem&ssl_verify_cert=true"),
    url("ssl_ca=ca.pem&ssl_verify_cert=false"),
    url("ssl_ca=ca.pem&ssl_verify_cert=true&ssl_verify_identity=true"),
    url("ssl_verify_identity=true"),
    url("ssl_verify_identity=false"),
    url("ssl_verify_cert=false"),
    url("ssl_disabled=true"),
    url("ssl_ca=ca.pem&ssl_disabled=false"),
    url("ssl=true"),
    url("ssl_mode=REQUIRED"),
    url("ssl_cert=client.pem&ssl_key=client.key"),
    url("ssl_ca=ca.pem&ssl_cert=client.pem&ssl_key=client.key"),
    url("sslmode=require"),
    url("ssl_ca=ca.pem", ssl={"check_hostname": True}),
    url(ssl={"ca": "ca.pem"}),
    url(ssl={"ssl_ca": "ca.pem"}),
    url(ssl=CONTEXT),
    url(ssl_ca="ca.pem"),
    call(),
    call(ssl_ca="ca.pem"),
    call(ssl_ca="ca.pem", ssl_verify_cert=True),
    call(ssl_ca="ca.pem", ssl_verify_identity=True),
    call(ssl_ca="ca.pem", ssl_verify_cert=True, ssl_verify_identity=True),
    call(ssl_verify_identity=True),
    call(ssl_verify_cert=True),
    call(ssl={"ca": "ca.pem"}),
    call(ssl={"ca": "ca.pem", "check_hostname": False}),
    call(ssl={"ca": "ca.pem", "check_hostname": False, "verify_mode": "none"}),
    call(ssl={"ca": "ca.pem", "verify_mode": "none"}),
    call(ssl={"check_hostname": True}),
    call(ssl={"verify_mode": "required"}),
    call(ssl={"ssl_ca": "ca.pem"}),
    call(ssl={"ssl-mode": "VERIFY_IDENTITY"}),
    call(ssl={"fake_flag_to_enable_tls": True}),
    call(ssl_cert="client.pem", ssl_key="client.key"),
    call(ssl={"cert": "client.pem", "key": "client.key"}),
    call(ssl={}),
    call(ssl=True),
    call(ssl_ca="ca.pem", ssl_disabled=True),
    call(ssl=CONTEXT),
    call(ssl=STRICT_CONTEXT),
    call(ssl=CHAIN_CONTEXT),
    call(ssl=BLIND_CONTEXT),
    call(ssl=CONTEXT, ssl_verify_identity=True),
    call(read_default_file="my.cnf").beside({"my.cnf": "[client]\nssl-ca=ca.pem\n"}),
)
_ALWAYS: Final[dict[str, Any]] = {"connect_timeout": SECONDS}

PYMYSQL: Final = Driver(
    name="PyMySQL",
    dialect="pymysql",
    scheme="mysql+pymysql",
    distribution="pymysql",
    wire=Wire.MYSQL,
    ways={
        Door.SQLALCHEMY: through_sqlalchemy("mysql+pymysql", _ALWAYS),
        Door.CALL: through_connect(driver.connect, _ALWAYS),
    },
    # What PyMySQL and `ssl` raise over a spelling comes as it is, and as SQLAlchemy's where the driver raised its own.
    refusals=(driver.MySQLError, DBAPIError, ssl.SSLError, TypeError, AttributeError, ValueError),
    spellings=SPELLINGS,
)
