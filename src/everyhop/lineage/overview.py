"""A lineage at a glance: what lives, when it is due, who uses it, what failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from everyhop.lineage.lineage import Lineage
from everyhop.lineage.renewal import Decision, Failures, decide
from everyhop.lineage.terms import IssuerName, Terms
from everyhop.lineage.version import Version
from everyhop.model.certificate import Revocation


@dataclass(frozen=True, slots=True)
class Overview:
    """`live` is None before the first version; `decision` None there, and where somebody else renews.

    `revoked` says since when its leaf is, by the internal authority's own lists.
    """

    name: str
    path: str
    terms: Terms
    live: Version | None
    decision: Decision | None
    failures: Failures
    revoked: Revocation | None = None


def overview(lineage: Lineage, now: datetime) -> Overview:
    """How it is now. Asks nobody: an issuer's advice is not in it. Raises `LineageError` for a damaged one."""
    terms, live, failures = lineage.terms(), lineage.live(), lineage.failures()
    decision = None
    if live is not None and terms.issuer is not IssuerName.ADOPTED:
        decision = decide(live.validity, now=now, seed=live.leaf.sha256, failures=failures)
    return Overview(lineage.name, lineage.path, terms, live, decision, failures)
