"""The only part of `scan` that reads files: paths in, named texts out. Nothing is executed or imported.

`.gitignore` is not asked: the `.env` that it hides is the file that matters most. Left out are version control, caches,
installed packages and what builds leave behind. Linked folders are not entered: inside the root they would be
seen twice, outside they are not the project, and a link may lead into itself.
"""

from __future__ import annotations

import io
import os
import re
import stat
import tokenize
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from everyhop.errors import SourceError
from everyhop.model.sighting import Gap
from everyhop.scan.pace import Pace
from everyhop.scan.recognise import is_python, server_of
from everyhop.scan.tracked import is_tracked

LARGEST: Final = 5_000_000
"""Bytes. The largest hand-written settings or source file in airflow and superset has 0.6 MB; above are dumps."""

SKIPPED: Final = frozenset(
    {
        *(".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox", ".eggs", "site-packages", "node_modules"),
        *("bower_components", "__pycache__", "build", "dist", ".mypy_cache", ".ruff_cache", ".pytest_cache"),
        *(".hypothesis", ".idea", ".vscode", ".terraform"),
    }
)
"""Folders that hold no source of the project."""


_BUILT_FROM: Final = frozenset(
    {"templates", "docker", "deploy", "deployment", "scripts", "tools", "conf", "etc", "ops"}
)
"""Folders in which `build` holds what a build is made with."""

