"""Found: make the internal authority, and note that it was made."""

from __future__ import annotations

from everyhop.jobs.office import Office
from everyhop.lineage import authority
from everyhop.lineage.authority import Founding, Seal
from everyhop.lineage.standing import Standing, standing
from everyhop.model.secret import Secret


def found(office: Office, founding: Founding, root: Secret, intermediate: Seal) -> Standing:
    """A new authority, sealed by these passphrases. Raises `LineageError` where there is one, which stays."""
    made = standing(authority.found(office.home, founding, root, intermediate, office.now), office.home)
    with office.ledger() as ledger:
        ledger.append(office.authority_event(f"made {made.name}: root sha256 {made.issuing.root.sha256}"))
    return made
