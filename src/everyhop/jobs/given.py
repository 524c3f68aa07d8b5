"""What is given to be explained, in whichever way a person writes it down: as one value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from everyhop.dialects.dsn import LONGEST, PLACEHOLDER, SECRET_OPTIONS, Dsn, Grammar
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
    arguments: Mapping[str, object] = field(default_factory=dict, repr=False)  # there are passwords in it
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

# A command line of a client.
_COMMAND: Final = r"\s*(?:psql|mysql|mariadb)\s+(?!=)\S"

# Variables with a value each, as a dotenv file has them: libpq's words are in lower case.
_DOTENV: Final = r"(?:[ \t]*(?:#[^\n]*|(?:export[ \t]+)?[A-Z][A-Z0-9_]*=[^\n]*)?(?:\n|$))+"


def given(
    source: str | Dsn | Mapping[str, object],
    driver: str | None = None,
    alias: str | None = None,
    connect_args: Mapping[str, object] | None = None,
) -> Given:
    """What a person gives, recognised: a URL (in a dotenv file, too), a driver's call, Django's `DATABASES`, an entry.

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
    return Given(Form.URL, found.dsn, found.driver, arguments=hidden(connect_args))


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
        if re.match(_COMMAND, source):
            return Given(Form.URL, _of_command(source.split(maxsplit=1), driver), driver)
        if "\n" in source.strip() and re.fullmatch(_DOTENV, source[: LONGEST + 1]):
            return Given(Form.URL, _of_dotenv(source, driver), driver)
        # a settings.py as a whole begins with anything
        if re.match(_PYTHON, source) or "DATABASES" in source or "SQLALCHEMY_DATABASE_URI" in source:
            from everyhop.jobs import snippet  # noqa: PLC0415 - the scanner's rooms, for those who need them

            return snippet.read(source, driver, alias)
    return Given(Form.URL, Dsn.parse(source, driver), driver)


def _of_command(words: list[str], driver: str | None) -> Dsn:
    """The connection string that psql is called with. Raises `SettingsError` where it has options of the client's."""
    text = words[1].strip()
    quoted = text[0] in "\"'" and text[-1] == text[0]
    alone = text[1:-1] if quoted else text
    if words[0] != "psql" or alone.startswith("-") or not (quoted or "://" in alone.partition(" ")[0]):
        raise SettingsError(
            f"{words[0]} has options of its own, and a driver has others",
            hint="give what the program has: postgresql://…, mysql+pymysql://…, or libpq's 'host=… sslmode=…'",
        )
    return Dsn.parse(alone, driver, Grammar.LIBPQ_URL)


def _of_dotenv(text: str, driver: str | None) -> Dsn:
    """The one database URL among the variables. What another variable fills in is known only at run time."""
    from everyhop.dialects import registry  # noqa: PLC0415 - only where a file is given
    from everyhop.scan.syntax import dotenv  # noqa: PLC0415 - as above

    schemes = (*registry.WIRES, "postgres", "sqlite")
    found = {one.name: one.value for one in dotenv.placed(text) if one.value.lower().startswith(schemes)}
    urls = {name: re.sub(r"\$\{[^}]*\}", PLACEHOLDER, value) for name, value in found.items() if "://" in value}
    if len(urls) != 1:
        told = f"there are several database URLs: {', '.join(urls)}" if urls else "there is no database URL"
        raise SettingsError(
            f"{told} among these variables", hint=f"grep ^{next(iter(urls), 'NAME')}= .env | everyhop explain -"
        )
    return Dsn.parse(next(iter(urls.values())), driver)


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
