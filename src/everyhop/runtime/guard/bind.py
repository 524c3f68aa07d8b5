"""What the settings of one bind promise, held against what is demanded: read before any packet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from everyhop.dialects import registry
from everyhop.dialects.python_ssl import context_of, posture_of
from everyhop.dialects.settings import DialerSettings
from everyhop.errors import SettingsError
from everyhop.model.endpoint import Endpoint
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Dialer
from everyhop.runtime.guard.advice import advice
from everyhop.runtime.guard.conflict import conflicts
from everyhop.runtime.guard.objection import Objection, Reason
from everyhop.runtime.guard.settings import BINDS, GuardSettings
from everyhop.runtime.handed import DETOURS, Installed, settings_of

_STRIPPABLE: Final = "strippable-check"


@dataclass(frozen=True, slots=True)
class Bind:
    """One bind as it was read. `dialer` is None where nobody could read it.

    `local` excuses it from everything: it ends where `EVERYHOP_LOCAL` allows plaintext. `promised` is what its settings
    keep on every connection, None where only the open connection can tell. `standing` is whether the same keywords mean
    the same again: not where files say a part of it.
    """

    name: str
    driver: str
    required: Assurance
    endpoint: Endpoint | None = None
    local: bool = False
    dialer: Dialer | None = None
    promised: Assurance | None = None
    standing: bool = True
    objections: tuple[Objection, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)  # there are passwords in it
class Call:
    """What a driver is called with. `by_url` is the part that its URL alone makes; `url` is for the advice, if any."""

    installed: Installed
    keywords: Mapping[str, Any]
    positional: Sequence[Any] = ()
    by_url: Mapping[str, Any] = field(default_factory=dict)
    url: str | None = None


def read(name: str, call: Call, settings: GuardSettings, environment: Mapping[str, str]) -> Bind:
    """Read one bind as it would dial here and now."""
    required, driver = settings.required(name), call.installed.driver
    if call.installed.product not in registry.WIRES or driver not in registry.known_drivers():
        what = f"{call.installed.product} with {driver}"
        return Bind(name, driver, required, objections=unknown(name, what, required))
    try:
        dialled = settings_of(call.installed, call.keywords, environment)
        dialer = registry.read(dialled)
    except SettingsError as error:
        objection = Objection(Reason.UNKNOWN, error.message, error.hint or "")
        return Bind(name, driver, required, objections=(objection,) if required else ())
    local = settings.is_local(dialled.endpoint)
    if local or required is Assurance.PLAINTEXT:
        return Bind(name, driver, required, dialled.endpoint, local, dialer, dialer.bounds.low.assurance)
    detours = tuple(_detours(call))
    promised = None if detours else dialer.bounds.low.assurance
    objections = [Objection(Reason.CONFLICT, *told) for told in conflicts(dialled, call.by_url, environment)]
    remarks: tuple[str, ...] = ()
    if promised is not None and promised < required:
        if _shown_alive(dialer, dialled) >= required:
            promised = None
            remarks = (
                f"{driver} cannot be told to insist on TLS: its login is out before its connection is looked at",
            )
        else:
            objections.append(_below(call, dialer, dialled, required))
    return Bind(
        name,
        driver,
        required,
        dialled.endpoint,
        local,
        dialer,
        promised,
        not registry.files_named(dialled),
        (*detours, *objections),
        remarks,
    )


def unknown(name: str, what: str, required: Assurance) -> tuple[Objection, ...]:
    """The objection to a bind of which nobody can say what it does; none where nothing is demanded."""
    if required is Assurance.PLAINTEXT:
        return ()
    return (
        Objection(
            Reason.UNKNOWN,
            f"everyhop does not know what {what} does with TLS",
            f'{BINDS} = {{"{name}": "off"}} exempts this bind',
        ),
    )


def _detours(call: Call) -> Iterator[Objection]:
    for name in DETOURS:
        if call.keywords.get(name):
            yield Objection(Reason.UNREAD, f"{name} leads to connections that nobody has read", f"leave {name} out")
    if any(call.positional):
        yield Objection(Reason.UNREAD, "the driver is called with a connection string", "use a URL or keywords")


def _shown_alive(dialer: Dialer, dialled: DialerSettings) -> Assurance:
    """What an open connection will show to have checked, where the driver would also go on without TLS.

    Not for a driver that a newer version of itself mends.
    """
    context = context_of(dialled.connect_args.get("ssl"))
    mended = any(note.startswith(("outdated:", "perhaps-outdated:")) for note in dialer.notes)
    if context is None or mended or _STRIPPABLE not in dialer.notes:
        return Assurance.PLAINTEXT
    return posture_of(context).assurance


def _below(call: Call, dialer: Dialer, dialled: DialerSettings, required: Assurance) -> Objection:
    low, high = dialer.bounds.low.assurance, dialer.bounds.high.assurance
    word = low.word if low is high else f"{low.word} at worst"
    return Objection(
        Reason.BELOW,
        f"{required.word} is demanded, and this is {word}: {dialer.why}",
        advice(_spelled(call, dialled), required),
    )


def _spelled(call: Call, dialled: DialerSettings) -> DialerSettings:
    """The settings as they are written, so that the advice is as well: URL and connect_args, where there is a URL."""
    if call.url is None:
        return dialled
    beyond = {
        key: value for key, value in call.keywords.items() if key not in call.by_url or call.by_url[key] is not value
    }
    written = {key: value for key, value in beyond.items() if call.by_url.get(key) != value}
    try:
        return registry.resolve(
            call.url,
            connect_args=written,
            environment=dialled.environment,
            driver=call.installed.driver,
            version=call.installed.version,
            build=call.installed.build,
        )
    except SettingsError:
        return dialled
