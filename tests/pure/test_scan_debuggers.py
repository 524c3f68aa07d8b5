"""A debugger's switch is found wherever it stands; a finding is made only where it is on in what is deployed."""

import pytest

from everyhop.model.hop import Topology
from everyhop.model.sighting import AppServer, Debugger, Reading
from everyhop.scan.observe import observe
from everyhop.scan.workspace import Kind, Source, Workspace

ON, SWITCHED, HERE = Debugger.ON, Debugger.SWITCHED, Debugger.IN_DEVELOPMENT
FLASK = "import os\nfrom flask import Flask\n"


def debuggers(path: str, text: str, kind: Kind = Kind.PYTHON) -> list[Debugger]:
    """What is told of a debugger by one file."""
    found = observe(Workspace((Source(path, kind, text),), ()), Topology()).sightings
    servers = [one.subject for one in found if isinstance(one, Reading) and isinstance(one.subject, AppServer)]
    return [server.debugger for server in servers if server.debugger is not Debugger.OFF]


@pytest.mark.parametrize(
    ("source", "debugger"),
    [
        ("DEBUG = True", ON),
        ("DEBUG: bool = True", ON),
        ("DEBUG = os.environ.get('DEBUG', False)", SWITCHED),
        ("DEBUG = os.getenv('DEBUG', 'true').lower() == 'true'", ON),
        ("DEBUG = envtobool('DEBUG', False)", SWITCHED),
        ("DEBUG = '--debug' in sys.argv", SWITCHED),
        ("DEBUG = bool(os.environ['DEBUG'])", SWITCHED),
        ("class Config:\n    DEBUG = True", ON),
        ("class DevelopmentConfig:\n    DEBUG = True", HERE),
        ("class Config:\n    DEBUG = True\nclass ProductionConfig(Config):\n    DEBUG = False", HERE),
        ("app.config['DEBUG'] = True", ON),
        ("app.config['DEBUG'] = setting('DEBUG', default=True, type=bool)", ON),
        ("app.config.update(DEBUG=True)", ON),
        ("app.config.from_mapping({'DEBUG': True, 'SECRET_KEY': key})", ON),
        ("app.debug = True", ON),
        ("self.backend_app.debug = True", ON),
        ("os.environ['FLASK_ENV'] = 'development'", ON),
        ("os.environ.setdefault('FLASK_DEBUG', '1')", ON),
    ],
)
def test_a_switch_in_python_is_found(source: str, debugger: Debugger) -> None:
    """As it is set; and nothing is told of the same in the tests."""
    assert debuggers("app/config.py", FLASK + source + "\n") == [debugger]
    assert debuggers("tests/config.py", FLASK + source + "\n") == []


@pytest.mark.parametrize(
    "source",
    [
        "DEBUG = False",
        "DEBUG = logging.DEBUG",
        "DEBUG = 10",
        "DEBUG = 'app.debug'",
        "class TestingConfig:\n    DEBUG = True",
        "class Levels:\n    DEBUG = True",
        "levels = {'DEBUG': True, 'INFO': False}",
        "app.debug = settings.DEBUG",
        "app.config['DEBUG'] = config.DEBUG",
        "app.debug = is_debug_mode()",
        "log.debug = True",
        "os.environ['FLASK_ENV'] = 'production'",
        "os.environ.get('FLASK_DEBUG')",
    ],
)
def test_what_is_off_or_none_is_not_told(source: str) -> None:
    """A log's level, a name, what is only handed on, and settings of tests."""
    assert debuggers("app/levels.py", FLASK + "import logging\n" + source + "\n") == []


@pytest.mark.parametrize(
    ("path", "kind", "text", "debugger"),
    [
        (".flaskenv", Kind.DOTENV, "FLASK_DEBUG=1\n", HERE),
        (".env", Kind.DOTENV, "FLASK_DEBUG=true\n", ON),
        ("Dockerfile", Kind.DOCKERFILE, "FROM python\nENV FLASK_ENV=development\n", ON),
        ("Dockerfile.dev", Kind.DOCKERFILE, "FROM python\nENV FLASK_DEBUG=1\n", HERE),
        ("Makefile", Kind.TEXT, "run:\n\tFLASK_DEBUG=1 flask run\n", SWITCHED),
        ("entrypoint.sh", Kind.TEXT, "export FLASK_ENV=development\n", SWITCHED),
        ("gunicorn.conf.py", Kind.PYTHON, "bind = ':80'\ndebug = True\n", SWITCHED),
    ],
)
def test_a_switch_elsewhere_is_found(path: str, kind: Kind, text: str, debugger: Debugger) -> None:
    """In the environment that files set, and in what Gunicorn once took; off it is none."""
    assert debuggers(path, text, kind) == [debugger]
    off = text.replace("=1", "=0").replace("true", "false").replace("development", "production").replace("True", "0")
    assert debuggers(path, off, kind) == []
