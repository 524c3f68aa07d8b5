"""Whom the authority revoked gets in nowhere: lists deployed to real servers, and why they are renewed like leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from everyhop.deploy.certificate import Clients
from everyhop.dialects import mariadb
from everyhop.dialects.postgresql import conf
from everyhop.errors import DeployError
from everyhop.model.certificate import RevocationReason
from everyhop.pki.revocation import crls
from tests.listeners import PRODUCTS, Dialer, client_leaf, earlier, server_leaf
from tests.servers.conftest import Registry

pytestmark = pytest.mark.xdist_group("certificates")


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_revoked_client_is_refused_after_the_reload_and_another_is_not(product: str, registry: Registry) -> None:
    """Two certificates of one user: the lost one is refused, the one that replaced it gets in."""
    listener, authority, kept = registry.listener(product), registry.authority, registry.kept
    user = None if product == "nginx" else "carol"
    lost, kept_one = (
        Dialer(authority.anchors_pem, user=user, certificate=client_leaf(authority, "carol")) for _ in range(2)
    )
    listener.dial(lost)
    assert lost.certificate is not None
    kept.revoke(lost.certificate.chain.leaf, RevocationReason.KEY_COMPROMISE, None)
    listener.deploy(server_leaf(authority), registry.clients)
    listener.refuses(lost)
    listener.dial(kept_one)


@pytest.mark.parametrize("product", PRODUCTS)
def test_an_expired_list_locks_everybody_out(product: str, registry: Registry) -> None:
    """Why it is renewed like a leaf. MySQL does not take it up at all."""
    listener, authority = registry.listener(product), registry.authority
    user = None if product == "nginx" else "carol"
    carol = Dialer(authority.anchors_pem, user=user, certificate=client_leaf(authority, "carol"))
    listener.dial(carol)
    stale = earlier(registry.home, timedelta(days=60)).renew_crl(None)
    expired = Clients(registry.clients.anchors, stale)
    fresh = registry.kept.renew_crl(None)
    if product == "mysql":
        with pytest.raises(DeployError, match="everything was put back"):
            listener.deploy(server_leaf(authority), expired)
    else:
        listener.deploy(server_leaf(authority), expired)
        listener.refuses(carol)
    listener.deploy(server_leaf(authority), Clients(registry.clients.anchors, fresh))
    listener.dial(carol)


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_intermediates_list_alone_locks_everybody_out(product: str, registry: Registry) -> None:
    """Servers ask for the list of every authority in the chain: that of the root is deployed with it."""
    listener, authority = registry.listener(product), registry.authority
    user = None if product == "nginx" else "carol"
    carol = Dialer(authority.anchors_pem, user=user, certificate=client_leaf(authority, "carol"))
    whole = registry.clients.crl or ""
    assert len(crls(whole)) == 2
    end = "-----END X509 CRL-----\n"
    alone = whole.split(end)[0] + end
    only = Clients(registry.clients.anchors, alone)
    try:
        listener.deploy(server_leaf(authority), only)
    except DeployError:
        assert product == "mysql"
    else:
        listener.refuses(carol)
    listener.deploy(server_leaf(authority), registry.clients)
    listener.dial(carol)


def test_settings_name_the_list_where_the_plan_put_it(registry: Registry) -> None:
    """As each product's own parser and ours read it."""
    for product, file, key in (
        ("postgresql", "conf.d/zz-everyhop.conf", "ssl_crl_file"),
        ("mariadb", "conf.d/zz-everyhop.cnf", "ssl_crl"),
    ):
        listener = registry.listener(product)
        text = (listener.server.directory / file).read_text()
        settings = conf.settings(text) if product == "postgresql" else mariadb.settings(text)
        assert settings[key] == listener.keeping.client_crl
    site = (registry.listener("nginx").server.directory / "conf.d" / "site.conf").read_text()
    assert f"ssl_crl {registry.listener('nginx').keeping.client_crl};" in site
