"""An authority on a real disk: sealed, whole at every moment, and able to go on without its root's key."""

from __future__ import annotations

import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography import x509

from everyhop.errors import DiskError, IssueError, LineageError
from everyhop.lineage.authority import UNSEALED, Founding, KeptAuthority, Seal, found, load
from everyhop.model.certificate import CertificateRequest, KeyAlgorithm, RevocationReason
from everyhop.model.secret import Secret
from everyhop.pki.constraints import Constraints
from everyhop.pki.revocation import crls, revocations
from everyhop.pki.rollover import Rolling, Settled, Step, generations
from everyhop.x509.path import verify_path
from tests.authorities import ACTS, FOUNDING, ROOT, in_a_process
from tests.certificates import good, new_authority, utc_now
from tests.judges import openssl_refuses

BELOW = Secret("the intermediate's")


def made(home: Path, seal: Seal) -> KeptAuthority:
    return found(str(home), FOUNDING, ROOT, seal, utc_now)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("sealed") / "home"
    made(home, BELOW)
    return home


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("plain") / "home"
    made(home, UNSEALED)
    return home


@pytest.fixture
def home(plain: Path, tmp_path: Path) -> Path:
    """A copy of its own, whose intermediate's key is not sealed: quick."""
    return Path(shutil.copytree(plain, tmp_path / "home"))


@pytest.fixture
def kept(home: Path) -> KeptAuthority:
    return load(str(home), utc_now)


def later(days: int) -> datetime:
    return utc_now() + timedelta(days=days)


# Founding


def test_it_is_found_again_and_issues(sealed: Path, tmp_path: Path) -> None:
    """With its constraints, from another process as well."""
    authority = load(str(sealed), utc_now)
    assert authority.is_sealed()
    assert (authority.state().name, authority.state().constraints) == (FOUNDING.name, FOUNDING.constraints)
    issued = authority.issuer(BELOW).issue(CertificateRequest(("db.internal", "10.0.0.5")))
    assert issued.anchors_pem == authority.anchors_pem()
    verify_path(issued.chain, authority.anchors_pem(), "db.internal", utc_now())
    lists = tmp_path / "crl.pem"
    lists.write_text(authority.crl_pem())
    options = ("-crl_check_all", "-CRLfile", str(lists))
    assert openssl_refuses(tmp_path, issued.chain_pem, issued.anchors_pem, *options) is None
    with pytest.raises(IssueError, match="outside"):
        authority.issuer(BELOW).issue(CertificateRequest(("other.org",)))


def test_nobody_else_can_look_in(sealed: Path) -> None:
    """Whatever the umask: directories 0700, files 0600, keys sealed."""
    for path in (sealed, *sealed.rglob("*")):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    keys = list(sealed.rglob("*.key"))
    assert len(keys) == 2
    assert all("BEGIN ENCRYPTED PRIVATE KEY" in key.read_text() for key in keys)


def test_a_plain_intermediate_has_a_sealed_root(plain: Path) -> None:
    """Chosen for the one, never for the other."""
    assert not load(str(plain), utc_now).is_sealed()
    folder = plain / "authority"
    assert "BEGIN PRIVATE KEY" in (folder / "intermediate-1.key").read_text()
    assert "BEGIN ENCRYPTED PRIVATE KEY" in (folder / "root-1.key").read_text()
    assert load(str(plain), utc_now).issuer(None).issue(CertificateRequest(("db.internal",))).chain.leaf.names


def test_a_second_one_is_refused_and_the_first_one_stays(home: Path) -> None:
    """Nothing of it is touched."""
    before = {path.name: path.read_bytes() for path in (home / "authority").iterdir()}
    with pytest.raises(LineageError, match="there is an authority already") as told:
        made(home, UNSEALED)
    assert "ca show" in (told.value.hint or "")
    assert {path.name: path.read_bytes() for path in (home / "authority").iterdir()} == before


def test_without_constraints_it_speaks_for_all(tmp_path: Path) -> None:
    """Where that was chosen."""
    free = found(str(tmp_path / "home"), Founding("Free", None, KeyAlgorithm.EC_P384), ROOT, UNSEALED, utc_now)
    assert free.state().constraints is None
    assert (
        free.issuer(None).issue(CertificateRequest(("anything.example.org",))).chain.certificates[1].key == "EC P-384"
    )


