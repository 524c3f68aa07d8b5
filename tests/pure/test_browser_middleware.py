"""Requests through the middleware: what reaches the application, and what leaves it."""

import logging
import re
import subprocess
import sys
from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.errors import SettingsError
from everyhop.runtime.browser.middleware import Browser
from everyhop.runtime.browser.nonce import nonce_of
from everyhop.runtime.browser.redirect import Setting
from everyhop.runtime.browser.settings import BrowserSettings

HTML = ("Content-Type", "text/html")


class App:
    """A WSGI application that answers with the given headers, and keeps the environment that it saw."""

    def __init__(self, *headers: tuple[str, str], status: str = "200 OK") -> None:
        self.headers, self.status = list(headers), status
        self.seen: dict[str, Any] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.seen = environ
        start_response(self.status, self.headers)
        return [b"served"]


def request(**environ: Any) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/", "QUERY_STRING": "",
        "HTTP_HOST": "tips.example.org", "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http", **environ,
    }  # fmt: skip


def https(**environ: Any) -> dict[str, Any]:
    return request(HTTP_X_FORWARDED_PROTO="https", HTTP_X_FORWARDED_FOR="203.0.113.9", **environ)


class Answer:
    """What came back; `all` has the values of a header by its name in lower case."""

    def __init__(self, app: Any, environ: dict[str, Any]) -> None:
        told: list[Any] = []
        self.body = b"".join(app(environ, lambda status, headers, _=None: told.append((status, headers))))
        ((self.status, self.headers),) = told

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def one(self, name: str) -> str | None:
        values = self.all(name)
        assert len(values) < 2, values
        return values[0] if values else None


def browser(app: App, config: dict[str, Any] | None = None, **more: Any) -> Browser:
    return Browser(app, BrowserSettings.parse(config or {}), **more)


def test_https_is_served_with_eight_headers() -> None:
    answer = Answer(browser(App(HTML)), https())
    assert answer.body == b"served"
    assert len(answer.headers) == 1 + 8
    assert answer.one("Strict-Transport-Security") == "max-age=300"


def test_the_application_learns_scheme_and_client() -> None:
    app = App()
    Answer(browser(app), https())
    assert (app.seen["wsgi.url_scheme"], app.seen["REMOTE_ADDR"]) == ("https", "203.0.113.9")


def test_a_stranger_is_not_believed_and_nothing_of_it_reaches_the_application() -> None:
    app = App()
    stands = browser(app, {"EVERYHOP_EXEMPT": ["/"]})
    forged = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_FOR": "1.1.1.1", "HTTP_X_FORWARDED_HOST": "evil",
              "HTTP_FORWARDED": "proto=https", "HTTP_X_REAL_IP": "1.1.1.1"}  # fmt: skip
    Answer(stands, request(REMOTE_ADDR="198.51.100.7", **forged))
    assert (app.seen["wsgi.url_scheme"], app.seen["REMOTE_ADDR"]) == ("http", "198.51.100.7")
    assert not forged.keys() & app.seen.keys()
    assert Answer(browser(app), request(REMOTE_ADDR="198.51.100.7", **forged)).status.startswith("308")


class PlainSocket:
    """A connection without TLS, as gunicorn shows it."""


class TlsSocket(PlainSocket):
    """The same with TLS."""

    def cipher(self) -> None: ...


def test_a_server_that_believed_a_stranger_is_not_believed(caplog: pytest.LogCaptureFixture) -> None:
    forged = request(REMOTE_ADDR="198.51.100.7", HTTP_X_FORWARDED_PROTO="https") | {"wsgi.url_scheme": "https"}
    assert Answer(browser(App()), forged | {"gunicorn.socket": PlainSocket()}).status.startswith("308")
    assert "forwarded_allow_ips" in caplog.text
    assert Answer(browser(App()), forged | {"gunicorn.socket": TlsSocket()}).status == "200 OK"


def test_a_server_with_tls_of_its_own_needs_no_proxy(caplog: pytest.LogCaptureFixture) -> None:
    assert Answer(browser(App()), request(REMOTE_ADDR="198.51.100.7") | {"wsgi.url_scheme": "https"}).status == "200 OK"
    assert not caplog.records


def test_each_trouble_is_told_once_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    stands = browser(App())
    for _ in range(3):
        Answer(stands, request(REMOTE_ADDR="", HTTP_X_FORWARDED_PROTO="on\r\nset" + "x" * 65_536))
        Answer(stands, request(REMOTE_ADDR="198.51.100.7", HTTP_X_FORWARDED_PROTO="https"))
        Answer(stands, request())
        Answer(stands, https() | {"HTTP_X_FORWARDED_PROTO": "http", "wsgi.url_scheme": "https"})
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 4, told
    assert all(len(line) < 400 and line.isprintable() for line in told)
    assert "proxy_set_header X-Forwarded-Proto $scheme;" in told[0]
    assert "EVERYHOP_TRUSTED_PROXIES" in told[1]
    assert "a redirect without end" in told[2]
    assert caplog.records[0].levelno == logging.WARNING


