"""Settings as a person puts them into a program: in the form in which the old ones were written, passwords masked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from everyhop.dialects.dsn import Dsn
from everyhop.dialects.python_ssl import statements
from everyhop.dialects.settings import PythonContext, Spelling
from everyhop.dialects.source import source, unsecret
from everyhop.jobs.given import Form, Given

_CONTEXT: Final = "context"
"""The name of the variable that holds an `ssl.SSLContext`."""


def shown(given: Given) -> str:
    """What was given, in a line."""
    written = {key: source(value) for key, value in unsecret(given.arguments).items()}
    match given.form:
        case Form.DJANGO:
            own = _options_among(given.arguments)
            return f"DATABASES[{given.name!r}]" + (
                f" with OPTIONS {_dict({key: written[key] for key in own})}" if own else ""
            )
        case Form.URL if not written:
            return str(given.dsn)
    return _call(given, given.dsn, written)


def instead(given: Given, spelling: Spelling, environment: Mapping[str, str]) -> str:
    """Lines to paste: a URL, Python statements, or an entry's `OPTIONS`; `environment` is what held before."""
    lines = list(_lines(given, spelling.url, spelling.connect_args))
    lines += [f"unset {name}" for name in environment if name not in spelling.environment]
    lines += [f"export {name}={new}" for name, new in spelling.environment.items() if environment.get(name) != new]
    return "\n".join(lines)


def _lines(given: Given, url: Dsn | None, arguments: Mapping[str, object]) -> Iterator[str]:
    """A context is made and finished in statements before the one that uses it."""
    contexts = [value for value in arguments.values() if isinstance(value, PythonContext)]
    if contexts:
        yield from statements(contexts[0], _CONTEXT)
    written = {key: _CONTEXT if value in contexts else source(value) for key, value in unsecret(arguments).items()}
    match given.form:
        case Form.DJANGO:
            yield f'"OPTIONS": {_dict({key: written[key] for key in _options_among(arguments)})},'
        case Form.URL if not written:
            yield str(url)
        case _:
            yield _call(given, url, written)


def _options_among(arguments: Mapping[str, object]) -> tuple[str, ...]:
    from everyhop.dialects import django  # noqa: PLC0415 - only where Django's settings are given

    return django.options_among(arguments)


def _call(given: Given, url: Dsn | None, written: Mapping[str, str]) -> str:
    positional = [] if url is None else [repr(str(url))]
    if given.form is Form.CALL:
        keywords = [f"{key}={value}" if key.isidentifier() else "…" for key, value in written.items()]
        return f"{given.name}({', '.join([*positional, *keywords])})"
    beside = [f"connect_args={_dict(written)}"] if written else []
    return f"create_engine({', '.join([*positional, *beside])})"


def _dict(written: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key!r}: {value}" for key, value in written.items()) + "}"
