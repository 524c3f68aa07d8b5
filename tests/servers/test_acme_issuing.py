"""Certificates from a real ACME server that makes trouble on purpose: how names are proven, and what comes of it."""

from __future__ import annotations

import http.server
import json
import os
import stat
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from everyhop.acme.account import AccountWish, Binding, Terms
from everyhop.acme.challenge import Answer, Kind, Responder
from everyhop.acme.dns_hook import DnsHook
from everyhop.acme.issuer import AcmeIssuer
from everyhop.acme.renewal_info import renewal_advice
from everyhop.acme.server import AcmeServer
from everyhop.acme.standalone import Standalone
from everyhop.acme.webroot import Webroot
from everyhop.errors import IssueError, LineageError
from everyhop.lab import pebble as pebble_server
from everyhop.lab.pebble import Faults, Pebble, Rules
from everyhop.lab.port import free_endpoint
from everyhop.lab.session import Lab
from everyhop.model.certificate import CertificateRequest, KeyAlgorithm
from everyhop.model.secret import Secret
from everyhop.probe.deadline import Deadline
from everyhop.x509.pair import belongs
from everyhop.x509.path import verify_path
from tests.certificates import new_authority, utc_now
from tests.unpacked import PEBBLE

pytestmark = pytest.mark.xdist_group("acme")  # they share their servers

AGREED = AccountWish(Terms.AGREED, ("ops@example.org",))

HOOK = """\
import json, os, sys, urllib.request

with open({log!r}, "a") as log:
    print(os.environ["EVERYHOP_ACTION"], os.environ["EVERYHOP_RECORD"], *sys.argv[1:], file=log)
if os.environ["EVERYHOP_ACTION"] == "set":
    told = {{"host": os.environ["EVERYHOP_RECORD"] + ".", "value": os.environ["EVERYHOP_VALUE"]}}
    urllib.request.urlopen({zone!r} + "/set-txt", json.dumps(told).encode(), timeout=10).close()
else:
    told = {{"host": os.environ["EVERYHOP_RECORD"] + "."}}
    urllib.request.urlopen({zone!r} + "/clear-txt", json.dumps(told).encode(), timeout=10).close()
"""


def server_of(pebble: Pebble, number: int = 0) -> AcmeServer:
    return AcmeServer(pebble.directory, pebble.anchors_pem, pebble.root_pem(number))


def standalone(pebble: Pebble) -> Standalone:
    return Standalone(pebble.validation.host, pebble.validation.port)


def issuer_of(pebble: Pebble, home: Path, *responders: Responder, wish: AccountWish = AGREED) -> AcmeIssuer:
    return AcmeIssuer(server_of(pebble), str(home), responders or (standalone(pebble),), wish, patience=60.0)


def ask(*names: str, key: KeyAlgorithm = KeyAlgorithm.EC_P256) -> CertificateRequest:
    return CertificateRequest(names, None, key=key)


@contextmanager
def web_server(pebble: Pebble, directory: Path) -> Iterator[None]:
    """Serves a directory where the authority looks, until the `with` ends."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *_: object) -> None:  # noqa: A002
            """Nobody reads it."""

    address = (pebble.validation.host, pebble.validation.port)
    with http.server.ThreadingHTTPServer(address, partial(Quiet, directory=str(directory))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


class Never:
    """Answers nothing, and is not to be asked."""

    kind = Kind.HTTP_01

    def answering(self, answers: Sequence[Answer], deadline: Deadline) -> None:  # noqa: ARG002
        pytest.fail(f"asked to prove {answers}")


@pytest.fixture(params=["machine", "fetched"])
def either_pebble(request: pytest.FixtureRequest) -> Pebble:
    """Both versions that there are."""
    found = request.getfixturevalue("pebble" if request.param == "machine" else "newer_pebble")
    assert isinstance(found, Pebble)
    return found


def test_a_chain_comes_for_the_names_and_a_key_of_ones_own(either_pebble: Pebble, tmp_path: Path) -> None:
    """Believed by whoever believes the authority's root."""
    issued = issuer_of(either_pebble, tmp_path / "home").issue(ask("b.example.org", "a.example.org"))
    assert set(issued.chain.leaf.names) == {"a.example.org", "b.example.org"}
    assert belongs(issued.key_pem.reveal(), issued.chain_pem)
    assert issued.chain.leaf.key == "EC P-256"
    assert len(issued.chain.certificates) == 2
    assert issued.anchors_pem.split() == either_pebble.root_pem().split()
    for name in issued.chain.leaf.names:
        verify_path(issued.chain, issued.anchors_pem, name, utc_now())


