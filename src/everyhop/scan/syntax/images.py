"""Dockerfiles as services: the image that the last stage is made from, and what it runs."""

from __future__ import annotations

import re
from typing import Final

from everyhop.scan.syntax import commands
from everyhop.scan.syntax.compose import Scalar, Service
from everyhop.scan.syntax.interpolation import Grammar, split
from everyhop.scan.syntax.span import Lines

_FROM: Final = re.compile(
    r"^[^\S\n]*FROM[^\S\n]+(?:--\S+[^\S\n]+)*(?P<image>[^\s#]+)(?:[^\S\n]+AS[^\S\n]+(?P<stage>\S+))?",
    re.MULTILINE | re.IGNORECASE,
)


def parse(text: str, name: str) -> Service | None:
    """The service of this name that a Dockerfile makes; None without a `FROM`. Stages made of others are followed."""
    stages = list(_FROM.finditer(text))
    if not stages:
        return None
    named = {stage["stage"].lower(): stage for stage in stages if stage["stage"]}
    base = stages[-1]
    for _ in stages:
        base = named.get(base["image"].lower(), base)
    lines = Lines(text)
    span = lines.span(*base.span("image"))
    last, _ = commands.in_dockerfile(text)
    words = tuple(Scalar(split(word, Grammar.TEMPLATE), command.span) for command in last for word in command.words)
    return Service(name, span, Scalar(split(base["image"], Grammar.TEMPLATE), span), words, (), None, ())
