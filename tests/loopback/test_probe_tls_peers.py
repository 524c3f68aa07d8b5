"""TLS listeners with certificates good and bad, and several listeners at once."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from everyhop.cli.probe import probe as command
from everyhop.config import Settings
from everyhop.jobs.probe import Manner, probe
from everyhop.model.certificate import Issued
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.location import Location
from everyhop.model.posture import Floor
from everyhop.model.report import Grade
from everyhop.model.sighting import Gap, Plaintext
from everyhop.model.survey import Survey
from everyhop.pki.authority import Authority
from everyhop.probe.fleet import survey_all
from everyhop.probe.probe import survey
from everyhop.rules.policy import Policy
from tests.certificates import common_name_only, expired, good, new_authority, self_signed
from tests.probing import Peer, answers, peer, server_context, silent, tls

OK = b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nStrict-Transport-Security: max-age=600\r\n\r\n"
ASKS = b"R" + struct.pack("!II", 8, 3)
EVERYWHERE = Settings(policy=Policy(local=frozenset()))


def look(act: Peer, scheme: str, anchors: str | None = None, name: str | None = None) -> Survey:
    with peer(act) as endpoint:
        seen = survey(Location.parse(f"{scheme}{endpoint}"), anchors=anchors, server_name=name, now=datetime.now(UTC))
    assert isinstance(seen, Survey), seen
    return seen


@pytest.mark.parametrize(
    ("make", "name", "trusted", "matches", "why"),
    [
        (good, "db.test", True, True, ""),
        (good, "other.test", True, False, "not for other.test"),
        (expired, "db.test", False, True, "expired"),
        (lambda _, name: self_signed(name), "db.test", False, True, "itself"),
        (common_name_only, "db.test", True, False, "common name"),
    ],
)
def test_a_certificate_is_taken_first_and_judged_then(
    tmp_path: Path,
    make: Callable[[Authority, str], Issued],
    name: str,
    trusted: bool,  # noqa: FBT001
    matches: bool,  # noqa: FBT001
    why: str,
) -> None:
    """A bad one is no reason to see less of the listener."""
    authority = new_authority()
    issued = make(authority, "db.test")
    act = tls(server_context(issued, tmp_path), b"S", answers(ASKS))
    seen = look(act, "postgresql://", authority.anchors_pem, name)
    assert (seen.tls_version, seen.trusted, seen.name_matches) == ("TLSv1.3", trusted, matches)
    assert why in seen.trust_reason
    assert seen.chain is not None
    assert seen.chain.leaf.sha256 == issued.chain.leaf.sha256


def test_versions_are_those_that_were_accepted(tmp_path: Path) -> None:
    """TLS 1.2 alone: 1.3 was offered and not taken, 1.1 and 1.0 are refused by alert."""
    context = server_context(good(new_authority(), "t"), tmp_path)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    seen = look(tls(context, None, answers(OK)), "https://")
    assert seen.versions == ("TLSv1.2",)
    assert seen.bounds.low.floor is seen.bounds.high.floor is Floor.TLS_1_2


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_an_old_version_is_seen(tmp_path: Path) -> None:
    """TLS 1.0 is found where it is really spoken."""
    context = server_context(good(new_authority(), "t"), tmp_path)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    seen = look(tls(context, None, answers(OK)), "https://")
    assert seen.versions == ("TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1")
    assert seen.bounds.high.floor is Floor.TLS_1_0


def test_a_certificate_demanded_after_the_handshake_is_noticed(tmp_path: Path) -> None:
    """TLS 1.3 finishes and refuses at the first read (alert 116)."""
    authority = new_authority()
    context = server_context(good(authority, "t"), tmp_path)
    context.load_verify_locations(cadata=authority.anchors_pem)
    context.verify_mode = ssl.CERT_REQUIRED
    assert look(tls(context, None, answers(OK)), "https://").client_auth == "required"
    context.verify_mode = ssl.CERT_OPTIONAL
    assert look(tls(context, None, answers(OK)), "https://").client_auth == "optional"
    context.verify_mode = ssl.CERT_NONE
    assert look(tls(context, None, answers(OK)), "https://").client_auth == "absent"


def test_the_wire_of_a_bare_endpoint_is_found_by_trying(tmp_path: Path) -> None:
    """TLS from the first byte is a web server until something else is said."""
    context = server_context(good(new_authority(), "t"), tmp_path)
    seen = look(tls(context, None, answers(OK)), "")
    assert (seen.wire.value, seen.product, seen.server_version) == ("http", "nginx", "1.22.1")
    assert seen.plaintext is Plaintext.REFUSED


def test_a_server_that_answers_differently_the_second_time_is_not_called_safe(tmp_path: Path) -> None:
    """The plaintext question meets a closed door after TLS went well: unknown, not refused."""
    context = server_context(good(new_authority(), "t"), tmp_path)
    inside = tls(context, b"S", answers(ASKS))
    count = iter(range(100))

    def act(connection: socket.socket) -> None:
        if next(count) == 0:
            inside(connection)

    seen = look(act, "postgresql://")
    assert seen.plaintext is Plaintext.UNKNOWN
    assert seen.versions == ("TLSv1.3",)
    assert seen.bounds.low.floor is Floor.NONE


def test_a_good_site_is_graded_and_a_gap_is_told(tmp_path: Path) -> None:
    """The job: two listeners, one of them silent; both ends of the report."""
    authority = new_authority()
    context = server_context(good(authority, "127.0.0.1"), tmp_path)
    manner = Manner(lambda _: authority.anchors_pem, deadline=1.0)
    with peer(tls(context, None, answers(OK))) as there, peer(silent) as quiet:
        locations = [Location.parse(f"https://{there}"), Location.parse(f"mysql://{quiet}")]
        told: list[Location] = []
        probed = probe(locations, EVERYWHERE, manner, datetime.now(UTC), lambda location, _: told.append(location))
    assert [grade for _, grade in probed.surveys] == [Grade.A_PLUS]
    assert [gap.where for gap in probed.report.gaps] == [f"mysql://{quiet}"]
    assert probed.report.findings == ()
    assert told == locations


@pytest.mark.parametrize(("policy", "gaps"), [(EVERYWHERE, 1), (Settings(), 0)])
def test_a_chain_that_nobody_judged_earns_no_best_grade(tmp_path: Path, policy: Settings, gaps: int) -> None:
    """Without anchors it is a gap where trust is demanded, and none where plaintext would be good enough."""
    context = server_context(good(new_authority(), "127.0.0.1"), tmp_path)
    with peer(tls(context, None, answers(OK))) as there:
        locations = [Location.parse(f"https://{there}")]
        probed = probe(locations, policy, Manner(lambda _: None), datetime.now(UTC))
    assert len(probed.report.gaps) == gaps
    assert probed.surveys[0][1] is (Grade.A_MINUS if gaps else Grade.A)


def test_several_are_looked_at_at_once() -> None:
    """In order of naming, and no more of them at a time than asked for."""
    running, most = 0, 0
    lock = threading.Lock()
    together = threading.Barrier(4, timeout=60)  # nobody passes before four have come

    def ask(location: Location) -> Gap:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait()
        with lock:
            running -= 1
        return Gap(str(location), "", "")

    locations = [Location(TcpEndpoint("h", port), None, None, None) for port in range(1, 9)]
    assert [location for location, _ in survey_all(locations, ask, 4)] == locations
    assert most == 4


def test_a_bug_in_one_look_is_not_swallowed() -> None:
    """What a listener does is a gap; what we do wrong is raised."""

    def ask(_location: Location) -> Gap:
        raise ZeroDivisionError

    locations = [Location(TcpEndpoint("h", port), None, None, None) for port in (1, 2)]
    with pytest.raises(ZeroDivisionError):
        list(survey_all(locations, ask, 2))


def test_the_command_reads_an_inventory_and_writes_json(tmp_path: Path) -> None:
    """Remarks, blank lines and duplicates are passed over; every endpoint has its entry."""
    authority = new_authority()
    context = server_context(good(authority, "127.0.0.1"), tmp_path)
    anchors = tmp_path / "ca.pem"
    anchors.write_text(authority.anchors_pem)
    with peer(tls(context, None, answers(OK))) as there:
        inventory = tmp_path / "inventory"
        inventory.write_text(f"# ours\n\nhttps://{there}  # the site\nhttps://{there}\n")
        arguments = ["--inventory", str(inventory), "--ca", str(anchors), "--format", "json"]
        ended = CliRunner().invoke(command, arguments)
    document = json.loads(ended.stdout)
    (entry,) = document["endpoints"]
    assert ended.exit_code == 0, ended.output
    assert (entry["endpoint"], entry["plaintext"], entry["trusted"]) == (str(there), "refused", True)
    assert entry["versions"] == ["TLSv1.3", "TLSv1.2"]
    assert entry["suites"] is None
    assert (entry["hellos"], entry["handshakes"]) == (4, 2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ftp://h"], "unknown scheme"),
        (["postgresql://u:hunter2@h"], "no user name or password"),
        (["h"], "no port"),
        (["h:1", "--ca", "no-such-file.pem"], "no such file"),
        (["h:1", "--ca", __file__], "no certificate"),
        (["--inventory", "no-such-file"], "cannot be read"),
        (["h:1", "--timeout", "0"], "--timeout"),
        ([], "name at least one endpoint"),
    ],
)
def test_bad_input_is_told_before_anything_is_dialled(arguments: list[str], words: str) -> None:
    """Each ends with exit code 2; no password is repeated."""
    ended = CliRunner().invoke(command, arguments)
    code = getattr(ended.exception, "exit_code", ended.exit_code)
    said = f"{ended.output} {ended.exception}"
    assert code == 2
    assert words in said
    assert "hunter2" not in said


def test_a_bad_line_of_an_inventory_is_named(tmp_path: Path) -> None:
    """File and line."""
    inventory = tmp_path / "inventory"
    inventory.write_text("h:1\nnonsense\n")
    ended = CliRunner().invoke(command, ["--inventory", str(inventory)])
    assert f"{inventory}:2" in str(ended.exception)
