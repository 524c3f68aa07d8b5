"""Opens one connection of an engine as the application does, and brings home what it says."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from everyhop.model.secret import masked
from everyhop.runtime.connection import look
from everyhop.runtime.hiding import Hiding, is_secret
from everyhop.runtime.live import Unasked
from everyhop.runtime.python_tls import oldest
from everyhop.runtime.server_view import view

Tell = Callable[..., None]


def dial(index: int, engine: Any, tell: Tell, hiding: Hiding) -> None:
    """Connect and tell: the arguments that reach the driver, then the connection's answer, or the error."""
    if engine.dialect.is_async:
        reason = f"everyhop does not know how to ask a connection of {engine.dialect.driver}"
        tell("answer", index=index, unasked=reason)
        return
    try:
        _dial(index, engine, tell, hiding)
    except Exception as error:  # noqa: BLE001 - drivers, hooks of the application: whatever it is, it is told
        cause = getattr(error, "orig", None) or error  # without SQLAlchemy's "Background on this error at …"
        tell("answer", index=index, error=hiding(f"{type(cause).__name__}: {cause}"))


def _dial(index: int, engine: Any, tell: Tell, hiding: Hiding) -> None:
    from sqlalchemy import event  # noqa: PLC0415 - the application has loaded it

    told = False

    def arguments(dialect: Any, _record: object, _positional: object, given: dict[str, Any]) -> None:
        nonlocal told
        if not told:
            told = True
            tell("dialing", index=index, connect_args=_beyond_url(engine.url, dialect, given, hiding))

    # The last hook of its kind: what the application's own hooks have changed is seen.
    event.listen(engine, "do_connect", arguments)
    engine.dispose()  # what is pooled already was not opened before these eyes
    proxy = engine.raw_connection()
    try:
        connection = getattr(proxy, "driver_connection", None) or proxy.dbapi_connection
        live = look(connection)
        if isinstance(live, Unasked):
            tell("answer", index=index, unasked=hiding(live.reason))
            return
        settings_too = live.identity_verified
        seen = view(proxy, engine.dialect.dbapi.Error, live.driver, settings_too=settings_too)
    finally:
        proxy.close()
    fields = asdict(live)
    fields["peer"] = base64.b64encode(live.peer).decode() if live.peer else None
    fields["parameters"] = {key: masked(value) for key, value in live.parameters.items()}
    server = {key: hiding(value) if isinstance(value, str) else value for key, value in seen.items()}
    tell("answer", index=index, live=fields, server=server)


def _beyond_url(url: Any, dialect: Any, given: dict[str, Any], hiding: Hiding) -> dict[str, Any]:
    """What reaches the driver and does not come from the URL: `connect_args`, and what hooks have added."""
    for option, value in given.items():
        if is_secret(option):
            hiding.learn(value)
    _, from_url = dialect.create_connect_args(url)
    missing = object()
    return {option: _told(option, value) for option, value in given.items() if from_url.get(option, missing) != value}


def _told(option: str, value: Any) -> Any:
    """A value as JSON; what has no such form is described under a key of its own, `$`."""
    if is_secret(option):
        return {"$": "secret"}
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return masked(value)  # a file's name stays a file's name, even where a part of it is the password, too
    if isinstance(value, dict):
        return {str(key): _told(str(key), item) for key, item in value.items()}
    if hasattr(value, "verify_mode") and hasattr(value, "check_hostname"):
        return _context(value)
    return {"$": "other", "type": type(value).__name__}


def _context(context: Any) -> dict[str, Any]:
    return {
        "$": "context",
        "chain": context.verify_mode.name != "CERT_NONE",
        "name": bool(context.check_hostname),
        "minimum": oldest(context),
        "common_name": bool(context.hostname_checks_common_name),
    }
