"""A private gunicorn that serves a Flask application on a unix socket, with the Python that runs everyhop."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import sys
from pathlib import Path

from everyhop.errors import ToolError
from everyhop.lab.account import me
from everyhop.lab.keeping import Program
from everyhop.lab.process import Process, run
from everyhop.lab.session import Lab
from everyhop.model.endpoint import UnixEndpoint

_PACKAGES = ("gunicorn", "flask", "flask_sqlalchemy", "pymysql", "psycopg2", "dotenv")


def interpreter() -> str:
    """The Python that has the application's packages: this one. Raises `ToolError` where they are missing."""
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise ToolError(f"the demo's packages are missing: {', '.join(missing)}", hint="pip install 'everyhop[demo]'")
    return sys.executable


def start(lab: Lab, project: Path, app: str, endpoint: UnixEndpoint) -> Process:
    """Serve `app` (`module:attribute`) from `project`, in two processes. Raises `LabError`, `ToolError`."""
    argv = (
        *(interpreter(), "-m", "gunicorn", "--workers", "2", "--worker-tmp-dir", str(lab.directory)),
        *("--no-control-socket", "--bind", f"unix:{endpoint.path}", app),
    )
    return Process(lab.keeper, "gunicorn", _program(lab, project, argv), lambda _: _answers(endpoint)).start()


def run_flask(lab: Lab, project: Path, app: str, command: str) -> None:
    """Run one of the application's own commands (`flask COMMAND`) to its end. Raises `LabError` where it fails."""
    run(lab.keeper, _program(lab, project, (interpreter(), "-m", "flask", "--app", app, command)))


def _program(lab: Lab, project: Path, argv: tuple[str, ...]) -> Program:
    # As whoever runs everyhop: the interpreter may lie where the servers' account cannot look (/root).
    return Program(argv, project / "gunicorn.log", project, me(), signal.SIGTERM, _environment(lab))


def _environment(lab: Lab) -> dict[str, str]:
    own = {name: os.environ[name] for name in ("VIRTUAL_ENV",) if name in os.environ}
    return {**lab.environment(), **own, "PYTHONDONTWRITEBYTECODE": "1"}


def _answers(endpoint: UnixEndpoint) -> bool:
    with socket.socket(socket.AF_UNIX) as attempt:
        try:
            attempt.connect(endpoint.path)
        except OSError:
            return False
    return True
