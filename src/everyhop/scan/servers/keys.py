"""Private keys and certificates in a tree, and who serves with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from posixpath import basename
from typing import Final

from everyhop.errors import SourceError
from everyhop.model.evidence import SourceSpan
from everyhop.model.sighting import Custody, KeyFile, Origin, Reading, ServedChain, Sighting
from everyhop.scan.servers.texts import Texts
from everyhop.scan.sightings.places import Place, place_of
from everyhop.scan.workspace import Kind, Source, Workspace

# In any other file a whole key or certificate; a program that looks for such a header holds no more than that.
_BEGIN: Final = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ )*(?:PRIVATE KEY|CERTIFICATE)-----\s*(?:\\n)?\s*[A-Za-z0-9+/=\s\\]{60}"
)


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A listener's setting that names its key: the path as written, the listener, and the place."""

    path: str
    listener: str
    at: SourceSpan


def read(workspace: Workspace, uses: Sequence[KeyUse]) -> Iterator[Sighting]:
    """Every key and certificate that lies in the tree, and every key that only settings name and several serve with."""
    found = [source for source in workspace.sources if source.kind is Kind.KEY or _BEGIN.search(source.text)]
    project = any(source.kind is Kind.PYTHON for source in workspace.sources)
    names = [basename(source.path) for source in found]
    here = {name for name in names if names.count(name) == 1}
    texts = Texts({source.path: source.text for source in found})
    for source in found:
        using = [use for use in uses if basename(use.path) == basename(source.path) and basename(use.path) in here]
        yield from _in_file(source, using, texts, project=project)
    elsewhere: dict[str, list[KeyUse]] = {}
    for use in uses:
        if basename(use.path) not in here:
            elsewhere.setdefault(use.path, []).append(use)
    for path, group in elsewhere.items():
        listeners = tuple(dict.fromkeys(use.listener for use in group))
        if len(listeners) > 1:
            key = KeyFile("key", path, None, encrypted=False, mode=None, custody=Custody.ELSEWHERE, used_by=listeners)
            yield Reading(key, Origin.DECLARED, None, None, tuple(use.at for use in group))


def _in_file(source: Source, uses: Iterable[KeyUse], texts: Texts, *, project: bool) -> Iterator[Reading]:
    from everyhop.x509 import key  # noqa: PLC0415 - `cryptography` takes a while, and most trees hold neither

    listeners = tuple(dict.fromkeys(use.listener for use in uses))
    custody = {True: Custody.TRACKED, False: Custody.KEPT, None: Custody.SHIPPED if project else Custody.KEPT}
    shown = place_of(source.path) is not Place.DEPLOYED
    for facts in key.private_keys(source.text):
        subject = KeyFile(
            "key",
            source.path,
            facts.key,
            facts.encrypted,
            source.mode,
            custody[source.tracked],
            listeners,
            for_show=shown,
        )
        at = texts.span(source.path, facts.start, facts.end, "private key")
        yield Reading(subject, Origin.DECLARED, None, None, (at, *(use.at for use in uses)))
    if "BEGIN CERTIFICATE" in source.text and not shown:
        yield from _certificate(source, texts)


def _certificate(source: Source, texts: Texts) -> Iterator[Reading]:
    """The first certificate of a file; a text that only looks like one is nobody's."""
    from everyhop.x509 import parse  # noqa: PLC0415 - as above

    try:
        chain = parse.chain_from_pem(source.text, source.path)
        issues = parse.is_authority(chain.leaf)
    except SourceError:
        return
    if issues and source.kind is not Kind.KEY:
        return  # whom a program believes, written into it
    start = source.text.index("-----BEGIN CERTIFICATE")
    at = texts.span(source.path, start, start + len("-----BEGIN CERTIFICATE-----"), "certificate")
    served = ServedChain(basename(source.path), chain, None, None, "", issues=issues)
    yield Reading(served, Origin.DECLARED, None, None, (at,))
