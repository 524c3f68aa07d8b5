"""Newer servers than this machine's: packages of other suites of Debian, unpacked into a folder, never installed.

They come by apt, from the mirror that the machine's own apt uses, in a state of its own: nothing of the system's is
written, and what is not signed by Debian's archive keys is not taken. Their programs run with the loader and the
libraries that came with them, since they need a newer C library than the machine has.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent.parent / ".servers"
KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_OPEN_TO_SERVERS: Final = Path("/var/cache")  # for root, whose clone may be where the servers' account cannot look


@dataclass(frozen=True, slots=True)
class Suite:
    """Servers to fetch from a suite of Debian. `programs` are what is run, by their paths in `packages`.

    `name` is the folder's. What is wanted later gets one of its own: what others have fetched stays as it is.
    """

    name: str
    release: str
    servers: tuple[str, ...]
    packages: tuple[str, ...]
    programs: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where all of it goes."""
        return FOLDER / self.name

    @property
    def is_there(self) -> bool:
        """Whether it has been fetched, with all of `programs`."""
        return all(_wrapped(self.folder / program).exists() for program in self.programs)

    @property
    def directories(self) -> tuple[Path, ...]:
        """Where the programs are once they are there."""
        return tuple(dict.fromkeys((self.folder / program).parent for program in self.programs))


# Debian 12's 2.4 knows neither renewal information nor profiles nor addresses.
PEBBLE: Final = Suite("pebble", "sid", ("pebble 2.10",), ("pebble",), ("usr/bin/pebble", "usr/bin/pebble-challtestsrv"))
SUITES: Final = (
    Suite(
        "trixie",
        "trixie",
        ("PostgreSQL 17", "MariaDB 11.8"),
        ("postgresql-17", "mariadb-server-core", "mariadb-client-core"),
        (
            "usr/lib/postgresql/17/bin/postgres",
            "usr/lib/postgresql/17/bin/initdb",
            "usr/sbin/mariadbd",
            "usr/bin/my_print_defaults",
            "usr/bin/resolveip",
        ),
    ),
    # Here everything is new every day, and what is not the newest goes: one day that is true of PostgreSQL 18.
    Suite(
        "sid",
        "sid",
        ("PostgreSQL 18", "MySQL 9"),
        ("postgresql-18", "mysql-server-core"),
        ("usr/lib/postgresql/18/bin/postgres", "usr/lib/postgresql/18/bin/initdb", "usr/sbin/mysqld"),
    ),
    PEBBLE,
)


class NotFetchedError(Exception):
    """A suite could not be fetched; the message says why in one line."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment, by the monotonic clock, until which all has to be done."""

    moment: float

    @classmethod
    def within(cls, seconds: float) -> Deadline:
        """So many seconds from now."""
        return cls(time.monotonic() + seconds)

    def run(self, argv: Sequence[str], directory: Path | None = None, *, longest: float = 600) -> str:
        """What a program prints. Raises `NotFetchedError` where it fails, or does not end in time."""
        left = min(self.moment - time.monotonic(), longest)
        try:
            done = subprocess.run(
                argv,
                check=False,
                cwd=directory,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=max(left, 0.1),
                env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
            )
        except OSError as error:
            raise NotFetchedError(f"{argv[0]} cannot be run: {error.strerror}") from error
        except subprocess.TimeoutExpired as error:
            raise NotFetchedError("that took too long") from error
        if done.returncode != 0:
            raise NotFetchedError(complaint_in(done.stderr) or f"{argv[0]} failed")
        return done.stdout


@dataclass(frozen=True, slots=True)
class Apt:
    """apt with one suite and with a state of its own in `directory`; nothing counts as installed."""

    directory: Path
    deadline: Deadline = field(repr=False)

    @classmethod
    def of(cls, suite: str, mirror: str, directory: Path, deadline: Deadline) -> Apt:
        """Read the suite's package lists. Raises `NotFetchedError`."""
        for part in ("state/lists/partial", "cache/archives/partial"):
            (directory / part).mkdir(parents=True)
        (directory / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} {suite} main\n")
        apt = cls(directory, deadline)
        # A mirror that is out of reach is to be found out soon.
        deadline.run([*apt._get, "update", "--error-on=any"], longest=20)
        return apt

    @property
    def _get(self) -> tuple[str, ...]:
        settings = {
            "Dir::State": self.directory / "state",
            "Dir::State::status": "/dev/null",
            "Dir::Cache": self.directory / "cache",
            # Containers turn these off, and reading the lists anew for each command takes seconds.
            "Dir::Cache::pkgcache": "pkgcache.bin",
            "Dir::Cache::srcpkgcache": "srcpkgcache.bin",
            "Dir::Etc::sourcelist": self.directory / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "APT::Sandbox::User": "root",  # _apt could not write here
            "APT::Get::AllowUnauthenticated": "false",
            "Acquire::AllowInsecureRepositories": "false",
            "Acquire::Languages": "none",
            "Acquire::Retries": "1",
            "Acquire::http::Timeout": "10",
            "Acquire::https::Timeout": "10",
        }
        return ("apt-get", "-qq", *(f"-o{key}={value}" for key, value in settings.items()))

    def unpack(self, packages: Sequence[str], into: Path) -> None:
        """Unpack these packages, and those that hold the libraries they need. Raises `NotFetchedError`."""
        plan = self.deadline.run([*self._get, "--print-uris", "-y", "--no-install-recommends", "install", *packages])
        archives = self.directory / "archives"
        archives.mkdir()
        self.deadline.run([*self._get, "download", *worth_unpacking(planned(plan), packages)], archives)
        for archive in sorted(archives.iterdir()):
            self.deadline.run(["dpkg-deb", "--extract", str(archive), str(into)])
        for compiler in into.glob("usr/lib/postgresql/*/lib/llvmjit.so"):
            compiler.unlink()  # without its library it cannot be loaded; without itself, PostgreSQL does without


