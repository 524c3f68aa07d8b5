"""What of a file's text people are shown."""

from __future__ import annotations

import re
from enum import Enum
from typing import assert_never

from everyhop.model.secret import MASK, masked

# Values in a NAME=VALUE file that give nothing away: switches, absolute paths, and URLs, whose passwords are masked.
_HARMLESS = re.compile(r"""(['"]?)(?:true|false|on|off|yes|no|/[\w./@+-]*)\1\s*""", re.IGNORECASE)
_SETTING = re.compile(r"(?P<head>[\s#]*(?:export\s+)?[A-Za-z_][\w.]*\s*=\s*)(?P<value>.*)", re.DOTALL)
_URL = re.compile(r"""['"]?[A-Za-z][A-Za-z0-9+.\-]*://""")
# pg_hba.conf's own: LDAP bind passwords and RADIUS secrets stand between its options.
_HBA_SECRETS = re.compile(r"(?P<head>\b(?:ldapbindpasswd|radiussecrets)=)(?:\"[^\"]*\"|\S+)")
_CERTIFICATE = re.compile(r"(?<=-----BEGIN CERTIFICATE-----\n)(?:[A-Za-z0-9+/=]+\n)+(?=-----END CERTIFICATE-----)")
_KEY_BLOCK = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)


class Disclosure(Enum):
    """How much of a file is shown in a diff."""

    MASKED = "all but passwords and keys"
    NAMES = "names; values only where they are no secret"
    NOTHING = "nothing"


def shown(text: str, disclosure: Disclosure) -> str:
    """The text for people. Never raises: it is used on whatever a file holds."""
    match disclosure:
        case Disclosure.MASKED:
            return _masked(text)
        case Disclosure.NAMES:
            return "".join(_setting(line) for line in text.splitlines(keepends=True))
        case Disclosure.NOTHING:
            return ""
        case _:
            assert_never(disclosure)


def _masked(text: str) -> str:
    text = _KEY_BLOCK.sub(f"(private key: {MASK})", text)
    text = _CERTIFICATE.sub("…\n", text)  # no secret, and nothing that a person could read
    text = _HBA_SECRETS.sub(lambda match: f"{match['head']}{MASK}", text)
    return "".join(masked(line) for line in text.splitlines(keepends=True))


def _setting(line: str) -> str:
    """One line of a dotenv file; what is neither a setting nor a remark may be part of a value over several lines."""
    body = line.rstrip("\r\n")
    ending = line[len(body) :]
    match = _SETTING.fullmatch(body)
    if match is None:
        remark = not body.strip() or body.lstrip().startswith("#")
        return (_masked(body) if remark else MASK) + ending
    value = match["value"]
    if _URL.match(value):
        return match["head"] + _masked(value) + ending
    kept = not value or _HARMLESS.fullmatch(value)
    return match["head"] + (value if kept else MASK) + ending
