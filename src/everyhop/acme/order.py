"""An order from its beginning to its certificate (RFC 8555 section 7.4), in certbot's messages.

The library's own steps wait a second between looks, by a clock without an offset, and it knows no `replaces` (RFC 9773
section 5), so they are taken here. Importing it needs the extra: ask `library.require`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from ipaddress import ip_address
from typing import Any, Final

import requests
from acme import messages
from cryptography import x509
from josepy.json_util import JSONObjectWithFields, field
from requests.utils import parse_header_links

from everyhop.acme import retry_after
from everyhop.acme.challenge import Answer, Responder, responder_for
from everyhop.acme.garbled import Understood
from everyhop.acme.network import Network
from everyhop.acme.problem import Problem
from everyhop.acme.trouble import LateError, RefusedError
from everyhop.errors import IssueError
from everyhop.x509.parse import printable

_FIRST_LOOK: Final = 0.02  # seconds; half as much again each time
_LAST_LOOK: Final = 5.0
_LONGEST_WAIT: Final = 60.0  # seconds until the next look, whatever a server asks for
_ALTERNATES: Final = 5  # chains beside the first that are looked at; Let's Encrypt has one


class _NewOrder(messages.NewOrder):
    """What certbot's library sends, and which certificate this one is to replace."""

    replaces: str | None = field("replaces", omitempty=True)


class Order:
    """One order with one server, by an account that is signed in."""

    def __init__(self, network: Network, directory: messages.Directory) -> None:
        self._network = network
        self._directory = directory
        self._names: dict[str, str] = {}
        self._url = ""
        self._body = messages.Order()

    def place(self, names: Sequence[x509.DNSName | x509.IPAddress], profile: str | None, replaces: str | None) -> None:
        """Ask for a certificate. A `replaces` that the server does not accept is left out the second time."""
        self._names = {_plain(str(name.value)): str(name.value) for name in names}
        identifiers = [
            messages.Identifier(
                typ=messages.IDENTIFIER_IP if isinstance(name, x509.IPAddress) else messages.IDENTIFIER_FQDN,
                value=str(name.value),
            )
            for name in names
        ]
        try:
            response = self._post(
                self._directory["newOrder"], _NewOrder(identifiers=identifiers, profile=profile, replaces=replaces)
            )
        except RefusedError as refused:
            # Servers object to it in several ways (RFC 9773 section 5); if it was something else, that comes again.
            if replaces is None or refused.problem.kind == "rateLimited":
                raise
            response = self._post(self._directory["newOrder"], _NewOrder(identifiers=identifiers, profile=profile))
        with Understood("the order"):
            self._url = response.headers["Location"]
            self._take(response)

    def prove(self, responders: Sequence[Responder]) -> None:
        """Show that the names are ours, those that the server does not know of already. Raises `IssueError`."""
        tasks: dict[int, tuple[Responder, list[tuple[messages.ChallengeBody, Answer]]]] = {}
        waiting = []
        for url in self._body.authorizations:
            found, _ = self._looked_at(url)
            if found.status == messages.STATUS_VALID:
                continue
            waiting.append(url)
            if found.status != messages.STATUS_PENDING:
                continue  # told below
            name = self._asked(found)
            responder = responder_for(name, responders)
            tasks.setdefault(id(responder), (responder, []))[1].append(self._task(found, name, responder))
        with ExitStack() as stack:
            for responder, todo in tasks.values():
                stack.enter_context(responder.answering([answer for _, answer in todo], self._network.deadline))
            for _, todo in tasks.values():
                for body, _ in todo:
                    self._answer(body)
            for url in waiting:
                self._await_proof(url)

    def finish(self, request: x509.CertificateSigningRequest) -> Iterator[str]:
        """The certificate with its chain in PEM, then each other chain that the server has for it."""
        self._look(lambda: self._body.status != messages.STATUS_PENDING, "the order is ready")
        if self._body.status == messages.STATUS_READY:
            self._finalize(request)
        self._look(
            lambda: self._body.status not in {messages.STATUS_READY, messages.STATUS_PROCESSING},
            "the certificate is made",
        )
        if self._body.status != messages.STATUS_VALID or not self._body.certificate:
            raise _broken(self._body)
        with Understood("the certificate"):
            response = self._post(self._body.certificate, None)
            others = _alternates(response)
            yield response.text
            for url in others:
                yield self._post(url, None).text

    def _finalize(self, request: x509.CertificateSigningRequest) -> None:
        body = messages.CertificateRequest(csr=request)
        try:
            response = self._post(self._body.finalize, body)
        except RefusedError as refused:
            # An answer that was lost on the way: the order has gone on meanwhile.
            if refused.problem.kind != "orderNotReady":
                raise
            response = self._post(self._url, None)
        with Understood("the order"):
            self._take(response)
        if self._body.status == messages.STATUS_READY:
            raise IssueError("the ACME server took the request, and the order stays as it was")

    def _look(self, done: Callable[[], bool], what: str) -> None:
        pause = _Pause(self._network)
        while not done():
            if self._body.status == messages.STATUS_INVALID:
                raise _broken(self._body)
            response = self._post(self._url, None)
            with Understood("the order"):
                self._take(response)
            if not done():
                pause.until_next(response, what)

    def _take(self, response: requests.Response) -> None:
        body = messages.Order.from_json(response.json())
        urls = (body.finalize, *body.authorizations, *([body.certificate] if body.certificate else []))
        if not all(isinstance(url, str) for url in urls) or not isinstance(body.status, messages.Status):
            raise TypeError("an order without addresses, or without a status")
        self._body = body

    def _looked_at(self, url: str) -> tuple[messages.Authorization, requests.Response]:
        response = self._post(url, None)
        with Understood("an authorization"):
            found = messages.Authorization.from_json(response.json())
            if not isinstance(found.identifier.value, str) or not isinstance(found.challenges, tuple):
                raise TypeError("an authorization without a name")
            if not isinstance(found.status, messages.Status):
                raise TypeError("an authorization without a status")
        return found, response

    def _asked(self, found: messages.Authorization) -> str:
        """Which of our names this is about. A server is not to choose what our hooks and files are made for."""
        value = _plain(found.identifier.value)
        for candidate in (f"*.{value}", value) if found.wildcard else (value, f"*.{value}"):
            if candidate in self._names:
                return self._names[candidate]
        raise IssueError(f"the ACME server wants a proof for {printable(value)[:80]}, which nobody asked for")

    def _task(
        self, found: messages.Authorization, asked: str, responder: Responder
    ) -> tuple[messages.ChallengeBody, Answer]:
        name, key = asked.removeprefix("*."), self._network.key
        for body in found.challenges:
            if body.chall.typ == responder.kind.value and key is not None:
                with Understood("a challenge"):
                    return body, Answer(name, body.chall.encode("token"), body.chall.key_authorization(key))
        raise IssueError(
            f"the ACME server does not offer {responder.kind.value} for {asked}",
            hint="prove it another way: --webroot, --standalone or --dns-hook",
        )

    def _answer(self, body: messages.ChallengeBody) -> None:
        try:
            self._post(body.uri, _Ready())
        except RefusedError as refused:
            # Where it has been answered already and that answer was lost, the authorization tells.
            if refused.status >= 500 or refused.problem.kind == "rateLimited":
                raise

    def _await_proof(self, url: str) -> None:
        pause = _Pause(self._network)
        while True:
            found, response = self._looked_at(url)
            if found.status == messages.STATUS_VALID:
                return
            if found.status != messages.STATUS_PENDING:
                raise _unproven(found)
            pause.until_next(response, f"{printable(found.identifier.value)[:80]} is proven")

    def _post(self, url: str, body: Any) -> requests.Response:
        return self._network.post(url, body, new_nonce_url=self._directory["newNonce"])


