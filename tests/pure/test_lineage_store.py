"""Lineages on a real disk: versions, the live one, and what is left of them when a process is killed at any step."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from everyhop.errors import DiskError, EveryhopError, LineageError, SettingsError
from everyhop.lineage.deployment import Consumer, Deployment, Part
from everyhop.lineage.lineage import Lineage
from everyhop.lineage.renewal import NO_FAILURES, Failures
from everyhop.lineage.store import Store
from everyhop.model.certificate import Issued
from everyhop.model.owner import Owner
from everyhop.model.secret import Secret
from everyhop.pki.authority import Authority
from everyhop.x509.pair import belongs
from tests.certificates import good, new_authority
from tests.lineages import NAME, killed, lineage_of, terms, watched
from tests.tracing import Trace, traced

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return new_authority()


@pytest.fixture
def lineage(tmp_path: Path, authority: Authority) -> Lineage:
    """One version, live."""
    return lineage_of(tmp_path / "home", authority, versions=1)


def whole(lineage: Lineage) -> int | None:
    """The live version's number, after it has been seen that key and chain, as the link leads to them, are a pair."""
    live = lineage.live()
    if live is None:
        return None
    folder = Path(lineage.path, "live")
    key, chain = ((folder / name).read_text() for name in ("key.pem", "chain.pem"))
    assert belongs(key, chain)
    assert (key, chain) == (live.key_pem.reveal(), live.chain_pem)
    return live.number


# Lineages


def test_a_store_makes_nothing_until_there_is_something(tmp_path: Path) -> None:
    """`cert list` on a fresh machine."""
    store = Store(str(tmp_path / "home"))
    assert store.names() == ()
    with pytest.raises(LineageError, match="there is no lineage"):
        store.open(NAME)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("name", ["db.internal", "*.example.org", "2001:db8::1", "10.0.0.5", "app@db"])
def test_a_lineage_is_found_by_its_name(tmp_path: Path, name: str) -> None:
    """With the terms that it was made with; a second one of this name is refused."""
    store = Store(str(tmp_path / "home"))
    made = store.create(name, terms(name))
    assert store.names() == (name,)
    assert store.open(name).terms() == made.terms() == terms(name)
    assert (store.open(name).live(), store.open(name).numbers()) == (None, ())
    with pytest.raises(LineageError, match="already"):
        store.create(name, terms(name))


def test_a_name_that_is_not_there_is_told_with_the_nearest(tmp_path: Path, authority: Authority) -> None:
    """People mistype."""
    lineage_of(tmp_path / "home", authority)
    with pytest.raises(LineageError, match=r"did you mean 'db\.internal'"):
        Store(str(tmp_path / "home")).open("db.interal")


def test_a_lineage_is_removed_with_its_keys(tmp_path: Path, lineage: Lineage) -> None:
    """And its name is free again."""
    store = Store(str(tmp_path / "home"))
    store.remove(NAME)
    assert store.names() == ()
    assert not list(tmp_path.rglob("*.pem"))
    with pytest.raises(LineageError, match="not there any more"):
        lineage.live()
    assert store.create(NAME, terms()).live() is None


# Versions


def test_a_version_that_is_added_is_live_and_is_what_was_issued(lineage: Lineage, authority: Authority) -> None:
    """The older ones stay, as they were."""
    before, issued = lineage.live(), good(authority, NAME)
    added = lineage.add(issued)
    assert lineage.live() == added
    assert added.issued() == issued
    assert (added.number, lineage.numbers()) == (2, (1, 2))
    assert lineage.version(1) == before
    assert whole(lineage) == 2


def test_everything_is_private_and_the_link_is_relative(lineage: Lineage, tmp_path: Path) -> None:
    """So a backup can be looked into, and moved."""
    entries = [path for path in (tmp_path / "home").rglob("*") if not path.is_symlink()]
    assert {stat.filemode(path.stat().st_mode) for path in entries} == {"drwx------", "-rw-------"}
    assert str(Path(lineage.path, "live").readlink()) == "000001"


