"""A proxy's word taken by other means than Werkzeug's: an app's own middleware, other libraries', Django's settings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from everyhop.model.evidence import SourceSpan
from everyhop.model.sighting import Origin, ProxyTrust, Reading
from everyhop.scan.resolve.project import Module
from everyhop.scan.resolve.references import may_name
from everyhop.scan.resolve.values import Known
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.places import Place, place_of

# What tells an app the scheme and the peer (PEP 3333): whoever writes these takes somebody's word for them.
_TOLD: Final = frozenset({"wsgi.url_scheme", "REMOTE_ADDR"})
_ASKED: Final = re.compile(r"HTTP_X_(?:FORWARDED_\w+|SCHEME|REAL_IP|SCRIPT_NAME|PROTO\w*|URL_SCHEME)|HTTP_FORWARDED")
_WRITTEN: Final = re.compile(r"HTTP_X_|HTTP_FORWARDED")
_MAKERS: Final = {
    "flask_reverse_proxy.FlaskReverseProxied": "flask",
    "flask_reverse_proxy_fix.middleware.ReverseProxyPrefixFix": "flask",
    "hypercorn.middleware.ProxyFixMiddleware": "hypercorn",
    "hypercorn.middleware.proxy_fix.ProxyFixMiddleware": "hypercorn",
    "uvicorn.middleware.proxy_headers.ProxyHeadersMiddleware": "uvicorn",
}
_LAST_NAMES: Final = frozenset(name.rpartition(".")[2] for name in _MAKERS)
_DJANGO: Final = ("SECURE_PROXY_SSL_HEADER", "USE_X_FORWARDED_HOST")
_MOST_PLACES: Final = 8


def read(configuration: Configuration) -> Iterator[Reading]:
    """A reading for each middleware that believes such headers, and each setting that says so."""
    for path, held in configuration.project.texts.items():
        own = "wsgi.url_scheme" in held and _WRITTEN.search(held) is not None
        made = any(name in held for name in _LAST_NAMES)
        django = [key for key in _DJANGO if key in held]
        if not (own or made or django) or place_of(path) is not Place.DEPLOYED:
            continue
        module = configuration.project.module(path)
        if module is None:
            continue
        if own:
            yield from _of_middleware(module, configuration)
        yield from _of_libraries(module, configuration)
        for key in django:
            yield from _of_django(key, module, configuration)


def _of_middleware(module: Module, configuration: Configuration) -> Iterator[Reading]:
    """The functions that write what they read from a header of the request, with the class that they belong to."""
    for scope in module.names.functions:
        nodes = list(ast.walk(scope.node))
        told = [node for node in nodes if isinstance(node, ast.Assign) and any(map(_tells, node.targets))]
        asked = [node for node in nodes if _is_asked(node)]
        if not told or not asked:
            continue
        words = dict.fromkeys(str(node.value) for node in asked if isinstance(node, ast.Constant))
        at = configuration.evaluator.span
        places = [at(node, scope) for node in asked if isinstance(node, ast.expr)]
        places += [at(node.value, scope) for node in told]
        named = scope.owner.node if scope.owner is not None else scope.node
        if isinstance(named, ast.Module):
            continue
        head = SourceSpan(module.path, named.lineno, named.col_offset + 1, named.lineno, named.col_offset + 2)
        name = named.name
        places += [head, *_wrapping(name, configuration)]
        first = replace(places[0], snippet=f"{name}: {', '.join(words)}", symbol=name)
        trust = ProxyTrust("flask", ", ".join(words))
        yield Reading(trust, Origin.DECLARED, None, None, (first, *places[1:_MOST_PLACES]))


def _tells(node: ast.expr) -> bool:
    return isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value in _TOLD


def _is_asked(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and _ASKED.fullmatch(node.value) is not None


def _wrapping(name: str, configuration: Configuration) -> Iterator[SourceSpan]:
    """Where an app is wrapped in a middleware of that name."""
    texts = configuration.project.texts
    holders = [path for path, held in texts.items() if f"{name}(" in held and place_of(path) is Place.DEPLOYED]
    for module in configuration.project.parsed(holders):
        for call, scope in module.names.calls:
            if call.args and may_name(call.func, scope, frozenset({name})):
                yield configuration.evaluator.span(call, scope)


def _of_libraries(module: Module, configuration: Configuration) -> Iterator[Reading]:
    for call, scope in module.names.calls:
        nodes = (call.func, *call.args[:1])  # `add_middleware` is handed the class
        for node in nodes:
            named = may_name(node, scope, _LAST_NAMES)
            name = configuration.evaluator.qualified(node, scope) if named else None
            if name in _MAKERS:
                shown = f"{name.rpartition('.')[2]}(…)"
                at = replace(configuration.evaluator.span(call, scope), snippet=shown, symbol=name)
                yield Reading(ProxyTrust(_MAKERS[name], shown), Origin.DECLARED, None, None, (at,))


def _of_django(key: str, module: Module, configuration: Configuration) -> Iterator[Reading]:
    for entry in configuration.within(module, key):
        worth = configuration.worth(entry)
        if not (isinstance(worth, Known) and not worth.value):
            at = replace(entry.at, snippet=f"{key} = …", symbol=key)
            yield Reading(ProxyTrust("django", key), Origin.DECLARED, None, None, (at,))
