"""The driver is of a version that does not keep what its TLS settings promise.

PyMySQL before 1.2.0 goes on in plaintext when somebody on the path says that the server has no TLS, whatever is set: a
CA, `ssl_verify_identity`, a context that verifies. No setting mends such a version; a newer one does.

    PyMySQL>=1.2.0

Fires on a dialer whose driver's version, as a lock file, a requirement or the installation tells it, lies before the
one that keeps the promise; possible, where a requirement such as `>=1.1` allows versions on both sides. Silent where
nothing tells the version, and on hops where the policy demands no TLS. The dialects hold the boundaries, and real
drivers of both sides are held against them.
"""

from __future__ import annotations

from typing import Final

from everyhop.model.finding import Certainty, Severity
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Dialer
from everyhop.rules.noted import noted
from everyhop.rules.rule import Context, Fault, Rule

_MEASURED: Final = "measured with real drivers of both sides"

# Where the change is published; everything else was found out by measuring only.
_SOURCES: Final = {("pymysql", "1.2.0"): "PyMySQL's changelog, 1.2.0, and its pull request 1234"}


def _judge(dialer: Dialer, context: Context) -> Fault | None:
    found = noted(dialer, "outdated")
    if found is None or context.demand.assurance is Assurance.PLAINTEXT:
        return None
    driver, good = dialer.driver or dialer.product, found.details[-1]
    version = f" {dialer.version.value}" if dialer.version else ""
    sure = found.certainty is Certainty.CERTAIN
    return Fault(
        f"{driver}{version} is older than {good}" if sure else f"{driver}{version} may be older than {good}",
        f"before {good} it does not keep what its settings promise about TLS "
        f"({_SOURCES.get((driver, good), _MEASURED)})",
        found.certainty,
    )


RULE = Rule(
    name="outdated-driver",
    subject=Dialer,
    severity=Severity.MEDIUM,
    judge=_judge,
    cwe=("CWE-1395",),
    standards={"owasp-api": "API8:2023", "asvs": "15.2.1", "pci-dss": "6.3.3"},
    page=__doc__,
    advice="install that version or a later one, and ask for it in the requirements and in the lock",
)
