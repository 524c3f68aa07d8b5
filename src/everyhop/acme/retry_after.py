"""What a Retry-After header asks for: seconds, or a date (RFC 9110 section 10.2.3)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

_LONGEST: Final = timedelta(days=30)  # longer than any rate limit of a public authority; a bound for arithmetic
_LONGEST_TEXT: Final = 64  # characters; an HTTP date has 29


def wait(header: str | None, now: datetime) -> timedelta | None:
    """How long to wait from `now`, never less than nothing and never more than 30 days; None where nothing is asked.

    What is neither seconds nor a date asks for nothing.
    """
    if header is None or len(header) > _LONGEST_TEXT:
        return None
    text = header.strip()
    if re.fullmatch(r"[0-9]+", text, re.ASCII):
        return timedelta(seconds=min(int(text), int(_LONGEST.total_seconds())))
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:  # "-0000": a time in UTC of which no zone is told (RFC 5322 section 3.3)
            return None
        return min(max(moment - now, timedelta()), _LONGEST)
    except (ValueError, TypeError, OverflowError):
        return None
