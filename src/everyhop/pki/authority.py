"""An authority of one's own: a root that signs leaves for servers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from everyhop.errors import IssueError
from everyhop.model.certificate import CertificateRequest, Issued
from everyhop.model.secret import Secret
from everyhop.model.validity import Validity
from everyhop.pki import certificate
from everyhop.pki.key import PrivateKey, new_key, pem_of
from everyhop.pki.request import general_names
from everyhop.x509.parse import chain_from_pem

Clock = Callable[[], datetime]

ROOT_LIFETIME: Final = timedelta(days=3650)
# A dialer whose clock is slow must not find a fresh certificate "not valid yet"; of a short life at most a tenth.
_SLOW_CLOCKS: Final = timedelta(minutes=5)
_SECOND: Final = timedelta(seconds=1)  # the resolution of a certificate's times


class Authority:
    """A root certificate and its key; `issue` makes it a `model.issuer.Issuer`.

    The key lives in memory; who keeps an authority on a disk writes it there.
    """

    __slots__ = ("_certificate", "_key", "_now")

    def __init__(self, root: x509.Certificate, key: PrivateKey, now: Clock) -> None:
        self._certificate = root
        self._key = key
        self._now = now

    @classmethod
    def create(cls, common_name: str, now: Clock, lifetime: timedelta = ROOT_LIFETIME) -> Authority:
        """A new root of this name. `now` is the clock, which `issue` asks too. Raises `IssueError`."""
        if not 0 < len(common_name) <= certificate.COMMON_NAME_LIMIT or not common_name.isprintable():
            limit = certificate.COMMON_NAME_LIMIT
            raise IssueError(f"the name of an authority has 1 to {limit} printable characters")
        key = new_key()
        return cls(certificate.root(common_name, key, _period(now(), lifetime)), key, now)

    @property
    def anchors_pem(self) -> str:
        """The root as PEM: what dialers are told to believe."""
        return _pem(self._certificate)

    @property
    def key_pem(self) -> Secret:
        """The root's private key."""
        return pem_of(self._key)

    def issue(self, request: CertificateRequest) -> Issued:
        """A fresh key and a leaf for these names; it never outlives its issuer. Raises `IssueError`."""
        names = general_names(request)
        validity = self._within_my_own(_period(self._now(), request.lifetime))
        key = new_key()
        chain_pem = _pem(certificate.leaf(names, key, validity, self._certificate, self._key))
        return Issued(chain_pem, self.anchors_pem, pem_of(key), chain_from_pem(chain_pem))

    def _within_my_own(self, validity: Validity) -> Validity:
        last = self._certificate.not_valid_after_utc
        if last <= validity.not_before:
            raise IssueError(
                f"the authority expired on {last:%Y-%m-%d}", hint="make a new one: nobody would believe its leaves"
            )
        return Validity(validity.not_before, min(validity.not_after, last))


def _period(now: datetime, lifetime: timedelta) -> Validity:
    """`lifetime` long, counting both its first and its last second, with `now` inside."""
    if lifetime < _SECOND:
        raise IssueError("a certificate that lives for less than a second is of no use", key="lifetime")
    not_before = (now - min(_SLOW_CLOCKS, lifetime / 10)).replace(microsecond=0)
    try:
        return Validity(not_before, not_before + lifetime - _SECOND)
    except OverflowError as error:
        raise IssueError("the lifetime ends after the year 9999", key="lifetime") from error


def _pem(one: x509.Certificate) -> str:
    return one.public_bytes(Encoding.PEM).decode("ascii")
