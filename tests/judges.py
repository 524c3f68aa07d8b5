"""Others' opinions on a chain: openssl, NSS, Python's ssl as strict as it can be, and a linter."""

from __future__ import annotations

import ssl
import subprocess
import sys
from pathlib import Path

from everyhop.model.certificate import Issued, LeafProfile

_END = "-----END CERTIFICATE-----\n"
_PURPOSES = {LeafProfile.SERVER: "sslserver", LeafProfile.CLIENT: "sslclient"}
_NSS_USAGES = {"sslserver": "V", "sslclient": "C"}  # certutil(1)


def split(chain_pem: str) -> list[str]:
    return [f"{one}{_END}" for one in chain_pem.split(_END)[:-1]]


def purposes(profile: LeafProfile) -> tuple[str, ...]:
    """For what a leaf of this profile has to be good, in openssl's words."""
    return (_PURPOSES[profile],) if profile in _PURPOSES else ("sslserver", "sslclient")


def openssl_refuses(directory: Path, chain_pem: str, anchors_pem: str, *options: str) -> str | None:
    """What `openssl verify -x509_strict` has against a chain; None for nothing."""
    chain, anchors = directory / "chain.pem", directory / "anchors.pem"
    chain.write_text(chain_pem)
    anchors.write_text(anchors_pem)
    command = [
        "openssl",
        "verify",
        "-x509_strict",
        *options,
        "-CAfile",
        str(anchors),
        "-untrusted",
        str(chain),
        str(chain),
    ]
    seen = subprocess.run(command, check=False, capture_output=True, text=True)
    return None if seen.returncode == 0 else seen.stdout + seen.stderr


def nss_refuses(directory: Path, chain_pem: str, anchors_pem: str, purpose: str) -> str | None:
    """What NSS has against a chain for this purpose; None for nothing."""
    store = directory / f"nss-{purpose}"
    store.mkdir()

    def certutil(*words: str) -> subprocess.CompletedProcess[str]:
        command = ["certutil", "-d", f"sql:{store}", *words]
        return subprocess.run(command, check=False, capture_output=True, text=True)

    certutil("-N", "--empty-password")
    for trust, pem in (("CT,,", anchors_pem), (",,", chain_pem)):
        for number, one in enumerate(split(pem)):
            file = store / "one.pem"
            file.write_text(one)
            added = certutil("-A", "-n", f"{trust[0]}{number}", "-t", trust, "-i", str(file))
            assert added.returncode == 0, added.stderr
    seen = certutil("-V", "-n", ",0", "-u", _NSS_USAGES[purpose], "-e")
    return None if seen.returncode == 0 else seen.stdout + seen.stderr


def lint(directory: Path, pem: str) -> str:
    """What pkilint's PKIX profile remarks on a certificate."""
    file = directory / "linted.pem"
    file.write_text(pem)
    command = [str(Path(sys.executable).with_name("lint_pkix_cert")), "lint", "--severity", "NOTICE", str(file)]
    seen = subprocess.run(command, check=False, capture_output=True, text=True)
    assert not seen.stderr, seen.stderr
    return seen.stdout.strip()


def handshake(listener: Issued, name: str, anchors: str, directory: Path, dialer: Issued | None = None) -> None:
    """A whole TLS handshake in memory, both sides with Python 3.13's strictness, and without the CN."""
    listening = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    listening.load_cert_chain(*_pair(directory, listener))
    listening.load_verify_locations(cadata=anchors)
    listening.verify_flags |= ssl.VERIFY_X509_STRICT
    dialling = ssl.create_default_context(cadata=anchors)
    dialling.verify_flags |= ssl.VERIFY_X509_STRICT
    dialling.hostname_checks_common_name = False
    if dialer is not None:
        listening.verify_mode = ssl.CERT_REQUIRED
        dialling.load_cert_chain(*_pair(directory, dialer))
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = listening.wrap_bio(there, back, server_side=True)
    client = dialling.wrap_bio(back, there, server_hostname=name)
    waiting = [client, server]
    while waiting:
        for side in tuple(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(side)


def _pair(directory: Path, issued: Issued) -> tuple[Path, Path]:
    chain, key = directory / "pair.pem", directory / "pair.key"
    chain.write_text(issued.chain_pem)
    key.write_text(issued.key_pem.reveal())
    return chain, key
