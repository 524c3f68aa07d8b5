"""How MySQL Connector/Python spells a posture: through SQLAlchemy's URL, or as keywords of `mysql.connector.connect`.

It is two drivers under one name, and they disagree: pure Python, which insists on TLS only with `ssl_verify_cert`, and
a C extension on libmysqlclient, which insists only with `ssl_verify_identity` and takes nothing but real booleans. The
build (`pure`; anything else is the C extension) or `use_pure` decides; where neither is known, both are possible.

Sources: Connector/Python's `abstracts.py`, `connection.py`, `connection_cext.py`, `network.py` and `optionfiles.py` of
8.0.33, 9.7 and 26.10; SQLAlchemy's `create_connect_args` (mysqlconnector.py); tests hold this reading against both
builds of the real one. What was before 8.0.33 was not measured: it may be anything down to plaintext.
"""

from everyhop.dialects.mysql_connector.options import anchors, endpoint, files_named
from everyhop.dialects.mysql_connector.reading import read
from everyhop.dialects.mysql_connector.writing import harden, write

__all__ = ["anchors", "endpoint", "files_named", "harden", "read", "write"]
