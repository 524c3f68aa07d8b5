"""However a lab ends, nothing of it is left: no process, no directory, no state file."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PATIENCE = 20.0
HOLDER = """
import json, signal, sys
from importlib import import_module
from everyhop.lab.session import Lab
with Lab.open("ends") as lab:
    print(json.dumps({"directory": str(lab.directory), "keeper": lab.keeper.pid, "servers": []}), flush=True)
    servers = [import_module("everyhop.lab." + product).start(lab) for product in sys.argv[1:]]
    print(json.dumps({"servers": [server.pid for server in servers]}), flush=True)
    signal.pause()
"""


@dataclass(frozen=True)
class Held:
    """A process that holds a lab, and what it told of it."""

    process: subprocess.Popen[str]
    directory: Path
    keeper: int
    state: Path

    def servers(self) -> list[int]:
        """Wait until all servers run; their processes."""
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline())
        return [int(pid) for pid in told["servers"]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """State files of their own, so that no other lab is listed or ended."""
    return {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}


Hold = Callable[..., Held]


@pytest.fixture
def hold(environment: dict[str, str], tmp_path: Path) -> Iterator[Hold]:
    """Open a lab with these products in another process; it comes back while they are still being started."""
    with contextlib.ExitStack() as stack:

        def opened(*products: str) -> Held:
            process = stack.enter_context(started([sys.executable, "-c", HOLDER, *products], environment))
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            return Held(process, Path(told["directory"]), told["keeper"], tmp_path / "everyhop" / "lab-1.json")

        yield opened


@contextlib.contextmanager
def started(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def everyhop(*words: str) -> list[str]:
    return [sys.executable, "-c", "from everyhop.cli import main; main()", "lab", *words]


def processes_of(directory: Path) -> list[str]:
    """Every process that names the lab's directory, or works in it."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if state != "Z" and (str(directory) in command or str(directory) in str((entry / "cwd").readlink())):
                found.append(f"{entry.name} {command}")
    return found


def shared_memory_of(pids: list[int]) -> list[str]:
    """System V segments that these processes made (proc(5): /proc/sysvipc/shm, field 5)."""
    lines = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return [line for line in lines if int(line.split()[4]) in pids]


def eventually(reached: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def assert_nothing_is_left(held: Held, pids: list[int]) -> None:
    eventually(lambda: not processes_of(held.directory), "processes are left")
    eventually(lambda: not held.directory.exists(), "the directory is left")
    eventually(lambda: not held.state.exists(), "the state file is left")
    assert shared_memory_of(pids) == []


@pytest.mark.parametrize(
    ("number", "products"),
    [
        (signal.SIGKILL, ("postgresql", "mariadb", "nginx")),
        (signal.SIGTERM, ("postgresql",)),
        (signal.SIGINT, ("nginx",)),
        (signal.SIGHUP, ("nginx",)),
    ],
)
def test_nothing_is_left_when_the_holder_is_killed(
    hold: Hold, number: signal.Signals, products: tuple[str, ...]
) -> None:
    """A crash of the parent, or any signal that it did not expect."""
    held = hold(*products)
    pids = held.servers()
    assert len(processes_of(held.directory)) >= len(products)
    held.process.send_signal(number)
    assert_nothing_is_left(held, pids)


@pytest.mark.parametrize(
    ("product", "moment"),
    [("postgresql", 0.0), ("postgresql", 0.3), ("postgresql", 0.7), ("mariadb", 0.3), ("mariadb", 0.8)],
)
def test_nothing_is_left_when_the_holder_is_killed_while_a_server_starts(
    hold: Hold, product: str, moment: float
) -> None:
    """In the middle of initdb, mariadb-install-db, or a server's first second."""
    held = hold(product)
    time.sleep(moment)
    held.process.kill()
    assert_nothing_is_left(held, [])


@pytest.mark.parametrize(
    ("number", "product"), [(signal.SIGTERM, "mariadb"), (signal.SIGINT, "nginx"), (signal.SIGHUP, "nginx")]
)
def test_nothing_is_left_when_the_keeper_is_asked_to_end(hold: Hold, number: signal.Signals, product: str) -> None:
    """As `everyhop lab down` does."""
    held = hold(product)
    pids = held.servers()
    os.kill(held.keeper, number)
    assert_nothing_is_left(held, pids)


def test_no_process_is_left_when_the_keeper_is_killed(hold: Hold, environment: dict[str, str]) -> None:
    """The kernel ends the servers; the next command removes the directory."""
    held = hold("postgresql", "mariadb", "nginx")
    pids = held.servers()
    os.kill(held.keeper, signal.SIGKILL)
    eventually(lambda: not processes_of(held.directory), "processes are left")
    assert shared_memory_of(pids) == []
    assert held.directory.exists()
    subprocess.run(everyhop("list"), env=environment, check=True, capture_output=True)
    assert not held.directory.exists()
    assert not held.state.exists()


FORKS = """
import os, time
from everyhop.lab.session import Lab
with Lab.open("ends") as lab:
    if os.fork() == 0:
        lab.close()
        time.sleep(60)
    time.sleep(0.3)
    print(lab.directory if lab.directory.exists() else "/gone", flush=True)
    input()
"""


def test_a_fork_of_the_holder_neither_ends_nor_keeps_the_lab(environment: dict[str, str]) -> None:
    """What counts is the process that opened it."""
    command = [sys.executable, "-W", "ignore", "-c", FORKS]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            directory = Path(process.stdout.readline().strip())
            assert directory.is_dir()
            process.kill()
            eventually(lambda: not directory.exists(), "a forked child kept the lab")
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def test_control_c_ends_the_command_and_the_lab(environment: dict[str, str], tmp_path: Path) -> None:
    """Exit code 130, after everything is gone."""
    with started(everyhop("up", "nginx"), environment) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(4)]
        assert told[0].startswith("nginx ")
        anchors = Path(told[-1].split()[-1])
        assert anchors.is_file()
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        assert not anchors.parent.exists()
        assert not processes_of(anchors.parent)
        assert not (tmp_path / "everyhop").exists()


