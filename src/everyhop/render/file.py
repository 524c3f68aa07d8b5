"""A document in a file: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from everyhop.errors import SettingsError


def write_whole(path: Path, document: str) -> None:
    """Write to a new file beside it and move that into place, so that no reader ever sees half a report.

    What is not a regular file (`/dev/stdout`, a pipe) is written to as it is. Raises `SettingsError` where that fails.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_text(document, encoding="utf-8")
        else:
            _replace(path.resolve(), document)
    except OSError as error:
        raise SettingsError(
            f"the report could not be written: {error.strerror or error}",
            path=str(path),
            hint="name a file in an existing folder that you may write to (--output FILE)",
        ) from error


def _replace(path: Path, document: str) -> None:
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(document)
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o077)  # there is no other way to ask
    os.umask(mask)
    return mask
