"""Roots, and the intermediates below them that do the daily work, so that a root's key can lie in a drawer."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509

from everyhop.errors import IssueError
from everyhop.model.certificate import KeyAlgorithm
from everyhop.model.validity import Validity
from everyhop.pki import certificate
from everyhop.pki.certificate import Signer
from everyhop.pki.constraints import Constraints
from everyhop.pki.key import PrivateKey, new_key
from everyhop.pki.period import INTERMEDIATE_LIFETIME, ROOT_LIFETIME, period, period_within
from everyhop.pki.request import COMMON_NAME_LIMIT


def new_root(
    common_name: str,
    constraints: Constraints | None,
    now: datetime,
    algorithm: KeyAlgorithm = KeyAlgorithm.EC_P256,
    lifetime: timedelta = ROOT_LIFETIME,
) -> Signer:
    """A root of this name that may speak for these names; None for all there are. Raises `IssueError`."""
    _refuse_indecent(common_name)
    validity, key = period(now, lifetime), new_key(algorithm)
    return Signer(certificate.root(common_name, key, validity, _extension(constraints)), key)


def new_intermediate(
    common_name: str,
    root: Signer,
    constraints: Constraints | None,
    now: datetime,
    algorithm: KeyAlgorithm = KeyAlgorithm.EC_P256,
    lifetime: timedelta | None = None,
) -> Signer:
    """An authority below this root, five years of it where nothing is asked for. Raises `IssueError`."""
    _refuse_indecent(common_name)
    validity = period_within(validity_of(root.certificate), now, lifetime, INTERMEDIATE_LIFETIME)
    key = new_key(algorithm)
    made = certificate.intermediate(common_name, key.public_key(), validity, root, _extension(constraints))
    return Signer(made, key)


def cross_certified(subject: x509.Certificate, issuer: Signer, now: datetime) -> x509.Certificate:
    """Another root, certified by this one for as long as both are valid. Raises `IssueError`."""
    mine, theirs = validity_of(issuer.certificate), validity_of(subject)
    ends = min(mine.not_after, theirs.not_after)
    if not (mine.contains(now) and theirs.contains(now)):
        raise IssueError("one of the two roots is not valid now", hint="a root that has expired vouches for nothing")
    return certificate.cross(subject, issuer, Validity(max(mine.not_before, theirs.not_before), ends))


def validity_of(one: x509.Certificate) -> Validity:
    """When a certificate is valid."""
    return Validity(one.not_valid_before_utc, one.not_valid_after_utc)


def same_key(one: x509.Certificate, key: PrivateKey) -> bool:
    """Whether this key is the certificate's."""
    return one.public_key() == key.public_key()


def _extension(constraints: Constraints | None) -> x509.NameConstraints | None:
    return None if constraints is None else constraints.extension()


def _refuse_indecent(common_name: str) -> None:
    if not 0 < len(common_name) <= COMMON_NAME_LIMIT or not common_name.isprintable():
        raise IssueError(
            f"the name of an authority has 1 to {COMMON_NAME_LIMIT} printable characters",
            hint="people will see it: name who or what it is for, in a few words",
        )