def test_termination_waits_for_the_end_too(environment: dict[str, str]) -> None:
    """`kill PID` is as good as Ctrl-C."""
    with started(everyhop("up", "postgresql"), environment) as process:
        assert process.stdout is not None
        anchors = Path([process.stdout.readline() for _ in range(3)][-1].split()[-1])
        process.terminate()
        assert process.wait(PATIENCE) == 130
        assert not anchors.parent.exists()


def test_a_server_that_ends_by_itself_is_told(environment: dict[str, str]) -> None:
    """Exit code 4, the end of its log, and nothing left."""
    with started(everyhop("up", "nginx"), environment) as process:
        assert process.stdout is not None
        anchors = Path([process.stdout.readline() for _ in range(4)][-1].split()[-1])
        main = int((anchors.parent / "nginx" / "nginx.pid").read_text())
        os.kill(main, signal.SIGKILL)
        assert process.wait(PATIENCE) == 4
        assert process.stderr is not None
        assert "nginx has ended by itself" in process.stderr.read()
        assert not processes_of(anchors.parent)
        assert not anchors.parent.exists()


def test_a_detached_lab_stays_until_it_is_ended(environment: dict[str, str], tmp_path: Path) -> None:
    """Listed with the URL to paste, ended by its name, then listed no more."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(everyhop(*words), env=environment, check=False, capture_output=True, text=True)

    up = run("up", "--detach", "postgresql")
    assert up.returncode == 0, up.stderr
    url = next(line.strip() for line in up.stdout.splitlines() if "postgresql+psycopg2://" in line)
    anchors = Path(up.stdout.split()[-1])
    try:
        listed = run("list")
        assert "lab-1" in listed.stdout
        assert url in listed.stdout
        assert (tmp_path / "everyhop" / "lab-1.json").stat().st_mode & 0o077 == 0
        assert run("down", "lab-7").returncode == 2
        assert anchors.is_file()
    finally:
        down = run("down", "lab-1")
    assert down.returncode == 0, down.stderr
    assert not anchors.parent.exists()
    assert not processes_of(anchors.parent)
    assert run("list").stdout == ""
    assert run("down").returncode == 0


def test_down_without_a_name_leaves_other_labs_alone(hold: Hold, environment: dict[str, str]) -> None:
    """A test run or a demo is not ended by somebody's `lab down`."""
    held = hold("nginx")
    (pid,) = held.servers()
    subprocess.run(everyhop("down"), env=environment, check=True, capture_output=True)
    assert Path(f"/proc/{pid}").exists()


def test_a_missing_program_is_told_with_its_package(environment: dict[str, str], tmp_path: Path) -> None:
    """With nothing on PATH and none of the usual directories: exit code 4, `apt install …`, nothing left."""
    bare = (
        "from pathlib import Path; from everyhop.lab import binary; "
        "binary._SBIN, binary._POSTGRESQL = (), Path('/nonexistent'); from everyhop.cli import main; main()"
    )
    for product, package in (("postgresql", "postgresql"), ("mariadb", "mariadb-server-core"), ("nginx", "nginx")):
        command = [sys.executable, "-c", bare, "lab", "up", product]
        seen = subprocess.run(command, env={**environment, "PATH": ""}, check=False, capture_output=True, text=True)
        assert seen.returncode == 4
        assert f"hint: apt install {package}\n" in seen.stderr
        assert "is not installed" in seen.stderr
        assert "Traceback" not in seen.stderr
    assert not (tmp_path / "everyhop").exists()


def test_a_product_that_there_is_not_is_bad_input(environment: dict[str, str]) -> None:
    """With the word that was probably meant."""
    seen = subprocess.run(everyhop("up", "postgres"), env=environment, check=False, capture_output=True, text=True)
    assert seen.returncode == 2
    assert "did you mean 'postgresql'?" in seen.stderr
