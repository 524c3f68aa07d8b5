"""How libpq spells a posture: psycopg 3, psycopg2 and psycopg2cffi, which hand their options to it as they are.

Sources: PostgreSQL 18's manual ("Database Connection Control Functions", "SSL Support") and libpq's fe-connect.c, held
against libpq 15, 17 and 18. What depends on libpq's version (`build`) and is not settled by it becomes bounds.
"""

from everyhop.dialects.libpq.options import files_named
from everyhop.dialects.libpq.place import endpoint
from everyhop.dialects.libpq.reading import anchors, read
from everyhop.dialects.libpq.writing import harden, write

__all__ = ["anchors", "endpoint", "files_named", "harden", "read", "write"]
