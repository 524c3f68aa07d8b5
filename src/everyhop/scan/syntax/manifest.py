"""YAML files of any kind, as lists of what they set: Kubernetes manifests, Helm values and templates, CI, settings.

What a template engine fills in (`{{ … }}`, `{% … %}`) is kept out of YAML's sight by as many characters of another
kind, so that places stay exact.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from everyhop.scan.syntax import literals, yaml
from everyhop.scan.syntax.interpolation import Grammar, Reference, split
from everyhop.scan.syntax.span import Lines, Unparsed
from everyhop.scan.syntax.variable import Reach, Variable

LONGEST: Final = 100_000
"""Characters: about a second of ruamel's time, and ten times what people write by hand."""

MASK: Final = "\N{OBJECT REPLACEMENT CHARACTER}"
_ACTION: Final = re.compile(r"\$?\{\{(?:[^{}\n]|\}(?!\})|\{(?!\{)){0,400}\}\}|\{%[^%\n]{0,400}%\}")
_NAME: Final = re.compile(r"[A-Z_][A-Z0-9_]*")
# Under these keys programs are given their environment: Kubernetes, Helm charts, GitHub, GitLab, Circle, Ansible.
_ENVIRONMENTS: Final = frozenset(
    {
        *("env", "environment", "variables", "data", "stringdata", "envs", "env_vars", "envvars", "extraenv"),
        *("extraenvvars", "extraenvs", "config", "configmap", "secret", "secrets", "environment_variables"),
    }
)


def parse(text: str) -> tuple[Variable, ...]:
    """The variables and the other settings whose values are texts. Raises `Unparsed` for what is no YAML.

    What is longer than any manifest is only looked through for URLs, and so is a template that becomes YAML only when
    it is rendered (the branches of an `if` side by side).
    """
    if len(text) > LONGEST:
        return literals.parse(text)
    bare = without_actions(text)
    try:
        roots = yaml.documents(bare)
    except Unparsed:
        if bare is text:
            raise
        return literals.parse(text)
    walk = _Walk(text, Lines(text))
    for root in roots:
        walk.secret = yaml.scalar(root, "kind") == "Secret"
        walk.all_of(root)
    return tuple(walk.found)


def without_actions(text: str) -> str:
    """The same length; a line of nothing but actions becomes blank, any other action a run of one character."""
    if "{{" not in text and "{%" not in text:
        return text
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if "{{" in line or "{%" in line:
            bare = _ACTION.sub("", line).strip()
            blank = " " if bare in ("", "-") or bare.startswith("#") else MASK
            lines[number] = " " * len(line) if blank == " " else _ACTION.sub(lambda m: MASK * len(m[0]), line)
    return "\n".join(lines)


@dataclass(slots=True)
class _Walk:
    """One pass over the nodes of a file; each is looked at once, however many aliases lead to it."""

    text: str
    lines: Lines
    secret: bool = False
    found: list[Variable] = field(default_factory=list)
    _seen: set[int] = field(default_factory=set)

    def all_of(self, root: Node) -> None:
        pending: list[tuple[Node, str]] = [(root, "")]
        while pending:
            node, key = pending.pop()
            if id(node) in self._seen:
                continue
            self._seen.add(id(node))
            if isinstance(node, MappingNode):
                pending += reversed(list(self._mapping(node, key)))
            elif isinstance(node, SequenceNode):
                pending += [(item, key) for item in reversed(node.value)]
            elif isinstance(node, ScalarNode) and "://" in str(node.value):
                self.found += literals.within(self.text, node.start_mark.index, node.end_mark.index, self.lines)

    def _mapping(self, node: MappingNode, key: str) -> Iterator[tuple[Node, str]]:
        """Notes the texts of a mapping; what has parts of its own is left for later."""
        name, value = yaml.scalar(node, "name") or yaml.scalar(node, "key"), yaml.at(node, "value")
        if name is not None and _NAME.fullmatch(name) and isinstance(value, ScalarNode):
            self._note(name, value, Reach.PROGRAM)
            return
        own = yaml.at(node, "name")
        if name is not None and _NAME.fullmatch(name) and yaml.at(node, "valueFrom") and isinstance(own, ScalarNode):
            self.found.append(Variable(name, (Reference(name, None),), yaml.span_of(own, self.lines)))
            return
        for label, part in yaml.entries(node):
            if not isinstance(part, ScalarNode):
                inner = yaml.at(part, "value") if key.lower() in _ENVIRONMENTS else None
                if isinstance(inner, ScalarNode) and _NAME.fullmatch(label.value):  # GitLab: NAME: {value: …}
                    self._note(label.value, inner, Reach.PROGRAM)
                else:
                    yield part, str(label.value)
            elif yaml.is_block(part):
                yield part, str(label.value)
            elif not yaml.is_absent(part):
                program = key.lower() in _ENVIRONMENTS and _NAME.fullmatch(label.value)
                reach = Reach.PROGRAM if program else Reach.READER
                if self.secret and key == "data":
                    self._note_encoded(label, part, reach)
                else:
                    self._note(str(label.value), part, reach)

    def _note(self, name: str, node: ScalarNode, reach: Reach) -> None:
        start, end = yaml.offsets(node)
        written = self.text[start:end] if MASK in str(node.value) else str(node.value)
        span = yaml.span_of(node, self.lines)
        self.found.append(Variable(name, split(written, Grammar.TEMPLATE), span, reach))

    def _note_encoded(self, label: ScalarNode, node: ScalarNode, reach: Reach) -> None:
        """The place is that of the name: base64 hides a password from no reader, and from every mask."""
        pieces = split(_decoded(str(node.value)), Grammar.TEMPLATE)
        self.found.append(Variable(str(label.value), pieces, yaml.span_of(label, self.lines), reach))


def _decoded(text: str) -> str:
    """What a Secret's `data` says in base64; the text itself where it is none."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return text
