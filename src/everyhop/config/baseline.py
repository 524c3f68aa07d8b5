"""A baseline file: the findings that a project knows of, one in a line, sorted, so that its history can be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from everyhop.errors import SettingsError
from everyhop.model.baseline import Baseline, Known
from everyhop.model.secret import masked

SCHEMA: Final = "everyhop-baseline/1"
_LARGEST: Final = 20_000_000  # bytes: a hundred thousand findings
_HINT: Final = "--write-baseline FILE writes one"
_KEYS: Final = ("where", "rule", "fingerprint", "message")


def written(baseline: Baseline) -> str:
    """The file's text: JSON with a finding in each line, so that a new or a mended one is one line in a diff."""
    rows = [json.dumps({key: masked(str(getattr(known, key))) for key in _KEYS}) for known in sorted(baseline.known)]
    findings = ",\n".join(f"    {row}" for row in rows)
    body = f"[\n{findings}\n  ]" if rows else "[]"
    return f'{{\n  "schema": "{SCHEMA}",\n  "findings": {body}\n}}'


def load(path: Path) -> Baseline:
    """Read a baseline. Raises `SettingsError` for a file that is none."""
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_LARGEST)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror or str(error) if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"the baseline cannot be read: {reason}", path=str(path), hint=_HINT) from error
    return parse(text, str(path))


def parse(text: str, shown: str) -> Baseline:
    """A text as a baseline; `shown` is the name of its file for people. Pure."""
    try:
        document: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise SettingsError(f"this is not JSON: {error.msg}", path=shown, line=error.lineno, hint=_HINT) from None
    except (ValueError, RecursionError):
        raise SettingsError("this is no baseline", path=shown, hint=_HINT) from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise SettingsError(f'this is no baseline: "schema" is not "{SCHEMA}"', path=shown, hint=_HINT)
    rows = document.get("findings")
    if not isinstance(rows, list):
        raise SettingsError("a list is expected", path=shown, key="findings", hint=_HINT)
    return Baseline(tuple(_known(row, number, shown) for number, row in enumerate(rows)))


def _known(row: object, number: int, shown: str) -> Known:
    values = [row.get(key) for key in _KEYS] if isinstance(row, dict) else []
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) != len(_KEYS) or not texts[2]:
        message = f"a finding has {', '.join(_KEYS)}, each a string"
        raise SettingsError(message, path=shown, key=f"findings[{number}]", hint=_HINT)
    return Known(*texts)
