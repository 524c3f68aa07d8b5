"""The story, as a person sees it; and that it would not be told if it were not so."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from everyhop.jobs.demo.stage import set_up
from everyhop.jobs.demo.story import TIPS, Story
from everyhop.lab import state
from everyhop.lab.session import Lab
from everyhop.model.report import Grade
from everyhop.render.story import Outcome


@pytest.mark.timeout(300)
def test_demo(tmp_path: Path) -> None:
    """From F to A, every step held, both attacks refused by both drivers; a page, and nothing left behind."""
    before = {lab.name for lab in state.running()}
    done = subprocess.run(
        [sys.executable, "-m", "everyhop", "demo", "--report", "demo.html"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PGSSLMODE": "disable"},  # the caller's own settings are not the story's
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    story, _, maps = done.stdout.partition("\nBEFORE\n")
    exposed, _, closed = maps.partition("\nAFTER\n")
    assert "✗" not in story
    assert story.count("refused by the app's own driver") == 4
    for tip in TIPS.values():
        assert tip in story.partition("\nCLOSE\n")[0]
        assert tip not in story.partition("\nPROVE\n")[2]
    assert re.search(r"chain +F$", exposed, re.MULTILINE)
    assert re.search(r"chain +A$", closed, re.MULTILINE)
    assert closed.count("verify-full") == 3
    page = (tmp_path / "demo.html").read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert "verify-full" in page
    assert "BEGIN PRIVATE KEY" not in page + done.stdout
    # another test may have a lab at the same time: only what calls itself the demo's would be ours
    assert not [lab for lab in state.running() if lab.name not in before and lab.purpose == "demo"]


@pytest.mark.timeout(300)
def test_an_open_application_is_not_called_closed() -> None:
    """The same eyes on a stage that nobody has closed: nothing holds that should not."""
    with Lab.open("tests") as lab, set_up(lab) as stage:
        story = Story(stage, lambda _: None)
        played = {act.title: act.play() for act in story.acts() if act.movement == "Prove"}
    assert {title for title, step in played.items() if step.outcome is not Outcome.FAILED} == set()
    assert story.after is not None
    assert story.after.grade is Grade.F
    attacks = [step.text for title, step in played.items() if title.startswith(("Strip", "Answer"))]
    assert ["ACCEPTED" in text for text in attacks] == [True] * 4