def test_an_outer_proxy_fix_is_undone_for_strangers() -> None:
    app = App()
    found = {
        "REMOTE_ADDR": "198.51.100.7",
        "wsgi.url_scheme": "http",
        "HTTP_HOST": "tips.example.org",
        "SCRIPT_NAME": "",
    }
    fixed = request(REMOTE_ADDR="10.0.0.1", HTTP_HOST="evil.example") | {"wsgi.url_scheme": "https"}
    answer = Answer(browser(app), fixed | {"werkzeug.proxy_fix.orig": found})
    assert answer.one("Location") == "https://tips.example.org/"


@pytest.mark.parametrize("peer", ["127.0.0.1", ""])
def test_an_application_that_is_mounted_in_another_believes_what_that_one_settled(
    peer: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = App()
    environ = https(REMOTE_ADDR=peer, **{"gunicorn.socket": PlainSocket()})
    assert Answer(browser(browser(app)), environ).body == b"served"  # type: ignore[arg-type]
    assert (app.seen["wsgi.url_scheme"], app.seen["REMOTE_ADDR"]) == ("https", "203.0.113.9")
    assert not caplog.messages
    stranger = https(REMOTE_ADDR="198.51.100.7")
    assert Answer(browser(browser(app)), stranger).status.startswith("308")  # type: ignore[arg-type]


def test_plain_http_is_sent_on_with_308_and_nobody_keeps_an_open_redirect() -> None:
    answer = Answer(browser(App()), request(PATH_INFO="/a b", QUERY_STRING="q=1"))
    assert answer.status == "308 Permanent Redirect"
    assert answer.one("Location") == "https://tips.example.org/a%20b?q=1"
    assert answer.one("Cache-Control") == "no-store"
    pinned = browser(App(), {"SERVER_NAME": "tips.example.org"})
    assert Answer(pinned, request()).one("Cache-Control") == "private, max-age=300"


def test_a_plain_post_is_refused_before_the_application_sees_it() -> None:
    app = App()
    answer = Answer(browser(app), request(REQUEST_METHOD="POST"))
    assert answer.status == "403 Forbidden"
    assert app.seen == {}


def test_head_has_no_body() -> None:
    assert Answer(browser(App()), request(REQUEST_METHOD="HEAD")).body == b""


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost:8000", "abc.onion", "a b", ""])
def test_browsers_are_not_bound_to_what_is_no_name(host: str) -> None:
    assert Answer(browser(App()), https(HTTP_HOST=host)).one("Strict-Transport-Security") is None


def test_the_header_grows_while_the_process_runs() -> None:
    moments = iter([0.0, 0.0, 86_399.0, 86_400.0, 40 * 86_400.0])
    stands = browser(App(), {"EVERYHOP_HSTS_SINCE": date(1970, 1, 1)}, clock=lambda: next(moments))
    ages = [Answer(stands, https()).one("Strict-Transport-Security") for _ in range(4)]
    assert ages == ["max-age=300", "max-age=300", "max-age=86400", "max-age=31536000"]


def test_every_cookie_is_careful_over_https() -> None:
    answer = Answer(browser(App(("Set-Cookie", "session=1; HttpOnly"), ("set-cookie", "remember_token=2"))), https())
    assert answer.all("Set-Cookie") == [
        "session=1; HttpOnly; Secure; SameSite=Lax", "remember_token=2; Secure; HttpOnly; SameSite=Lax",
    ]  # fmt: skip


def test_a_cookie_over_plain_http_is_secure_in_production_alone() -> None:
    app = App(("Set-Cookie", "a=b"))
    exempt = Answer(browser(app, {"EVERYHOP_EXEMPT": ["/"]}), request())
    relaxed = Answer(browser(app, setting=lambda: Setting.RELAXED), request())
    onion = Answer(browser(app), request(HTTP_HOST="abc.onion"))
    assert "Secure" in str(exempt.one("Set-Cookie"))
    assert "Secure" not in str(relaxed.one("Set-Cookie")) + str(onion.one("Set-Cookie"))
    assert exempt.one("Strict-Transport-Security") is relaxed.one("Strict-Transport-Security") is None


def test_a_views_own_header_wins_unless_it_is_enforced() -> None:
    app = App(("x-frame-options", "DENY"), ("Referrer-Policy", "unsafe-url"))
    answer = Answer(browser(app, {"EVERYHOP_ENFORCED": ["referrer-policy"]}), https())
    assert answer.one("X-Frame-Options") == "DENY"
    assert answer.one("Referrer-Policy") == "strict-origin-when-cross-origin"


def test_the_applications_own_list_does_not_grow() -> None:
    app = App(HTML)
    stands = browser(app)
    for _ in range(3):
        Answer(stands, https())
    assert app.headers == [HTML]


def test_each_request_has_a_nonce_of_its_own_and_the_application_sees_it() -> None:
    app = App(HTML)
    stands = browser(app, {"EVERYHOP_PRESET": "strict"})
    nonces = set()
    for _ in range(5):
        policy = Answer(stands, https()).one("Content-Security-Policy") or ""
        found = re.search(r"script-src 'strict-dynamic' 'nonce-([A-Za-z0-9+/]{22}==)'", policy)
        assert found
        assert found[1] == nonce_of(app.seen)
        nonces.add(found[1])
    assert len(nonces) == 5


def test_an_answer_that_changes_nothing_gets_no_new_nonce() -> None:
    answer = Answer(browser(App(status="304 NOT MODIFIED"), {"EVERYHOP_PRESET": "strict"}), https())
    assert answer.one("Content-Security-Policy") is None


def test_a_policy_may_be_tried_out_beside_the_other() -> None:
    answer = Answer(browser(App(), {"EVERYHOP_CSP_REPORT_ONLY": "default-src 'none'; report-uri /csp"}), https())
    assert answer.one("Content-Security-Policy-Report-Only") == "default-src 'none'; report-uri /csp"
    assert answer.one("Content-Security-Policy")


_ANY = st.text(st.characters(max_codepoint=255), max_size=50)


@given(_ANY, _ANY, _ANY, _ANY, st.sampled_from(["127.0.0.1", "", "198.51.100.7", "?"]))
def test_no_request_crashes_or_leads_elsewhere(host: str, path: str, chain: str, proto: str, peer: str) -> None:
    environ = request(HTTP_HOST=host, PATH_INFO=path, QUERY_STRING=path, REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=chain,
                      HTTP_X_FORWARDED_PROTO=proto, RAW_URI=path)  # fmt: skip
    answer = Answer(browser(App(), {"TRUSTED_HOSTS": ["tips.example.org"]}), environ)
    location = answer.one("Location")
    assert location is None or location.startswith("https://tips.example.org/")
    assert all(value.isprintable() for _, value in answer.headers)


@pytest.mark.parametrize(
    ("config", "key", "why"),
    [
        ({"EVERYHOP_TRUSTED_PROXIES": ["nonsense"]}, "EVERYHOP_TRUSTED_PROXIES", "no network"),
        ({"EVERYHOP_TRUSTED_PROXIES": ["0.0.0.0/0"]}, "EVERYHOP_TRUSTED_PROXIES", "everybody"),
        ({"EVERYHOP_TRUSTED_PROXIES": 7}, "EVERYHOP_TRUSTED_PROXIES", "no list"),
        ({"EVERYHOP_PROXY_HOPS": 0}, "EVERYHOP_PROXY_HOPS", "no number"),
        ({"EVERYHOP_PROXY_HOPS": True}, "EVERYHOP_PROXY_HOPS", "no number"),
        ({"EVERYHOP_PROXY_HOPS": 2, "EVERYHOP_TRUSTED_PROXIES": []}, "EVERYHOP_PROXY_HOPS", "no trusted proxies"),
        ({"EVERYHOP_REDIRECT": "sometimes"}, "EVERYHOP_REDIRECT", "none of them"),
        ({"EVERYHOP_PLAIN_BODIES": True}, "EVERYHOP_PLAIN_BODIES", "none of them"),
        ({"EVERYHOP_PORTS": {80: 70_000}}, "EVERYHOP_PORTS", "no port"),
        ({"EVERYHOP_PORTS": [8080]}, "EVERYHOP_PORTS", "no mapping"),
        ({"EVERYHOP_EXEMPT": ["/*"]}, "EVERYHOP_EXEMPT", "everything"),
        ({"EVERYHOP_HSTS": "always"}, "EVERYHOP_HSTS", "none of them"),
        ({"EVERYHOP_HSTS": -1}, "EVERYHOP_HSTS", "seconds"),
        ({"EVERYHOP_HSTS_SINCE": "soon"}, "EVERYHOP_HSTS_SINCE", "no date"),
        ({"EVERYHOP_HSTS_SINCE": "2027-01-01", "EVERYHOP_HSTS": "off"}, "EVERYHOP_HSTS_SINCE", "only a ramp"),
        ({"EVERYHOP_HSTS_SUBDOMAINS": 1}, "EVERYHOP_HSTS_SUBDOMAINS", "neither True"),
        ({"EVERYHOP_HSTS_SUBDOMAINS": True, "EVERYHOP_HSTS": "none"}, "EVERYHOP_HSTS_SUBDOMAINS", "no header"),
        ({"EVERYHOP_HSTS_PRELOAD": True}, "EVERYHOP_HSTS_PRELOAD", "without its subdomains"),
        ({"EVERYHOP_HSTS_PRELOAD": True, "EVERYHOP_HSTS_SUBDOMAINS": True}, "EVERYHOP_HSTS_PRELOAD", "date"),
        ({"EVERYHOP_HSTS_PRELOAD": True, "EVERYHOP_HSTS_SUBDOMAINS": True, "EVERYHOP_HSTS": 300},
         "EVERYHOP_HSTS_PRELOAD", "less than the year"),
        ({"EVERYHOP_HSTS_PRELOAD": True, "EVERYHOP_HSTS_SUBDOMAINS": True, "EVERYHOP_HSTS": "off"},
         "EVERYHOP_HSTS_PRELOAD", "off"),
        ({"EVERYHOP_HSTS_PRELOAD": True, "EVERYHOP_HSTS_SUBDOMAINS": True, "EVERYHOP_REDIRECT": "never"},
         "EVERYHOP_HSTS_PRELOAD", "plain HTTP"),
        ({"EVERYHOP_PRESET": "strikt"}, "EVERYHOP_PRESET", "did you mean 'strict'"),
        ({"EVERYHOP_HEADERS": {"X-A": "b\r\nSet-Cookie: c"}}, "EVERYHOP_HEADERS", "cannot be sent"),
        ({"EVERYHOP_HEADERS": {"Content-Security-Policy": "x"}}, "EVERYHOP_HEADERS", "key of its own"),
        ({"EVERYHOP_HEADERS": ["X-A"]}, "EVERYHOP_HEADERS", "no mapping"),
        ({"EVERYHOP_ENFORCED": ["Set-Cookie"]}, "EVERYHOP_ENFORCED", "a view's"),
        ({"EVERYHOP_CSP": "default-src self"}, "EVERYHOP_CSP", "in quotes"),
        ({"EVERYHOP_CSP_NONCE_IN": ["script-src"]}, "EVERYHOP_CSP_NONCE_IN", "in no policy"),
        ({"EVERYHOP_SAMESITE": "lenient"}, "EVERYHOP_SAMESITE", "none of them"),
        ({"TRUSTED_HOSTS": ["a b"]}, "TRUSTED_HOSTS", "no host"),
        ({"SERVER_NAME": "https://tips.example.org"}, "SERVER_NAME", "no host"),
        ({"SERVER_NAME": 8080}, "SERVER_NAME", "no text"),
        ({"TRUSTED_HOSTS": True}, "TRUSTED_HOSTS", "no list"),
        ({"TRUSTED_HOSTS": ["tips.example.org", None]}, "TRUSTED_HOSTS", "no list"),
        ({"EVERYHOP_EXEMPT": True}, "EVERYHOP_EXEMPT", "no list"),
        ({"EVERYHOP_PRESET": None}, "EVERYHOP_PRESET", "no preset"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_its_key(config: dict[str, Any], key: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why) as caught:
        BrowserSettings.parse(config)
    assert caught.value.key == key
    assert caught.value.hint


def test_what_an_environment_variable_holds_will_do() -> None:
    settings = BrowserSettings.parse(
        {"EVERYHOP_TRUSTED_PROXIES": "10.0.0.5, unix", "EVERYHOP_PORTS": {"8080": 8443}, "EVERYHOP_EXEMPT": "health",
         "EVERYHOP_HSTS_SINCE": "2027-01-31", "EVERYHOP_REDIRECT": "Always"}
    )  # fmt: skip
    assert settings.proxies.unix
    assert settings.redirect.ports == {8080: 8443}
    assert settings.exempt.health
    assert settings.hsts.since == 1_801_353_600.0


def test_processes_that_were_forked_have_nonces_of_their_own() -> None:
    code = (
        "import os\n"
        "from everyhop.runtime.browser.nonce import nonce_of\n"
        "nonce_of({})\n"
        "child = os.fork()\n"
        "os.write(1, (nonce_of({}) + '\\n').encode())\n"  # one write: print makes two, and those of two processes mix
        "child and os.waitpid(child, 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert len(set(done.stdout.split())) == 2
