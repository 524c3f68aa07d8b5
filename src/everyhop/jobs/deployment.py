"""Deploy: a version of a lineage to all who use it; seen on the wire where that is known, else put back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from everyhop.deploy import journal as journals
from everyhop.deploy.apply import apply
from everyhop.deploy.command import Command
from everyhop.deploy.control import Controls
from everyhop.deploy.journal import Stage
from everyhop.deploy.lineage import LineageTarget
from everyhop.deploy.look import look_at
from everyhop.deploy.plan import remedy
from everyhop.deploy.profiles import load
from everyhop.deploy.rollback import rollback
from everyhop.deploy.served import why_not_served
from everyhop.errors import EveryhopError
from everyhop.jobs.office import Office
from everyhop.lineage.deployment import Deployment
from everyhop.lineage.ledger.event import Kind
from everyhop.lineage.name import folder_of
from everyhop.lineage.version import Version
from everyhop.model.location import Location

_JOURNALS: Final = 2
"""Ways back that are kept for each lineage: each has the key that was replaced."""


class Fate(Enum):
    """What became of a deployment."""

    NOTHING = "nothing to do"
    DONE = "deployed"
    SEEN = "deployed and seen"
    PUT_BACK = "put back"
    STOPPED = "stopped half-way"


class Telling(Enum):
    """Whether the consumer is told of its new files."""

    RELOAD = "reload"
    FIRST_TIME = "first time"
    """Nobody uses them yet: the product's settings are still to name them."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """One consumer: its name, where its files are, what became of it, and why where it was not done."""

    consumer: str
    folder: str
    fate: Fate
    reason: str = ""


def deploy(
    office: Office, name: str, version: Version, deployments: tuple[Deployment, ...], crl_pem: str | None, how: Telling
) -> Iterator[Deployed]:
    """Bring each consumer what this version holds, and note it. What fails is put back, and told; it does not raise."""
    for deployment in deployments:
        done = _deploy(office, name, version, deployment, crl_pem, how)
        if done.fate in {Fate.DONE, Fate.SEEN}:
            detail = f"{done.consumer}: {', '.join(deployment.files.values())}"
            seen = f"; seen at {deployment.endpoint}" if done.fate is Fate.SEEN else ""
            with office.ledger() as ledger:
                ledger.append(office.event(Kind.DEPLOYED, version.leaf, name, f"{detail}{seen}"))
        yield done


def _deploy(
    office: Office, name: str, version: Version, deployment: Deployment, crl_pem: str | None, how: Telling
) -> Deployed:
    consumer = deployment.consumer.value
    folder = str(Path(next(iter(deployment.files.values()))).parent)
    listener = f"{name}/{consumer}"
    root = Path(office.journal) / folder_of(name)
    target = LineageTarget(listener, deployment, version, crl_pem)
    controls = {listener: Command(deployment.reload if how is Telling.RELOAD else ())}
    location = Location.parse(deployment.endpoint) if deployment.endpoint and how is Telling.RELOAD else None
    try:
        _heal(root, controls)
        receipt = apply(remedy((target,), look_at((target,)), load("internal")), root, controls)
        changed = receipt.journal is not None
        if changed:
            journals.forget(root, _JOURNALS)
        if location is None:
            return Deployed(consumer, folder, Fate.DONE if changed else Fate.NOTHING)
        reason = why_not_served(location, version.leaf, office.now)
        if reason and not changed:  # written by an earlier run that did not come to tell
            controls[listener].reload()
            reason = why_not_served(location, version.leaf, office.now)
        if reason is None:
            return Deployed(consumer, folder, Fate.SEEN if changed else Fate.NOTHING)
        if changed:
            rollback(root, controls)
        return Deployed(consumer, folder, Fate.PUT_BACK, reason)
    except EveryhopError as error:
        return Deployed(consumer, folder, _fate(root), _sentence(error))


def _heal(root: Path, controls: Controls) -> None:
    """Put back what an earlier run left half-way: killed, or with a consumer that could not be told."""
    latest = journals.latest(root)
    if latest is None or latest.stage is not Stage.BEGUN:
        return
    try:
        rollback(root, controls)
    except EveryhopError:
        # The files are back. A product that refuses these too (MySQL an expired pair) is told again of the new ones.
        rollback(root, {listener: Command(()) for listener in controls})


def _fate(root: Path) -> Fate:
    """An apply that failed put everything back, unless its journal says that it could not."""
    latest = journals.latest(root)
    return Fate.STOPPED if latest is not None and latest.stage is Stage.BEGUN else Fate.PUT_BACK


def _sentence(error: EveryhopError) -> str:
    return f"{error} ({error.hint})" if error.hint else str(error)