@pytest.mark.parametrize("key", [KeyAlgorithm.EC_P384, KeyAlgorithm.RSA_2048])
def test_other_keys_are_made_on_request(pebble: Pebble, tmp_path: Path, key: KeyAlgorithm) -> None:
    issued = issuer_of(pebble, tmp_path / "home").issue(ask("key.example.org", key=key))
    assert issued.chain.leaf.key == key.value


@pytest.mark.parametrize("place", [None, PEBBLE.directories], ids=["machine", "fetched"])
def test_nine_nonces_of_ten_may_be_rejected(lab: Lab, tmp_path: Path, place: tuple[Path, ...] | None) -> None:
    """certbot's own library tries a second time, and that is all."""
    if place and not PEBBLE.is_there:
        pytest.skip(f"{PEBBLE.servers[0]} is not on the machine, and could not be fetched (make servers)")
    pebble = pebble_server.start(lab, Faults(rejected_nonces=90), directories=place)
    issued = issuer_of(pebble, tmp_path / "home").issue(ask("nonce.example.org"))
    assert issued.chain.leaf.names == ("nonce.example.org",)


def test_what_was_proven_is_not_proven_again(lab: Lab, tmp_path: Path) -> None:
    """Where the server remembers: the responder is not asked at all, so its port need not be free."""
    pebble = pebble_server.start(lab, Faults(reused_authorizations=100))
    issuer = issuer_of(pebble, tmp_path / "home")
    first = issuer.issue(ask("again.example.org"))
    second = issuer_of(pebble, tmp_path / "home", Never()).issue(ask("again.example.org"))  # type: ignore[arg-type]
    assert first.chain.leaf.serial != second.chain.leaf.serial
    assert first.key_pem != second.key_pem


def test_where_the_server_forgets_it_is_proven_each_time(pebble: Pebble, tmp_path: Path) -> None:
    """The twin, with nobody there to prove it the second time."""
    issuer_of(pebble, tmp_path / "home").issue(ask("forgotten.example.org"))
    absent = Standalone("127.0.0.1", free_endpoint("127.0.0.1").port)  # not where the authority looks
    with pytest.raises(IssueError, match=r"forgotten\.example\.org is not proven") as refused:
        issuer_of(pebble, tmp_path / "home", absent).issue(ask("forgotten.example.org"))
    assert refused.value.hint is not None
    assert "port 80" in refused.value.hint


def test_a_web_root_holds_the_answers_and_is_then_as_before(pebble: Pebble, tmp_path: Path) -> None:
    root = tmp_path / "www"
    root.mkdir()
    (root / "index.html").write_text("mine")
    with web_server(pebble, root):
        issued = issuer_of(pebble, tmp_path / "home", Webroot(str(root))).issue(ask("a.example.org", "w.example.org"))
    assert len(issued.chain.leaf.names) == 2
    assert [path.name for path in root.rglob("*")] == ["index.html"]


def test_a_web_root_keeps_what_others_put_there(pebble: Pebble, tmp_path: Path) -> None:
    """Folders that were there stay, and so does another client's challenge."""
    folder = tmp_path / "www" / ".well-known" / "acme-challenge"
    folder.mkdir(parents=True)
    (folder / "theirs").write_text("x")
    with web_server(pebble, tmp_path / "www"):
        issuer_of(pebble, tmp_path / "home", Webroot(str(tmp_path / "www"))).issue(ask("w.example.org"))
    assert [path.name for path in folder.iterdir()] == ["theirs"]


