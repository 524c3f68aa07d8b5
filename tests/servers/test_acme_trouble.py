"""What an ACME server, or whoever answers in its place, may do to a client: waited for, gone on with, or told."""

from __future__ import annotations

import base64
import select
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from everyhop.acme.account import AccountWish, Terms
from everyhop.acme.issuer import AcmeIssuer
from everyhop.acme.server import AcmeServer
from everyhop.acme.standalone import Standalone
from everyhop.acme.transport import LARGEST
from everyhop.acme.webroot import Webroot
from everyhop.errors import IssueError, SettingsError
from everyhop.lab.pebble import Pebble
from everyhop.lab.session import Lab
from everyhop.model.certificate import CertificateRequest, Issued
from tests.acme_front import Act, Front, PassOn, Reply, Trick, answered, cut, front, rewritten
from tests.certificates import expired, good, new_authority, utc_now

pytestmark = pytest.mark.xdist_group("acme")

REQUEST = CertificateRequest(("trouble.example.org",))
LIMITED = b'{"type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many \\u001b[31m orders"}'


@pytest.fixture
def before(lab: Lab, pebble: Pebble) -> Iterator[Front]:
    """A front of this test's own before the shared server."""
    with front(
        lab.authority.issue(CertificateRequest(("127.0.0.1",))), pebble.server.endpoint, pebble.anchors_pem
    ) as it:
        yield it


def issuer(before: Front, pebble: Pebble, home: Path, patience: float = 60.0) -> tuple[AcmeIssuer, list[str]]:
    """One that goes through the front, and what it tells meanwhile."""
    told: list[str] = []
    server = AcmeServer(before.directory, pebble.anchors_pem, pebble.root_pem())
    responder = Standalone(pebble.validation.host, pebble.validation.port)
    wish = AccountWish(Terms.AGREED)
    return AcmeIssuer(server, str(home), (responder,), wish, patience=patience, tell=told.append), told


def refusal(before: Front, pebble: Pebble, home: Path, patience: float = 60.0) -> IssueError:
    """With what it ends; fit to be shown, whatever was said."""
    with pytest.raises(IssueError) as refused:
        issuer(before, pebble, home, patience)[0].issue(REQUEST)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 2_000
    return refused.value


@pytest.mark.parametrize("wait", ["1", "date"])
def test_who_asks_to_wait_is_waited_for(before: Front, pebble: Pebble, tmp_path: Path, wait: str) -> None:
    """By seconds or by a date; a person is told of it, and then it goes on."""
    header = format_datetime(utc_now() + timedelta(seconds=2), usegmt=True) if wait == "date" else wait
    trick = Trick("POST", "order-plz", answered(429, LIMITED, Retry_After=header), times=1)
    before.tricks.append(trick)
    asking, told = issuer(before, pebble, tmp_path / "home")
    assert asking.issue(REQUEST).chain.leaf.names == REQUEST.names
    assert trick.played == 1
    assert all(line.isprintable() and "too many" in line for line in told)
    assert wait == "date" or len(told) == 1


def test_a_wait_that_is_too_long_is_told_at_once(before: Front, pebble: Pebble, tmp_path: Path) -> None:
    """With when to try again."""
    before.tricks.append(Trick("POST", "order-plz", answered(429, LIMITED, Retry_After="7500")))
    error = refusal(before, pebble, tmp_path / "home")
    assert r"too many \x1b[31m orders" in error.message
    assert error.hint == "it asks to be left alone for 2 h 5 min: try again after that"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/dir", 503),
        ("nonce-plz", 500),
        ("sign-me-up", 502),
        ("order-plz", 429),
        ("finalize-order", 500),
        ("certZ", 503),
    ],
)
def test_a_passing_fault_is_passed_over(before: Front, pebble: Pebble, tmp_path: Path, status: int, path: str) -> None:
    """Wherever it comes."""
    method = {"/dir": "GET", "nonce-plz": "HEAD"}.get(path, "POST")
    before.tricks.append(trick := Trick(method, path, answered(status, b"<html>", Retry_After="0"), times=2))
    assert issuer(before, pebble, tmp_path / "home")[0].issue(REQUEST).chain.leaf.names == REQUEST.names
    assert trick.played == 2


def test_a_lasting_fault_is_told_in_the_end(before: Front, pebble: Pebble, tmp_path: Path) -> None:
    """The twin: a handful of tries, not more."""
    before.tricks.append(trick := Trick("POST", "order-plz", answered(503, b"", Retry_After="0")))
    assert "HTTP 503" in refusal(before, pebble, tmp_path / "home").message
    assert trick.played == 5


