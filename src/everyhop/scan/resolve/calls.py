"""What the calls return in which settings are put together: URL objects, texts, dicts, helpers of the library."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import quote, quote_plus

from everyhop.model.evidence import SourceSpan
from everyhop.scan.resolve.operators import table
from everyhop.scan.resolve.texts import between, formatted, quoted, replaced
from everyhop.scan.resolve.urls import built, created, updated, with_parts
from everyhop.scan.resolve.values import Known, Series, Table, Unknown, Value, choice, joined, options, text

_READERS: Final = ("environs.Env", "environs.env", "environ.Env", "environ.FileAwareEnv", "goodconf.env")
ENVIRONMENT_CALLS: Final = frozenset(
    {"os.environ.get", "os.getenv", "os.environ.pop", "os.environ.setdefault", "decouple.config"}
    | {
        f"{maker}{method}"
        for maker in _READERS
        for method in ("", ".str", ".int", ".bool", ".url", ".path", ".get_value")
    }
    | {"starlette.config.Config", "starlette.config.Config.get", "decouple.Config", "prettyconf.config"}
)
"""What is called with a variable's name and perhaps a default."""

TELLING: Final = frozenset({"load_verify_locations", "load_cert_chain", "load_default_certs"})
"""Methods that change the object they are called on (`ssl.SSLContext`)."""

_PASSING: Final = frozenset(
    {"str", "int", "sqlalchemy.make_url", "sqlalchemy.engine.make_url", "sqlalchemy.engine.url.make_url"}
)
_QUOTING: Final[Mapping[str, Callable[[str], str]]] = {
    "urllib.parse.quote": quote,
    "urllib.parse.quote_plus": quote_plus,
}
_URL_MAKERS: Final = ("URL.create", "sqlalchemy.engine.url.URL", "sqlalchemy.engine.URL", "sqlalchemy.URL")
_BUILDERS: Final = ("Dsn.build", "Url.build")  # of pydantic's types of URLs
_FIELDS: Final = frozenset(
    {"pydantic.Field", "pydantic.fields.Field", "dataclasses.field", "attr.ib", "attrs.field", "attr.field"}
)
# Methods that leave a text as it is for our purpose.
_KEEPING: Final = frozenset({"render_as_string", "unicode_string", "strip", "rstrip", "lstrip", "copy"})


def builds_url(name: str) -> bool:
    """Whether the function of this full name puts a URL together from its parts."""
    return (name.startswith("sqlalchemy") and name.endswith(_URL_MAKERS)) or (
        name.startswith("pydantic") and name.endswith(_BUILDERS)
    )


def function(name: str, arguments: Sequence[Value], keywords: Table, at: SourceSpan) -> Value | None:
    """What a function returns, by its full name; None for one that is not known here."""
    if name in _PASSING and arguments:
        return arguments[0]
    if name in _QUOTING and arguments:
        return choice(quoted(option, _QUOTING[name]) for option in options(arguments[0]))
    if name == "dict":
        return (table(arguments[0]) if arguments else Table(at=at)).merged(keywords)
    if name == "os.path.join" and arguments:
        return joined(between(arguments, Known("/")), at)
    if builds_url(name):
        return created(arguments, keywords, at) if name.startswith("sqlalchemy") else built(keywords, at)
    if name in _FIELDS:
        default = keywords.entries.get("default")
        return arguments[0] if arguments and name != "dataclasses.field" else default
    return None


def method(owner: Value, name: str, arguments: Sequence[Value], keywords: Table, at: SourceSpan) -> Value | None:
    """What a method of a value returns; None for one that is not known here."""
    match name, arguments:
        case "format", _:
            return formatted(owner, arguments, keywords, at)
        case "replace", [_, _, *_]:
            return replaced(owner, arguments)
        case "join", [Series(items=items)]:
            return joined(between(items, owner), at)
        case "update_query_dict", [Table() as query]:
            return updated(owner, query, at)
        case "set" | "_replace", [] if keywords.entries and keywords.complete:
            return with_parts(owner, keywords.entries, at)
        case "get_section", [_, *_]:  # of Alembic's settings file (alembic/config.py): what it holds is not read
            return Table(complete=False, at=at)
        case "get", [key, *rest] if isinstance(owner, Table):
            name_of = text(key)
            missing = rest[0] if rest else Known(None, at)
            if name_of is None:
                return None
            return owner.entries.get(name_of, missing if owner.complete else Unknown(name_of))
        case _, []:
            return owner if name in _KEEPING else None
        case _:
            pass
    return owner if name in ("encode", "decode") else None
