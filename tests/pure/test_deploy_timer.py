"""The timer that renews by itself, held to systemd's own reading."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from everyhop.deploy.apply import apply
from everyhop.deploy.change import Reload
from everyhop.deploy.look import look_at
from everyhop.deploy.plan import Plan, remedy
from everyhop.deploy.profiles import load
from everyhop.deploy.steering import Steering
from everyhop.deploy.timer import CronFile, SystemdTimer

pytestmark = pytest.mark.pure

COMMAND = ("/bin/echo", "renew", "--state", '/srv/tls store/100% "mine"$HOME')


def planned(timer: SystemdTimer | CronFile) -> Plan:
    return remedy([timer], look_at([timer]), load("intermediate"))


def test_a_second_install_finds_nothing_to_do(tmp_path: Path) -> None:
    timer = SystemdTimer(str(tmp_path), COMMAND)
    told: list[str] = []
    steering = Steering((), None, lambda: told.append("daemon-reload"), lambda: None)
    for _ in range(2):
        apply(planned(timer), tmp_path / "journal", {timer.listener: steering})
    assert told == ["daemon-reload"]
    assert sorted(path.name for path in tmp_path.glob("everyhop*")) == [
        "everyhop-renew.service",
        "everyhop-renew.timer",
    ]


def test_what_has_been_edited_is_shown_as_a_difference(tmp_path: Path) -> None:
    timer = SystemdTimer(str(tmp_path), COMMAND)
    for path, text in zip(timer.paths(), (timer.service(), "[Timer]\nOnCalendar=daily\n"), strict=True):
        Path(path).write_text(text)
        Path(path).chmod(0o644)
    plan = planned(timer)
    assert "-OnCalendar=daily" in plan.text()
    assert [type(change) for change in plan.changes][-1] is Reload


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_takes_both_units(tmp_path: Path) -> None:
    (tmp_path / "pass").write_text("x")
    timer = SystemdTimer(str(tmp_path), COMMAND, str(tmp_path / "pass"))
    for path, text in zip(timer.paths(), (timer.service(), timer.timer()), strict=True):
        Path(path).write_text(text)
    seen = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *timer.paths()], capture_output=True, text=True, check=False
    )
    ours = [line for line in seen.stderr.splitlines() if "everyhop" in line]
    assert ours == []


def test_an_argument_survives_systemds_reading() -> None:
    line = next(one for one in SystemdTimer("/d", COMMAND).service().splitlines() if one.startswith("ExecStart="))
    assert line == r'ExecStart=/bin/echo renew --state "/srv/tls store/100%% \"mine\"$$HOME"'


def test_a_passphrase_is_handed_over_as_a_file_and_only_where_there_is_one() -> None:
    sealed = SystemdTimer("/d", COMMAND, "/etc/everyhop/passphrase").service()
    assert "LoadCredential=everyhop-passphrase:/etc/everyhop/passphrase" in sealed
    assert "LoadCredential" not in SystemdTimer("/d", COMMAND).service()


@pytest.mark.parametrize("seed", [0, 59, 60, 359, 360, 2**31])
def test_crons_line_has_a_minute_and_an_hour_of_its_own(seed: int) -> None:
    minute, hours, *rest = CronFile("/etc/cron.d/everyhop", COMMAND, seed).line("root").split()
    assert 0 <= int(minute) < 60
    first, _, step = hours.partition("-23/")
    assert 0 <= int(first) < int(step) == 6
    assert rest[:4] == ["*", "*", "*", "root"]


def test_a_percent_sign_does_not_end_crons_command() -> None:
    file = CronFile("/etc/cron.d/everyhop", COMMAND, 0)
    assert r"100\%" in file.line()
    assert "root" not in file.line()
    assert file.text().endswith("\n")