@pytest.mark.parametrize("path", ["sign-me-up", "order-plz", "chalZ", "finalize-order", "certZ"])
def test_an_answer_lost_on_the_way_loses_nothing(before: Front, pebble: Pebble, tmp_path: Path, path: str) -> None:
    """The server has done it: one account, and the certificate that it made."""
    before.tricks.append(trick := Trick("POST", path, cut, times=1))
    issued = issuer(before, pebble, tmp_path / "home")[0].issue(REQUEST)
    assert issued.chain.leaf.names == REQUEST.names
    assert trick.played == 1


def test_an_account_that_is_there_may_be_told_as_a_conflict(before: Front, pebble: Pebble, tmp_path: Path) -> None:
    """RFC 8555 says 200, and some servers 409 with the same header."""
    asking, _ = issuer(before, pebble, tmp_path / "home")
    first = asking.register()
    next((tmp_path / "home").rglob("account.json")).unlink()

    def act(pass_on: PassOn) -> Reply:
        reply = pass_on()
        return Reply(409 if reply.status == 200 else reply.status, reply.headers, reply.body)

    before.tricks.append(Trick("POST", "sign-me-up", act))
    assert asking.register() == first


def test_a_proof_for_somebody_elses_name_is_not_made(before: Front, pebble: Pebble, tmp_path: Path) -> None:
    """A hook would change that zone."""
    before.tricks.append(Trick("POST", "authZ", rewritten(b"trouble.example.org", b"other.example.org\\nX")))
    assert "which nobody asked for" in refusal(before, pebble, tmp_path / "home").message


def test_an_order_that_stays_in_the_making_is_left_in_time(before: Front, pebble: Pebble, tmp_path: Path) -> None:
    before.tricks.append(Trick("POST", "my-order", rewritten(b'"status": "valid"', b'"status": "processing"')))
    before.tricks.append(Trick("POST", "finalize-order", rewritten(b'"status": "valid"', b'"status": "processing"')))
    error = refusal(before, pebble, tmp_path / "home", patience=2.0)
    assert error.message == "waited in vain until the certificate is made"


def test_a_proof_that_stays_pending_is_left_in_time(before: Front, pebble: Pebble, tmp_path: Path) -> None:
    before.tricks.append(Trick("POST", "authZ", rewritten(b'"status": "valid"', b'"status": "pending"')))
    error = refusal(before, pebble, tmp_path / "home", patience=2.0)
    assert error.message == "waited in vain until trouble.example.org is proven"


def test_an_order_that_is_broken_is_told_with_the_reason(before: Front, pebble: Pebble, tmp_path: Path) -> None:
    reason = b'"status": "invalid", "error": {"type": "urn:ietf:params:acme:error:caa", "detail": "not\\u001b you"}'
    before.tricks = [Trick("POST", "my-order", rewritten(b'"status": "ready"', reason))]
    error = refusal(before, pebble, tmp_path / "home")
    assert error.message == r"the order came to nothing: not\x1b you (caa)"
    assert error.hint is not None
    assert "CAA records" in error.hint


def huge(_: object) -> Reply:
    return Reply(200, {"Content-Type": "application/json"}, b" " * (LARGEST + 1))


def sends_on(_: object) -> Reply:
    return Reply(302, {"Location": "https://127.0.0.1:1/\x1b[31m"})


def squeezed(_: object) -> Reply:
    return Reply(200, {"Content-Type": "application/json", "Content-Encoding": "gzip"}, b"{}")


def says(text: bytes) -> Act:
    return lambda _: Reply(200, {"Content-Type": "application/json"}, text)


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (huge, f"longer than {LARGEST} bytes"),
        (sends_on, r"sends on to https://127.0.0.1:1/\x1b[31m"),
        (squeezed, "compresses"),
        (says(b"<html>"), "no JSON"),
        (says(b"[1]"), "no object"),
        (says(b"[" * 100_000), "no JSON"),
        (says(b"{}"), "not as RFC 8555 has it"),
        (says(b'{"newNonce": 5, "newAccount": [], "newOrder": {}}'), "not as RFC 8555 has it"),
        (says(b'{"meta": 7, "newNonce": "x", "newAccount": "x", "newOrder": "x"}'), "not as RFC 8555 has it"),
        (answered(404, b"nothing here"), "HTTP 404"),
        (answered(403, b'{"type": 5, "detail": ["\\u001b"]}'), "no reason is given"),
        (answered(403, b"\x00" * LARGEST), "no reason is given"),
        (rewritten(b"https://", b"http://"), "no https:// address"),
        (rewritten(b"https://", b"file:///"), "no https:// address"),
    ],
    ids=[
        "huge",
        "sent on",
        "compressed",
        "html",
        "list",
        "deep",
        "empty",
        "numbers",
        "odd meta",
        "404",
        "odd problem",
        "nul bytes",
        "http",
        "file",
    ],
)
def test_a_strange_directory_is_told(before: Front, pebble: Pebble, tmp_path: Path, act: Act, reason: str) -> None:
    before.tricks.append(Trick("GET", "/dir", act))
    assert reason in refusal(before, pebble, tmp_path / "home").message


