"""Werkzeug's ProxyFix: how many proxies an app takes to stand in front of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from everyhop.model.sighting import Origin, ProxyTrust, Reading
from everyhop.scan.resolve.references import may_name
from everyhop.scan.resolve.values import Known, Table
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.places import Place, place_of

_NAMES: Final = frozenset({"ProxyFix"})
_CLASSES: Final = ("werkzeug.middleware.proxy_fix.ProxyFix", "werkzeug.contrib.fixers.ProxyFix")
_HEADERS: Final = ("x_for", "x_proto", "x_host", "x_port", "x_prefix")
_BY_DEFAULT: Final = {"x_for": Known(1), "x_proto": Known(1)}  # werkzeug/middleware/proxy_fix.py


def read(configuration: Configuration) -> Iterator[Reading]:
    """A reading for each app that is wrapped in it. It looks at how many proxies there were, never at who they are."""
    texts = configuration.project.texts
    holders = [path for path, held in texts.items() if "ProxyFix(" in held and place_of(path) is Place.DEPLOYED]
    for module in configuration.project.parsed(holders):
        for call, scope in module.names.calls:
            named = may_name(call.func, scope, _NAMES)
            if named and configuration.evaluator.qualified(call.func, scope) in _CLASSES:
                arguments, keywords = configuration.evaluator.arguments(call, scope)
                given = {**_BY_DEFAULT, **dict(zip(_HEADERS, arguments[1:], strict=False)), **keywords.entries}
                trusted = _trusted(replace(keywords, entries=given))
                at = replace(configuration.evaluator.span(call, scope), snippet=f"{_shown(call)}(…)", symbol="ProxyFix")
                yield Reading(ProxyTrust("flask", trusted), Origin.DECLARED, None, None, (at,))


def _shown(call: ast.Call) -> str:
    return ast.unparse(call.func)


def _trusted(given: Table) -> str:
    """How far each header is believed, as the arguments say it: `x_for=1, x_proto=1`."""
    told = ((name, given.entries[name]) for name in _HEADERS if name in given.entries)
    numbers = [
        f"{name}={worth.value if isinstance(worth, Known) and isinstance(worth.value, int) else '…'}"
        for name, worth in told
    ]
    return ", ".join(number for number in numbers if not number.endswith("=0"))
