"""What a build runs: the steps of action.yml and the hook of .pre-commit-hooks.yaml, as they are run there."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from everyhop.cli.audit import audit
from everyhop.cli.options import Format
from everyhop.cli.probe import probe
from everyhop.cli.scan import scan

ROOT = Path(__file__).resolve().parents[2]
ACTION: Any = YAML(typ="safe").load((ROOT / "action.yml").read_text(encoding="utf-8"))
(HOOK,) = YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
EXPOSED = "DATABASE_URL = 'postgresql://app:hunter2@db.internal/x'\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "config.py").write_text(EXPOSED, encoding="utf-8")
    return folder


def environment(folder: Path) -> dict[str, str]:
    """A machine without a network address of anything, on which everyhop is installed."""
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"])
    return {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", **nowhere}


class Ran:
    """The action's steps, run one after the other as a composite action's are."""

    def __init__(self, workspace: Path, **inputs: str) -> None:
        given = {name: entry.get("default", "") for name, entry in ACTION["inputs"].items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        temporary = workspace.parent / "runner"
        temporary.mkdir(exist_ok=True)
        files = {name: temporary / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("", encoding="utf-8")
        fixed = {**environment(workspace), "RUNNER_TEMP": str(temporary), "GITHUB_ACTION_PATH": str(ROOT)}
        fixed |= {name: str(file) for name, file in files.items()}
        self.stdout = self.stderr = ""
        self.code = 0
        for step in ACTION["runs"]["steps"]:
            assert step["shell"] == "bash"
            assert "${{" not in step["run"], "an expression in a script is an injection"
            own = {name: _expanded(value, given) for name, value in step.get("env", {}).items()}
            script = temporary / "step.sh"
            script.write_text(step["run"], encoding="utf-8")
            done = subprocess.run(
                ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", script],
                env={**fixed, **own}, cwd=workspace, capture_output=True, text=True, check=False,
            )  # fmt: skip
            self.stdout += done.stdout
            self.stderr += done.stderr
            self.code = done.returncode
            if self.code:
                break
        lines = files["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines()
        self.outputs = dict(line.split("=", 1) for line in lines)
        self.summary = files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")


def _expanded(value: str, inputs: dict[str, str]) -> str:
    return re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda match: inputs[match[1]], value)


def test_a_scan_fails_the_step_and_leaves_everything_that_is_promised(workspace: Path) -> None:
    """Annotations, a summary, SARIF, grade and counts."""
    ran = Ran(workspace)
    assert ran.code == 1
    assert "::error file=config.py,line=1," in ran.stdout
    assert ran.summary.startswith("## everyhop scan · F\n")
    assert ran.outputs["grade"] == "F"
    assert ran.outputs["exit-code"] == "1"
    assert json.loads(ran.outputs["counts"]) == {
        "critical": 0, "high": 2, "medium": 0, "low": 0, "possible": 0, "gaps": 0,
    }  # fmt: skip
    assert json.loads((workspace / ran.outputs["sarif-file"]).read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert "hunter2" not in ran.stdout + ran.stderr + ran.summary


def test_every_input_reaches_its_flag(workspace: Path) -> None:
    """Several values in lines; a name with a blank or a semicolon is only a name."""
    (workspace / "a b; touch hacked").mkdir()
    (workspace / "a b; touch hacked" / "x.py").write_text(EXPOSED, encoding="utf-8")
    (workspace / "other.toml").write_text("", encoding="utf-8")
    (workspace / "out").mkdir()
    ran = Ran(
        workspace,
        paths="a b; touch hacked\nconfig.py",
        fail_on="never",
        strict="true",
        config="other.toml",
        select="opportunistic-dial\nplaintext-dial\n",
        ignore="drift",
        exclude="*.md\n*.txt",
        sarif_file="out/report.sarif",
    )
    assert (ran.code, ran.stderr) == (0, "")
    assert json.loads(ran.outputs["counts"])["high"] == 2
    assert (workspace / "out" / "report.sarif").exists()
    assert not (workspace / "hacked").exists()


def test_a_baseline_lets_the_build_pass(workspace: Path) -> None:
    """Known findings are told in the summary and fail nothing."""
    subprocess.run(["everyhop", "scan", "-q", "--write-baseline", "known.json"], cwd=workspace, check=True,
                   env=environment(workspace), capture_output=True)  # fmt: skip
    ran = Ran(workspace, baseline="known.json")
    assert (ran.code, json.loads(ran.outputs["counts"])["high"]) == (0, 0)
    assert "2 known in the baseline" in ran.summary


def test_what_cannot_be_meant_ends_with_2(workspace: Path) -> None:
    """A command that is none, a severity that is none: no report, no summary."""
    ran = Ran(workspace, command="destroy")
    assert (ran.code, "::error title=everyhop::" in ran.stdout) == (2, True)
    ran = Ran(workspace, fail_on="sometimes")
    assert (ran.code, ran.outputs, ran.summary) == (2, {"exit-code": "2"}, "")


def test_an_audit_needs_settings_and_looks_at_their_hops(workspace: Path) -> None:
    """A local hop needs nobody to look, and the scan's finding is on its hop."""
    assert Ran(workspace, command="audit").code == 2
    (workspace / "everyhop.toml").write_text(
        '[hop.app]\nendpoint = "unix:/run/app.sock"\n[listener.app]\nproduct = "gunicorn"\n', encoding="utf-8"
    )
    ran = Ran(workspace, command="audit")
    assert (ran.code, ran.outputs["grade"]) == (1, "F")
    assert ran.summary.startswith("## everyhop audit · F\n")
    assert "local socket" in ran.summary


