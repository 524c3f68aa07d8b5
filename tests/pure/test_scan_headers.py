"""HSTS that an app sends itself, and whose word an app takes for its scheme, however that is written."""

import pytest

from everyhop.model.hop import Topology
from everyhop.model.sighting import ProxyTrust, Reading, Site, Subject
from everyhop.scan.observe import observe
from everyhop.scan.workspace import Kind, Source, Workspace

YEAR = 31_536_000
HEADER = "Strict-Transport-Security"


def subjects(text: str, path: str = "app/app.py", kind: Kind = Kind.PYTHON) -> list[Subject]:
    found = observe(Workspace((Source(path, kind, text),), ()), Topology()).sightings
    return [one.subject for one in found if isinstance(one, Reading)]


@pytest.mark.parametrize(
    ("source", "seconds"),
    [
        (f"response.headers['{HEADER}'] = 'max-age=60'", 60),
        (f"response.headers['{HEADER.lower()}'] = value", None),
        (f"response.headers.setdefault('{HEADER}', 'max-age={YEAR}')", YEAR),
        (f"handler.set_header('{HEADER}', f'max-age={{age}}')", None),
        (f"HEADERS = {{'{HEADER}': 'max-age={YEAR}; includeSubDomains'}}", YEAR),
        (f"HEADERS = [('X-Frame-Options', 'DENY'), ('{HEADER}', 'max-age={YEAR}')]", YEAR),
        ("from flask_sslify import SSLify\nSSLify(app)", YEAR),
        ("from flask_sslify import SSLify\nSSLify(app, age=300)", 300),
        ("INSTALLED_APPS = []\nSECURE_HSTS_SECONDS = 3600", 3600),
    ],
)
def test_hsts_of_an_app_is_told(source: str, seconds: int | None) -> None:
    """With its max-age, as far as that is written out."""
    [site] = subjects(source + "\n")
    assert isinstance(site, Site)
    assert (site.hsts_max_age, site.hsts_unread) == (seconds, seconds is None)
    assert subjects(source + "\n", "tests/test_app.py") == []


@pytest.mark.parametrize(
    "source",
    [
        f"if '{HEADER}' in response.headers: pass",
        f"response.headers.get('{HEADER}', None)",
        f"KNOWN = ['Host', '{HEADER}']",
        f"PAIRS = ('{HEADER}', 'Host')",
        f"def f():\n    '''Sends {HEADER}: max-age=1.'''",
        "class SSLify: pass\nSSLify(app)",
    ],
)
def test_a_header_that_is_only_named_is_not_told(source: str) -> None:
    """What asks for it, or lists names of headers, sends none."""
    assert subjects(source + "\n") == []


def test_hsts_in_settings_is_told() -> None:
    """Under the header's own name."""
    [site] = subjects(f"headers:\n  {HEADER}: max-age={YEAR}\n", "app.yaml", Kind.YAML)
    assert isinstance(site, Site)
    assert site.hsts_max_age == YEAR
    assert subjects("headers:\n  X-Frame-Options: DENY\n", "app.yaml", Kind.YAML) == []


MIDDLEWARE = """
class ReverseProxied:
    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        scheme = environ.get("HTTP_X_SCHEME", "")
        if scheme:
            environ["wsgi.url_scheme"] = scheme
        return self.app(environ, start_response)

app.wsgi_app = ReverseProxied(app.wsgi_app)
"""


@pytest.mark.parametrize(
    ("source", "trusted"),
    [
        (MIDDLEWARE, ProxyTrust("flask", "HTTP_X_SCHEME")),
        (
            "SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')",
            ProxyTrust("django", "SECURE_PROXY_SSL_HEADER"),
        ),
        (
            "from hypercorn.middleware import ProxyFixMiddleware\napp = ProxyFixMiddleware(app)",
            ProxyTrust("hypercorn", "ProxyFixMiddleware(…)"),
        ),
        (
            (
                "from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware\n"
                "app.add_middleware(ProxyHeadersMiddleware, trusted_hosts='*')"
            ),
            ProxyTrust("uvicorn", "ProxyHeadersMiddleware(…)"),
        ),
    ],
)
def test_a_proxys_word_is_told(source: str, trusted: ProxyTrust) -> None:
    """An app's own middleware, other libraries', and Django's setting."""
    assert subjects(source + "\n") == [trusted]
    assert subjects(source + "\n", "tests/test_app.py") == []


@pytest.mark.parametrize(
    "source",
    [
        MIDDLEWARE.replace("HTTP_X_SCHEME", "HTTP_ACCEPT"),
        MIDDLEWARE.replace('environ["wsgi.url_scheme"] = scheme', "log(scheme)"),
        "address = request.environ.get('HTTP_X_FORWARDED_FOR')",
        "USE_X_FORWARDED_HOST = False",
        "class ProxyFixMiddleware: pass\napp = ProxyFixMiddleware(app)",
    ],
)
def test_what_believes_no_proxy_is_not_told(source: str) -> None:
    """A header that is only read, for a log or a limit, changes nothing of the request."""
    assert subjects(source + "\n") == []
