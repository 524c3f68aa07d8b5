"""Issue: a new lineage with its first version, deployed to those who use it; or a leaf for a key kept elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace

from everyhop.errors import LineageError
from everyhop.jobs.claim import Strangers, refuse_taken
from everyhop.jobs.deployment import Deployed, Fate, Telling, deploy
from everyhop.jobs.issuing import Help, issuer_of
from everyhop.jobs.office import Office
from everyhop.lineage.deployment import Deployment, Part
from everyhop.lineage.ledger.event import Kind
from everyhop.lineage.name import parse_name
from everyhop.lineage.terms import IssuerName, Terms
from everyhop.lineage.version import Version
from everyhop.model.certificate import LeafProfile, Signed


@dataclass(frozen=True, slots=True)
class Made:
    """The lineage's name and folder, its first version, and what became of each deployment."""

    name: str
    path: str
    version: Version
    deployed: tuple[Deployed, ...]


def issue(office: Office, name: str, terms: Terms, given: Help, strangers: Strangers = Strangers.KEPT) -> Made:
    """A new lineage. Nothing is kept where no certificate was made.

    Raises `LineageError` where there is one of the name, or a file that is not ours has a deployment's place,
    `IssueError` where nothing was issued, `DiskError`.
    """
    store, name = office.store, parse_name(name)
    if name in store.names():
        raise LineageError(
            f"there is a lineage {name} already",
            hint=f"everyhop renew {name} --force makes its next version; --lineage NAME names another one",
        )
    refuse_taken(office, name, terms.issuer, terms.deployments, strangers)
    issuer = issuer_of(office, terms, given)
    with office.ledger() as ledger:
        issued = issuer.issue(terms.request)
        lineage = store.create(name, terms)
        try:
            version = lineage.add(issued)
        except BaseException:
            store.remove(name)
            raise
        ledger.append(
            office.event(Kind.ISSUED, version.leaf, name, f"{terms.issuer.value}, {terms.request.profile.value}")
        )
    crl = lists_of(office, terms)
    done = tuple(deploy(office, name, version, terms.deployments, crl, Telling.FIRST_TIME))
    if bad := [one for one in done if one.fate in {Fate.PUT_BACK, Fate.STOPPED}]:
        lineage.note_failure(office.now(), "; ".join(f"{one.consumer}: {one.reason}" for one in bad))
    return Made(name, lineage.path, version, done)


def deploy_more(
    office: Office, name: str, more: tuple[Deployment, ...], strangers: Strangers = Strangers.KEPT
) -> tuple[Deployed, ...]:
    """Put a lineage's live version where one more uses it, and remember that; the same files are not written twice.

    Raises `LineageError` where there is no lineage, no version yet, or a file in the way that is not ours.
    """
    lineage = office.store.open(name)
    with lineage.locked("everyhop cert deploy"):
        terms, live = lineage.terms(), lineage.live()
        if live is None:
            raise LineageError(f"the lineage {name} has no version yet", hint=f"everyhop renew {name}")
        refuse_taken(office, lineage.name, terms.issuer, more, strangers)
        new = {path for one in more for path in one.files.values()}
        others = tuple(one for one in terms.deployments if new.isdisjoint(one.files.values()))
        changed = replace(terms, deployments=(*others, *more))
        lists = lists_of(office, changed)
        done = tuple(deploy(office, lineage.name, live, more, lists, Telling.FIRST_TIME))
        if all(one.fate not in {Fate.PUT_BACK, Fate.STOPPED} for one in done):
            lineage.change(changed)
    return done


def sign(office: Office, csr_pem: str, profile: LeafProfile, terms: Terms, given: Help) -> Signed:
    """A leaf for a key that stays where it is. It is noted in the ledger and kept nowhere: there is no key to renew.

    Raises `IssueError` with what is wrong with the request.
    """
    kept = office.authority()
    with office.ledger() as ledger:
        authority = kept.issuer(given.passphrase() if kept.is_sealed() else None)
        signed = authority.sign(csr_pem, profile, terms.request.lifetime)
        leaf = signed.chain.leaf
        name = next(iter(leaf.names), leaf.subject)
        ledger.append(office.event(Kind.ISSUED, leaf, name, f"internal, {profile.value}, by signing request"))
    return signed


def lists_of(office: Office, terms: Terms) -> str | None:
    """The revocation lists, where a deployment wants them; None elsewhere."""
    wanted = any(Part.CRL in deployment.files for deployment in terms.deployments)
    return office.authority().crl_pem() if wanted and terms.issuer is not IssuerName.ADOPTED else None
