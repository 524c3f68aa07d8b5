"""A lineage that certbot keeps: read from its directory, where nothing is ever written from here.

    live/NAME/fullchain.pem -> ../../archive/NAME/fullchain3.pem
    live/NAME/privkey.pem   -> ../../archive/NAME/privkey3.pem

Certbot switches one link after the other, so in between a key of one issuance stands beside the chain of another. What
is taken over is a whole issuance: both links lead to the same number, and the key belongs to the chain.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

from everyhop.disk import place
from everyhop.errors import LineageError, SourceError
from everyhop.lineage.deployment import Deployment
from everyhop.lineage.lineage import Lineage
from everyhop.lineage.store import Store
from everyhop.lineage.terms import IssuerName, Terms
from everyhop.lineage.version import Version, refuse_unsound
from everyhop.model.certificate import CertificateRequest, Issued
from everyhop.model.secret import Secret
from everyhop.x509.parse import chain_from_pem

_CHAIN: Final = "fullchain"
_KEY: Final = "privkey"


def read_adopted(directory: str) -> Issued:
    """What is live in certbot's `live/NAME`, by its absolute path. The anchors are the system's: none are told.

    Raises `LineageError` for a directory that certbot does not keep so, or is about to change, and `DiskError`.
    """
    chain, key = (_target(directory, part) for part in (_CHAIN, _KEY))
    if chain[1] != key[1]:
        hint = "certbot is renewing, or was stopped: try again, or run certbot renew"
        raise LineageError(
            f"the chain is of issuance {chain[1]}, the key of {key[1]}: they do not belong together",
            path=directory,
            hint=hint,
        )
    pem = _content(chain[0])
    try:
        issued = Issued(pem, "", Secret(_content(key[0])), chain_from_pem(pem))
    except SourceError as error:
        raise LineageError(error.message, path=chain[0], hint=error.hint) from error
    try:
        refuse_unsound(issued, directory)
    except LineageError as error:
        hint = f"certbot renew --force-renewal --cert-name {PurePosixPath(directory).name} makes both anew"
        raise LineageError(error.message, path=directory, hint=hint) from error
    return issued


def adopt(store: Store, name: str, directory: str, deployments: tuple[Deployment, ...] = ()) -> Lineage:
    """A new lineage that takes over what certbot keeps in `live/NAME`, with what is there now as its first version."""
    issued = read_adopted(directory)
    leaf = issued.chain.leaf
    request = CertificateRequest(leaf.names, leaf.validity.lifetime())
    lineage = store.create(name, Terms(request, IssuerName.ADOPTED, deployments, source=directory))
    lineage.add(issued)
    return lineage


def refresh(lineage: Lineage) -> Version | None:
    """Take over what certbot has renewed; None where the live version is what certbot has.

    Raises as `read_adopted` does, and `LineageError` for a lineage that was not adopted.
    """
    with lineage.locked("take over"):
        source = lineage.terms().source
        if source is None:
            raise LineageError("was not adopted", path=lineage.path, hint="everyhop renew renews it")
        issued, live = read_adopted(source), lineage.live()
        if live is not None and live.chain_pem == issued.chain_pem and live.key_pem == issued.key_pem:
            return None
        return lineage.add(issued)


def _target(directory: str, part: str) -> tuple[str, int]:
    """The file that a part's link leads to, and the number of its issuance."""
    path = f"{directory.rstrip('/')}/{part}.pem"
    target = place.link(path)
    if target is None:
        hint = "name certbot's live/NAME, where links lead into archive/NAME"
        raise LineageError("is not a link of certbot's", path=path, hint=hint)
    name = PurePosixPath(target).name
    match = re.fullmatch(rf"{part}([0-9]{{1,9}})\.pem", name)
    if match is None:
        raise LineageError(f"leads to {name}, which certbot would not have made", path=path)
    return str(PurePosixPath(directory, target)), int(match[1])


def _content(path: str) -> str:
    snapshot = place.read(path)
    if snapshot is None:
        raise LineageError("is missing", path=path, hint="certbot certificates tells what certbot has")
    return snapshot.content.decode("utf-8", "replace")
