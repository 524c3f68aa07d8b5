"""What is read of an ACME server's words, and what is refused before a server is asked."""

from __future__ import annotations

import json
import string
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from everyhop.acme import library, retry_after, trouble
from everyhop.acme.account import AccountWish, Binding, Terms
from everyhop.acme.challenge import Answer, Kind, Responder, responder_for
from everyhop.acme.dns_hook import DnsHook
from everyhop.acme.issuer import AcmeIssuer
from everyhop.acme.problem import Problem
from everyhop.acme.renewal_info import certificate_id
from everyhop.acme.server import KNOWN, AcmeServer
from everyhop.acme.standalone import Standalone
from everyhop.acme.webroot import Webroot
from everyhop.errors import EveryhopError, IssueError, SettingsError, ToolError
from everyhop.model.certificate import CertificateRequest, Leaf, LeafProfile
from everyhop.model.secret import Secret
from everyhop.pki.key import new_key
from everyhop.x509.parse import leaf
from tests.certificates import good, new_authority

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
TOKEN = "DGyRejmCefe7v4NfDGDKfA"
ISSUER = AcmeIssuer(AcmeServer.named("letsencrypt-staging"), "/nowhere", (Standalone(),))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        (" 120 ", 120),
        ("9" * 60, 30 * 86400),
        (format_datetime(NOW + timedelta(hours=1), usegmt=True), 3600),
        (format_datetime(NOW - timedelta(hours=1), usegmt=True), 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 30 * 86400),
    ],
)
def test_a_wait_is_seconds_or_a_date(header: str, seconds: int) -> None:
    """Bounded at both ends."""
    assert retry_after.wait(header, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "header", [None, "", "soon", "-5", "1.5", "1e9", "٣", "9" * 65, "Fri, 99 Dec 2026 00:00:00 GMT"]
)
def test_what_is_neither_asks_for_nothing(header: str | None) -> None:
    """The twin."""
    assert retry_after.wait(header, NOW) is None


@given(st.text(max_size=80))
def test_no_header_breaks_it(header: str) -> None:
    wait = retry_after.wait(header, NOW)
    assert wait is None or timedelta() <= wait <= timedelta(days=30)


def test_a_problem_tells_what_and_about_whom() -> None:
    told = {
        "type": "urn:ietf:params:acme:error:rejectedIdentifier",
        "detail": "some are refused",
        "subproblems": [
            {
                "type": "urn:ietf:params:acme:error:caa",
                "detail": "CAA forbids it",
                "identifier": {"type": "dns", "value": "a.example.org"},
            }
        ],
    }
    problem = Problem.of(told)
    assert str(problem) == "some are refused (rejectedIdentifier); a.example.org: CAA forbids it (caa)"
    assert problem.hint is not None
    assert "CAA records" in problem.hint


def test_a_foreign_problem_has_no_kind_of_acme() -> None:
    problem = Problem.of({"type": "https://example.org/badNonce", "title": "no"})
    assert (problem.kind, problem.detail, problem.hint) == ("", "no", None)


def test_a_problem_is_harmless_on_a_terminal() -> None:
    text = "\x1b]0;owned\x07 red \x1b[31m\r\n\u202e"
    value = {"type": f"urn:ietf:params:acme:error:{text}", "detail": text, "identifier": {"value": text}}
    assert str(Problem.of(value)).isprintable()


def test_a_problem_is_bounded() -> None:
    one = {"type": "x" * 10**6, "detail": "y" * 10**6, "title": "z"}
    assert len(str(Problem.of({**one, "subproblems": [one] * 10**4}))) < 10_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "detail", "title", "identifier", "value", "subproblems"]), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_shape_breaks_a_problem(value: object) -> None:
    problem = Problem.of(value)
    assert str(problem).isprintable()
    assert problem.hint is None or problem.hint


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"[" * 200_000, b"1" * 10_000, b"null"])
def test_no_body_breaks_a_problem(body: bytes) -> None:
    assert str(Problem.read(body)) == "no reason is given"


