"""Does a chain lead to an anchor, for this name, now? And if not, is the reason fit for a person?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from everyhop.errors import SourceError, TrustError
from everyhop.model.certificate import CertificateRequest, Chain, Issued
from everyhop.model.validity import Validity
from everyhop.pki import certificate
from everyhop.pki.key import PrivateKey, new_key
from everyhop.pki.request import general_names
from everyhop.x509.parse import chain
from everyhop.x509.path import is_trusted, verify_path
from tests.certificates import (
    common_name_only,
    expired,
    good,
    new_authority,
    not_yet_valid,
    self_signed,
    utc_now,
)

AUTHORITY = new_authority("Path CA")
ANCHORS = AUTHORITY.anchors_pem
NOW = utc_now() + timedelta(hours=1)  # later than any certificate that a slow test run still makes
MONTH = Validity(NOW.replace(microsecond=0) - timedelta(days=1), NOW.replace(microsecond=0) + timedelta(days=30))


def intermediate(name: str = "Path Intermediate", *extensions: x509.ExtensionType) -> tuple[bytes, PrivateKey]:
    """An authority below the root, which may be restricted."""
    key = new_key()
    builder = certificate.blank(
        certificate.named(name), AUTHORITY._certificate.subject, key.public_key(), AUTHORITY._key, MONTH
    ).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    usage = AUTHORITY._certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    builder = builder.add_extension(usage, critical=True)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=not isinstance(extension, x509.ExtendedKeyUsage))
    return builder.sign(AUTHORITY._key, hashes.SHA256()).public_bytes(Encoding.DER), key


def below(issuer: bytes, issuer_key: PrivateKey, name: str) -> bytes:
    """A leaf from an intermediate."""
    names = general_names(CertificateRequest((name,), timedelta(days=1)))
    above = x509.load_der_x509_certificate(issuer)
    return certificate.leaf(names, new_key(), MONTH, above, issuer_key).public_bytes(Encoding.DER)


@pytest.mark.parametrize("name", ["db.internal", "DB.internal.", "127.0.0.2", "my_db", "x.example.org", None])
def test_a_good_chain_is_believed(name: str | None) -> None:
    """Under each of its names, and (None) for the path alone."""
    issued = good(AUTHORITY, "db.internal", "127.0.0.2", "my_db", "*.example.org")
    verify_path(issued.chain, ANCHORS, name, NOW)


@pytest.mark.parametrize(
    ("issued", "name", "reason"),
    [
        (good(AUTHORITY, "db.internal"), "other.internal", "is for db.internal, not for other.internal"),
        (good(AUTHORITY, "db.internal"), "10.0.0.5", "is for db.internal, not for 10.0.0.5"),
        (good(AUTHORITY, "db.internal"), "my_db", "is for db.internal, not for my_db"),
        (good(new_authority("Stranger"), "db.internal"), "db.internal", "issued by CN=Stranger, which is not among"),
        (expired(AUTHORITY, "db.internal"), "db.internal", "expired on 20"),
        (not_yet_valid(AUTHORITY, "db.internal"), "db.internal", "not valid before 20"),
        (self_signed("db.internal"), "db.internal", "signed by itself"),
        (common_name_only(AUTHORITY, "db.internal"), "db.internal", "common name (CN) does not count"),
        (good(AUTHORITY, "db.internal"), "no host", "is for db.internal, not for no host"),
    ],
)
def test_a_bad_one_is_refused_with_the_reason(issued: Issued, name: str, reason: str) -> None:
    """In words that say what to do about it."""
    with pytest.raises(TrustError) as told:
        verify_path(issued.chain, ANCHORS, name, NOW)
    assert reason in told.value.message


def test_trust_and_name_are_two_questions() -> None:
    """A certificate for another host, or for its CN alone, still has a path; a stranger's has none."""
    assert is_trusted(good(AUTHORITY, "db.internal").chain, ANCHORS, NOW)
    assert is_trusted(common_name_only(AUTHORITY, "db.internal").chain, ANCHORS, NOW)
    assert not is_trusted(good(new_authority("Stranger"), "db.internal").chain, ANCHORS, NOW)
    assert not is_trusted(expired(AUTHORITY, "db.internal").chain, ANCHORS, NOW)