def test_another_web_root_than_the_served_one_is_told(pebble: Pebble, tmp_path: Path) -> None:
    """The server's own reason, and what to look at; nothing is left behind."""
    for name in ("served", "other"):
        (tmp_path / name).mkdir()
    with web_server(pebble, tmp_path / "served"), pytest.raises(IssueError, match="404") as refused:
        issuer_of(pebble, tmp_path / "home", Webroot(str(tmp_path / "other"))).issue(ask("w.example.org"))
    assert refused.value.message.startswith("w.example.org is not proven")
    assert refused.value.hint is not None
    assert "web root" in refused.value.hint
    assert list((tmp_path / "other").iterdir()) == []


def test_a_port_that_is_taken_is_told(pebble: Pebble, tmp_path: Path) -> None:
    """With what serves a challenge beside a web server."""
    (tmp_path / "www").mkdir()
    with web_server(pebble, tmp_path / "www"), pytest.raises(IssueError, match="cannot be listened on") as refused:
        issuer_of(pebble, tmp_path / "home").issue(ask("taken.example.org"))
    assert refused.value.hint is not None
    assert "web root" in refused.value.hint


def hook_for(pebble: Pebble, folder: Path) -> tuple[DnsHook, Path]:
    """One in Python, that changes the zone and notes what it was run for."""
    program, log = folder / "hook.py", folder / "hook.log"
    program.write_text(HOOK.format(log=str(log), zone=f"http://{pebble.zone}"))
    return DnsHook((sys.executable, "-I", "-S", str(program), "one argument"), patience=30.0), log


def test_a_wildcard_is_proven_by_a_record(either_pebble: Pebble, tmp_path: Path) -> None:
    """Together with its parent, whose record has the same name; both are taken back."""
    hook, log = hook_for(either_pebble, tmp_path)
    issuer = issuer_of(either_pebble, tmp_path / "home", standalone(either_pebble), hook)
    issued = issuer.issue(ask("*.wild.example.org", "other.example.org"))
    assert set(issued.chain.leaf.names) == {"*.wild.example.org", "other.example.org"}
    assert log.read_text().splitlines() == [
        "set _acme-challenge.wild.example.org one argument",
        "clear _acme-challenge.wild.example.org one argument",
    ]


def test_two_values_under_one_record(pebble: Pebble, tmp_path: Path) -> None:
    hook, log = hook_for(pebble, tmp_path)
    issued = issuer_of(pebble, tmp_path / "home", hook).issue(ask("two.example.org", "*.two.example.org"))
    assert len(issued.chain.leaf.names) == 2
    assert [line.split()[0] for line in log.read_text().splitlines()] == ["set", "set", "clear", "clear"]


def test_a_wrong_record_is_refused_with_the_reason(pebble: Pebble, tmp_path: Path) -> None:
    """And the hook is run again to take it back."""
    program, log = tmp_path / "hook", tmp_path / "log"
    program.write_text(f'#!/bin/sh\necho "$EVERYHOP_ACTION" >> {log}\n')
    program.chmod(0o755)
    with pytest.raises(IssueError, match=r"no\.example\.org is not proven"):
        issuer_of(pebble, tmp_path / "home", DnsHook((str(program),))).issue(ask("no.example.org"))
    assert log.read_text().split() == ["set", "clear"]


def test_a_hook_that_fails_is_told_with_its_last_words(pebble: Pebble, tmp_path: Path) -> None:
    """Harmless ones, and without the password in them."""
    program, log = tmp_path / "hook", tmp_path / "log"
    program.write_text(
        f'#!/bin/sh\necho "$EVERYHOP_ACTION" >> {log}\nprintf "no such zone \\033[31m password=hunter2"; exit 3\n'
    )
    program.chmod(0o755)
    with pytest.raises(IssueError, match="ended with code 3") as failed:
        issuer_of(pebble, tmp_path / "home", DnsHook((str(program),))).issue(ask("no.example.org"))
    assert failed.value.hint == r"it said: no such zone \x1b[31m password=***"
    assert log.read_text().split() == ["set", "clear"]


