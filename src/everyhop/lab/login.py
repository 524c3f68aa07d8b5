"""How to log in to a lab's database. What is given goes into SQL and configuration files, so it is looked at first."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from everyhop.errors import SettingsError
from everyhop.model.secret import Secret

_LONGEST: Final = 63  # bytes: PostgreSQL's NAMEDATALEN - 1; MariaDB takes 64 and, for users, more


@dataclass(frozen=True, slots=True)
class Login:
    """A database with the user that owns it, and the administrator, who logs in over the unix socket alone."""

    database: str
    user: str
    password: Secret
    admin: str
    admin_password: Secret
    socket: Path


def new_login(*, database: str, user: str, password: Secret | None, admin: str, socket: Path) -> Login:
    """A login with random passwords where none is given. Raises `SettingsError` for names that no server takes."""
    for what, name in (("database", database), ("user", user)):
        if not 0 < len(name.encode()) <= _LONGEST or not name.isprintable():
            raise SettingsError(f"the name of a {what} has 1 to {_LONGEST} printable characters", key=what)
    if user == admin:
        raise SettingsError(f"{admin!r} is the administrator; choose another user", key="user")
    if password is not None and not (password and password.reveal().isprintable()):
        raise SettingsError("a password has printable characters only, and at least one", key="password")
    return Login(database, user, password or new_password(), admin, new_password(), socket)


def new_password() -> Secret:
    """144 random bits, in characters that need no quoting anywhere."""
    return Secret(secrets.token_urlsafe(18))
