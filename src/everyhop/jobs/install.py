"""Install: what makes `everyhop renew` run by itself, with a way back in the journal."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from everyhop.deploy.apply import apply
from everyhop.deploy.command import Command
from everyhop.deploy.look import look_at
from everyhop.deploy.plan import remedy
from everyhop.deploy.profiles import load
from everyhop.deploy.timer import LISTENER, CronFile, SystemdTimer
from everyhop.disk import account
from everyhop.jobs.office import Office

SYSTEMD = "/etc/systemd/system"
CRON = "/etc/cron.d/everyhop-renew"
_RUNNING = Path("/run/systemd/system")  # sd_booted(3)


@dataclass(frozen=True, slots=True)
class Installed:
    """The files, whether they changed, and what is still to be done by a person (empty: nothing)."""

    paths: tuple[str, ...]
    changed: bool
    then: str


def install_timer(
    office: Office, program: Sequence[str], passphrase_file: Path | None, directory: Path = Path(SYSTEMD)
) -> Installed:
    """Systemd's units, enabled where systemd runs. Raises `DiskError`, `DeployError` with everything put back."""
    file = str(passphrase_file.absolute()) if passphrase_file else None
    timer = SystemdTimer(str(directory.absolute()), (*program, "renew", "--state", office.home), file)
    real = _RUNNING.is_dir() and str(directory) == SYSTEMD and shutil.which("systemctl") is not None
    control = Command(("systemctl", "daemon-reload") if real else ())
    receipt = apply(remedy((timer,), look_at((timer,)), load("internal")), _journal(office), {LISTENER: control})
    if not real:
        return Installed(timer.paths(), receipt.journal is not None, f"systemctl enable --now {timer.unit}")
    Command(("systemctl", "enable", "--now", timer.unit)).reload()
    return Installed(timer.paths(), receipt.journal is not None, "")


def install_cron(
    office: Office, program: Sequence[str], passphrase_file: Path | None, path: Path = Path(CRON)
) -> Installed:
    """A file for cron, which finds it by itself. Raises as `install_timer` does."""
    more = ("--passphrase-file", str(passphrase_file.absolute())) if passphrase_file else ()
    seed = int.from_bytes(sha256(f"{office.actor} {office.home}".encode()).digest()[:4])
    cron = CronFile(
        str(path.absolute()),
        (*program, "renew", "--quiet", "--state", office.home, *more),
        seed,
        account.owner(*account.own_numbers()).user,
    )
    receipt = apply(remedy((cron,), look_at((cron,)), load("internal")), _journal(office), {})
    return Installed(cron.paths(), receipt.journal is not None, "")


def _journal(office: Office) -> Path:
    return Path(office.journal) / LISTENER
