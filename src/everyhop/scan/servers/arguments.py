"""What the settings of an app's server are worth: whether it is given a certificate, and where it is to listen."""

from __future__ import annotations

from everyhop.dialects.app_servers import ANY, Names
from everyhop.scan.resolve.values import Known, Made, Series, Table, Unknown, Value, options, text


def has_certificate(names: Names, given: Table) -> bool | None:
    """Whether a server is given a certificate; None where only the run decides, or other settings may."""
    answers = {_is_set(option) for key in names.tls for option in options(given.entries.get(key, Known(None)))}
    if True in answers and len(names.tls) > 1:
        return True  # one of the files is there
    if (names.tls and not given.complete) or any(name in given.entries for name in names.elsewhere):
        answers.add(None)
    return answers.pop() if len(answers) == 1 else None if answers else False


def _is_set(value: Value) -> bool | None:
    match value:
        case Known(value=known):
            return bool(known)
        case Unknown():
            return None
        case _:
            return True


def written(value: Value) -> str | None:
    """A value as a setting is written: `('', 8000)` is `0.0.0.0:8000`; None where it is not known."""
    match value:
        case Known(value=int() as number):
            return str(number)
        case Made(callee="eventlet.listen", arguments=[address, *_]):
            return written(address)
        case Series(items=[host, Known(value=int() as port)]) if (name := text(host)) is not None:
            return f"{name or ANY}:{port}"
        case _:
            return text(value)
