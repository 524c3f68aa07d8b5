"""`everyhop explain`: what a database URL really does."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

import click

from everyhop.cli.options import Options, colour_wanted, finish, report_options
from everyhop.cli.options import settings as own_settings
from everyhop.dialects.dsn import LONGEST
from everyhop.dialects.versions import is_requirement
from everyhop.errors import SettingsError
from everyhop.jobs.explain import explain as explain_job
from everyhop.jobs.explanation import Explanation
from everyhop.jobs.explanation import plain as plain_value
from everyhop.model.posture import Assurance
from everyhop.render.explain import explanation_text
from everyhop.render.ink import coloured, plain
from everyhop.scan.named import NamedFiles

_STDIN: Final = "-"


@click.command()
@click.argument("settings", metavar="[-|URL|SETTINGS]", required=False)
@click.option("--url-env", metavar="NAME", help="Take the URL, or the settings, from this environment variable.")
@click.option("--connect-args", metavar="JSON", help="What create_engine or connect is given besides, as JSON.")
@click.option("--driver", metavar="NAME", help="The driver, where the URL or the settings do not name it.")
@click.option("--driver-version", metavar="V", help="Its version, or a requirement such as '>=1.1,<2'.")
@click.option("--alias", metavar="NAME", help="Which of several entries of Django's DATABASES.")
@click.option(
    "--env", "variables", multiple=True, metavar="NAME=VALUE", help="A variable of the app (PGSSLMODE=…); repeatable."
)
@click.option(
    "--env-inherit", is_flag=True, help="Let this shell's own PG… variables, and files in your home, count as well."
)
@report_options
def explain(
    settings: str | None,
    url_env: str | None,
    connect_args: str | None,
    driver: str | None,
    driver_version: str | None,
    alias: str | None,
    variables: tuple[str, ...],
    env_inherit: bool,  # noqa: FBT001 - a flag of the command line
    options: Options,
) -> None:
    """Say what a database URL, or a driver's other settings, really do, and what to use instead.

    \b
      everyhop explain --url-env DATABASE_URL        the URL in a variable
      everyhop explain - < databases.py              the URL or settings on stdin
      everyhop explain mysql+pymysql://app@db/app    the URL itself

    Settings may also be libpq's `host=… sslmode=…`, a call as Python text, Django's DATABASES or an entry of it, or a
    dict of keywords beside --driver:

    \b
      everyhop explain 'pymysql.connect(host="db", ssl_ca="/etc/ssl/ca.pem")'
      everyhop explain --driver asyncpg '{"host": "db", "ssl": "require"}'

    Nothing is run or connected to. Files that are named are assumed to be where the settings are used; of those on
    this machine, service and option files are read, and certificates looked at. An argument is seen by every other user
    of the machine: a password belongs into a variable or on stdin.
    """
    text, origin = _text(settings, url_env)
    version = _version(driver_version)
    policy, arguments = own_settings(options).policy, _arguments(connect_args)
    environment = _environment(variables, inherit=env_inherit)
    try:
        found = explain_job(
            text,
            started=datetime.now(UTC),
            policy=policy,
            connect_args=arguments,
            environment=environment,
            driver=driver,
            driver_version=version,
            alias=alias,
            files=NamedFiles(Path.cwd(), Path.home() if env_inherit else None),
        )
    except SettingsError as error:
        error.key = error.key or origin
        raise
    _finish(found, options)


def _is_verified(found: Explanation) -> bool:
    """Whether verification is all there is to be hardened: what policy allows as it is needs neither."""
    return found.bounds is not None and found.bounds.low.assurance is Assurance.IDENTITY_VERIFIED


def _is_cheap(found: Explanation) -> bool:
    """Whether a URL alone, or `OPTIONS` without a context, carries what closes the rest: else it is told on demand."""
    return found.hardened is not None and found.hardened.connect_args.keys() == found.secure_connect_args.keys()


def _text(url: str | None, url_env: str | None) -> tuple[str, str]:
    """The URL and where it came from."""
    if (url is None) == (url_env is None):
        message = "give one URL" if url is None else "a URL and --url-env exclude each other"
        raise click.UsageError(f"{message}: -, --url-env NAME or the URL itself", click.get_current_context())
    if url_env is not None:
        if url_env not in os.environ:
            raise SettingsError("there is no such variable", key=url_env, hint=f"export {url_env}, or use -")
        return os.environ[url_env], url_env
    if url != _STDIN:
        text = str(url)
        if "=" not in text and ":" not in text and Path(text).is_file():
            raise SettingsError("this is a file", path=text, hint=f"everyhop explain - < {text}")
        return text, "URL"
    return sys.stdin.read(LONGEST + 1), "stdin"


def _version(text: str | None) -> str | None:
    if text is not None and not is_requirement(text):
        raise SettingsError(
            f"{text!r} is no version", key="--driver-version", hint="write 1.1.1, or a requirement such as '>=1.1,<2'"
        )
    return text


def _arguments(text: str | None) -> dict[str, object]:
    if text is None:
        return {}
    import json  # noqa: PLC0415 - only where it is given

    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise SettingsError("this is no JSON object", key="--connect-args", hint='write \'{"ssl": {"ca": "/ca.pem"}}\'')
    return given


def _environment(variables: tuple[str, ...], *, inherit: bool) -> dict[str, str]:
    found = {name: value for name, value in os.environ.items() if name.startswith("PG")} if inherit else {}
    for variable in variables:
        name, equals, value = variable.partition("=")
        if not equals or not name:
            raise SettingsError("this is not NAME=VALUE", key="--env", hint="write --env PGSSLMODE=require")
        found[name] = value
    return found


def _finish(found: Explanation, options: Options) -> NoReturn:
    extra = {
        "url": str(found.url) if found.url is not None else None,
        "given": found.shown,
        "checks": {check.what: check.answer.value for check in found.checks},
        "attacker": found.attacker,
        "traps": list(found.traps),
        "secure_url": str(found.secure_url) if found.secure_url is not None else None,
        "secure_connect_args": plain_value(found.secure_connect_args),
        "secure_text": found.instead or None,
        "hardened_url": str(found.hardened.url) if found.hardened and found.hardened.url else None,
        "hardened_connect_args": plain_value(found.hardened.connect_args) if found.hardened else None,
        "hardened_text": found.hardened_instead or None,
        "left_open": list(found.left_open),
        "files_read": list(found.files_read),
        "remark": found.remark or None,
    }
    text = explanation_text(
        found.report,
        url=found.shown,
        dialer=found.dialer,
        endpoint=found.endpoint,
        why=found.why,
        checks=((check.what, check.answer.value, check.detail) for check in found.checks),
        attacker=found.attacker,
        traps=found.traps,
        instead="" if found.unchanged else found.instead,
        remark=found.remark,
        hardened=found.hardened_instead if _is_cheap(found) or options.verbose else "",
        left_open=found.left_open if found.findings or _is_verified(found) else (),
        files_read=found.files_read,
        ink=coloured if options.output is None and colour_wanted() else plain,
    )
    finish(found.report, options, json_extra=extra, text=text)
