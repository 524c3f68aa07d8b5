"""What everyhop.toml says, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from everyhop.model.hop import Topology
from everyhop.model.location import Location
from everyhop.rules.policy import Policy


@dataclass(frozen=True, slots=True)
class HopSettings:
    """Where the dialer of a hop is to be found: an application (`module:attribute`), or a variable that holds a URL.

    `location` is the endpoint as it was written, scheme and all (`http` and `https` differ: where a probe starts).
    """

    app: str | None = None
    url_env: str | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """What answers at the end of the hop of the same name: product, configuration, and whose certificate it shows."""

    product: str
    config: Path | None = None
    certificate: str | None = None
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a person has decided. `path` is the file that said so; None: there is none, all is default."""

    path: Path | None = None
    policy: Policy = field(default_factory=Policy)
    topology: Topology = field(default_factory=Topology)
    hops: Mapping[str, HopSettings] = field(default_factory=dict)
    listeners: Mapping[str, ListenerSettings] = field(default_factory=dict)
