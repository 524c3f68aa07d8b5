"""`lineage.json`: terms as text, and back. Whatever is not understood is an error: it was meant to say something."""

from __future__ import annotations

import json
from datetime import timedelta
from enum import Enum
from typing import Final

from everyhop.acme.standalone import listened
from everyhop.errors import LineageError, SettingsError
from everyhop.lineage.deployment import Consumer, Deployment, Part
from everyhop.lineage.fields import Fields
from everyhop.lineage.terms import AcmeTerms, IssuerName, Terms
from everyhop.model.certificate import CertificateRequest, KeyAlgorithm, LeafProfile
from everyhop.model.owner import Owner

SCHEMA: Final = "everyhop-lineage/1"

_SECOND: Final = timedelta(seconds=1)


def to_json(terms: Terms) -> bytes:
    """The document, for a person to read too."""
    request = terms.request
    document = {
        "schema": SCHEMA,
        "issuer": terms.issuer.value,
        "source": terms.source,
        "keep": terms.keep,
        "acme": _acme_json(terms.acme) if terms.acme else None,
        "request": {
            "names": list(request.names),
            "lifetime_seconds": request.lifetime // _SECOND if request.lifetime else None,
            "profile": request.profile.value,
            "key": request.key.value,
            "common_name": request.common_name,
        },
        "deployments": [
            {
                "consumer": deployment.consumer.value,
                "files": {part.value: path for part, path in deployment.files.items()},
                "owner": str(deployment.owner),
                "key_mode": f"{deployment.key_mode:04o}",
                "reload": list(deployment.reload),
                "endpoint": deployment.endpoint,
            }
            for deployment in terms.deployments
        ],
    }
    return (json.dumps(document, indent=1) + "\n").encode()


def from_json(content: bytes, path: str) -> Terms:
    """The terms in a document; `path` is its file. Raises `LineageError` with the key."""
    document = Fields.parse(content, path, SCHEMA)
    document.only("schema", "issuer", "source", "keep", "acme", "request", "deployments")
    try:
        return Terms(
            request=_request(document.inner("request")),
            issuer=IssuerName(document.choice("issuer", _words(IssuerName))),
            deployments=tuple(map(_deployment, document.each("deployments"))),
            keep=document.number("keep"),
            source=document.optional_text("source"),
            acme=_acme(document.inner("acme")) if document.values.get("acme") is not None else None,
        )
    except SettingsError as error:
        raise LineageError(error.message, path=path, key=error.key, hint=error.hint) from error


def _request(given: Fields) -> CertificateRequest:
    given.only("names", "lifetime_seconds", "profile", "key", "common_name")
    return CertificateRequest(
        names=given.texts("names"),
        lifetime=_SECOND * seconds if (seconds := given.optional_number("lifetime_seconds")) else None,
        profile=LeafProfile(given.choice("profile", _words(LeafProfile))),
        key=KeyAlgorithm(given.choice("key", _words(KeyAlgorithm))),
        common_name=given.optional_text("common_name"),
    )


def _deployment(given: Fields) -> Deployment:
    given.only("consumer", "files", "owner", "key_mode", "reload", "endpoint")
    files = given.inner("files")
    files.only(*(part.value for part in Part))
    return Deployment(
        consumer=Consumer(given.choice("consumer", _words(Consumer))),
        files={part: files.text(part.value) for part in Part if part.value in files.values},
        owner=given.read("owner", Owner.parse),
        key_mode=given.read("key_mode", lambda text: int(text, 8)),
        reload=given.texts("reload"),
        endpoint=given.optional_text("endpoint"),
    )


def _acme_json(acme: AcmeTerms) -> dict[str, object]:
    return {
        "directory": acme.directory,
        "webroot": acme.webroot,
        "standalone": None if acme.standalone is None else str(acme.standalone),
        "dns_hook": list(acme.dns_hook),
        "profile": acme.profile,
        "anchors": acme.anchors,
    }


def _acme(given: Fields) -> AcmeTerms:
    given.only("directory", "webroot", "standalone", "dns_hook", "profile", "anchors")
    return AcmeTerms(
        directory=given.text("directory"),
        webroot=given.optional_text("webroot"),
        standalone=None if given.optional_text("standalone") is None else given.read("standalone", listened),
        dns_hook=given.texts("dns_hook"),
        profile=given.optional_text("profile"),
        anchors=given.optional_text("anchors"),
    )


def _words(choices: type[Enum]) -> tuple[str, ...]:
    return tuple(choice.value for choice in choices)