def test_a_probe_gets_its_endpoints(workspace: Path) -> None:
    """One that nobody listens at is a gap: exit 3, and in the counts."""
    ran = Ran(workspace, command="probe", endpoints="unix:/nowhere/at.sock", ca="")
    assert ran.outputs.get("exit-code", "") in {"2", "3"}
    assert "::warning title=could not be looked at::" in ran.stdout or "names no listener" in ran.stderr


def test_inputs_are_named_like_the_flags() -> None:
    """And every one of them is handed on."""
    flags = {
        option.removeprefix("--")
        for command in (scan, probe, audit)
        for parameter in command.params
        for option in parameter.opts
    }
    own = {"command", "paths", "endpoints", "sarif-file"}
    assert set(ACTION["inputs"]) - own <= flags
    used = json.dumps([step.get("env", {}) for step in ACTION["runs"]["steps"]])
    assert all(f"inputs.{name} }}}}" in used for name in ACTION["inputs"])
    assert {Format.SARIF.value, Format.GITHUB.value, Format.MARKDOWN.value} <= {form.value for form in Format}


def test_the_hook_scans_the_project_and_stops_the_commit(workspace: Path) -> None:
    """As pre-commit runs it: the entry with its arguments, in the root of the repository, without file names."""
    assert HOOK["pass_filenames"] is False
    command = [*shlex.split(HOOK["entry"]), *HOOK["args"]]

    def hook() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=workspace, env=environment(workspace), capture_output=True, text=True,
                              check=False)  # fmt: skip

    done = hook()
    assert (done.returncode, "opportunistic-dial" in done.stdout) == (1, True)
    (workspace / "config.py").write_text("DATABASE_URL = None\n", encoding="utf-8")
    assert hook().returncode == 0


@pytest.mark.parametrize("name", ["app/config.py", ".env", ".env.local", "compose.yaml", "nginx.conf", "uv.lock"])
def test_the_hook_runs_when_a_file_changes_that_matters(name: str) -> None:
    """pre-commit searches with `re`."""
    assert re.search(HOOK["files"], name)
    assert not re.search(HOOK["files"], "docs/picture.png")
