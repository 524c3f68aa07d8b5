"""A rewritten file in place of the one that was read: whole or not at all, and only if nobody changed it meanwhile."""

from __future__ import annotations

import codecs
import io
import os
import stat
import tempfile
import tokenize
from pathlib import Path

from everyhop.errors import SourceError
from everyhop.scan.workspace import Kind, Source


def save(root: Path, source: Source, text: str) -> None:
    """Write `text` where `source` was read, in its encoding, with its byte order mark, mode and owner.

    Raises `SourceError`, and leaves the file as it is, where it is no longer what was read, lies outside of `root`, is
    known by several names, or cannot be written with the owner that it has.
    """
    try:
        path = (root / source.path).resolve(strict=True)
        if not path.is_relative_to(root.resolve()):
            raise _refused(source, "it is a link to a file outside of what was scanned")
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise _refused(source, "it is no regular file")
        if state.st_nlink > 1:
            raise _refused(source, "it is one file under several names (hard links)")
        _replace(path, _encoded(source, path.read_bytes(), text), state)
    except OSError as error:
        raise _refused(source, f"it cannot be written: {error.strerror or error}") from error
    except (UnicodeError, LookupError, SyntaxError) as error:
        raise _refused(source, "it is not text in its encoding") from error


def _encoded(source: Source, data: bytes, text: str) -> bytes:
    """The new text as the bytes of the file; what was read has to be what is there."""
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    encoding = "utf-8"
    if source.kind is Kind.PYTHON and not mark:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    if mark + source.text.encode(encoding) != data:
        raise _refused(source, "it was changed since it was read")
    return mark + text.encode(encoding)


def _replace(path: Path, data: bytes, state: os.stat_result) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            new = os.fstat(file.fileno())
            if (new.st_uid, new.st_gid) != (state.st_uid, state.st_gid):
                os.fchown(file.fileno(), state.st_uid, state.st_gid)
            os.fchmod(file.fileno(), stat.S_IMODE(state.st_mode))  # after chown, which takes set-id bits away
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _refused(source: Source, why: str) -> SourceError:
    return SourceError(why, path=source.path, hint="mend it by hand, or scan again")
