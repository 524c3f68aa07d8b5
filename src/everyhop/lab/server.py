"""A real server of a lab: where it is, how to log in, and the acts that keep its data and its port."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from everyhop.errors import LabError
from everyhop.lab.keeping import Keeper, Program
from everyhop.lab.login import Login
from everyhop.lab.process import LOOK_AGAIN, PATIENCE, Process, run
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.secret import Secret


@dataclass(frozen=True, slots=True)
class Product:
    """What is particular to a product: `scheme` and `query` of a URL for SQLAlchemy, or of a web address.

    `is_ready` tells of a started server's process whether it answers already. `test` is the product's own test of its
    configuration. `reload` makes the server read its certificate anew (nginx and PostgreSQL: all their settings).
    """

    name: str
    version: str
    scheme: str
    query: str
    is_ready: Callable[[Server, int], bool]
    test: tuple[str, ...]
    reload: Callable[[Server], None]


class Server(Process):
    """A server of a lab.

    `directory` holds its configuration, `anchors` is the file with the authority to believe. `plain` is where a web
    server listens for plain HTTP.
    """

    def __init__(
        self,
        keeper: Keeper,
        product: Product,
        program: Program,
        endpoint: TcpEndpoint,
        anchors: Path,
        login: Login | None = None,
        plain: TcpEndpoint | None = None,
    ) -> None:
        super().__init__(keeper, product.name, program, lambda pid: product.is_ready(self, pid))
        self._product = product
        self.endpoint = endpoint
        self.directory = program.directory
        self.anchors = anchors
        self.login = login
        self.plain = plain

    @property
    def product(self) -> str:
        """The product's name: `postgresql`, `mariadb`, `nginx`."""
        return self._product.name

    @property
    def version(self) -> str:
        """The version that its program tells."""
        return self._product.version

    @property
    def url(self) -> Secret:
        """The URL to connect with, for SQLAlchemy or a browser, in the way in which the server was started."""
        return self.url_with(self._product.query)

    def url_with(self, query: str, *, host: str | None = None, port: int | None = None) -> Secret:
        """The same URL with another query (`sslmode=prefer`), or through another place, such as a relay."""
        place = TcpEndpoint(host or self.endpoint.host, port or self.endpoint.port)
        login, path = "", "/"
        if self.login is not None:
            password = quote(self.login.password.reveal(), safe="")
            login = f"{quote(self.login.user, safe='')}:{password}@"
            path = f"/{quote(self.login.database, safe='')}"
        return Secret(f"{self._product.scheme}://{login}{place}{path}{f'?{query}' if query else ''}")

    def test(self) -> None:
        """Let the product itself test its configuration as it stands now. Raises `LabError` with its words."""
        log = self.directory / "test.log"
        with contextlib.suppress(FileNotFoundError):
            log.unlink()  # the words of an earlier test are not wanted
        run(self._keeper, replace(self._program, argv=self._product.test, log=log), self._secrets())

    def reload(self) -> None:
        """Make it read certificates anew while sessions go on; returns when the new ones are served.

        Raises `LabError` where it keeps the old ones.
        """
        if self.pid is None:
            raise LabError(f"{self.product} does not run")
        self._product.reload(self)

    def log_size(self) -> int:
        """How long its log is now, in bytes: `log_since` tells what came later."""
        return self._program.log.stat().st_size

    def log_since(self, size: int) -> str:
        """What it has written to its log since that was so long."""
        with self._program.log.open("rb") as log:
            log.seek(size)
            return log.read().decode("utf-8", "replace")

    def _secrets(self) -> tuple[Secret, ...]:
        return (self.login.password, self.login.admin_password) if self.login else ()

    def __repr__(self) -> str:
        return f"<{self.product} {self.version} at {self.endpoint}>"


def wait_until(reached: Callable[[], bool], what: str, server: Server) -> None:
    """Look again and again until it is so. Raises `LabError` (with `what` was waited for) when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not reached():
        if server.pid is None or time.monotonic() > deadline:
            raise LabError(f"waited in vain for this: {what}", hint=server.tail())
        time.sleep(LOOK_AGAIN)
