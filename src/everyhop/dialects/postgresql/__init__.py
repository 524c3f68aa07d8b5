"""How PostgreSQL spells a listener's posture, in `postgresql.conf` and `pg_hba.conf`: `read` and `write`.

Held to PostgreSQL 15 by tests; the settings are those of 12 to 18 (documentation, sections 20.3.3 and 21.1).
"""

from everyhop.dialects.postgresql.hba import Verifiers
from everyhop.dialects.postgresql.posture import TlsFiles, Wording, read, write

__all__ = ["TlsFiles", "Verifiers", "Wording", "read", "write"]
