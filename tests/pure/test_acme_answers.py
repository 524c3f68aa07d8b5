"""Answers to challenges: files in a web root, and programs that change a zone."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from everyhop.acme.challenge import Answer
from everyhop.acme.dns_hook import DnsHook
from everyhop.acme.webroot import Webroot
from everyhop.errors import IssueError, SettingsError
from everyhop.probe.deadline import Deadline

ANSWER = Answer("example.org", "DGyRejmCefe7v4NfDGDKfA", "DGyRejmCefe7v4NfDGDKfA.thumbprint")


def soon() -> Deadline:
    return Deadline.after(60)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "www"
    path.mkdir()
    return path


def test_the_web_server_can_read_the_answer_whatever_the_umask(root: Path) -> None:
    before = os.umask(0o077)
    try:
        with Webroot(str(root)).answering([ANSWER], soon()):
            file = root / ".well-known" / "acme-challenge" / ANSWER.token
            assert file.read_text() == ANSWER.authorization
            assert stat.S_IMODE(file.stat().st_mode) == 0o644
            assert stat.S_IMODE(file.parent.stat().st_mode) == 0o755
    finally:
        os.umask(before)
    assert list(root.iterdir()) == []


def test_what_fails_inside_leaves_nothing(root: Path) -> None:
    with pytest.raises(ZeroDivisionError), Webroot(str(root)).answering([ANSWER], soon()):
        raise ZeroDivisionError
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("link", [".well-known", ".well-known/acme-challenge"])
def test_a_link_on_the_way_is_refused(root: Path, tmp_path: Path, link: str) -> None:
    """Who owns the web root could have root write elsewhere."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / link).parent.mkdir(exist_ok=True)
    (root / link).symlink_to(elsewhere)
    with pytest.raises(IssueError, match="web root"), Webroot(str(root)).answering([ANSWER], soon()):
        pytest.fail("answered")
    assert list(elsewhere.iterdir()) == []
    assert (root / link).is_symlink()


def test_a_file_of_that_name_is_nobody_elses_to_replace(root: Path) -> None:
    file = root / ".well-known" / "acme-challenge" / ANSWER.token
    file.parent.mkdir(parents=True)
    file.write_text("theirs")
    with pytest.raises(IssueError, match="file exists"), Webroot(str(root)).answering([ANSWER], soon()):
        pytest.fail("answered")
    assert file.read_text() == "theirs"


def test_a_web_root_that_is_a_link_is_one(root: Path, tmp_path: Path) -> None:
    """The twin: a person named it."""
    (tmp_path / "link").symlink_to(root)
    with Webroot(str(tmp_path / "link")).answering([ANSWER], soon()):
        assert (root / ".well-known").is_dir()


def test_a_web_root_that_is_not_there_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(IssueError, match="no such file") as refused,
        Webroot(str(tmp_path / "no")).answering([ANSWER], soon()),
    ):
        pytest.fail("answered")
    assert refused.value.path == str(tmp_path / "no")


SHOW = """
import os, sys
with open(sys.argv[1], "a") as log:
    print(*(os.environ[f"EVERYHOP_{name}"] for name in ("ACTION", "RECORD", "VALUE", "NAME")), sys.argv[2:], file=log)
"""


def test_a_hook_gets_its_words_in_the_environment_and_no_shell(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with DnsHook((sys.executable, "-c", SHOW, str(log), "$(touch x); a b")).answering([ANSWER], soon()):
        pass
    told = f"_acme-challenge.example.org {ANSWER.value} example.org ['$(touch x); a b']"
    assert log.read_text().splitlines() == [f"set {told}", f"clear {told}"]


def test_the_record_is_taken_back_whatever_happens_inside(tmp_path: Path) -> None:
    log = tmp_path / "log"
    hook = DnsHook(("/bin/sh", "-c", f'echo "$EVERYHOP_ACTION" >> {log}'))
    with pytest.raises(KeyboardInterrupt), hook.answering([ANSWER], soon()):
        raise KeyboardInterrupt
    assert log.read_text().split() == ["set", "clear"]


def test_a_hook_that_cannot_clear_does_no_harm(tmp_path: Path) -> None:
    with DnsHook(("/bin/sh", "-c", '[ "$EVERYHOP_ACTION" = set ]')).answering([ANSWER], soon()):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_hook_that_is_not_there_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(IssueError, match="no such file") as refused,
        DnsHook((str(tmp_path / "hook"),)).answering([ANSWER], soon()),
    ):
        pytest.fail("answered")
    assert refused.value.path == str(tmp_path / "hook")


def test_a_hook_that_talks_for_ever_is_bounded() -> None:
    """Its last words are told, not all."""
    hook = DnsHook(("/bin/sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x; echo the end; exit 1"))
    with pytest.raises(IssueError) as failed, hook.answering([ANSWER], soon()):
        pytest.fail("answered")
    assert failed.value.hint is not None
    assert failed.value.hint.endswith("the end")
    assert len(failed.value.hint) < 600


def test_a_hook_has_no_more_time_than_there_is_and_is_cleared_all_the_same(tmp_path: Path) -> None:
    log = tmp_path / "log"
    hook = DnsHook(("/bin/sh", "-c", f'echo "$EVERYHOP_ACTION" >> {log}; [ "$EVERYHOP_ACTION" = clear ] || sleep 60'))
    with pytest.raises(IssueError, match="was stopped after"), hook.answering([ANSWER], Deadline.after(0.2)):
        pytest.fail("answered")
    assert log.read_text().split() == ["set", "clear"]


@pytest.mark.parametrize("program", [(), ("",)])
def test_a_hook_is_a_program(program: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError):
        DnsHook(program)
