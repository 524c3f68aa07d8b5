"""The app servers that a command starts: which words of it name one, and the options that it is given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from everyhop.dialects.app_servers import PROGRAMS, Names

HOLE: Final = "${…}"
"""A word, or a part of one, that only the run decides."""

Given = Mapping[str, str | None]

_BETWEEN: Final = frozenset({"&&", "||", ";", "|", "&"})
_END: Final = re.compile(r"(?<=[^\s;&|])(;|&&|\|\|)(?=[^\s;&|])")
_NOT_SERVING: Final = frozenset(
    {"install", "pkill", "kill", "killall", "pgrep", "echo", "which", "systemctl", "supervisorctl", "--version",
     "--help", "--check-config", "--print-config"}
)  # fmt: skip
_MODULES: Final = frozenset({"waitress", "cheroot"})  # programs only by `python -m`
# A settings file that a server is told by its place alone: `uwsgi site.ini`, `pserve production.ini`.
_FILE: Final = re.compile(r".*\.(?:ini|xml|ya?ml)(?:#\w+)?")

# What stands before a program that a line of a script starts: assignments, options with their values, and those that
# start another program.
_ASSIGNED: Final = re.compile(r"\w+=.*|[\"$@(<-].*|.*[)}]")
_STARTING: Final = frozenset(
    {
        *("exec", "sudo", "nohup", "env", "time", "su-exec", "gosu", "setsid", "su", "tini", "dumb-init", "start"),
        *("poetry", "uv", "uvx", "pipenv", "pdm", "hatch", "rye", "pixi", "conda", "run", "-m", "-c", "--", "call"),
        *("then", "do", "else", "!", "{", "sh", "bash", "ddtrace-run", "newrelic-admin", "run-program", "coverage"),
        *("opentelemetry-instrument", "honcho", "chpst", "s6-setuidgid", "xvfb-run", "coverage", "manage.py"),
        *("tmux", "screen", "new-session", "new-window", "send-keys", "watchmedo", "auto-restart", "supervise"),
    }
)
# What tells that a program is started and not only named: an app, an option, a file, a variable.
_TELLING: Final = re.compile(r"-.+|[A-Za-z_][\w.]*:\w.*|.*[$<{].*|.*\.(?:ini|xml|ya?ml|py)|&")
_PYTHON: Final = re.compile(r"py(?:thon)?[\d.]*(?:\.exe)?|.*\.py|django-admin")


@dataclass(frozen=True, slots=True)
class Started:
    """A server that a command starts, its options, and the words before and after it in its part of the command."""

    names: Names
    given: Given
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def has_certificate(self) -> bool | None:
        """None where other settings may tell it to take one."""
        if any(name in self.given for name in self.names.tls):
            return True
        elsewhere = any(name in self.given for name in self.names.elsewhere)
        return None if elsewhere or (self.names.tls and HOLE in self.given) else False

    @property
    def leads(self) -> bool:
        """Whether the server is what is started, and no word among those that another program is given."""
        if self.after[:1] == (":",):
            return False  # a help text
        if not (self.names.verbs or not self.names.bind or any(map(_TELLING.fullmatch, self.after))):
            return False  # a list of packages
        option = False
        for word in self.before:
            name = PurePosixPath(word).name
            known = name in _STARTING or _PYTHON.fullmatch(name) or _ASSIGNED.fullmatch(word)
            if not (known or option):
                return False
            option = word.startswith("-") and "=" not in word
        return True


def started(words: Sequence[str]) -> Iterator[Started]:
    """The servers among the words of a command, one for each of its parts at most."""
    for segment in _segments([part for word in words for part in _lines(word).split()]):
        if _NOT_SERVING & set(segment):
            continue
        for number, word in enumerate(segment):
            if (names := _named(segment, number)) is not None:
                address = segment[number + 1 : number + 2] if word.startswith("runserver") else []
                yield Started(
                    names,
                    {**_address(address), **options(segment[number + 1 :])},
                    tuple(segment[:number]),
                    tuple(segment[number + 1 :]),
                )
                break


def _named(segment: Sequence[str], number: int) -> Names | None:
    name = PurePosixPath(segment[number]).name
    names = PROGRAMS.get(name)
    before = PurePosixPath(segment[number - 1]).name if number else ""
    if names is None or (name in _MODULES and before != "-m"):
        return None
    if name.startswith("runserver") and not (number and _PYTHON.fullmatch(before)):
        return None
    return names if not names.verbs or _subcommand(segment[number + 1 :], names.verbs) in names.verbs else None


def _subcommand(words: Sequence[str], verbs: Sequence[str]) -> str | None:
    """The first word that is no option and no option's value: `run` of `--app site run`, `cron` of `cron run`."""
    value = False
    for word in words:
        if word in verbs:
            return word
        if word.startswith("-"):
            value = "=" not in word
        elif value or any(sign in word for sign in "$<{"):
            value = False
        else:
            return word
    return None


def _address(words: Sequence[str]) -> Given:
    """What `runserver` is told by its place: `8000`, `0.0.0.0:8000`."""
    host, _, port = "".join(words).rpartition(":")
    if not port.isdigit():
        return {}
    return {"-p": port, "-h": host or "127.0.0.1"}


def _lines(word: str) -> str:
    """A script that a shell is handed as one word, with its lines as commands of one line."""
    return word.replace("\\\n", " ").replace("\n", " ; ") if "\n" in word.strip() else word


def _apart(word: str) -> list[str]:
    """A word in which one command ends and the next begins: `activate;gunicorn`, `true&&exec`."""
    return [part for part in _END.split(word) if part] if _END.search(word) else [word]


def _segments(words: Sequence[str]) -> Iterator[list[str]]:
    segment: list[str] = []
    for word in (part for whole in words for part in _apart(whole)):
        if word.rstrip(";") != word or word in _BETWEEN:
            yield [*segment, *([word.rstrip(";")] if word.rstrip(";") not in _BETWEEN else [])]
            segment = []
        else:
            segment.append(word)
    yield segment


def options(words: Sequence[str]) -> Given:
    """The options of a command by their names; a hole among the words may be any."""
    given: dict[str, str | None] = {}
    for number, word in enumerate(words):
        if word == HOLE or _FILE.fullmatch(word):
            given[HOLE] = None
        elif word.startswith("-"):
            name, equals, value = word.partition("=")
            given[name] = value if equals else "".join(words[number + 1 : number + 2])
    return given