def test_a_hook_that_hangs_is_stopped_with_what_it_started(pebble: Pebble, tmp_path: Path) -> None:
    program, pids = tmp_path / "hook", tmp_path / "pids"
    program.write_text(f"#!/bin/sh\nsleep 300 &\necho $! >> {pids}\nwait\n")
    program.chmod(0o755)
    with pytest.raises(IssueError, match=r"was stopped after 0\.3 s"):
        issuer_of(pebble, tmp_path / "home", DnsHook((str(program),), patience=0.3)).issue(ask("slow.example.org"))
    for pid in map(int, pids.read_text().split()):
        while _runs(pid):  # killed it is; when it is gone is the kernel's to say
            time.sleep(0.01)


def _runs(pid: int) -> bool:
    """A zombie does not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_the_account_is_kept_where_nobody_else_can_look(pebble: Pebble, tmp_path: Path) -> None:
    """Whatever the umask, and it is the same the next time."""
    issuer = issuer_of(pebble, tmp_path / "home")
    before = os.umask(0)
    try:
        first = issuer.register()
    finally:
        os.umask(before)
    folder = tmp_path / "home" / "acme" / server_of(pebble).folder
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder.parent, folder, *folder.iterdir())}
    assert modes["key.pem"] == modes["account.json"] == 0o600
    assert modes["acme"] == modes[folder.name] == 0o700
    assert issuer.register() == first
    assert json.loads((folder / "account.json").read_text())["url"] == first


def test_an_account_whose_address_was_lost_is_found_by_its_key(pebble: Pebble, tmp_path: Path) -> None:
    """A crash between the server's answer and the disk costs no second account; nobody has to agree anew."""
    first = issuer_of(pebble, tmp_path / "home").register()
    folder = tmp_path / "home" / "acme" / server_of(pebble).folder
    (folder / "account.json").unlink()
    assert issuer_of(pebble, tmp_path / "home", wish=AccountWish()).register() == first


def test_a_damaged_account_is_told(pebble: Pebble, tmp_path: Path) -> None:
    """With its file; the key is shown nowhere."""
    issuer = issuer_of(pebble, tmp_path / "home")
    issuer.register()
    folder = tmp_path / "home" / "acme" / server_of(pebble).folder
    (folder / "account.json").write_text("[]")
    with pytest.raises(LineageError, match=r"account\.json: says not where the account is"):
        issuer.register()
    (folder / "key.pem").write_text("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n")
    (folder / "account.json").unlink()
    with pytest.raises(LineageError, match="key cannot be read") as damaged:
        issuer.register()
    assert "c2Vj" not in f"{damaged.value} {damaged.value.hint}"


def test_nobody_agrees_to_terms_for_somebody_else(pebble: Pebble, tmp_path: Path) -> None:
    """Told with where they stand; no account is made."""
    with pytest.raises(IssueError, match="terms of service agreed to: data:text/plain") as refused:
        issuer_of(pebble, tmp_path / "home", wish=AccountWish()).register()
    assert refused.value.hint is not None
    assert "--agree-terms" in refused.value.hint


def test_a_deactivated_account_is_told(pebble: Pebble, tmp_path: Path) -> None:
    from acme import client, messages  # noqa: PLC0415 - the test's own need

    from everyhop.acme.directory import directory  # noqa: PLC0415

    issuer = issuer_of(pebble, tmp_path / "home")
    with issuer._signed_in() as (network, _):
        found = directory(network, pebble.directory)
        assert network.account is not None
        url = network.account.uri
        update = messages.UpdateRegistration.from_json({"status": "deactivated"})
        client.ClientV2(found, network)._post(url, update)
    with pytest.raises(IssueError, match="deactivated"):
        issuer.issue(ask("gone.example.org"))


def test_a_server_that_has_forgotten_the_account_gets_a_new_one(lab: Lab, tmp_path: Path) -> None:
    """With the same key; only who agreed to the terms once more is signed up anew."""
    pebble = pebble_server.start(lab)
    first = issuer_of(pebble, tmp_path / "home").register()
    pebble.server.restart()
    with pytest.raises(IssueError, match="terms of service"):
        issuer_of(pebble, tmp_path / "home", wish=AccountWish()).register()
    assert issuer_of(pebble, tmp_path / "home").register() != first


