"""What the authority makes is believed by strict verifiers, and only for what it says."""

from __future__ import annotations

import ssl
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from everyhop.errors import IssueError
from everyhop.model.certificate import CertificateRequest
from everyhop.model.issuer import Issuer
from everyhop.pki.authority import Authority
from everyhop.pki.certificate import Signer
from everyhop.x509.names import matches
from everyhop.x509.path import verify_path
from tests.authorities import in_a_process
from tests.certificates import good, new_authority, utc_now
from tests.judges import handshake, openssl_refuses

AUTHORITY = new_authority("Pki CA")


@pytest.mark.parametrize("name", ["db.internal", "127.0.0.2", "localhost"])
def test_a_strict_dialer_believes_it(name: str, tmp_path: Path) -> None:
    """Python 3.13 refuses what has no key identifiers or no critical basic constraints."""
    handshake(good(AUTHORITY, "db.internal", "127.0.0.2", "localhost"), name, AUTHORITY.anchors_pem, tmp_path)


def test_a_strict_dialer_refuses_another_name(tmp_path: Path) -> None:
    """The twin: the same handshake, dialled by a name that was not asked for."""
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(good(AUTHORITY, "db.internal"), "other.internal", AUTHORITY.anchors_pem, tmp_path)


def test_openssl_believes_it_strictly(tmp_path: Path) -> None:
    """The second opinion."""
    options = ("-purpose", "sslserver", "-verify_hostname", "db.internal")
    issued = good(AUTHORITY, "db.internal")
    assert openssl_refuses(tmp_path, issued.chain_pem, issued.anchors_pem, *options) is None


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
    """A year is asked for, a week is left: who plans with the year must not get the week."""
    week = Authority.create("Short CA", utc_now, timedelta(days=7))
    with pytest.raises(IssueError, match="365 days would end after the authority itself") as told:
        week.issue(CertificateRequest(("db.internal",), timedelta(days=365)))
    assert told.value.key == "lifetime"
    assert "7 days at most" in (told.value.hint or "") or "6 days at most" in (told.value.hint or "")


def test_a_life_that_nobody_asked_for_is_ninety_days_or_what_is_left() -> None:
    """The default fits in."""
    assert AUTHORITY.issue(CertificateRequest(("a.org",))).chain.leaf.validity.lifetime() == timedelta(days=90)
    week = Authority.create("Short CA", utc_now, timedelta(days=7))
    leaf = week.issue(CertificateRequest(("a.org",))).chain.leaf
    assert leaf.validity.not_after == week._certificate.not_valid_after_utc


def test_a_clock_that_was_set_back_issues_nothing() -> None:
    """What it dates would not be what it seems."""
    now = utc_now()
    times = iter([now, now - timedelta(days=400)])
    odd = Authority.create("Odd CA", lambda: next(times))
    with pytest.raises(IssueError, match="is not valid before") as told:
        odd.issue(CertificateRequest(("a.org",)))
    assert "clock" in (told.value.hint or "")


def test_a_clock_that_was_set_back_a_little_does_no_harm() -> None:
    """Two minutes, as time servers do: the leaf begins with its issuer, and is as long as asked."""
    now = utc_now()
    times = iter([now, now - timedelta(minutes=2)])
    odd = Authority.create("Odd CA", lambda: next(times))
    leaf = odd.issue(CertificateRequest(("a.org",), timedelta(days=1))).chain.leaf
    assert leaf.validity.not_before == odd._certificate.not_valid_before_utc
    assert leaf.validity.lifetime() == timedelta(days=1)


def test_a_key_of_another_authority_is_refused() -> None:
    """Before anything is signed with it."""
    one, other = new_authority("One"), new_authority("Other")
    with pytest.raises(IssueError, match="does not belong to its certificate"):
        Authority(Signer(one._certificate, other._key), utc_now)


def test_serials_are_unique_under_threads() -> None:
    """128 random bits, wherever they are drawn."""
    with ThreadPoolExecutor(8) as pool:
        serials = list(pool.map(lambda _: good(AUTHORITY, "db.internal").chain.leaf.serial, range(400)))
    assert len(set(serials)) == 400


def test_serials_are_unique_in_processes_that_forked() -> None:
    """A generator that is copied with its state would repeat itself."""
    told = in_a_process("serials_of_forks").split()
    assert len(told) == len(set(told)) == 80


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
