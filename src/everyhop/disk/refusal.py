"""What the operating system refuses, in our words: errno to `DiskError`."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from everyhop.errors import DiskError

_HINTS: Final = {
    errno.EACCES: "run it as root, or as the account that owns the file",
    errno.EPERM: "run it as root, or as the account that owns the file",
    errno.EROFS: "the file system is mounted read-only",
    errno.ENOSPC: "the file system is full: nothing was changed there",
    errno.EDQUOT: "the quota is used up: nothing was changed there",
    errno.EFBIG: "a limit on the size of files is in force (ulimit -f): nothing was changed there",
    errno.ENOENT: "the directory has to be there first",
}


@contextmanager
def told(path: str, failure: str) -> Iterator[None]:
    """Turn an `OSError` into a `DiskError` about `path`, which says what failed (`cannot be written`) and why."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise DiskError("is a symbolic link", path=path, hint="name the file that it leads to") from error
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise DiskError(f"{failure}: {reason}", path=path, hint=_HINTS.get(error.errno or 0)) from error
