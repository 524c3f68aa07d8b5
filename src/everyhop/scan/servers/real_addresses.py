"""Whose word web servers take for a client's address: nginx's `real_ip_header`, Apache's `RemoteIPHeader`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from everyhop.model.sighting import Origin, ProxyTrust, Reading
from everyhop.scan.files import span_in
from everyhop.scan.sightings.places import Place, place_of
from everyhop.scan.syntax.span import Lines
from everyhop.scan.workspace import Kind, Source


@dataclass(frozen=True, slots=True)
class _Words:
    """The directive that names the header, and the one that names who is believed."""

    product: str
    plain: str
    header: re.Pattern[str]
    believed: re.Pattern[str]


_SERVERS: Final = {
    Kind.NGINX: _Words(
        "nginx",
        "real_ip_header",
        re.compile(r"^[ \t]*real_ip_header[ \t]+(?!proxy_protocol)[\w-]+[ \t]*;", re.MULTILINE),
        re.compile(r"^[ \t]*set_real_ip_from[ \t]+([^\s;]+)[ \t]*;", re.MULTILINE),
    ),
    Kind.APACHE: _Words(
        "apache",
        "RemoteIPHeader",
        re.compile(r"^[ \t]*RemoteIPHeader[ \t]+[\w-]+", re.MULTILINE),
        re.compile(r"^[ \t]*RemoteIP(?:Internal|Trusted)Proxy[ \t]+(\S+)", re.MULTILINE),
    ),
}


def read(sources: Iterable[Source]) -> Iterator[Reading]:
    """A reading for each place that names such a header; without one, nginx takes `X-Real-IP` from nobody."""
    for source in sources:
        words = _SERVERS.get(source.kind)
        if words is None or words.plain not in source.text or place_of(source.path) is not Place.DEPLOYED:
            continue
        trusted = ",".join(dict.fromkeys(words.believed.findall(source.text)))
        lines = Lines(source.text)
        for match in words.header.finditer(source.text):
            start = match.end() - len(match[0].lstrip())
            at = span_in(source, lines.span(start, match.end()), words.plain)
            yield Reading(ProxyTrust(words.product, trusted or words.plain), Origin.DECLARED, None, None, (at,))
