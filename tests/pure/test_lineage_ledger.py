"""The ledger: one chain, whoever writes; what was changed is named, and what cannot be known is said."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.errors import DiskError, LineageError, SettingsError
from everyhop.lineage.ledger.chain import Broken, Intact, Row, Witness, follow, verify
from everyhop.lineage.ledger.event import Event, Kind, event_of, from_text, to_text
from everyhop.lineage.ledger.file import FileLedger
from tests.certificates import good, new_authority
from tests.ledgers import NOON, event
from tests.lineages import killed, watched

texts = st.text(min_size=1, max_size=20)
events = st.builds(
    Event,
    st.sampled_from(Kind),
    st.datetimes(timezones=st.just(UTC)),
    texts,
    st.none() | texts,
    st.none() | texts,
    st.none() | st.integers(0, 2**159),
    st.none() | texts,
    st.lists(texts, max_size=3).map(tuple),
    st.none() | st.datetimes(timezones=st.just(UTC)),
)


def chain_of(*texts: str) -> list[Row]:
    rows: list[Row] = []
    for text in texts:
        rows.append(follow(rows[-1] if rows else None, text))
    return rows


# The chain


@given(st.lists(st.text(max_size=5), max_size=8))
def test_what_was_only_added_is_intact(texts: list[str]) -> None:
    """And its head is the last entry."""
    rows = chain_of(*texts)
    head = Witness(len(rows), rows[-1].digest) if rows else None
    assert verify(rows) == Intact(len(rows), head, None)


@given(st.lists(st.text(max_size=5), min_size=1, max_size=8), st.data())
def test_the_first_entry_that_was_changed_is_named(texts: list[str], data: st.DataObject) -> None:
    """Its text, its digest or its number."""
    rows = chain_of(*texts)
    index = data.draw(st.integers(0, len(rows) - 1))
    row, other = rows[index], data.draw(st.text(max_size=5).filter(lambda text: text != texts[index]))
    for changed in (Row(row.number, other, row.digest), Row(row.number, row.text, "f" * 64)):
        found = verify([*rows[:index], changed, *rows[index + 1 :]])
        assert isinstance(found, Broken)
        assert found.number == row.number


@given(st.lists(st.text(max_size=5), min_size=2, max_size=8), st.data())
def test_an_entry_that_is_gone_or_moved_is_named(texts: list[str], data: st.DataObject) -> None:
    """Deleted, the rest as it was or numbered anew; exchanged with another; there twice."""
    rows = chain_of(*texts)
    index = data.draw(st.integers(0, len(rows) - 2))
    number = rows[index].number
    assert verify([*rows[:index], *rows[index + 1 :]]) == Broken(number, f"is missing: {number + 1} follows")
    renumbered = [Row(row.number - 1, row.text, row.digest) for row in rows[index + 1 :]]
    closed = verify([*rows[:index], *renumbered])
    assert isinstance(closed, Broken)
    assert closed.number == number
    one, two = rows[index], rows[index + 1]
    exchanged = [Row(one.number, two.text, two.digest), Row(two.number, one.text, one.digest)]
    moved = verify([*rows[:index], *exchanged, *rows[index + 2 :]])
    assert isinstance(moved, Broken)
    assert moved.number == number
    assert verify([*rows[: index + 1], *rows[index:]]) == Broken(number, "is there twice")


@given(st.lists(st.text(max_size=5), min_size=1, max_size=8), st.data())
def test_only_a_witness_sees_an_end_cut_off_or_all_written_anew(texts: list[str], data: st.DataObject) -> None:
    """Without one both are intact, and it is said that they would be."""
    rows = chain_of(*texts)
    witness = Witness(len(rows), rows[-1].digest)
    kept = data.draw(st.integers(0, len(rows) - 1))
    without = verify(rows[:kept])
    assert isinstance(without, Intact)
    assert "cut off at the end would not be seen" in without.text()
    cut = verify(rows[:kept], witness)
    assert isinstance(cut, Broken)
    assert (cut.number, "cut off" in cut.reason) == (kept + 1, True)
    anew = chain_of(*texts[:-1], texts[-1] + "x", "more")
    assert isinstance(verify(anew), Intact)
    forged = verify(anew, witness)
    assert isinstance(forged, Broken)
    assert "written anew" in forged.reason
    grown = chain_of(*texts, "more", "still more")
    assert verify(grown, witness) == Intact(len(grown), Witness(len(grown), grown[-1].digest), witness)


def test_a_witness_is_noted_and_read_again() -> None:
    """On paper, too."""
    witness = Witness(17, "ab" * 32)
    assert Witness.parse(f" {str(witness).upper()}\n") == witness
    for text in ("", "17", "17:ab", ":" + "ab" * 32, "-1:" + "ab" * 32, "१:" + "ab" * 32):
        with pytest.raises(SettingsError, match="no witness"):
            Witness.parse(text)


# Events


@given(events)
def test_an_event_survives_being_kept(event: Event) -> None:
    """As one line of ASCII."""
    text = to_text(event)
    assert text.isascii()
    assert "\n" not in text
    assert from_text(text, "ledger") == event


def test_an_entry_tells_the_certificate_and_no_secret() -> None:
    """Serial, fingerprint, names, issuer, times and actor; a password in a detail is masked."""
    issued = good(new_authority(), "db.internal")
    leaf = issued.chain.leaf
    detail = "postgresql://app:hunter2@db told to reload"
    text = to_text(event_of(Kind.DEPLOYED, leaf, at=NOON, actor="root", lineage="db", detail=detail))
    for known in (f"{leaf.serial:x}", leaf.sha256, "db.internal", "CN=Test CA", "root", NOON.isoformat()):
        assert known in text
    assert "hunter2" not in text
    assert "PRIVATE" not in text


# The file


def test_entries_are_kept_and_found_again(tmp_path: Path) -> None:
    """In a file of one's own."""
    with FileLedger.open(str(tmp_path / "home")) as ledger:
        assert ledger.verify() == Intact(0, None, None)
        rows = [ledger.append(event(number)) for number in range(3)]
    with FileLedger.open(str(tmp_path / "home")) as ledger:
        assert list(ledger.rows()) == rows
        assert ledger.verify() == Intact(3, Witness(3, rows[-1].digest), None)
        assert [from_text(row.text, ledger.path) for row in ledger.rows()] == [event(number) for number in range(3)]
    files = list((tmp_path / "home").iterdir())
    assert [path.name for path in files] == ["ledger.sqlite"]
    assert files[0].stat().st_mode & 0o777 == 0o600


