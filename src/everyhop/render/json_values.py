"""The small values inside the JSON documents: postures, bounds, versions, certificates, places."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from everyhop.model.certificate import Chain, Leaf
from everyhop.model.evidence import Evidence, FileState, RuntimeSample, SourceSpan, Transcript
from everyhop.model.posture import Bounds, Posture
from everyhop.model.secret import masked
from everyhop.model.sighting import Version
from everyhop.render.words import instant

Json = dict[str, Any]


def dumped(document: object) -> str:
    """A document as text, with every string masked, in ASCII."""
    text = json.dumps(_masked(document), indent=2)
    return text.replace("\x7f", r"\u007f")  # the one control character that json leaves as it is


def _masked(value: object) -> object:
    """The same tree with every string masked: the last look before anything leaves."""
    match value:
        case str():
            return masked(value)
        case Mapping():
            return {key: _masked(item) for key, item in value.items()}
        case list() | tuple():
            return [_masked(item) for item in value]
        case _:
            return value


def posture_json(posture: Posture) -> Json:
    """`Posture`: three words, the floor null where there is none."""
    return {
        "assurance": posture.assurance.word,
        "floor": posture.floor.word,
        "client_auth": posture.client_auth.word,
    }


def bounds_json(bounds: Bounds) -> Json:
    """The lowest and the highest posture that are still possible."""
    return {"low": posture_json(bounds.low), "high": posture_json(bounds.high)}


def posture_or_bounds(bounds: Bounds | None) -> Json:
    """`{"posture": …}` where there is only one left, else `{"bounds": …}`; posture null where nobody looked."""
    if bounds is None:
        return {"posture": None}
    if bounds.settled is not None:
        return {"posture": posture_json(bounds.settled)}
    return {"bounds": bounds_json(bounds)}


def version_json(version: Version | None) -> Json | None:
    """A version, and whether anything told it."""
    return None if version is None else {"value": version.value, "assumed": version.assumed}


def leaf_json(leaf: Leaf) -> Json:
    """A certificate as `probe` shows it."""
    return {
        "subject": leaf.subject,
        "issuer": leaf.issuer,
        "names": list(leaf.names),
        "not_before": instant(leaf.validity.not_before),
        "not_after": instant(leaf.validity.not_after),
        "key": leaf.key,
        "signature": leaf.signature,
        "sha256": leaf.sha256,
    }


def chain_json(chain: Chain | None) -> list[Json] | None:
    """The certificates of a chain, leaf first; None where none was seen."""
    return None if chain is None else [leaf_json(certificate) for certificate in chain.certificates]


def span_json(span: SourceSpan | None) -> Json:
    """A place in a file: five keys, all null where there is none."""
    return {
        "path": span.path if span else None,
        "line": span.line if span else None,
        "column": span.column if span else None,
        "end_line": span.end_line if span else None,
        "end_column": span.end_column if span else None,
    }


def evidence_json(evidence: Evidence) -> Json:
    """One piece of evidence; `kind` says which."""
    match evidence:
        case SourceSpan():
            place = span_json(evidence)
            return {"kind": "source", **place, "symbol": evidence.symbol, "snippet": evidence.snippet}
        case FileState():
            mode = f"{evidence.mode:04o}"
            return {"kind": "file", "path": evidence.path, "mode": mode, "owner": evidence.owner}
        case Transcript():
            return {"kind": "transcript", **_connection(evidence), "lines": list(evidence.lines)}
        case RuntimeSample():
            told = {"server_view": evidence.server_view, "source": evidence.source}
            return {"kind": "runtime", **_connection(evidence), **told}


def _connection(evidence: Transcript | RuntimeSample) -> Json:
    return {
        "at": instant(evidence.at),
        "tls_version": evidence.tls_version,
        "suite": evidence.suite,
        "peer": leaf_json(evidence.peer) if evidence.peer else None,
    }
