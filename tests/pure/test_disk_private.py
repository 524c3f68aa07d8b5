"""Directories that nobody else can look into: modes whatever the umask, links refused, locks told, crashes swept."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from everyhop.disk import place
from everyhop.disk.private import PrivateDirectory
from everyhop.errors import DiskError

STRANGER = 65534
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away and mount")


@pytest.fixture(autouse=True, params=[0o000, 0o077], ids=["umask 000", "umask 077"])
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """The most open and a closed umask: modes must not depend on it."""
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[PrivateDirectory]:
    with PrivateDirectory.make(str(tmp_path / "home")) as made:
        yield made


def modes(path: Path) -> set[str]:
    return {stat.filemode(entry.lstat().st_mode) for entry in [path, *path.rglob("*")] if not entry.is_symlink()}


def test_what_is_made_is_private_whatever_the_umask(tmp_path: Path) -> None:
    """Directories that were missing on the way, too."""
    with PrivateDirectory.make(str(tmp_path / "a" / "b")) as made, made.locked("test"):
        made.create({"key": b"k", "chain": b"c"})
        made.replace("settings", b"s")
        made.append("log", b"l")
        made.fill("000001", {"key": b"k"})
        made.make_inside("inside").close()
        assert made.file_in("ledger") == str(tmp_path / "a" / "b" / "ledger")
    assert modes(tmp_path / "a") == {"drwx------", "-rw-------"}


def test_what_was_written_is_read_and_what_is_not_there_is_none(directory: PrivateDirectory) -> None:
    """And is listed, without the lock."""
    with directory.locked("test"):
        directory.create({"b": b"1", "a": b"\xff"})
        directory.replace("b", b"2")
        directory.append("b", b"3")
    assert directory.names() == ("a", "b")
    assert (directory.read("a"), directory.read("b"), directory.read("c")) == (b"\xff", b"23", None)
    assert directory.inside("c") is None
    assert PrivateDirectory.open(f"{directory.path}/c") is None
    directory.remove("a")
    directory.remove("a")
    assert directory.names() == ("b",)


def test_new_files_are_made_all_or_none(directory: PrivateDirectory) -> None:
    """Where the second is there already, the first goes again, and the second stays as it is."""
    directory.create({"there": b"old"})
    with pytest.raises(DiskError, match="File exists"):
        directory.create({"new": b"n", "there": b"new"})
    assert directory.names() == ("there",)
    assert directory.read("there") == b"old"


def test_a_link_is_switched_and_leads_nowhere_else(directory: PrivateDirectory) -> None:
    """A link that leads out of the directory was made by somebody else."""
    directory.fill("000001", {"key": b"1"})
    assert directory.pointed("live") is None
    for target in ("000001", "000002"):
        directory.point("live", target)
        assert directory.pointed("live") == target
    for target in ("../elsewhere", "/etc", "..", "a/b"):
        Path(directory.path, "live").unlink()
        Path(directory.path, "live").symlink_to(target)
        with pytest.raises(DiskError, match="leads out of its directory"):
            directory.pointed("live")


def test_a_directory_that_is_there_is_not_filled_again(directory: PrivateDirectory) -> None:
    """Not even an empty one, which rename(2) would replace in silence."""
    directory.make_inside("000001").close()
    with pytest.raises(DiskError, match="is there already"):
        directory.fill("000001", {"key": b"2"})
    inside = directory.inside("000001")
    assert inside is not None
    with inside:
        assert inside.names() == ()


def test_a_directory_is_taken_away_with_all_that_is_in_it_and_nothing_else(
    directory: PrivateDirectory, tmp_path: Path
) -> None:
    """Links in it are unlinked, not followed."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("precious")
    directory.fill("000001", {"key": b"1"})
    Path(directory.path, "000001", "link").symlink_to(precious)
    directory.remove_inside("000001")
    directory.remove_inside("000001")
    assert directory.names() == ()
    assert (precious / "file").read_text() == "precious"


