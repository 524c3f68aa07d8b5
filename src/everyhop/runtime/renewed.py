"""A TLS context that reads its files again once they have been renewed: new connections see the new anchors and pair.

Drivers that are given paths read them for each connection anyway. An `ssl.SSLContext` is loaded once, and an
application that keeps one (asyncpg, pg8000, PyMySQL) would believe yesterday's authority until it is started anew.
"""

from __future__ import annotations

import logging
import os
import ssl
import threading
from collections.abc import Callable
from typing import Any, Final, Self

LOGGER: Final = logging.getLogger("everyhop.guard")

_Stamp = tuple[tuple[int, int, int], ...]


class RenewedContext(ssl.SSLContext):
    """Hands each connection to a context that `make` has made of the files as they are now.

    A new version that cannot be used (half written, a key that does not match) is passed over, and told once: what was
    loaded before goes on. What is set on this object itself is what `make` has set.
    """

    _make: Callable[[], ssl.SSLContext]
    _files: tuple[str, ...]
    _inner: ssl.SSLContext
    _stamp: _Stamp
    _protocols: list[str]
    _renewing: threading.Lock

    @classmethod
    def of(cls, make: Callable[[], ssl.SSLContext], files: tuple[str, ...]) -> Self:
        """Raises what `make` raises, for the files as they are."""
        inner = make()
        self = cls(ssl.PROTOCOL_TLS_CLIENT)
        self.check_hostname = inner.check_hostname
        self.verify_mode = inner.verify_mode
        self.minimum_version = inner.minimum_version
        self.hostname_checks_common_name = inner.hostname_checks_common_name
        self._make = make
        self._files = files
        self._stamp = _stamp(files)
        self._inner = inner
        self._protocols = []
        self._renewing = threading.Lock()
        return self

    def wrap_socket(self, *arguments: Any, **keywords: Any) -> ssl.SSLSocket:
        """As the context of the files of now does it."""
        return self.now().wrap_socket(*arguments, **keywords)

    def wrap_bio(self, *arguments: Any, **keywords: Any) -> ssl.SSLObject:
        """As the context of the files of now does it."""
        return self.now().wrap_bio(*arguments, **keywords)

    def get_ca_certs(self, *arguments: Any, **keywords: Any) -> Any:
        """The anchors that are loaded now."""
        return self.now().get_ca_certs(*arguments, **keywords)

    def set_alpn_protocols(self, alpn_protocols: Any) -> None:
        """For this and every later version."""
        self._protocols = list(alpn_protocols)
        self._inner.set_alpn_protocols(self._protocols)

    def now(self) -> ssl.SSLContext:
        """The context for a connection that begins now."""
        try:
            stamp = _stamp(self._files)
        except OSError:  # it is being put in its place
            return self._inner
        if stamp != self._stamp:
            with self._renewing:
                self._renew(stamp)
        return self._inner

    def _renew(self, stamp: _Stamp) -> None:
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            inner = self._make()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the new version, the old one goes on
            LOGGER.error('event=not-renewed files=%s message="%s"', ",".join(self._files), error)
            return
        if self._protocols:
            inner.set_alpn_protocols(self._protocols)
        self._inner = inner


def _stamp(files: tuple[str, ...]) -> _Stamp:
    """What changes when a file does: where it lies, when it was written, how long it is. Symlinks are followed."""
    found = [os.stat(name) for name in files]  # noqa: PTH116 - a path object would cost more than the call
    return tuple((one.st_ino, one.st_mtime_ns, one.st_size) for one in found)