def test_a_bound_account(lab: Lab, tmp_path: Path) -> None:
    """Without a binding it is not asked for, with a wrong one it is refused, and with the right one made."""
    key = Secret("zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W")
    pebble = pebble_server.start(lab, rules=Rules(bindings={"kid-1": key}))
    with pytest.raises(IssueError, match="external account binding"):
        issuer_of(pebble, tmp_path / "home").register()
    wrong = AccountWish(Terms.AGREED, (), Binding("kid-1", Secret("b10lLJs8l1GPIzsLP0s6pMt8O0XVGnfTaCeROxQM0BIt2XrJ")))
    with pytest.raises(IssueError, match="refused"):
        issuer_of(pebble, tmp_path / "home", wish=wrong).register()
    right = AccountWish(Terms.AGREED, (), Binding("kid-1", key))
    issued = issuer_of(pebble, tmp_path / "home", wish=right).issue(ask("bound.example.org"))
    assert issued.chain.leaf.names == ("bound.example.org",)


def test_a_name_that_the_authority_refuses(pebble: Pebble, tmp_path: Path) -> None:
    """Its reason, and where such names belong."""
    with pytest.raises(IssueError, match=r"refused \(HTTP 400\).*illegal character: '_'") as refused:
        issuer_of(pebble, tmp_path / "home").issue(ask("db_1.example.org"))
    assert refused.value.hint is None or "internal" in refused.value.hint


def test_another_root_than_the_expected_one_is_refused(pebble: Pebble, tmp_path: Path) -> None:
    """A certificate that nobody of ours would believe is none."""
    server = AcmeServer(pebble.directory, pebble.anchors_pem, new_authority().anchors_pem)
    issuer = AcmeIssuer(server, str(tmp_path / "home"), (standalone(pebble),), AGREED)
    with pytest.raises(IssueError, match="not among the anchors"):
        issuer.issue(ask("root.example.org"))


def test_another_chain_is_taken_where_it_leads_to_the_root(newer_pebble: Pebble, tmp_path: Path) -> None:
    """The authority offers two, and only the second leads to what is believed here."""
    server = server_of(newer_pebble, 1)
    issued = AcmeIssuer(server, str(tmp_path / "home"), (standalone(newer_pebble),), AGREED).issue(ask("b.example.org"))
    assert issued.anchors_pem.split() == newer_pebble.root_pem(1).split()
    verify_path(issued.chain, newer_pebble.root_pem(1), "b.example.org", utc_now())


def test_an_address_is_certified(newer_pebble: Pebble, tmp_path: Path) -> None:
    """RFC 8738, beside a name."""
    issued = issuer_of(newer_pebble, tmp_path / "home").issue(ask("127.0.0.1", "ip.example.org"))
    assert set(issued.chain.leaf.names) == {"127.0.0.1", "ip.example.org"}
    verify_path(issued.chain, issued.anchors_pem, "127.0.0.1", utc_now())


@pytest.mark.parametrize(("profile", "days"), [("default", 90), ("shortlived", 6)])
def test_a_profile_of_the_servers(newer_pebble: Pebble, tmp_path: Path, profile: str, days: int) -> None:
    server = server_of(newer_pebble)
    issuer = AcmeIssuer(server, str(tmp_path / "home"), (standalone(newer_pebble),), AGREED, profile=profile)
    assert round(issuer.issue(ask("p.example.org")).chain.leaf.validity.lifetime().total_seconds() / 86400) == days


def test_a_profile_that_the_server_has_not_is_told_with_those_it_has(newer_pebble: Pebble, tmp_path: Path) -> None:
    server = server_of(newer_pebble)
    issuer = AcmeIssuer(server, str(tmp_path / "home"), (standalone(newer_pebble),), AGREED, profile="classic")
    with pytest.raises(IssueError, match="no profile 'classic'") as refused:
        issuer.issue(ask("p.example.org"))
    assert refused.value.hint == "it has default, shortlived"


def test_a_server_without_profiles_has_none(pebble: Pebble, tmp_path: Path) -> None:
    issuer = AcmeIssuer(server_of(pebble), str(tmp_path / "home"), (standalone(pebble),), AGREED, profile="shortlived")
    with pytest.raises(IssueError, match="no profile"):
        issuer.issue(ask("p.example.org"))


