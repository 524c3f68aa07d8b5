"""The application `everyhop.django`: `manage.py check` reads every entry of `DATABASES`."""

from __future__ import annotations

from django.apps import AppConfig  # type: ignore[import-untyped]
from django.core import checks  # type: ignore[import-untyped]

from everyhop.django.check import look


class EveryhopConfig(AppConfig):  # type: ignore[misc]
    """Registers the check."""

    name = "everyhop.django"
    label = "everyhop"

    def ready(self) -> None:
        """Django calls this once all applications are loaded."""
        checks.register(look, checks.Tags.security)
