"""What an account with an ACME server is asked for, and how it is kept: its key of mode 0600, and its address.

<home>/acme/<server>/key.pem  account.json
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath
from typing import Final

from everyhop.acme.server import AcmeServer
from everyhop.disk.private import PrivateDirectory
from everyhop.errors import LineageError, SettingsError
from everyhop.model.secret import Secret
from everyhop.pki.key import new_key, pem_of

FOLDER: Final = "acme"
_KEY: Final = "key.pem"
_ACCOUNT: Final = "account.json"
_PATIENCE: Final = 60.0  # seconds that one registration waits for another


class Terms(Enum):
    """Whether the person who asks has agreed to the authority's terms of service. Nobody agrees for them."""

    AGREED = "agreed"
    NOT_AGREED = "not agreed"


@dataclass(frozen=True, slots=True)
class Binding:
    """What ties the account to one that exists with the authority (RFC 8555 section 7.3.4).

    `hmac_key` is in base64url, as authorities show it.
    """

    key_id: str
    hmac_key: Secret

    def __post_init__(self) -> None:
        if not self.key_id or not self.key_id.isprintable():
            raise SettingsError("the key id of an external account is one line of text")
        if not re.fullmatch(r"[A-Za-z0-9_-]{16,}={0,2}", self.hmac_key.reveal()):
            raise SettingsError(
                "the HMAC key of an external account is base64url text of at least 16 characters",
                hint="copy it as the authority shows it, without blanks",
            )


@dataclass(frozen=True, slots=True)
class AccountWish:
    """What is told of oneself when an account is made: addresses for mail, which may be none."""

    terms: Terms = Terms.NOT_AGREED
    contacts: tuple[str, ...] = ()
    binding: Binding | None = None

    def __post_init__(self) -> None:
        for contact in self.contacts:
            # RFC 8555 section 7.3: one address, without header fields.
            if not re.fullmatch(r"(?:mailto:)?[!-~]+@[!-~]+", contact) or re.search(r"[,?<>]", contact):
                raise SettingsError(f"{contact[:80]!r} is no address for mail", hint="ops@example.org")

    @property
    def addresses(self) -> tuple[str, ...]:
        """The contacts as RFC 8555 has them: URLs."""
        return tuple(f"mailto:{contact.removeprefix('mailto:')}" for contact in self.contacts)


@dataclass(frozen=True, slots=True)
class KeptAccount:
    """An account's key, and its address; None where the server has not answered yet with one."""

    key_pem: Secret
    url: str | None


class Account:
    """The account with one server, below the state directory `home`. Open it with `kept`."""

    def __init__(self, directory: PrivateDirectory, server: AcmeServer) -> None:
        self._directory = directory
        self._server = server

    @property
    def path(self) -> str:
        """Where it is kept."""
        return self._directory.path

    def read(self) -> KeptAccount | None:
        """What is kept; None where there is no key. Raises `DiskError`, `LineageError`."""
        key = self._directory.read(_KEY)
        if key is None:
            return None
        return KeptAccount(Secret(key.decode("ascii", "replace")), self._url())

    def make_key(self) -> KeptAccount:
        """A new key, kept before the server is told of it: an answer that is lost costs no account."""
        key = pem_of(new_key())
        self._directory.create({_KEY: key.reveal().encode("ascii")})
        return KeptAccount(key, None)

    def keep(self, url: str) -> None:
        """Keep where the account is."""
        facts = {"directory": self._server.directory, "url": url}
        self._directory.replace(_ACCOUNT, json.dumps(facts, indent=2).encode() + b"\n")

    def forget(self) -> None:
        """Forget where it is: the server does not know it any longer. The key stays."""
        self._directory.remove(_ACCOUNT)

    def _url(self) -> str | None:
        text = self._directory.read(_ACCOUNT)
        if text is None:
            return None
        try:
            url = json.loads(text)["url"]
        except (ValueError, LookupError, TypeError, RecursionError):
            url = None
        if not isinstance(url, str) or not url.startswith("https://"):
            path = str(PurePosixPath(self.path, _ACCOUNT))
            raise LineageError("says not where the account is", path=path, hint="remove it: the server is asked anew")
        return url


@contextmanager
def kept(home: str, server: AcmeServer) -> Iterator[Account]:
    """The account with this server, held by one process at a time. Raises `DiskError`."""
    with (
        PrivateDirectory.make(home) as top,
        top.make_inside(FOLDER) as accounts,
        accounts.make_inside(server.folder) as directory,
        directory.locked("everyhop, an ACME account", _PATIENCE),
    ):
        yield Account(directory, server)
