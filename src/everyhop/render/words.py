"""How everyhop says things, the same in text and HTML: a hop's assurance, an endpoint, a peer, what was seen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from everyhop.model.endpoint import Endpoint, Locality, TcpEndpoint
from everyhop.model.evidence import Evidence, FileState, RuntimeSample, SourceSpan, Transcript
from everyhop.model.finding import Finding
from everyhop.model.place import Place
from everyhop.model.posture import Assurance, Bounds
from everyhop.model.report import Grade, HopState, Report
from everyhop.model.secret import masked
from everyhop.model.wire import Wire
from everyhop.rules.leniency import undeployed

if TYPE_CHECKING:
    from everyhop.model.certificate import Leaf

_LOCAL = {Locality.UNIX: "local socket (allowed)", Locality.LOOPBACK: "loopback (allowed)"}
NOT_LOOKED_AT = "not looked at"
UNSEEN = "–"


def bounds_words(bounds: Bounds) -> str:
    """The assurance: one word where it is known, `opportunistic…verify-full` where it lies between two."""
    low, high = bounds.low.assurance, bounds.high.assurance
    return low.word if low is high else f"{low.word}…{high.word}"


def assurance_words(state: HopState) -> str:
    """What is known of a hop's assurance, in the words of `bounds_words`."""
    return NOT_LOOKED_AT if state.settled is None else bounds_words(state.settled)


def standing(state: HopState, report: Report) -> str:
    """A hop's assurance with what excuses it: `local socket (allowed)`, `plaintext (waived)`, `verify-ca (tests)`."""
    allowed = allowed_words(state)
    if allowed:
        return allowed
    whole = state.settled is not None and state.settled.low.assurance is Assurance.IDENTITY_VERIFIED
    waived = not whole and any(finding.hop == state.hop for finding in report.waived)  # else it is about other things
    if waived:
        return f"{assurance_words(state)} (waived)"
    place = _shown_in(state, report)
    return f"{assurance_words(state)} ({place.value})" if place else assurance_words(state)


def _shown_in(state: HopState, report: Report) -> Place | None:
    """Where a hop stands that has no grade, because nobody deploys any of it."""
    own = [reading for reading in report.readings if reading.hop == state.hop] if state.grade is None else []
    return undeployed([item for reading in own for item in reading.evidence])


def allowed_words(state: HopState) -> str | None:
    """`local socket (allowed)` where policy accepts a plaintext hop as it is; None everywhere else."""
    endpoint = state.hop.endpoint
    tolerated = state.local and state.grade is not None and state.grade >= Grade.A_MINUS
    unprotected = state.settled is None or state.settled.low.assurance < Assurance.ENCRYPTED
    return _LOCAL.get(endpoint.locality) if endpoint and tolerated and unprotected else None


def tls_words(version: str | None) -> str:
    """`TLS 1.3` for OpenSSL's `TLSv1.3` (and `TLS 1.0` for its `TLSv1`); a dash where no connection was seen."""
    if version is None:
        return UNSEEN
    number = version.removeprefix("TLSv")
    return f"TLS {number}" if "." in number else f"TLS {number}.0"


def tls_of(state: HopState) -> str:
    """The version that a hop was seen to use; `no TLS` where it is known to use none."""
    sides = [side for side in (state.dialer, state.listener) if side is not None]
    if state.tls_version is None and any(side.high.assurance is Assurance.PLAINTEXT for side in sides):
        return "no TLS"
    return tls_words(state.tls_version)


def endpoint_words(endpoint: Endpoint | None, wire: Wire | None, settled: Bounds | None) -> str:
    """Where a hop ends: a URL for HTTP where the scheme is known, `host:port` or `unix:/path` otherwise.

    A site with TLS may have been dialled at a port for plain HTTP that redirects, so there only the usual ports tell.
    """
    if endpoint is None:
        return "known only at run time"
    if wire is not Wire.HTTP or not isinstance(endpoint, TcpEndpoint):
        return str(endpoint)
    for scheme, usual in (("http", 80), ("https", 443)):
        if endpoint.port == usual:
            return f"{scheme}://{str(endpoint).removesuffix(f':{usual}')}"
    plain = settled is not None and settled.high.assurance is Assurance.PLAINTEXT
    return f"http://{endpoint}" if plain else str(endpoint)


