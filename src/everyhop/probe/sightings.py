"""A survey as readings that rules can judge."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Final

from everyhop.model import hsts
from everyhop.model.evidence import Transcript
from everyhop.model.hop import Hop, Topology
from everyhop.model.posture import BOTTOM, Assurance, Bounds, Floor, Posture
from everyhop.model.sighting import (
    Dialer,
    Gap,
    Listener,
    Origin,
    Plaintext,
    Reading,
    ServedChain,
    Sighting,
    Site,
    Subject,
    Version,
)
from everyhop.model.survey import Survey
from everyhop.model.wire import Wire
from everyhop.probe import cookie

BROWSER: Final = "browser"
_BROWSERS_POSTURE: Final = Bounds.exactly(Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2))
"""What every browser of today does with `https://`: chain and name verified, TLS 1.2 or newer."""


def sightings(survey: Survey, topology: Topology | None) -> tuple[Sighting, ...]:
    """What a survey tells of the hop that ends at its endpoint, or of a hop of its own where none has a name."""
    hop = topology.at(survey.endpoint, survey.wire) if topology else None
    hop = hop or _hop(survey)
    evidence = (_transcript(survey),)
    readings = (Reading(subject, Origin.OBSERVED, survey.endpoint, hop, evidence) for subject in _subjects(survey, hop))
    gaps = (Gap(str(survey.endpoint), reason, hint, hop) for reason, hint in _unseen(survey))
    return (*readings, *gaps)


def _unseen(survey: Survey) -> Iterator[tuple[str, str]]:
    """What was not to be seen of a listener that was looked at, and what to do: some hide things on purpose."""
    if survey.tls and survey.chain is None:
        yield (
            f"the certificate that it shows cannot be read: {survey.trust_reason or 'there is none'}",
            "no dialer that verifies can believe it: give the listener a certificate from an authority",
        )
    if survey.wire is Wire.HTTP and survey.tls and survey.http_tls is None:
        yield (
            "it finishes the TLS handshake and gives no answer inside: headers and cookies were not seen",
            "does it demand a client certificate? `said` in the report has its last words",
        )
    if survey.wire is Wire.HTTP and survey.plaintext is Plaintext.UNKNOWN:
        yield (
            "what it does with a browser that comes without TLS could not be seen",
            "let the plain-HTTP port redirect, or refuse connections instead of swallowing them",
        )


def _subjects(survey: Survey, hop: Hop) -> Iterator[Subject]:
    version = Version(survey.server_version) if survey.server_version else None
    yield Listener(survey.product, version, survey.bounds, why=_why(survey))
    if survey.chain is not None:
        yield ServedChain(
            survey.product,
            survey.chain,
            survey.trusted,
            survey.name_matches,
            survey.server_name,
            survey.trust_reason if survey.trusted is False else "",
        )
    # Between a proxy and its application there is no browser that would obey a header.
    if survey.wire is Wire.HTTP and hop.dialer == BROWSER:
        yield from _site(survey)


def _site(survey: Survey) -> Iterator[Subject]:
    yield Dialer(survey.product, BROWSER, None, _BROWSERS_POSTURE if survey.tls else Bounds.exactly(BOTTOM))
    header = survey.http_tls.hsts if survey.http_tls else None
    yield Site(
        survey.product,
        https=survey.tls,
        redirects=_redirects(survey),
        hsts_max_age=hsts.max_age(header) if header is not None else None,
        # Of a header in an answer that did not come nothing is said: that is a gap.
        hsts_applies=_keeps_hsts(survey.server_name) and not (survey.tls and survey.http_tls is None),
    )
    seen: dict[str, None] = {}
    for answer in (survey.http_tls, survey.http_plain):
        seen |= dict.fromkeys(answer.cookies if answer else ())
    yield from (cookie.read(survey.product, shown) for shown in seen)


def _redirects(survey: Survey) -> bool | None:
    return None if survey.http_plain is None else survey.plaintext is Plaintext.REFUSED


def _why(survey: Survey) -> str:
    if not survey.tls:
        return "it offers no TLS: everything crosses the network in the clear"
    match survey.plaintext:
        case Plaintext.ACCEPTED:
            return "it offers TLS, and goes on without where a client does not ask for it"
        case Plaintext.UNKNOWN:
            return "whether plaintext is refused could not be told from outside, without a login"
        case Plaintext.REFUSED:
            return ""


def _transcript(survey: Survey) -> Transcript:
    peer = survey.chain.leaf if survey.chain else None
    told = (survey.trust_reason,) if survey.trust_reason else ()
    return Transcript(survey.at, (*survey.said, *told), survey.tls_version, survey.suite, peer)


def _hop(survey: Survey) -> Hop:
    dialer = BROWSER if survey.wire is Wire.HTTP else "client"
    return Hop(str(survey.endpoint), dialer, survey.product, survey.wire, survey.endpoint)


def _keeps_hsts(name: str) -> bool:
    """Whether a browser should remember this name as HTTPS only: no address (RFC 6797 section 8.1.1), no localhost."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name != "localhost" and not name.endswith(".localhost")  # RFC 6761 section 6.3
    return False
