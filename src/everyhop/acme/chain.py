"""Whether what came is what was asked for: the key, the names, and a path to a root that dialers believe."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from everyhop.acme.server import AcmeServer
from everyhop.errors import IssueError, SourceError, TrustError
from everyhop.model.certificate import Chain, Issued
from everyhop.model.secret import Secret
from everyhop.probe.anchors import of_system
from everyhop.x509.names import matches
from everyhop.x509.pair import belongs
from everyhop.x509.parse import anchors_from_pem, chain_from_pem, pem_of
from everyhop.x509.path import verify_path

_MOST: Final = 10  # certificates in one chain
_SLOW_CLOCK: Final = timedelta(minutes=5)  # what this machine's may be behind an authority's that backdates nothing
_BLOCK: Final = re.compile("-----BEGIN CERTIFICATE-----[^-]{64,100000}-----END CERTIFICATE-----")


def accepted(
    texts: Iterable[str], key_pem: Secret, names: Sequence[str], server: AcmeServer, clock: Callable[[], datetime]
) -> Issued:
    """The first of these chains that leads to a root, for this key and all of these names. Raises `IssueError`."""
    roots = server.roots_pem or server.anchors_pem or of_system()
    host = names[0].replace("*", "any", 1)  # the path is judged as a dialer would, who dials hosts
    objection: IssueError | None = None
    for text in texts:
        chain = _parsed(text)
        _require_own(chain, key_pem, names)
        now = clock()
        now = max(now, min(chain.leaf.validity.not_before, now + _SLOW_CLOCK))
        try:
            verify_path(chain, roots, host, now)
        except TrustError as error:
            objection = objection or IssueError(
                f"the certificate that came is not to be believed: {error.message}",
                hint="name the file with the root that its certificates lead to, where it is no public one (--acme-ca)",
            )
            continue
        return Issued("".join(map(pem_of, chain.certificates)), _root(chain, roots, host, now), key_pem, chain)
    raise objection or IssueError("the ACME server gave no certificate")


def _parsed(text: str) -> Chain:
    if len(_BLOCK.findall(text)) > _MOST:
        raise IssueError(f"the ACME server gave a chain of more than {_MOST} certificates")
    try:
        return chain_from_pem(text)
    except SourceError as error:
        raise IssueError(f"the ACME server gave no certificate that can be read: {error.message}") from error


def _require_own(chain: Chain, key_pem: Secret, names: Sequence[str]) -> None:
    if not belongs(key_pem.reveal(), pem_of(chain.leaf)):
        raise IssueError("the certificate that came is for another key", hint="try again; the authority is to be told")
    missing = [name for name in names if name not in chain.leaf.names and not matches(chain.leaf, name)]
    if missing:
        raise IssueError(
            f"the certificate that came is not for {', '.join(missing)[:300]}",
            hint=f"it is for {', '.join(chain.leaf.names)[:300] or 'no name at all'}",
        )


def _root(chain: Chain, roots_pem: str, host: str, now: datetime) -> str:
    """The root that this chain leads to, alone: what a dialer has to believe, and no more than that."""
    issuers = {one.issuer for one in chain.certificates} | {one.subject for one in chain.certificates}
    for anchor in anchors_from_pem(roots_pem):
        if anchor.subject in issuers:
            with suppress(TrustError):
                verify_path(chain, anchor.pem, host, now)
                return anchor.pem
    return roots_pem
