"""What the authority makes is believed by strict verifiers, and only for what it says."""

from __future__ import annotations

import ssl
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from everyhop.errors import IssueError
from everyhop.model.certificate import CertificateRequest, Issued
from everyhop.model.issuer import Issuer
from everyhop.pki.authority import Authority
from everyhop.x509.names import matches
from everyhop.x509.path import verify_path
from tests.certificates import good, new_authority, utc_now

AUTHORITY = new_authority("Pki CA")


def written(directory: Path, issued: Issued) -> tuple[Path, Path]:
    chain, key = directory / "chain.pem", directory / "key.pem"
    chain.write_text(issued.chain_pem)
    key.write_text(issued.key_pem.reveal())
    return chain, key


def handshake(issued: Issued, anchors: str, name: str, directory: Path) -> None:
    """A whole TLS handshake in memory, the dialer with Python 3.13's strictness and without the CN."""
    chain, key = written(directory, issued)
    listening = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    listening.load_cert_chain(chain, key)
    dialling = ssl.create_default_context(cadata=anchors)
    dialling.verify_flags |= ssl.VERIFY_X509_STRICT
    dialling.hostname_checks_common_name = False
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = listening.wrap_bio(there, back, server_side=True)
    client = dialling.wrap_bio(back, there, server_hostname=name)
    waiting = [client, server]
    while waiting:
        for side in tuple(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(side)


@pytest.mark.parametrize("name", ["db.internal", "127.0.0.2", "localhost"])
def test_a_strict_dialer_believes_it(name: str, tmp_path: Path) -> None:
    """Python 3.13 refuses what has no key identifiers or no critical basic constraints."""
    handshake(good(AUTHORITY, "db.internal", "127.0.0.2", "localhost"), AUTHORITY.anchors_pem, name, tmp_path)


def test_a_strict_dialer_refuses_another_name(tmp_path: Path) -> None:
    """The twin: the same handshake, dialled by a name that was not asked for."""
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(good(AUTHORITY, "db.internal"), AUTHORITY.anchors_pem, "other.internal", tmp_path)


def test_openssl_believes_it_strictly(tmp_path: Path) -> None:
    """The second opinion."""
    chain, _ = written(tmp_path, good(AUTHORITY, "db.internal"))
    anchors = tmp_path / "ca.pem"
    anchors.write_text(AUTHORITY.anchors_pem)
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "db.internal"]
    seen = subprocess.run([*command, "-CAfile", anchors, chain], check=False, capture_output=True, text=True)
    assert seen.returncode == 0, seen.stderr


def test_the_key_belongs_to_the_certificate_and_is_not_shown() -> None:
    """A pair is a pair, and printing it tells nothing."""
    issued = good(AUTHORITY, "db.internal")
    key = load_pem_private_key(issued.key_pem.reveal().encode(), None)
    certificate = x509.load_pem_x509_certificate(issued.chain_pem.encode())
    assert key.public_key() == certificate.public_key()
    assert "PRIVATE KEY" not in repr(issued)
    assert "PRIVATE KEY" not in f"{AUTHORITY.key_pem}"


def test_it_says_what_a_leaf_for_a_server_says() -> None:
    """No authority, for servers, and an EC key that only signs."""
    extensions = x509.load_pem_x509_certificate(good(AUTHORITY, "db.internal").chain_pem.encode()).extensions
    constraints = extensions.get_extension_for_class(x509.BasicConstraints)
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    extended = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert constraints.critical
    assert not constraints.value.ca
    assert usage.digital_signature
    assert not usage.key_encipherment
    assert list(extended) == [x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]


def test_serial_numbers_are_random() -> None:
    """128 bits: two are never the same, and none is small."""
    serials = {good(AUTHORITY, "db.internal").chain.leaf.serial for _ in range(50)}
    assert len(serials) == 50
    assert all(0 < serial <= 2**128 for serial in serials)
    assert max(serials) > 2**100


def test_a_life_is_as_long_as_asked_and_has_begun() -> None:
    """Counting the last second; a slow clock finds it valid already."""
    issued = good(AUTHORITY, "db.internal")
    assert issued.chain.leaf.validity.lifetime() == timedelta(days=30)
    assert issued.chain.leaf.validity.contains(utc_now() - timedelta(minutes=4))


