"""Certificates per second: in memory and stored, beside bare code, openssl and what else is installed.

The numbers are this machine's, so what is to be read are the ratios. What is promised: in memory at least half as fast
as the bare library and 100 times as fast as three openssl commands a certificate; stored at least half as fast as bare
code that writes the same files with the same fsyncs; a CRL of 100,000 entries in less than 5 seconds.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from everyhop.lineage.store import Store
from everyhop.lineage.terms import IssuerName, Terms
from everyhop.model.certificate import CertificateRequest, Revocation, RevocationReason
from everyhop.pki.authority import Authority
from everyhop.pki.certificate import Signer
from everyhop.pki.constraints import Constraints
from everyhop.pki.hierarchy import new_intermediate, new_root

NAME = "db.internal"
ROUNDS = 5
REVOKED = 100_000
KEPT = 3  # versions, the live one among them


def now() -> datetime:
    return datetime.now(UTC)


def rates(acts: dict[str, tuple[Callable[[], object], int]]) -> dict[str, float]:
    """How often each act is done in a second: the median of rounds that take turns, since the machine has moods."""
    seen: dict[str, list[float]] = {name: [] for name in acts}
    for act, _ in acts.values():
        act()
    for _ in range(ROUNDS):
        for name, (act, times) in acts.items():
            began = time.perf_counter()
            for _ in range(times):
                act()
            seen[name].append(times / (time.perf_counter() - began))
    return {name: statistics.median(rounds) for name, rounds in seen.items()}


def hierarchy() -> tuple[Signer, Authority]:
    """An intermediate with name constraints, as `everyhop ca init` makes it."""
    constraints = Constraints.parse([NAME])
    root = new_root("Benchmark root", constraints, now())
    signer = new_intermediate("Benchmark intermediate", root, constraints, now())
    return signer, Authority(signer, now, anchors=(root.certificate,), constraints=constraints)


def bare(signer: Signer, above: str) -> tuple[str, str]:
    """The least code with this library that comes to the same chain and key, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    start = now() - timedelta(minutes=5)
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)]))
        .issuer_name(signer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=90))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.certificate.public_key()),  # type: ignore[arg-type]
            critical=False,
        )
        .sign(signer.key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(Encoding.PEM).decode() + above,
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    )


def openssl(directory: Path) -> None:
    """Key, request, certificate: what how-tos on the web do."""
    for command in (
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out leaf.key",
        f"req -new -key leaf.key -subj /CN={NAME} -out leaf.csr",
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -days 90 -extfile leaf.ext -out leaf.pem",
    ):
        subprocess.run(["openssl", *command.split()], cwd=directory, check=True, capture_output=True)


def prepared(directory: Path, signer: Signer) -> None:
    """What openssl, cfssl and the like read their authority from."""
    (directory / "ca.pem").write_bytes(signer.certificate.public_bytes(Encoding.PEM))
    (directory / "ca.key").write_bytes(signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (directory / "leaf.ext").write_text(
        "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n"
        f"subjectAltName=DNS:{NAME}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    )
    wanted = {"CN": NAME, "hosts": [NAME], "key": {"algo": "ecdsa", "size": 256}}
    (directory / "request.json").write_text(json.dumps(wanted))


PEERS = {  # one certificate each, in the directory that `prepared` filled
    "cfssl": ("cfssl", "gencert", "-ca=ca.pem", "-ca-key=ca.key", "request.json"),
    "mkcert": ("mkcert", "-ecdsa", "-cert-file", "m.pem", "-key-file", "m.key", NAME),
    "step": (
        "step", "certificate", "create", NAME, "s.pem", "s.key", "--ca", "ca.pem", "--ca-key", "ca.key",
        "--no-password", "--insecure", "--force",
    ),
}  # fmt: skip


def in_memory(directory: Path, signer: Signer, authority: Authority) -> None:
    request = CertificateRequest((NAME,))
    above = signer.certificate.public_bytes(Encoding.PEM).decode()
    acts: dict[str, tuple[Callable[[], object], int]] = {
        "everyhop": (partial(authority.issue, request), 300),
        "bare library": (partial(bare, signer, above), 300),
        "openssl, three commands": (partial(openssl, directory), 3),
    }
    environment = {**os.environ, "CAROOT": str(directory)}
    for name, command in PEERS.items():
        if shutil.which(command[0]) is None:
            print(f"memory   {name:26} not installed")
            continue
        run = partial(subprocess.run, command, cwd=directory, env=environment, check=True, capture_output=True)
        acts[name] = (run, 3)
    if shutil.which("mkcert"):
        shutil.copy(directory / "ca.pem", directory / "rootCA.pem")
        shutil.copy(directory / "ca.key", directory / "rootCA-key.pem")
    told("memory", rates(acts))


def bare_store(home: Path, signer: Signer, above: str) -> Callable[[], None]:
    """The least code that leaves the same on the disk as a lineage does, as safe from a crash, and nothing else.

    Three files in a directory of their own, which appears under its number; one link, which is exchanged; the oldest
    version goes. Six fsyncs: files, their directory, and the lineage's after each of the two renames.
    """
    home.mkdir(mode=0o700)
    parent = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    numbers = iter(range(1, 10**6))

    def store() -> None:
        number = next(numbers)
        chain, key = bare(signer, above)
        part, place = home / "part", home / f"{number:06}"
        part.mkdir(mode=0o700)
        descriptors = []
        for name, content in (("key.pem", key), ("chain.pem", chain), ("anchors.pem", above)):
            descriptors.append(os.open(part / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            os.write(descriptors[-1], content.encode())
        for descriptor in descriptors:
            os.fsync(descriptor)
            os.close(descriptor)
        directory = os.open(part, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(directory)
        os.close(directory)
        part.rename(place)
        os.fsync(parent)
        (home / "link").symlink_to(place.name)
        (home / "link").rename(home / "live")
        os.fsync(parent)
        if number > KEPT:
            shutil.rmtree(home / f"{number - KEPT:06}")

    return store


def stored(directory: Path, signer: Signer, authority: Authority) -> None:
    above = signer.certificate.public_bytes(Encoding.PEM).decode()
    request = CertificateRequest((NAME,))
    lineage = Store(str(directory / "state")).create(NAME, Terms(request, IssuerName.INTERNAL, keep=KEPT - 1))
    acts: dict[str, tuple[Callable[[], object], int]] = {
        "everyhop": (lambda: lineage.add(authority.issue(request)), 40),
        "bare library and files": (bare_store(directory / "bare", signer, above), 40),
    }
    told("stored", rates(acts))


def told(what: str, seen: dict[str, float]) -> None:
    ours = seen["everyhop"]
    for name, rate in seen.items():
        ratio = "" if name == "everyhop" else f"  everyhop is {ours / rate:.2f} times as fast"
        print(f"{what:8} {name:26} {rate:8.1f}/s{ratio}")


def revocations(authority: Authority) -> None:
    since = now()
    reasons = list(RevocationReason)
    revoked = [
        Revocation(1 + secrets.randbits(128), since, reasons[number % len(reasons)]) for number in range(REVOKED)
    ]
    began = time.perf_counter()
    text = authority.revocation_list(revoked, 1)
    print(f"CRL      {REVOKED} entries           {time.perf_counter() - began:8.2f} s  {len(text)} bytes")


def main() -> None:
    signer, authority = hierarchy()
    with tempfile.TemporaryDirectory(prefix="everyhop-benchmark-") as name:
        directory = Path(name)
        prepared(directory, signer)
        in_memory(directory, signer, authority)
        stored(directory, signer, authority)
    revocations(authority)


if __name__ == "__main__":
    main()
