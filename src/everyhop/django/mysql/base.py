"""`ENGINE = "everyhop.django.mysql"`."""

from __future__ import annotations

from django.db.backends.mysql import base  # type: ignore[import-untyped]

from everyhop.django.guarded import GuardedWrapper


class DatabaseWrapper(GuardedWrapper, base.DatabaseWrapper):  # type: ignore[misc]
    """As Django's, and nothing less than demanded."""
