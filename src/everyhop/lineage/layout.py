"""Under which names the parts of a version lie at a consumer's, and in which folder where nobody says: one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from everyhop.errors import SettingsError
from everyhop.lineage.deployment import Consumer, Part
from everyhop.lineage.name import folder_of
from everyhop.model.certificate import CertificateRequest, LeafProfile

# Below the folder that a product's package has for settings, so that AppArmor and SELinux let it read there.
_FOLDERS: Final = {
    Consumer.POSTGRESQL: "/etc/postgresql/everyhop",
    Consumer.MYSQL: "/etc/mysql/everyhop",
    Consumer.MARIADB: "/etc/mysql/everyhop",
    Consumer.NGINX: "/etc/nginx/everyhop",
    Consumer.APACHE: "/etc/apache2/everyhop",
}
_COCKROACH: Final = "/var/lib/cockroach/certs"

SETTINGS: Final[Mapping[Consumer, Mapping[Part, str]]] = {
    Consumer.POSTGRESQL: {
        Part.CHAIN: "ssl_cert_file = '{}'",
        Part.KEY: "ssl_key_file = '{}'",
        Part.ANCHORS: "ssl_ca_file = '{}'",
        Part.CRL: "ssl_crl_file = '{}'",
    },
    Consumer.MYSQL: {
        Part.CHAIN: "ssl_cert={}", Part.KEY: "ssl_key={}", Part.ANCHORS: "ssl_ca={}", Part.CRL: "ssl_crl={}"
    },
    Consumer.MARIADB: {
        Part.CHAIN: "ssl_cert={}", Part.KEY: "ssl_key={}", Part.ANCHORS: "ssl_ca={}", Part.CRL: "ssl_crl={}"
    },
    Consumer.NGINX: {Part.CHAIN: "ssl_certificate {};", Part.KEY: "ssl_certificate_key {};"},
    Consumer.APACHE: {Part.CHAIN: "SSLCertificateFile {}", Part.KEY: "SSLCertificateKeyFile {}"},
}  # fmt: skip
"""The line by which a product's settings name each file. nginx and Apache name anchors only to ask for clients."""


def folder_for(consumer: Consumer, name: str) -> str:
    """Where a lineage's files go at a consumer's. Raises `SettingsError` where nothing is usual."""
    if consumer is Consumer.COCKROACHDB:
        return _COCKROACH
    if consumer not in _FOLDERS:
        raise SettingsError(f"where {consumer.value} looks for files is not known", hint="--out DIR says it")
    return f"{_FOLDERS[consumer]}/{folder_of(name)}"


def files_in(folder: str, consumer: Consumer, request: CertificateRequest, parts: frozenset[Part]) -> dict[Part, str]:
    """The files, by part: `cockroach cert`'s names for CockroachDB, and for all others server's, client's, ca's."""
    names = _cockroach_names(request) if consumer is Consumer.COCKROACHDB else _names(request.profile)
    return {part: f"{folder.rstrip('/')}/{name}" for part, name in names.items() if part in parts}


def _names(profile: LeafProfile) -> dict[Part, str]:
    who = "client" if profile is LeafProfile.CLIENT else "server"
    return {Part.CHAIN: f"{who}.crt", Part.KEY: f"{who}.key", Part.ANCHORS: "ca.crt", Part.CRL: "ca.crl"}


def _cockroach_names(request: CertificateRequest) -> dict[Part, str]:
    """`cockroach cert create-node` and `create-client` (its documentation): names that cockroach looks for."""
    if request.profile not in {LeafProfile.NODE, LeafProfile.CLIENT}:
        raise SettingsError(
            "CockroachDB takes certificates for nodes and for clients",
            key="--profile",
            hint="--profile node for a node, --user NAME for a client",
        )
    who = "node" if request.profile is LeafProfile.NODE else f"client.{request.common_name}"
    return {Part.CHAIN: f"{who}.crt", Part.KEY: f"{who}.key", Part.ANCHORS: "ca.crt"}
