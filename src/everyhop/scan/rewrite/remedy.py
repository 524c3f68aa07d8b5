"""Attaches to each finding what would end it: the dialect writes the settings, this puts them into words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from everyhop.dialects import registry
from everyhop.dialects.dsn import PLACEHOLDER
from everyhop.dialects.settings import DialerSettings, PeerCheck, PythonContext, Spelling
from everyhop.errors import SettingsError
from everyhop.model.evidence import SourceSpan
from everyhop.model.finding import Finding, Remediation
from everyhop.model.posture import ClientAuth, Floor, Posture
from everyhop.model.report import Report
from everyhop.model.secret import MASK, Secret, masked
from everyhop.rules.policy import Policy

ANCHORS: Final = "/path/to/ca.pem"
"""Stands for the file with the authority that issued the server's certificate, where nothing names one yet."""

_ANCHOR_OPTIONS: Final = ("sslrootcert", "ssl_ca", "ca")
# Findings that the settings of a listener or of the app end, not those of a dialer.
_TEXTS: Final = {
    "plaintext-accepted": "give the server a certificate and let it refuse connections without TLS",
    "old-tls-versions": "raise the server's lowest TLS version to the floor",
    "insecure-cookie": "set SESSION_COOKIE_SECURE = True where the app is served over HTTPS",
}
_RUN_TIME: Final = "demand verify-full where the URL is set; everyhop verify asks the running app what it really does"


def attach(report: Report, settings: Mapping[SourceSpan, DialerSettings], policy: Policy) -> Report:
    """The report with a remediation on every finding that has none."""
    findings = tuple(
        finding if finding.remediation else _remedied(finding, settings, policy) for finding in report.findings
    )
    return replace(report, findings=findings)


def _remedied(finding: Finding, settings: Mapping[SourceSpan, DialerSettings], policy: Policy) -> Finding:
    span = finding.span
    if finding.rule in _TEXTS:
        return replace(finding, remediation=Remediation(_TEXTS[finding.rule]))
    if span is None:
        return finding
    found = settings.get(span)
    if found is None:
        return replace(finding, remediation=Remediation(_RUN_TIME))
    return replace(finding, remediation=remedy(found, policy.demand(finding.hop, finding.endpoint)))


def remedy(settings: DialerSettings, demand: Posture) -> Remediation:
    """The settings that reach a demanded posture with this driver, as a person may see them."""
    named = anchors_of(settings)
    floor = max(demand.floor, Floor.TLS_1_2)
    try:
        spelling = registry.write(settings, Posture(demand.assurance, floor, ClientAuth.ABSENT), named or ANCHORS)
    except SettingsError as error:
        if settings.driver not in registry.known_drivers():
            return Remediation(f"everyhop cannot write the settings of {settings.driver} yet")
        return Remediation(f"{error.message}: {error.hint}" if error.hint else error.message)
    where = "" if named else f"; {ANCHORS} stands for the authority that issued the server's certificate"
    gone = [key for key in settings.connect_args if key not in spelling.connect_args]
    without = f" without {', '.join(gone)}" if gone else ""
    text = f"use {demand.assurance.word}{without}{where}"
    return Remediation(text, _shown(settings, spelling), safe=named is not None)


def anchors_of(settings: DialerSettings) -> str | None:
    """The trust anchors that settings name already."""
    for key, value in (*settings.options, *_flat(settings.connect_args)):
        if isinstance(value, PythonContext) and value.anchors:
            return value.anchors
        if key in _ANCHOR_OPTIONS and isinstance(value, str) and value and PLACEHOLDER not in value:
            return value
    return None


def _flat(connect_args: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for key, value in connect_args.items():
        if isinstance(value, Mapping):
            yield from value.items()
        yield key, value


def _shown(settings: DialerSettings, spelling: Spelling) -> str:
    """The new settings: those that differ; all of the URL, since it is pasted as a whole."""
    parts: list[str] = []
    if spelling.url is not None and spelling.url != settings.dsn:
        parts.append(spelling.url.masked())
    changed = {k: v for k, v in spelling.connect_args.items() if settings.connect_args.get(k) != v}
    if spelling.connect_args != settings.connect_args and spelling.url is not None:
        changed = dict(spelling.connect_args)
    if changed and spelling.url is not None:
        parts.append(f"connect_args={_expression(changed)}")
    elif changed:
        parts.append(", ".join(f"{key}={_expression(value)}" for key, value in changed.items()))
    parts += [f"{k}={v}" for k, v in spelling.environment.items() if settings.environment.get(k) != v]
    return masked("  ".join(parts))


def _expression(value: object) -> str:
    """A value as Python source."""
    match value:
        case Secret():
            return repr(MASK)
        case PythonContext():
            return _context(value)
        case Mapping():
            return "{" + ", ".join(f"{k!r}: {_expression(v)}" for k, v in value.items()) + "}"
        case str():
            return repr(value).replace(PLACEHOLDER, "…")
        case PeerCheck():
            return f"ssl.{value.value}"
        case bool() | int() | float() | None:
            return repr(value)
        case _:
            return "…"


def _context(context: PythonContext) -> str:
    given = f"cafile={context.anchors!r}" if context.anchors else ""
    return f"ssl.create_default_context({given})"