@pytest.mark.parametrize(
    "founding", [Founding("", None), Founding("x" * 60, None), Founding("a\nb", None), Founding(" ", None)]
)
def test_a_name_that_is_none_makes_no_directory(founding: Founding, tmp_path: Path) -> None:
    """Nothing half-written."""
    with pytest.raises(IssueError, match="the name of an authority"):
        found(str(tmp_path / "home"), founding, ROOT, UNSEALED, utc_now)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(("root", "below"), [(Secret("short"), BELOW), (ROOT, Secret("short"))])
def test_a_short_passphrase_makes_no_directory(root: Secret, below: Secret, tmp_path: Path) -> None:
    """The same."""
    with pytest.raises(IssueError, match="fewer than 8 characters"):
        found(str(tmp_path / "home"), FOUNDING, root, below, utc_now)
    assert not (tmp_path / "home").exists()


# What can be wrong


def test_no_authority_is_told(tmp_path: Path) -> None:
    """With the command that makes one."""
    with pytest.raises(LineageError, match="there is no authority here") as told:
        load(str(tmp_path / "nothing"), utc_now)
    assert "ca init" in (told.value.hint or "")


@pytest.mark.parametrize(
    ("given", "reason"), [(None, "there is no passphrase"), (Secret("wrong one"), "does not open")]
)
def test_a_wrong_passphrase_is_told_with_the_key_and_not_shown(sealed: Path, given: Secret | None, reason: str) -> None:
    """Which key it was."""
    with pytest.raises(IssueError, match=reason) as told:
        load(str(sealed), utc_now).issuer(given)
    assert str(told.value).startswith(f"{sealed}/authority/intermediate-1.key")
    assert "wrong one" not in f"{told.value}{told.value.hint}"


