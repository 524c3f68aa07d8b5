"""What does a database URL really do? One setting read, to be judged and written anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from everyhop.dialects import registry
from everyhop.dialects.dsn import Dsn
from everyhop.errors import SettingsError
from everyhop.jobs.explanation import Explanation
from everyhop.model.posture import Assurance, Floor, Posture
from everyhop.model.sighting import Version
from everyhop.rules.policy import Policy


def explain(
    source: str | Dsn,
    *,
    started: datetime,
    policy: Policy | None = None,
    connect_args: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    driver: str | None = None,
    driver_version: str | None = None,
    build: str | None = None,
) -> Explanation:
    """Read a URL as its driver does. Without an `environment` none is looked at.

    Raises `SettingsError` for a text that is no database URL and for a driver that has no dialect yet.
    """
    dsn = Dsn.parse(source, driver) if isinstance(source, str) else source
    policy = policy or Policy()
    if not registry.has_hop(dsn):
        return Explanation(dsn, None, None, policy, started)
    settings = registry.resolve(
        dsn,
        connect_args=connect_args,
        environment=environment,
        version=Version(driver_version) if driver_version else None,
        build=build,
    )
    try:
        registry.dialect_for(settings.driver)
    except SettingsError as error:
        if settings.driver not in (dsn.driver or dsn.scheme).lower():  # a default that nobody has written down
            error.hint = f"{dsn.scheme}:// alone means {settings.driver}; {error.hint}"
        raise
    return Explanation(dsn, settings, registry.read(settings), policy, started)


def secure_url(source: str, anchors: str, driver: str | None = None) -> str:
    """The URL, password and all, with this driver's spelling of `verify-full` against the authority in `anchors`.

    Raises `SettingsError` where the driver has none, or none that a URL alone can carry.
    """
    settings = registry.resolve(source, driver=driver)
    spelling = registry.write(settings, Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2), anchors)
    if spelling.url is None or spelling.connect_args:
        raise SettingsError("a URL alone cannot say that", hint="use explain: it shows connect_args as well")
    return spelling.url.revealed()
