"""A renewal that is killed while it deploys to a real PostgreSQL: a whole version is shown, and the next run heals."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from everyhop.jobs.claim import Strangers
from everyhop.jobs.issue import issue
from everyhop.jobs.issuing import Help
from everyhop.jobs.office import Office
from everyhop.lineage.deployment import Consumer, Deployment, Part
from everyhop.lineage.terms import IssuerName, Terms
from everyhop.model.certificate import CertificateRequest
from everyhop.model.secret import Secret
from tests.certificates import utc_now
from tests.listeners import HOST, Dialer, kept_authority
from tests.renewals import killed_while_deploying
from tests.servers.conftest import Registry

pytestmark = pytest.mark.xdist_group("certificates")


@pytest.mark.timeout(300)
def test_postgresql_never_shows_half_a_version(
    registry: Registry, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Killed before a change of its files or of the journal; the old or the new is served, then the new."""
    listener, home = registry.listener("postgresql"), tmp_path / "home"
    server, keeping = listener.server, listener.keeping
    kept = kept_authority(home)
    office = Office(str(home), utc_now, "a test")
    reload = (shutil.which("kill") or "kill", "-HUP", str(server.pid))
    endpoint = f"postgresql://{server.endpoint}"
    files = {Part.CHAIN: keeping.certificate, Part.KEY: keeping.key}
    deployment = Deployment(Consumer.POSTGRESQL, files, keeping.owner, reload=reload, endpoint=endpoint)
    terms = Terms(CertificateRequest((HOST,)), IssuerName.INTERNAL, (deployment,))
    issue(office, HOST, terms, Help(lambda: Secret("")), Strangers.OVERWRITTEN)
    every = 1 if request.config.getoption("all_servers") else 6
    assert killed_while_deploying(home, Path(keeping.folder), endpoint, every) >= 24 // every
    listener.dial(Dialer(kept.anchors_pem()))
