"""`everyhop lab`: real private servers with verified TLS, for development."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import click

from everyhop.cli.signals import terminated_like_interrupted
from everyhop.errors import LabError, SettingsError
from everyhop.lab import mariadb, mysql, nginx, postgresql, state
from everyhop.lab.server import Server
from everyhop.lab.session import Lab
from everyhop.model.nearest import did_you_mean

_PRODUCTS: Final[dict[str, Callable[[Lab], Server]]] = {
    "postgresql": postgresql.start,
    "mariadb": mariadb.start,
    "mysql": mysql.start,
    "nginx": nginx.start,
}
_USUAL: Final = ("postgresql", "mariadb")
_PURPOSE: Final = "lab"  # the labs of `lab up`; those of the demo and of tests have other purposes


@click.group()
def lab() -> None:
    """Start private servers with verified TLS, on loopback, in seconds.

    \b
      everyhop lab up                        PostgreSQL and MariaDB until Ctrl-C
      everyhop lab up postgresql --detach    one that stays until `lab down`

    Each lab has its own authority, random passwords and free ports. Its passwords are shown, since nothing else uses
    them; when it ends, nothing is left of it.
    """


@lab.command()
@click.argument("products", nargs=-1, metavar="[postgresql|mariadb|mysql|nginx]…")
@click.option("--detach", is_flag=True, help="Come back at once and leave the servers running until `lab down`.")
def up(products: tuple[str, ...], *, detach: bool) -> None:
    """Start servers and print the URLs to paste.

    \b
      everyhop lab up                       the usual two: postgresql mariadb
      everyhop lab up nginx --detach        runs until `everyhop lab down`
    """
    wanted = [_starter(name) for name in products or _USUAL]
    with terminated_like_interrupted(), Lab.open(_PURPOSE) as opened:
        for name, start in wanted:
            click.echo(f"starting {name} …", err=True)
            start(opened)
        _show(opened)
        if detach:
            opened.release()
            click.echo(f"{opened.name} runs until: everyhop lab down {opened.name}", err=True)
            return
        click.echo(f"{opened.name} runs; Ctrl-C ends it and leaves nothing behind", err=True)
        _wait(opened)


@lab.command("list")
def list_labs() -> None:
    """Show the labs that run, with the URLs to paste.

    \b
      everyhop lab list
      everyhop lab list | grep mysql
    """
    labs = state.running()
    if not labs:
        click.echo("no lab runs", err=True)
    for one in labs:
        click.echo(f"{one.name}  {one.purpose}  {one.directory}  (process {one.pid})")
        for server in one.servers:
            click.echo(f"  {server['product']} {server['version']}  {server['endpoint']}")
            click.echo(f"    {server['url']}")


@lab.command()
@click.argument("name", required=False)
def down(name: str | None) -> None:
    """End one lab, or all that `lab up` has started.

    \b
      everyhop lab down
      everyhop lab down lab-2
    """
    labs = {one.name: one for one in state.running()}
    if name is not None and name not in labs:
        raise SettingsError(f"no lab of the name {name!r} runs{did_you_mean(name, labs)}", hint="everyhop lab list")
    chosen = [labs[name]] if name is not None else [one for one in labs.values() if one.purpose == _PURPOSE]
    if not chosen:
        click.echo("no lab runs", err=True)
    for one in chosen:
        state.end(one)
        click.echo(f"{one.name} has ended", err=True)


def _starter(name: str) -> tuple[str, Callable[[Lab], Server]]:
    if name not in _PRODUCTS:
        raise SettingsError(
            f"there is no server {name!r} in a lab{did_you_mean(name, _PRODUCTS)}", hint=", ".join(_PRODUCTS)
        )
    return name, _PRODUCTS[name]


def _show(opened: Lab) -> None:
    for server in opened.servers:
        login = f"user {server.login.user}, database {server.login.database}" if server.login else "a page over HTTPS"
        click.echo(f"{server.product} {server.version}  {server.endpoint}  {login}")
        click.echo(f"  {server.url.reveal()}")
        if server.plain is not None:
            click.echo(f"  http://{server.plain}/ redirects there")
    click.echo(f"authority  {opened.anchors}")


def _wait(opened: Lab) -> None:
    server = opened.wait()
    if server is not None:
        raise LabError(f"{server.product} has ended by itself", hint=server.tail())
    click.echo(f"{opened.name} was ended from elsewhere", err=True)
