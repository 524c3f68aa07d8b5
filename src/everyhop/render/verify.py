"""What `verify` saw, engine by engine: declared beside observed, the client's word beside the server's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from everyhop.model.posture import Bounds
from everyhop.model.report import HopState
from everyhop.model.secret import masked
from everyhop.render.columns import clipped
from everyhop.render.json import hop_json
from everyhop.render.json_values import Json, bounds_json, leaf_json, posture_json
from everyhop.render.lines import WIDTH, wrapped
from everyhop.render.printable import printable
from everyhop.render.words import bounds_words, peer_words, tls_words
from everyhop.runtime.sampled import EngineSample, Sample
from everyhop.runtime.sightings import Compared

_LABEL = 10


def engines_text(samples: Iterable[Sample], rows: Iterable[Compared]) -> str:
    """A block for each engine, under a line for each application."""
    rows = tuple(rows)
    return "\n".join(printable(masked(line)) for sample in samples for line in _sample_lines(sample, rows))


def _sample_lines(sample: Sample, rows: tuple[Compared, ...]) -> Iterator[str]:
    yield f"{sample.source}  Python {sample.python}, SQLAlchemy {sample.sqlalchemy}"
    for row in rows:
        if any(row.engine is engine for engine in sample.engines):
            yield from _engine_lines(row)


def _engine_lines(row: Compared) -> Iterator[str]:
    name = f"  {row.engine.name}  "
    yield name + clipped(row.engine.url, max(WIDTH - len(name), 40))
    if row.declared is not None:
        yield from _line("declared", f"{bounds_words(row.declared.bounds)}  ({_driver(row)})")
    yield from _line("client", _client(row))
    if row.peer is not None:
        yield from _line("", peer_words(row.peer))
    if row.engine.server is not None:
        yield from _line("server", f"{row.engine.server}  ({_weight(row)})")
    if row.drift:
        yield from _line("drift", "declared and seen exclude each other")


def _line(label: str, text: str) -> list[str]:
    return wrapped(f"    {label.ljust(_LABEL)}", text)


def _driver(row: Compared) -> str:
    known = row.declared.version if row.declared else None
    version = f" {known.value}" if known else ""
    library = f", libpq {row.engine.build}" if row.engine.build else ""
    return f"{row.engine.driver}{version}{library}"


def _client(row: Compared) -> str:
    live = row.engine.live
    if live is None or row.observed is None:
        return f"could not be asked: {row.engine.reason}"
    if not live.tls:
        return "plaintext: this connection uses no TLS"
    seen = row.declared.bounds.narrow(row.observed) if row.declared is not None else None
    return f"{bounds_words(seen or row.observed)}  {tls_words(live.version)}, {live.suite}"


def _weight(row: Compared) -> str:
    """What the server's word is worth beside the client's."""
    live, server = row.engine.live, row.engine.server
    if live is not None and server is not None and server.tls is not None and server.tls is not live.tls:
        return "of another connection: a relay or a pooler stands between"
    return "beside the client's word: no proof"


def verify_json(states: Iterable[HopState], samples: Iterable[Sample], rows: Iterable[Compared]) -> Json:
    """The keys that `verify` adds: those of the weakest engine on each hop, and every engine by itself."""
    rows = tuple(rows)
    weakest = {row.hop: row for row in sorted(rows, key=_strength, reverse=True)}
    return {
        "hops": [hop_json(state) | _row_json(weakest.get(state.hop)) for state in states],
        "engines": [
            {"app": str(sample.source), "python": sample.interpreter, "python_version": sample.python}
            | {"sqlalchemy": sample.sqlalchemy, **_engine_json(row)}
            for sample in samples
            for row in rows
            if any(row.engine is engine for engine in sample.engines)
        ],
    }


def _strength(row: Compared) -> tuple[int, int]:
    bounds = row.observed or (row.declared.bounds if row.declared else None)
    live = row.engine.live
    return (0 if live is None or not live.tls else 1, bounds.low.assurance if bounds else 0)


def _engine_json(row: Compared) -> Json:
    engine: EngineSample = row.engine
    return {
        "name": engine.name,
        "hop": row.hop.name if row.hop else None,
        "url": engine.url,
        "driver": engine.driver,
        "libpq": engine.build,
        **_row_json(row),
        "reason": engine.reason or None,
    }


def _row_json(row: Compared | None) -> Json:
    if row is None:
        return dict.fromkeys(("declared", "observed", "tls", "tls_version", "suite", "peer", "server_view", "drift"))
    live, server = row.engine.live, row.engine.server
    return {
        "declared": _known(row.declared.bounds) if row.declared else None,
        "observed": _known(row.observed) if row.observed else None,
        "tls": live.tls if live else None,
        "tls_version": live.version if live else None,
        "suite": live.suite if live else None,
        "peer": leaf_json(row.peer) if row.peer else None,
        "server_view": {
            "tls": server.tls,
            "tls_version": server.tls_version,
            "suite": server.suite,
            "version": server.server_version,
            "settings": dict(server.settings) if server.settings is not None else None,
        } if server else None,
        "drift": row.drift,
    }  # fmt: skip


def _known(bounds: Bounds) -> Json:
    return posture_json(bounds.settled) if bounds.settled else {"bounds": bounds_json(bounds)}
