"""Files as values: how each was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from everyhop.model.owner import Owner
from everyhop.model.secret import Secret


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file as it was found: its text (bytes that are no UTF-8 as surrogates), mode bits and owner.

    The text is a `Secret`, because nobody knows what a configuration file holds until it is read.
    """

    content: Secret
    mode: int
    owner: Owner


Files = Mapping[str, Found | None]
"""What was there beforehand, by absolute path; None where nothing was. A path that is not in it was not looked at."""
