"""`Everyhop(app)`: one application or several, exemptions, headers of a route, Talisman's arguments, the commands."""

import re
import subprocess
import sys
from typing import Any

import click
import flask
import pytest
from flask import Blueprint, Flask
from werkzeug.test import TestResponse

from everyhop.errors import SettingsError
from everyhop.flask import Everyhop, csp_nonce, exempt, from_talisman, headers
from everyhop.flask.state import state_of
from everyhop.flask.talisman import settings_from

SECURE = {"X-Forwarded-Proto": "https"}
HOST = "http://tips.example.org"


def made(**config: Any) -> Flask:
    """An application with a view, a POST, a session and a blueprint in a blueprint."""
    app = Flask("tips")
    app.secret_key = "of a test"
    app.config.update(config)

    @app.get("/")
    def index() -> str:
        flask.session["seen"] = True
        return "served"

    @app.post("/send")
    def send() -> str:
        return "taken"

    outer, inner = Blueprint("outer", __name__, url_prefix="/outer"), Blueprint("inner", __name__, url_prefix="/inner")
    inner.get("/status")(lambda: "served")
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return app


def ask(app: Flask, path: str = "/", method: str = "GET", **more: Any) -> TestResponse:
    return app.test_client().open(path, method=method, base_url=HOST, **more)


def test_only_everyhop_added() -> None:
    app = made()
    Everyhop(app)
    assert ask(app).status_code == 308
    assert ask(app, "/send", "POST").status_code == 403
    served = ask(app, headers=SECURE)
    assert served.text == "served"
    assert served.headers["Strict-Transport-Security"] == "max-age=300"
    assert "Secure" in served.headers["Set-Cookie"]


@pytest.mark.parametrize(("path", "method"), [("/nowhere", "GET"), ("/static/app.css", "GET"), ("/", "OPTIONS")])
def test_404_static_and_options_are_sent_on_too(path: str, method: str) -> None:
    app = made()
    Everyhop(app)
    assert ask(app, path, method).headers["Location"] == f"https://tips.example.org{path}"


def test_nothing_is_kept_on_the_extension_and_each_application_has_its_own_settings() -> None:
    extension = Everyhop()
    strict, loose = made(EVERYHOP_PRESET="strict"), made(EVERYHOP_REDIRECT="never")
    for app in (strict, loose):
        extension.init_app(app)
    assert vars(extension) == {}
    assert ask(strict).status_code == 308
    assert ask(loose).status_code == 200
    assert "nonce-" in ask(strict, headers=SECURE).headers["Content-Security-Policy"]
    assert "nonce-" not in ask(loose, headers=SECURE).headers["Content-Security-Policy"]


def test_twice_is_once_too_often() -> None:
    app = made()
    Everyhop(app)
    with pytest.raises(SettingsError, match="already"):
        Everyhop(app)


def test_a_misspelt_key_is_refused() -> None:
    with pytest.raises(SettingsError, match="did you mean 'EVERYHOP_PRESET'") as caught:
        Everyhop(made(EVERYHOP_PRESETS="strict"))
    assert caught.value.key == "EVERYHOP_PRESETS"


@pytest.mark.parametrize("name", ["DEBUG", "TESTING"])
def test_development_and_tests_are_served_over_plain_http_even_if_said_late(name: str) -> None:
    app = made()
    Everyhop(app)
    app.config[name] = True
    served = ask(app)
    assert served.text == "served"
    assert "Strict-Transport-Security" not in served.headers
    assert "Secure" not in served.headers["Set-Cookie"]
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert ask(app, "/send", "POST").text == "taken"


@pytest.mark.parametrize("names", [["endpoint:outer.inner.<lambda>"], ["blueprint:outer"], ["blueprint:outer.inner"]])
def test_an_endpoint_or_blueprint_may_stay_on_plain_http(names: list[str]) -> None:
    app = made(EVERYHOP_EXEMPT=names)
    if names[0].startswith("endpoint"):
        names[0] = "endpoint:" + next(one for one in app.view_functions if one.startswith("outer.inner"))
    Everyhop(app)
    assert ask(app, "/outer/inner/status").text == "served"
    assert ask(app).status_code == 308
    assert ask(app, "/outer/inner/nowhere").status_code == 308


