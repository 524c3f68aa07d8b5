"""What makes `everyhop renew` run by itself: a systemd service with its timer, or a line for cron."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from everyhop.deploy.change import Change, Reload, WriteFile
from everyhop.deploy.files import Files
from everyhop.model.profile import Profile

NAME: Final = "everyhop-renew"
LISTENER: Final = "renewal"
CREDENTIAL: Final = "everyhop-passphrase"
"""The name under which systemd hands the passphrase over (systemd.exec(5), LoadCredential=)."""

_MODE: Final = 0o644
_HOURS: Final = 6
"""Between two looks: RFC 9773 section 4.3 has an issuer name some hours, and the shortest lives here are six days."""


@dataclass(frozen=True, slots=True)
class SystemdTimer:
    """`directory` is where the units go; `command` is what runs, its program with an absolute path.

    `passphrase_file` is the file that systemd reads as its own, None where no passphrase is needed.
    """

    directory: str
    command: tuple[str, ...]
    passphrase_file: str | None = None
    listener: str = LISTENER

    @property
    def unit(self) -> str:
        """What `systemctl enable --now` is given."""
        return f"{NAME}.timer"

    def paths(self) -> tuple[str, ...]:
        """Both units."""
        return tuple(f"{self.directory}/{NAME}.{kind}" for kind in ("service", "timer"))

    def changes(self, files: Files, _profile: Profile | None = None) -> tuple[Change, ...]:
        """Both units, then systemd is told."""
        texts = (self.service(), self.timer())
        written = (
            WriteFile(self.listener, path, text, _MODE, None, files[path])
            for path, text in zip(self.paths(), texts, strict=True)
        )
        return *written, Reload(self.listener)

    def service(self) -> str:
        """The service. It writes where products keep their settings, so the file system stays open to it."""
        credential = f"LoadCredential={CREDENTIAL}:{_path(self.passphrase_file)}\n" if self.passphrase_file else ""
        return f"""\
# Written by everyhop renew --install; everyhop renew --install writes it anew.
[Unit]
Description=Renew what is due, deploy it and look again
Documentation=man:systemd.timer(5)
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart={" ".join(map(_word, self.command))}
{credential}UMask=0077
NoNewPrivileges=yes
RestrictSUIDSGID=yes
"""

    def timer(self) -> str:
        """The timer: spread over the hours, so that not every machine asks the issuer at the same minute."""
        return f"""\
# Written by everyhop renew --install; everyhop renew --install writes it anew.
[Unit]
Description=Look every {_HOURS} hours for certificates that are due

[Timer]
OnCalendar=*-*-* 00/{_HOURS}:00:00
RandomizedDelaySec={_HOURS}h
FixedRandomDelay=yes
Persistent=yes

[Install]
WantedBy=timers.target
"""


@dataclass(frozen=True, slots=True)
class CronFile:
    """A file for cron's own directory (`/etc/cron.d`), for machines without systemd. `seed` spreads the minutes.

    `account` is whose state directory it is: for anybody else it is closed.
    """

    path: str
    command: tuple[str, ...]
    seed: int
    account: str = "root"
    listener: str = LISTENER

    def paths(self) -> tuple[str, ...]:
        """The one file."""
        return (self.path,)

    def changes(self, files: Files, _profile: Profile | None = None) -> tuple[Change, ...]:
        """Cron looks by itself for files that are new (cron(8)): nothing is reloaded."""
        return (WriteFile(self.listener, self.path, self.text(), _MODE, None, files[self.path]),)

    def text(self) -> str:
        """The file."""
        head = "# Written by everyhop renew --install; everyhop renew --install writes it anew."
        return f"{head}\n{self.line(self.account)}\n"

    def line(self, account: str = "") -> str:
        """The line; without an account it is one for `crontab -e`."""
        minute, hour = self.seed % 60, self.seed // 60 % _HOURS
        user = f" {account}" if account else ""
        return f"{minute} {hour}-23/{_HOURS} * * *{user} {_cron_words(self.command)}"


def _word(text: str) -> str:
    """An argument of ExecStart= (systemd.service(5), Command lines): quoted, with its own `%` and `$` doubled."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return escaped if re.fullmatch(r"[\w@%+=:,./$-]+", escaped, re.ASCII) else f'"{escaped}"'


def _path(text: str) -> str:
    return text.replace("%", "%%")


def _cron_words(command: Sequence[str]) -> str:
    """For a shell, with `%` escaped, at which cron would end the command (crontab(5))."""
    return shlex.join(command).replace("%", r"\%")
