"""Tells of refusals: a log line, a signal of blinker's where that is installed; and of TLS, on OpenTelemetry's span."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

from everyhop.model.endpoint import Endpoint
from everyhop.model.posture import Assurance
from everyhop.model.secret import masked
from everyhop.runtime.connection import look
from everyhop.runtime.guard.objection import Objection
from everyhop.runtime.guard.settings import Mode
from everyhop.runtime.live import Live

LOGGER: Final = logging.getLogger("everyhop.guard")
SIGNAL: Final = "everyhop-refused"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was refused, or in `report` mode would have been."""

    hop: str
    driver: str
    endpoint: Endpoint | None
    required: Assurance
    mode: Mode
    objection: Objection

    def __str__(self) -> str:
        """One line of `key=value` pairs; the message comes last and is quoted."""
        fields = {
            "event": "refused" if self.mode is Mode.ENFORCE else "would-refuse",
            "hop": _word(self.hop),
            "driver": _word(self.driver),
            "endpoint": _word(str(self.endpoint)) if self.endpoint else "unknown",
            "required": self.required.word,
            "reason": self.objection.reason.value,
        }
        pairs = " ".join(f"{key}={value}" for key, value in fields.items())
        return f'{pairs} message="{_printable(masked(self.objection.message))}"'


def tell(sender: Any, refusal: Refusal) -> None:
    """Log it, and send the signal."""
    level = logging.ERROR if refusal.mode is Mode.ENFORCE else logging.WARNING
    LOGGER.log(level, "%s", refusal, extra={"everyhop": refusal})
    if find_spec("blinker") is not None:
        import blinker  # noqa: PLC0415 - only where there is something to tell, and only where it is installed

        try:
            blinker.signal(SIGNAL).send(sender, refusal=refusal)
        except Exception:
            # Whether a connection is refused, and that it is closed then, is no affair of who hears of it.
            LOGGER.exception("event=not-heard signal=%s", SIGNAL)


def trace(connection: Any) -> None:
    """Put OpenTelemetry's `tls.*` attributes on the span that is open, where somebody traces and the span is kept."""
    api = sys.modules.get("opentelemetry.trace")
    if api is None:
        return
    try:
        _trace(api, connection)
    except Exception:  # spans are made by whoever traces; the connection is good
        LOGGER.exception("event=not-traced")


def _trace(api: Any, connection: Any) -> None:
    span = api.get_current_span()
    if not span.is_recording():
        return
    found = look(connection)
    if not isinstance(found, Live):
        return
    span.set_attribute("tls.established", found.tls)
    if found.version:
        name, _, version = found.version.partition("v")
        span.set_attribute("tls.protocol.name", name.lower())
        span.set_attribute("tls.protocol.version", version)
    if found.suite:
        span.set_attribute("tls.cipher", found.suite)


def _word(text: str) -> str:
    return "".join(character if character.isprintable() and character not in ' "=' else "_" for character in text)


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() and character != '"' else "'" for character in text)
