"""One listener as `probe` saw it, in lines for a person."""

from __future__ import annotations

from collections.abc import Iterator

from everyhop.model.sighting import Plaintext
from everyhop.model.survey import Survey
from everyhop.render.lines import wrapped
from everyhop.render.printable import printable
from everyhop.render.words import counted, tls_words

_PLAINTEXT = {
    Plaintext.ACCEPTED: "accepted",
    Plaintext.REFUSED: "refused",
    Plaintext.UNKNOWN: "unknown from outside",
}
_CLIENT = {
    "absent": "is not asked for a certificate",
    "optional": "may show a certificate",
    "required": "must show a certificate",
}


def survey_text(survey: Survey) -> str:
    """What was seen, a line each; what was not looked at is left out."""
    version = f" {survey.server_version}" if survey.server_version else ""
    lines = [f"{survey.endpoint}  {survey.product}{version}"]
    for name, text in _entries(survey):
        lines += wrapped(f"  {name:<10} ", text)
    return "\n".join(map(printable, lines))


def _entries(survey: Survey) -> Iterator[tuple[str, str]]:
    yield "TLS", f"{tls_words(survey.tls_version)}, {survey.suite}" if survey.tls else "none"
    if survey.versions is not None:
        yield "accepts", ", ".join(tls_words(version) for version in survey.versions)
    yield "plaintext", _PLAINTEXT[survey.plaintext]
    if survey.client_auth is not None:
        yield "client", _CLIENT[survey.client_auth]
    if survey.chain is not None:
        leaf = survey.chain.leaf
        yield "leaf", f"{', '.join(leaf.names) or f'{leaf.subject} (no subjectAltName)'}; {leaf.key}"
        yield "issuer", f"{leaf.issuer}; {len(survey.chain.certificates)} in the chain"
        yield "valid", f"{leaf.validity.not_before:%Y-%m-%d} to {leaf.validity.not_after:%Y-%m-%d}"
    yield from _trust(survey)
    for said in survey.said:
        yield "said", said
    hellos, handshakes = counted(survey.hellos, "hello"), counted(survey.handshakes, "handshake")
    yield "cost", f"{hellos}, {handshakes}, {survey.seconds:.2f} s"


def _trust(survey: Survey) -> Iterator[tuple[str, str]]:
    if not survey.tls:
        return
    if survey.trusted is None:
        yield "trusted", f"not judged: {survey.trust_reason or 'no chain was shown'}"
    else:
        yield "trusted", "yes" if survey.trusted else f"no: {survey.trust_reason}"
    if survey.name_matches is not None:
        yield "name", f"{survey.server_name}: {'matches' if survey.name_matches else 'is not in the certificate'}"
