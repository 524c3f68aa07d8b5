"""Accounts and groups of this machine, by name and by number."""

from __future__ import annotations

import grp
import os
import pwd

from everyhop.errors import DiskError
from everyhop.model.owner import Owner


def numbers(owner: Owner) -> tuple[int, int]:
    """The numbers of an owner on this machine. Raises `DiskError` for an account that is not there."""
    try:
        user = int(owner.user) if owner.user.isdigit() else pwd.getpwnam(owner.user).pw_uid
        group = int(owner.group) if owner.group.isdigit() else grp.getgrnam(owner.group).gr_gid
    except KeyError as error:
        raise DiskError(f"there is no account or group {owner} here", hint="name one, or its number") from error
    return user, group


def own_numbers() -> tuple[int, int]:
    """The account and group that this program runs as."""
    return os.geteuid(), os.getegid()


def owner(uid: int, gid: int) -> Owner:
    """The names for these numbers; the numbers in digits where there is no name."""
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)
    try:
        group = grp.getgrgid(gid).gr_name
    except KeyError:
        group = str(gid)
    return Owner(user, group)
