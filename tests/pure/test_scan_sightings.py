"""Readings that no rule has anything against, and what is said of them."""

import pytest

from everyhop.model.hop import Topology
from everyhop.model.sighting import Cookie, ProxyTrust, Reading, Site, Subject
from everyhop.scan.observe import observe
from everyhop.scan.workspace import Kind, Source, Workspace


def subjects(source: str, path: str = "app/app.py") -> list[Subject]:
    found = observe(Workspace((Source(path, Kind.PYTHON, source),), ()), Topology())
    return [sighting.subject for sighting in found.sightings if isinstance(sighting, Reading)]


@pytest.mark.parametrize(
    ("call", "trusted"),
    [
        ("ProxyFix(app)", "x_for=1, x_proto=1"),
        ("ProxyFix(app, x_for=2, x_proto=0, x_host=1)", "x_for=2, x_host=1"),
        ("ProxyFix(app, 3)", "x_for=3, x_proto=1"),
        ("ProxyFix(app, x_for=count())", "x_for=…, x_proto=1"),
    ],
)
def test_proxy_fix_believes_as_many_proxies_as_it_is_told(call: str, trusted: str) -> None:
    """Werkzeug's own defaults count where nothing is said; a header of no proxy is not believed."""
    source = f"from werkzeug.middleware.proxy_fix import ProxyFix\napp = {call}\n"
    assert subjects(source) == [ProxyTrust("flask", trusted)]


def test_what_is_only_called_proxy_fix_is_none() -> None:
    """A class of the project's own may do anything."""
    assert subjects("from .fixes import ProxyFix\napp = ProxyFix(app)\n") == []


def test_talisman_settles_the_header_the_redirect_and_the_cookie() -> None:
    """All on unless said otherwise."""
    found = subjects("from flask_talisman import Talisman\nTalisman(app, force_https=False)\n")
    assert found == [
        Cookie("flask", "session", secure=True, http_only=True),
        Site("flask", https=True, redirects=None, hsts_max_age=31556926, hsts_applies=True),
    ]


def test_a_cookie_that_tests_set_is_nobodys() -> None:
    """It is never sent to a browser."""
    source = "from flask import make_response\nmake_response('x').set_cookie('a', 'b')\n"
    assert subjects(source) == [Cookie("flask", "a", secure=False, http_only=False)]
    assert subjects(source, "tests/test_app.py") == []
