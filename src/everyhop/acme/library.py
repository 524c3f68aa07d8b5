"""Whether certbot's `acme` library is there, told before the first thing that needs it."""

from __future__ import annotations

from importlib.util import find_spec

from everyhop.errors import ToolError


def require() -> None:
    """Return where the extra `acme` is installed; else raise `ToolError` with the line that installs it."""
    for package in ("acme", "josepy"):
        if find_spec(package) is None:
            raise ToolError(
                f"certificates from an ACME server need the package {package}, which is not installed",
                hint="pip install 'everyhop[acme]'",
            )
