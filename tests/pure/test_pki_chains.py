"""Every chain that is issued, of every profile and key, is believed by the strictest; and a linter is silent."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509 import verification as v

from everyhop.model.certificate import CertificateRequest, Issued, KeyAlgorithm, LeafProfile
from everyhop.pki.authority import Authority
from everyhop.pki.constraints import Constraints
from everyhop.pki.hierarchy import new_intermediate, new_root
from everyhop.x509.path import verify_path
from tests.certificates import utc_now
from tests.judges import handshake, lint, nss_refuses, openssl_refuses, purposes, split

NAMES = ("db.internal", "10.1.2.3", "fd00::5")
PERMIT = "db.internal,10.0.0.0/8,fd00::/8"
EC = (KeyAlgorithm.EC_P256, KeyAlgorithm.EC_P384)


@functools.cache
def authority(algorithm: KeyAlgorithm = KeyAlgorithm.EC_P256, permit: str | None = PERMIT) -> Authority:
    constraints = None if permit is None else Constraints.parse([permit])
    root = new_root("Chains root", constraints, utc_now(), algorithm)
    below = new_intermediate("Chains intermediate", root, constraints, utc_now(), algorithm)
    return Authority(below, utc_now, anchors=(root.certificate,), constraints=constraints)


@functools.cache
def issued(profile: LeafProfile, key: KeyAlgorithm, signer: KeyAlgorithm = KeyAlgorithm.EC_P256) -> Issued:
    names = () if profile is LeafProfile.CLIENT else NAMES
    user = "app" if profile is LeafProfile.CLIENT else None
    return authority(signer).issue(CertificateRequest(names, None, profile, key, user))


every_profile = pytest.mark.parametrize("profile", LeafProfile)
every_key = pytest.mark.parametrize("key", KeyAlgorithm)


@every_profile
@every_key
def test_openssl_believes_it_strictly(profile: LeafProfile, key: KeyAlgorithm, tmp_path: Path) -> None:
    """For what the profile is, and only for that."""
    one = issued(profile, key)
    for purpose in ("sslserver", "sslclient"):
        told = openssl_refuses(tmp_path, one.chain_pem, one.anchors_pem, "-purpose", purpose)
        assert (told is None) == (purpose in purposes(profile)), told


@every_profile
@every_key
def test_nss_believes_it(profile: LeafProfile, key: KeyAlgorithm, tmp_path: Path) -> None:
    """For what the profile is; NSS wants keyEncipherment of an RSA key."""
    one = issued(profile, key)
    for purpose in purposes(profile):
        assert nss_refuses(tmp_path, one.chain_pem, one.anchors_pem, purpose) is None


@pytest.mark.parametrize("signer", KeyAlgorithm)
def test_every_kind_of_authority_is_believed(signer: KeyAlgorithm, tmp_path: Path) -> None:
    """Root and intermediate of each key, by all three."""
    one = issued(LeafProfile.SERVER, KeyAlgorithm.EC_P256, signer)
    verify_path(one.chain, one.anchors_pem, "db.internal", utc_now())
    assert openssl_refuses(tmp_path, one.chain_pem, one.anchors_pem, "-purpose", "sslserver") is None
    assert nss_refuses(tmp_path, one.chain_pem, one.anchors_pem, "sslserver") is None
    handshake(one, "db.internal", one.anchors_pem, tmp_path)


@pytest.mark.parametrize("profile", [one for one in LeafProfile if one is not LeafProfile.CLIENT])
@every_key
@pytest.mark.parametrize("name", NAMES)
def test_cryptography_believes_it(profile: LeafProfile, key: KeyAlgorithm, name: str) -> None:
    """The strictest of all, under each name."""
    one = issued(profile, key)
    verify_path(one.chain, one.anchors_pem, name, utc_now())


def test_cryptography_believes_a_client_with_a_name() -> None:
    """Its own policy for clients wants a subjectAltName."""
    request = CertificateRequest(("db.internal",), None, LeafProfile.CLIENT, common_name="app")
    leaf, *above = map(x509.load_pem_x509_certificate, map(str.encode, split(authority().issue(request).chain_pem)))
    store = v.Store([x509.load_pem_x509_certificate(authority().anchors_pem.encode())])
    v.PolicyBuilder().store(store).time(utc_now()).build_client_verifier().verify(leaf, above)


@every_key
def test_both_sides_of_a_handshake_believe_each_other(key: KeyAlgorithm, tmp_path: Path) -> None:
    """A server and a client, strictly."""
    server, client = issued(LeafProfile.SERVER, key), issued(LeafProfile.CLIENT, key)
    for name in NAMES:
        handshake(server, name, server.anchors_pem, tmp_path, client)


@every_profile
@pytest.mark.parametrize("key", [KeyAlgorithm.EC_P256, KeyAlgorithm.RSA_2048])
def test_a_linter_has_nothing_to_remark_on_a_leaf(profile: LeafProfile, key: KeyAlgorithm, tmp_path: Path) -> None:
    """pkilint's PKIX profile: RFC 5280, line by line."""
    assert lint(tmp_path, split(issued(profile, key).chain_pem)[0]) == ""


@pytest.mark.parametrize("permit", [PERMIT, "db.internal", "10.0.0.0/8", None])
def test_a_linter_has_nothing_to_remark_on_an_authority(permit: str | None, tmp_path: Path) -> None:
    """Root and intermediate, with name constraints and without."""
    name = "10.1.2.3" if permit == "10.0.0.0/8" else "db.internal"
    one = authority(permit=permit).issue(CertificateRequest((name,)))
    for pem in (split(one.chain_pem)[1], one.anchors_pem):
        assert lint(tmp_path, pem) == ""


def test_the_linter_does_speak(tmp_path: Path) -> None:
    """The twin: a name of one label, as a lab has it."""
    one = authority(permit=None).issue(CertificateRequest(("localhost",)))
    assert "localhost" in lint(tmp_path, split(one.chain_pem)[0])


@every_profile
def test_it_says_what_its_profile_says(profile: LeafProfile) -> None:
    """Usages and common name; the chain holds the intermediate and not the root."""
    one = issued(profile, KeyAlgorithm.EC_P256)
    leaf, above = (x509.load_pem_x509_certificate(pem.encode()) for pem in split(one.chain_pem))
    usages = {usage._name for usage in leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value}
    assert (
        usages
        == {
            LeafProfile.SERVER: {"serverAuth"},
            LeafProfile.CLIENT: {"clientAuth"},
            LeafProfile.NODE: {"serverAuth", "clientAuth"},
            LeafProfile.PROXY: {"serverAuth", "clientAuth"},
        }[profile]
    )
    names = {LeafProfile.CLIENT: "app", LeafProfile.NODE: "node"}
    assert leaf.subject.rfc4514_string() == f"CN={names.get(profile, 'db.internal')}"
    assert above.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    assert [facts.subject for facts in one.chain.certificates] == [
        leaf.subject.rfc4514_string(),
        "CN=Chains intermediate",
    ]


@every_key
def test_only_rsa_keys_may_encipher(key: KeyAlgorithm) -> None:
    """Linters call it an error for an EC key, and NSS misses it for an RSA key."""
    leaf = x509.load_pem_x509_certificate(issued(LeafProfile.SERVER, key).chain_pem.encode())
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert usage.key_encipherment == (key not in EC)
