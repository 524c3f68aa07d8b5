"""From one root to the next: at no step is anybody refused who must be believed, a step ahead or behind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from everyhop.errors import IssueError, TrustError
from everyhop.model.certificate import CertificateRequest, Issued
from everyhop.pki import pem, rollover
from everyhop.pki.authority import Authority
from everyhop.pki.certificate import Signer
from everyhop.pki.constraints import Constraints
from everyhop.pki.hierarchy import cross_certified, new_intermediate, new_root
from everyhop.pki.key import PrivateKey
from everyhop.pki.rollover import Generation, Roll, Rolling, Settled, Step
from everyhop.x509.path import verify_path
from tests.certificates import utc_now
from tests.judges import handshake, lint, nss_refuses, openssl_refuses

CONSTRAINTS = Constraints.parse(["db.internal"])


@dataclass(frozen=True)
class Side:
    """What one side has at a step: the anchors that it was given, and the leaf that it got then."""

    anchors_pem: str
    issued: Issued


def generation(number: int) -> tuple[Generation, Signer, PrivateKey]:
    root = new_root(f"Rolled root {number}", CONSTRAINTS, utc_now())
    below = new_intermediate(f"Rolled intermediate {number}", root, CONSTRAINTS, utc_now())
    return Generation(number, root.certificate, below.certificate), root, below.key


OLD, OLD_ROOT, OLD_KEY = generation(1)
NEW, NEW_ROOT, NEW_KEY = generation(2)
NEW_BY_OLD = cross_certified(NEW.root, OLD_ROOT, utc_now())
OLD_BY_NEW = cross_certified(OLD.root, NEW_ROOT, utc_now())


def steps() -> list[Roll]:
    """All there are, from one root to the other."""
    roll: Roll = rollover.begun(Settled(OLD), Generation(2, NEW.root, NEW.intermediate, NEW_BY_OLD), OLD_BY_NEW)
    found: list[Roll] = [Settled(OLD), roll]
    while isinstance(roll, Rolling):
        roll = rollover.advanced(roll)
        found.append(roll)
    return found


def side(roll: Roll) -> Side:
    issuing = rollover.issuing(roll)
    authority = Authority(
        Signer(issuing.intermediate, OLD_KEY if issuing.number == 1 else NEW_KEY),
        utc_now,
        anchors=rollover.anchors(roll),
        above=rollover.above(roll),
        constraints=CONSTRAINTS,
    )
    return Side(authority.anchors_pem, authority.issue(CertificateRequest(("db.internal",))))


SIDES = [side(roll) for roll in steps()]
EVERY_PAIR = [(dialer, listener) for dialer in range(len(SIDES)) for listener in range(len(SIDES))]
# Two steps apart is believed as well, thanks to the cross-certificates: a machine that slept through a step. Only who
# believes the old root alone, and whom only the new root vouches for, or the other way round, do not find together.
BELIEVED = [(dialer, listener) for dialer, listener in EVERY_PAIR if abs(dialer - listener) <= 2]
REFUSED = [(0, 3), (0, 4), (3, 0), (4, 0)]
# A leaf of the step INTRODUCED carries the old root as the new one certifies it, and so is believed to the end.
LATE = [(4, 1), (1, 4)]


def test_every_pair_is_judged() -> None:
    """None is forgotten."""
    assert sorted(BELIEVED + REFUSED + LATE) == sorted(EVERY_PAIR)


@pytest.mark.parametrize(("dialer", "listener"), BELIEVED + LATE)
def test_who_is_near_is_believed(dialer: int, listener: int, tmp_path: Path) -> None:
    """By our verifier and by OpenSSL."""
    anchors, issued = SIDES[dialer].anchors_pem, SIDES[listener].issued
    verify_path(issued.chain, anchors, "db.internal", utc_now())
    assert openssl_refuses(tmp_path, issued.chain_pem, anchors, "-purpose", "sslserver") is None


@pytest.mark.parametrize(("dialer", "listener"), [(0, 2), (2, 0), (1, 2), (2, 1), (3, 1), (2, 3), (3, 2), (4, 3)])
def test_a_handshake_and_nss_agree(dialer: int, listener: int, tmp_path: Path) -> None:
    """What really happens on a wire, and a library that builds paths in its own way."""
    anchors, issued = SIDES[dialer].anchors_pem, SIDES[listener].issued
    handshake(issued, "db.internal", anchors, tmp_path)
    assert nss_refuses(tmp_path, issued.chain_pem, anchors, "sslserver") is None


@pytest.mark.parametrize(("dialer", "listener"), REFUSED)
def test_who_was_left_behind_is_refused(dialer: int, listener: int, tmp_path: Path) -> None:
    """The twin: so every leaf has to be new before the old root is withdrawn, and every dialer told before that."""
    anchors, issued = SIDES[dialer].anchors_pem, SIDES[listener].issued
    with pytest.raises(TrustError):
        verify_path(issued.chain, anchors, "db.internal", utc_now())
    assert openssl_refuses(tmp_path, issued.chain_pem, anchors) is not None


def test_each_step_says_what_it_does() -> None:
    """Anchors before leaves, and the old ones last."""
    told = [
        (
            tuple(one.subject.rfc4514_string() for one in rollover.anchors(roll)),
            rollover.issuing(roll).number,
            len(rollover.above(roll)),
        )
        for roll in steps()
    ]
    old, new = "CN=Rolled root 1", "CN=Rolled root 2"
    assert told == [((old,), 1, 0), ((old, new), 1, 1), ((old, new), 2, 1), ((new,), 2, 0), ((new,), 2, 0)]


def test_each_step_has_a_way_back() -> None:
    """Until the old root is forgotten."""
    _, *rolling, last = steps()
    before: list[Roll] = [Settled(OLD), *rolling[:-1]]
    assert [rollover.undone(roll) for roll in rolling] == before
    for nothing in (Settled(OLD), last):
        with pytest.raises(IssueError, match="not being rolled over"):
            rollover.undone(nothing)
        with pytest.raises(IssueError, match="not being rolled over"):
            rollover.advanced(nothing)


def test_one_roll_at_a_time() -> None:
    """A third root has to wait."""
    _, roll, *_ = steps()
    with pytest.raises(IssueError, match="being rolled over already"):
        rollover.begun(roll, NEW, OLD_BY_NEW)


def test_generations_are_told_in_order() -> None:
    """The older first."""
    assert [[one.number for one in rollover.generations(roll)] for roll in steps()] == [
        [1], [1, 2], [1, 2], [1, 2], [2],
    ]  # fmt: skip


@pytest.mark.parametrize(("cross", "root"), [(NEW_BY_OLD, NEW.root), (OLD_BY_NEW, OLD.root)])
def test_a_cross_certificate_says_what_the_root_says(
    cross: x509.Certificate, root: x509.Certificate, tmp_path: Path
) -> None:
    """Name, key and constraints; and one more intermediate below it, no further."""
    assert cross.subject == root.subject
    assert cross.public_key() == root.public_key()
    constraints = cross.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints == root.extensions.get_extension_for_class(x509.NameConstraints)
    assert cross.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 1
    assert lint(tmp_path, pem.certificates(cross)) == ""


def test_a_root_that_is_over_certifies_no_other() -> None:
    """Nor is one that is over certified."""
    later = OLD.root.not_valid_after_utc.replace(year=OLD.root.not_valid_after_utc.year + 1)
    with pytest.raises(IssueError, match="not valid now"):
        cross_certified(NEW.root, OLD_ROOT, later)


def test_the_names_of_steps_stay() -> None:
    """They stand in files."""
    assert [step.value for step in Step] == ["introduced", "switched", "withdrawn"]
