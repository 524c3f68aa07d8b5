"""A group that imports a subcommand when it is called: who lists need not wait for what issues."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from everyhop.model.nearest import did_you_mean


class LazyGroup(click.Group):
    """Its subcommands are where `places` says."""

    def __init__(self, *arguments: Any, places: Mapping[str, str] | None = None, **rest: Any) -> None:
        super().__init__(*arguments, **rest)
        self._places = places or {}

    def places(self) -> Mapping[str, str]:
        """Where each subcommand is (`module:attribute`), in the order of the help."""
        return self._places

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in order."""
        return list(self.places())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Import a subcommand's module; None where there is no such subcommand."""
        place = self.places().get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the subcommand that is meant; a name that is none gets the nearest one as a hint."""
        name = args[0]
        if name not in self.places() and not name.startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(f"there is no command {name!r}{did_you_mean(name, self.places())}", ctx)
        return super().resolve_command(ctx, args)
