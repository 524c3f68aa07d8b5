"""An ACME server's directory (RFC 8555 section 7.1.1): where it takes what, and what it says of itself.

Importing it needs the extra `acme`: ask `library.require` first.
"""

from __future__ import annotations

from collections.abc import Mapping

from acme import client, messages

from everyhop.acme.garbled import Understood
from everyhop.acme.network import Network


def directory(network: Network, url: str) -> messages.Directory:
    """The server's directory, with all that an order needs. Raises `IssueError`."""
    with Understood("its directory"):
        found = client.ClientV2.get_directory(url, network)
        for resource in ("newNonce", "newAccount", "newOrder"):
            if not isinstance(found[resource], str):
                raise TypeError(resource)
        if not isinstance(found.meta.profiles or {}, Mapping):
            raise TypeError("profiles")
    return found
