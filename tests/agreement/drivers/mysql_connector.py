"""MySQL Connector/Python in both of its builds, called directly and through SQLAlchemy."""

from __future__ import annotations

from typing import Any, Final

import mysql.connector as driver
from sqlalchemy.exc import DBAPIError

from everyhop.model.posture import Assurance
from everyhop.model.wire import Wire
from tests.agreement.driver import SECONDS, Driver, through_connect, through_sqlalchemy
from tests.agreement.spelled import Door, Spelled, call, url

SPELLINGS: Final[tuple[Spelled, ...]] = (
    url(),
    url("ssl_ca=ca.pem"),
    url("ssl_verify_cert=true"),
    url("ssl_verify_identity=true"),
    url("ssl_ca=ca.pem&ssl_verify_cert=true"),
    url("ssl_ca=ca.pem&ssl_verify_identity=true"),
    url("ssl_ca=ca.pem&ssl_verify_identity=false"),
    url("ssl_ca=ca.pem&ssl_verify_cert=true&ssl_verify_identity=true"),
    url("ssl_ca=ca.pem&ssl_disabled=false"),
    url("ssl_disabled=true"),
    url("ssl_verify_cert=maybe"),
    url("ssl_cert=client.pem&ssl_key=client.key"),
    url("ssl_ca=ca.pem&ssl_cert=client.pem&ssl_key=client.key"),
    url("sslmode=require"),
    url("ssl=true"),
    url(ssl_ca="ca.pem", ssl_verify_cert=True, ssl_verify_identity=True),
    call(),
    call(ssl_ca="ca.pem"),
    call(ssl_verify_cert=True),
    call(ssl_verify_identity=True),
    call(ssl_ca="ca.pem", ssl_verify_cert=True),
    call(ssl_ca="ca.pem", ssl_verify_identity=True),
    call(ssl_ca="ca.pem", ssl_verify_cert=True, ssl_verify_identity=True),
    call(ssl_ca="ca.pem", ssl_verify_cert=True, ssl_verify_identity=True, tls_versions=["TLSv1.3"]),
    call(ssl_ca="ca.pem", ssl_verify_cert=1, ssl_verify_identity=1),
    call(ssl_ca="ca.pem", ssl_verify_cert="false"),
    call(ssl_ca="ca.pem", ssl_disabled=True),
    call(ssl_ca="ca.pem", ssl_disabled=False),
    call(ssl_ca="ca.pem", ssl_disabled=None),
    call(ssl_cipher="ECDHE"),
    call(auth_plugin="mysql_clear_password", ssl_ca="ca.pem", ssl_verify_cert=True),
    call(ssl_mode="REQUIRED"),
    call(ssl={"ca": "ca.pem"}),
    call(tls_versions="TLSv1.3"),
    call(option_files="my.cnf").beside({"my.cnf": "[client]\nssl_ca=ca.pem\nssl_verify_identity=True\n"}),
)
# MariaDB does not know the collation that the driver would ask it for.
_ALWAYS: Final[dict[str, Any]] = {"connection_timeout": SECONDS, "collation": "utf8mb4_general_ci"}


def _build(*, pure: bool) -> Driver:
    always = {**_ALWAYS, "use_pure": pure}
    return Driver(
        name=f"mysql-connector ({'pure Python' if pure else 'C extension'})",
        dialect="mysql-connector",
        scheme="mysql+mysqlconnector",
        distribution="mysql-connector-python",
        wire=Wire.MYSQL,
        ways={
            Door.SQLALCHEMY: through_sqlalchemy("mysql+mysqlconnector", always),
            Door.CALL: through_connect(driver.connect, always),
        },
        refusals=(driver.Error, DBAPIError, TypeError, AttributeError, ValueError),
        spellings=SPELLINGS,
        fixed={"use_pure": pure},
        unwritable=frozenset({Assurance.ENCRYPTED} if pure else {Assurance.ENCRYPTED, Assurance.CHAIN_VERIFIED}),
    )


PURE: Final = _build(pure=True)
C_EXTENSION: Final = _build(pure=False)