# What is copied or rendered to a file of the name before it.
_FILLED_IN: Final = frozenset(
    {".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".template", ".example", ".sample", ".dist", ".in"}
)
_DOCKERFILE: Final = re.compile(r"(?:docker|container)file(?:[.-].*)?|.*\.(?:docker|container)file", re.IGNORECASE)
_NO_SETTINGS: Final = frozenset(
    {
        *("package.json", "package-lock.json", "composer.json", "tsconfig.json", "Cargo.toml"),
        "everyhop.toml",  # our own: it names endpoints, and nobody dials by it
    }
)


# A template of settings under a name of its own: `nginx_config.j2`, `settings.tpl`; what stands in it says whose.
_SETTINGS: Final = re.compile(r"settings|config", re.IGNORECASE)
_WEB_SERVER: Final = re.compile(r"nginx|apache|haproxy|vhost", re.IGNORECASE)
_DOTENV: Final = re.compile(r"\.?(?:dot|flask)?env(?:[._-][\w.-]+)?|.+\.env(?:[._-][\w-]+)?", re.IGNORECASE)
_NO_DOTENV: Final = frozenset(
    {".js", ".ts", ".mjs", ".json", ".md", ".rst", ".html", ".lock", ".toml", ".sh", ".ini", ".cfg"}
)


class Kind(Enum):
    """How a file is to be read."""

    PYTHON = "python"
    DOTENV = "dotenv"
    COMPOSE = "compose"
    PINS = "pins"
    YAML = "yaml"
    DOCKERFILE = "dockerfile"
    UNIT = "unit"
    INI = "ini"
    TOML = "toml"
    JSON = "json"
    KEY = "key"
    NGINX = "nginx"
    OPTION_FILE = "option-file"
    POSTGRESQL = "postgresql"
    HBA = "hba"
    PGBOUNCER = "pgbouncer"
    APACHE = "apache"
    HAPROXY = "haproxy"
    TEXT = "text"


_PINS: Final = frozenset(
    {"uv.lock", "poetry.lock", "pyproject.toml", "Pipfile", "Pipfile.lock", "setup.cfg", "pdm.lock", "pylock.toml"}
)
_SSH_KEYS: Final = dict.fromkeys(("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"), Kind.KEY)
# Beside the usual names those of scripts that start a container; what a script without a name is, its bytes tell.
_NAMES: Final = dict.fromkeys(
    (
        "Procfile",
        "Makefile",
        "justfile",
        ".envrc",
        "entrypoint",
        "docker-entrypoint",
        "start",
        "run",
        "release",
        "deploy",
        "makefile",
        "GNUmakefile",
        "Justfile",
        "Singularity",
        "Apptainer",
        "Vagrantfile",
    ),
    Kind.TEXT,
)
_SUFFIXES: Final = {
    **dict.fromkeys((".ini", ".cfg", ".conf", ".config", ".properties", ".cnf", ".default"), Kind.INI),
    **dict.fromkeys((".sh", ".bash", ".zsh", ".mk", ".tf", ".tfvars", ".hcl", ".bat", ".cmd", ".ps1"), Kind.TEXT),
    ".rc": Kind.TEXT,
    **dict.fromkeys((".nginx", ".vhost"), Kind.INI),
    **dict.fromkeys((".pem", ".key", ".crt", ".cer"), Kind.KEY),
    ".service": Kind.UNIT,
    ".toml": Kind.TOML,
    ".json": Kind.JSON,
}

# What has to be in a file for any of its settings to matter: looked for in the bytes, before anything is decoded.
_SCHEME: Final = re.compile(rb"(?:postgres(?:ql)?|mysql|mariadb|cockroachdb)(?:\+[a-z0-9_]+)?\Z", re.IGNORECASE)
_LONGEST_SCHEME: Final = 80
_VARIABLE: Final = re.compile(rb"\b[A-Z0-9_]*(?:DATABASE|POSTGRES|MYSQL|MARIADB|SQL|DB|PG)[A-Z0-9_]*\b")
_SERVING: Final = re.compile(
    rb"FLASK_(?:DEBUG|ENV)|FORWARDED_ALLOW_IPS|forwarded-allow-ips|\bflask\b|\brunserver\b"
    rb"|\b(?:gunicorn3?|uvicorn|hypercorn|waitress|granian|uwsgi|daphne|pserve|twistd|mod_wsgi-express)\b"
    rb"|\[server:|\bpython[\d.]*\b[^\n]*\.py\b"
)
_SERVER: Final = re.compile(
    rb"(?:FROM|image:)[ \t]+\S*(?:postg|pgvector|timescale|mysql|mariadb|percona)", re.IGNORECASE
)
_NAMED: Final = re.compile(rb"(?:sqlalchemy|database|\bdb)[._a-z]{0,16}ur[il]\b", re.IGNORECASE)
_PARTS: Final = re.compile(rb"(?:database|db|sql|postgres|pg)_?(?:host|server|addr)", re.IGNORECASE)
_COOKIE: Final = re.compile(rb"cookie_secure|session\.secure|strict-transport-security", re.IGNORECASE)
_KEY: Final = re.compile(rb"-----BEGIN [A-Z0-9 ]*(?:PRIVATE KEY|CERTIFICATE)-----")


def _has_url(data: bytes) -> bool:
    """Whether a database URL stands in it: looked for from its `://`, which is ten times as fast as by its scheme."""
    place = data.find(b"://")
    while place >= 0:
        if _SCHEME.search(data, max(0, place - _LONGEST_SCHEME), place):
            return True
        place = data.find(b"://", place + 3)
    return False


_SAYING: Final[Mapping[Kind, tuple[Callable[[bytes], object], ...]]] = {
    **dict.fromkeys(
        (Kind.INI, Kind.TOML, Kind.JSON),
        (_has_url, _NAMED.search, _PARTS.search, _COOKIE.search, _SERVING.search, _KEY.search),
    ),
    Kind.TEXT: (_has_url, _SERVING.search, _KEY.search),
    **dict.fromkeys(
        (Kind.YAML, Kind.DOCKERFILE, Kind.UNIT),
        (_has_url, _VARIABLE.search, _SERVER.search, _SERVING.search, _COOKIE.search, _KEY.search),
    ),
    Kind.KEY: (_KEY.search,),
}
_SITES: Final = frozenset({"sites-available", "sites-enabled", "vhosts.d", "vhosts"})
"""Folders in which web servers keep a file for each site, often named after it: `example.org`."""
_WEB_SERVERS: Final = frozenset({"nginx", "apache", "apache2", "httpd", "haproxy", "uwsgi"})
_AS_IT_COMES: Final = Pace()
_SCRIPTS: Final = frozenset(
    {
        "bin",
        "sbin",
        "scripts",
        "script",
        "docker",
        "tools",
        "util",
        "utils",
        "utility",
        "contrib",
        "devel",
        "init.d",
        "rc.d",
    }
)
"""Folders in which scripts lie without a suffix: their first line tells who reads them."""
_CHUNK: Final = 1 << 20
_LONGEST_LOOK: Final = 64 * _CHUNK
"""Bytes up to which a file above `LARGEST` is at least looked through."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file: its path relative to the scanned root, with `/`, and its text without a byte order mark.

    `mode` are its permission bits, and `tracked` whether version control has it; both None where nobody asked.
    """

    path: str
    kind: Kind
    text: str
    mode: int | None = None
    tracked: bool | None = None


@dataclass(frozen=True, slots=True)
class Workspace:
    """All that is there to look at, in the order of the paths, and what could not be read."""

    sources: tuple[Source, ...]
    gaps: tuple[Gap, ...]


def kind_of(path: Path) -> Kind | None:
    """What a file is by its name and folder; None for one that `scan` does not read."""
    name, folder = path.name, path.parent.name
    suffix = path.suffix.lower()
    stem = name.lower().removesuffix(suffix)
    if suffix in (".py", ".pyw", ".wsgi"):
        return Kind.PYTHON
    if suffix in (".txt", ".in") and any(word in stem or word == folder for word in ("requirements", "constraints")):
        return Kind.PINS
    if suffix in _FILLED_IN and not _DOTENV.fullmatch(name):
        inner = kind_of(path.with_name(path.stem)) if path.stem else None
        return inner or (Kind.INI if _SETTINGS.search(path.stem) or _WEB_SERVER.search(path.stem) else None)
    if suffix in (".yml", ".yaml"):
        return Kind.COMPOSE if "compose" in stem else Kind.YAML
    if name in _PINS:
        return Kind.PINS
    if (_DOTENV.fullmatch(name) and suffix not in _NO_DOTENV) or ".envs" in path.parts:
        return Kind.DOTENV
    if _DOCKERFILE.fullmatch(name):
        return Kind.DOCKERFILE
    if folder.endswith(".service.d"):
        return Kind.UNIT
    if folder in _SITES and not name.startswith("."):
        return Kind.INI
    if not suffix and (folder in _WEB_SERVERS or _WEB_SERVER.fullmatch(name)):
        return Kind.INI
    if not suffix and folder in _SCRIPTS and name not in _NAMES and not _WEB_SERVER.search(name):
        return Kind.TEXT
    return _NAMES.get(name) or _SSH_KEYS.get(name) or (None if name in _NO_SETTINGS else _SUFFIXES.get(suffix))


def read(paths: Sequence[Path], exclude: Sequence[str] = (), pace: Pace = _AS_IT_COMES) -> Workspace:
    """Read every file below `paths` that `scan` knows. `exclude` are globs over relative paths and names.

    Raises `SourceError` for a path that does not exist: that is a typo, while whatever else cannot be read is a `Gap`.
    """
    root = root_of(paths)
    sources: list[Source] = []
    gaps: list[Gap] = []
    for number, seen in enumerate(found(paths, root, exclude)):
        pace.tell(f"{number} files read")
        match seen if isinstance(seen, Gap) else _source(*seen, root):
            case Gap() as gap:
                gaps.append(gap)
            case None:
                pass
            case source:
                sources.append(source)
    return Workspace(tuple(sources), tuple(gaps))


def root_of(paths: Sequence[Path]) -> Path:
    """What reported paths are relative to: the one folder given, else the current one, else the common one."""
    if len(paths) == 1 and paths[0].is_dir():
        return paths[0].resolve()
    here = Path.cwd().resolve()
    resolved = [path.resolve() for path in paths]
    if all(path.is_relative_to(here) for path in resolved):
        return here
    return Path(os.path.commonpath([path if path.is_dir() else path.parent for path in resolved]))


def text_at(root: Path, name: str) -> str | None:
    """The text of one file that was read before, by its path relative to the root; None where it is there no more."""
    path = root / name
    kind = kind_of(path)
    source = _source(path, name, kind, root) if kind is not None else None
    return source.text if isinstance(source, Source) else None


def found(paths: Sequence[Path], root: Path, exclude: Sequence[str]) -> Iterator[tuple[Path, str, Kind] | Gap]:
    """Every file below `paths` that `scan` knows by its name, with its path from the root; none of them is opened.

    Raises as `read` does.
    """
    for path in paths:
        if not path.exists():
            raise SourceError(
                "there is no such file or folder", path=str(path), hint="name what is to be scanned, or nothing for ."
            )
    seen: set[Path] = set()
    for given in paths:
        start = given.resolve()
        listed = _walk(start, root, exclude) if start.is_dir() else [(start, kind_of(start))]
        for one in listed:
            if isinstance(one, Gap):
                yield one
                continue
            path, kind = one
            name = _relative(path, root)
            if kind is None:
                yield Gap(name, "this kind of file is not read", "scan reads Python, settings, scripts and lock files")
            elif path not in seen:
                seen.add(path)
                yield path, name, kind


def _walk(folder: Path, root: Path, exclude: Sequence[str]) -> Iterator[tuple[Path, Kind] | Gap]:
    pending = [folder]
    while pending:
        here = pending.pop()
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as error:
            yield _unreadable(_relative(here, root), error)
            continue
        if any(entry.name == "pyvenv.cfg" for entry in entries):
            continue  # a virtual environment under any name: other people's code
        folders = []
        for entry in entries:
            path = here / entry.name
            if exclude and _excluded(_relative(path, root), exclude):
                continue
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED or _is_written(path):
                    folders.append(path)
            elif (kind := kind_of(path)) is not None and not (entry.is_symlink() and path.is_dir()):
                yield path, kind
        pending += reversed(folders)


def _is_written(folder: Path) -> bool:
    """Whether a folder of a build's name is one that people fill: what a build is made with, or a package."""
    return folder.name == "build" and (folder.parent.name in _BUILT_FROM or (folder / "__init__.py").is_file())


def _excluded(path: str, globs: Sequence[str]) -> bool:
    name = path.rpartition("/")[2]
    return any(fnmatchcase(path, glob.rstrip("/")) or fnmatchcase(name, glob.rstrip("/")) for glob in globs)


def _source(path: Path, name: str, kind: Kind, root: Path) -> Source | Gap | None:
    """A file; None for one in which nothing that matters can stand."""
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            return Gap(name, "not a regular file", "sockets, pipes and devices are not read")
        if state.st_size > LARGEST and not _is_beside_the_point(path, kind, state.st_size):
            size = f"{state.st_size / 1e6:.0f} MB"
            return Gap(
                name, f"{size} is more than the {LARGEST // 1_000_000} MB that are read", "--exclude leaves it out"
            )
        if state.st_size > LARGEST:
            return None
        data = path.read_bytes()
    except OSError as error:
        return _unreadable(name, error)
    if kind is Kind.INI and (server := server_of(path.name, data)):
        kind = Kind(server.value)
    elif kind is Kind.INI and is_python(data):
        kind = Kind.PYTHON
    elif kind is Kind.TEXT and not path.suffix and path.parent.name in _SCRIPTS and path.name not in _NAMES:
        first = data.partition(b"\n")[0]
        if not first.startswith(b"#!"):
            return None  # a program that somebody built
        kind = Kind.PYTHON if b"python" in first else kind
    if kind in _SAYING and not any(speaks(data) for speaks in _SAYING[kind]):
        return None
    try:
        if kind is Kind.KEY:
            return Source(name, kind, _decoded(data, kind), stat.S_IMODE(state.st_mode), is_tracked(path, root))
        return Source(name, kind, _decoded(data, kind))
    except (UnicodeDecodeError, LookupError, SyntaxError):
        return Gap(name, "not text in its encoding", "save it as UTF-8")


def _is_beside_the_point(path: Path, kind: Kind, size: int) -> bool:
    """Whether a large file has been looked through and holds nothing that matters: a dump, a lock of another world."""
    if kind not in _SAYING or size > _LONGEST_LOOK:
        return False
    before = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if any(speaks(before + chunk) for speaks in _SAYING[kind]):
                return False
            before = chunk[-64:]
    return True


def _decoded(data: bytes, kind: Kind) -> str:
    encoding = "utf-8-sig"
    if kind is Kind.PYTHON and not data.isascii():
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return data.decode(encoding).removeprefix("\ufeff")


def _unreadable(name: str, error: OSError) -> Gap:
    return Gap(name, f"cannot be read: {error.strerror or 'unknown reason'}", "grant read permission, or --exclude it")


def _relative(path: Path, root: Path) -> str:
    name, above = str(path), f"{root}{os.sep}" if root.name else str(root)
    return name.removeprefix(above).replace(os.sep, "/") if name != str(root) else "."
