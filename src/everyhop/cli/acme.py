"""The options that say how an ACME server is asked."""

from __future__ import annotations

import functools
import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from everyhop.acme.account import AccountWish, Binding, Terms
from everyhop.acme.standalone import EVERYWHERE, listened
from everyhop.cli import passphrase
from everyhop.errors import SettingsError
from everyhop.lineage.terms import AcmeTerms
from everyhop.model.endpoint import TcpEndpoint

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class AcmeOptions:
    """What is asked of which server, and what an account is made with."""

    terms: AcmeTerms
    account: AccountWish


_OPTIONS = (
    click.option(
        "--directory", default="letsencrypt", show_default=True, metavar="URL",
        help="ACME server: letsencrypt, letsencrypt-staging, or an https:// address.",
    ),
    click.option("--agree-terms", is_flag=True, help="ACME: you have read its terms of service, and agree."),
    click.option("--contact", multiple=True, metavar="MAIL", help="ACME: an address for the account (repeatable)."),
    click.option(
        "--webroot", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
        help="ACME: prove names by files below DIR, which a server on port 80 shows.",
    ),
    click.option("--standalone", is_flag=True, help="ACME: prove names by answering on port 80 for a moment."),
    click.option(
        "--listen", metavar="HOST:PORT",
        help="ACME: with --standalone, where (default: every address, port 80, to which authorities come).",
    ),
    click.option("--dns-hook", metavar="COMMAND", help="ACME: prove names by a program that writes into the DNS."),
    click.option("--eab-kid", metavar="ID", help="ACME: the key id of an external account."),
    click.option(
        "--eab-key-file", type=click.Path(path_type=Path), metavar="FILE", help="ACME: and its HMAC key, in a file."
    ),
    click.option("--acme-profile", metavar="NAME", help="ACME: one of the server's profiles (shortlived, tlsserver)."),
    click.option(
        "--acme-ca", type=click.Path(path_type=Path), metavar="FILE", help="ACME: anchors of a server of your own."
    ),
)  # fmt: skip


def acme_options(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command these options, as one argument `acme: AcmeOptions`."""

    @functools.wraps(command)
    def with_acme(*args: Any, **rest: Any) -> R:
        said = {name: rest.pop(name) for name in _NAMES}
        return command(*args, acme=_options(**said), **rest)

    decorated: Callable[..., R] = with_acme
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


_NAMES = (
    *("directory", "agree_terms", "contact", "webroot", "standalone", "listen", "dns_hook"),
    *("eab_kid", "eab_key_file", "acme_profile", "acme_ca"),
)


def _options(
    *,
    directory: str,
    agree_terms: bool,
    contact: tuple[str, ...],
    webroot: Path | None,
    standalone: bool,
    listen: str | None,
    dns_hook: str | None,
    eab_kid: str | None,
    eab_key_file: Path | None,
    acme_profile: str | None,
    acme_ca: Path | None,
) -> AcmeOptions:
    if (eab_kid is None) != (eab_key_file is None):
        raise click.UsageError("--eab-kid and --eab-key-file go together", click.get_current_context())
    if listen is not None and not standalone:
        raise click.UsageError("--listen goes with --standalone", click.get_current_context())
    binding = None
    if eab_kid is not None and eab_key_file is not None:
        binding = Binding(eab_kid, passphrase.from_file(eab_key_file, "--eab-key-file"))
    terms = AcmeTerms(
        directory,
        webroot=None if webroot is None else os.path.abspath(webroot),  # noqa: PTH100 - no link is followed
        standalone=_listened(listen) if standalone else None,
        dns_hook=_words(dns_hook),
        profile=acme_profile,
        anchors=None if acme_ca is None else os.path.abspath(acme_ca),  # noqa: PTH100 - as above
    )
    return AcmeOptions(terms, AccountWish(Terms.AGREED if agree_terms else Terms.NOT_AGREED, contact, binding))


def _listened(text: str | None) -> TcpEndpoint:
    try:
        return EVERYWHERE if text is None else listened(text)
    except ValueError as error:
        raise SettingsError(str(error), key="--listen", hint="10.0.0.5:80, [2001:db8::5]:80, :8080") from error


def _words(command: str | None) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(command or ""))
    except ValueError as error:
        message = f"the command cannot be read: {error}"
        raise SettingsError(message, key="--dns-hook", hint="quote it as a shell does") from error