def hop_endpoint(state: HopState) -> str:
    """`endpoint_words` of a hop."""
    return endpoint_words(state.hop.endpoint, state.hop.wire, state.settled)


def tone(grade: Grade | None) -> str:
    """How a grade feels: `good`, `middling`, `bad`, or `unknown` without one. Colours are picked by this word."""
    if grade is None:
        return "unknown"
    return "good" if grade >= Grade.A_MINUS else "bad" if grade is Grade.F else "middling"


def peer_words(leaf: Leaf) -> str:
    """Who showed which certificate: subject, issuer, the beginning of the fingerprint."""
    pairs = ":".join(leaf.sha256[place : place + 2] for place in range(0, 8, 2)).lower()
    return f'peer {leaf.subject}, issuer "{leaf.issuer}", sha256 {pairs}…'


def counted(number: int, thing: str) -> str:
    """`1 handshake`, `2 handshakes`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def clock_words(at: datetime) -> str:
    """The time of day in UTC, to the second."""
    return at.astimezone(UTC).strftime("%H:%M:%SZ")


def instant(at: datetime) -> str:
    """RFC 3339, in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seen_words(evidence: Evidence) -> str:
    """One piece of evidence in one line."""
    match evidence:
        case SourceSpan():
            return f"{evidence.path}:{evidence.line}" + (f"  {evidence.symbol}" if evidence.symbol else "")
        case FileState():
            return f"{evidence.path}  mode {evidence.mode:04o}, owner {evidence.owner}"
        case Transcript():
            parts = [*_connection(evidence), *evidence.lines]
            return f"{_joined(parts)}  (live, {clock_words(evidence.at)})"
        case RuntimeSample():
            parts = _connection(evidence) or ["no TLS"]
            view = f"; the server says: {evidence.server_view}" if evidence.server_view else ""
            source = f"{evidence.source}, " if evidence.source else ""
            return f"{_joined(parts)}{view}  ({source}the app's own connection, {clock_words(evidence.at)})"


def place_words(finding: Finding) -> str:
    """Where a finding stands: file, line and name, or the hop and its endpoint."""
    if finding.span:
        return seen_words(finding.span)
    where = endpoint_words(finding.endpoint, None, None) if finding.endpoint else None
    hop = f"{finding.hop.dialer} → {finding.hop.listener}" if finding.hop else None
    return "  ".join(part for part in (hop, where) if part) or "the whole application"


_UNDEPLOYED: Final = {
    Place.TESTS: "tests",
    Place.PIPELINE: "a pipeline",
    Place.DOCS: "documentation",
    Place.EXAMPLE: "examples",
}


def milder_words(finding: Finding) -> str | None:
    """Why a finding weighs less than its rule says; None where it does not."""
    milder = finding.milder
    if milder is None:
        return None
    where = _UNDEPLOYED.get(milder.place, milder.place.value)
    usual = "" if milder.usual is finding.severity else f"; elsewhere this is {milder.usual.word}"
    return f"it stands only in {where}, which nobody deploys, so it costs no grade{usual}"


def told_words(finding: Finding) -> str:
    """A finding in sentences, for whoever shows no more than one text: what is wrong, why, what ends it."""
    milder = milder_words(finding)
    parts = [f"{finding.message}.", finding.why, f"Milder: {milder}." if milder else None]
    if finding.remediation:
        parts.append(f"Fix: {finding.remediation.text}")
        parts.append(finding.remediation.replacement or "")
    return masked("\n".join(filter(None, parts)))


def _connection(evidence: Transcript | RuntimeSample) -> list[str]:
    version = tls_words(evidence.tls_version) if evidence.tls_version else None
    peer = peer_words(evidence.peer) if evidence.peer else None
    return [part for part in (version, evidence.suite, peer) if part]


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(parts) or "connected"