def test_an_exempt_path_may_have_letters_that_are_not_ascii() -> None:
    app = made(EVERYHOP_EXEMPT=["/größe", "/maß/*"])
    app.get("/größe", endpoint="size")(lambda: "served")
    Everyhop(app)
    assert ask(app, "/größe").status_code == 200
    assert ask(app, "/maß/stab").status_code == 404
    assert ask(app, "/grösse").status_code == 308
    assert re.search(r"/größe +GET +served \(exempt by its path\)", run(app, "routes").output)


def test_a_view_may_say_so_itself() -> None:
    app = made()
    app.get("/ok")(exempt(lambda: "ok"))
    Everyhop(app)
    assert ask(app, "/ok").text == "ok"
    assert ask(app, "/ok", "POST").status_code == 403


def test_a_host_that_flask_does_not_trust_is_no_exemption() -> None:
    app = made(TRUSTED_HOSTS=["tips.example.org"])
    app.get("/ok")(exempt(lambda: "ok"))
    Everyhop(app)
    assert ask(app, "/ok").text == "ok"
    assert app.test_client().get("/ok", base_url="http://evil.example").status_code == 400


def test_a_route_has_headers_of_its_own() -> None:
    app = made()
    own = headers({"X-Frame-Options": None, "X-Own": "yes"}, csp="script-src 'self'", nonce_in=("script-src",))

    @app.get("/framed")
    @own
    def framed() -> str:
        return csp_nonce()

    Everyhop(app)
    answer = ask(app, "/framed", headers=SECURE)
    assert "X-Frame-Options" not in answer.headers
    assert answer.headers["X-Own"] == "yes"
    assert answer.headers["Content-Security-Policy"] == f"script-src 'self' 'nonce-{answer.text}'"
    assert answer.headers["Strict-Transport-Security"]
    assert ask(app, headers=SECURE).headers["X-Frame-Options"] == "SAMEORIGIN"


def test_a_blueprint_has_headers_of_its_own() -> None:
    app = Flask("tips")
    admin = Blueprint("admin", __name__)
    admin.get("/admin")(lambda: "admin")
    headers({"X-Frame-Options": "DENY"}, csp=None).on(admin)
    app.register_blueprint(admin)
    Everyhop(app)
    answer = ask(app, "/admin", headers=SECURE)
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "Content-Security-Policy" not in answer.headers


def test_an_async_view_has_them_too() -> None:
    pytest.importorskip("asgiref")
    app = Flask("tips")

    @app.get("/later")
    @headers({"X-Own": "yes"})
    async def later() -> str:
        return "later"

    Everyhop(app)
    answer = ask(app, "/later", headers=SECURE)
    assert (answer.text, answer.headers["X-Own"]) == ("later", "yes")


def test_headers_of_a_route_that_cannot_be_sent_are_refused_at_once() -> None:
    with pytest.raises(SettingsError):
        headers({"X-Own": "a\r\nb"})
    with pytest.raises(SettingsError):
        headers(csp="default-src self")


def test_a_template_has_the_nonce_of_its_policy_streamed_or_not() -> None:
    app = made(EVERYHOP_PRESET="strict")
    text = "{% macro m() %}{{ csp_nonce() }}{% endmacro %}{{ csp_nonce() }} {{ m() }}"
    app.get("/whole", endpoint="whole")(lambda: flask.render_template_string(text))
    app.get("/streamed", endpoint="streamed")(lambda: flask.Response(flask.stream_template_string(text)))
    Everyhop(app)
    for path in ("/whole", "/streamed"):
        answer = ask(app, path, headers=SECURE)
        first, second = answer.text.split()
        assert first == second
        assert f"'nonce-{first}'" in answer.headers["Content-Security-Policy"]


def test_cookies_of_this_host_alone() -> None:
    app = made(EVERYHOP_HOST_COOKIES=True)
    Everyhop(app)
    client = app.test_client()
    client.get("/", base_url="https://tips.example.org", headers=SECURE)
    line = client.get("/", base_url="https://tips.example.org", headers=SECURE).request.headers["Cookie"]
    assert line.startswith("__Host-session=")
    assert app.config["REMEMBER_COOKIE_NAME"] == "__Host-remember_token"


