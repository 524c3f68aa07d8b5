"""`everyhop rules`: the catalogue for people and programs."""

import json

import pytest
from click.testing import CliRunner, Result

from everyhop.cli import main
from everyhop.rules.catalogue import catalogue


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["rules", *words])


def test_the_table_has_every_rule_in_one_line() -> None:
    """Name, severity, what is wrong."""
    lines = run().output.splitlines()
    assert [line.split()[:2] for line in lines] == [[rule.name, rule.severity.word] for rule in catalogue().values()]
    assert all(line.endswith((".", "`")) for line in lines)


@pytest.mark.parametrize("name", catalogue())
def test_every_page_tells_what_the_rule_knows(name: str) -> None:
    """Head, text, controls; no line of prose wider than a terminal."""
    rule = catalogue()[name]
    page = run(name).output
    assert page.startswith(f"{name}  {rule.severity.word}  {', '.join(rule.cwe)}\n\n")
    assert " ".join(rule.page.split()) in " ".join(page.split())
    assert all(f"{key.ljust(14)}  {control}" in page for key, control in rule.standards.items())
    assert max(map(len, page.splitlines())) <= 80


def test_json_is_a_list_with_stable_keys() -> None:
    """All rules, or the one that was asked for."""
    told = json.loads(run("--format", "json").output)
    assert [rule["rule"] for rule in told] == list(catalogue())
    assert set(told[0]) == {"rule", "severity", "summary", "page", "advice", "cwe", "standards"}
    assert [rule["rule"] for rule in json.loads(run("drift", "--format", "json").output)] == ["drift"]


def test_an_unknown_rule_gets_the_nearest_one() -> None:
    """And where the list is."""
    result = run("plaintext-dail")
    assert result.exit_code == 2
    assert result.stderr == (
        "everyhop: there is no rule 'plaintext-dail', did you mean 'plaintext-dial'?\nhint: everyhop rules lists them\n"
    )
