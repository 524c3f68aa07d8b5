"""CRL: new revocation lists, noted in the ledger."""

from __future__ import annotations

from collections.abc import Callable

from everyhop.jobs.office import Office
from everyhop.lineage.standing import standing
from everyhop.model.secret import Secret


def renew(office: Office, passphrase: Callable[[], Secret]) -> str:
    """The lists of all generations with their next numbers, as PEM; the passphrase is asked for where one is needed.

    Raises `LineageError`, and `IssueError` for a wrong passphrase.
    """
    kept = office.authority()
    opener = passphrase() if kept.is_sealed() else None
    with office.ledger() as ledger:
        text = kept.renew_crl(opener)
        numbers = ", ".join(str(one.crl) for one in standing(kept, office.home).generations)
        ledger.append(office.authority_event(f"revocation list number {numbers}"))
    return text
