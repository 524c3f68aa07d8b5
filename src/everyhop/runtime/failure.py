"""What an exception out of the application means for the person who asked, and what to do about it."""

from __future__ import annotations

import os
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Failure:
    """What happened, and what to do next."""

    message: str
    hint: str


_ENVIRONMENT_HINT = (
    "the app gets the environment of this command: set what its service sets; for a .env file: set -a; . ./.env; set +a"
)


def read(error: BaseException, app: str | None, directory: str, *, forked: bool) -> Failure:
    """Tell an exception that came out of loading the application (or of `create_engine`, where `app` is None)."""
    place = _place(error, directory)
    at = f" ({place})" if place else ""
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _no_module(error.name, app, directory, at, place)
    if isinstance(error, SystemExit):
        return _ended(error, at, forked=forked)
    variable = _missing_variable(error)
    if variable:
        return Failure(f"the app needs the variable {variable}{at}", f"set {variable}; {_ENVIRONMENT_HINT}")
    last = " ".join("".join(traceback.format_exception_only(type(error), error)).split())
    if app is None:
        return Failure(f"SQLAlchemy does not take this URL: {last}", _url_hint(last))
    return Failure(f"the app cannot be loaded: {last}{at}", _hint(error))


def _hint(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        return f"it was read by Python {version} ({sys.executable}): --python PATH names another"
    return f"start the app by itself in this shell to see the whole traceback; {_ENVIRONMENT_HINT}"


def _no_module(name: str, app: str | None, directory: str, at: str, place: str | None) -> Failure:
    module = (app or "").partition(":")[0]
    if place is None and (module == name or module.startswith(f"{name}.")):
        there = sorted({file.stem for file in Path(directory).glob("*.py")} - {"__init__", "conftest", "setup"})
        listed = f"there: {', '.join(there[:6])}" if there else "there are no modules there"
        return Failure(
            f"there is no module {name!r} in {directory}",
            f"{listed}; start everyhop where gunicorn or flask is started, and write MODULE:ATTR, as in wsgi:app",
        )
    return Failure(
        f"{sys.executable} has no module {name!r}, which the app needs{at}",
        "give the interpreter of the app's own environment: --python /path/to/its/venv/bin/python",
    )


def _ended(error: SystemExit, at: str, *, forked: bool) -> Failure:
    if forked:
        return Failure(
            f"the app went into the background while it was loaded{at}",
            "name the module that makes the app, not the one that starts it: it cannot be followed there",
        )
    return Failure(
        f"the app ended itself while it was loaded: sys.exit({error.code!r}){at}",
        'put what starts the app under `if __name__ == "__main__":`, or name the module that makes it',
    )


def _missing_variable(error: BaseException) -> str | None:
    """The name in a KeyError that `os.environ[…]` has raised."""
    frames = list(traceback.walk_tb(error.__traceback__))
    if not isinstance(error, KeyError) or not frames or not error.args:
        return None
    last = frames[-1][0]
    in_os = last.f_globals.get("__name__") == "os" and last.f_locals.get("self") is os.environ
    return str(error.args[0]) if in_os else None


def _url_hint(last: str) -> str:
    if "dialects:postgres" in last:
        return "SQLAlchemy wants postgresql:// where libpq also takes postgres://"
    return "it is read as create_engine(…) reads it, for instance mysql+pymysql://user:password@host/database"


def _place(error: BaseException, directory: str) -> str | None:
    """`file:line` of the application's own code that was running: its last frame inside `directory`."""
    root = Path(directory).resolve()
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_relative(error.filename, root)}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _is_own(frame.filename, root)]
    return f"{_relative(own[-1].filename, root)}:{own[-1].lineno}" if own else None


def _is_own(filename: str, root: Path) -> bool:
    path = Path(filename)
    packages = {"site-packages", "dist-packages"} & set(path.parts)
    return (
        not packages and path.is_absolute() and root in path.resolve().parents and path.parent != Path(__file__).parent
    )


def _relative(filename: str, root: Path) -> str:
    path = Path(filename).resolve()
    return path.relative_to(root).as_posix() if root in path.parents else path.name
