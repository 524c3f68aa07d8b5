"""The options that say who uses a certificate: where its files go, whose they are, who is told."""

from __future__ import annotations

import functools
import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from everyhop.disk import account
from everyhop.errors import DiskError, SettingsError
from everyhop.jobs.claim import Strangers
from everyhop.lineage.deployment import Consumer, Deployment, Part, default_deployment
from everyhop.lineage.layout import files_in, folder_for
from everyhop.lineage.terms import IssuerName
from everyhop.model.certificate import CertificateRequest, LeafProfile
from everyhop.model.location import Location
from everyhop.model.owner import Owner

R = TypeVar("R")

_PRODUCTS = [one.value for one in Consumer if one is not Consumer.APP]


@dataclass(frozen=True, slots=True)
class DeploymentOptions:
    """What was said; None and empty where nothing was."""

    consumer: Consumer | None
    out: Path | None
    owner: Owner | None
    reload: tuple[str, ...] | None
    endpoint: str | None
    parts: frozenset[Part]
    strangers: Strangers


def deployment_options(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command these options, as one argument `deployment: DeploymentOptions`."""

    @functools.wraps(command)
    def with_deployment(*args: Any, consumer: str | None, out: Path | None, owner: str | None, **rest: Any) -> R:
        words, endpoint, wants_crl = rest.pop("reload_command"), rest.pop("endpoint"), rest.pop("crl")
        parts = {Part.CHAIN, Part.KEY, Part.ANCHORS, *([Part.CRL] if wants_crl else [])}
        strangers = Strangers.OVERWRITTEN if rest.pop("overwrite") else Strangers.KEPT
        options = DeploymentOptions(
            Consumer(consumer) if consumer else None, out, _owner(owner), _words(words), _endpoint(endpoint),
            frozenset(parts), strangers,
        )  # fmt: skip
        return command(*args, deployment=options, **rest)

    decorated: Callable[..., R] = with_deployment
    for option in (
        click.option(
            "--overwrite",
            is_flag=True,
            help="Replace files that are there already, and that everyhop did not write.",
        ),
        click.option(
            "--crl",
            is_flag=True,
            help="Deploy the revocation lists as well (ca.crl), for servers that ask for clients.",
        ),
        click.option(
            "--endpoint", metavar="ENDPOINT", help="Where renew looks whether it is served: postgresql://db:5432"
        ),
        click.option(
            "--reload", "reload_command", metavar="COMMAND", help="How it is told (default: the product's usual way)."
        ),
        click.option(
            "--owner", metavar="USER:GROUP", help="Whose the files are (default: as the product's package has it)."
        ),
        click.option(
            "--out", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Where the files go."
        ),
        click.option(
            "--for", "consumer", type=click.Choice(_PRODUCTS), help="Who uses it: sets folder, owner, mode, reload."
        ),
    ):
        decorated = option(decorated)
    return decorated


def deployment_of(
    options: DeploymentOptions, request: CertificateRequest, name: str, issuer: IssuerName
) -> tuple[Deployment, ...]:
    """The deployment that was asked for, if one was. Raises `SettingsError`."""
    if options.consumer is None and options.out is None:
        beside = (options.owner, options.reload, options.endpoint)
        if any(one is not None for one in beside) or Part.CRL in options.parts:
            raise SettingsError(
                "nothing says where the files go", hint="--for PRODUCT has usual places, --out DIR names one"
            )
        return ()
    consumer = options.consumer or Consumer.APP
    folder = os.path.abspath(options.out) if options.out else _usual_folder(consumer, request, name)  # noqa: PTH100 - no link is followed
    # What a public authority issued is believed by the system's anchors: certbot and ACME hand none over.
    parts = options.parts if issuer is IssuerName.INTERNAL else options.parts - {Part.ANCHORS}
    files = files_in(folder, consumer, request, parts)
    owner, reload = options.owner, options.reload
    if options.consumer is None or request.profile is LeafProfile.CLIENT:
        # A client's key is the client's, and no server is told of it.
        owner, reload = owner or account.owner(*account.own_numbers()), reload or ()
    deployment = default_deployment(consumer, files, owner=owner, reload=reload)
    _refuse_unknown(deployment.owner)
    return (replace(deployment, endpoint=options.endpoint),)


def _refuse_unknown(owner: Owner) -> None:
    """Before anything is issued: files that nobody could own would only be put back."""
    try:
        account.numbers(owner)
    except DiskError as error:
        hint = "is the product installed? --owner USER:GROUP names another one"
        raise SettingsError(error.message, key="--owner", hint=hint) from error


def _usual_folder(consumer: Consumer, request: CertificateRequest, name: str) -> str:
    if request.profile is LeafProfile.CLIENT and consumer is not Consumer.COCKROACHDB:
        raise SettingsError("a client's files go where the client looks for them", hint="--out DIR says where")
    return folder_for(consumer, name)


def _owner(text: str | None) -> Owner | None:
    if text is None:
        return None
    try:
        return Owner.parse(text)
    except ValueError as error:
        raise SettingsError(str(error), key="--owner", hint="root:postgres, mysql:mysql") from error


def _words(command: str | None) -> tuple[str, ...] | None:
    if command is None:
        return None
    try:
        return tuple(shlex.split(command))
    except ValueError as error:
        raise SettingsError(
            f"the command cannot be read: {error}", key="--reload", hint="quote it as a shell"
        ) from error


def _endpoint(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return str(Location.parse(text))
    except ValueError as error:
        raise SettingsError(str(error), key="--endpoint", hint="postgresql://db.internal:5432") from error