@pytest.mark.parametrize(
    "more", [{"SESSION_COOKIE_DOMAIN": "example.org"}, {"SESSION_COOKIE_PATH": "/app"}, {"APPLICATION_ROOT": "/app"}]
)
def test_cookies_of_this_host_have_no_domain_and_no_path(more: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as caught:
        Everyhop(made(EVERYHOP_HOST_COOKIES=True, **more))
    assert caught.value.key == "EVERYHOP_HOST_COOKIES"


def test_talismans_defaults_are_kept() -> None:
    app = made()
    from_talisman(app)
    answer = ask(app, headers=SECURE)
    assert answer.headers["Strict-Transport-Security"] == "max-age=31556926; includeSubDomains"
    assert answer.headers["Content-Security-Policy"] == "default-src 'self'; object-src 'none'"
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["Permissions-Policy"] == "browsing-topics=()"
    assert ask(app).status_code == 308


def test_talismans_arguments_are_read() -> None:
    app = made()
    from_talisman(
        app,
        force_https=False,
        strict_transport_security=False,
        content_security_policy="default-src 'self'; script-src 'self'",
        content_security_policy_nonce_in=["script-src", "style-src"],
        content_security_policy_report_only=True,
        content_security_policy_report_uri="/csp",
        frame_options="DENY",
        permissions_policy={"camera": "()", "usb": "()"},
        session_cookie_samesite="Strict",
    )
    answer = ask(app, headers=SECURE)
    assert "Strict-Transport-Security" not in answer.headers
    policy = answer.headers["Content-Security-Policy-Report-Only"]
    assert re.fullmatch(r"default-src 'self'; script-src 'self' 'nonce-[^']+'; report-uri /csp", policy)
    assert answer.headers["Permissions-Policy"] == "camera=(), usb=()"
    assert "SameSite=Strict" in answer.headers["Set-Cookie"]
    assert ask(app).status_code == 200


def test_a_session_cookie_that_scripts_read_stays_secure() -> None:
    app = made()
    from_talisman(app, session_cookie_http_only=False)
    assert "; Secure" in ask(app, headers=SECURE).headers["Set-Cookie"]
    plain = made()
    from_talisman(plain, session_cookie_secure=False)
    assert "; Secure" not in ask(plain, headers=SECURE).headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("config", "value"),
    [
        ({"EVERYHOP_HSTS_SINCE": "2020-01-01"}, "max-age=31536000; includeSubDomains"),
        ({"EVERYHOP_HSTS": 600}, "max-age=600; includeSubDomains"),
        ({"EVERYHOP_HSTS": "off"}, "max-age=0"),
        ({"EVERYHOP_HSTS": "none"}, None),
    ],
)
def test_talismans_arguments_are_replaced_one_by_one(config: dict[str, Any], value: str | None) -> None:
    app = made(EVERYHOP_HEADERS={"x-frame-options": "DENY"}, **config)
    from_talisman(app, permissions_policy=None)
    answer = ask(app, headers=SECURE)
    assert answer.headers.get("Strict-Transport-Security") == value
    assert answer.headers.getlist("X-Frame-Options") == ["DENY"]
    assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "Permissions-Policy" not in answer.headers


def test_an_argument_that_talisman_has_not_is_refused() -> None:
    with pytest.raises(SettingsError, match="did you mean 'force_https'"):
        settings_from({"force_http": True})


def test_talismans_frame_of_one_origin_becomes_a_directive() -> None:
    said = settings_from({"frame_options": "ALLOW-FROM", "frame_options_allow_from": "https://a.example"})
    assert said["EVERYHOP_CSP"]["frame-ancestors"] == "https://a.example"
    assert "X-Frame-Options" not in said["EVERYHOP_HEADERS"]


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=["tls", *words])


def test_check_passes_with_only_everyhop_added() -> None:
    app = made(SERVER_NAME="tips.example.org")
    Everyhop(app)
    done = run(app, "check")
    assert done.exit_code == 0, done.output
    assert "browser → proxy       tips.example.org" in done.output
    assert "first broken hop" not in done.output


