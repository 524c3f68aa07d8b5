"""Who may answer a driver: the servers, and whoever sits on the path to them."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Case(Enum):
    """The word at the head of a column, and the sentence that explains it."""

    OFF = ("off", "a server without TLS")
    GOOD = ("good", "a server that takes both, with a good certificate")
    IP_SAN = ("IP only", "the same, dialled by its address, which is all that its certificate names")
    CN_ONLY = ("CN only", "the same with a certificate of the trusted authority that has the name in its CN alone")
    SELF_SIGNED = ("self-signed", "the same with a certificate that vouches for itself")
    UNTRUSTED = ("untrusted", "the same with a certificate of an authority that nobody trusts")
    EXPIRED = ("expired", "the same with a certificate of the trusted authority that is no longer valid")
    NOT_YET_VALID = ("not yet", "the same with one that is not yet valid")
    WRONG_NAME = ("other name", "the same with one for another name")
    STRIP = ("strip", "a relay that says there is no TLS, and goes on in plaintext to a server that takes both")
    STRIP_TLS_UP = (
        "strip, TLS behind",
        "the same, but with TLS to the server, which says that all is encrypted",
    )
    IMPOSTOR = ("impostor", "a relay that ends TLS with a certificate of an authority that nobody trusts")
    COLLEAGUE = ("colleague", "a relay that ends TLS with a certificate of the trusted authority for another name")
    ASKS = ("asks", "a listener without TLS that asks for the password in clear")
    ASKS_VERIFIED = ("good, asks", "the server with the good certificate, asking for the password in clear inside TLS")

    def __init__(self, heading: str, sentence: str) -> None:
        self.heading = heading
        self.sentence = sentence


WRONG_CHAIN: Final = frozenset({Case.SELF_SIGNED, Case.UNTRUSTED, Case.EXPIRED, Case.NOT_YET_VALID, Case.IMPOSTOR})
"""No chain to a trust anchor that is valid now."""
WRONG_NAME: Final = frozenset({Case.WRONG_NAME, Case.COLLEAGUE})
"""A good chain, for somebody else."""
TERMINATING: Final = frozenset({Case.IMPOSTOR, Case.COLLEAGUE})
"""Attackers who read what is inside TLS."""
WITHOUT_TLS: Final = frozenset({Case.OFF, Case.STRIP, Case.STRIP_TLS_UP, Case.ASKS})
"""As far as the driver can see."""
ATTACKS: Final = TERMINATING | {Case.STRIP, Case.STRIP_TLS_UP, Case.ASKS}
"""Somebody sits on the path."""
ASKING: Final = frozenset({Case.ASKS, Case.ASKS_VERIFIED})
"""The password is asked for in clear, and then the connection ends."""