def test_old_versions_go_but_never_the_live_one(tmp_path: Path, authority: Authority) -> None:
    """`keep` of them stay beside it; a switch back keeps what it leads to."""
    lineage = lineage_of(tmp_path / "home", authority, versions=5, keep=2)
    assert lineage.numbers() == (3, 4, 5)
    assert lineage.switch(3).number == 3
    assert whole(lineage) == 3
    assert lineage.add(good(authority, NAME)).number == 6
    assert lineage.numbers() == (3, 5, 6)
    lineage.change(terms(keep=1))
    lineage.add(good(authority, NAME))
    assert lineage.numbers() == (6, 7)


def test_leaf_and_intermediates_are_told_apart(lineage: Lineage, authority: Authority) -> None:
    """For products that want them in two files."""
    other = good(authority, NAME)
    issued = good(authority, NAME)
    version = replace(lineage.add(issued), chain_pem=issued.chain_pem + other.chain_pem)
    assert (version.leaf_pem, version.intermediates_pem) == (issued.chain_pem, other.chain_pem)
    assert lineage.add(other).intermediates_pem == ""


def wrong(authority: Authority) -> Iterator[tuple[str, Issued, str]]:
    one, other = good(authority, NAME), good(authority, NAME)
    yield "a key of another", replace(one, key_pem=other.key_pem), "does not belong"
    yield "no key", replace(one, key_pem=Secret("nonsense")), "key cannot be read"
    yield "no chain", replace(one, chain_pem="nonsense"), "cannot be read"
    yield "a name too few", good(authority, "db.example.org"), "was asked for db.internal"
    yield "a name too many", good(authority, NAME, "evil.example.org"), "is for db.internal, evil.example.org"
    leaves = replace(one.chain, certificates=(one.chain.leaf, other.chain.leaf))
    yield "out of order", replace(one, chain=leaves), "out of order"


@pytest.mark.parametrize("case", range(6))
def test_what_cannot_be_used_or_was_not_asked_for_is_not_added(
    lineage: Lineage, authority: Authority, case: int
) -> None:
    """The live version stays, and nothing is left behind; no key is in the error."""
    _, issued, reason = list(wrong(authority))[case]
    with pytest.raises(LineageError, match=reason) as told:
        lineage.add(issued)
    assert "PRIVATE" not in f"{told.value} {told.value.hint}"
    assert (whole(lineage), lineage.numbers()) == (1, (1,))


@pytest.mark.parametrize("name", ["DB.Internal.", "db.internal"])
def test_a_name_is_the_same_however_it_is_written(tmp_path: Path, authority: Authority, name: str) -> None:
    """Case and a final dot mean nothing in DNS."""
    lineage = Store(str(tmp_path / "home")).create("x", terms(name))
    assert lineage.add(good(authority, NAME)).number == 1


def test_a_damaged_version_is_told_and_never_deployed(lineage: Lineage, authority: Authority) -> None:
    """Somebody has touched the files: the pair is looked at each time it is read."""
    for name, content, reason in (
        ("key.pem", good(authority, NAME).key_pem.reveal(), "does not belong"),
        ("chain.pem", "nonsense", "cannot be read"),
    ):
        path = Path(lineage.path, "000001", name)
        before = path.read_text()
        path.write_text(content)
        with pytest.raises(LineageError, match=reason):
            lineage.live()
        path.write_text(before)
    Path(lineage.path, "000001", "anchors.pem").unlink()
    with pytest.raises(LineageError, match="is missing"):
        lineage.live()
    assert lineage.add(good(authority, NAME)).number == 2
    assert whole(lineage) == 2


@pytest.mark.parametrize("target", ["000009", "elsewhere", "../other/000001"])
def test_a_live_link_that_leads_elsewhere_is_told(lineage: Lineage, target: str) -> None:
    """Somebody has changed it by hand."""
    Path(lineage.path, "live").unlink()
    Path(lineage.path, "live").symlink_to(target)
    with pytest.raises(EveryhopError, match=r"no such version|no version|leads out"):
        lineage.live()
    assert lineage.switch(1).number == whole(lineage) == 1


def test_a_version_that_is_not_there_cannot_be_made_live(lineage: Lineage) -> None:
    """The live one stays."""
    with pytest.raises(LineageError, match="no such version"):
        lineage.switch(7)
    assert whole(lineage) == 1


# Failures