def test_a_short_life_has_begun_and_not_ended() -> None:
    """The allowance for slow clocks does not eat it up."""
    issued = AUTHORITY.issue(CertificateRequest(("db.internal",), timedelta(seconds=20)))
    assert issued.chain.leaf.validity.contains(utc_now())


def test_a_leaf_never_outlives_its_issuer() -> None:
    """A year is asked for, a week is left."""
    week = Authority.create("Short CA", utc_now, timedelta(days=7))
    leaf = week.issue(CertificateRequest(("db.internal",), timedelta(days=365))).chain.leaf
    assert leaf.validity.not_after == week._certificate.not_valid_after_utc


def test_an_expired_authority_issues_nothing() -> None:
    """The clock is the one that was given."""
    now = utc_now()
    times = iter([now - timedelta(days=30), now])
    old = Authority.create("Old CA", lambda: next(times), timedelta(days=7))
    with pytest.raises(IssueError, match="expired"):
        old.issue(CertificateRequest(("db.internal",), timedelta(days=1)))


@pytest.mark.parametrize(
    "name",
    [
        "", " ", "db internal", "db:5432", "https://db", "db/app", "a..b", "-a.org", "a-.org", "*.org", "*", "a.*.org",
        "1.2.3", "10.0.0.256", "a" * 64 + ".org", ".".join(["abcdefgh"] * 30), "münchen.example", "a\n.org", "user@db",
    ],
)  # fmt: skip
def test_what_is_no_name_gets_no_certificate(name: str) -> None:
    """Refused now, with a reason, not when the application does not start."""
    with pytest.raises(IssueError) as told:
        AUTHORITY.issue(CertificateRequest((name,), timedelta(days=1)))
    assert told.value.hint or "characters" in told.value.message


@pytest.mark.parametrize(
    "name", ["localhost", "my_db", "DB.internal.", "*.a.org", "xn--mnchen-3ya.de", "[::1]", "1a.b"]
)
def test_what_is_a_name_gets_one(name: str) -> None:
    """The twin."""
    assert AUTHORITY.issue(CertificateRequest((name,), timedelta(days=1))).chain.leaf.names


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(days=-1), timedelta(days=5_000_000)])
def test_a_life_that_cannot_be_is_refused(lifetime: timedelta) -> None:
    """Neither none, nor beyond the year 9999."""
    with pytest.raises(IssueError):
        Authority.create("Odd CA", utc_now, lifetime)


@pytest.mark.parametrize("name", ["", "x" * 65, "a\nb"])
def test_an_authority_has_a_decent_name(name: str) -> None:
    """Its name is shown to people."""
    with pytest.raises(IssueError):
        new_authority(name)


def test_no_names_no_certificate() -> None:
    """There is no such thing as a CN-only certificate here."""
    with pytest.raises(IssueError, match="at least one name"):
        AUTHORITY.issue(CertificateRequest((), timedelta(days=1)))


def test_a_name_too_long_for_a_cn_makes_the_subject_empty_and_the_names_critical() -> None:
    """RFC 5280 section 4.2.1.6."""
    name = ".".join(["a" * 30, "b" * 30, "example.org"])
    issued = good(AUTHORITY, name)
    names = x509.load_pem_x509_certificate(issued.chain_pem.encode()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert issued.chain.leaf.subject == ""
    assert names.critical
    verify_path(issued.chain, AUTHORITY.anchors_pem, name, utc_now())


@given(
    st.one_of(st.text(max_size=30), st.from_regex(r"[a-z0-9_.*-]{1,20}", fullmatch=True), st.ip_addresses().map(str))
)
def test_every_name_that_is_taken_can_be_verified(name: str) -> None:
    """A name is refused, or the certificate is good for it: never one that nobody would believe."""
    issuer: Issuer = AUTHORITY
    try:
        issued = issuer.issue(CertificateRequest((name,), timedelta(days=1)))
    except IssueError:
        return
    dialled = name.replace("*", "any", 1)
    assert matches(issued.chain.leaf, dialled)
    verify_path(issued.chain, issued.anchors_pem, dialled, utc_now())
