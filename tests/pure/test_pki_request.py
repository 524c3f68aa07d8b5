"""What is no name, or not the profile's, gets no certificate; and the hint says what to write instead."""

from __future__ import annotations

import pytest

from everyhop.errors import IssueError, SettingsError
from everyhop.model.certificate import CertificateRequest, KeyAlgorithm, LeafProfile
from everyhop.pki.key import named_algorithm, new_key
from everyhop.pki.request import general_names, subscriber
from everyhop.x509.parse import key_words


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        (" db.internal", "take the blanks away: 'db.internal'"),
        ("db internal", "write the host alone"),
        ("https://db.internal:443/x", "write the host alone: 'db.internal'"),
        ("postgresql://app@db.internal/x", "write the host alone: 'db.internal'"),
        ("https://[", "write the host alone"),
        ("db.internal:5432", "write the host alone: 'db.internal'"),
        ("[::1]:5432", "write the host alone: '[::1]'"),
        ("db.*.internal", "leftmost label"),
        ("*.org", "leftmost label"),
        ("a*.example.org", "leftmost label"),
        ("*.*.example.org", "leftmost label"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("10.0.0.0/8", "single addresses"),
        ("fd00::/8", "single addresses"),
        ("10.0.0.256", "write the host alone"),
    ],
)
def test_what_is_no_name_is_refused_with_a_hint(name: str, hint: str) -> None:
    """As people do write them."""
    with pytest.raises(IssueError) as told:
        general_names(CertificateRequest((name,)))
    assert hint in (told.value.hint or "")


def test_a_long_text_is_not_repeated_whole() -> None:
    """Nor is what does not print."""
    with pytest.raises(IssueError) as told:
        general_names(CertificateRequest(("\x1b[31m" + "a b" * 500,)))
    assert len(str(told.value)) < 200
    assert str(told.value).isprintable()


@pytest.mark.parametrize("profile", [LeafProfile.SERVER, LeafProfile.PROXY, LeafProfile.NODE])
def test_a_listener_has_names(profile: LeafProfile) -> None:
    """There is no such thing as a CN-only certificate for one."""
    with pytest.raises(IssueError, match="at least one name"):
        subscriber(CertificateRequest((), None, profile))


@pytest.mark.parametrize("profile", [LeafProfile.SERVER, LeafProfile.PROXY])
def test_a_listener_has_no_common_name_of_its_own(profile: LeafProfile) -> None:
    """It would be a user's, and the wrong profile."""
    with pytest.raises(IssueError, match="no common name of its own"):
        subscriber(CertificateRequest(("db.internal",), None, profile, common_name="app"))


@pytest.mark.parametrize("asked", [None, "node"])
def test_a_node_is_called_node(asked: str | None) -> None:
    """CockroachDB knows nodes by it."""
    assert subscriber(CertificateRequest(("a.org",), None, LeafProfile.NODE, common_name=asked)).common_name == "node"


def test_a_node_is_called_nothing_else() -> None:
    """The twin."""
    with pytest.raises(IssueError, match="'node'"):
        subscriber(CertificateRequest(("a.org",), None, LeafProfile.NODE, common_name="app"))


@pytest.mark.parametrize("user", ["app", "root", "app user", "Ünï", "a" * 64, "app@example.org"])
def test_a_client_is_its_user(user: str) -> None:
    """As the database spells it."""
    assert subscriber(CertificateRequest((), None, LeafProfile.CLIENT, common_name=user)).common_name == user


@pytest.mark.parametrize("user", [None, "", "node", "a" * 65, "a\nb", "a\0b", " app", "app\x1b"])
def test_what_is_no_user_is_refused(user: str | None) -> None:
    """`node` as well: whoever logs in to CockroachDB as that may do everything."""
    with pytest.raises(IssueError) as told:
        subscriber(CertificateRequest((), None, LeafProfile.CLIENT, common_name=user))
    assert told.value.hint


@pytest.mark.parametrize("algorithm", KeyAlgorithm)
def test_a_key_is_what_its_name_says(algorithm: KeyAlgorithm) -> None:
    """The words of a certificate's facts."""
    assert key_words(new_key(algorithm).public_key()) == algorithm.value


@pytest.mark.parametrize(
    ("word", "algorithm"),
    [
        ("EC P-256", KeyAlgorithm.EC_P256),
        ("ec-p384", KeyAlgorithm.EC_P384),
        ("p256", KeyAlgorithm.EC_P256),
        ("rsa_3072", KeyAlgorithm.RSA_3072),
        ("RSA-4096", KeyAlgorithm.RSA_4096),
    ],
)
def test_a_key_is_asked_for_in_words(word: str, algorithm: KeyAlgorithm) -> None:
    """However they are joined."""
    assert named_algorithm(word) is algorithm


@pytest.mark.parametrize("word", ["ed25519", "Ed25519", "ED-448"])
def test_ed25519_is_refused_with_the_reason(word: str) -> None:
    """libpq could not bind its channel to such a certificate."""
    with pytest.raises(SettingsError) as told:
        named_algorithm(word)
    assert "channel binding" in (told.value.hint or "")


@pytest.mark.parametrize("word", ["", "rsa", "rsa-1024", "p-521", "ec p 255"])
def test_other_keys_are_refused(word: str) -> None:
    """With those that there are."""
    with pytest.raises(SettingsError) as told:
        named_algorithm(word)
    assert "EC P-256" in (told.value.hint or "")
