"""The browser's hop as it is set: parsed from a mapping at the door, typed from there on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Final, TypeVar

from everyhop.errors import SettingsError
from everyhop.model.nearest import did_you_mean
from everyhop.runtime.browser import headers as header_table
from everyhop.runtime.browser import keys
from everyhop.runtime.browser.cookies import CookieRules, SameSite
from everyhop.runtime.browser.csp import Policy
from everyhop.runtime.browser.exemptions import Exemptions
from everyhop.runtime.browser.forwarding import Proxies
from everyhop.runtime.browser.headers import PRESETS, Changes, HeaderRules, Preset
from everyhop.runtime.browser.host import Pinned
from everyhop.runtime.browser.ramp import YEAR, Hsts, Ramp
from everyhop.runtime.browser.redirect import Bodies, RedirectRules, When
from everyhop.runtime.keys import Key

E = TypeVar("E", bound=Enum)

_MOST_HOPS: Final = 16
"""More proxies than anybody has; each is a piece of a header to look at."""

_PRESET: Final = "preset"
# Headers that have keys of their own, or are no business of a table's.
_ELSEWHERE: Final = {
    "strict-transport-security": keys.HSTS.name,
    "content-security-policy": keys.CSP.name,
    "content-security-policy-report-only": keys.CSP_REPORT_ONLY.name,
    "set-cookie": keys.SAMESITE.name,
}


@dataclass(frozen=True, slots=True)
class BrowserSettings:
    """All that the middleware wants to know. Several applications of a process each have their own."""

    proxies: Proxies
    redirect: RedirectRules
    exempt: Exemptions
    hsts: Ramp
    headers: HeaderRules

    @classmethod
    def parse(cls, config: Mapping[str, Any]) -> BrowserSettings:
        """From `EVERYHOP_…` keys, and Flask's SERVER_NAME and TRUSTED_HOSTS.

        Raises `SettingsError` with the key's name for a value, or several together, that cannot be meant.
        """
        redirect = _redirect(config)
        return cls(_proxies(config), redirect, _exempt(config), _hsts(config, redirect), _headers(config))


def _proxies(config: Mapping[str, Any]) -> Proxies:
    hops = keys.PROXY_HOPS.of(config)
    if not isinstance(hops, int) or isinstance(hops, bool) or not 1 <= hops <= _MOST_HOPS:
        raise keys.PROXY_HOPS.refuse(f"{hops!r} is no number of proxies")
    written = words(config, keys.TRUSTED_PROXIES)
    try:
        proxies = Proxies.parse(written, hops)
    except ValueError as error:
        raise keys.TRUSTED_PROXIES.refuse(str(error), 'write ["10.0.0.5/32", "unix"]') from None
    if hops > 1 and not written:
        raise keys.PROXY_HOPS.refuse(
            "there are no trusted proxies to count", f"name them in {keys.TRUSTED_PROXIES.name}"
        )
    return proxies


def _redirect(config: Mapping[str, Any]) -> RedirectRules:
    ports = keys.PORTS.of(config)
    if not isinstance(ports, Mapping):
        raise keys.PORTS.refuse(f"{ports!r} is no mapping")
    numbers = {_port(plain): _port(tls) for plain, tls in ports.items()}
    return RedirectRules(
        _choice(config, keys.REDIRECT, When), _choice(config, keys.PLAIN_BODIES, Bodies), _pinned(config), numbers
    )


def _port(value: Any) -> int:
    text = str(value)  # JSON, and so an environment variable, has only text as keys
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
    if not 0 < number < 65_536:
        raise keys.PORTS.refuse(f"{value!r} is no port")
    return number


def _pinned(config: Mapping[str, Any]) -> Pinned:
    server_name, trusted = config.get("SERVER_NAME"), config.get("TRUSTED_HOSTS") or ()
    if server_name is not None and not isinstance(server_name, str):
        raise SettingsError(f"{server_name!r} is no text", key="SERVER_NAME", hint="write tips.example.org")
    names = [trusted] if isinstance(trusted, str) else trusted
    if not isinstance(names, list | tuple | set | frozenset) or not all(isinstance(name, str) for name in names):
        raise SettingsError(f"{trusted!r} is no list of text", key="TRUSTED_HOSTS", hint='write ["tips.example.org"]')
    try:
        return Pinned.of(server_name, names)
    except ValueError as error:
        key = "SERVER_NAME" if str(error) == server_name else "TRUSTED_HOSTS"
        raise SettingsError(f"{str(error)!r} names no host", key=key, hint="write tips.example.org") from None


def _exempt(config: Mapping[str, Any]) -> Exemptions:
    written = keys.EXEMPT.of(config) or ()
    one = isinstance(written, str) or callable(written)
    if not one and not isinstance(written, list | tuple | set | frozenset):
        raise keys.EXEMPT.refuse(f"{written!r} is no list")
    try:
        return Exemptions.parse([written] if one else written)
    except ValueError as error:
        raise keys.EXEMPT.refuse(str(error)) from None


def _hsts(config: Mapping[str, Any], redirect: RedirectRules) -> Ramp:
    plan: Hsts | int
    written = keys.HSTS.of(config)
    if isinstance(written, bool) or not isinstance(written, int):
        plan = _choice(config, keys.HSTS, Hsts)
    elif not 0 <= written <= 10 * YEAR:
        raise keys.HSTS.refuse(f"{written} is no number of seconds that a browser would keep")
    else:
        plan = written
    since = _since(config)
    if since is not None and plan is not Hsts.RAMP:
        raise keys.HSTS_SINCE.refuse(
            f"only a ramp begins at a date, and {keys.HSTS.name} is {written!r}", "leave one out"
        )
    ramp = Ramp(plan, since, flag(config, keys.HSTS_SUBDOMAINS), flag(config, keys.HSTS_PRELOAD))
    if ramp.subdomains and plan is Hsts.NONE:
        raise keys.HSTS_SUBDOMAINS.refuse(
            f'{keys.HSTS.name} is "none": there is no header to say it in', "leave one out"
        )
    if ramp.preload:
        _refuse_preload(ramp, redirect)
    return ramp


def _refuse_preload(ramp: Ramp, redirect: RedirectRules) -> None:
    """What hstspreload.org demands, as far as settings can meet it."""
    key = keys.HSTS_PRELOAD
    if not ramp.subdomains:
        raise key.refuse("the list takes no name without its subdomains", f"set {keys.HSTS_SUBDOMAINS.name} as well")
    if redirect.when is When.NEVER:
        raise key.refuse("the list takes no name whose plain HTTP is served", f"leave {keys.REDIRECT.name} out")
    if ramp.plan is Hsts.RAMP and ramp.since is None:
        raise key.refuse(
            "without a date the ramp never reaches the year that the list wants", f"set {keys.HSTS_SINCE.name}"
        )
    if isinstance(ramp.plan, Hsts) and ramp.plan is not Hsts.RAMP:
        raise key.refuse(f'{keys.HSTS.name} is "{ramp.plan.value}"', "leave one out")
    if isinstance(ramp.plan, int) and ramp.plan < YEAR:
        raise key.refuse(f"{ramp.plan} seconds are less than the year that the list wants", f"write {YEAR}")


def _since(config: Mapping[str, Any]) -> float | None:
    key = keys.HSTS_SINCE
    written = key.of(config)
    if written is None:
        return None
    if isinstance(written, str):
        try:
            written = datetime.fromisoformat(written)
        except ValueError:
            raise key.refuse(f"{written!r} is no date") from None
    if isinstance(written, datetime):
        return (written if written.tzinfo else written.replace(tzinfo=UTC)).timestamp()
    if isinstance(written, date):
        return datetime(written.year, written.month, written.day, tzinfo=UTC).timestamp()
    raise key.refuse(f"{written!r} is no date")


def _headers(config: Mapping[str, Any]) -> HeaderRules:
    name = keys.PRESET.of(config)
    preset = PRESETS.get(name) if isinstance(name, str) else None
    if preset is None:
        raise keys.PRESET.refuse(f"there is no preset {name!r}{did_you_mean(str(name), PRESETS)}")
    said = keys.HEADERS.of(config) or {}
    if not isinstance(said, Mapping):
        raise keys.HEADERS.refuse(f"{said!r} is no mapping")
    csp, report_only = _policies(config, preset)
    rules = HeaderRules(tuple(preset.headers.items()), csp, report_only, _enforced(config), _cookies(config))
    return rules.changed(Changes(own_headers(said, keys.HEADERS)))


def own_headers(said: Mapping[str, Any], key: Key) -> tuple[tuple[str, str | None], ...]:
    """Headers that somebody wrote, each fit to be sent; None takes one away. Raises `SettingsError` for `key`."""
    for name in said:
        if str(name).lower() in _ELSEWHERE:
            elsewhere = _ELSEWHERE[str(name).lower()]
            raise key.refuse(f"{name} has a key of its own", f"use {elsewhere}")
    try:
        return tuple(
            (str(name), None if value is None else header_table.row(str(name), str(value))[1])
            for name, value in said.items()
        )
    except ValueError as error:
        raise key.refuse(str(error)) from None


def _policies(config: Mapping[str, Any], preset: Preset) -> tuple[tuple[str, ...], tuple[str, ...]]:
    written, nonce_in = keys.CSP.of(config), keys.CSP_NONCE_IN.of(config)
    csp = policy(preset.csp if written == _PRESET else written, keys.CSP)
    report_only = policy(keys.CSP_REPORT_ONLY.of(config), keys.CSP_REPORT_ONLY)
    if nonce_in == _PRESET:
        # The preset's nonces are for the preset's policy.
        wanted = preset.nonce_in if written == _PRESET else ()
        return template(csp, wanted), template(report_only, ())
    wanted = tuple(words(config, keys.CSP_NONCE_IN))
    there = {name for one in (csp, report_only) if one for name, _ in one.directives}
    for name in wanted:
        if name not in there:
            raise keys.CSP_NONCE_IN.refuse(
                f"{name} is in no policy, so no nonce can stand in it", f"add it to {keys.CSP.name}"
            )
    return template(csp, wanted), template(report_only, wanted)


def policy(written: Any, key: Key) -> Policy | None:
    """A policy that somebody wrote; None for none. Raises `SettingsError` for `key`."""
    if written is None or written is False or written in ("", {}):
        return None
    if not isinstance(written, str | Mapping):
        raise key.refuse(f"{written!r} is no policy")
    try:
        return Policy.parse(written)
    except ValueError as error:
        raise key.refuse(str(error)) from None


def template(written: Policy | None, nonce_in: Iterable[str]) -> tuple[str, ...]:
    """The policy cut where the nonce goes, in those of the directives that it has; empty for no policy."""
    if written is None:
        return ()
    there = {name for name, _ in written.directives}
    try:
        return written.template(name for name in nonce_in if name in there)
    except ValueError as error:
        raise keys.CSP_NONCE_IN.refuse(str(error)) from None


def _enforced(config: Mapping[str, Any]) -> frozenset[str]:
    names = words(config, keys.ENFORCED)
    for name in names:
        if name.lower() == "set-cookie":
            raise keys.ENFORCED.refuse("Set-Cookie is a view's to set", "its attributes are added in any case")
    return frozenset(name.lower() for name in names)


def _cookies(config: Mapping[str, Any]) -> CookieRules:
    written = keys.SAMESITE.of(config)
    same_site = SameSite.NOTHING if written is None else _choice(config, keys.SAMESITE, SameSite)
    return CookieRules(same_site, frozenset(words(config, keys.COOKIES_LEFT_ALONE)))


def words(config: Mapping[str, Any], key: Key) -> list[str]:
    """A list of text; text alone, as an environment variable has it, holds words with commas between them."""
    written = key.of(config)
    if written is None:
        return []
    if isinstance(written, str):
        written = [part.strip() for part in written.split(",") if part.strip()]
    if not isinstance(written, list | tuple | set | frozenset) or not all(isinstance(word, str) for word in written):
        raise key.refuse(f"{written!r} is no list of text")
    return list(written)


def flag(config: Mapping[str, Any], key: Key) -> bool:
    """True or False, and nothing that only looks like it."""
    written = key.of(config)
    if not isinstance(written, bool):
        raise key.refuse(f"{written!r} is neither True nor False")
    return written


def _choice(config: Mapping[str, Any], key: Key, kind: type[E]) -> E:
    written = key.of(config)
    known = {member.value.lower(): member for member in kind if member.value}
    if not isinstance(written, str) or written.lower() not in known:
        raise key.refuse(f"{written!r} is none of them{did_you_mean(str(written), [m.value for m in known.values()])}")
    return known[written.lower()]
