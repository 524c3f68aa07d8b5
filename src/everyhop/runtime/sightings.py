"""From a sample to readings and gaps: what an engine declares, what its connection showed, what its server told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from everyhop.dialects import mariadb
from everyhop.dialects.registry import read
from everyhop.errors import SettingsError, SourceError
from everyhop.model.certificate import Leaf
from everyhop.model.evidence import RuntimeSample
from everyhop.model.hop import Hop, Topology
from everyhop.model.posture import Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Dialer, Gap, Listener, Origin, Reading, Sighting, Version
from everyhop.model.wire import Wire
from everyhop.runtime.bounds import observed
from everyhop.runtime.handed import ASSUMED
from everyhop.runtime.sampled import EngineSample, Sample, ServerView
from everyhop.x509.parse import leaf

PLAINTEXT_NOW = "seen-plaintext"
"""The note of a dialer whose own connection was in plaintext when it was looked at."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One engine on its hop: what it declares beside what its connection showed. None: not to be seen."""

    engine: EngineSample
    hop: Hop | None
    declared: Dialer | None
    observed: Bounds | None
    peer: Leaf | None

    @property
    def drift(self) -> bool:
        """Whether the two exclude each other."""
        both = self.declared is not None and self.observed is not None
        return both and self.declared.bounds.narrow(self.observed) is None  # type: ignore[union-attr,arg-type]


def compare(sample: Sample, topology: Topology | None = None) -> tuple[Compared, ...]:
    """Every engine of a sample, on the topology's hop or one that is named after it."""
    return tuple(_compared(engine, topology or Topology()) for engine in sample.engines)


def sightings(sample: Sample, topology: Topology | None = None) -> tuple[Sighting, ...]:
    """What the judge needs to know of a sample."""
    return tuple(sighting for compared in compare(sample, topology) for sighting in _sightings(sample, compared))


def _compared(engine: EngineSample, topology: Topology) -> Compared:
    declared = None if engine.settings is None else _without_seen_files(read(engine.settings))
    seen = None if engine.live is None else observed(engine.live, engine.build)
    peer = None
    if engine.live is not None and engine.live.peer is not None:
        try:
            peer = leaf(engine.live.peer)
        except SourceError:
            peer = None  # a certificate that cannot be read is nobody's
    return Compared(engine, _hop(engine, topology), declared, seen, peer)


def _without_seen_files(dialer: Dialer) -> Dialer:
    """Nothing is assumed of files here: the driver has looked for them."""
    open_questions = (ASSUMED, "home-root-file")
    return replace(dialer, notes=tuple(note for note in dialer.notes if not note.startswith(open_questions)))


def _hop(engine: EngineSample, topology: Topology) -> Hop | None:
    if engine.wire is None:
        return None
    known = topology.at(engine.endpoint, engine.wire)
    name = f"app-{engine.product}" if engine.name == "default" else engine.name
    return known or Hop(name, "app", engine.product, engine.wire, engine.endpoint)


def _sightings(sample: Sample, compared: Compared) -> Iterator[Sighting]:
    engine, hop = compared.engine, compared.hop
    if compared.observed is None or engine.live is None or hop is None:
        reason = engine.reason or f"everyhop knows nothing about {engine.product}"
        yield Gap(f"{sample.source}, {engine.name} ({engine.url})", reason, engine.hint, hop)
    declared, seen = compared.declared, compared.observed
    if declared is not None and seen is not None and not compared.drift:
        # Narrowed here already: of two engines on one hop, the judge could not tell which connection belongs to which.
        seen = declared.bounds.narrow(seen) or seen
        declared = replace(declared, bounds=seen)
    evidence = _evidence(sample, compared)
    if declared is not None:
        yield Reading(declared, Origin.DECLARED, engine.endpoint, hop, evidence if not compared.drift else ())
    if seen is not None and engine.live is not None:
        yield Reading(_seen_dialer(compared, seen), Origin.OBSERVED, engine.endpoint, hop, evidence)
        listener = _listener(engine)
        if listener is not None:
            yield Reading(listener, Origin.OBSERVED, engine.endpoint, hop, evidence)


def _evidence(sample: Sample, compared: Compared) -> tuple[RuntimeSample, ...]:
    live, server = compared.engine.live, compared.engine.server
    if live is None:
        return ()
    view = str(server) if server else None
    source = f"{sample.source}, {compared.engine.name}"
    return (RuntimeSample(sample.at, live.version, live.suite, compared.peer, view, source),)


def _seen_dialer(compared: Compared, bounds: Bounds) -> Dialer:
    engine, declared = compared.engine, compared.declared
    why = (
        declared.why
        if declared
        else f"{engine.name} connects by a function of its own: only the connection could be asked"
    )
    notes = declared.notes if declared else ()
    if engine.live is not None and not engine.live.tls:
        notes = (*notes, PLAINTEXT_NOW)
        why = f"the app's own connection was in plaintext; {why}"
    version = declared.version if declared else None
    return Dialer(engine.product, engine.live.driver if engine.live else engine.driver, version, bounds, notes, why)


def _listener(engine: EngineSample) -> Listener | None:
    """The server's own settings, where a verified connection has brought them home."""
    server = engine.server
    if server is None or server.settings is None:
        return None
    version = Version(server.server_version) if server.server_version else None
    if engine.wire is Wire.MYSQL:
        return _mysql_listener(engine.product, version, server)
    word = server.settings.get("ssl_min_protocol_version")
    if word is None or word not in {floor.word for floor in Floor}:
        return None  # only roles with pg_read_all_settings are told (PostgreSQL's guc.c, GUC_SUPERUSER_ONLY)
    # Whether plaintext is refused stands in pg_hba.conf, which an application's role cannot read: a probe tells.
    low = Posture(Assurance.OPPORTUNISTIC, Floor.parse(word), ClientAuth.ABSENT)
    high = Posture(Assurance.ENCRYPTED, Floor.parse(word), ClientAuth.REQUIRED)
    return Listener(engine.product, version, Bounds(low, high))


def _mysql_listener(product: str, version: Version | None, server: ServerView) -> Listener | None:
    told = {name: value for name, value in (server.settings or {}).items() if value is not None}
    # TLS was spoken, so there are a certificate and a key. Whether clients are asked for theirs, a handshake tells.
    try:
        listener = mariadb.read(told | {"ssl_cert": "in use", "ssl_key": "in use"}, version)
    except SettingsError:
        return None
    bounds = Bounds(
        replace(listener.bounds.low, client_auth=ClientAuth.ABSENT),
        replace(listener.bounds.high, client_auth=ClientAuth.REQUIRED),
    )
    return replace(
        listener, product=product, bounds=bounds, why=f"{listener.why}, as the server told over a verified connection"
    )
