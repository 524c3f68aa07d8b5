"""Roll: where the roll-over stands, what the next step does, whom it would leave behind; and that step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import assert_never

from cryptography.hazmat.primitives import hashes

from everyhop.disk import place
from everyhop.errors import IssueError
from everyhop.jobs.office import Office
from everyhop.lineage.authority import Founding, KeptAuthority, Seal
from everyhop.lineage.lineage import Lineage
from everyhop.lineage.prospect import Move, Prospect
from everyhop.lineage.standing import facts
from everyhop.lineage.terms import IssuerName
from everyhop.model.secret import Secret
from everyhop.pki.key import named_algorithm
from everyhop.pki.rollover import Rolling, Step, generations, issuing
from everyhop.x509.parse import chain_from_pem

Signers = Callable[[], tuple[Secret, Seal, Secret | None]]
"""The root's passphrase, the intermediate's, and the old root's key where it was elsewhere: asked for if needed."""


def prospect(office: Office, way: Move = Move.NEXT) -> Prospect:
    """Where it stands, and what a step this way does. Raises `LineageError`; `IssueError` where nothing leads back."""
    kept = office.authority()
    roll = kept.state().roll
    step = roll.step if isinstance(roll, Rolling) else None
    if way is Move.BACK:
        if step is None:
            raise IssueError("nothing is under way, so nothing leads back", hint="everyhop ca roll begins")
        return Prospect(step, way, _waiting_to_go_back(office, kept, step))
    return Prospect(step, way, _left_behind(office, kept, step))


def step(office: Office, planned: Prospect, signers: Signers) -> None:
    """Make the planned step and note it. The old keys are opened for the first step alone."""
    kept = office.authority()
    with office.ledger() as ledger:
        match planned.way, planned.step:
            case Move.BACK, _:
                kept.undo_roll()
            case Move.NEXT, None:
                root, intermediate, old_root_key = signers()
                kept.begin_roll(_likewise(kept), root, intermediate, old_root_key)
            case Move.NEXT, _:
                kept.advance_roll()
            case _:
                assert_never(planned.way)
        roll = kept.state().roll
        where = f"roll-over {roll.step.value}" if isinstance(roll, Rolling) else "roll-over settled"
        newest = generations(roll)[-1]
        digest = newest.root.fingerprint(hashes.SHA256()).hex()
        ledger.append(office.authority_event(f"{where}: root {newest.number} sha256 {digest}"))


def _likewise(kept: KeptAuthority) -> Founding:
    """The next generation is like the present one."""
    state = kept.state()
    only = generations(state.roll)[0]
    return Founding(state.name, state.constraints, named_algorithm(facts(only.root).key))


def _left_behind(office: Office, kept: KeptAuthority, step: Step | None) -> tuple[str, ...]:
    """What stands against the next step: lineages whose consumers would not be believed, or not believe, after it."""
    match step:
        case None:
            return ()
        case Step.INTRODUCED:
            return _with_other_anchors(office, kept)
        case Step.SWITCHED | Step.WITHDRAWN:
            return (*_with_other_issuers(office, kept), *_with_other_anchors(office, kept))
        case _:
            assert_never(step)


def _waiting_to_go_back(office: Office, kept: KeptAuthority, step: Step) -> tuple[str, ...]:
    """Before the new root is forgotten, nobody may show a leaf from below it."""
    roll = kept.state().roll
    if step is not Step.INTRODUCED or not isinstance(roll, Rolling):
        return ()
    return _issued_by(office, facts(roll.new.intermediate).subject, "comes from the new intermediate still")


def _with_other_anchors(office: Office, kept: KeptAuthority) -> tuple[str, ...]:
    wanted = _fingerprints(kept.anchors_pem())
    return tuple(
        f"{name} has not told its consumers which roots to believe at this step"
        for name, anchors, _ in _internal(office)
        if anchors != wanted
    ) + tuple(
        f"{path} does not hold what the lineage {name} has"
        for name in office.store.names()
        for path in _outdated_files(office.store.open(name))
    )


def _with_other_issuers(office: Office, kept: KeptAuthority) -> tuple[str, ...]:
    subject = facts(issuing(kept.state().roll).intermediate).subject
    return tuple(
        f"{name} comes from the old intermediate still" for name, _, issuer in _internal(office) if issuer != subject
    )


def _issued_by(office: Office, subject: str, why: str) -> tuple[str, ...]:
    return tuple(f"{name} {why}" for name, _, issuer in _internal(office) if issuer == subject)


def _internal(office: Office) -> list[tuple[str, frozenset[str], str]]:
    """Each lineage of the internal authority, with its live version's anchors and issuer."""
    found = []
    for name in office.store.names():
        lineage = office.store.open(name)
        live = lineage.live()
        if live is not None and lineage.terms().issuer is IssuerName.INTERNAL:
            found.append((name, _fingerprints(live.anchors_pem), live.leaf.issuer))
    return found


def _outdated_files(lineage: Lineage) -> Iterator[str]:
    """Files of consumers that are not as the live version has them. What they show on the wire, renew looks at."""
    live, terms = lineage.live(), lineage.terms()
    if live is None or terms.issuer is not IssuerName.INTERNAL:
        return
    for deployment in terms.deployments:
        for wanted in deployment.wanted(live):
            text = wanted.content.reveal() if isinstance(wanted.content, Secret) else wanted.content
            found = place.read(wanted.path)
            if found is None or found.content != text.encode():
                yield wanted.path


def _fingerprints(pem: str) -> frozenset[str]:
    return frozenset(one.sha256 for one in chain_from_pem(pem).certificates)
