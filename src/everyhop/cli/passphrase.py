"""Passphrases: from a file, from systemd, or asked on a terminal; never from an argument, which everybody can read."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

import click

from everyhop.deploy.timer import CREDENTIAL
from everyhop.errors import SettingsError
from everyhop.model.secret import Secret
from everyhop.pki.sealing import LEAST_PASSPHRASE

R = TypeVar("R")

_DIRECTORY: Final = "CREDENTIALS_DIRECTORY"  # systemd.exec(5)
_LARGEST: Final = 4096
OPTION: Final = "--passphrase-file"
ROOT_OPTION: Final = "--root-passphrase-file"


def passphrase_option(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command `--passphrase-file`, as `passphrase_file: Path | None`."""
    return click.option(
        OPTION,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The intermediate's passphrase, in a file that nobody else can read (else it is asked for).",
    )(command)


def root_passphrase_option(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command `--root-passphrase-file`, as `root_passphrase_file: Path | None`."""
    return click.option(
        ROOT_OPTION,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The root's passphrase, in such a file (else it is asked for).",
    )(command)


def from_file(path: Path, option: str = OPTION) -> Secret:
    """The first line of a file that only its owner reads. Raises `SettingsError`."""
    try:
        with path.open("rb") as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise SettingsError("is no file", path=str(path), key=option, hint="a passphrase is read from a file")
            if facts.st_mode & 0o077 or facts.st_uid not in {0, os.geteuid()}:
                raise SettingsError(
                    f"others can read or change it (mode {stat.S_IMODE(facts.st_mode):04o})",
                    path=str(path),
                    key=option,
                    hint=f"make it yours alone: chown {os.geteuid()} {path} && chmod 600 {path}",
                )
            raw = file.read(_LARGEST + 1)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise SettingsError(
            f"cannot be read: {reason}", path=str(path), key=option, hint="is the path right?"
        ) from error
    return _first_line(raw, str(path), option)


def given(path: Path | None, environment: Mapping[str, str]) -> Secret | None:
    """What a file says, or systemd's credential; None where there is neither."""
    if path is not None:
        return from_file(path)
    directory = environment.get(_DIRECTORY)
    if not directory:
        return None
    credential = Path(directory) / CREDENTIAL
    try:
        # Systemd hands it over readable by the service's account alone, in a mode of its own (systemd.exec(5)).
        return _first_line(credential.read_bytes()[: _LARGEST + 1], str(credential), _DIRECTORY)
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        hint = f"LoadCredential={CREDENTIAL}:FILE in the unit hands it over"
        raise SettingsError(f"cannot be read: {reason}", path=str(credential), key=_DIRECTORY, hint=hint) from error


def needed(path: Path | None, environment: Mapping[str, str], what: str = "the intermediate key") -> Secret:
    """The passphrase, asked for on a terminal where nothing else says it. Raises `SettingsError` where nobody can."""
    return given(path, environment) or asked(f"Passphrase for {what}", OPTION)


def asks(path: Path | None) -> Callable[[], Secret]:
    """The same, when somebody needs it."""
    return lambda: needed(path, os.environ)


def asked(question: str, option: str) -> Secret:
    """Ask once, without echo. Raises `SettingsError` where there is no terminal to ask on."""
    _refuse_without_terminal(question, option)
    return Secret(click.prompt(question, hide_input=True, err=True, prompt_suffix=": "))


def chosen(question: str, option: str) -> Secret:
    """Ask for a new one, twice. Raises `SettingsError` where there is no terminal to ask on."""
    _refuse_without_terminal(question, option)
    text = click.prompt(
        question,
        value_proc=_long_enough,
        hide_input=True,
        err=True,
        confirmation_prompt="Again, to be sure",
        prompt_suffix=": ",
    )
    return Secret(text)


def _long_enough(text: str) -> str:
    """Told at once, and asked again: not after everything else has been typed."""
    if len(text) < LEAST_PASSPHRASE:
        raise click.UsageError(f"It has fewer than {LEAST_PASSPHRASE} characters.")
    return text


def _refuse_without_terminal(question: str, option: str) -> None:
    if not sys.stdin.isatty():
        raise SettingsError(
            f"{question[:1].lower()}{question[1:]} is needed, and there is no terminal to ask on",
            hint=f"give a file that only you can read ({option} FILE), or systemd's credential {CREDENTIAL}",
        )


def _first_line(raw: bytes, path: str, option: str) -> Secret:
    line = raw.split(b"\n", 1)[0].removesuffix(b"\r")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError("is no text in UTF-8", path=path, key=option, hint="a passphrase is one line") from error
    if not text or len(raw) > _LARGEST:
        raise SettingsError("its first line is no passphrase", path=path, key=option, hint="a passphrase is one line")
    return Secret(text)
