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
from everyhop.scan.resolve.scopes import FunctionNode
from everyhop.scan.resolve.values import Known
from everyhop.scan.sightings.entries import Configuration
from everyhop.scan.sightings.places import Place, place_of

# What tells an app the scheme and the peer (PEP 3333): whoever writes these takes somebody's word for them.
_TOLD: Final = frozenset({"wsgi.url_scheme", "REMOTE_ADDR"})
_SCOPE: Final = frozenset({"scheme", "client"})  # the same of an ASGI app's `scope`
_ASKED: Final = re.compile(
    r"HTTP_X_(?:FORWARDED_\w+|SCHEME|REAL_IP|SCRIPT_NAME|PROTO\w*|URL_SCHEME)|HTTP_FORWARDED"
    r"|(?i:x-forwarded-\w+|x-real-ip|x-scheme)"
)
_WRITTEN: Final = ("HTTP_X_", "HTTP_FORWARDED", "-Forwarded-", "-forwarded-", "X-Real-I", "X-Scheme")
_WRITES: Final = (*sorted(_TOLD), 'scope["', "scope['")
# What servers are told by an argument, or an entry of their options: believe whoever connects, or these.
_OPTIONS: Final = {"xheaders": "tornado", "trusted_proxy": "waitress"}
_MAKERS: Final = {
    "flask_reverse_proxy.FlaskReverseProxied": "flask",
    "flask_reverse_proxy_fix.middleware.ReverseProxyPrefixFix": "flask",
    "invenio_base.wsgi.wsgi_proxyfix": "flask",
    "hypercorn.middleware.ProxyFixMiddleware": "hypercorn",
    "hypercorn.middleware.proxy_fix.ProxyFixMiddleware": "hypercorn",
    "uvicorn.middleware.proxy_headers.ProxyHeadersMiddleware": "uvicorn",
}
_LAST_NAMES: Final = frozenset(name.rpartition(".")[2] for name in _MAKERS)
_DJANGO: Final = ("SECURE_PROXY_SSL_HEADER", "USE_X_FORWARDED_HOST")
_ANSWERING: Final = re.compile(
    r"addr|(?:^|_)ips?(?:_|$)|remote|client|(?:^|_)host|scheme|proto|forwarded|is_(?:secure|https|ssl)", re.IGNORECASE
)
_HOLDING: Final = frozenset({"headers", "environ", "META"})
_ASKING: Final = tuple(f"{name}{mark}" for name in sorted(_HOLDING) for mark in (".get", "["))
_MOST_PLACES: Final = 8


def read(configuration: Configuration) -> Iterator[Reading]:
    """A reading for each middleware that believes such headers, and each setting that says so."""
    for path, held in configuration.project.texts.items():
        own = any(word in held for word in _WRITES) and any(word in held for word in _WRITTEN)
        made = any(name in held for name in _LAST_NAMES)
        django = [key for key in _DJANGO if key in held]
        told = [key for key, server in _OPTIONS.items() if key in held and server in held]
        asks = any(word in held for word in _WRITTEN) and any(word in held for word in _ASKING)
        if not (own or made or django or told or asks) or place_of(path) is not Place.DEPLOYED:
            continue
        module = configuration.project.module(path)
        if module is None:
            continue
        if own:
            yield from _of_middleware(module, configuration)
        if asks:
            yield from _of_answers(module, configuration)
        yield from _of_libraries(module, configuration)
        for key in django:
            yield from _of_django(key, module, configuration)
        for key in told:
            yield from _of_option(key, module, configuration)