def test_an_authority_of_the_same_name_is_no_anchor() -> None:
    """A name is not a key."""
    with pytest.raises(TrustError):
        verify_path(good(new_authority("Path CA"), "db.internal").chain, ANCHORS, "db.internal", NOW)


def test_an_intermediate_makes_the_path_and_its_absence_is_told() -> None:
    """The most common mistake of all: only the leaf is served."""
    above, key = intermediate()
    leaf = below(above, key, "db.internal")
    verify_path(chain([leaf, above]), ANCHORS, "db.internal", NOW)
    with pytest.raises(TrustError, match="issued by CN=Path Intermediate, which is not among the anchors"):
        verify_path(chain([leaf]), ANCHORS, "db.internal", NOW)


@pytest.mark.parametrize("dialled", ["db.internal", None])
def test_name_constraints_bind_also_where_no_name_is_asked(dialled: str | None) -> None:
    """An intermediate that may speak for .example.org alone has no say over db.internal."""
    only = x509.NameConstraints(permitted_subtrees=[x509.DNSName("example.org")], excluded_subtrees=None)
    above, key = intermediate("Constrained", only)
    verify_path(chain([below(above, key, "a.example.org"), above]), ANCHORS, dialled and "a.example.org", NOW)
    with pytest.raises(TrustError):
        verify_path(chain([below(above, key, "db.internal"), above]), ANCHORS, dialled, NOW)


def test_a_leaf_cannot_vouch_for_another() -> None:
    """Who has a certificate has no authority."""
    key = new_key()
    names = general_names(CertificateRequest(("db.internal",), timedelta(days=1)))
    middle = certificate.leaf(names, key, MONTH, AUTHORITY._certificate, AUTHORITY._key)
    leaf = certificate.leaf(names, new_key(), MONTH, middle, key)
    served = chain([leaf.public_bytes(Encoding.DER), middle.public_bytes(Encoding.DER)])
    for name in ("db.internal", None):
        with pytest.raises(TrustError):
            verify_path(served, ANCHORS, name, NOW)


def test_a_certificate_for_clients_is_not_believed_of_a_server() -> None:
    """Extended key usage, where it is given, has to name servers."""
    key = new_key()
    builder = certificate.blank(
        certificate.named("app"), AUTHORITY._certificate.subject, key.public_key(), AUTHORITY._key, MONTH
    ).add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    served = chain([builder.sign(AUTHORITY._key, hashes.SHA256()).public_bytes(Encoding.DER)])
    assert not is_trusted(served, ANCHORS, NOW)


@pytest.mark.parametrize("dialled", ["db.internal", "my_db", None])
def test_an_intermediate_for_servers_alone_is_believed_of_servers(dialled: str | None) -> None:
    """As public authorities have them now; one that is for clients alone is not, whether a name is asked or none."""
    usage = x509.oid.ExtendedKeyUsageOID
    servers, key = intermediate("For servers", x509.ExtendedKeyUsage([usage.SERVER_AUTH]))
    verify_path(chain([below(servers, key, dialled or "db.internal"), servers]), ANCHORS, dialled, NOW)
    clients, key = intermediate("For clients", x509.ExtendedKeyUsage([usage.CLIENT_AUTH]))
    with pytest.raises(TrustError):
        verify_path(chain([below(clients, key, dialled or "db.internal"), clients]), ANCHORS, dialled, NOW)


def test_a_loop_of_issuers_ends() -> None:
    """Two certificates that name each other as issuer are told as such, in finite time."""
    a, b = new_key(), new_key()
    one = certificate.blank(certificate.named("A"), certificate.named("B"), a.public_key(), b, MONTH).sign(
        b, hashes.SHA256()
    )
    two = certificate.blank(certificate.named("B"), certificate.named("A"), b.public_key(), a, MONTH).sign(
        a, hashes.SHA256()
    )
    served: Chain = chain([one.public_bytes(Encoding.DER), two.public_bytes(Encoding.DER)])
    with pytest.raises(TrustError, match="not among the anchors"):
        verify_path(served, ANCHORS, None, NOW)


def test_anchors_that_are_none_are_a_source_error() -> None:
    """Not the peer's fault, so not a TrustError."""
    with pytest.raises(SourceError):
        verify_path(good(AUTHORITY, "db.internal").chain, "nothing here", "db.internal", NOW)