def test_the_authority_says_when_to_renew(newer_pebble: Pebble, tmp_path: Path) -> None:
    """Towards the end of its life; at once, when the authority says so."""
    leaf = issuer_of(newer_pebble, tmp_path / "home").issue(ask("ari.example.org")).chain.leaf
    advice = renewal_advice(server_of(newer_pebble), leaf, now=utc_now)
    assert advice is not None
    assert leaf.validity.not_before < advice.window.start < advice.window.end < leaf.validity.not_after
    assert utc_now() < advice.ask_again
    window = {"start": "2026-01-02T04:00:00Z", "end": "2026-01-03T04:00:00+01:00"}
    told = {"suggestedWindow": window, "explanationURL": "https://example.org/\x1bwhy"}
    newer_pebble.manage("set-renewal-info/", {"certificate": _pem(leaf.der), "ariResponse": json.dumps(told)})
    advice = renewal_advice(server_of(newer_pebble), leaf, now=utc_now)
    assert advice is not None
    assert advice.window.start.isoformat() == "2026-01-02T04:00:00+00:00"
    assert advice.window.end < utc_now()
    assert advice.explanation == "https://example.org/\\x1bwhy"


@pytest.mark.parametrize(
    "answer",
    [
        "{}",
        "[]",
        "nonsense",
        '{"suggestedWindow": 5}',
        '{"suggestedWindow": {"start": "2026-01-03T00:00:00Z", "end": "2026-01-02T00:00:00Z"}}',
        '{"suggestedWindow": {"start": "2026-01-03T00:00:00", "end": "2026-01-04T00:00:00"}}',
        '{"suggestedWindow": {"start": "99999-01-03T00:00:00Z", "end": "2026-01-04T00:00:00Z"}}',
        '{"suggestedWindow": {"start": null, "end": [1]}}',
        "[" * 100_000,
    ],
    ids=["empty", "list", "text", "number", "backwards", "naive", "far", "null", "deep"],
)
def test_nonsense_about_renewal_is_no_advice(newer_pebble: Pebble, tmp_path: Path, answer: str) -> None:
    """An error that can be told, whatever it is: one's own window holds then."""
    leaf = issuer_of(newer_pebble, tmp_path / "home").issue(ask("ari.example.org")).chain.leaf
    newer_pebble.manage("set-renewal-info/", {"certificate": _pem(leaf.der), "ariResponse": answer})
    with pytest.raises(IssueError):
        renewal_advice(server_of(newer_pebble), leaf, now=utc_now)


def test_a_server_without_renewal_information_gives_no_advice(pebble: Pebble, tmp_path: Path) -> None:
    leaf = issuer_of(pebble, tmp_path / "home").issue(ask("ari.example.org")).chain.leaf
    assert renewal_advice(server_of(pebble), leaf, now=utc_now) is None


def test_a_renewal_tells_what_it_replaces(newer_pebble: Pebble, tmp_path: Path) -> None:
    """Once; a second certificate in place of the same one is had without saying so."""
    issuer = issuer_of(newer_pebble, tmp_path / "home")
    old = issuer.issue(ask("re.example.org")).chain.leaf
    again = AcmeIssuer(issuer.server, issuer.home, issuer.responders, AGREED, replaces=old)
    before = newer_pebble.server.log_size()
    again.issue(ask("re.example.org"))
    assert newer_pebble.server.log_since(before).count("is a replacement of") == 1
    before = newer_pebble.server.log_size()
    assert again.issue(ask("re.example.org")).chain.leaf.names == ("re.example.org",)
    assert "is a replacement of" not in newer_pebble.server.log_since(before)


def test_a_revoked_certificate_is_to_be_renewed_at_once(newer_pebble: Pebble, tmp_path: Path) -> None:
    """And to revoke it twice is no error."""
    issuer = issuer_of(newer_pebble, tmp_path / "home")
    leaf = issuer.issue(ask("revoked.example.org")).chain.leaf
    issuer.revoke(leaf)
    issuer.revoke(leaf)
    advice = renewal_advice(server_of(newer_pebble), leaf, now=utc_now)
    assert advice is not None
    assert advice.window.start <= utc_now()


def _pem(der: bytes) -> str:
    import ssl  # noqa: PLC0415

    return ssl.DER_cert_to_PEM_cert(der)