def planned(uris: str) -> tuple[str, ...]:
    """The packages that `apt-get --print-uris install` would fetch: `'address' name_version_architecture.deb …`."""
    return tuple(match[1] for match in re.finditer(r"^'[^']*' ([a-z0-9][a-z0-9+.-]+)_\S+\.deb ", uris, re.MULTILINE))


def worth_unpacking(names: Iterable[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """Of all these packages, those that were `wanted` and the shared libraries.

    Without what is large and never loaded: Perl, and the compiler that PostgreSQL has for expensive queries.
    """
    library = re.compile(r"(?!libllvm|libz3|libperl|.*-perl$)(lib|zlib)")
    return tuple(name for name in names if name in wanted or library.match(name))


def complaint_in(errors: str) -> str:
    """The first thing that apt complains of, in one line."""
    for line in errors.splitlines():
        if line.startswith(("E: ", "Err:")):
            return line.removeprefix("E: ").strip()
    return ""


def mirror_in(targets: str) -> str | None:
    """The first mirror of Debian itself among `apt-get indextargets`' lines of `origin|label|address`."""
    for line in targets.splitlines():
        origin, label, address = [*line.split("|"), "", ""][:3]
        if (origin, label) == ("Debian", "Debian") and address:
            return address
    return None


def fetch(suites: Sequence[Suite], deadline: Deadline) -> dict[str, str]:
    """Fetch suites into `FOLDER`, side by side; for each that did not come, by its name, why."""
    with (
        tempfile.TemporaryDirectory(prefix="fetching-", dir=_made_folder(), ignore_cleanup_errors=True) as scratch,
        ThreadPoolExecutor(len(suites) or 1) as threads,
    ):
        work = {one.name: threads.submit(_fetch, one, Path(scratch, one.name), deadline) for one in suites}
        reasons = {name: one.exception() for name, one in work.items()}
    return {name: str(why) for name, why in reasons.items() if why is not None}


def _fetch(suite: Suite, scratch: Path, deadline: Deadline) -> None:
    apt = Apt.of(suite.release, _mirror(deadline), scratch, deadline)
    fresh = scratch / "unpacked"
    apt.unpack(suite.packages, fresh)
    for program in suite.programs:
        wrap(fresh, program)
    fresh.chmod(0o755)
    shutil.rmtree(suite.folder, ignore_errors=True)  # one that was fetched when fewer programs were wanted
    fresh.rename(suite.folder)


def wrap(root: Path, program: str) -> None:
    """Put a script in a program's place that runs it with its own loader and libraries, wherever `root` is moved to."""
    path = root / program
    real = _wrapped(path)
    up = "/".join([".."] * (len(Path(program).parts) - 1))
    loader, libraries = (
        next(root.glob(pattern)).relative_to(root) for pattern in ("usr/lib*/**/ld-linux*.so.*", "usr/lib/*-linux-gnu")
    )
    path.rename(real)
    path.write_text(
        f"""\
#!/bin/sh
here=${{0%/*}}
exec "$here/{up}/{loader}" --library-path "$here/{up}/{libraries}" --argv0 "$0" "$here/{real.name}" "$@"
"""
    )
    path.chmod(0o755)


def _wrapped(program: Path) -> Path:
    return program.with_name(f"{program.name}.program")


def _mirror(deadline: Deadline) -> str:
    if not KEYRING.exists():
        raise NotFetchedError(f"without {KEYRING} nothing of Debian's can be believed")
    format_ = "$(ORIGIN)|$(LABEL)|$(REPO_URI)"
    targets = deadline.run(["apt-get", "indextargets", "--format", format_, "Created-By: Packages"])
    mirror = mirror_in(targets)
    if mirror is None:
        raise NotFetchedError("this machine's apt knows no mirror of Debian (apt-get update may help)")
    return mirror


def _made_folder() -> Path:
    """`FOLDER`; a link to one elsewhere where the account that servers run as could not enter it."""
    if not FOLDER.exists():
        FOLDER.unlink(missing_ok=True)  # a link to a folder that somebody has removed
        if os.geteuid() != 0 or all(place.stat().st_mode & stat.S_IXOTH for place in FOLDER.parents):
            FOLDER.mkdir()
        else:
            FOLDER.symlink_to(tempfile.mkdtemp(prefix="everyhop-servers-", dir=_OPEN_TO_SERVERS))
        FOLDER.chmod(0o755)
    return FOLDER.resolve()
