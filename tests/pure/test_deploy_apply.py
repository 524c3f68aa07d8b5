"""Apply and rollback on real files: all or nothing, whatever happens in between."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from everyhop.deploy import journal as journals
from everyhop.deploy.apply import apply, remaining
from everyhop.deploy.change import MakeDirectory, Reload, Restart, WriteFile
from everyhop.deploy.disclosure import Disclosure
from everyhop.deploy.files import Found
from everyhop.deploy.journal import Stage
from everyhop.deploy.look import look
from everyhop.deploy.plan import Plan
from everyhop.deploy.rollback import rollback
from everyhop.deploy.steering import Steering
from everyhop.disk import place
from everyhop.errors import DeployError, DiskError, EveryhopError, LabError
from everyhop.model.owner import Owner
from everyhop.model.secret import Secret

PASSWORD = "correct-horse"
KEY = "-----BEGIN PRIVATE KEY-----\nbattery-staple\n-----END PRIVATE KEY-----\n"
Tree = dict[str, tuple[str, int, bytes]]


@dataclass
class Listener:
    """A control that notes what it was told, and can be told to refuse."""

    told: list[str] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)

    def test(self) -> None:
        self._hear("test")

    def reload(self) -> None:
        self._hear("reload")

    def restart(self) -> None:
        self._hear("restart")

    def _hear(self, word: str) -> None:
        self.told.append(word)
        if word in self.refuses:
            raise LabError(f"will not {word}", hint="ask again")


@pytest.fixture(autouse=True)
def _no_mask() -> Iterator[None]:
    """With the most open umask there is: modes must not depend on it."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine with two configuration files, one of them private and not in UTF-8."""
    place = tmp_path / "machine"
    (place / "conf.d").mkdir(parents=True, mode=0o755)
    (place / "main.conf").write_bytes(b"old = 1 # caf\xe9\n")
    (place / "main.conf").chmod(0o640)
    (place / "app.env").write_bytes(f"PW={PASSWORD}\n".encode())
    (place / "app.env").chmod(0o644)
    return place


def plan_for(place: Path) -> Plan:
    paths = [str(place / name) for name in ("main.conf", "app.env")]
    main, env = (found(path) for path in paths)
    return Plan(
        (
            MakeDirectory("db", f"{place}/everyhop", 0o750),
            WriteFile("db", f"{place}/everyhop/server.key", Secret(KEY), 0o600, None, None, Disclosure.NOTHING),
            WriteFile("db", f"{place}/conf.d/new.conf", "new = 1\n", 0o644, None, None),
            WriteFile("db", paths[0], Secret(main.content.reveal() + "tls = on\n"), main.mode, None, main),
            Restart("db", "it has to"),
            WriteFile("app", paths[1], Secret(f"PW={PASSWORD}\nTLS=1\n"), 0o600, None, env, Disclosure.NAMES),
            Reload("app"),
        )
    )


def found(path: str) -> Found:
    there = look([path])[path]
    assert there is not None
    return there


def listeners() -> dict[str, Listener]:
    return {"db": Listener(), "app": Listener()}


def tree(place: Path) -> Tree:
    """Kind, mode and content of everything."""
    return {
        str(path.relative_to(place)): (
            stat.filemode(path.lstat().st_mode),
            path.lstat().st_uid,
            path.read_bytes() if path.is_file() and not path.is_symlink() else b"",
        )
        for path in sorted(place.rglob("*"))
    }


def test_everything_planned_is_done_in_order_and_told_before(machine: Path, tmp_path: Path) -> None:
    """Modes are as planned whatever the umask; the test comes before the restart."""
    plan, controls = plan_for(machine), listeners()
    told: list[object] = []
    receipt = apply(plan, tmp_path / "journal", controls, told=told.append)
    assert tuple(told) == plan.changes == receipt.done
    assert tree(machine)["everyhop/server.key"] == ("-rw-------", os.geteuid(), KEY.encode())
    assert tree(machine)["everyhop"][0] == "drwxr-x---"
    assert tree(machine)["main.conf"][0::2] == ("-rw-r-----", b"old = 1 # caf\xe9\ntls = on\n")
    assert tree(machine)["app.env"][0] == "-rw-------"
    assert controls["db"].told == ["test", "restart"]
    assert controls["app"].told == ["test", "reload"]