@pytest.mark.parametrize(
    "address",
    [
        "http://acme.test/dir",
        "acme.test",
        "https://",
        "https://user:password@acme.test/",
        "https://acme.test/a b",
        "https://acme.test/\x1b[31m",
        "https://acme.test:99999/",
        "https://[::1/",
        "letsencrypt-prod",
        "",
    ],
)
def test_a_directory_is_an_https_address(address: str) -> None:
    with pytest.raises(SettingsError, match="no address of an ACME directory") as refused:
        AcmeServer.named(address)
    assert "\x1b" not in str(refused.value)


def test_known_directories_go_by_name() -> None:
    for name, address in KNOWN.items():
        assert AcmeServer.named(name).directory == address
    assert AcmeServer.named("https://[::1]:14000/dir").directory == "https://[::1]:14000/dir"


@given(st.text(alphabet=string.ascii_letters + string.digits + "-._~:/?#[]@!$&'()*+,;=%", max_size=60))
def test_a_servers_folder_is_a_plain_name(rest: str) -> None:
    """And two directories never share one."""
    try:
        server = AcmeServer(f"https://acme.test/{rest}")
    except SettingsError:
        return
    assert set(server.folder) <= set(string.ascii_lowercase + string.digits + ".-")
    assert not server.folder.startswith(".")
    assert server.folder != AcmeServer(f"https://acme.test/{rest}/x").folder


@pytest.mark.parametrize("contact", ["ops", "a@b,c@d", "mailto:a@b?subject=x", "a b@c", "ü@example.org", "a@b\n"])
def test_a_contact_is_one_address(contact: str) -> None:
    with pytest.raises(SettingsError, match="no address for mail"):
        AccountWish(Terms.AGREED, (contact,))


def test_contacts_are_told_as_urls() -> None:
    wish = AccountWish(Terms.AGREED, ("ops@example.org", "mailto:dba@example.org"))
    assert wish.addresses == ("mailto:ops@example.org", "mailto:dba@example.org")


@pytest.mark.parametrize("key", ["", "short", "blanks in the middle of it", "x" * 20 + "é"])
def test_an_hmac_key_is_base64url_and_is_not_shown(key: str) -> None:
    with pytest.raises(SettingsError, match="base64url") as refused:
        Binding("kid-1", Secret(key))
    assert not key or key not in f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize(
    "token", ["", "../../etc/passwd", "a" * 15, "a" * 257, f"{TOKEN}/x", f"{TOKEN}\n", "%2e" * 8, "ä" * 22]
)
def test_a_token_is_base64url_and_leads_nowhere(token: str) -> None:
    with pytest.raises(IssueError, match="token"):
        Answer("example.org", token, "x")


def test_a_record_holds_the_digest() -> None:
    """RFC 8555 section 8.4, computed by hand: base64url(sha256("token.thumbprint"))."""
    answer = Answer("www.example.org", "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA", "a.b")
    assert answer.record == "_acme-challenge.www.example.org"
    assert answer.value == "LnM23I66h-9HLfVow1SCq_JXXcPl6sDFxiuP-urCyTQ"


HTTP, DNS = Webroot("/srv/www"), DnsHook(("hook",))


@pytest.mark.parametrize(
    ("name", "responders", "kind"),
    [
        ("example.org", (HTTP, DNS), Kind.HTTP_01),
        ("example.org", (DNS, HTTP), Kind.DNS_01),
        ("*.example.org", (HTTP, DNS), Kind.DNS_01),
        ("192.0.2.1", (DNS, HTTP), Kind.HTTP_01),
        ("2001:db8::1", (DNS, HTTP), Kind.HTTP_01),
    ],
)
def test_the_first_that_can_answers(name: str, responders: tuple[Responder, ...], kind: Kind) -> None:
    assert responder_for(name, responders).kind is kind


