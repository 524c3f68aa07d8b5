"""The file system, entered with care: the only functions of `deploy` that make system calls on a target's files.

A service's own account may write in the very directories that root has to write in. So every path is walked directory
by directory, a symbolic link on the way is followed only if root or the caller made it, the last component is never a
link, and all that follows goes through the directory's descriptor.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from everyhop.deploy.files import Owner
from everyhop.errors import DeployError

MOST_LINKS: Final = 40
"""As many as Linux follows in one path (path_resolution(7))."""
LARGEST: Final = 8 * 1024 * 1024
"""Bytes. A configuration file is never near it; it bounds what is read into memory and into the journal."""

# O_PATH: a directory on the way may be closed to reading and open to passing through.
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A regular file at one moment. The content never shows in a repr."""

    content: bytes
    mode: int
    uid: int
    gid: int

    def __repr__(self) -> str:
        return f"Snapshot({len(self.content)} bytes, {self.mode:04o}, {self.uid}:{self.gid})"


def read(path: str) -> Snapshot | None:
    """The regular file at this path, None if there is nothing. Raises `DeployError` for anything else that is there."""
    with _told(path, "cannot be read"):
        try:
            with _parent(path) as (directory, name):
                # Non-blocking, or a planted FIFO would hold us for ever.
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                return _content(os.open(name, flags, dir_fd=directory), path)
        except FileNotFoundError:
            return None


def write(path: str, new: Snapshot, temporary: str) -> None:
    """Put a file in place at once: whole or not at all, with its mode and owner before its first byte.

    `temporary` is a name in the same directory that nothing else uses; it is gone when this returns.
    """
    with _told(path, "cannot be written"), _parent(path) as (directory, name):
        _refuse_link(directory, name, path)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(temporary, flags, 0o600, dir_fd=directory)
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchown(file.fileno(), new.uid, new.gid)
                os.fchmod(file.fileno(), new.mode)  # not by O_CREAT: the umask would have its say
                file.write(new.content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=directory)
            raise
        _sync(directory)


def remove(path: str) -> None:
    """Take a file (or a link that stands in its place) away, if it is there."""
    with _told(path, "cannot be removed"), suppress(FileNotFoundError), _parent(path) as (directory, name):
        os.unlink(name, dir_fd=directory)
        _sync(directory)


def is_directory(path: str) -> bool:
    """Whether there is a directory; raises `DeployError` where something else has its name."""
    with _told(path, "cannot be looked at"):
        try:
            with _parent(path) as (directory, name):
                status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        except FileNotFoundError:
            return False
    if not stat.S_ISDIR(status.st_mode):
        raise DeployError("is not a directory", path=path, hint="move it out of the way")
    return True


def make_directory(path: str, mode: int, uid: int, gid: int) -> None:
    """Make a directory, closed to others until it has its owner and mode."""
    with _told(path, "cannot be made"), _parent(path) as (directory, name):
        os.mkdir(name, 0o700, dir_fd=directory)
        made = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
        try:
            os.fchown(made, uid, gid)
            os.fchmod(made, mode)
            os.fsync(made)
        finally:
            os.close(made)
        _sync(directory)


def remove_directory(path: str) -> bool:
    """Take a directory away; False where it is kept because somebody else put something into it."""
    with _told(path, "cannot be removed"):
        try:
            with _parent(path) as (directory, name):
                os.rmdir(name, dir_fd=directory)
                _sync(directory)
        except FileNotFoundError:
            return True
        except OSError as error:
            if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
                return False
            raise
    return True


def numbers(owner: Owner) -> tuple[int, int]:
    """The numbers of an owner on this machine. Raises `DeployError` for an account that is not there."""
    try:
        user = int(owner.user) if owner.user.isdigit() else pwd.getpwnam(owner.user).pw_uid
        group = int(owner.group) if owner.group.isdigit() else grp.getgrnam(owner.group).gr_gid
    except KeyError as error:
        raise DeployError(f"there is no account or group {owner} here", hint="name one, or its number") from error
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


def _sync(directory: int) -> None:
    descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _content(descriptor: int, path: str) -> Snapshot:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise DeployError("is not a regular file", path=path, hint="name the file itself")
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise DeployError(f"is larger than {LARGEST} bytes", path=path, hint="that is no configuration file")
    return Snapshot(content, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)


def _refuse_link(directory: int, name: str, path: str) -> None:
    try:
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return
    if stat.S_ISLNK(status.st_mode):
        raise DeployError("is a symbolic link", path=path, hint="name the file that it leads to, or remove the link")
    if not stat.S_ISREG(status.st_mode):
        raise DeployError("is not a regular file", path=path, hint="name the file itself")


@contextmanager
def _told(path: str, failure: str) -> Iterator[None]:
    """The operating system's refusals in our words, with the path."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise DeployError("is a symbolic link", path=path, hint="name the file that it leads to") from error
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise DeployError(f"{failure}: {reason}", path=path, hint=_HINTS.get(error.errno or 0)) from error


_HINTS = {
    errno.EACCES: "run it as root, or as the account that owns the file",
    errno.EPERM: "run it as root, or as the account that owns the file",
    errno.EROFS: "the file system is mounted read-only",
    errno.ENOSPC: "the file system is full: nothing was changed there",
    errno.EDQUOT: "the quota is used up: nothing was changed there",
    errno.ENOENT: "the directory has to be there first",
}


@contextmanager
def _parent(path: str) -> Iterator[tuple[int, str]]:
    """The directory of `path`, opened, and the last component."""
    pure = PurePosixPath(path)
    descriptor = _walk(list(pure.parts[1:-1]), path)
    try:
        yield descriptor, pure.name
    finally:
        os.close(descriptor)


def _walk(parts: list[str], path: str) -> int:
    """Open a directory component by component; a link in it is taken apart into components of its own."""
    current, links = os.open("/", _DIRECTORY), 0
    try:
        while parts:
            part = parts.pop(0)
            try:
                following = os.open(part, _DIRECTORY, dir_fd=current)
            except OSError as error:
                if error.errno not in {errno.ELOOP, errno.ENOTDIR}:
                    raise
                links += 1
                target = _link(current, part, path, links)
                parts[:0] = [p for p in PurePosixPath(target).parts if p != "/"]
                following = os.open("/", _DIRECTORY) if target.startswith("/") else os.dup(current)
            os.close(current)
            current = following
    except BaseException:
        os.close(current)
        raise
    return current


def _link(directory: int, name: str, path: str, links: int) -> str:
    # Opened once, for its owner and its target have to be those of one link: the directory's owner may exchange it.
    link = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
    try:
        status = os.fstat(link)
        if not stat.S_ISLNK(status.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if links > MOST_LINKS or status.st_uid not in {0, os.geteuid()}:
            raise DeployError(
                f"there is a symbolic link on the way ({name}) that neither root nor you have made",
                path=path,
                hint="name the real directory",
            )
        return os.readlink("", dir_fd=link)  # readlinkat(2): the link itself that was opened
    finally:
        os.close(link)
