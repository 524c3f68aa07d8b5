"""Certificates for tests: good ones in one line, and ones that are wrong on purpose, built from the same parts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from everyhop.model.certificate import CertificateRequest, Issued
from everyhop.model.validity import Validity
from everyhop.pki import certificate
from everyhop.pki.authority import Authority
from everyhop.pki.key import PrivateKey, new_key, pem_of
from everyhop.pki.request import general_names
from everyhop.x509.parse import chain_from_pem

MONTH = timedelta(days=30)


def utc_now() -> datetime:
    return datetime.now(UTC)


def new_authority(name: str = "Test CA") -> Authority:
    return Authority.create(name, utc_now)


def good(authority: Authority, *names: str) -> Issued:
    return authority.issue(CertificateRequest(names, MONTH))


def expired(authority: Authority, *names: str) -> Issued:
    """It was good a year ago, for a month."""
    return _issued_at(authority, utc_now() - timedelta(days=365), *names)


def not_yet_valid(authority: Authority, *names: str) -> Issued:
    """It will be good in a year, for a month."""
    return _issued_at(authority, utc_now() + timedelta(days=365), *names)


def self_signed(*names: str) -> Issued:
    """Right in everything but that it vouches for itself; `anchors_pem` is another authority's."""
    key = new_key()
    general = general_names(CertificateRequest(names, MONTH))
    issuer = certificate.root(names[0], key, _month_from(utc_now()))
    return _pack(certificate.leaf(general, key, _month_from(utc_now()), issuer, key), key, new_authority())


def common_name_only(authority: Authority, name: str) -> Issued:
    """As Python's default context would believe it and RFC 9525 does not: the host stands in the CN alone."""
    key = new_key()
    builder = certificate.blank(
        certificate.named(name),
        authority._certificate.subject,
        key.public_key(),
        authority._key,
        _month_from(utc_now()),
    )
    return _pack(builder.sign(authority._key, hashes.SHA256()), key, authority)


def _issued_at(authority: Authority, then: datetime, *names: str) -> Issued:
    """A leaf as the authority would have made it at `then`."""
    key = new_key()
    general = general_names(CertificateRequest(names, MONTH))
    return _pack(
        certificate.leaf(general, key, _month_from(then), authority._certificate, authority._key),
        key,
        authority,
    )


def _month_from(then: datetime) -> Validity:
    start = then.replace(microsecond=0) - timedelta(hours=1)
    return Validity(start, start + MONTH)


def _pack(one: x509.Certificate, key: PrivateKey, authority: Authority) -> Issued:
    pem = one.public_bytes(Encoding.PEM).decode("ascii")
    return Issued(pem, authority.anchors_pem, pem_of(key), chain_from_pem(pem))
