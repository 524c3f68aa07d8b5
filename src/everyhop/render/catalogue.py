"""The catalogue of rules: as a table, as one rule's page, and as JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from everyhop.render.ink import Ink, Role, plain
from everyhop.render.json_values import Json
from everyhop.render.lines import WIDTH
from everyhop.rules.rule import Rule


def table_text(rules: Sequence[Rule[Any]], ink: Ink = plain) -> str:
    """Every rule in one line: name, severity, weakness, what is wrong."""
    name = max(len(rule.name) for rule in rules)
    severity = max(len(rule.severity.word) for rule in rules)
    return "\n".join(
        f"{ink(Role.STRONG, rule.name.ljust(name))}  {rule.severity.word.ljust(severity)}  {summary(rule)}"
        for rule in rules
    )


def page_text(rule: Rule[Any], ink: Ink = plain) -> str:
    """The page of one rule: what it weighs, what it says, which controls ask for it."""
    head = f"{ink(Role.STRONG, rule.name)}  {rule.severity.word}  {', '.join(rule.cwe)}".rstrip()
    parts = [head, *(_filled(paragraph) for paragraph in rule.page.strip().split("\n\n"))]
    if rule.advice:
        parts.append(_filled(f"What ends it: {rule.advice}."))
    if rule.standards:
        parts.append("\n".join(f"{name.ljust(14)}  {control}" for name, control in rule.standards.items()))
    return "\n\n".join(parts)


def catalogue_json(rules: Iterable[Rule[Any]]) -> str:
    """A list of rules for programs."""
    return json.dumps([_rule_json(rule) for rule in rules], indent=2)


def summary(rule: Rule[Any]) -> str:
    """The first sentence of a rule's page."""
    return rule.page.strip().split("\n", 1)[0]


def _rule_json(rule: Rule[Any]) -> Json:
    return {
        "rule": rule.name,
        "severity": rule.severity.word,
        "summary": summary(rule),
        "page": rule.page.strip(),
        "advice": rule.advice or None,
        "cwe": list(rule.cwe),
        "standards": dict(rule.standards),
    }


def _filled(paragraph: str) -> str:
    """A paragraph to the width of the page; what is indented (an example) stays as it is."""
    if any(line.startswith((" ", "*")) for line in paragraph.splitlines()):
        return paragraph
    return textwrap.fill(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False)
