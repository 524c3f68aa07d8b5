"""`ENGINE = "everyhop.django.postgresql"`."""

from __future__ import annotations

from django.db.backends.postgresql import base  # type: ignore[import-untyped]

from everyhop.django.guarded import GuardedWrapper


class DatabaseWrapper(GuardedWrapper, base.DatabaseWrapper):  # type: ignore[misc]
    """As Django's, and nothing less than demanded."""