@pytest.mark.parametrize(
    ("name", "responders", "reason"),
    [
        ("*.example.org", (HTTP,), "DNS-01 alone"),
        ("192.0.2.1", (DNS,), "never by DNS-01"),
        ("example.org", (), "no way to prove"),
    ],
)
def test_where_none_can_the_reason_is_told(name: str, responders: tuple[Responder, ...], reason: str) -> None:
    """And what to add."""
    with pytest.raises(IssueError, match=reason) as refused:
        responder_for(name, responders)
    assert refused.value.hint


def _leaf(serial: int) -> Leaf:
    """A leaf with the key identifier of RFC 9773's example."""
    issued = good(new_authority(), "db.test")
    found = x509.load_der_x509_certificate(issued.chain.leaf.der)
    key_identifier = bytes.fromhex("69885B6B87464041E1B37B847BA0AE2CDE01C8D4")

    key = new_key()
    made = (
        x509.CertificateBuilder()
        .subject_name(found.subject)
        .issuer_name(found.issuer)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(found.not_valid_before_utc)
        .not_valid_after(found.not_valid_after_utc)
        .add_extension(x509.AuthorityKeyIdentifier(key_identifier, None, None), critical=False)
        .sign(key, hashes.SHA256())
    )
    return leaf(made.public_bytes(Encoding.DER))


def test_a_certificate_is_called_as_in_the_rfc() -> None:
    """RFC 9773 section 4.1, with the zero before a serial whose first bit is 1."""
    assert certificate_id(_leaf(0x8765_4321)) == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"


def test_a_small_serial_has_no_zero_before_it() -> None:
    assert certificate_id(_leaf(0x17)) == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.Fw"


@pytest.mark.parametrize("profile", [LeafProfile.CLIENT, LeafProfile.NODE, LeafProfile.PROXY])
def test_clients_are_sent_to_the_internal_authority(profile: LeafProfile) -> None:
    """Before anybody is asked: public authorities issue no clientAuth any longer."""
    with pytest.raises(IssueError, match="certify servers alone, without clientAuth") as refused:
        ISSUER.issue(CertificateRequest(("db.example.org",), None, profile, common_name="app"))
    assert refused.value.hint is not None
    assert "internal authority" in refused.value.hint


def test_a_lifetime_is_the_servers_to_choose() -> None:
    with pytest.raises(IssueError, match="decides about the lifetime"):
        ISSUER.issue(CertificateRequest(("db.example.org",), timedelta(days=90)))


@pytest.mark.parametrize("name", ["db:5432", "*.*.org", "10.0.0.0/8", "münchen.example", ""])
def test_what_is_no_name_is_refused_before_the_server_is_asked(name: str) -> None:
    with pytest.raises(IssueError):
        ISSUER.issue(CertificateRequest((name,), None))


def test_a_wildcard_without_a_hook_is_refused_before_the_server_is_asked() -> None:
    with pytest.raises(IssueError, match="DNS-01 alone"):
        ISSUER.issue(CertificateRequest(("example.org", "*.example.org"), None))


def test_the_missing_extra_is_told_with_the_line_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "find_spec", lambda _: None)
    with pytest.raises(ToolError) as missing:
        ISSUER.issue(CertificateRequest(("db.example.org",), None))
    assert missing.value.hint == "pip install 'everyhop[acme]'"


def test_nothing_of_the_extra_is_imported_by_the_door() -> None:
    """So that commands which issue nothing start as fast as before, and without it."""
    code = (
        "import sys; import everyhop.acme.issuer, everyhop.acme.webroot, everyhop.acme.standalone, "
        "everyhop.acme.dns_hook; print(sorted({'acme', 'josepy', 'requests', 'OpenSSL'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_errors_are_the_projects_own() -> None:
    """What an operation raises here is an `EveryhopError`, fit to be shown."""
    for kind in (trouble.UnreachedError, trouble.UnbelievedError, trouble.LateError):
        assert issubclass(kind, EveryhopError)
    refused = trouble.RefusedError(429, Problem.read(json.dumps({"detail": "slow\x1b down"}).encode()))
    assert str(refused) == "the ACME server refused (HTTP 429): slow\\x1b down"
