"""The documentation is held to the code."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])


def test_the_reference_is_what_the_code_says() -> None:
    """Generated pages are generated anew with every change."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "docs", "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of every page names a file that is there."""
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_room_is_in_the_architecture_page() -> None:
    """The page that says where a thing belongs knows every package, and no other."""
    page = (ROOT / "docs/explanation/architecture.md").read_text()
    rooms = {path.parent.name for path in (ROOT / "src/everyhop").glob("*/__init__.py")}
    assert rooms == set(re.findall(r"^\| `(\w+)/`", page, re.MULTILINE))
