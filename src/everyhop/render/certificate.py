"""A certificate and its chain, for a person and for a program."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from everyhop.model.certificate import Chain, Leaf
from everyhop.model.report import Report
from everyhop.render.ink import Ink
from everyhop.render.json_values import Json, leaf_json
from everyhop.render.lineages import life_text
from everyhop.render.lines import wrapped
from everyhop.render.printable import printable
from everyhop.x509.usage import usages


def certificate_text(chain: Chain, believed: str | None, report: Report, now: datetime, ink: Ink) -> str:
    """The leaf's names, usages, key and life; the chain drawn; what is wrong with it."""
    return "\n".join(_lines(chain, believed, report, now, ink))


def certificate_json(certificate: Leaf) -> Json:
    """A certificate with its serial number and what it may be used for."""
    return {**leaf_json(certificate), "serial": f"{certificate.serial:x}", "usages": list(usages(certificate))}


def _lines(chain: Chain, believed: str | None, report: Report, now: datetime, ink: Ink) -> Iterator[str]:
    leaf = chain.leaf
    yield from wrapped("  names   ", ", ".join(leaf.names) or "none in the subjectAltName")
    yield from wrapped("  subject ", leaf.subject or "empty")
    yield from wrapped("  for     ", " and ".join(usages(leaf)) or "not said")
    yield f"  key     {leaf.key}, signed with {leaf.signature}"
    validity = leaf.validity
    life = life_text(validity.share_left(now), ink)
    yield f"  valid   {validity.not_before:%Y-%m-%d %H:%M} to {validity.not_after:%Y-%m-%d %H:%M} UTC"
    yield f"          {life}"
    yield f"  serial  {leaf.serial:x}"
    yield f"  sha256  {leaf.sha256}"
    yield from _drawn(chain, believed)
    if believed is not None:
        yield from wrapped("  trusted ", believed)
    for finding in report.findings:
        yield from wrapped("  wrong   ", f"{finding.rule} ({finding.severity.word}): {finding.message}; {finding.why}")
        if finding.remediation is not None:
            yield from wrapped("  fix     ", finding.remediation.text)
    for gap in report.gaps:
        yield from wrapped("  unseen  ", f"{gap.reason}")


def _drawn(chain: Chain, believed: str | None) -> Iterator[str]:
    """Each certificate below the one that vouches for it; the last issuer is named, whether it is there or not."""
    label = "  chain   "
    for depth, one in enumerate(chain.certificates):
        branch = "" if depth == 0 else "  " * (depth - 1) + "└ "
        until = f"until {one.validity.not_after:%Y-%m-%d}"
        yield printable(f"{label}{branch}{one.subject or 'no subject'}  {until}")
        label = " " * len(label)
    last = chain.certificates[-1]
    if last.issuer != last.subject:
        what = (
            "the anchor" if believed and not believed.startswith("no: ") else "not here: the anchor, or it is missing"
        )
        yield printable(f"{label}{'  ' * (len(chain.certificates) - 1)}└ {last.issuer}  ({what})")