@pytest.mark.parametrize("mode", [0o710, 0o701, 0o750, 0o777, 0o702])
def test_a_directory_that_others_could_look_into_is_refused(tmp_path: Path, mode: int) -> None:
    """With the command that mends it; it is not mended in silence, for somebody may have looked already."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home").chmod(mode)
    for open_it in (PrivateDirectory.make, PrivateDirectory.open):
        with pytest.raises(DiskError, match=f"mode {mode:04o}") as told:
            open_it(str(tmp_path / "home"))
        assert told.value.hint == f"chmod 700 {tmp_path}/home"
    (tmp_path / "home").chmod(0o700)
    PrivateDirectory.make(str(tmp_path / "home")).close()


@AS_ROOT
def test_a_directory_of_another_account_is_refused(tmp_path: Path) -> None:
    """Whatever its mode: its owner looks into it, and can put something there."""
    (tmp_path / "home").mkdir(mode=0o700)
    os.chown(tmp_path / "home", STRANGER, STRANGER)
    with pytest.raises(DiskError, match="belongs to another account"):
        PrivateDirectory.make(str(tmp_path / "home"))


@AS_ROOT
def test_a_strangers_link_in_the_way_is_refused_and_ones_own_is_followed(tmp_path: Path) -> None:
    """An administrator may have moved the state directory to another disk."""
    (tmp_path / "real").mkdir(mode=0o700)
    for name, uid in (("strange", STRANGER), ("own", 0)):
        (tmp_path / name).symlink_to("real")
        os.chown(tmp_path / name, uid, uid, follow_symlinks=False)
    with pytest.raises(DiskError, match="symbolic link on the way"):
        PrivateDirectory.make(str(tmp_path / "strange"))
    with PrivateDirectory.make(str(tmp_path / "own")) as own:
        own.create({"file": b""})
    assert (tmp_path / "real" / "file").exists()


def test_a_link_planted_inside_is_never_followed(directory: PrivateDirectory, tmp_path: Path) -> None:
    """Whoever made it; the file that it leads to stays as it is."""
    victim, folder = tmp_path / "victim", tmp_path / "folder"
    victim.write_text("precious")
    folder.mkdir(mode=0o700)
    for name in ("file", "lock", ".fresh.part"):
        Path(directory.path, name).symlink_to(victim)
    Path(directory.path, "inside").symlink_to(folder)
    refusals: list[Callable[[], object]] = [
        lambda: directory.read("file"),
        lambda: directory.create({"file": b"x"}),
        lambda: directory.append("file", b"x"),
        lambda: directory.file_in("file"),
        lambda: directory.replace("fresh", b"x"),
        lambda: directory.inside("inside"),
        lambda: directory.make_inside("inside"),
        lambda: directory.locked("test").__enter__(),
    ]
    for refusal in refusals:
        with pytest.raises(DiskError):
            refusal()
    directory.replace("file", b"mine")
    assert directory.read("file") == b"mine"
    assert (victim.read_text(), list(folder.iterdir())) == ("precious", [])


def test_something_else_in_the_place_of_a_file_is_refused(directory: PrivateDirectory) -> None:
    """And a FIFO does not hold us."""
    os.mkfifo(Path(directory.path, "fifo"))
    Path(directory.path, "folder").mkdir()
    for name in ("fifo", "folder"):
        with pytest.raises(DiskError):
            directory.read(name)
        with pytest.raises(DiskError):
            directory.file_in(name)


@pytest.mark.parametrize("name", ["a/b", "..", "", "/etc/passwd"])
def test_only_names_are_taken(directory: PrivateDirectory, name: str) -> None:
    """A path is a mistake of the program's."""
    with pytest.raises(ValueError, match="no name"):
        directory.read(name)


# The lock


def test_who_holds_the_lock_is_told_and_nobody_waits_for_ever(directory: PrivateDirectory) -> None:
    """Process and what it does; afterwards it can be had again."""
    with PrivateDirectory.make(directory.path) as second:
        with directory.locked("everyhop renew"):
            said = f"held by process {os.getpid()} .everyhop renew."
            with pytest.raises(DiskError, match=said) as told, second.locked("everyhop cert issue", patience=0.1):
                pytest.fail("two at once")
            assert told.value.path == f"{directory.path}/lock"
            assert told.value.hint is not None
        with second.locked("everyhop cert issue", patience=0):
            pass


COUNTING = """
import sys
from everyhop.disk.private import PrivateDirectory
for _ in range(20):
    with PrivateDirectory.make(sys.argv[1]) as home, home.locked("count", patience=60):
        home.replace("count", str(int(home.read("count") or b"0") + 1).encode())
"""