@pytest.mark.parametrize("path", ["sign-me-up", "order-plz", "authZ", "my-order", "finalize-order"])
@pytest.mark.parametrize(
    "text",
    [b"{}", b'{"status": 5, "identifier": 7, "challenges": 8, "authorizations": 9}', b'{"status": "odd"}'],
    ids=["empty", "numbers", "odd"],
)
def test_a_strange_answer_is_told(before: Front, pebble: Pebble, tmp_path: Path, path: str, text: bytes) -> None:
    """Wherever it comes: an error of ours, in a line."""

    def act(pass_on: PassOn) -> Reply:
        reply = pass_on()
        return Reply(reply.status, reply.headers, text) if reply.status < 300 else reply

    before.tricks.append(Trick("POST", path, act))
    home = tmp_path / "home"
    with suppress(IssueError):
        issuer(before, pebble, home, patience=3.0)[0].issue(REQUEST)  # an account may well be `{}`


@pytest.mark.parametrize(
    "value", ["", "\x1b[31m", "no%base64!", "http://127.0.0.1/"], ids=["empty", "escape", "odd", "http"]
)
def test_a_strange_place_is_told(before: Front, pebble: Pebble, tmp_path: Path, value: str) -> None:
    """Where an account or an order is said to be."""
    act = _headers(Location=value)
    before.tricks += [Trick("POST", "order-plz", act), Trick("POST", "sign-me-up", act)]
    error = refusal(before, pebble, tmp_path / "home", patience=10.0)
    assert "RFC 8555" in error.message or "https://" in error.message


@pytest.mark.parametrize(
    "value", ["", "\x1b[31m", "no%base64!", "http://127.0.0.1/"], ids=["empty", "escape", "odd", "http"]
)
def test_a_strange_nonce_is_told_or_done_without(before: Front, pebble: Pebble, tmp_path: Path, value: str) -> None:
    before.tricks += [Trick("POST", "order-plz", _headers(Replay_Nonce=value))]
    with suppress(IssueError):
        issued = issuer(before, pebble, tmp_path / "home", patience=10.0)[0].issue(REQUEST)
        assert issued.chain.leaf.names == REQUEST.names


def _headers(**changed: str) -> Act:
    def act(pass_on: PassOn) -> Reply:
        reply = pass_on()
        named = {name.replace("_", "-"): value for name, value in changed.items()}
        return Reply(reply.status, reply.headers | named, reply.body) if reply.status < 300 else reply

    return act


@pytest.mark.parametrize("token", [b"../../../../", b"/etc/cron.d/", b"x\\u0000"], ids=["up", "root", "nul"])
def test_a_token_leads_out_of_no_web_root(before: Front, pebble: Pebble, tmp_path: Path, token: bytes) -> None:
    """It becomes the name of a file, so what is no base64url is refused before one is made."""
    before.tricks.append(Trick("POST", "authZ", rewritten(b'"token": "', b'"token": "' + token)))
    (tmp_path / "www").mkdir()
    asking, _ = issuer(before, pebble, tmp_path / "home")
    asking = AcmeIssuer(asking.server, asking.home, (Webroot(str(tmp_path / "www")),), asking.account)
    with pytest.raises(IssueError):
        asking.issue(REQUEST)
    assert list((tmp_path / "www").iterdir()) == []


def test_a_certificate_for_another_key_is_refused(before: Front, pebble: Pebble, tmp_path: Path) -> None:
    before.tricks.append(Trick("POST", "certZ", _chain(good(new_authority(), "trouble.example.org"))))
    assert "for another key" in refusal(before, pebble, tmp_path / "home").message


