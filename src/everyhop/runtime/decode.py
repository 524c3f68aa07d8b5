"""The child's lines as values. What is known of libpq's files is settled here: they are read as the driver would."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from everyhop.dialects.registry import WIRES, resolve
from everyhop.dialects.settings import UNRESOLVED, DialerSettings, PeerCheck, PythonContext
from everyhop.errors import SettingsError
from everyhop.model.posture import Floor
from everyhop.model.secret import Secret
from everyhop.model.sighting import Version
from everyhop.runtime.handed import LIBPQ, without_missing_root
from everyhop.runtime.live import Checks, Live
from everyhop.runtime.sampled import EngineSample, ServerView

_FLOORS: Final = {
    "TLSv1": Floor.TLS_1_0,
    "TLSv1_1": Floor.TLS_1_1,
    "TLSv1_2": Floor.TLS_1_2,
    "TLSv1_3": Floor.TLS_1_3,
}


def engine(
    found: Mapping[str, Any], loaded: Mapping[str, Any], dialing: Any, answer: Any, directory: str
) -> EngineSample:
    """One engine from its four lines; `dialing` and `answer` are None where they did not come."""
    answer = answer or {}
    live, server = answer.get("live"), answer.get("server")
    settings = None if dialing is None else _settings(found, loaded, dialing["connect_args"], directory)
    product = "mariadb" if "mariadb" in ((server or {}).get("server_version") or "").lower() else found["dialect"]
    return EngineSample(
        name=found["name"],
        product=product,
        wire=WIRES.get(product),
        driver=found["driver"],
        url=found["url"],
        build=found["build"],
        settings=settings and replace(settings, product=product),
        live=_live(live) if live else None,
        server=ServerView(**server) if server else None,
        reason=answer.get("unasked") or answer.get("error") or "",
        hint="" if live else _hint(answer),
    )


def _hint(answer: Mapping[str, Any]) -> str:
    if "unasked" in answer:
        return (
            "its settings are judged by `everyhop explain`; its live connection will be once everyhop knows this driver"
        )
    return (
        "this is what the app's own driver said: connect as the app does, from the same host and with its environment"
    )


def _settings(
    found: Mapping[str, Any], loaded: Mapping[str, Any], connect_args: Mapping[str, Any], directory: str
) -> DialerSettings | None:
    environment = dict(loaded["environment"])
    if found["driver"] in LIBPQ and loaded["home_root"]:
        environment.setdefault("PGSSLROOTCERT", loaded["home_root"])
    try:
        settings = resolve(
            found["url"],
            connect_args={key: _value(value) for key, value in connect_args.items()},
            environment=environment,
            driver=found["driver"],
            version=Version(found["version"]) if found["version"] else None,
            build=found["build"],
            sqlalchemy=Version(loaded["sqlalchemy"]),
        )
    except SettingsError:
        return None  # a product without a wire: the engine's gap says so
    return without_missing_root(settings, directory) if found["driver"] in LIBPQ else settings


def _value(told: Any) -> object:
    if not isinstance(told, dict):
        return told
    match told.get("$"):
        case None:
            return {key: _value(value) for key, value in told.items()}
        case "secret":
            return Secret("***")
        case "context":
            peer = PeerCheck.REQUIRED if told["chain"] else PeerCheck.NONE
            floor = _FLOORS.get(told["minimum"], Floor.NONE)
            return PythonContext(peer, told["name"], None, floor, None, told["common_name"])
        case _:
            return UNRESOLVED


def _live(fields: Mapping[str, Any]) -> Live:
    checks, peer = fields["checks"], fields["peer"]
    return Live(
        **{
            **fields,
            "checks": checks and Checks(**checks),
            "peer": base64.b64decode(peer) if peer else None,
        }
    )
