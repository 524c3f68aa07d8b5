"""App servers that sections of ini files describe: uWSGI's `[uwsgi]`, and the `[server:main]` of PasteDeploy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from everyhop.dialects import app_servers
from everyhop.dialects.app_servers import PROGRAMS, Names
from everyhop.model.evidence import SourceSpan
from everyhop.model.sighting import Origin, Reading
from everyhop.scan.servers.texts import Texts
from everyhop.scan.sightings.places import Place, place_of
from everyhop.scan.syntax import template
from everyhop.scan.workspace import Kind, Source

_SECTION: Final = re.compile(r"^[^\S\n]*\[(?P<name>uwsgi(?::\w+)?|server:\w+)\][^\S\n]*(?:#.*|;.*)?$", re.MULTILINE)
_NEXT: Final = re.compile(r"^[^\S\n]*\[", re.MULTILINE)
_SETTING: Final = re.compile(r"^[^\S\n]*(?P<key>[a-z][\w-]*)[^\S\n]*=[^\S\n]*(?P<value>[^\n]*)", re.MULTILINE)
_USED: Final = re.compile(r"(?:egg|call):(?P<egg>\w+)")

# https://uwsgi-docs.readthedocs.io/en/latest/Options.html: the same names as on the command line, `https` first.
_UWSGI: Final = tuple(name.lstrip("-") for name in PROGRAMS["uwsgi"].bind if name.startswith("--"))
_PASTE: Final[Mapping[str, Names]] = {
    "gunicorn": Names("gunicorn", ("certfile", "keyfile"), ("bind",)),
    "waitress": Names("waitress", (), ("listen",), socket=("unix_socket",)),
    "paste": Names("paste", ("ssl_pem",), ()),
}
_OTHER: Final = Names("paste")


@dataclass(frozen=True, slots=True)
class _Setting:
    value: str
    at: SourceSpan


def read(sources: Iterable[Source]) -> Iterator[Reading]:
    """A reading for each section that says where a server listens; it stands there, and where the section begins."""
    for source in sources:
        if source.kind is Kind.INI and _SECTION.search(source.text) and place_of(source.path) is Place.DEPLOYED:
            yield from _of_source(source)


def _of_source(source: Source) -> Iterator[Reading]:
    plain = template.plain(source.text)
    texts = Texts({source.path: plain})
    for section in _SECTION.finditer(plain):
        after = _NEXT.search(plain, section.end())
        end = after.start() if after else len(plain)
        settings = {
            match["key"]: _Setting(
                match["value"].strip(), texts.span(source.path, match.start(), match.end(), match["key"])
            )
            for match in _SETTING.finditer(plain, section.end(), end)
        }
        head = texts.span(source.path, section.start(), section.end(), section["name"])
        if section["name"].startswith("uwsgi"):
            yield from _of_uwsgi(settings, head)
        elif "use" in settings:
            yield _of_paste(settings, head)


def _of_uwsgi(settings: Mapping[str, _Setting], head: SourceSpan) -> Iterator[Reading]:
    """One with a port or a socket of its own; the certificate of `https` stands behind its address."""
    names = PROGRAMS["uwsgi"]
    given = {f"--{name}": settings[name] for name in _UWSGI if name in settings}
    if given:
        told = {name: setting.value.partition(",")[0] for name, setting in given.items()}
        listener = app_servers.read(names, any(name in given for name in names.tls))
        places = (*(setting.at for setting in given.values()), head)
        yield Reading(listener, Origin.DECLARED, app_servers.endpoint(names, told), None, places)


def _of_paste(settings: Mapping[str, _Setting], head: SourceSpan) -> Reading:
    used = _USED.match(settings["use"].value)
    names = _PASTE.get(used["egg"].lower(), _OTHER) if used else _OTHER
    told = {name: setting.value for name, setting in settings.items()}
    listener = app_servers.read(names, any(settings[name].value for name in names.tls if name in settings))
    where = [settings[name].at for name in (*names.bind, "host", "port") if name in settings]
    return Reading(
        listener, Origin.DECLARED, app_servers.endpoint(names, told), None, (*where, settings["use"].at, head)
    )