def test_processes_wait_for_each_other(directory: PrivateDirectory) -> None:
    """Three that read, add one and write lose nothing."""
    processes = [subprocess.Popen([sys.executable, "-c", COUNTING, directory.path]) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert directory.read("count") == b"60"


def test_a_forked_child_does_not_keep_the_lock(directory: PrivateDirectory) -> None:
    """It shares the open file, with which a lock goes (flock(2))."""
    with directory.locked("parent"):
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        with directory.locked("again", patience=0):
            pass
    finally:
        child.kill()
        child.wait()


def test_what_a_killed_run_has_left_is_swept_by_the_next(directory: PrivateDirectory) -> None:
    """Unfinished files, directories and links; nothing else."""
    directory.create({"kept": b"1", ".hidden": b"2", "kept.part": b"3"})
    Path(directory.path, ".a.part").write_text("half")
    Path(directory.path, ".b.part").mkdir()
    Path(directory.path, ".b.part", "key").write_text("half")
    Path(directory.path, ".live.part").symlink_to("kept")
    assert directory.names() == (".hidden", "kept", "kept.part")
    with directory.locked("test"):
        pass
    found = {path.name for path in Path(directory.path).iterdir()}
    assert found == {"kept", ".hidden", "kept.part", "lock"}


# What the file system refuses

LIMITED = """
import resource, sys
from everyhop.disk.private import PrivateDirectory
from everyhop.errors import DiskError
home = PrivateDirectory.open(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for act in (
    lambda: home.create({"small": b"x", "large": b"x" * 2000}),
    lambda: home.replace("there", b"x" * 2000),
    lambda: home.fill("000001", {"small": b"x", "large": b"x" * 2000}),
):
    try:
        act()
    except DiskError as error:
        print(error.hint)
"""


def test_a_limit_on_files_leaves_nothing_half_written(directory: PrivateDirectory) -> None:
    """As `ulimit -f` or a service's LimitFSIZE sets it; what was there stays."""
    directory.create({"there": b"before"})
    command = [sys.executable, "-c", LIMITED, directory.path]
    seen = subprocess.run(command, check=True, capture_output=True, text=True)
    assert seen.stdout.count("ulimit -f") == 3
    assert [path.name for path in Path(directory.path).iterdir()] == ["there"]
    assert directory.read("there") == b"before"


@AS_ROOT
def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    """A real one, of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no file system may be mounted here")
    try:
        with PrivateDirectory.make(str(disk)) as home:
            home.create({"there": b"before"})
            large = {"small": b"x", "large": b"x" * 100_000}
            acts: list[Callable[[], object]] = [lambda: home.create(large), lambda: home.fill("000001", large)]
            for act in acts:
                with pytest.raises(DiskError, match="No space left") as told:
                    act()
                assert "full" in (told.value.hint or "")
            with pytest.raises(DiskError, match="No space left"):
                home.replace("there", b"x" * 100_000)
            assert [path.name for path in disk.iterdir()] == ["there"]
            assert home.read("there") == b"before"
    finally:
        subprocess.run(["umount", str(disk)], check=True)


UNPRIVILEGED = """
import os, sys
from everyhop.disk.private import PrivateDirectory
from everyhop.errors import DiskError
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
home = PrivateDirectory.open(sys.argv[1])
os.fchmod(home._descriptor, 0o500)
for act in (
    lambda: home.create({"new": b"x"}),
    lambda: home.replace("there", b"x"),
    lambda: home.fill("000001", {"a": b"x"}),
    lambda: home.point("live", "there"),
    lambda: home.remove("there"),
    lambda: PrivateDirectory.make(sys.argv[1] + "/a/b"),
):
    try:
        act()
    except DiskError as error:
        print(error, "|", error.hint)
"""


def test_a_read_only_directory_is_told_and_nothing_changes() -> None:
    """As a user without rights, since nothing is closed to root."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        home = Path(name, "home")
        home.mkdir(mode=0o700)
        (home / "there").write_text("before")
        if os.geteuid() == 0:
            os.chown(home, STRANGER, STRANGER)
        command = [sys.executable, "-c", UNPRIVILEGED, str(home)]
        seen = subprocess.run(command, check=True, capture_output=True, text=True)
        assert seen.stdout.count("Permission denied | run it as root, or as the account that owns the file") == 6
        assert [(path.name, path.read_text()) for path in home.iterdir()] == [("there", "before")]
        home.chmod(0o700)


# Other people's places


def test_a_link_is_read_and_what_is_none_is_none(tmp_path: Path) -> None:
    """As it stands, and not where it leads in the end."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("../archive/file3")
    assert place.link(str(tmp_path / "link")) == "../archive/file3"
    assert place.link(str(tmp_path / "file")) is None
    assert place.link(str(tmp_path / "nothing")) is None


@AS_ROOT
def test_a_strangers_link_is_not_believed(tmp_path: Path) -> None:
    """It could lead to any file that only root can read."""
    (tmp_path / "link").symlink_to("/etc/shadow")
    os.chown(tmp_path / "link", STRANGER, STRANGER, follow_symlinks=False)
    with pytest.raises(DiskError, match="neither root nor you"):
        place.link(str(tmp_path / "link"))
