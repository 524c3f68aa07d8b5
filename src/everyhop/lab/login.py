"""How to log in to a lab's database. What is given goes into SQL and configuration files, so it is looked at first."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from everyhop.errors import SettingsError
from everyhop.model.secret import Secret

LONGEST: Final = 63
"""Bytes of a name: PostgreSQL's NAMEDATALEN - 1; MariaDB takes 64 and, for users, more."""


@dataclass(frozen=True, slots=True)
class Login:
    """A database with the user that owns it, and the administrator, who logs in over the unix socket alone."""

    database: str
    user: str
    password: Secret
    admin: str
    admin_password: Secret
    socket: Path


def new_login(
    *, database: str, user: str, password: Secret | None, admin: str, socket: Path, longest_user: int = LONGEST
) -> Login:
    """A login with random passwords where none is given. Raises `SettingsError` for names that no server takes."""
    for what, name, longest in (("database", database, LONGEST), ("user", user, longest_user)):
        if not 0 < len(name.encode()) <= longest or not name.isprintable():
            raise SettingsError(f"the name of a {what} has 1 to {longest} printable characters", key=what)
    if user == admin:
        raise SettingsError(f"{admin!r} is the administrator; choose another user", key="user")
    if password is not None and not (password and password.reveal().isprintable()):
        raise SettingsError("a password has printable characters only, and at least one", key="password")
    return Login(database, user, password or new_password(), admin, new_password(), socket)


def new_password() -> Secret:
    """144 random bits, in characters that need no quoting anywhere."""
    return Secret(secrets.token_urlsafe(18))