@pytest.mark.parametrize(
    ("config", "host"),
    [
        ({"TRUSTED_HOSTS": ["127.0.0.1", "localhost", "tips.example.org"]}, "tips.example.org"),
        ({"TRUSTED_HOSTS": ["abc.onion", ".tips.example.org"]}, "tips.example.org"),
        ({"TRUSTED_HOSTS": ["abc.onion"]}, "abc.onion"),
        ({"SERVER_NAME": "abc.onion"}, "abc.onion"),
        ({"TRUSTED_HOSTS": ["[::1]"]}, "[::1]"),
    ],
)
def test_check_asks_for_the_sites_name_where_hosts_without_hsts_stand_beside_it(
    config: dict[str, Any], host: str
) -> None:
    app = made(**config)
    Everyhop(app)
    done = run(app, "check")
    assert done.exit_code == 0, done.output
    assert f"browser → proxy       {host}\n" in done.output
    broken = made(EVERYHOP_HSTS="none", TRUSTED_HOSTS=["127.0.0.1", "tips.example.org"])
    Everyhop(broken)
    assert "missing-hsts" in run(broken, "check").output


def test_check_names_the_first_broken_hop() -> None:
    app = made(EVERYHOP_REDIRECT="never", EVERYHOP_HSTS="off")
    Everyhop(app)
    done = run(app, "check")
    assert done.exit_code == 1
    assert "first broken hop: browser → proxy (missing-redirect)" in done.output
    assert run(app, "check", "--fail-on", "never").exit_code == 0


def test_check_sees_a_proxy_that_may_be_far_away() -> None:
    app = made(EVERYHOP_TRUSTED_PROXIES=["10.0.0.0/8"])
    Everyhop(app)
    done = run(app, "check")
    assert done.exit_code == 3
    assert "not seen from here" in done.output


def test_check_judges_database_urls_and_shows_no_password() -> None:
    app = made(SQLALCHEMY_DATABASE_URI="postgresql+psycopg2://app:hunter2@db.internal/tips", EVERYHOP_MODE="report")
    Everyhop(app)
    done = run(app, "check")
    assert done.exit_code == 1
    assert "first broken hop: app → default (opportunistic-dial)" in done.output
    assert "hunter2" not in done.output + run(app, "explain").output + run(app, "check", "--format", "json").output


def test_an_unsafe_database_url_keeps_the_application_from_starting() -> None:
    with pytest.raises(SettingsError):
        Everyhop(made(SQLALCHEMY_DATABASE_URI="postgresql+psycopg2://app:hunter2@db.internal/tips"))


def test_routes_and_headers_are_listed() -> None:
    app = made(EVERYHOP_EXEMPT=["blueprint:outer"], EVERYHOP_PRESET="strict")
    Everyhop(app)
    routes, sent = run(app, "routes").output, run(app, "headers").output
    assert re.search(r"^/outer/inner/status +GET +served", routes, re.MULTILINE)
    assert re.search(r"^/send +POST +refused", routes, re.MULTILINE)
    assert re.search(r"^/ +GET +to HTTPS", routes, re.MULTILINE)
    assert "Strict-Transport-Security: max-age=300" in sent
    assert "'nonce-" in sent


def test_without_everyhop_there_is_nothing_to_ask() -> None:
    from everyhop.flask.cli import tls  # noqa: PLC0415 - as flask's plugin loads it

    app = made()
    app.cli.add_command(tls)
    done = run(app, "check")
    assert (done.exit_code, state_of(app)) == (2, None)
    assert "write Everyhop(app)" in done.output
    assert isinstance(tls, click.Group)


def test_an_application_that_serves_stays_small() -> None:
    code = "import sys, everyhop.flask; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    unwanted = ("acme", "deploy", "pki", "scan", "render", "rules", "probe", "jobs")
    assert [name for name in loaded if name.startswith(tuple(f"everyhop.{room}" for room in unwanted))] == []
    assert not {"sqlalchemy", "cryptography", "jinja2.sandbox", "rich"} & set(loaded)