class _Ready(JSONObjectWithFields):
    """The answer to a challenge: an empty object (RFC 8555 section 7.5.1)."""

    def __bool__(self) -> bool:  # the library takes what is false for "no body"
        return True


class _Pause:
    """Between two looks: longer each time, and at least as long as the server asks for."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._next = _FIRST_LOOK

    def until_next(self, response: requests.Response, what: str) -> None:
        asked = retry_after.wait(response.headers.get("Retry-After"), self._network.now())
        pause = min(max(self._next, asked.total_seconds() if asked else 0), _LONGEST_WAIT)
        if pause > self._network.deadline.left():
            raise LateError(f"waited in vain until {what}", hint="try again: the authority may only be slow")
        time.sleep(pause)
        self._next = min(self._next * 1.5, _LAST_LOOK)


def _plain(name: str) -> str:
    """A name to compare with: addresses have several spellings."""
    try:
        return str(ip_address(name))
    except ValueError:
        return name.lower()


def _alternates(response: requests.Response) -> list[str]:
    links = parse_header_links(response.headers.get("Link", ""))
    return [link["url"] for link in links if link.get("rel") == "alternate"][:_ALTERNATES]


def _unproven(found: messages.Authorization) -> IssueError:
    """The server's reason: it stands with the challenge that it looked at."""
    problems = [Problem.of(body.error.to_json()) for body in found.challenges if body.error is not None]
    name = printable(found.identifier.value)[:80]
    if not problems:
        return IssueError(f"{name} is not proven: its authorization is {printable(str(found.status.name))}")
    return IssueError(f"{name} is not proven: {problems[0]}", hint=problems[0].hint)


def _broken(body: messages.Order) -> IssueError:
    if body.error is None:
        return IssueError(f"the order is {body.status.name}, and no reason is given", hint="try again")
    problem = Problem.of(body.error.to_json())
    return IssueError(f"the order came to nothing: {problem}", hint=problem.hint)
