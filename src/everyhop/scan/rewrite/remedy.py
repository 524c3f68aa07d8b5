"""Attaches to each finding what would end it: the dialect writes the settings, this puts them into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from everyhop.dialects import client_key, registry
from everyhop.dialects.dsn import PLACEHOLDER
from everyhop.dialects.settings import DialerSettings, Spelling
from everyhop.dialects.source import ANCHORS, source
from everyhop.errors import SettingsError
from everyhop.model.evidence import SourceSpan
from everyhop.model.finding import Finding, Remediation
from everyhop.model.posture import ClientAuth, Floor, Posture
from everyhop.model.report import Report
from everyhop.model.secret import masked
from everyhop.model.wire import Wire
from everyhop.rules.catalogue import catalogue
from everyhop.rules.policy import Policy

_RUN_TIME: Final = "demand verify-full where the URL is set; everyhop verify asks the running app what it really does"

_PROXY: Final = (
    "let the upstream speak TLS, dial it by https:// and verify its certificate; "
    "on a unix socket or the loopback nothing has to be encrypted"
)
_POOLER: Final = "set server_tls_sslmode = verify-full, and server_tls_ca_file to the authority of the databases"
_SITE: Final = "give the site a certificate and a listen with ssl, and let plain HTTP redirect to it"


def attach(report: Report, settings: Mapping[SourceSpan, DialerSettings], policy: Policy) -> Report:
    """The report with a remediation on every finding that has none."""
    findings = tuple(
        finding if finding.remediation else _remedied(finding, settings, policy) for finding in report.findings
    )
    return replace(report, findings=findings)


def _remedied(finding: Finding, settings: Mapping[SourceSpan, DialerSettings], policy: Policy) -> Finding:
    span = finding.span
    advice = catalogue()[finding.rule].advice
    if advice:
        return replace(finding, remediation=Remediation(advice))
    if span is None:
        return finding
    found = settings.get(span)
    if found is None and finding.hop is not None and finding.hop.wire is Wire.HTTP:
        return replace(finding, remediation=Remediation(_PROXY if finding.hop.dialer != "browser" else _SITE))
    if found is None:
        text = _POOLER if finding.hop is not None and finding.hop.dialer == "pgbouncer" else _RUN_TIME
        return replace(finding, remediation=Remediation(text))
    return replace(finding, remediation=remedy(found, policy.demand(finding.hop, finding.endpoint)))


def remedy(settings: DialerSettings, demand: Posture) -> Remediation:
    """The settings that reach a demanded posture with this driver, as a person may see them."""
    if settings.driver not in registry.known_drivers():
        return Remediation(f"everyhop cannot write the settings of {settings.driver} yet")
    named = named_anchors(settings)
    try:
        spelling = spelled(settings, demand, named or ANCHORS)
    except SettingsError as error:
        return Remediation(f"{error.message}: {error.hint}" if error.hint else error.message)
    where = "" if named else f"; {ANCHORS} stands for the authority that issued the server's certificate"
    gone = [key for key in settings.connect_args if key not in spelling.connect_args]
    without = f", and leave out connect_args[{', '.join(map(repr, gone))}]" if gone else ""
    text = f"use {demand.assurance.word}{without}{where}"
    return Remediation(text, _shown(settings, spelling), safe=named is not None)


def spelled(settings: DialerSettings, demand: Posture, anchors: str) -> Spelling:
    """What the driver's dialect writes for a demanded posture. Raises `SettingsError` where it has no settings for it.

    TLS 1.2 is the least that is ever written (RFC 8996 ends what is older).
    """
    floor = max(demand.floor, Floor.TLS_1_2)
    return registry.write(client_key.own(settings), Posture(demand.assurance, floor, ClientAuth.ABSENT), anchors)


def named_anchors(settings: DialerSettings) -> str | None:
    """The trust anchors that settings name already, where all of the name is known."""
    named = registry.dialect_for(settings.driver).anchors(settings)
    return named if named and PLACEHOLDER not in named else None


def _shown(settings: DialerSettings, spelling: Spelling) -> str:
    """The new settings: those that differ; all of the URL, since it is pasted as a whole."""
    parts: list[str] = []
    if spelling.url is not None and spelling.url != settings.dsn:
        parts.append(spelling.url.masked())
    changed = {k: v for k, v in spelling.connect_args.items() if settings.connect_args.get(k) != v}
    if spelling.connect_args != settings.connect_args and spelling.url is not None:
        changed = dict(spelling.connect_args)
    if changed and spelling.url is not None:
        parts.append(f"connect_args={source(changed)}")
    elif changed:
        parts.append(", ".join(f"{key}={source(value)}" for key, value in changed.items()))
    parts += [f"{k}={v}" for k, v in spelling.environment.items() if settings.environment.get(k) != v]
    return masked("  ".join(parts))
