"""How asyncpg spells a posture: in its own DSN, as keywords, through SQLAlchemy, or as an `ssl.SSLContext`.

Sources: asyncpg's `connect_utils.py` of 0.27 to 0.32 and SQLAlchemy's asyncpg dialect of 2.1; tests hold this reading
against the real ones. Through SQLAlchemy a URL carries `ssl` alone: trust anchors then come from PGSSLROOTCERT or in
a context. Turning points: before 0.27 nothing was measured; 0.30 knows `sslnegotiation`; 0.31 reads service files;
0.32 refuses direct TLS with weak modes.
"""

from everyhop.dialects.asyncpg.options import files_named
from everyhop.dialects.asyncpg.place import endpoint
from everyhop.dialects.asyncpg.reading import anchors, read
from everyhop.dialects.asyncpg.writing import harden, write

__all__ = ["anchors", "endpoint", "files_named", "harden", "read", "write"]