@pytest.mark.parametrize("name", ["authority.json", "root-1.pem", "intermediate-1.pem", "intermediate-1.key"])
def test_what_is_missing_is_told(kept: KeptAuthority, home: Path, name: str) -> None:
    """By its path."""
    (home / "authority" / name).unlink()
    with pytest.raises(LineageError, match="is missing") as told:
        kept.issuer(None)
    assert told.value.path == f"{home}/authority/{name}"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": "everyhop-authority/1"}', "[" * 100_000])
@pytest.mark.parametrize("name", ["authority.json", "revoked-1.json"])
def test_what_is_damaged_is_told(kept: KeptAuthority, home: Path, name: str, content: str) -> None:
    """Not a traceback."""
    (home / "authority" / name).write_text(content)
    with pytest.raises(LineageError):
        kept.renew_crl(None)


def test_what_a_newer_one_wrote_is_left_alone(kept: KeptAuthority, home: Path) -> None:
    """Its schema says so."""
    (home / "authority" / "authority.json").write_text('{"schema": "everyhop-authority/2"}')
    with pytest.raises(LineageError, match="its schema is not") as told:
        kept.state()
    assert "newer" in (told.value.hint or "")


def test_a_key_of_another_authority_is_told(kept: KeptAuthority, home: Path) -> None:
    """Somebody put the wrong backup back."""
    (home / "authority" / "intermediate-1.key").write_text(new_authority().key_pem.reveal())
    with pytest.raises(IssueError, match="does not belong to its certificate"):
        kept.issuer(None)


def test_a_directory_that_others_can_look_into_is_refused(kept: KeptAuthority, home: Path) -> None:
    """It may have been looked into."""
    (home / "authority").chmod(0o755)
    with pytest.raises(DiskError, match="others can look into it"):
        kept.issuer(None)


def test_an_expired_intermediate_issues_nothing(home: Path) -> None:
    """And says what to do."""
    with pytest.raises(IssueError, match="expired") as told:
        load(str(home), lambda: later(1900)).issuer(None).issue(CertificateRequest(("db.internal",)))
    assert "ca roll" in (told.value.hint or "")


def test_near_its_end_a_leaf_ends_with_the_intermediate(home: Path) -> None:
    """Which comes in the middle of the root's life."""
    near = load(str(home), lambda: later(1800))
    leaf, above = near.issuer(None).issue(CertificateRequest(("db.internal",))).chain.certificates
    assert leaf.validity.not_after == above.validity.not_after


def test_a_clock_that_was_set_back_is_told(home: Path) -> None:
    """Nothing is issued under a wrong date."""
    with pytest.raises(IssueError, match="is not valid before"):
        load(str(home), lambda: later(-30)).issuer(None).issue(CertificateRequest(("db.internal",)))


# Revocation


def test_what_is_revoked_stays_revoked(kept: KeptAuthority, tmp_path: Path) -> None:
    """With a growing number; said twice it is there once."""
    issued = kept.issuer(None).issue(CertificateRequest(("db.internal",)))
    leaf = issued.chain.leaf
    assert [
        crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number for crl in crls(kept.crl_pem())
    ] == [1, 1]
    text = kept.revoke(leaf, RevocationReason.KEY_COMPROMISE, None)
    assert text == kept.crl_pem()
    kept.revoke(leaf, RevocationReason.SUPERSEDED, None)
    (one,) = kept.revocations()
    assert (one.generation, one.number) == (1, 3)
    assert [(entry.serial, entry.reason) for entry in one.revoked] == [(leaf.serial, RevocationReason.KEY_COMPROMISE)]
    assert revocations(kept.crl_pem()) == one.revoked
    assert one.validity.contains(utc_now())
    lists = tmp_path / "crl.pem"
    lists.write_text(kept.crl_pem())
    told = openssl_refuses(tmp_path, issued.chain_pem, issued.anchors_pem, "-crl_check_all", "-CRLfile", str(lists))
    assert "certificate revoked" in str(told)


def test_what_others_issued_is_not_revoked(kept: KeptAuthority) -> None:
    """It would do nothing."""
    with pytest.raises(LineageError, match="was not issued by this authority"):
        kept.revoke(good(new_authority(), "db.internal").chain.leaf, RevocationReason.SUPERSEDED, None)
    assert kept.revocations()[0].number == 1


def test_a_list_is_renewed_before_it_ends(home: Path) -> None:
    """And then ends later; the root's own list ends with the intermediate."""
    month = load(str(home), lambda: later(25))
    before = month.revocations()[0].validity
    month.renew_crl(None)
    assert month.revocations()[0].validity.not_after > before.not_after
    _, of_root = crls(month.crl_pem())
    (generation,) = (one.only for one in [month.state().roll] if isinstance(one, Settled))
    assert of_root.next_update_utc == generation.intermediate.not_valid_after_utc


def test_numbers_are_given_once_to_many_at_a_time(home: Path) -> None:
    """The lock sees to it."""
    leaves = [load(str(home), utc_now).issuer(None).issue(CertificateRequest(("db.internal",))) for _ in range(12)]

    def revoke(number: int) -> int:
        text = load(str(home), utc_now).revoke(leaves[number].chain.leaf, RevocationReason.SUPERSEDED, None)
        return crls(text)[0].extensions.get_extension_for_class(x509.CRLNumber).value.crl_number

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(revoke, range(12)))
    assert sorted(numbers) == list(range(2, 14))
    assert len(load(str(home), utc_now).revocations()[0].revoked) == 12


# The root's key, elsewhere


def test_the_root_key_can_be_taken_away(kept: KeptAuthority, home: Path) -> None:
    """What needs it says so, everything else goes on, and with the file from elsewhere that goes on as well."""
    elsewhere = kept.root_key_pem(1)
    assert elsewhere is not None
    assert "ENCRYPTED" in elsewhere.reveal()
    kept.take_root_key_away(1)
    kept.take_root_key_away(1)
    assert kept.root_key_pem(1) is None
    assert not (home / "authority" / "root-1.key").exists()
    kept.issuer(None).issue(CertificateRequest(("db.internal",)))
    kept.renew_crl(None)
    with pytest.raises(LineageError, match="taken away") as told:
        kept.begin_roll(FOUNDING, ROOT, UNSEALED)
    assert told.value.hint
    assert isinstance(kept.state().roll, Settled)
    assert isinstance(kept.begin_roll(FOUNDING, ROOT, UNSEALED, elsewhere), Rolling)


# Roll-over


