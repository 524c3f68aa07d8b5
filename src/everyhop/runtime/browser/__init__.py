"""The browser's hop, seen from inside the application: redirect, proxy trust, HSTS, cookies and headers, as WSGI.

No framework is imported here. `settings` parses the `EVERYHOP_…` keys; `forwarding`, `redirect`, `ramp`, `cookies`,
`csp` and `headers` decide, without a clock or a request's state of their own; `middleware` is where requests pass.
"""
