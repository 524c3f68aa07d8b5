"""What the story is played on: the tip line and its servers as they are usually deployed, with the wire in our hands.

Each listener stands behind a relay on a loopback address of its own: the relay is the network between two hosts. The
site is dialled at 127.0.0.1, MariaDB at 127.0.0.2, PostgreSQL at 127.0.0.3; the servers themselves are at 127.0.1.1 to
127.0.1.3, on the same ports.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Final

from everyhop.drill.behaviour import Record
from everyhop.drill.relay import Relay
from everyhop.errors import ToolError
from everyhop.lab import gunicorn, mariadb, nginx, postgresql
from everyhop.lab.login import new_password
from everyhop.lab.port import free_endpoint
from everyhop.lab.process import Process
from everyhop.lab.server import Server
from everyhop.lab.session import Lab
from everyhop.model.endpoint import TcpEndpoint, UnixEndpoint
from everyhop.model.posture import Assurance
from everyhop.model.secret import Secret

SITE: Final = "localhost"
"""The name that browsers dial; a certificate can name it, and HSTS applies to it (RFC 6797 section 8.1.1)."""
NEWSROOM, LEGAL = "127.0.0.2", "127.0.0.3"
_PUBLIC = "127.0.0.1"
_NGINX, _MARIADB, _POSTGRESQL = "127.0.1.1", "127.0.1.2", "127.0.1.3"


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs. `http` and `https` are the site's two ports; relays stand in the network's place."""

    lab: Lab
    project: Path
    editor: Secret
    mariadb: Server
    postgresql: Server
    nginx: Server
    app: Process
    socket: UnixEndpoint
    http: Relay
    https: Relay
    newsroom: Relay
    legal: Relay

    @property
    def anchors(self) -> str:
        """The authority that the browsers of this story are given, as PEM."""
        return self.lab.authority.anchors_pem

    @property
    def plain_site(self) -> str:
        """What people type."""
        return f"http://{SITE}:{self.http.endpoint.port}"

    @property
    def secure_site(self) -> str:
        """Where they are to be sent."""
        return f"https://{SITE}:{self.https.endpoint.port}"


@contextmanager
def set_up(lab: Lab) -> Iterator[Stage]:
    """Start everything in its exposed state. Raises `LabError`, `ToolError` or `DrillError`."""
    with ExitStack() as wires:
        newsroom_db = mariadb.start(lab, Assurance.PLAINTEXT, host=_MARIADB, database="newsroom", user="tipline")
        legal_db = postgresql.start(lab, Assurance.PLAINTEXT, host=_POSTGRESQL, database="legal", user="tipline")
        newsroom = wires.enter_context(_wire(NEWSROOM, newsroom_db.endpoint))
        legal = wires.enter_context(_wire(LEGAL, legal_db.endpoint))

        editor = new_password()
        project = _project(lab)
        socket = UnixEndpoint(str(project / "app.sock"))
        _settings(lab, project, editor, newsroom_db, legal_db)
        gunicorn.run_flask(lab, project, "wsgi", "create-tables")
        app = gunicorn.start(lab, project, "wsgi:app", socket)
        site = nginx.start(lab, Assurance.PLAINTEXT, host=_NGINX, names=(SITE,), upstream=socket)
        http = wires.enter_context(_wire(_PUBLIC, site.endpoint))
        https = wires.enter_context(_wire(_PUBLIC, free_endpoint(_NGINX)))

        stage = Stage(lab, project, editor, newsroom_db, legal_db, site, app, socket, http, https, newsroom, legal)
        _describe(stage)
        yield stage


def _wire(host: str, server: TcpEndpoint) -> Relay:
    return Relay(TcpEndpoint(host, server.port), server, Record())


def _project(lab: Lab) -> Path:
    """A copy of the application, as it would lie on its host."""
    packaged = Path(str(files("everyhop"))) / "data" / "tipline"
    checkout = Path(__file__).resolve().parents[4] / "examples" / "tipline"
    source = packaged if packaged.is_dir() else checkout
    if not source.is_dir():
        raise ToolError("the tip line is not in this installation", hint="run make demo in a clone of the repository")
    project = lab.room("tipline")
    shutil.copytree(source, project, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return project


def _settings(lab: Lab, project: Path, editor: Secret, newsroom: Server, legal: Server) -> None:
    """The application's `.env`, as it is usually written: nothing about TLS, and what a hosting console says."""
    from werkzeug.security import generate_password_hash  # noqa: PLC0415 - the application's, not everyhop's

    lines = {
        "DATABASE_URL": newsroom.url_with("charset=utf8mb4", host=NEWSROOM).reveal(),
        "LEGAL_DATABASE_URL": legal.url_with("sslmode=prefer", host=LEGAL).reveal(),
        "SECRET_KEY": secrets.token_hex(32),
        "INBOX_PASSWORD_HASH": f"'{generate_password_hash(editor.reveal())}'",
    }
    lab.write(project / ".env", "".join(f"{name}={value}\n" for name, value in lines.items()))


def _describe(stage: Stage) -> None:
    """everyhop.toml: in this story the parts stand on different hosts, so the loopback counts as network."""
    stage.lab.write(
        stage.project / "everyhop.toml",
        f"""\
[policy]
local = ["unix"]   # in this story the loopback is the network between hosts

[[policy.waive]]
rule = "short-hsts"
where = "edge"
reason = "five minutes is how one begins; years come when nobody has complained"
until = {datetime.now(UTC).date() + timedelta(days=1)}

[hop.edge]
endpoint = "{stage.plain_site}"
[hop.app]
dialer = "edge"
endpoint = "{stage.socket}"
[hop.newsroom]
dialer = "app"
endpoint = "mariadb://{stage.newsroom.endpoint}"
app = "wsgi:app"
[hop.legal]
dialer = "app"
endpoint = "postgresql://{stage.legal.endpoint}"
app = "wsgi:app"

[listener.edge]
product = "nginx"
[listener.app]
product = "flask"
[listener.newsroom]
product = "mariadb"
[listener.legal]
product = "postgresql"
""",
    )
