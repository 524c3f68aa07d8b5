"""A key is too short to resist.

RSA below 2048 bits and curves below 224 bits are out of use since 2014 (NIST SP 800-131A): with enough machines the
private key is computed from the public one. DSA keys are no longer made at all (FIPS 186-5).

Fires on a certificate or a private key with such a key: on RSA below 2048 bits, on DSA, on curves below 224 bits.
"""

from __future__ import annotations

import re

from everyhop.model.finding import Severity
from everyhop.model.sighting import KeyFile, ServedChain
from everyhop.rules.rule import Context, Fault, Rule

_LEAST = {"RSA": 2048, "EC": 224}  # bits; NIST SP 800-131A revision 2, table 2


def _judge(holder: KeyFile | ServedChain, context: Context) -> Fault | None:
    key = holder.chain.leaf.key if isinstance(holder, ServedChain) else holder.key
    if key is None or not _is_weak(key):
        return None
    return Fault(
        f"the {key} key is too weak",
        "whoever has enough machines computes the private key from the public one, and is the server",
    )


def _is_weak(key: str) -> bool:
    kind, _, size = key.partition(" ")
    bits = re.search(r"[0-9]{1,6}", size)
    return kind == "DSA" or (kind in _LEAST and bits is not None and int(bits[0]) < _LEAST[kind])


RULE = Rule(
    name="weak-key",
    subject=KeyFile | ServedChain,
    severity=Severity.HIGH,
    judge=_judge,
    cwe=("CWE-326",),
    standards={"asvs": "11.2.3", "nist-800-52r2": "3.2"},
    page=__doc__,
    advice="make a new key (EC P-256, or RSA of 3072 bits) and have it certified",
)