def test_a_roll_over_step_by_step(kept: KeptAuthority, home: Path) -> None:
    """Each step is believed by who has the anchors of the one before, and by who is one ahead."""
    sides = [(kept.anchors_pem(), kept.issuer(None).issue(CertificateRequest(("db.internal",))))]
    kept.begin_roll(FOUNDING, ROOT, UNSEALED)
    seen = []
    while isinstance(roll := kept.state().roll, Rolling):
        seen.append(roll.step)
        sides.append((kept.anchors_pem(), kept.issuer(None).issue(CertificateRequest(("db.internal",)))))
        kept.advance_roll()
    sides.append((kept.anchors_pem(), kept.issuer(None).issue(CertificateRequest(("db.internal",)))))
    assert seen == list(Step)
    for (anchors, issued), (anchors_after, issued_after) in pairwise(sides):
        verify_path(issued.chain, anchors_after, "db.internal", utc_now())
        verify_path(issued_after.chain, anchors, "db.internal", utc_now())
    assert {path.name for path in (home / "authority").glob("*-1.*")} == set()
    assert kept.state().name == FOUNDING.name


def test_a_roll_over_goes_back_to_where_it_began(kept: KeptAuthority, home: Path) -> None:
    """And the next attempt takes new names: anchors of the first one may lie somewhere."""
    before = kept.anchors_pem()
    kept.begin_roll(FOUNDING, ROOT, UNSEALED)
    kept.advance_roll()
    kept.undo_roll()
    kept.undo_roll()
    assert kept.anchors_pem() == before
    assert set((home / "authority").glob("*-2.*")) == set()
    assert [one.root.subject.rfc4514_string() for one in generations(kept.begin_roll(FOUNDING, ROOT, UNSEALED))] == [
        "CN=Kept root 1",
        "CN=Kept root 3",
    ]
    with pytest.raises(IssueError, match="being rolled over already"):
        kept.begin_roll(FOUNDING, ROOT, UNSEALED)


def test_during_a_roll_over_both_generations_revoke(kept: KeptAuthority, tmp_path: Path) -> None:
    """And servers are given the lists of both, so that no chain is without one."""
    old = kept.issuer(None).issue(CertificateRequest(("db.internal",)))
    kept.begin_roll(FOUNDING, ROOT, UNSEALED)
    kept.advance_roll()
    new = kept.issuer(None).issue(CertificateRequest(("db.internal",)))
    lists = tmp_path / "crl.pem"
    lists.write_text(kept.crl_pem())
    options = ("-crl_check_all", "-CRLfile", str(lists))
    for issued in (old, new):
        assert openssl_refuses(tmp_path, issued.chain_pem, kept.anchors_pem(), *options) is None
        lists.write_text(kept.revoke(issued.chain.leaf, RevocationReason.SUPERSEDED, None))
        assert "revoked" in str(openssl_refuses(tmp_path, issued.chain_pem, kept.anchors_pem(), *options))
    assert [(one.generation, len(one.revoked)) for one in kept.revocations()] == [(1, 1), (2, 1)]


def test_a_roll_over_may_widen_the_constraints(kept: KeptAuthority) -> None:
    """They are the certificates' own, so each generation has its own."""
    wider = Founding("Kept", Constraints.parse(["db.internal,10.0.0.0/8,example.org"]))
    kept.begin_roll(wider, ROOT, UNSEALED)
    assert kept.state().constraints == FOUNDING.constraints
    kept.advance_roll()
    assert kept.state().constraints == wider.constraints
    kept.undo_roll()
    with pytest.raises(IssueError, match="outside"):
        kept.issuer(None).issue(CertificateRequest(("example.org",)))


def test_a_wrong_passphrase_begins_nothing(sealed: Path, tmp_path: Path) -> None:
    """Of the root or of the intermediate."""
    home = shutil.copytree(sealed, tmp_path / "home")
    kept = load(str(home), utc_now)
    before = {path.name for path in (home / "authority").iterdir()}
    for root, below in ((Secret("not the root's"), BELOW), (ROOT, Secret("not the other's"))):
        with pytest.raises(IssueError, match="does not open"):
            kept.begin_roll(FOUNDING, root, below)
    assert {path.name for path in (home / "authority").iterdir()} - {"lock"} == before
    assert isinstance(kept.state().roll, Settled)


# Killed at any step


@pytest.mark.parametrize("act", ACTS)
def test_killed_at_any_write_it_is_whole(act: str, tmp_path: Path) -> None:
    """It issues, its lists are good, and the same act done again comes to its end."""
    assert int(in_a_process("killed_at_every_write", act, str(tmp_path))) > 5
