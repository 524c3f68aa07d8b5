"""Free ports: on loopback, really free, and out of the kernel's own range."""

from __future__ import annotations

import socket

import pytest

from everyhop.errors import LabError, SettingsError
from everyhop.lab.port import free_endpoint


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1"])
def test_a_free_port_can_be_listened_on(host: str) -> None:
    """And lies below the range from which outgoing connections take theirs."""
    endpoint = free_endpoint(host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listening:
        listening.bind((endpoint.host, endpoint.port))
        listening.listen()
    assert 10240 <= endpoint.port < 32768


def test_a_port_that_is_taken_is_refused_and_on_another_address_is_not() -> None:
    """Several hosts may be played on one machine."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(LabError, match=f"127.0.0.1:{port} is in use"):
            free_endpoint("127.0.0.1", port)
        assert free_endpoint("127.0.0.2", port).port == port


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "db.internal", "localhost", ""])  # noqa: S104
def test_only_loopback_addresses_are_taken(host: str) -> None:
    """A name could lead anywhere."""
    with pytest.raises(SettingsError, match="loopback"):
        free_endpoint(host)
