"""Revocation lists: what the library's builder would write, read alike by everybody, and made in linear time."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from everyhop.errors import IssueError
from everyhop.model.certificate import CertificateRequest, KeyAlgorithm, LeafProfile, Revocation, RevocationReason
from everyhop.model.validity import Validity
from everyhop.pki.authority import Authority
from everyhop.pki.certificate import Signer
from everyhop.pki.hierarchy import new_intermediate, new_root
from everyhop.pki.key import signing_hash
from everyhop.pki.revocation import crls, revocation_list, revocations
from tests.certificates import utc_now
from tests.judges import openssl_refuses

NOW = utc_now().replace(microsecond=0)
VALIDITY = Validity(NOW, NOW + timedelta(days=30))
ROOT = new_root("Revoking root", None, utc_now())
SIGNER = new_intermediate("Revoking intermediate", ROOT, None, utc_now())
AUTHORITY = Authority(SIGNER, utc_now, anchors=(ROOT.certificate,))
CODES = {reason: x509.ReasonFlags(reason.value) for reason in RevocationReason}

moments = st.datetimes(datetime(1950, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
entries = st.builds(
    Revocation,
    st.one_of(st.integers(1, 300), st.integers(1, 2**159 - 1)),
    st.one_of(moments, st.just(datetime(2050, 1, 1, tzinfo=UTC)), st.just(datetime(2049, 12, 31, 23, 59, tzinfo=UTC))),
    st.sampled_from(RevocationReason),
)


def by_the_library(signer: Signer, revoked: list[Revocation], number: int) -> x509.CertificateRevocationList:
    own = signer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(signer.certificate.subject)
        .last_update(VALIDITY.not_before)
        .next_update(VALIDITY.not_after)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
    )
    for one in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(one.serial).revocation_date(one.since)
        if one.reason is not RevocationReason.UNSPECIFIED:
            entry = entry.add_extension(x509.CRLReason(CODES[one.reason]), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(signer.key, signing_hash(signer.key))


@given(st.lists(entries, max_size=40), st.integers(0, 2**100))
def test_it_is_what_the_library_would_write(revoked: list[Revocation], number: int) -> None:
    """Byte by byte, but for the signature, which is good."""
    (ours,) = crls(revocation_list(SIGNER, revoked, number, VALIDITY))
    assert ours.tbs_certlist_bytes == by_the_library(SIGNER, revoked, number).tbs_certlist_bytes
    assert ours.is_signature_valid(SIGNER.key.public_key())


@given(st.lists(entries, max_size=10))
def test_what_is_written_is_read_again(revoked: list[Revocation]) -> None:
    """To the second."""
    whole = tuple(Revocation(one.serial, one.since.replace(microsecond=0), one.reason) for one in revoked)
    assert revocations(revocation_list(SIGNER, revoked, 1, VALIDITY)) == whole


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.EC_P384, KeyAlgorithm.RSA_2048])
def test_every_key_signs_one(algorithm: KeyAlgorithm) -> None:
    """With the hash that fits it."""
    signer = new_root("Other root", None, utc_now(), algorithm)
    (ours,) = crls(revocation_list(signer, [Revocation(5, NOW)], 1, VALIDITY))
    assert ours.tbs_certlist_bytes == by_the_library(signer, [Revocation(5, NOW)], 1).tbs_certlist_bytes
    assert ours.is_signature_valid(signer.key.public_key())


def test_an_hour_elsewhere_is_the_same_hour() -> None:
    """Times are written in UTC."""
    there = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert revocations(revocation_list(SIGNER, [Revocation(1, there)], 1, VALIDITY))[0].since == NOW


def test_a_hundred_thousand_are_read_by_the_library_and_by_openssl(tmp_path: Path) -> None:
    """Long lengths; that it takes less than five seconds is the benchmark's to show."""
    revoked = [Revocation(2**127 + number, NOW, RevocationReason.SUPERSEDED) for number in range(100_000)]
    text = AUTHORITY.revocation_list(revoked, 9)
    (one,) = crls(text)
    assert len(one) == 100_000
    assert one.get_revoked_certificate_by_serial_number(2**127 + 99_999) is not None
    (tmp_path / "list.pem").write_text(text)
    (tmp_path / "issuer.pem").write_bytes(SIGNER.certificate.public_bytes(Encoding.PEM))
    command = [
        "openssl",
        "crl",
        "-verify",
        "-noout",
        "-in",
        f"{tmp_path}/list.pem",
        "-CAfile",
        f"{tmp_path}/issuer.pem",
    ]
    seen = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "verify OK" in seen.stdout + seen.stderr


def test_openssl_refuses_who_is_on_the_list_and_nobody_else(tmp_path: Path) -> None:
    """With the root's own list beside it, as PostgreSQL asks for."""
    good, bad = (
        AUTHORITY.issue(CertificateRequest((), None, LeafProfile.CLIENT, common_name=user)) for user in ("app", "old")
    )
    revoked = [Revocation(bad.chain.leaf.serial, NOW, RevocationReason.KEY_COMPROMISE)]
    lists = tmp_path / "crl.pem"
    lists.write_text(AUTHORITY.revocation_list(revoked, 2) + revocation_list(ROOT, (), 1, VALIDITY))
    options = ("-crl_check_all", "-CRLfile", str(lists))
    assert openssl_refuses(tmp_path, good.chain_pem, good.anchors_pem, *options) is None
    assert "certificate revoked" in str(openssl_refuses(tmp_path, bad.chain_pem, bad.anchors_pem, *options))


def test_a_list_ends_in_a_month_or_with_its_issuer() -> None:
    """A month if nothing is asked for."""
    (one,) = crls(AUTHORITY.revocation_list((), 1))
    assert one.next_update_utc is not None
    assert one.next_update_utc - one.last_update_utc == timedelta(days=30, seconds=-1)
    short = Authority.create("Short CA", utc_now, timedelta(days=7))
    (one,) = crls(short.revocation_list((), 1))
    assert one.next_update_utc == short._certificate.not_valid_after_utc
    with pytest.raises(IssueError, match="would end after the authority"):
        short.revocation_list((), 1, timedelta(days=30))


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"])
def test_what_is_no_list_is_told(text: str) -> None:
    """As a list, and as nothing."""
    with pytest.raises(IssueError, match="no CRL"):
        revocations(text)


@pytest.mark.parametrize("serial", [0, -1, 2**159])
def test_what_is_no_serial_is_not_revoked(serial: int) -> None:
    """RFC 5280: positive, and at most 20 octets."""
    with pytest.raises(ValueError, match="serial number"):
        Revocation(serial, NOW)


def test_a_time_without_an_offset_is_none() -> None:
    """Naive datetimes do not exist."""
    with pytest.raises(ValueError, match="offset"):
        Revocation(1, NOW.replace(tzinfo=None))
