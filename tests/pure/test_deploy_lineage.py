"""A version of a lineage at its consumer's: planned, made with its modes, told, and put back where that fails."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from everyhop.deploy import profiles
from everyhop.deploy.apply import apply
from everyhop.deploy.lineage import LineageTarget
from everyhop.deploy.look import look_at
from everyhop.deploy.plan import Plan, remedy
from everyhop.disk.account import own_numbers, owner
from everyhop.errors import DeployError, LabError
from everyhop.lineage.deployment import Consumer, Deployment, Part
from everyhop.lineage.lineage import Lineage
from everyhop.lineage.version import Version
from everyhop.pki.authority import Authority
from tests.certificates import good, new_authority
from tests.lineages import NAME, lineage_of


@dataclass
class Told:
    """A control that notes what it was told, and can be told to refuse the first time."""

    refuses: bool = False
    words: list[str] = field(default_factory=list)

    def test(self) -> None:
        self.words.append("test")

    def reload(self) -> None:
        self.words.append("reload")
        if self.refuses:
            self.refuses = False
            raise LabError("will not")

    restart = reload


@pytest.fixture(scope="module")
def authority() -> Authority:
    return new_authority()


@pytest.fixture
def lineage(tmp_path: Path, authority: Authority) -> Lineage:
    return lineage_of(tmp_path / "home", authority, versions=1)


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    (tmp_path / "server").mkdir()
    files = {Part.CHAIN: f"{tmp_path}/server/server.pem", Part.KEY: f"{tmp_path}/server/server.key"}
    return Deployment(Consumer.NGINX, files, owner(*own_numbers()))


def plan_for(deployment: Deployment, version: Version | None) -> Plan:
    assert version is not None
    target = LineageTarget("edge", deployment, version)
    return remedy([target], look_at([target]), profiles.load("modern"))


def pair(deployment: Deployment) -> tuple[str, str]:
    return Path(deployment.files[Part.CHAIN]).read_text(), Path(deployment.files[Part.KEY]).read_text()


def test_a_version_is_deployed_once_and_told(lineage: Lineage, deployment: Deployment, tmp_path: Path) -> None:
    """With the key's mode, and with no key in the plan; what is there already is not written again."""
    plan, control = plan_for(deployment, lineage.live()), Told()
    assert "PRIVATE" not in plan.text()
    before = os.umask(0)
    try:
        apply(plan, tmp_path / "journal", {"edge": control})
    finally:
        os.umask(before)
    live = lineage.live()
    assert live is not None
    assert pair(deployment) == (live.chain_pem, live.key_pem.reveal())
    assert Path(deployment.files[Part.KEY]).stat().st_mode & 0o777 == 0o600
    assert control.words == ["test", "reload"]
    assert not plan_for(deployment, lineage.live())


def test_a_consumer_that_refuses_has_its_old_pair_back(
    lineage: Lineage, deployment: Deployment, tmp_path: Path, authority: Authority
) -> None:
    """Key and chain of one version, as before."""
    apply(plan_for(deployment, lineage.live()), tmp_path / "journal", {"edge": Told()})
    before = pair(deployment)
    lineage.add(good(authority, NAME))
    with pytest.raises(DeployError, match="everything was put back"):
        apply(plan_for(deployment, lineage.live()), tmp_path / "journal", {"edge": Told(refuses=True)})
    assert pair(deployment) == before
    apply(plan_for(deployment, lineage.live()), tmp_path / "journal", {"edge": Told()})
    assert pair(deployment) != before
