"""`failures.json`: the renewals that failed, as text and back."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final

from everyhop.lineage.fields import Fields
from everyhop.lineage.renewal import Failures
from everyhop.model.secret import masked

SCHEMA: Final = "everyhop-failures/1"
_LONGEST: Final = 1000  # characters of a reason that are kept


def to_json(failures: Failures) -> bytes:
    """The document. A reason is kept without the passwords that may stand in it."""
    last = failures.last.isoformat() if failures.last else None
    reason = masked(failures.reason)[:_LONGEST] if failures.reason else None
    return json.dumps({"schema": SCHEMA, "count": failures.count, "last": last, "reason": reason}, indent=1).encode()


def from_json(content: bytes, path: str) -> Failures:
    """The failures in a document; `path` is its file. Raises `LineageError` with the key."""
    fields = Fields.parse(content, path, SCHEMA)
    fields.only("schema", "count", "last", "reason")
    last = fields.read("last", _time) if fields.optional_text("last") else None
    return Failures(fields.number("count"), last, fields.optional_text("reason"))


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("a time with an offset is expected")
    return time