def test_a_second_apply_does_nothing_and_says_so(machine: Path, tmp_path: Path) -> None:
    """No reload, no journal."""
    plan = plan_for(machine)
    apply(plan, tmp_path / "journal", listeners())
    controls = listeners()
    receipt = apply(plan, tmp_path / "journal", controls)
    assert (receipt.done, receipt.journal) == ((), None)
    assert "nothing to do" in receipt.text()
    assert controls["db"].told == []
    assert not remaining(plan)


def test_rollback_restores_every_byte_and_every_mode(machine: Path, tmp_path: Path) -> None:
    """What was not there goes; listeners are told again; a second rollback has nothing to undo."""
    before, plan = tree(machine), plan_for(machine)
    apply(plan, tmp_path / "journal", listeners())
    controls = listeners()
    undone = rollback(tmp_path / "journal", controls)
    assert undone is not None
    assert undone.stage is Stage.ROLLED_BACK
    assert tree(machine) == before
    assert (controls["app"].told, controls["db"].told) == (["reload"], ["restart"])
    assert rollback(tmp_path / "journal", controls) is None
    assert apply(plan, tmp_path / "journal", listeners()).done == plan.changes


def test_the_journal_is_nobody_elses_to_read(machine: Path, tmp_path: Path) -> None:
    """0700 and 0600 under any umask, and no new key in it; the backups hold what the files held."""
    apply(plan_for(machine), tmp_path / "journal", listeners())
    everything = [tmp_path / "journal", *(tmp_path / "journal").rglob("*")]
    assert all(path.stat().st_mode & 0o077 == 0 for path in everything)
    assert not any(b"battery-staple" in path.read_bytes() for path in everything if path.is_file())


@pytest.mark.parametrize("open_mode", [0o755, 0o770])
def test_a_journal_that_others_could_read_is_refused(machine: Path, tmp_path: Path, open_mode: int) -> None:
    """Before anything is written into it."""
    (tmp_path / "journal").mkdir(mode=open_mode)
    before = tree(machine)
    with pytest.raises(DiskError, match="others"):
        apply(plan_for(machine), tmp_path / "journal", listeners())
    assert tree(machine) == before


@pytest.mark.parametrize(
    ("listener", "word", "restarted"),
    [("db", "test", []), ("app", "test", ["restart"]), ("app", "reload", ["restart"])],
)
def test_a_step_that_fails_puts_everything_back(
    machine: Path, tmp_path: Path, listener: str, word: str, restarted: list[str]
) -> None:
    """And tells why, with the cause chained; a listener that had taken the change up is told again."""
    before, controls = tree(machine), listeners()
    controls[listener].refuses = {word} if word == "test" else set()
    if word == "reload":
        controls[listener] = OnceRefusing()
    with pytest.raises(DeployError, match=f"will not {word}; everything was put back") as told:
        apply(plan_for(machine), tmp_path / "journal", controls)
    assert isinstance(told.value.__cause__, LabError)
    assert told.value.hint == "ask again"
    assert tree(machine) == before
    assert controls["db"].told[2:] == restarted
    assert rollback(tmp_path / "journal", controls) is None


class OnceRefusing(Listener):
    """Refuses the new configuration, takes the old one."""

    def reload(self) -> None:
        self.refuses = set() if "reload" in self.told else {"reload"}
        super().reload()


def test_a_listener_that_takes_neither_is_told_as_stopped_half_way(machine: Path, tmp_path: Path) -> None:
    """The files are back, the journal stays open: a rollback later ends it."""
    before, controls = tree(machine), listeners()
    controls["db"].refuses = {"restart"}
    with pytest.raises(DeployError, match="putting things back failed") as told:
        apply(plan_for(machine), tmp_path / "journal", controls)
    assert str(tmp_path / "journal" / "000001") in (told.value.hint or "")
    assert str(told.value).count("will not restart") == 1
    assert tree(machine) == before
    with pytest.raises(DeployError, match="stopped half-way"):
        apply(plan_for(machine), tmp_path / "journal", listeners())
    assert rollback(tmp_path / "journal", listeners()) is not None


def test_an_interrupt_puts_everything_back_and_stays_an_interrupt(machine: Path, tmp_path: Path) -> None:
    """Ctrl-C in the middle."""
    before = tree(machine)

    def interrupt(change: object) -> None:
        if isinstance(change, Reload):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(plan_for(machine), tmp_path / "journal", listeners(), told=interrupt)
    assert tree(machine) == before


