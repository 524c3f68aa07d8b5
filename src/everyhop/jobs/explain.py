"""What does a database setting really do? One of them read, to be judged and written anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from everyhop.dialects import client_key, registry
from everyhop.dialects.dsn import Dsn
from everyhop.dialects.settings import DialerSettings
from everyhop.errors import SettingsError
from everyhop.jobs.explanation import Explanation
from everyhop.jobs.given import Given, given
from everyhop.model.posture import Assurance, Floor, Posture
from everyhop.model.sighting import Dialer, Gap, Version
from everyhop.rules.policy import Policy

_POLICY: Final = Policy()
_ASSUMED: Final = "file-assumed:"


class Files(Protocol):
    """Looks at the files that settings name, as far as they are there. A file that is not there is no news."""

    def text(self, name: str) -> str | None:
        """The text of a service or option file; None where there is none to be read."""

    def gaps(self, anchors: str | None, names: Sequence[str], now: datetime) -> tuple[Gap, ...]:
        """What is wrong with the certificates and keys of these names; `anchors` is the one to be believed."""


def explain(
    source: str | Dsn | Mapping[str, object],
    *,
    started: datetime,
    policy: Policy | None = None,
    connect_args: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    driver: str | None = None,
    driver_version: str | None = None,
    build: str | None = None,
    alias: str | None = None,
    files: Files | None = None,
) -> Explanation:
    """Read settings as their driver does. Without an `environment` none is looked at, without `files` none is opened.

    `source` is a URL, a driver's call as Python text, Django's `DATABASES` or an entry of it (`alias` names one of
    several), or the keywords of `driver`. Raises `SettingsError` for what is none of these, and for a driver that has
    no dialect yet.
    """
    asked = given(source, driver, alias, connect_args)
    policy = policy or _POLICY
    if not asked.hop or (asked.dsn is not None and not registry.has_hop(asked.dsn)):
        return Explanation(asked.dsn, None, None, policy, started, asked)
    settings = _settings(asked, environment, Version(driver_version) if driver_version else None, build)
    _refuse_unknown(settings, asked.dsn)
    read: tuple[str, ...] = ()
    if files is not None:
        texts = {name: text for name in registry.files_named(settings) if (text := files.text(name)) is not None}
        read = tuple(texts)
        settings = registry.with_files(settings, texts) if texts else settings
    dialer = registry.read(settings)
    gaps = _gaps(settings, dialer, files, started) if files is not None else ()
    return Explanation(asked.dsn, settings, dialer, policy, started, asked, read, gaps)


def _gaps(settings: DialerSettings, dialer: Dialer, files: Files, now: datetime) -> tuple[Gap, ...]:
    """What is wrong with the certificates and keys that the settings name."""
    named = [note.removeprefix(_ASSUMED) for note in dialer.notes if note.startswith(_ASSUMED)]
    pair = [path for path in (client_key.certificate_of(settings), client_key.of(settings)) if path]
    anchors = registry.dialect_for(settings.driver).anchors(settings)
    return files.gaps(anchors, [*named, *pair], now) if named or pair else ()


def _settings(
    asked: Given, environment: Mapping[str, str] | None, version: Version | None, build: str | None
) -> DialerSettings:
    if asked.dsn is not None:
        return registry.resolve(
            asked.dsn, connect_args=asked.arguments, environment=environment, version=version, build=build
        )
    return registry.from_keywords(
        asked.driver or "",
        asked.arguments,
        product=asked.product,
        environment=environment,
        version=version,
        build=build,
        notes=asked.notes,
    )


def _refuse_unknown(settings: DialerSettings, dsn: Dsn | None) -> None:
    try:
        registry.dialect_for(settings.driver)
    except SettingsError as error:
        if dsn is not None and settings.driver not in (dsn.driver or dsn.scheme).lower():  # a default nobody wrote down
            error.hint = f"{dsn.scheme}:// alone means {settings.driver}; {error.hint}"
        raise


def secure_url(source: str, anchors: str, driver: str | None = None) -> str:
    """The URL, password and all, with this driver's spelling of `verify-full` against the authority in `anchors`.

    What verification leaves open is closed as well where the URL alone can say so. Raises `SettingsError` where the
    driver has no such spelling, or none that a URL alone can carry.
    """
    settings = registry.resolve(source, driver=driver)
    spelling = registry.write(settings, Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2), anchors)
    hardened = registry.harden(settings, spelling)
    if not hardened.connect_args and hardened.environment == spelling.environment:
        spelling = hardened
    if spelling.url is None or spelling.connect_args:
        raise SettingsError("a URL alone cannot say that", hint="use explain: it shows connect_args as well")
    return spelling.url.revealed()
