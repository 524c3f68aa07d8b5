"""Whom the servers run as. PostgreSQL and MariaDB refuse to be root, and nobody should have to be."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass

from everyhop.errors import ToolError


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine with its primary group."""

    name: str
    uid: int
    gid: int


def me() -> Account:
    """Whoever runs everyhop."""
    try:
        return _account(pwd.getpwuid(os.geteuid()))
    except KeyError:  # a container may run under a number that has no name
        return Account(str(os.geteuid()), os.geteuid(), os.getegid())


def unprivileged() -> Account:
    """Whoever runs everyhop; for root the user behind `sudo`, or else `nobody`.

    Raises `ToolError` if there is neither.
    """
    if os.geteuid() != 0:
        return me()
    for name in (os.environ.get("SUDO_USER"), "nobody"):
        try:
            found = pwd.getpwnam(name or "")
        except KeyError:
            continue
        if found.pw_uid != 0:
            return _account(found)
    raise ToolError("there is no unprivileged account to run servers as", hint="run it as a user other than root")


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
