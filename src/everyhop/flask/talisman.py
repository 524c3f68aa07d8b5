"""Reads the arguments of Flask-Talisman as settings of everyhop's, for those who move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Flask

from everyhop.errors import SettingsError
from everyhop.flask.extension import Everyhop
from everyhop.model.nearest import did_you_mean
from everyhop.runtime.browser import keys

# flask_talisman/talisman.py 1.1.0, init_app: what it takes, and what it does unless told otherwise.
_DEFAULTS: Final[Mapping[str, Any]] = {
    "feature_policy": {},
    "permissions_policy": {"browsing-topics": "()"},
    "document_policy": {},
    "force_https": True,
    "force_https_permanent": False,
    "force_file_save": False,
    "frame_options": "SAMEORIGIN",
    "frame_options_allow_from": None,
    "strict_transport_security": True,
    "strict_transport_security_preload": False,
    "strict_transport_security_max_age": 31_556_926,
    "strict_transport_security_include_subdomains": True,
    "content_security_policy": {"default-src": "'self'", "object-src": "'none'"},
    "content_security_policy_report_uri": None,
    "content_security_policy_report_only": False,
    "content_security_policy_nonce_in": None,
    "referrer_policy": "strict-origin-when-cross-origin",
    "session_cookie_secure": True,
    "session_cookie_http_only": True,
    "session_cookie_samesite": "Lax",
    "x_content_type_options": True,
    "x_xss_protection": False,
}


def from_talisman(app: Flask, **arguments: Any) -> Everyhop:
    """Stand in front of an application that had `Talisman(app, …)`, with the same arguments.

    What the configuration says in keys of everyhop's wins. Raises `SettingsError` for an argument that is none of
    Talisman's.
    """
    settings = settings_from(arguments, app.config.get("SESSION_COOKIE_NAME", "session"))
    for name in _replaced(app.config):
        settings.pop(name, None)
    own = app.config.get(keys.HEADERS.name)
    if isinstance(own, Mapping):
        said = {str(name).lower() for name in own}
        kept = {name: value for name, value in settings[keys.HEADERS.name].items() if name.lower() not in said}
        app.config[keys.HEADERS.name] = {**kept, **own}
    for name, value in settings.items():
        app.config.setdefault(name, value)
    given = {**_DEFAULTS, **arguments}
    app.config["SESSION_COOKIE_SAMESITE"] = given["session_cookie_samesite"]
    # Where one of both is not wanted, the cookie is left alone: Flask itself has to write the other.
    if given["session_cookie_secure"] and not given["session_cookie_http_only"]:
        app.config["SESSION_COOKIE_SECURE"] = not (app.debug or app.testing)
    return Everyhop(app)


def _replaced(config: Mapping[str, Any]) -> tuple[str, ...]:
    """What Talisman's arguments say of HSTS, and the configuration's own words have made void."""
    if config.get(keys.HSTS.name) == "none":
        return keys.HSTS_SUBDOMAINS.name, keys.HSTS_PRELOAD.name
    return (keys.HSTS.name,) if config.get(keys.HSTS_SINCE.name) is not None else ()


def settings_from(arguments: Mapping[str, Any], session_cookie: str = "session") -> dict[str, Any]:
    """The `EVERYHOP_…` keys that say the same as Talisman's arguments."""
    for name in arguments:
        if name not in _DEFAULTS:
            raise SettingsError(
                f"Talisman has no argument {name!r}{did_you_mean(name, _DEFAULTS)}", hint="leave it out", key=name
            )
    given = {**_DEFAULTS, **arguments}
    settings: dict[str, Any] = {
        keys.PRESET.name: "none",
        keys.REDIRECT.name: "production" if given["force_https"] else "never",
        keys.HEADERS.name: _headers(given),
        **_hsts(given),
        **_policies(given),
    }
    same_site = given["session_cookie_samesite"]
    settings[keys.SAMESITE.name] = same_site if same_site in ("Lax", "Strict") else None
    if not (given["session_cookie_secure"] and given["session_cookie_http_only"]):
        settings[keys.COOKIES_LEFT_ALONE.name] = [session_cookie]
    return settings


def _hsts(given: Mapping[str, Any]) -> dict[str, Any]:
    if not given["strict_transport_security"]:
        return {keys.HSTS.name: "none"}
    return {
        keys.HSTS.name: given["strict_transport_security_max_age"],
        keys.HSTS_SUBDOMAINS.name: bool(given["strict_transport_security_include_subdomains"]),
        keys.HSTS_PRELOAD.name: bool(given["strict_transport_security_preload"]),
    }


def _headers(given: Mapping[str, Any]) -> dict[str, str]:
    said = {
        "Referrer-Policy": given["referrer_policy"],
        "Permissions-Policy": _joined(given["permissions_policy"], "=", ", "),
        "Document-Policy": _joined(given["document_policy"], "=", ", "),
        "Feature-Policy": _joined(given["feature_policy"], " ", "; "),
        # No browser knows ALLOW-FROM: who may frame the page is said in the policy (frame-ancestors).
        "X-Frame-Options": None if given["frame_options"] == "ALLOW-FROM" else given["frame_options"],
        "X-Content-Type-Options": "nosniff" if given["x_content_type_options"] else None,
        "X-Download-Options": "noopen" if given["force_file_save"] else None,
        "X-XSS-Protection": "1; mode=block" if given["x_xss_protection"] else None,
    }
    return {name: value for name, value in said.items() if value}


def _policies(given: Mapping[str, Any]) -> dict[str, Any]:
    policy = _directives(given["content_security_policy"] or {})
    if policy and given["frame_options"] == "ALLOW-FROM" and given["frame_options_allow_from"]:
        policy.setdefault("frame-ancestors", str(given["frame_options_allow_from"]))
    if policy and given["content_security_policy_report_uri"]:
        policy.setdefault("report-uri", str(given["content_security_policy_report_uri"]))
    # Talisman passes over a directive that is not in the policy.
    nonce_in = [name for name in given["content_security_policy_nonce_in"] or () if name in policy]
    only = bool(given["content_security_policy_report_only"])
    return {
        keys.CSP.name: None if only or not policy else policy,
        keys.CSP_REPORT_ONLY.name: policy if only and policy else None,
        keys.CSP_NONCE_IN.name: nonce_in,
    }


def _directives(policy: str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(policy, str):
        parts = [part.split(None, 1) for part in policy.split(";") if part.strip()]
        return {name: " ".join(rest) for name, *rest in parts}
    return dict(policy)


def _joined(policy: str | Mapping[str, Any] | None, between: str, after: str) -> str:
    if policy is None or isinstance(policy, str):
        return policy or ""
    return after.join(f"{name}{between}{value}" for name, value in policy.items())