def test_failures_are_kept_until_a_version_is_added(lineage: Lineage, authority: Authority) -> None:
    """Counted, with the last reason, without a password."""
    assert lineage.failures() == NO_FAILURES
    lineage.note_failure(NOON, "no answer")
    noted = lineage.note_failure(NOON + timedelta(hours=1), "postgresql://app:hunter2@db is down")
    assert noted.count == 2
    assert lineage.failures() == Failures(2, NOON + timedelta(hours=1), "postgresql://app:***@db is down")
    lineage.add(good(authority, NAME))
    assert lineage.failures() == NO_FAILURES


# Several at once


ADDING = """
import sys
sys.path[:0] = {path!r}
from everyhop.lineage.store import Store
from tests.certificates import good, new_authority
from tests.lineages import NAME
authority = new_authority()
lineage = Store(sys.argv[1]).open(NAME)
for _ in range(10):
    lineage.add(good(authority, NAME))
"""


def test_processes_that_add_at_once_leave_a_whole_lineage(tmp_path: Path, lineage: Lineage) -> None:
    """And whoever reads meanwhile sees a pair each time."""
    command = [sys.executable, "-c", ADDING.format(path=sys.path), str(tmp_path / "home")]
    processes = [subprocess.Popen(command) for _ in range(2)]
    seen = {whole_at_once(lineage)}
    while any(process.poll() is None for process in processes):
        seen.add(whole_at_once(lineage))
    assert [process.wait() for process in processes] == [0, 0]
    assert len(seen) > 1
    assert whole(lineage) == 21
    assert lineage.numbers() == (19, 20, 21)


def whole_at_once(lineage: Lineage) -> int:
    live = lineage.live()
    assert live is not None
    return live.number


def test_one_run_that_issues_keeps_the_others_waiting(lineage: Lineage, tmp_path: Path, authority: Authority) -> None:
    """So nothing is issued twice; the one that holds it may add."""
    other = Store(str(tmp_path / "home")).open(NAME)
    with lineage.locked("everyhop renew"):
        held = Path(lineage.path, "lock").read_text()
        assert held.strip() == f"process {os.getpid()} (everyhop renew: {NAME})"
        lineage.add(good(authority, NAME))
    assert other.add(good(authority, NAME)).number == 3


def test_one_that_creates_and_is_killed_leaves_the_name_free(tmp_path: Path, authority: Authority) -> None:
    """What was half made is swept; what was made is a lineage."""
    (tmp_path / "before").mkdir(mode=0o700)
    rooms = killed(tmp_path, __name__, "creating")
    assert len(rooms) > 20
    for room, _ in rooms:
        store = Store(str(room / "home"))
        if NAME not in store.names():
            store.create(NAME, terms())
        assert store.open(NAME).add(good(authority, NAME)).number == 1
        assert leftovers(room) == []


def creating(_root: Path) -> Callable[[Path], object]:
    return lambda room: Store(str(room / "home")).create(NAME, terms())


# Killed at every system call


def adding(_root: Path) -> Callable[[Path], object]:
    """A version more: the oldest goes, the live one changes, noted failures are forgotten."""
    issued = good(new_authority(), NAME)
    return lambda room: Store(str(room / "home")).open(NAME).add(issued)


def switching(_root: Path) -> Callable[[Path], object]:
    return lambda room: Store(str(room / "home")).open(NAME).switch(1)


def noting(_root: Path) -> Callable[[Path], object]:
    return lambda room: Store(str(room / "home")).open(NAME).note_failure(NOON, "no answer")


def changing(_root: Path) -> Callable[[Path], object]:
    told = Deployment(Consumer.APP, {Part.KEY: "/srv/app.key"}, Owner("root", "root"))
    return lambda room: Store(str(room / "home")).open(NAME).change(replace(terms(keep=1), deployments=(told,)))


def removing(_root: Path) -> Callable[[Path], object]:
    return lambda room: Store(str(room / "home")).remove(NAME)


def leftovers(room: Path) -> list[str]:
    """Everything that is neither a lineage's nor a version's."""
    known = re.compile(r"home|lineages|lock|db\.internal|lineage\.json|failures\.json|live|\d{6}|\w+\.pem")
    return [str(path) for path in room.rglob("*") if not known.fullmatch(path.name)]


def keys_of_others(room: Path) -> list[Path]:
    return [path for path in room.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o077]


