"""Surveys per second on loopback, beside other tools that are installed. The numbers are this machine's."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from everyhop.lab import mariadb, nginx, postgresql
from everyhop.lab.server import Server
from everyhop.lab.session import Lab
from everyhop.model.location import Location
from everyhop.model.survey import Survey
from everyhop.probe.probe import survey

ROUNDS = 20
DEADLINE = 0.6

# What comes nearest to one of our surveys; none of them asks whether plaintext is accepted.
PEERS = {
    "openssl s_client (1 handshake)": ("openssl", "s_client", "-showcerts", "-connect"),
    "sslscan": ("sslscan", "--no-colour"),
}
STARTTLS = {
    "openssl": {"postgresql": ("-starttls", "postgres"), "mariadb": ("-starttls", "mysql"), "https": ()},
    "sslscan": {"postgresql": ("--starttls-psql",), "mariadb": ("--starttls-mysql",), "https": ()},
}


def seconds(act: Callable[[], object], rounds: int) -> float:
    began = time.perf_counter()
    for _ in range(rounds):
        act()
    return (time.perf_counter() - began) / rounds


def measure(scheme: str, server: Server) -> None:
    location = Location.parse(f"{scheme}://{server.endpoint}")
    anchors = server.anchors.read_text()

    def look() -> Survey:
        seen = survey(location, anchors=anchors, server_name=None, now=datetime.now(UTC))
        if not isinstance(seen, Survey):
            raise SystemExit(f"{location}: {seen.reason}")
        return seen

    cost = look()
    ours = seconds(look, ROUNDS)
    told = f"{cost.hellos} hellos, plaintext {cost.plaintext.value}"
    print(f"{scheme:11} {'everyhop':31} {1 / ours:6.1f}/s  {told}")
    for name, command in PEERS.items():
        program = command[0]
        if shutil.which(program) is None:
            print(f"{scheme:11} {name:31} not installed")
            continue
        words = [*command, str(server.endpoint), *STARTTLS[program][scheme]]
        if program == "sslscan":
            words = [*command, *STARTTLS[program][scheme], str(server.endpoint)]
        theirs = seconds(partial(subprocess.run, words, input=b"", capture_output=True, check=False), 5)
        print(f"{scheme:11} {name:31} {1 / theirs:6.1f}/s  everyhop takes {ours / theirs:.2f} of its time")


def lateness(scheme: str) -> None:
    """How long after its deadline a survey of a listener that says nothing ends; promised are 0.2 s."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        location = Location.parse(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}")
        act = partial(survey, location, anchors=None, server_name=None, deadline=DEADLINE, now=datetime.now(UTC))
        print(f"{scheme:11} {'a silent listener':31} {seconds(act, 5) - DEADLINE:6.3f} s after the deadline")


def main() -> None:
    for scheme in ("postgresql", "mysql", "https"):
        lateness(scheme)
    with Lab.open("benchmark") as lab:
        for scheme, room in (("postgresql", postgresql), ("mariadb", mariadb), ("https", nginx)):
            measure(scheme, room.start(lab))


if __name__ == "__main__":
    main()
