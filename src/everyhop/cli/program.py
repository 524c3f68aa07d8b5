"""How this very everyhop is called again by something else: a timer, a hook."""

from __future__ import annotations

import sys
from pathlib import Path


def own_program() -> tuple[str, ...]:
    """The command as arguments, with an absolute path: the script beside this interpreter, else `python -m`."""
    script = Path(sys.executable).with_name("everyhop")
    return (str(script),) if script.is_file() else (sys.executable, "-m", "everyhop")
