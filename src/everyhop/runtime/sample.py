"""Samples an application: its engines, opened in its own interpreter and environment, and what each connection told."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from everyhop.errors import SampleError, SettingsError
from everyhop.runtime.decode import engine
from everyhop.runtime.hiding import Hiding
from everyhop.runtime.process import Outcome, converse
from everyhop.runtime.sampled import AppModule, AppSource, EngineSample, Sample, ServerView, UrlVariable
from everyhop.runtime.sightings import sightings

__all__ = ["AppModule", "AppSource", "EngineSample", "Sample", "ServerView", "UrlVariable", "sample", "sightings"]

_CHILD: Final = str(Path(__file__).with_name("child.py"))
_SHOWN: Final = 300
"""Characters of the application's last output that are shown where nothing better is known."""


def sample(
    source: AppSource, *, python: str, environment: Mapping[str, str], directory: str, deadline: float
) -> Sample:
    """Load the application in `directory` with the interpreter `python`, open each engine once and ask its connection.

    `deadline` is in seconds for all of it. Raises `SampleError` for an application that cannot be loaded or has no
    engine, with what happened and what to do; an engine that cannot connect is no error but an `EngineSample` with a
    reason.
    """
    request = _request(source, environment, directory)
    at = datetime.now(UTC)
    outcome = converse([python, _CHILD], request, environment, directory, deadline)
    by_kind: dict[str, list[Mapping[str, Any]]] = {}
    for line in outcome.lines:
        by_kind.setdefault(line["kind"], []).append(line)
    if "told" in by_kind:
        raise SampleError(by_kind["told"][0]["message"], hint=by_kind["told"][0]["hint"])
    if "loaded" not in by_kind or (outcome.code and "end" not in by_kind):
        raise _ended(source, outcome, environment, deadline)
    loaded = by_kind["loaded"][0]
    return Sample(source, python, loaded["python"], loaded["sqlalchemy"], at, _engines(by_kind, directory, deadline))


def _request(source: AppSource, environment: Mapping[str, str], directory: str) -> dict[str, str]:
    match source:
        case AppModule(name):
            return {"app": name, "directory": directory}
        case UrlVariable(name) if environment.get(name):
            return {"url_env": name, "directory": directory}
        case UrlVariable(name):
            raise SettingsError(
                f"the variable {name} is not set", hint=f"export {name}=mysql+pymysql://…", key="--url-env"
            )


def _engines(
    by_kind: Mapping[str, list[Mapping[str, Any]]], directory: str, deadline: float
) -> tuple[EngineSample, ...]:
    loaded = by_kind["loaded"][0]
    dialing, answers = ({line["index"]: line for line in by_kind.get(kind, ())} for kind in ("dialing", "answer"))
    late = {"error": f"no connection within {deadline:g} s"}
    return tuple(
        engine(found, loaded, dialing.get(index), answers.get(index, late), directory)
        for index, found in enumerate(loaded["engines"])
    )


def _ended(source: AppSource, outcome: Outcome, environment: Mapping[str, str], deadline: float) -> SampleError:
    hiding = Hiding()
    hiding.learn_from(environment)
    printed = " ".join(hiding.whole(outcome.output).split())[-_SHOWN:]
    last = f"the last it printed: {printed}" if printed else "it printed nothing"
    if outcome.code is None:
        return SampleError(
            f"{source} was not loaded within {deadline:g} s",
            hint=f"does it start a server, or wait for something, when it is imported? {last}; --deadline waits longer",
        )
    if outcome.code < 0:
        return SampleError(
            f"the process of {source} was ended by {_signal(-outcome.code)}",
            hint=f"a crash or a limit; {last}",
        )
    return SampleError(
        f"{source} ended its process (exit code {outcome.code}) before its connections could be asked",
        hint=f"an app that goes into the background or calls os._exit() cannot be followed; {last}",
    )


def _signal(number: int) -> str:
    """Its name; real-time signals between the first and the last have none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
