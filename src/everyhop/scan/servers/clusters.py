"""`postgresql.conf` with its `pg_hba.conf`: what a PostgreSQL server takes from other machines, and whom it lets in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from posixpath import basename, dirname
from typing import Final

from everyhop.dialects import suites
from everyhop.dialects.postgresql import conf, hba
from everyhop.dialects.postgresql.posture import Sight, seen
from everyhop.errors import SettingsError
from everyhop.model.endpoint import Endpoint, TcpEndpoint, port_of
from everyhop.model.evidence import SourceSpan
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Gap, LoginRule, Origin, Reading, Sighting, Suites
from everyhop.model.wire import Wire
from everyhop.scan.resolve.environment import Setting
from everyhop.scan.servers.keys import KeyUse
from everyhop.scan.servers.texts import Texts
from everyhop.scan.sightings.hops import Hops
from everyhop.scan.sightings.places import is_for_tests

_PRODUCT: Final = "postgresql"
# The order in which a setting is pointed at: what decides comes first.
_TELLING: Final = ("ssl", "ssl_min_protocol_version", "ssl_cert_file", "listen_addresses")
_IMAGE_METHOD: Final = "POSTGRES_HOST_AUTH_METHOD"
_WEAK: Final = frozenset({"trust", "md5", "password", "ident"})
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1", ""})


@dataclass(frozen=True, slots=True)
class Cluster:
    """The files of one server: its settings in the order in which they are read, and its `pg_hba.conf`."""

    confs: tuple[str, ...]
    hba: str | None
    whole: bool


def clusters(confs: Mapping[str, str], hbas: Mapping[str, str]) -> tuple[Cluster, ...]:
    """The servers of a tree. A `pg_hba.conf` belongs to the settings in its folder, or to the only ones there are."""
    mains = [path for path in confs if basename(path).startswith("postgresql") and not _is_auto(path)]
    parts = [path for path in confs if path not in mains]
    found: list[Cluster] = []
    free, left = dict(hbas), list(parts)
    for main in mains:
        folders = {basename(name.rstrip("/")) for name in conf.included(confs[main])}
        mine = [path for path in left if basename(dirname(path)) in folders or _is_auto(path)]
        mine = [path for path in mine if dirname(path).startswith(dirname(main))]
        left = [path for path in left if path not in mine]
        beside = [path for path in free if dirname(path) == dirname(main)]
        own = beside or (list(free) if len(free) == 1 and len(mains) == 1 else [])
        if own:
            free.pop(own[0])
        # A folder that is included and not in the tree is an empty one: version control keeps no empty folders.
        whole = not conf.includes_files(confs[main])
        found.append(Cluster((main, *mine), own[0] if own else None, whole))
    found += [Cluster((path,), None, whole=False) for path in left]
    return (*found, *(Cluster((), path, whole=False) for path in free))


def read(cluster: Cluster, confs: Texts, hbas: Texts, hops: Hops) -> Iterator[Sighting]:
    """The listener that these files make, its suites, and the rules by which it lets people in too easily."""
    settings = {name: value for path in cluster.confs for name, value in conf.settings(confs.by_path[path]).items()}
    hba_text = hbas.by_path[cluster.hba] if cluster.hba is not None else None
    sight = Sight.WHOLE if cluster.whole else Sight.PART
    try:
        listener = seen(settings if cluster.confs else None, hba_text, sight)
    except SettingsError as error:
        yield Gap((cluster.confs or (cluster.hba or "",))[0], error.message, error.hint or "mend it")
        return
    hop = hops.server(_endpoint(settings, cluster), Wire.POSTGRES, _PRODUCT)
    places = tuple(_places(cluster, confs))
    admitting = tuple(_admitting(cluster, hbas)) if listener.bounds.high.assurance is Assurance.OPPORTUNISTIC else ()
    evidence = (*admitting, *places) or tuple(_first(cluster, confs, hbas))
    if cluster.whole or cluster.hba or any(name.startswith("ssl") for name in settings):
        yield Reading(listener, Origin.DECLARED, hop.endpoint, hop, evidence)
    for path in cluster.confs:
        if "ssl_ciphers" in conf.settings(confs.by_path[path]):
            written = conf.settings(confs.by_path[path])["ssl_ciphers"]
            subject = Suites(_PRODUCT, written, suites.weak(written))
            yield Reading(subject, Origin.DECLARED, hop.endpoint, hop, (_at(confs, path, "ssl_ciphers"),))
    for record in hba.records(hba_text or ""):
        method = "".join(record.method.values)
        if record.admits and method in _WEAK and cluster.hba is not None:
            place = _record(hbas, cluster.hba, record)
            subject_ = LoginRule(_PRODUCT, method, place.snippet, network=not record.is_local)
            yield Reading(subject_, Origin.DECLARED, hop.endpoint, hop, (place,))


def of_image(variables: Iterable[Setting]) -> Iterator[Reading]:
    """How the official image lets people in: `POSTGRES_HOST_AUTH_METHOD` is its method for every network."""
    for setting in variables:
        method = "".join(piece for piece in setting.pieces if isinstance(piece, str)).strip()
        if setting.name == _IMAGE_METHOD and method in _WEAK and not is_for_tests(setting.file):
            at = replace(setting.at, snippet=f"{_IMAGE_METHOD}={method}", symbol=_IMAGE_METHOD)
            rule = LoginRule(_PRODUCT, method, f"host all all all {method}", network=True)
            yield Reading(rule, Origin.DECLARED, None, None, (at,))


def keys(cluster: Cluster, confs: Texts) -> Iterator[KeyUse]:
    """The key that the server serves with."""
    for path in cluster.confs:
        name = conf.settings(confs.by_path[path]).get("ssl_key_file")
        if name:
            yield KeyUse(name, _PRODUCT, _at(confs, path, "ssl_key_file"))


def _is_auto(path: str) -> bool:
    return basename(path).startswith("postgresql.auto")


def _endpoint(settings: Mapping[str, str], cluster: Cluster) -> Endpoint | None:
    """Where it listens: on `localhost` by default (documentation, section 20.3.1), unless a part does not tell."""
    written = settings.get("listen_addresses", "localhost" if cluster.whole and cluster.confs else "*")
    addresses = {address.strip() for address in written.split(",")}
    return TcpEndpoint("localhost", port_of(settings.get("port", "5432")) or 5432) if addresses <= _LOOPBACK else None


def _places(cluster: Cluster, texts: Texts) -> Iterator[SourceSpan]:
    for name in _TELLING:
        for path in reversed(cluster.confs):
            if name in conf.places(texts.by_path[path]):
                yield _at(texts, path, name)
                break


def _first(cluster: Cluster, confs: Texts, hbas: Texts) -> Iterator[SourceSpan]:
    for path in cluster.confs:
        for name in conf.places(confs.by_path[path]):
            yield _at(confs, path, name)
            return
    for record in hba.records(hbas.by_path[cluster.hba]) if cluster.hba is not None else ():
        yield _record(hbas, cluster.hba or "", record)
        return


def _admitting(cluster: Cluster, texts: Texts) -> Iterator[SourceSpan]:
    """The first record that lets somebody from another machine in without TLS."""
    for record in hba.records(texts.by_path[cluster.hba]) if cluster.hba is not None else ():
        if record.kind in hba.PLAIN_TYPES and record.admits and not record.is_local:
            yield _record(texts, cluster.hba or "", record)
            return


def _record(texts: Texts, path: str, record: hba.Record) -> SourceSpan:
    return texts.span(path, record.start, record.method.end, "".join(record.fields[0].values))


def _at(texts: Texts, path: str, name: str) -> SourceSpan:
    start, end = conf.places(texts.by_path[path])[name]
    return texts.span(path, start, end, name)
