"""Settings as the text of an everyhop.toml: what `load` reads back as the same hops and listeners."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from everyhop.config.settings import Settings
from everyhop.model.endpoint import Endpoint, UnixEndpoint
from everyhop.model.hop import Hop
from everyhop.model.wire import Wire

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_SCHEMES: Final = {Wire.POSTGRES: "postgresql", Wire.MYSQL: "mysql"}
_OF_PRODUCT: Final = {"mariadb": "mariadb", "cockroachdb": "cockroachdb"}


def written(settings: Settings, remarks: Mapping[str, Iterable[str]], last: Iterable[str] = ()) -> str:
    """The text. `remarks` are comments below a hop, by its name; `last` are those at the end of the file.

    Written are the policy's keys, and of hops and listeners everything but demands of their own.
    """
    policy = settings.policy
    local = ", ".join(_text(where.value) for where in sorted(policy.local, key=lambda where: where.value, reverse=True))
    lines = [
        "[policy]",
        f"require = {_text(policy.require.word)}",
        *([f"floor = {_text(policy.floor.word)}"] if policy.floor.word else []),
        f"local = [{local}]",
        f"undeployed = {_text(policy.undeployed.value)}  # findings in tests, documentation and examples alone",
    ]
    browsed = False
    for hop in settings.topology.hops:
        first = hop.wire is Wire.HTTP and not browsed
        browsed = browsed or first
        lines += ["", *_hop(hop, settings, "browser" if first else "app"), *map(_comment, remarks.get(hop.name, ()))]
        lines += _listener(hop.name, settings)
    comments = [_comment(line) for line in last]
    return "\n".join([*lines, *([""] if comments else []), *comments]) + "\n"


def _hop(hop: Hop, settings: Settings, usual: str) -> Iterator[str]:
    known = settings.hops.get(hop.name)
    yield f"[hop.{_key(hop.name)}]"
    if hop.dialer != usual:
        yield f"dialer = {_text(hop.dialer)}"
    if known is not None and known.location is not None:
        yield f"endpoint = {_text(str(known.location))}"
    elif hop.endpoint is not None:
        listener = settings.listeners.get(hop.name)
        yield f"endpoint = {_text(location_text(hop.endpoint, hop.wire, listener.product if listener else None))}"
    if known is not None and known.app:
        yield f"app = {_text(known.app)}"
    if known is not None and known.url_env:
        yield f"url_env = {_text(known.url_env)}"


def _listener(name: str, settings: Settings) -> Iterator[str]:
    listener = settings.listeners.get(name)
    if listener is None:
        return
    yield ""
    yield f"[listener.{_key(name)}]"
    yield f"product = {_text(listener.product)}"
    for key, value in (
        ("config", listener.config),
        ("certificate", listener.certificate),
        ("issuer", listener.issuer),
    ):
        if value is not None:
            yield f"{key} = {_text(str(value))}"


def location_text(endpoint: Endpoint, wire: Wire, product: str | None) -> str:
    """An endpoint as a person writes it: `mariadb://db.internal:3306`, `https://tips.example.org`, `unix:/run/x`."""
    if isinstance(endpoint, UnixEndpoint):
        return str(endpoint)
    if wire is Wire.HTTP:
        return f"{'http' if endpoint.port == 80 else 'https'}://{endpoint}"
    return f"{_OF_PRODUCT.get(product or '', _SCHEMES[wire])}://{endpoint}"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(value: str) -> str:
    """A basic string (toml.io, v1.0.0): JSON's, but for the one control character that JSON leaves as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(text: str) -> str:
    return f"# {' '.join(text.split())}"
