"""`renew` looks on the wire: what is told as done is served, and what is not served is put back."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from socket import socket

import pytest

from everyhop.deploy import served
from tests.authority_home import Desk, found, new_desk
from tests.probing import peer

pytestmark = pytest.mark.loopback


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(served, "_PAUSES", (0.0, 0.1))
    desk = new_desk(tmp_path)
    found(desk, "--permit", "localhost,127.0.0.0/8")
    return desk


@pytest.fixture
def endpoint(desk: Desk) -> Iterator[str]:
    """A listener that reads its certificate anew when it is told to, as a server does at a reload."""
    out, loaded = desk.folder / "out", desk.folder / "loaded"

    def serve(connection: socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(loaded / "server.crt", loaded / "server.key")
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(1024)
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    moods = f"test -e {desk.folder}/deaf && exit 0; test -e {desk.folder}/down && exit 1"
    reload = f"sh -c '{moods}; cmp -s {out}/server.crt {desk.folder}/refused && exit 1; cp {out}/* {loaded}'"
    with peer(serve) as place:
        at = f"https://localhost:{place.port}"
        desk.done("cert", "issue", "localhost", "--out", out, "--endpoint", at, "--reload", reload)
        loaded.mkdir(mode=0o700)
        for file in out.iterdir():
            (loaded / file.name).write_bytes(file.read_bytes())
        yield at


def test_what_is_served_is_told_as_seen(desk: Desk, endpoint: str) -> None:
    """And stands in the ledger as such."""
    said = desk.done("renew", "--force")
    assert f"  deployed and seen  app  {desk.folder / 'out'}" in said
    assert f"seen at {endpoint}" in desk.run("ca", "ledger").output
    shown = desk.run("cert", "show", endpoint)
    assert shown.exit_code == 0, shown.output
    assert "trusted leads to the internal authority's anchors" in shown.output


def test_what_is_not_served_is_put_back(desk: Desk, endpoint: str) -> None:
    """The consumer said yes and went on with the old one: nobody finds that out at night but by looking."""
    crt, deaf = desk.folder / "out" / "server.crt", desk.folder / "deaf"
    before = crt.read_bytes()
    deaf.touch()
    result = desk.opened("renew", "--force")
    assert result.exit_code == 1
    assert f"  put back  app  {crt.parent}: {endpoint} shows serial " in result.output
    assert crt.read_bytes() == before
    deaf.unlink()
    assert "deployed and seen" in desk.done("renew")
    assert crt.read_bytes() != before
    assert desk.done("renew", "--quiet") == ""


def test_a_consumer_that_takes_neither_the_new_nor_the_old_is_told_again_of_the_new(desk: Desk, endpoint: str) -> None:
    """As MySQL, which refuses to read an expired certificate anew: what was put back must not stand in the way."""
    crt, down = desk.folder / "out" / "server.crt", desk.folder / "down"
    before = crt.read_bytes()
    down.touch()
    (desk.folder / "refused").write_bytes(before)  # from now on the old one is
    stopped = desk.opened("renew", "--force")
    assert stopped.exit_code == 4, stopped.output
    assert crt.read_bytes() == before
    down.unlink()
    assert f"deployed and seen  app  {crt.parent}" in desk.done("renew")
    assert desk.run("cert", "show", endpoint).exit_code == 0
    assert crt.read_bytes() != before
