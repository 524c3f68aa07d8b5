"""The Flask extension: HTTPS for the browser, a guard on every database connection."""

from __future__ import annotations

from everyhop.flask.extension import Everyhop
from everyhop.flask.routes import csp_nonce, exempt, headers
from everyhop.flask.talisman import from_talisman

__all__ = ["Everyhop", "csp_nonce", "exempt", "from_talisman", "headers"]