@pytest.mark.parametrize(("act", "ends_at"), [("adding", 3), ("switching", 1), ("noting", 2), ("changing", 2)])
def test_killed_at_any_step_the_live_version_is_whole_and_the_next_run_heals(
    tmp_path: Path, authority: Authority, act: str, ends_at: int
) -> None:
    """Killed right before each system call that it makes: the old version is live, or the new one, never a mixture.

    With a umask that closes nothing; and what the killed run left is gone after the next one.
    """
    lineage = lineage_of(tmp_path / "before" / "home", authority, versions=2, keep=1)
    lineage.note_failure(NOON, "before")
    (tmp_path / "before").chmod(0o700)
    rooms = killed(tmp_path, __name__, act)
    assert len(rooms) > 30
    seen: list[int] = []
    for room, _ in rooms:
        there = Store(str(room / "home")).open(NAME)
        seen.append(whole(there) or 0)
        assert [there.version(number).number for number in there.numbers()] == list(there.numbers())
        assert there.terms().keep == 1
        assert there.failures().count in (0, 1, 2)
        assert keys_of_others(room) == []
        newest = there.add(good(authority, NAME))
        assert whole(there) == newest.number
        assert len(there.numbers()) == 2
        assert leftovers(room) == []
    assert seen == sorted(seen, reverse=ends_at < 2)
    assert (seen[0], seen[-1]) == (2, ends_at)


def test_killed_at_any_step_of_a_removal_the_lineage_is_there_or_gone(tmp_path: Path, authority: Authority) -> None:
    """And never a part of it, with a key that nobody knows of any more."""
    lineage_of(tmp_path / "before" / "home", authority, versions=2)
    (tmp_path / "before").chmod(0o700)
    rooms = killed(tmp_path, __name__, "removing")
    there = [NAME in Store(str(room / "home")).names() for room, _ in rooms]
    assert there == sorted(there, reverse=True)
    assert (there[0], there[-1]) == (True, False)
    for room, _ in rooms:
        store = Store(str(room / "home"))
        if NAME in store.names():
            assert whole(store.open(NAME)) == 2
            store.remove(NAME)
        store.create("other", terms())
        assert list(room.rglob("*.pem")) == []


# Seen by tracing


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> tuple[Path, Trace]:
    """The whole of one addition, with an open umask."""
    root = tmp_path_factory.mktemp("traced")
    lineage_of(root / "before" / "home", authority, versions=2, keep=1)
    (root / "before").chmod(0o700)
    return root / "before" / "home" / "lineages" / NAME, watched(root, __name__, "adding")


def test_nothing_is_ever_made_that_others_could_read(trace: tuple[Path, Trace]) -> None:
    """Each file is made 0600 and new, each directory 0700, in the call that makes it; no mode is changed afterwards."""
    path, seen = trace
    made = [call for call in seen.calls if call.name == "openat" and call.arguments[2] & os.O_CREAT]
    files = [call for call in made if call.paths[0] != f"{path}/lock"]
    assert {Path(call.paths[0]).name for call in files} == {"key.pem", "chain.pem", "anchors.pem"}
    assert all(call.arguments[3] == 0o600 for call in made)
    assert all(call.arguments[2] & os.O_EXCL and call.arguments[2] & os.O_NOFOLLOW for call in files)
    assert [call.arguments[2] for call in seen.calls if call.name == "mkdirat"] == [0o700]
    assert not [call for call in seen.calls if call.name in {"chmod", "fchmod", "fchmodat", "creat", "open"}]


def test_everything_is_durable_before_it_is_live(trace: tuple[Path, Trace]) -> None:
    """When the power fails, a name that is there leads to content that is there: fsync comes before each rename."""
    path, seen = trace
    done = [(call.name, *(name.removeprefix(f"{path}/") for name in call.paths)) for call in seen.calls if call.name]
    switch = done.index(("renameat", ".live.part", "live"))
    rename = done.index(("renameat", ".000003.part", "000003"))
    for name in ("key.pem", "chain.pem", "anchors.pem"):
        write, sync = (done.index((verb, f".000003.part/{name}")) for verb in ("write", "fsync"))
        assert write < sync < rename
    assert done.index(("fsync", ".000003.part")) < rename
    assert ("fsync", str(path)) in done[rename:switch]
    assert ("fsync", str(path)) in done[switch:]


def test_no_more_is_waited_for_than_durability_needs(trace: tuple[Path, Trace]) -> None:
    """Three files, their directory, and the lineage's directory before and after the switch."""
    assert len([call for call in trace[1].calls if call.name in {"fsync", "fdatasync"}]) == 6


