"""Every server's settings and every key of a workspace, asked for what they say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from everyhop.model.sighting import Sighting
from everyhop.scan.resolve.environment import Setting
from everyhop.scan.servers import clusters, keys, option_files, poolers, real_addresses, sections, websites
from everyhop.scan.servers.keys import KeyUse
from everyhop.scan.servers.texts import Texts
from everyhop.scan.sightings import listeners
from everyhop.scan.sightings.hops import Hops
from everyhop.scan.sightings.listeners import Container
from everyhop.scan.sightings.places import is_for_tests
from everyhop.scan.workspace import Kind, Workspace

_MYSQL = ("mysql", "mariadb")


def read(
    workspace: Workspace, containers: Sequence[Container], variables: Iterable[Setting], hops: Hops
) -> Iterator[Sighting]:
    """The readings and gaps of all servers: of the containers, and of settings files that are deployed.

    Files of tests and pipelines are left out. An option file is that of the container, where there is one of each.
    """
    texts: dict[Kind, dict[str, str]] = {}
    for source in workspace.sources:
        if not is_for_tests(source.path):
            texts.setdefault(source.kind, {})[source.path] = source.text
    keys_used: list[KeyUse] = []

    options = Texts(texts.get(Kind.OPTION_FILE, {}))
    servers = option_files.configurations(options.by_path)
    mine = [container for container in containers if listeners.product_of(container) in _MYSQL]
    told = [server for server in servers if server.whole or server.says_tls]
    joined = len(mine) == len(told) == 1
    for container in containers:
        given = option_files.mounted(told[0], options) if joined and container in mine else None
        yield from listeners.read(container, hops, given)
    for server in servers if not joined else ():
        yield from option_files.read(server, options, hops)
    keys_used += [use for server in servers for use in option_files.keys(server, options)]

    confs, hbas = Texts(texts.get(Kind.POSTGRESQL, {})), Texts(texts.get(Kind.HBA, {}))
    for cluster in clusters.clusters(confs.by_path, hbas.by_path):
        yield from clusters.read(cluster, confs, hbas, hops)
        keys_used += clusters.keys(cluster, confs)

    pools = Texts(texts.get(Kind.PGBOUNCER, {}))
    for path in pools.by_path:
        yield from poolers.read(path, pools, hops)
    keys_used += poolers.keys(pools.by_path, pools)

    yield from clusters.of_image(variables)

    web = websites.read(texts, hops)
    yield from web.sightings
    keys_used += web.keys
    yield from sections.read(workspace.sources)
    yield from real_addresses.read(workspace.sources)
    yield from keys.read(workspace, keys_used)
