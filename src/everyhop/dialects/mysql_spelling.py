"""How everything that a MySQL driver's settings say about TLS is replaced, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NoReturn

from everyhop.dialects.mysql_case import anchors, client_pair
from everyhop.dialects.settings import DialerSettings, PythonContext, Spelling, after
from everyhop.errors import SettingsError
from everyhop.model.posture import Assurance, Floor, Posture


def spelled(settings: DialerSettings, options: Mapping[str, str], arguments: Mapping[str, object]) -> Spelling:
    """The settings with these in place of all about TLS that stood there, other drivers' options and typos included."""
    kept = {key: value for key, value in settings.connect_args.items() if not _is_about_tls(key)}
    url = settings.dsn
    if url is not None:
        url = url.with_options({key: None for key, _ in url.options if _is_about_tls(key)} | dict(options))
    return Spelling(url, kept | dict(arguments), dict(settings.environment))


def by_url(settings: DialerSettings) -> bool:
    """Whether there is a URL, and SQLAlchemy to move its options."""
    return settings.sqlalchemy and settings.dsn is not None


def pair_to_show(
    settings: DialerSettings, posture: Posture, named: tuple[str, str] | None
) -> tuple[str, str | None] | None:
    """The certificate and key to show. Raises `SettingsError` where the posture demands them and nobody named any."""
    return _demanded(posture, named or client_pair(settings))


def whole_pair_to_show(
    settings: DialerSettings, posture: Posture, named: tuple[str, str] | None
) -> tuple[str, str | None] | None:
    """The same for a driver that takes no certificate without its key: one that stands alone counts as not named."""
    pair = named or client_pair(settings)
    return _demanded(posture, pair if pair and pair[1] else None)


def _demanded(posture: Posture, pair: tuple[str, str | None] | None) -> tuple[str, str | None] | None:
    if posture.client_auth and pair is None:
        raise SettingsError("a client certificate is demanded and none is named", hint="name certificate and key")
    return pair


def shown(pair: tuple[str, str | None] | None, prefix: str = "ssl_") -> dict[str, str]:
    """The certificate and key under their names."""
    named = zip(("cert", "key"), pair or (), strict=False)
    return {f"{prefix}{name}": file for name, file in named if file}


def refuse_bare_demands(posture: Posture) -> None:
    """Raise `SettingsError` for `plaintext` with a floor or a client's certificate."""
    if posture.assurance is Assurance.PLAINTEXT and (posture.floor or posture.client_auth):
        raise SettingsError("without TLS there is neither a floor nor a client certificate", hint="demand more")


def refuse(message: str, hint: str, key: str | None = None) -> NoReturn:
    """Raise `SettingsError`: this driver has no word for it."""
    raise SettingsError(message, hint=hint, key=key)


def without_local_files(spelling: Spelling, name: str, folder: str | None = None) -> Spelling:
    """The spelling with `LOAD DATA LOCAL` off; `name` is this driver's switch for it. The call beats a URL.

    `folder` is the option that names a folder for which it is on all the same.
    """
    gone = {option: None for option in (name, folder) if option}
    url = spelling.url.with_options(gone) if spelling.url is not None else None
    kept = {key: value for key, value in spelling.connect_args.items() if key not in gone}
    return replace(spelling, url=url, connect_args={**kept, name: False})


def with_context(settings: DialerSettings, spelling: Spelling) -> Spelling:
    """A spelling of `verify-full` as an `ssl.SSLContext` that takes no name from a CN, with TLS 1.2 at least."""
    context = spelling.connect_args.get("ssl")
    now = after(settings, spelling)
    if not isinstance(context, PythonContext):
        context = PythonContext(anchors=anchors(now), client_pair=client_pair(now))
    floor = max(context.floor, Floor.TLS_1_2)
    return spelled(now, {}, {"ssl": replace(context, floor=floor, common_name=False)})


def _is_about_tls(name: str) -> bool:
    return name.lower().startswith(("ssl", "tls"))
