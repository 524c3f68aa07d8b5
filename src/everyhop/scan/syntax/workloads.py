"""Kubernetes' workloads: the containers of their pods, as the services that they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ruamel.yaml.nodes import Node, ScalarNode

from everyhop.scan.syntax import yaml
from everyhop.scan.syntax.compose import Scalar, Service
from everyhop.scan.syntax.interpolation import Grammar, split
from everyhop.scan.syntax.manifest import LONGEST, without_actions
from everyhop.scan.syntax.span import Lines, Unparsed

_WORKLOAD: Final = re.compile(
    r"^kind:[^\S\n]*['\"]?(?:Deployment|StatefulSet|DaemonSet|Pod|ReplicaSet)\b", re.MULTILINE
)


def parse(text: str) -> tuple[Service, ...]:
    """The containers of every pod, reached by the names of the workload and of the services that lead to it.

    What is longer than any manifest has none, and so has a template that becomes YAML only when it is rendered.
    """
    if len(text) > LONGEST or not _WORKLOAD.search(text):
        return ()
    try:
        roots = yaml.documents(without_actions(text))
    except Unparsed:
        return ()
    selecting = [root for root in roots if yaml.scalar(root, "kind") == "Service"]
    return tuple(service for root in roots for service in _services(root, selecting, Lines(text)))


def _services(root: Node, selecting: list[Node], lines: Lines) -> Iterator[Service]:
    name = yaml.scalar(yaml.at(root, "metadata"), "name")
    pod = root if yaml.scalar(root, "kind") == "Pod" else yaml.at(yaml.at(root, "spec"), "template")
    labels = _pairs(yaml.at(yaml.at(pod, "metadata"), "labels"))
    leading = [
        yaml.scalar(yaml.at(service, "metadata"), "name")
        for service in selecting
        if (chosen := _pairs(yaml.at(yaml.at(service, "spec"), "selector"))) and chosen.items() <= labels.items()
    ]
    for container in yaml.items(yaml.at(yaml.at(pod, "spec"), "containers")):
        image, own = yaml.at(container, "image"), yaml.at(container, "name")
        if isinstance(image, ScalarNode) and isinstance(own, ScalarNode):
            names = [one for one in (*leading, name) if one] or [str(own.value)]
            arguments = (*_words(yaml.at(container, "command"), lines), *_words(yaml.at(container, "args"), lines))
            yield Service(
                name=names[0],
                span=yaml.span_of(own, lines),
                image=_scalar(image, lines),
                arguments=arguments,
                environment=(),
                context=None,
                aliases=tuple(names[1:]),
            )


def _pairs(node: Node | None) -> dict[str, str]:
    return {str(key.value): str(value.value) for key, value in yaml.entries(node) if isinstance(value, ScalarNode)}


def _words(node: Node | None, lines: Lines) -> Iterator[Scalar]:
    for item in yaml.items(node):
        if isinstance(item, ScalarNode):
            span = yaml.span_of(item, lines)
            for word in str(item.value).split():
                yield Scalar(split(word, Grammar.TEMPLATE), span)


def _scalar(node: ScalarNode, lines: Lines) -> Scalar:
    start, end = yaml.offsets(node)
    return Scalar(split(lines.text[start:end], Grammar.TEMPLATE), yaml.span_of(node, lines))
