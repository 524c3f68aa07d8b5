"""`everyhop probe`: look at live listeners from outside."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from everyhop.cli.options import Options, finish, remark, report_options, settings
from everyhop.errors import ProbeError, SourceError
from everyhop.jobs.probe import Manner
from everyhop.jobs.probe import probe as look
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.location import Location
from everyhop.model.secret import masked
from everyhop.model.sighting import Gap
from everyhop.model.survey import Survey
from everyhop.model.wire import Wire
from everyhop.probe import anchors
from everyhop.probe.ladder import VersionLook
from everyhop.probe.probe import DEADLINE, TIMEOUT
from everyhop.render.json import survey_json
from everyhop.render.survey import survey_text

SYSTEM = "system"
STDIN = "-"
_LARGEST_INVENTORY = 5_000_000
_SECONDS = click.FloatRange(min=0.1, max=3600)


@click.command()
@click.argument("endpoints", nargs=-1, metavar="ENDPOINT…")
@click.option(
    "--ca", metavar="FILE|system", help="Trust anchors to judge chains by (default: the system's, for https)."
)
@click.option("--server-name", metavar="NAME", help="The name that the application dials, if it is not the host.")
@click.option("--inventory", metavar="FILE|-", help="Read endpoints from FILE or stdin, one in a line.")
@click.option(
    "--versions", is_flag=True, help="Look for old TLS versions on MySQL and MariaDB too: 3 connections more."
)
@click.option(
    "--concurrency", type=click.IntRange(1, 64), default=8, show_default=True, help="Listeners looked at at a time."
)
@click.option("--timeout", type=_SECONDS, default=TIMEOUT, show_default=True, metavar="S", help="For each connection.")
@click.option("--deadline", type=_SECONDS, default=DEADLINE, show_default=True, metavar="S", help="For each listener.")
@report_options
def probe(
    endpoints: tuple[str, ...],
    ca: str | None,
    server_name: str | None,
    inventory: str | None,
    versions: bool,  # noqa: FBT001 - click hands a flag over
    concurrency: int,
    timeout: float,
    deadline: float,
    options: Options,
) -> None:
    """Look at live listeners from outside: TLS, versions, chain, and whether plaintext is refused.

    \b
      everyhop probe https://tips.example.org postgresql://db.internal
      everyhop probe mariadb://10.0.0.5:3306 --ca ca.pem --server-name db.internal

    An endpoint is postgresql://, mysql://, mariadb://, cockroachdb://, https:// or http:// with HOST[:PORT], or just
    HOST:PORT, where the listener itself tells which. It never authenticates.

    To MySQL and MariaDB it makes one connection, or two from MariaDB 11 on. Each counts towards max_connect_errors
    (100), beyond which such a server blocks the host that they came from, and the application on it.
    """
    locations = tuple(dict.fromkeys((*map(_location, endpoints), *_from_inventory(inventory))))
    if not locations:
        raise click.UsageError("name at least one endpoint, or an inventory", click.get_current_context())
    manner = Manner(
        _anchors(ca),
        server_name,
        timeout,
        deadline,
        concurrency,
        VersionLook.ALWAYS if versions else VersionLook.WHERE_FREE,
    )
    probed = look(locations, settings(options), manner, datetime.now(UTC), _teller(len(locations), options))
    finish(
        probed.report,
        options,
        json_extra={"endpoints": [survey_json(survey, grade) for survey, grade in probed.surveys]},
        text_extra="\n\n".join(survey_text(survey) for survey, _ in probed.surveys),
    )


def _location(text: str) -> Location:
    try:
        return Location.parse(text)
    except ValueError as error:
        raise ProbeError(
            f"{masked(text)!r} names no listener: {error}", hint="as in postgresql://db.internal:5432"
        ) from error


def _from_inventory(name: str | None) -> Iterator[Location]:
    """The locations in a file: one in a line, `#` begins a remark."""
    if name is None:
        return
    try:
        if name == STDIN:
            text = sys.stdin.read(_LARGEST_INVENTORY)
        else:
            with Path(name).open(encoding="utf-8") as file:
                text = file.read(_LARGEST_INVENTORY)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SourceError(
            f"cannot be read: {reason}", path=name, hint="a text file with one endpoint in a line is wanted"
        ) from error
    for number, line in enumerate(text.splitlines(), 1):
        named = line.partition("#")[0].strip()
        if named:
            try:
                yield _location(named)
            except ProbeError as error:
                raise ProbeError(error.message, hint=error.hint, path=name, line=number) from error


def _anchors(ca: str | None) -> Callable[[Location], str | None]:
    """What to judge each chain by. A database's authority is mostly private, so nothing is assumed of it."""
    if ca is not None:
        pem = anchors.of_system() if ca == SYSTEM else anchors.from_file(Path(ca))
        return lambda _: pem
    system: list[str] = []

    def by_location(location: Location) -> str | None:
        if location.wire is not Wire.HTTP and not (
            location.wire is None and isinstance(location.endpoint, TcpEndpoint) and location.endpoint.port in {80, 443}
        ):
            return None
        if not system:
            system.append(anchors.of_system())
        return system[0]

    return by_location


def _teller(count: int, options: Options) -> Callable[[Location, Survey | Gap], None]:
    told = 0

    def tell(location: Location, seen: Survey | Gap) -> None:
        nonlocal told
        told += 1
        if count > 1:
            state = seen.reason if isinstance(seen, Gap) else f"{seen.seconds:.1f} s"
            remark(f"[{told}/{count}] {location}  {state}", options)

    return tell
