"""A lineage that certbot keeps, laid out as certbot does it: taken over whole, and nothing written there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from everyhop.errors import DiskError, LineageError
from everyhop.lineage.adopted import adopt, read_adopted, refresh
from everyhop.lineage.store import Store
from everyhop.lineage.terms import IssuerName
from everyhop.model.certificate import Issued
from everyhop.pki.authority import Authority
from tests.certificates import good, new_authority
from tests.lineages import NAME, lineage_of

PARTS = ("cert", "chain", "fullchain", "privkey")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return new_authority()


class Certbot:
    """Certbot's directory, with one lineage, written as certbot 5 writes it."""

    def __init__(self, root: Path, authority: Authority) -> None:
        self.authority = authority
        self.live = root / "live" / "example.org"
        self.archive = root / "archive" / "example.org"
        for folder in (self.live, self.archive):
            folder.mkdir(parents=True, mode=0o700)

    def renew(self, number: int, *names: str) -> Issued:
        """A new issuance in the archive, to which every link is switched."""
        issued = self.write(number, *names)
        for part in PARTS:
            self.switch(part, number)
        return issued

    def write(self, number: int, *names: str) -> Issued:
        issued = good(self.authority, *(names or ("example.org",)))
        texts = {"privkey": issued.key_pem.reveal(), "chain": ""}
        for part in PARTS:
            path = self.archive / f"{part}{number}.pem"
            path.touch(0o600 if part == "privkey" else 0o644)
            path.write_text(texts.get(part, issued.chain_pem))
        return issued

    def switch(self, part: str, number: int) -> None:
        link = self.live / f"{part}.pem"
        link.unlink(missing_ok=True)
        link.symlink_to(f"../../archive/example.org/{part}{number}.pem")


@pytest.fixture
def certbot(tmp_path: Path, authority: Authority) -> Certbot:
    made = Certbot(tmp_path / "letsencrypt", authority)
    made.renew(1)
    return made


def everything(certbot: Certbot) -> dict[str, tuple[str, int, bytes]]:
    root = certbot.live.parents[1]
    return {
        str(path): (
            stat.filemode(path.lstat().st_mode),
            path.lstat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(root.rglob("*"))
    }


def test_what_certbot_has_is_taken_over(certbot: Certbot, tmp_path: Path) -> None:
    """As the first version, with certbot's directory in the terms; certbot's own is as before."""
    before, issued = everything(certbot), read_adopted(str(certbot.live))
    lineage = adopt(Store(str(tmp_path / "home")), "example.org", str(certbot.live))
    live = lineage.live()
    assert live is not None
    assert (live.number, live.chain_pem, live.key_pem) == (1, issued.chain_pem, issued.key_pem)
    assert (lineage.terms().issuer, lineage.terms().source) == (IssuerName.ADOPTED, str(certbot.live))
    assert lineage.terms().request.names == ("example.org",)
    assert everything(certbot) == before


def test_what_certbot_renews_is_a_version_more_and_nothing_else_is(certbot: Certbot, tmp_path: Path) -> None:
    """Also where certbot was told of another name meanwhile."""
    lineage = adopt(Store(str(tmp_path / "home")), "example.org", str(certbot.live))
    assert refresh(lineage) is None
    issued = certbot.renew(2, "example.org", "www.example.org")
    found = refresh(lineage)
    assert found is not None
    assert (found.number, found.chain_pem) == (2, issued.chain_pem)
    assert refresh(lineage) is None
    assert lineage.numbers() == (1, 2)


@pytest.mark.parametrize("part", ["fullchain", "privkey"])
def test_a_renewal_that_is_under_way_is_not_taken_over(certbot: Certbot, tmp_path: Path, part: str) -> None:
    """Certbot switches its links one by one, and may be killed in between: the live version stays."""
    lineage = adopt(Store(str(tmp_path / "home")), "example.org", str(certbot.live))
    certbot.write(2)
    certbot.switch(part, 2)
    with pytest.raises(LineageError, match="do not belong together") as told:
        refresh(lineage)
    assert "certbot renew" in (told.value.hint or "")
    assert lineage.numbers() == (1,)


def test_files_of_one_number_that_do_not_belong_together_are_refused(certbot: Certbot, authority: Authority) -> None:
    """Somebody has copied one of them; the key is in no text."""
    (certbot.archive / "privkey1.pem").write_text(good(authority, "example.org").key_pem.reveal())
    with pytest.raises(LineageError, match="does not belong") as told:
        read_adopted(str(certbot.live))
    assert "PRIVATE" not in str(told.value)


def test_what_certbot_would_not_have_made_is_refused(certbot: Certbot, tmp_path: Path) -> None:
    """Copies in place of links, links to something else, files that are gone, and no lineage at all."""
    link = certbot.live / "fullchain.pem"
    text = link.read_text()
    link.unlink()
    link.write_text(text)
    with pytest.raises(LineageError, match="is not a link of certbot's"):
        read_adopted(str(certbot.live))
    link.unlink()
    link.symlink_to("/etc/passwd")
    with pytest.raises(LineageError, match="would not have made"):
        read_adopted(str(certbot.live))
    certbot.switch("fullchain", 1)
    (certbot.archive / "fullchain1.pem").unlink()
    with pytest.raises(LineageError, match="is missing"):
        read_adopted(str(certbot.live))
    with pytest.raises(LineageError, match="is not a link of certbot's"):
        read_adopted(str(tmp_path / "nothing"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a link away")
def test_a_strangers_link_is_not_followed(certbot: Certbot) -> None:
    """It could lead to any key that only root can read."""
    os.chown(certbot.live / "privkey.pem", 65534, 65534, follow_symlinks=False)
    with pytest.raises(DiskError, match="neither root nor you"):
        read_adopted(str(certbot.live))


def test_an_own_lineage_is_not_refreshed(tmp_path: Path, authority: Authority) -> None:
    """It is renewed."""
    with pytest.raises(LineageError, match="was not adopted"):
        refresh(lineage_of(tmp_path / "home", authority))
    assert Store(str(tmp_path / "home")).names() == (NAME,)
