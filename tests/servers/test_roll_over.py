"""From one root to the next on real servers: at every step, and with either side a step behind, all are understood."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest

from everyhop.deploy.certificate import Clients
from everyhop.lineage.authority import UNSEALED, KeptAuthority
from everyhop.model.certificate import Issued
from everyhop.pki.rollover import Rolling, Settled, Step
from tests.certificates import new_authority
from tests.listeners import FOUNDING, ROOT, Dialer, client_leaf, kept_authority, server_leaf
from tests.servers.conftest import Registry

pytestmark = pytest.mark.xdist_group("certificates")


@dataclass(frozen=True)
class Era:
    """What everybody has who came as far as this step."""

    clients: Clients
    shown: Issued
    carol: Dialer


def era(kept: KeptAuthority, user: str | None = "carol") -> Era:
    authority = kept.issuer(None)
    anchors = kept.anchors_pem()
    carol = Dialer(anchors, user=user, certificate=client_leaf(authority, "carol"))
    return Era(Clients(anchors, kept.crl_pem()), server_leaf(authority), carol)


def eras(kept: KeptAuthority) -> list[Era]:
    """From the old root alone to the new one alone; and each step was undone once, and made again."""
    found = [era(kept)]
    assert isinstance(kept.begin_roll(FOUNDING, ROOT, UNSEALED), Rolling)
    found.append(era(kept))
    for step in (Step.SWITCHED, Step.WITHDRAWN):
        kept.advance_roll()
        kept.undo_roll()
        found.append(era(kept))
        roll = kept.advance_roll()
        assert isinstance(roll, Rolling)
        assert roll.step is step
        found.append(era(kept))
    assert isinstance(kept.advance_roll(), Settled)
    return [*found, era(kept)]


@pytest.mark.parametrize("product", ["postgresql", "mariadb", "mysql"])
def test_both_sides_are_understood_at_every_step(product: str, registry: Registry, tmp_path: Path) -> None:
    """Listener first or dialer first; in the end nothing of the old root is believed, on either side."""
    listener = registry.listener(product)
    steps = eras(kept_authority(tmp_path / "home"))
    for before, after in pairwise(steps):
        listener.deploy(before.shown, before.clients)
        for dialer in (before.carol, after.carol):
            listener.dial(dialer)
        listener.deploy(after.shown, after.clients)
        for dialer in (before.carol, after.carol):
            listener.dial(dialer)
    listener.refuses(steps[0].carol)
    listener.refuses(Dialer(steps[-1].carol.anchors, user="carol", certificate=steps[0].carol.certificate))
    listener.refuses(Dialer(steps[0].carol.anchors, user="carol", certificate=steps[-1].carol.certificate))


def test_a_site_that_has_not_heard_of_the_new_root_believes_it_by_the_old_one(
    registry: Registry, tmp_path: Path
) -> None:
    """Two certificates stand between client and root then: nginx takes one, unless it is told."""
    listener, kept = registry.listener("nginx"), kept_authority(tmp_path / "home")
    before, shown = kept.anchors_pem(), server_leaf(kept.issuer(None))
    kept.begin_roll(FOUNDING, ROOT, UNSEALED)
    kept.advance_roll()
    carol = era(kept, None).carol
    listener.deploy(shown, Clients(before, kept.crl_pem()))
    listener.dial(carol)
    listener.refuses(replace(carol, certificate=client_leaf(new_authority("Stranger"), "carol")))
