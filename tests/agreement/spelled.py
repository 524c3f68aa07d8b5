"""One way to hand settings to a driver, as a person would write it.

`ca.pem` stands for the file with the trusted authority, `client.pem` and `client.key` for a certificate that it gave
the app, and other file names for files whose text stands beside them.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any, Final

from everyhop.dialects.settings import PeerCheck, PythonContext
from everyhop.dialects.source import source
from everyhop.model.posture import Floor

CA: Final = "ca.pem"
CERTIFICATE: Final = "client.pem"
KEY: Final = "client.key"
CONTEXT: Final = PythonContext(anchors=CA)
"""`ssl.create_default_context(cafile="ca.pem")`."""
CHAIN_CONTEXT: Final = PythonContext(anchors=CA, check_hostname=False)
BLIND_CONTEXT: Final = PythonContext(PeerCheck.NONE, check_hostname=False)
STRICT_CONTEXT: Final = PythonContext(anchors=CA, floor=Floor.TLS_1_3, common_name=False)


class Door(Enum):
    """Where settings go in."""

    SQLALCHEMY = "SQLAlchemy's URL, and connect_args"
    CALL = "the driver's own connect()"
    DSN = "the driver's own URL"


@dataclass(frozen=True, slots=True)
class Spelled:
    """`arguments` are connect_args or keywords; `purpose` is told of what everyhop itself wrote.

    `since` is the oldest major version of a server that understands it.
    """

    door: Door
    query: str = ""
    arguments: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    purpose: str = ""
    since: int = 0

    def within(self, **environment: str) -> Spelled:
        """The same with these environment variables."""
        return replace(self, environment=environment)

    def beside(self, files: Mapping[str, str]) -> Spelled:
        """The same with files of these texts, named as in the spelling."""
        return replace(self, files=files)

    def needing(self, since: int) -> Spelled:
        """The same for servers from this major version on."""
        return replace(self, since=since)

    def living(self, folder: Path) -> Spelled:
        """The same with paths of files that are there, in `folder`, and live contexts in place of planned ones."""
        folder.mkdir(exist_ok=True)
        for name, text in self.files.items():
            (folder / name).write_text(_placed(text, folder, self.files))
        return replace(
            self,
            query=_placed(self.query, folder, self.files),
            arguments=_placed(self.arguments, folder, self.files),
            environment=_placed(self.environment, folder, self.files),
            files={str(folder / name): _placed(text, folder, self.files) for name, text in self.files.items()},
        )

    def __str__(self) -> str:
        arguments = ", ".join(f"{key}={source(value)}" for key, value in self.arguments.items())
        match self.door:
            case Door.CALL:
                told = [f"connect({arguments})"]
            case Door.SQLALCHEMY:
                told = [f"?{self.query}"] if self.query else []
                told += [f"connect_args={source(self.arguments)}"] if arguments else []
            case _:
                query = f"?{self.query}" if self.query else ""
                told = [f"postgres://…{query}", *([f"connect(…, {arguments})"] if arguments else [])]
        told += [f"{name}={value}" for name, value in self.environment.items()]
        told += [f"{name}: {' '.join(text.split())}" for name, text in self.files.items()]
        return " + ".join(told)


def url(query: str = "", **connect_args: object) -> Spelled:
    """An option in SQLAlchemy's URL, or in `connect_args`."""
    return Spelled(Door.SQLALCHEMY, query, connect_args)


def call(**keywords: object) -> Spelled:
    """Keywords of the driver's own connect()."""
    return Spelled(Door.CALL, "", keywords)


def dsn(query: str = "", **keywords: object) -> Spelled:
    """The query of a URL that the driver itself reads."""
    return Spelled(Door.DSN, query, keywords)


def _placed(value: Any, folder: Path, files: Mapping[str, str]) -> Any:
    match value:
        case str():
            names = "|".join(re.escape(name) for name in (CA, CERTIFICATE, KEY, *files))
            return re.sub(rf"(?<![\w/.-])({names})\b", lambda found: str(folder / found[0]), value)
        case PythonContext():
            return _context(value, folder)
        case Mapping():
            return {key: _placed(inner, folder, files) for key, inner in value.items()}
        case _:
            return value


def _context(planned: PythonContext, folder: Path) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(folder / CA) if planned.anchors else None)
    made.check_hostname = planned.check_hostname
    made.verify_mode = ssl.CERT_NONE if planned.peer is PeerCheck.NONE else ssl.CERT_REQUIRED
    made.hostname_checks_common_name = planned.common_name
    made.minimum_version = getattr(ssl.TLSVersion, planned.floor.name.replace("TLS_", "TLSv"))
    return made