def test_an_unknown_error_is_told_by_its_kind_only(machine: Path, tmp_path: Path) -> None:
    """Nobody knows what its text holds."""

    def fail(_change: object) -> None:
        raise RuntimeError(PASSWORD)

    with pytest.raises(DeployError, match="RuntimeError; everything was put back") as told:
        apply(plan_for(machine), tmp_path / "journal", listeners(), told=fail)
    assert PASSWORD not in str(told.value)


# What is refused before anything is touched


def test_a_file_that_changed_since_the_plan_is_refused(machine: Path, tmp_path: Path) -> None:
    """What was reviewed is what is done."""
    plan = plan_for(machine)
    (machine / "main.conf").write_text("mine = 1\n")
    before = tree(machine)
    with pytest.raises(DeployError, match="changed since the plan") as told:
        apply(plan, tmp_path / "journal", listeners())
    assert told.value.path == str(machine / "main.conf")
    assert tree(machine) == before


def test_somebody_elses_later_work_is_not_thrown_away(machine: Path, tmp_path: Path) -> None:
    """A rollback that would overwrite it touches nothing."""
    apply(plan_for(machine), tmp_path / "journal", listeners())
    (machine / "conf.d" / "new.conf").write_text("mine = 1\n")
    before = tree(machine)
    with pytest.raises(DeployError, match="somebody else"):
        rollback(tmp_path / "journal", listeners())
    assert tree(machine) == before


def test_a_folder_that_somebody_else_uses_is_kept(machine: Path, tmp_path: Path) -> None:
    """The rollback takes its own files out of it."""
    apply(plan_for(machine), tmp_path / "journal", listeners())
    (machine / "everyhop" / "notes").write_text("mine\n")
    rollback(tmp_path / "journal", listeners())
    assert [path.name for path in (machine / "everyhop").iterdir()] == ["notes"]


def test_a_listener_without_a_control_is_refused(machine: Path, tmp_path: Path) -> None:
    """Before the first write, and named."""
    before = tree(machine)
    with pytest.raises(DeployError, match="db"):
        apply(plan_for(machine), tmp_path / "journal", {"app": Listener()})
    assert tree(machine) == before


def test_an_account_that_is_not_there_is_refused(machine: Path, tmp_path: Path) -> None:
    """Before the first write, and named."""
    change = WriteFile("db", str(machine / "x"), "x", 0o600, Owner("no-such-account", "0"), None)
    with pytest.raises(DiskError, match="no-such-account"):
        apply(Plan((change, Reload("db"))), tmp_path / "journal", listeners())
    assert not (machine / "x").exists()


def test_two_applies_at_once_are_refused(machine: Path, tmp_path: Path) -> None:
    """The second is told of the first."""
    plan = plan_for(machine)

    def again(_change: object) -> None:
        with pytest.raises(DiskError, match=f"held by process {os.getpid()} .apply or rollback."):
            apply(plan, tmp_path / "journal", listeners())
        with pytest.raises(DiskError, match=f"held by process {os.getpid()} .apply or rollback."):
            rollback(tmp_path / "journal", listeners())

    apply(plan, tmp_path / "journal", listeners(), told=again)


# Hostile file systems


def test_a_link_planted_where_a_file_goes_is_refused(machine: Path, tmp_path: Path) -> None:
    """The file that it leads to stays as it is."""
    victim = tmp_path / "victim"
    victim.write_text("precious\n")
    plan = plan_for(machine)
    (machine / "conf.d" / "new.conf").symlink_to(victim)
    before = tree(machine)
    with pytest.raises(DiskError, match="symbolic link") as told:
        apply(plan, tmp_path / "journal", listeners())
    assert told.value.path == str(machine / "conf.d" / "new.conf")
    assert (tree(machine), victim.read_text()) == (before, "precious\n")


def test_a_link_planted_after_the_plan_was_begun_is_refused(machine: Path, tmp_path: Path) -> None:
    """The same between the look and the write, also for the temporary name, which can be foreseen."""
    victim = tmp_path / "victim"
    victim.write_text("precious\n")

    def plant(change: object) -> None:
        if isinstance(change, MakeDirectory):
            (machine / "conf.d" / ".everyhop-000001-2").symlink_to(victim)

    with pytest.raises(DeployError, match="everything was put back"):
        apply(plan_for(machine), tmp_path / "journal", listeners(), told=plant)
    assert victim.read_text() == "precious\n"
    assert not (machine / "everyhop").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a link away")
