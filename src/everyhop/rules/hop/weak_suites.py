"""The listener was told to take broken cipher suites.

RC4 (RFC 7465), single and triple DES (CVE-2016-2183), export suites, MD5 and suites without encryption or without a
certificate are no protection: what they hide can be read or changed. A list that names them was made for clients that
have not existed for ten years, and is copied on.

    ssl_ciphers HIGH:MEDIUM:RC4;                  # this
    ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;      # becomes this

Fires on a list that lets such a family in, and on `@SECLEVEL=0`, with which OpenSSL takes what it refuses otherwise.
Silent where a later `!` takes it out again. Whether the OpenSSL of the server still has the suite is not looked at.
"""

from __future__ import annotations

from everyhop.model.finding import Severity
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Suites
from everyhop.rules.rule import Context, Fault, Rule


def _judge(suites: Suites, context: Context) -> Fault | None:
    if not suites.weak or context.demand.assurance is Assurance.PLAINTEXT:
        return None
    return Fault(
        f"{suites.product} is told to take weak cipher suites: {', '.join(suites.weak)}",
        "an attacker who can make both sides agree on one of them reads or changes what it hides",
    )


RULE = Rule(
    name="weak-suites",
    subject=Suites,
    severity=Severity.MEDIUM,
    judge=_judge,
    cwe=("CWE-327",),
    standards={"asvs": "12.1.2", "pci-dss": "4.2.1", "nist-800-52r2": "3.3.1"},
    page=__doc__,
    advice="name only suites with forward secrecy and AEAD (ECDHE with AES-GCM or ChaCha20), or leave the list out",
)
