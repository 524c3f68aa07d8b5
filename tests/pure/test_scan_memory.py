"""Modules are let go of and parsed again: a report says the same, and the trees are really gone."""

import gc
from pathlib import Path

import pytest

from everyhop.config import Settings
from everyhop.scan import collector, workspace
from everyhop.scan.observe import observe
from everyhop.scan.resolve import project as modules
from everyhop.scan.resolve.environment import Environment
from everyhop.scan.resolve.project import Project
from everyhop.scan.resolve.scopes import Scope

CASES = Path(__file__).parents[1] / "cases"
BOUNDS = {"all but the last when nobody works on them": (1, 10**9), "all at once": (1, 1), "some": (2_000, 4_000)}
TEXT = "class Config:\n    URL = 'postgresql://db/x'\n\n    def url(self):\n        return self.URL\n"


@pytest.mark.parametrize("bounds", BOUNDS.values(), ids=BOUNDS)
@pytest.mark.parametrize("folder", ["scan", "project", "../../examples"])
def test_a_report_does_not_depend_on_what_is_kept(
    folder: str, bounds: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = workspace.read([CASES / folder])
    before = observe(read, Settings().topology)
    monkeypatch.setattr(modules, "_KEPT", bounds[0])
    monkeypatch.setattr(modules, "_MOST", bounds[1])
    monkeypatch.setattr(modules, "_LITTER", 2_000)
    assert observe(read, Settings().topology) == before


def scopes_of(path: str) -> int:
    return sum(isinstance(thing, Scope) and thing.path == path for thing in gc.get_objects())


@pytest.mark.parametrize("how", ["tidy", "collected"])
def test_a_module_that_is_let_go_leaves_nothing(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the collector off, as it is while a tree is looked at."""
    monkeypatch.setattr(modules, "_KEPT", 1)
    monkeypatch.setattr(modules, "_MOST", 1 if how == "collected" else 10**9)
    monkeypatch.setattr(modules, "_LITTER", 1)
    paths = [f"a-module-of-{how}-{number}.py" for number in range(3)]
    project = Project(dict.fromkeys(paths, TEXT), Environment())
    with collector.paused():
        for path in paths:
            assert project.module(path) is not None
        project.tidy()
        assert [scopes_of(path) for path in paths] == [0, 0, 3]


def test_a_module_that_is_parsed_again_has_the_scopes_that_it_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class is the same class, wherever else it is told from one by its place."""
    monkeypatch.setattr(modules, "_MOST", 1)
    project = Project({"a.py": TEXT, "b.py": TEXT}, Environment())
    first = project.module("a.py")
    other = project.module("b.py")
    assert first is not None
    assert other is not None
    classes = [deed.scope for deed in first.names.module.definitions["Config"]]
    again = project.module("a.py")
    assert again is not None
    assert again is not first
    assert again.names.module == first.names.module != other.names.module
    assert [deed.scope for deed in again.names.module.definitions["Config"]] == classes
    assert len({*classes, first.names.module, again.names.module}) == 2
