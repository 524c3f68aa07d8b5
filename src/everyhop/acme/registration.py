"""An account with the server: the one that is kept, or a new one, or the one that the server still knows by its key.

Importing it needs the extra `acme`: ask `library.require` first.
"""

from __future__ import annotations

from acme import client, errors, messages
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from josepy.jwk import JWK, JWKEC

from everyhop.acme.account import Account, AccountWish, KeptAccount, Terms
from everyhop.acme.garbled import Understood
from everyhop.acme.network import Network
from everyhop.acme.trouble import RefusedError
from everyhop.errors import IssueError, LineageError
from everyhop.x509.parse import printable


def key_of(kept: KeptAccount, account: Account) -> JWK:
    """The account's key as the library wants it. Raises `LineageError` for a damaged one."""
    try:
        return JWKEC(key=load_pem_private_key(kept.key_pem.reveal().encode(), password=None))
    except (ValueError, TypeError, AttributeError):
        raise LineageError(
            "the account's key cannot be read",
            path=account.path,
            hint="put it back, or remove all of this folder: a new account is made then",
        ) from None


def signed_in(account: Account, wish: AccountWish, network: Network, directory: messages.Directory) -> str:
    """The account's address, told to the network too; what is not known yet is asked of the server.

    Raises `IssueError` where the server wants what was not given: agreement with its terms, or a binding.
    """
    kept = account.read() or account.make_key()
    network.key = key_of(kept, account)
    url = kept.url
    if url is not None and not _is_there(url, network, directory):
        account.forget()
        url = None
    if url is None:
        url = _known(network, directory) or _register(account, wish, network, directory)
        account.keep(url)
    network.account = messages.RegistrationResource(uri=url, body=messages.Registration())
    return url


def _is_there(url: str, network: Network, directory: messages.Directory) -> bool:
    """Whether the server still knows the account. Raises `IssueError` for one that is not to be used any longer."""
    network.account = messages.RegistrationResource(uri=url, body=messages.Registration())
    try:
        response = network.post(url, None, new_nonce_url=directory["newNonce"])
    except RefusedError as refused:
        if refused.problem.kind == "accountDoesNotExist":
            return False
        raise
    with Understood("the account"):
        _require_valid(messages.Registration.from_json(response.json()).status)
    return True


def _known(network: Network, directory: messages.Directory) -> str | None:
    """Where the server has an account with this key, if it has one (RFC 8555 section 7.3.1)."""
    try:
        return _ask(messages.NewRegistration(only_return_existing=True), network, directory)
    except RefusedError as refused:
        if refused.problem.kind in {"accountDoesNotExist", "externalAccountRequired"}:
            return None
        raise


def _register(account: Account, wish: AccountWish, network: Network, directory: messages.Directory) -> str:
    with Understood("its terms"):
        terms = directory.meta.terms_of_service
        bound = bool(directory.meta.external_account_required)
    if terms and wish.terms is not Terms.AGREED:
        raise IssueError(
            f"the authority wants its terms of service agreed to: {printable(str(terms))[:300]}",
            hint="read them, then ask again with --agree-terms",
        )
    if bound and wish.binding is None:
        raise IssueError(
            "the authority makes accounts only for those who have one with it already (external account binding)",
            hint="get a key id and an HMAC key from it, and give both (--eab-kid, --eab-key-file)",
        )
    binding = None
    if wish.binding is not None:
        public = key_of(account.read() or account.make_key(), account).public_key()
        hmac = wish.binding.hmac_key.reveal().rstrip("=")
        binding = messages.ExternalAccountBinding.from_data(public, wish.binding.key_id, hmac, directory)
    registration = messages.NewRegistration.from_data(
        contact=wish.addresses, terms_of_service_agreed=bool(terms) or None, external_account_binding=binding
    )
    return _ask(registration, network, directory)


def _ask(registration: messages.NewRegistration, network: Network, directory: messages.Directory) -> str:
    """Where the account is, made now or there before."""
    network.account = None  # who asks for an account signs with its key, not by its address
    with Understood("the account"):
        try:
            found = client.ClientV2(directory, network).new_account(registration)
            url: object = found.uri
            status: object = found.body.status
        except errors.ConflictError as conflict:  # its word for 200: there before
            url, status = conflict.location, None
        except RefusedError as refused:
            if refused.status != 409 or not refused.location:  # some servers say it this way
                raise
            url, status = refused.location, None
        if not isinstance(url, str) or not url.startswith("https://"):
            raise TypeError("an account without an address")
    _require_valid(status)
    return url


def _require_valid(status: object) -> None:
    word = status.name if isinstance(status, messages.Status) else status  # certbot's library leaves it a text
    if word not in {None, messages.STATUS_VALID.name}:
        raise IssueError(
            f"the account is {printable(str(word))[:80]}",
            hint="remove its folder below acme/ in the state directory: a new one is made then",
        )
