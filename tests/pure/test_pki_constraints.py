"""An authority with name constraints may not speak for others: verifiers see to it, and we refuse before they do."""

from __future__ import annotations

from pathlib import Path

import pytest

from everyhop.errors import IssueError, SettingsError, TrustError
from everyhop.model.certificate import CertificateRequest, LeafProfile
from everyhop.pki.authority import Authority
from everyhop.pki.constraints import Constraints
from everyhop.pki.hierarchy import new_intermediate, new_root
from everyhop.x509.path import verify_path
from tests.certificates import utc_now
from tests.judges import nss_refuses, openssl_refuses

INSIDE = [
    ("db.internal", "db.internal"),
    ("db.internal", "a.b.db.internal"),
    ("db.internal", "*.db.internal"),
    ("localhost", "localhost"),
    ("10.0.0.0/8", "10.255.0.1"),
    ("10.0.0.5", "10.0.0.5"),
    ("fd00::/8", "fd00::1"),
    ("db.internal,10.0.0.0/8", "10.0.0.1"),
    ("a.org,db.internal", "db.internal"),
]
OUTSIDE = [
    ("db.internal", "internal.db"),
    ("db.internal", "xdb.internal"),
    ("x.db.internal", "*.db.internal"),
    ("db.internal", "10.0.0.1"),
    ("db.internal", "fd00::1"),
    ("10.0.0.0/8", "db.internal"),
    ("10.0.0.0/8", "11.0.0.1"),
    ("10.0.0.0/8", "fd00::1"),
    ("fd00::/8", "10.0.0.1"),
]


def pair(permit: str) -> tuple[Authority, Authority]:
    """An authority that knows its constraints, and the same one that does not."""
    constraints = Constraints.parse([permit])
    root = new_root("Constrained root", constraints, utc_now())
    below = new_intermediate("Constrained intermediate", root, constraints, utc_now())
    anchors = (root.certificate,)
    return Authority(below, utc_now, anchors=anchors, constraints=constraints), Authority(
        below, utc_now, anchors=anchors
    )


@pytest.mark.parametrize(("permit", "name"), INSIDE)
def test_a_name_inside_is_issued_and_believed(permit: str, name: str, tmp_path: Path) -> None:
    """By our verifier, OpenSSL and NSS."""
    issued = pair(permit)[0].issue(CertificateRequest((name,)))
    verify_path(issued.chain, issued.anchors_pem, name.replace("*", "any"), utc_now())
    assert openssl_refuses(tmp_path, issued.chain_pem, issued.anchors_pem, "-purpose", "sslserver") is None
    assert nss_refuses(tmp_path, issued.chain_pem, issued.anchors_pem, "sslserver") is None


@pytest.mark.parametrize(("permit", "name"), OUTSIDE)
def test_a_name_outside_is_refused_by_us_and_by_everybody(permit: str, name: str, tmp_path: Path) -> None:
    """Also where the constraints name another kind of name alone: RFC 5280 would let that pass."""
    careful, careless = pair(permit)
    with pytest.raises(IssueError, match="outside of what this authority may speak for") as told:
        careful.issue(CertificateRequest((name,)))
    assert told.value.hint
    forged = careless.issue(CertificateRequest((name,)))
    with pytest.raises(TrustError):
        verify_path(forged.chain, forged.anchors_pem, name.replace("*", "any"), utc_now())
    assert "subtree violation" in str(openssl_refuses(tmp_path, forged.chain_pem, forged.anchors_pem))
    assert "not permitted" in str(nss_refuses(tmp_path, forged.chain_pem, forged.anchors_pem, "sslserver"))


@pytest.mark.parametrize("user", ["app", "app_rw", "app@db.internal", "x.db.internal", "ünï"])
def test_a_user_is_no_host(user: str, tmp_path: Path) -> None:
    """OpenSSL lets it pass."""
    issued = pair("db.internal")[0].issue(CertificateRequest((), None, LeafProfile.CLIENT, common_name=user))
    assert openssl_refuses(tmp_path, issued.chain_pem, issued.anchors_pem, "-purpose", "sslclient") is None


def test_a_user_with_dots_is_taken_for_a_host(tmp_path: Path) -> None:
    """Refused here, because OpenSSL refuses it; with a name beside it, neither does."""
    careful, careless = pair("db.internal")
    alone = CertificateRequest((), None, LeafProfile.CLIENT, common_name="app.user")
    with pytest.raises(IssueError, match=r"'app\.user' looks like a host") as told:
        careful.issue(alone)
    assert "db.internal" in (told.value.hint or "")
    forged = careless.issue(alone)
    assert "subtree violation" in str(openssl_refuses(tmp_path, forged.chain_pem, forged.anchors_pem))
    named = careful.issue(CertificateRequest(("db.internal",), None, LeafProfile.CLIENT, common_name="app.user"))
    assert openssl_refuses(tmp_path, named.chain_pem, named.anchors_pem, "-purpose", "sslclient") is None


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("10.0.0.1/8", "write 10.0.0.0/8"),
        ("*.db.internal", "db.internal"),
        (".db.internal", "db.internal"),
        ("db internal", "db.internal,10.0.0.0/8"),
        ("db.internal,,a.org", "db.internal,10.0.0.0/8"),
        ("", "db.internal,10.0.0.0/8"),
        ("https://db.internal", "db.internal,10.0.0.0/8"),
        ("bücher.example", "db.internal,10.0.0.0/8"),
    ],
)
def test_what_permits_nothing_is_refused(text: str, hint: str) -> None:
    """With what to write."""
    with pytest.raises(SettingsError) as told:
        Constraints.parse([text])
    assert hint in (told.value.hint or "")
    assert told.value.key == "permit"


def test_nothing_permits_nothing() -> None:
    """No option at all is no permission."""
    with pytest.raises(SettingsError):
        Constraints.parse([])


def test_words_are_read_again() -> None:
    """What stands in `authority.json` comes to the same."""
    constraints = Constraints.parse(["DB.internal., 10.0.0.0/8", "fd00::/8", "db.internal"])
    assert constraints.words() == ("db.internal", "10.0.0.0/8", "fd00::/8")
    assert Constraints.parse(constraints.words()) == constraints
