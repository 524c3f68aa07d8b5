"""The root certificate that libpq takes by itself, where none is named. The child loads this, too."""

from __future__ import annotations

from pathlib import Path


def home_root() -> str | None:
    """`~/.postgresql/root.crt` where it is there (PostgreSQL's manual, "SSL Support")."""
    try:
        path = Path("~/.postgresql/root.crt").expanduser()
    except RuntimeError:  # nobody's home: no HOME, and no such user
        return None
    return str(path) if path.is_file() else None