def _of_middleware(module: Module, configuration: Configuration) -> Iterator[Reading]:
    """The functions that write what they read from a header of the request, with the class that they belong to."""
    for scope in module.names.functions:
        nodes = list(ast.walk(scope.node))
        told = [node for node in nodes if isinstance(node, ast.Assign) and any(map(_tells, node.targets))]
        asked = [node for node in nodes if _is_asked(node)]
        if not told or not asked:
            continue
        words = dict.fromkeys(_word(node.value) for node in asked if isinstance(node, ast.Constant))
        at = configuration.evaluator.span
        places = [at(node, scope) for node in asked if isinstance(node, ast.expr)]
        places += [at(node.value, scope) for node in told]
        named = scope.owner.node if scope.owner is not None else scope.node
        if isinstance(named, ast.Module):
            continue
        head = SourceSpan(module.path, named.lineno, named.col_offset + 1, named.lineno, named.col_offset + 2)
        name = named.name
        if scope.owner is not None and not _is_used(name, configuration):
            continue
        places += [head, *_wrapping(name, configuration)]
        first = replace(places[0], snippet=f"{name}: {', '.join(words)}", symbol=name)
        trust = ProxyTrust("flask", ", ".join(words))
        yield Reading(trust, Origin.DECLARED, None, None, (first, *places[1:_MOST_PLACES]))


def _of_answers(module: Module, configuration: Configuration) -> Iterator[Reading]:
    """The functions that give a request's peer or scheme, and take it from a header: `def client_ip(): …`."""
    for scope in module.names.functions:
        if not isinstance(scope.node, FunctionNode) or not scope.returns or not _ANSWERING.search(scope.node.name):
            continue
        asked = [node for node in ast.walk(scope.node) if _asks(node)]
        if asked and not any(
            isinstance(node, ast.Assign) and any(map(_tells, node.targets)) for node in scope.node.body
        ):
            words = dict.fromkeys(
                _word(part.value)
                for node in asked
                for part in ast.walk(node)
                if isinstance(part, ast.Constant) and _is_asked(part)
            )
            places = [configuration.evaluator.span(node, scope) for node in asked if isinstance(node, ast.expr)]
            first = replace(places[0], snippet=f"{scope.node.name}: {', '.join(words)}", symbol=scope.node.name)
            trust = ProxyTrust("flask", ", ".join(words))
            yield Reading(trust, Origin.DECLARED, None, None, (first, *places[1:_MOST_PLACES]))


def _asks(node: ast.AST) -> bool:
    """`request.headers.get("X-Forwarded-For")`, `environ["HTTP_X_REAL_IP"]`."""
    match node:
        case ast.Call(func=ast.Attribute(attr="get" | "getlist" | "getone", value=holder), args=[key, *_]):
            pass
        case ast.Subscript(value=holder, slice=key, ctx=ast.Load()):
            pass
        case _:
            return False
    held = holder.attr if isinstance(holder, ast.Attribute) else getattr(holder, "id", "")
    return held in _HOLDING and _is_asked(key)


def _tells(node: ast.expr) -> bool:
    if not (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)):
        return False
    in_scope = isinstance(node.value, ast.Name) and node.value.id == "scope" and node.slice.value in _SCOPE
    return node.slice.value in _TOLD or in_scope


def _is_asked(node: ast.AST) -> bool:
    if not isinstance(node, ast.Constant):
        return False
    return isinstance(node.value, str | bytes) and _ASKED.fullmatch(_word(node.value)) is not None


def _word(written: object) -> str:
    return written.decode("latin-1") if isinstance(written, bytes) else str(written)


def _is_used(name: str, configuration: Configuration) -> bool:
    """Whether anything but its own definition names a class: a middleware that nobody takes up believes nobody."""
    named = re.compile(rf"(?<!class )\b{name}\b(?=[ \t]*[(,)\]])")
    return any(name in held and named.search(held) for held in configuration.project.texts.values())


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


def _of_option(key: str, module: Module, configuration: Configuration) -> Iterator[Reading]:
    """`HTTPServer(app, xheaders=True)`, `{"xheaders": True}`, `serve(app, trusted_proxy="*")`."""
    for entry in configuration.within(module, key):
        worth = configuration.worth(entry)
        if entry.owner is None and not (isinstance(worth, Known) and not worth.value):
            at = replace(entry.at, snippet=f"{key}=…", symbol=key)
            yield Reading(ProxyTrust(_OPTIONS[key], key), Origin.DECLARED, None, None, (at,))
