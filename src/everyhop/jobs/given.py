"""What is given to be explained, in whichever way a person writes it down: as one value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from everyhop.dialects.dsn import LONGEST, SECRET_OPTIONS, Dsn
from everyhop.errors import SettingsError
from everyhop.model.nearest import did_you_mean
from everyhop.model.secret import Secret


class Form(Enum):
    """How settings are written down, and so how others are to be shown."""

    URL = "a URL"
    ENGINE = "create_engine(…)"
    CALL = "a driver's call"
    DJANGO = "an entry of Django's DATABASES"


@dataclass(frozen=True, slots=True)
class Given:
    """A URL, or a driver and the keywords of its call, or both. `name` is what is called, or Django's alias.

    `product` is what answers, where it is not the driver's own; without `hop` the database is a file (SQLite).
    """

    form: Form
    dsn: Dsn | None = None
    driver: str | None = None
    product: str | None = None
    arguments: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    name: str = ""
    hop: bool = True


_URL: Final = re.compile(r"\s*[A-Za-z][\w+.:-]{0,60}://")
# The next two are compiled when they are first needed, which for a URL is never.
# The beginning of a call, an assignment of a call or a dict, or an import. `host=db user=x` is none of them.
_PYTHON: Final = (
    r"\s*(?:(?:import|from|async|await|with)\s|#|[A-Za-z_][\w.]*\s*\(|[A-Za-z_][\w.]*(?:\[[^\]]*\])?\s*(?::[^=\n]*)?="
    r"\s*(?:await\s+)?(?:[A-Za-z_][\w.]*\s*\(|\{))"
)

# A line of a dotenv file or a program that sets a URL, or a URL in quotes. libpq's dbname may be a URL, too.
_SET: Final = (
    r"""\s*(?:export\s+)?(?:(?!dbname\b)[A-Za-z_][\w.]*(?:\[[^\]]*\])?\s*=\s*)?"""
    r"""(?P<quote>["']?)(?P<url>[A-Za-z][\w+.:-]{0,60}://\S+?)(?P=quote),?\s*"""
)


def given(
    source: str | Dsn | Mapping[str, object],
    driver: str | None = None,
    alias: str | None = None,
    connect_args: Mapping[str, object] | None = None,
) -> Given:
    """What a person gives, recognised: a URL, a driver's call, Django's `DATABASES` or an entry of it.

    Text is read, never run. `driver` names the driver where the source does not, `alias` one of several entries.
    Raises `SettingsError` for what is none of these.
    """
    found = _recognised(source, driver, alias)
    if alias is not None and found.form is not Form.DJANGO:
        raise SettingsError("there are no aliases here", key="--alias", hint="it names an entry of Django's DATABASES")
    if not connect_args:
        return found
    if found.form is not Form.URL:
        raise SettingsError(f"connect_args go with a URL, and this is {found.form.value}", hint="put them into it")
    return Given(Form.URL, found.dsn, found.driver, arguments=connect_args)


def _recognised(source: str | Dsn | Mapping[str, object], driver: str | None, alias: str | None) -> Given:
    if isinstance(source, Dsn):
        return Given(Form.URL, source, driver)
    if isinstance(source, Mapping):
        return of_mapping(source, driver, alias)
    if not _URL.match(source):
        if line := re.fullmatch(_SET, source[: LONGEST + 1]):
            return Given(Form.URL, Dsn.parse(line["url"], driver), driver)
        if source.lstrip().startswith("{"):
            return of_mapping(_mapping(source), driver, alias)
        if re.match(_PYTHON, source) or "DATABASES" in source:  # settings.py as a whole begins with anything
            from everyhop.jobs import snippet  # noqa: PLC0415 - the scanner's rooms, for those who need them

            return snippet.read(source, driver, alias)
    return Given(Form.URL, Dsn.parse(source, driver), driver)


def of_mapping(
    settings: Mapping[str, object], driver: str | None, alias: str | None = None, form: Form = Form.CALL
) -> Given:
    """Django's `DATABASES`, an entry of it, or the keywords of a call of `driver`."""
    from everyhop.dialects import django  # noqa: PLC0415 - only where a dict is given

    settings = hidden(settings)
    if "ENGINE" in settings:
        return _of_entry(settings, driver, alias or "default")
    if django.is_databases(settings):
        entry, name = _entry(settings, alias)
        return _of_entry(entry, driver, name)
    if driver is None:
        raise SettingsError(
            "neither Django's DATABASES (there is no ENGINE) nor the keywords of a driver that is named",
            hint='name it: --driver pymysql \'{"host": "db", …}\'',
        )
    return Given(form, driver=driver, arguments=settings, name=f"{driver}.connect")


def hidden(settings: Mapping[str, object]) -> dict[str, object]:
    """The same with every password as a `Secret`."""
    return {key: _hidden(str(key), value) for key, value in settings.items()}


def _hidden(key: str, value: object) -> object:
    if isinstance(value, Mapping):
        return hidden(value)
    return Secret(value) if isinstance(value, str) and value and key.lower() in SECRET_OPTIONS else value


def _entry(settings: Mapping[str, object], alias: str | None) -> tuple[Mapping[str, object], str]:
    """One of several: the only one, or the one that is named. To take `default` would be silent on a replica."""
    names = [str(name) for name in settings]
    if alias is None and len(names) > 1:
        raise SettingsError(f"there are several databases: {', '.join(names)}", hint=f"--alias {names[0]}")
    name = alias or names[0]
    entry = settings.get(name)
    if not isinstance(entry, Mapping):
        raise SettingsError(
            f"there is no database {name!r}{did_you_mean(name, names)}",
            key="--alias",
            hint=f"there is {', '.join(names)}",
        )
    return entry, name


def _of_entry(settings: Mapping[str, object], driver: str | None, name: str) -> Given:
    from everyhop.dialects import django  # noqa: PLC0415 - as above

    entry = django.read(settings, driver)
    if entry is None:
        return Given(Form.DJANGO, name=name, hop=False)
    return Given(Form.DJANGO, None, entry.driver, entry.product, entry.keywords, entry.notes, name)


def _mapping(text: str) -> Mapping[str, object]:
    """A dict, as JSON or as Python writes it."""
    import json  # noqa: PLC0415 - only where it is given

    try:
        found: Mapping[str, object] = json.loads(text)  # it begins with {
    except (ValueError, RecursionError):
        from everyhop.jobs import snippet  # noqa: PLC0415 - as above

        return snippet.mapping(text)
    return found