TAMPERING = {
    "UPDATE entries SET text = replace(text, 'root', 'eve') WHERE number = 2": 2,
    "DELETE FROM entries WHERE number = 2": 2,
    "UPDATE entries SET digest = upper(digest) WHERE number = 3": 3,
    "UPDATE entries SET number = number + 10 WHERE number = 1": 1,
}


@pytest.mark.parametrize(("statement", "number"), TAMPERING.items())
def test_what_somebody_does_to_the_file_is_named(tmp_path: Path, statement: str, number: int) -> None:
    """By mistake it is refused; on purpose, it is seen."""
    with FileLedger.open(str(tmp_path)) as ledger:
        for count in range(4):
            ledger.append(event(count))
        path = ledger.path
    connection = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
        connection.execute(statement)
    for trigger in ("no_update", "no_delete"):
        connection.execute(f"DROP TRIGGER {trigger}")
    connection.execute(statement)
    connection.close()
    with FileLedger.open(str(tmp_path)) as ledger:
        found = ledger.verify()
    assert isinstance(found, Broken)
    assert found.number == number


@pytest.mark.parametrize("content", [b"this is no database, long as it is" * 100, b"SQLite format 3\0"])
def test_a_damaged_file_is_told(tmp_path: Path, content: bytes) -> None:
    """With what to do."""
    tmp_path.chmod(0o700)
    (tmp_path / "ledger.sqlite").write_bytes(content)
    with pytest.raises(LineageError, match="ledger cannot be used") as told, FileLedger.open(str(tmp_path)) as ledger:
        ledger.append(event())
    assert told.value.hint is not None


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    """SQLite would follow it."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "ledger.sqlite").symlink_to(tmp_path / "victim")
    with pytest.raises(DiskError, match="symbolic link"):
        FileLedger.open(str(home))
    assert not (tmp_path / "victim").exists()


LIMITED = """
import resource, sys
sys.path[:0] = {path!r}
from everyhop.errors import LineageError
from everyhop.lineage.ledger.file import FileLedger
from tests.ledgers import event
with FileLedger.open(sys.argv[1]) as ledger:
    ledger.append(event(0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    try:
        for number in range(1, 1000):
            ledger.append(event(number))
    except LineageError as error:
        print(number, error)
    print(ledger.verify().count)
"""


def test_where_there_is_no_room_the_entries_before_stay(tmp_path: Path) -> None:
    """The one that did not fit is told and is not there; when there is room again, it goes on."""
    command = [sys.executable, "-c", LIMITED.format(path=sys.path), str(tmp_path / "home")]
    seen = subprocess.run(command, check=True, capture_output=True, text=True)
    told, count = seen.stdout.splitlines()
    assert told.startswith(f"{count} ")
    assert "the ledger cannot be used" in told
    with FileLedger.open(str(tmp_path / "home")) as ledger:
        assert ledger.append(event()).number == int(count) + 1
        assert isinstance(ledger.verify(), Intact)


APPENDING = """
import sys
sys.path[:0] = {path!r}
from everyhop.lineage.ledger.file import FileLedger
from tests.ledgers import event
for number in range(25):
    with FileLedger.open(sys.argv[1]) as ledger:
        ledger.append(event(number))
"""


def test_processes_that_write_at_once_make_one_chain(tmp_path: Path) -> None:
    """Also where none of them has made the file before."""
    command = [sys.executable, "-c", APPENDING.format(path=sys.path), str(tmp_path / "home")]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    with FileLedger.open(str(tmp_path / "home")) as ledger:
        found = ledger.verify()
    assert isinstance(found, Intact)
    assert found.count == 75


def appending(_root: Path) -> Callable[[Path], object]:
    def append(room: Path) -> None:
        with FileLedger.open(str(room / "home")) as ledger:
            ledger.append(event(99))

    return append


def test_killed_at_any_step_the_chain_is_whole_and_goes_on(tmp_path: Path) -> None:
    """Right before each system call: the entry is there or not, never a part of it; nothing is left over."""
    (tmp_path / "before").mkdir(mode=0o700)
    with FileLedger.open(str(tmp_path / "before" / "home")) as ledger:
        for number in range(3):
            ledger.append(event(number))
    rooms = killed(tmp_path, __name__, "appending")
    assert len(rooms) > 30
    counts = []
    for room, _ in rooms:
        with FileLedger.open(str(room / "home")) as ledger:
            found = ledger.verify()
            assert isinstance(found, Intact)
            counts.append(found.count)
            assert ledger.append(event()).number == found.count + 1
        assert [path.name for path in (room / "home").iterdir()] == ["ledger.sqlite"]
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (3, 4)


def test_killed_at_any_step_of_the_first_entry_the_next_one_makes_it(tmp_path: Path) -> None:
    """The file may be empty, or without its table."""
    (tmp_path / "before").mkdir(mode=0o700)
    for room, _ in killed(tmp_path, __name__, "appending"):
        with FileLedger.open(str(room / "home")) as ledger:
            ledger.append(event())
            assert isinstance(ledger.verify(), Intact)


def test_an_entry_is_durable_when_append_returns(tmp_path: Path) -> None:
    """The last write to the file is followed by its fsync, and the journal's end by the directory's."""
    (tmp_path / "before").mkdir(mode=0o700)
    with FileLedger.open(str(tmp_path / "before" / "home")) as ledger:
        ledger.append(event())
    home = tmp_path / "before" / "home"
    done = [(call.name, *call.paths) for call in watched(tmp_path, __name__, "appending").calls if call.name]
    written = max(index for index, call in enumerate(done) if call == ("pwrite64", f"{home}/ledger.sqlite"))
    rest = [call for call in done[written:] if call[0] in {"fsync", "fdatasync"}]
    assert {call[1] for call in rest} == {f"{home}/ledger.sqlite", str(home)}
