"""Where a cookie's Secure is decided: a setting under whatever name, a call, or the app that leaves it off."""

import pytest

from everyhop.model.hop import Topology
from everyhop.model.sighting import Cookie, Reading
from everyhop.scan.observe import observe
from everyhop.scan.workspace import Kind, Source, Workspace


def cookies(path: str, text: str, kind: Kind = Kind.PYTHON) -> list[tuple[str, bool | None, bool]]:
    """Name, Secure, and whether it is sent where the app is deployed."""
    found = observe(Workspace((Source(path, kind, text),), ()), Topology()).sightings
    told = [one.subject for one in found if isinstance(one, Reading) and isinstance(one.subject, Cookie)]
    return [(cookie.name, cookie.secure, cookie.sent) for cookie in told]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("SESSION_COOKIE_SECURE = True", ("session", True, True)),
        ("REMEMBER_COOKIE_SECURE = None", ("remember_token", False, True)),
        ("JWT_COOKIE_SECURE = False", ("jwt", False, True)),
        ("SESSION_COOKIE_SECURE = env.bool('SECURE', True)", ("session", True, True)),
        ("SESSION_COOKIE_SECURE = os.environ.get('SECURE') == '1'", ("session", None, True)),
        ("class DevConfig:\n    SESSION_COOKIE_SECURE = False", ("session", False, False)),
        ("app.config['CSRF_COOKIE_SECURE'] = True", ("csrf", True, True)),
        ("defaults = {'authtkt.secure': {'value': True, 'validator': check}}", ("authtkt", True, True)),
        ("options = {'session.secure': not debug()}", ("session", None, True)),
        ("secure = asbool(settings.get('session.secure', False))", ("session", None, True)),
        ("TALISMAN = {'session_cookie_secure': False}", ("session", False, True)),
        (
            (
                "from starlette.middleware.sessions import SessionMiddleware\n"
                "app.add_middleware(SessionMiddleware, secret_key=key, https_only=True)"
            ),
            ("session", True, True),
        ),
        (
            "from pyramid.session import SignedCookieSessionFactory as Made\nMade(secret)",
            ("session", False, True),
        ),
        ("import flask\napp = flask.Flask('a')", ("session", False, False)),
        ("from apiflask import APIFlask\napp = APIFlask('a', secret_key='k')", ("session", False, True)),
        ("import connexion\napp = connexion.FlaskApp('a')", ("session", False, False)),
        ("from quart import Quart\nclass App(Quart): pass\napp = App('a')", ("session", False, False)),
    ],
)
def test_a_place_that_decides_is_told(source: str, told: tuple[str, bool | None, bool]) -> None:
    """And not in tests, where there is no HTTPS."""
    assert cookies("app/config.py", source + "\n") == [told]
    assert cookies("tests/config.py", source + "\n") == []


@pytest.mark.parametrize(
    "source",
    [
        "SESSION_COOKIE_SECURE = 'APP_SESSION_COOKIE_SECURE'",
        "class TestConfig:\n    SESSION_COOKIE_SECURE = False",
        "self.jwt_cookie_secure = False",
        "send(cookie_secure=True)",
        "settings.get('session.secure')",
        "from pyramid.authentication import AuthTktCookieHelper as H\ndef made(secure):\n    H(k, secure=secure)",
        "class Flask: pass\napp = Flask()",
    ],
)
def test_what_decides_nothing_is_not_told(source: str) -> None:
    """Names of settings, what is handed on or only asked for, and classes of another kind."""
    assert cookies("app/config.py", source + "\n") == []


@pytest.mark.parametrize(
    ("path", "kind", "text", "told"),
    [
        ("app.ini", Kind.INI, "session.secure = true\n", ("session", True, True)),
        ("app.toml", Kind.TOML, "SESSION_COOKIE_SECURE = 'false'\n", ("session", False, True)),
        ("config.yaml", Kind.YAML, "SESSION_COOKIE_SECURE: false\n", ("session", False, True)),
        ("options.yaml", Kind.YAML, "- key: REMEMBER_COOKIE_SECURE\n  type: bool\n", ("remember_token", None, False)),
        (".env", Kind.DOTENV, "SESSION_COOKIE_SECURE=1\n", ("session", True, True)),
        (
            "config.cfg.template",
            Kind.INI,
            "SESSION_COOKIE_SECURE = {% if s %}True{% endif %}\n",
            ("session", None, False),
        ),
    ],
)
def test_settings_in_other_files_are_told(
    path: str, kind: Kind, text: str, told: tuple[str, bool | None, bool]
) -> None:
    """And of other settings nothing is."""
    assert cookies(path, text, kind) == [told]
    assert cookies(path, text.replace("secure", "name").replace("SECURE", "NAME"), kind) == []