def test_a_link_of_a_strangers_on_the_way_is_refused_and_roots_own_is_followed(tmp_path: Path) -> None:
    """A service's account could lead root's hand to any directory; root's own /var/run → /run is fine."""
    (tmp_path / "real").mkdir()
    for name, uid in (("strange", 65534), ("own", 0)):
        (tmp_path / name).symlink_to("real")
        os.chown(tmp_path / name, uid, uid, follow_symlinks=False)
    strange = WriteFile("db", str(tmp_path / "strange" / "x"), "x", 0o600, None, None)
    with pytest.raises(DiskError, match="symbolic link on the way"):
        apply(Plan((strange, Reload("db"))), tmp_path / "journal", listeners())
    own = WriteFile("db", str(tmp_path / "own" / "x"), "x", 0o600, None, None)
    apply(Plan((own, Reload("db"))), tmp_path / "journal", listeners())
    assert (tmp_path / "real" / "x").read_text() == "x"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a link away")
def test_a_link_that_is_exchanged_while_it_is_looked_at_leads_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Owner and target are read of one and the same link."""
    for name in ("real", "elsewhere"):
        (tmp_path / name).mkdir()
    link, look_at = tmp_path / "link", os.fstat
    link.symlink_to("real")

    def exchange(descriptor: int) -> os.stat_result:
        status = look_at(descriptor)
        if stat.S_ISLNK(status.st_mode):
            link.unlink()
            link.symlink_to("elsewhere")
            os.chown(link, 65534, 65534, follow_symlinks=False)
        return status

    monkeypatch.setattr(os, "fstat", exchange)
    place.write(str(link / "x"), place.Snapshot(b"x", 0o600, 0, 0), ".new")
    assert [(tmp_path / name / "x").exists() for name in ("real", "elsewhere")] == [True, False]


def test_a_products_test_gets_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs as another account, which can read it: there may be passwords in it."""
    monkeypatch.setenv("DATABASE_URL", f"mysql+pymysql://app:{PASSWORD}@db/app")
    tell = ("/bin/sh", "-c", "env >&2; exit 1")
    with pytest.raises(DeployError, match="PATH=") as told:
        Steering(tell, None, lambda: None, lambda: None).test()
    assert "DATABASE_URL" not in str(told.value)


@pytest.mark.parametrize("kind", ["directory", "fifo"])
def test_something_else_in_the_place_of_a_file_is_refused(tmp_path: Path, kind: str) -> None:
    """And a FIFO does not hold us."""
    place = tmp_path / "x"
    place.mkdir() if kind == "directory" else os.mkfifo(place)
    with pytest.raises(DiskError, match="not a regular file"):
        look([str(place)])


def test_a_missing_directory_is_told(tmp_path: Path) -> None:
    """With what to do."""
    change = WriteFile("db", str(tmp_path / "a" / "b"), "x", 0o600, None, None)
    with pytest.raises(DeployError, match="No such file") as told:
        apply(Plan((change, Reload("db"))), tmp_path / "journal", listeners())
    assert told.value.hint == "the directory has to be there first"


UNPRIVILEGED = """
import os, sys
from pathlib import Path
from everyhop.deploy.apply import apply
from everyhop.deploy.change import Reload, WriteFile
from everyhop.deploy.plan import Plan
from everyhop.errors import DeployError
class Quiet:
    def test(self): pass
    reload = restart = test
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
root = Path(sys.argv[1])
changes = [WriteFile("a", str(root / name / "x"), "x", 0o600, None, None) for name in ("open", "closed")]
try:
    apply(Plan((*changes, Reload("a"))), root / "open" / "journal", {"a": Quiet()})
except DeployError as error:
    print(error, "|", error.hint, "|", sorted(path.name for path in (root / "open").iterdir()))
"""