@pytest.mark.parametrize(
    "text",
    [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\xff" * 99],
    ids=["nothing", "short", "binary"],
)
def test_what_is_no_certificate_is_refused(before: Front, pebble: Pebble, tmp_path: Path, text: bytes) -> None:
    before.tricks.append(Trick("POST", "certZ", _text(text)))
    assert "certificate that can be read" in refusal(before, pebble, tmp_path / "home").message


def test_a_chain_without_end_is_refused(before: Front, pebble: Pebble, tmp_path: Path) -> None:
    one = good(new_authority(), "trouble.example.org").chain_pem.encode()
    before.tricks.append(Trick("POST", "certZ", _text(one * 11)))
    assert "more than 10 certificates" in refusal(before, pebble, tmp_path / "home").message


def _text(content: bytes) -> Act:
    def act(pass_on: PassOn) -> Reply:
        reply = pass_on()
        return Reply(200, reply.headers, content) if reply.status == 200 else reply  # nonces are rejected here, too

    return act


def _chain(issued: Issued) -> Act:
    return _text(issued.chain_pem.encode())


def test_who_trickles_renews_no_time(lab: Lab, tmp_path: Path) -> None:
    """A byte now and then, for ever: all of it ends by one deadline."""
    with front(lab.authority.issue(CertificateRequest(("127.0.0.1",)))) as it:

        def act(_: object) -> Reply:
            raise AssertionError

        it.tricks.append(Trick("GET", "/dir", act))
        stop = threading.Event()

        class Trickle(it.RequestHandlerClass):  # type: ignore[misc, name-defined]
            def handle(self) -> None:
                self.rfile.readline()
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
                while not stop.wait(0.02):
                    self.wfile.write(b"x")

        it.RequestHandlerClass = Trickle
        server = AcmeServer(it.directory, lab.authority.anchors_pem)
        with pytest.raises(IssueError, match="did not answer in time"):
            AcmeIssuer(server, str(tmp_path / "home"), (Standalone(),), patience=0.5).register()
        stop.set()


def test_nobody_is_there(lab: Lab, tmp_path: Path) -> None:
    """Told after a few tries, with the place."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = AcmeServer(f"https://127.0.0.1:{taken.getsockname()[1]}/dir", lab.authority.anchors_pem)
        with pytest.raises(IssueError, match=r"127\.0\.0\.1:[0-9]+ cannot be reached: .*refused"):
            AcmeIssuer(server, str(tmp_path / "home"), (Standalone(),), patience=1.0).register()


def test_a_server_with_a_wrong_certificate_is_not_talked_to(lab: Lab, pebble: Pebble, tmp_path: Path) -> None:
    """Somebody else's authority, another name, or past its end; nothing is sent, and no second try made."""
    authority = new_authority()
    for issued, reason in (
        (good(authority, "127.0.0.1"), "unable to get local issuer"),
        (lab.authority.issue(CertificateRequest(("acme.example.org",))), "IP address mismatch"),
        (expired(lab.authority, "127.0.0.1"), "expired"),
    ):
        with front(issued, pebble.server.endpoint, pebble.anchors_pem) as it:
            server = AcmeServer(it.directory, lab.authority.anchors_pem)
            with pytest.raises(IssueError, match=f"not to be believed: .*{reason}") as refused:
                AcmeIssuer(server, str(tmp_path / "home"), (Standalone(),)).register()
            assert refused.value.hint is not None
            assert it.passed == []
    assert not (tmp_path / "home").exists()


def test_the_environment_decides_nothing_about_trust(
    lab: Lab, pebble: Pebble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`requests` would take REQUESTS_CA_BUNDLE over what a session says, one way and the other."""
    stranger = tmp_path / "stranger.pem"
    stranger.write_text(new_authority().anchors_pem)
    home = tmp_path / "home"
    wish = AccountWish(Terms.AGREED)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(stranger))
    AcmeIssuer(AcmeServer(pebble.directory, pebble.anchors_pem), str(home), (Standalone(),), wish).register()
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(lab.anchors))
    with pytest.raises(IssueError, match="not to be believed"):
        AcmeIssuer(AcmeServer(pebble.directory), str(home), (Standalone(),), wish).register()
    stranger_only = AcmeServer(pebble.directory, new_authority().anchors_pem)
    with pytest.raises(IssueError, match="not to be believed"):
        AcmeIssuer(stranger_only, str(home), (Standalone(),), wish).register()


class _Proxy(socketserver.StreamRequestHandler):
    """CONNECT, and then bytes both ways."""

    def handle(self) -> None:
        _, target, _ = self.rfile.readline().decode().split()
        while self.rfile.readline().strip():
            pass
        self.server.asked.append(target)  # type: ignore[attr-defined]
        host, port = target.split(":")
        with socket.create_connection((host, int(port))) as behind:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            ways = {self.connection: behind, behind: self.connection}
            while True:
                for ready in select.select(list(ways), [], [])[0]:
                    data = ready.recv(65_536)
                    if not data:
                        return
                    ways[ready].sendall(data)


def test_a_proxy_is_used_and_is_not_believed(pebble: Pebble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one in the environment: TLS goes through it, end to end."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    wish = AccountWish(Terms.AGREED)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Proxy) as proxy:
        proxy.asked = []  # type: ignore[attr-defined]
        proxy.daemon_threads = True
        threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.server_address[1]}")
        server = AcmeServer(pebble.directory, pebble.anchors_pem)
        AcmeIssuer(server, str(tmp_path / "home"), (Standalone(),), wish).register()
        asked = set(proxy.asked)  # type: ignore[attr-defined]
        stranger = AcmeServer(pebble.directory, new_authority().anchors_pem)
        with pytest.raises(IssueError, match="not to be believed"):
            AcmeIssuer(stranger, str(tmp_path / "home"), (Standalone(),), wish).register()
        proxy.shutdown()
    assert asked == {str(pebble.server.endpoint)}


def test_anchors_that_are_none_are_told(pebble: Pebble, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no certificates in PEM"):
        AcmeIssuer(AcmeServer(pebble.directory, "-----BEGIN"), str(tmp_path / "home"), (Standalone(),)).register()


def test_no_secret_is_in_what_is_logged(
    before: Front, pebble: Pebble, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """certbot's library logs every request and answer, to whoever asks for it."""
    caplog.set_level("DEBUG")
    asking, _ = issuer(before, pebble, tmp_path / "home")
    issued = asking.issue(REQUEST)
    account = next((tmp_path / "home").rglob("key.pem")).read_text()
    assert caplog.text
    for pem in (issued.key_pem.reveal(), account):
        key = load_pem_private_key(pem.encode(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        number = key.private_numbers().private_value.to_bytes(32, "big")
        assert pem.splitlines()[1] not in caplog.text
        assert number.hex() not in caplog.text
        assert base64.urlsafe_b64encode(number).decode()[:40] not in caplog.text


def test_two_processes_make_one_account(pebble: Pebble, tmp_path: Path) -> None:
    """They wait for each other."""
    results: list[str] = []

    def register() -> None:
        server = AcmeServer(pebble.directory, pebble.anchors_pem)
        results.append(
            AcmeIssuer(server, str(tmp_path / "home"), (Standalone(),), AccountWish(Terms.AGREED)).register()
        )

    threads = [threading.Thread(target=register) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert len(set(results)) == 1


def test_the_listener_answers_nothing_else(pebble: Pebble) -> None:
    """Neither another path, nor another method, nor what never ends."""
    from everyhop.acme.transport import listening  # noqa: PLC0415

    token = "DGyRejmCefe7v4NfDGDKfA"
    place = ("127.0.0.1", pebble.validation.port)
    with listening(*place, {token: "answer.thumbprint"}):
        for line, status in (
            (f"GET /.well-known/acme-challenge/{token} HTTP/1.1", b"200"),
            ("GET /.well-known/acme-challenge/other HTTP/1.1", b"404"),
            (f"GET /.well-known/acme-challenge/../acme-challenge/{token} HTTP/1.1", b"404"),
            (f"POST /.well-known/acme-challenge/{token} HTTP/1.1", b"404"),
            ("GET / HTTP/1.1", b"404"),
            ("GET", b"404"),
            ("\x00" * 5000, b"404"),
        ):
            with socket.create_connection(place, timeout=10) as visitor:
                visitor.sendall(f"{line}\r\nHost: x\r\n\r\n".encode())
                answer = b""
                with suppress(ConnectionResetError):
                    while piece := visitor.recv(4096):
                        answer += piece
            assert answer.split(b" ")[1] == status
            assert answer.endswith(b"answer.thumbprint") == (status == b"200")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(place, timeout=10)


def test_idle_visitors_hold_nobody_up(pebble: Pebble) -> None:
    """However many of them connect and say nothing."""
    from everyhop.acme.transport import listening  # noqa: PLC0415

    place = ("127.0.0.1", pebble.validation.port)
    with listening(*place, {}):
        idle = [socket.create_connection(place, timeout=10) for _ in range(20)]
        with socket.create_connection(place, timeout=10) as visitor:
            visitor.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert b"404" in visitor.recv(4096)
        for one in idle:
            one.close()