def test_a_killed_process_does_not_make_the_call_it_is_killed_before(tmp_path: Path) -> None:
    """Or the tests above would show less than they say."""
    program = "import sys; sys.path[:0] = {!r}; from tests.pure.test_lineage_store import kill_mkdir; kill_mkdir({!r})"
    subprocess.run([sys.executable, "-c", program.format(sys.path, str(tmp_path))], check=True)


def kill_mkdir(room: str) -> None:
    """Killed before its one mkdir, there is no directory; killed after it, there is."""
    names = [call.name for call in traced(lambda: Path(room, "x").mkdir()).calls]
    Path(room, "x").rmdir()
    step = next(index for index, name in enumerate(names, start=1) if name.startswith("mkdir"))
    for kill_before, there in ((step, False), (step + 1, True)):
        assert traced(lambda: Path(room, "x").mkdir(), kill_before).killed
        assert Path(room, "x").exists() is there


# What the file system refuses


LIMITED = """
import resource, sys
sys.path[:0] = {path!r}
from everyhop.errors import DiskError
from everyhop.lineage.store import Store
from tests.certificates import good, new_authority
from tests.lineages import NAME
issued = good(new_authority(), NAME)
resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))
try:
    Store(sys.argv[1]).open(NAME).add(issued)
except DiskError as error:
    print(error.hint)
"""


def test_where_there_is_no_room_the_live_version_stays(tmp_path: Path, lineage: Lineage) -> None:
    """The chain does not fit: nothing of it is left."""
    command = [sys.executable, "-c", LIMITED.format(path=sys.path), str(tmp_path / "home")]
    seen = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "ulimit -f" in seen.stdout
    assert (whole(lineage), lineage.numbers(), leftovers(tmp_path / "home")) == (1, (1,), [])


UNPRIVILEGED = """
import os, sys
sys.path[:0] = {path!r}
from pathlib import Path
from everyhop.errors import DiskError
from tests.certificates import good, new_authority
from tests.lineages import NAME, lineage_of
authority = new_authority()
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
lineage = lineage_of(Path(sys.argv[1], "home"), authority, versions=3, keep=1)
for act in (lambda: lineage.add(good(authority, NAME)), lambda: lineage.switch(2)):
    with lineage.locked("test"):
        Path(lineage.path).chmod(0o500)
        try:
            act()
        except DiskError as error:
            print(error.hint)
    Path(lineage.path).chmod(0o700)
print(lineage.live().number, lineage.numbers(), sorted(os.listdir(lineage.path)))
"""


def test_where_permission_is_lost_half_way_the_live_version_stays() -> None:
    """As a user without rights, since nothing is closed to root."""
    with tempfile.TemporaryDirectory() as room:
        Path(room).chmod(0o777)
        command = [sys.executable, "-c", UNPRIVILEGED.format(path=sys.path), room]
        seen = subprocess.run(command, check=True, capture_output=True, text=True)
    hint = "run it as root, or as the account that owns the file"
    left = ["000002", "000003", "lineage.json", "live", "lock"]
    assert seen.stdout.splitlines() == [hint, hint, f"3 (2, 3) {left}"]


def test_a_link_in_the_place_of_a_version_is_refused(tmp_path: Path, lineage: Lineage, authority: Authority) -> None:
    """Whatever stands there is neither filled nor followed."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    Path(lineage.path, "000002").symlink_to(elsewhere)
    assert lineage.add(good(authority, NAME)).number == 3
    with pytest.raises(DiskError):
        lineage.version(2)
    assert list(elsewhere.iterdir()) == []
    assert whole(lineage) == 3


def test_a_state_directory_that_others_can_look_into_is_refused(tmp_path: Path, lineage: Lineage) -> None:
    """Before anything is read or written."""
    (tmp_path / "home").chmod(0o755)
    with pytest.raises(DiskError, match="others can look into it"):
        Store(str(tmp_path / "home")).open(NAME)
    assert lineage.name == NAME


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-rf", ".hidden", "lock", "a b", "a\n", "*", "a*b", "ä.org"])
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    """Before anything is made."""
    with pytest.raises(SettingsError, match="cannot be a lineage's name"):
        Store(str(tmp_path / "home")).create(name, terms())
    assert not (tmp_path / "home").exists()