@pytest.fixture
def open_room() -> Iterator[Path]:
    """A directory that other accounts can pass through; pytest's own is closed to them."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_read_only_directory_puts_back_what_was_written_before_it(open_room: Path) -> None:
    """As a user without rights, since nothing is closed to root."""
    for name, mode in (("open", 0o700), ("closed", 0o500)):
        (open_room / name).mkdir(mode=mode)
        if os.geteuid() == 0:
            os.chown(open_room / name, 65534, 65534)
    command = [sys.executable, "-c", UNPRIVILEGED, str(open_room)]
    seen = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "cannot be written: Permission denied; everything was put back | run it as root" in seen.stdout
    assert "['journal']" in seen.stdout


# Crashes

CRASHING = """
import os, shutil, signal, sys
sys.path[:0] = {path!r}
from itertools import count
from pathlib import Path
from tests.pure.test_deploy_apply import apply, listeners, plan_for, rollback

MUTATING = {{"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.chown"}}
os.umask(0)

def die_at(step):
    left = [step]
    def look(event, arguments):
        opens = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if event in MUTATING or opens:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(look)

for step in count(1):
    room = Path(sys.argv[1]) / str(step)
    shutil.copytree(Path(sys.argv[1]) / "machine", room / "machine")
    plan = plan_for(room / "machine")
    if sys.argv[2] == "rollback":
        apply(plan, room / "journal", listeners())
    child = os.fork()
    if not child:
        die_at(step)
        if sys.argv[2] == "apply":
            apply(plan, room / "journal", listeners())
        else:
            rollback(room / "journal", listeners())
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code != -signal.SIGKILL:
        sys.exit(code)
"""


def crashed(root: Path, verb: str) -> list[Path]:
    """Rooms with a machine and a journal each: in the n-th, the verb was killed before its n-th change to the disk.

    In the last room it ended by itself.
    """
    command = [sys.executable, "-c", CRASHING.format(path=sys.path), str(root), verb]
    subprocess.run(command, check=True, capture_output=True)
    return sorted((room for room in root.iterdir() if room.name.isdigit()), key=lambda room: int(room.name))


def test_after_a_crash_at_any_step_of_an_apply_the_way_back_is_whole(machine: Path, tmp_path: Path) -> None:
    """Killed before each call that changes the disk; no key is ever open to others, no file ever half."""
    before = tree(machine)
    *killed, finished = crashed(tmp_path, "apply")
    assert len(killed) > 30
    for room in killed:
        place, now = room / "machine", tree(room / "machine")
        assert all(mode in {"----------", "-rw-------"} for name, (mode, _, _) in now.items() if ".key" in name)
        whole(now, before)
        journal = journals.latest(room / "journal")
        if journal is not None and journal.stage is Stage.BEGUN:
            with pytest.raises(DeployError, match="half-way"):
                apply(plan_for_again(place), room / "journal", listeners())
            rollback(room / "journal", listeners())
        assert journal is not None or now == before
        if journal is None or journal.stage is Stage.ROLLED_BACK:
            assert tree(place) == before
            apply(plan_for(place), room / "journal", listeners())
        assert tree(place) == tree(finished / "machine")


def test_after_a_crash_at_any_step_of_a_rollback_a_second_one_ends_it(machine: Path, tmp_path: Path) -> None:
    """It looks at what is there, not at what it had done."""
    before = tree(machine)
    *killed, finished = crashed(tmp_path, "rollback")
    assert len(killed) > 8
    assert tree(finished / "machine") == before
    for room in killed:
        rollback(room / "journal", listeners())
        assert tree(room / "machine") == before


def whole(now: Tree, before: Tree) -> None:
    """Each file is the old one or the new one, never half of either."""
    assert now["main.conf"][2] in (before["main.conf"][2], before["main.conf"][2] + b"tls = on\n")
    assert now["app.env"][2] in (before["app.env"][2], f"PW={PASSWORD}\nTLS=1\n".encode())
    assert now.get("everyhop/server.key", ("", 0, KEY.encode()))[2] == KEY.encode()


def plan_for_again(place: Path) -> Plan:
    return Plan((WriteFile("db", str(place / "other"), "x", 0o600, None, None), Reload("db")))


def test_a_damaged_journal_is_told_and_nothing_is_touched(machine: Path, tmp_path: Path) -> None:
    """A backup that is not what it was is never put in place."""
    receipt = apply(plan_for(machine), tmp_path / "journal", listeners())
    assert receipt.journal is not None
    (receipt.journal / "before-3").write_bytes(b"half of i")
    before = tree(machine)
    with pytest.raises(EveryhopError, match="journal cannot be read"):
        rollback(tmp_path / "journal", listeners())
    assert tree(machine) == before
