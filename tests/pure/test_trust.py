"""Anchors in stores: real ones, in directories of the test's own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from everyhop.errors import SourceError, ToolError, TrustError
from everyhop.model.certificate import CertificateRequest
from everyhop.pki.authority import Authority
from everyhop.trust import nss, system
from everyhop.trust.anchor import Anchor
from everyhop.trust.bundle import BundleStore
from everyhop.trust.java import JavaStore
from everyhop.trust.nss import NssStore
from everyhop.trust.store import Store
from everyhop.trust.system import SystemStore

pytestmark = pytest.mark.pure


def authority(name: str = "Trust test") -> Authority:
    return Authority.create(name, lambda: datetime.now(UTC))


@pytest.fixture(scope="module")
def anchor() -> Anchor:
    return Anchor.parse(authority().anchors_pem)


@pytest.fixture(scope="module")
def other() -> Anchor:
    return Anchor.parse(authority("Another").anchors_pem)


def system_store(folder: Path) -> SystemStore:
    places = {name: folder / name for name in ("local", "etc", "hooks", "shipped")}
    for place in places.values():
        place.mkdir()
    (folder / "ca-certificates.conf").touch()
    return SystemStore(
        str(places["local"]),
        (
            "update-ca-certificates",
            *("--localcertsdir", str(places["local"]), "--etccertsdir", str(places["etc"])),
            *("--hooksdir", str(places["hooks"]), "--certsdir", str(places["shipped"])),
            *("--certsconf", str(folder / "ca-certificates.conf")),
        ),
    )


def nss_store(folder: Path) -> NssStore:
    directory = folder / ".pki" / "nssdb"
    directory.mkdir(parents=True)
    subprocess.run(["certutil", "-N", "--empty-password", "-d", f"sql:{directory}"], check=True)
    return NssStore(directory)


def java_store(folder: Path) -> JavaStore:
    if shutil.which("keytool") is None:
        pytest.skip("there is no Java here")
    return JavaStore(folder / "keystore")


def bundle_store(folder: Path) -> BundleStore:
    return BundleStore(str(folder / "anchors.pem"))


STORES = [system_store, nss_store, java_store, bundle_store]


@pytest.mark.parametrize("made", STORES)
def test_what_is_installed_is_held_until_it_is_removed_and_both_may_be_done_twice(
    made: Callable[[Path], Store], tmp_path: Path, anchor: Anchor, other: Anchor
) -> None:
    store = made(tmp_path)
    assert not store.holds(anchor)
    for _ in range(2):
        store.install(anchor)
        assert store.holds(anchor)
    store.install(other)
    for _ in range(2):
        store.remove(anchor)
        assert not store.holds(anchor)
    assert store.holds(other)


def test_the_systems_bundle_has_the_anchor_and_then_has_it_no_more(
    tmp_path: Path, anchor: Anchor, other: Anchor
) -> None:
    store = system_store(tmp_path)
    store.install(other)  # with no certificate left at all, Debian's program leaves its bundle as it was
    bundle = tmp_path / "etc" / "ca-certificates.crt"
    store.install(anchor)
    assert anchor.pem in bundle.read_text()
    store.remove(anchor)
    assert anchor.pem not in bundle.read_text()


def test_where_the_systems_program_fails_nothing_is_left(tmp_path: Path, anchor: Anchor) -> None:
    store = SystemStore(str(tmp_path), ("false",))
    with pytest.raises(ToolError, match="false failed"):
        store.install(anchor)
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_keeps_what_others_wrote(tmp_path: Path, anchor: Anchor, other: Anchor) -> None:
    store = bundle_store(tmp_path)
    before = f"# ours since 2019\n{other.pem}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"
    Path(store.path).write_text(before)
    Path(store.path).chmod(0o640)
    store.install(anchor)
    assert Path(store.path).read_text() == f"{before}\n{anchor.pem}"
    store.remove(anchor)
    assert Path(store.path).read_text() == before + "\n"
    assert Path(store.path).stat().st_mode & 0o777 == 0o640


def test_the_databases_of_an_account_are_found(tmp_path: Path) -> None:
    profile = tmp_path / ".mozilla" / "firefox" / "x7.default"
    profile.mkdir(parents=True)
    (tmp_path / ".mozilla" / "firefox" / "Crash Reports").mkdir()
    assert nss.found(tmp_path) == ()
    (profile / "cert9.db").touch()
    assert nss.found(tmp_path) == (NssStore(profile),)


def test_a_database_that_cannot_be_read_is_told_not_taken_for_empty(tmp_path: Path, anchor: Anchor) -> None:
    (tmp_path / "cert9.db").write_text("no database")
    with pytest.raises(ToolError, match="certutil"):
        NssStore(tmp_path).remove(anchor)


def test_debians_store_is_found_where_it_is() -> None:
    stores = system.found()
    assert len(stores) <= 1
    assert all(shutil.which(store.command[0], path="/usr/sbin:/usr/bin") for store in stores)


def test_a_leaf_two_certificates_and_no_certificate_are_no_anchor() -> None:
    maker = authority()
    leaf = maker.issue(CertificateRequest(("db.internal",), timedelta(days=1))).chain_pem
    with pytest.raises(TrustError, match="no authority"):
        Anchor.parse(leaf.split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n")
    with pytest.raises(TrustError, match="2 certificates"):
        Anchor.parse(maker.anchors_pem * 2)
    with pytest.raises(SourceError):
        Anchor.parse("nothing")
