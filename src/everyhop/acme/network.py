"""certbot's `ClientNetwork`, which signs requests, made to survive what it does not: it tries again once, and dies.

Importing it needs the extra `acme`: ask `library.require` first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import requests
from acme import client
from josepy.jwa import ES256
from josepy.jwk import JWK

from everyhop.acme.garbled import Understood
from everyhop.acme.patience import Patience, Tell
from everyhop.acme.transport import Session
from everyhop.acme.trouble import RefusedError, UnreachedError
from everyhop.model.tool import NAME
from everyhop.probe.deadline import Deadline


class Network(client.ClientNetwork):
    """Signs with one account's key; every request is tried again as `Patience` has it, all within one deadline."""

    def __init__(
        self,
        key: JWK | None,
        anchors_pem: str | None,
        deadline: Deadline,
        now: Callable[[], datetime],
        tell: Tell,
    ) -> None:
        super().__init__(key=key, alg=ES256, user_agent=NAME)
        self.session.close()
        self.session = Session(anchors_pem, deadline, now)
        self.deadline = deadline
        self.now = now
        self._tell = tell

    def post(self, *args: Any, **kwargs: Any) -> requests.Response:
        """The answer to a signed request."""
        return self._patiently(lambda: client.ClientNetwork.post(self, *args, **kwargs))

    def get(self, *args: Any, **kwargs: Any) -> requests.Response:
        """The answer to an unsigned request."""
        return self._patiently(lambda: client.ClientNetwork.get(self, *args, **kwargs))

    def _patiently(self, attempt: Callable[[], requests.Response]) -> requests.Response:
        patience = Patience(self.deadline, self._tell)
        while True:
            try:
                with Understood("a request"):
                    return attempt()
            except (RefusedError, UnreachedError) as trouble:
                patience.bear(trouble)
