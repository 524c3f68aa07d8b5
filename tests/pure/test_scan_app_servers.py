"""The servers of Python's web applications are listeners wherever something starts them."""

import pytest

from everyhop.model.hop import Topology
from everyhop.model.posture import Assurance
from everyhop.model.sighting import Listener, Reading
from everyhop.scan.observe import observe
from everyhop.scan.recognise import is_python
from everyhop.scan.workspace import Kind, Source, Workspace

Told = tuple[str, str, str | None]
PLAIN, TLS, EITHER = "plaintext", "encrypted", "plaintext…encrypted"


def told(path: str, kind: Kind, text: str) -> list[Told]:
    """Product, assurance and endpoint of every listener of one file."""
    sightings = observe(Workspace((Source(path, kind, text),), ()), Topology()).sightings
    return [
        _told(one, one.subject) for one in sightings if isinstance(one, Reading) and isinstance(one.subject, Listener)
    ]


def _told(reading: Reading, listener: Listener) -> Told:
    low, high = listener.bounds.low.assurance, listener.bounds.high.assurance
    words = dict.fromkeys((low.word, high.word))
    return listener.product, "…".join(words), str(reading.endpoint) if reading.endpoint else None


@pytest.mark.parametrize(
    ("command", "product", "assurance", "endpoint"),
    [
        ("gunicorn -w ${N:-8} -b 0.0.0.0:5000 site:app", "gunicorn", PLAIN, "0.0.0.0:5000"),
        ("gunicorn --bind unix:/run/site.sock site:app", "gunicorn", PLAIN, "unix:/run/site.sock"),
        ("gunicorn --certfile=/c.pem --keyfile=/k.pem -b :8443 site:app", "gunicorn", TLS, "0.0.0.0:8443"),
        ("gunicorn -c conf.py site:app", "gunicorn", EITHER, None),
        ("pip install gunicorn && gunicorn site:app --log-file=-", "gunicorn", PLAIN, None),
        ('sh -c "exec uvicorn --uds /run/site.sock site:app"', "uvicorn", PLAIN, "unix:/run/site.sock"),
        ("uvicorn site:app", "uvicorn", PLAIN, "127.0.0.1:8000"),
        ("uvicorn site:app --host 0.0.0.0 --ssl-keyfile /k --ssl-certfile /c", "uvicorn", TLS, "0.0.0.0:8000"),
        ("hypercorn --bind 0.0.0.0:$PORT site:app", "hypercorn", PLAIN, None),
        ("python -m waitress --port=80 site:app", "waitress", PLAIN, "0.0.0.0:80"),
        ("waitress-serve --listen=127.0.0.1:9 site:app", "waitress", PLAIN, "127.0.0.1:9"),
        ("flask --app site run -h 0.0.0.0 --cert=adhoc", "flask", TLS, "0.0.0.0:5000"),
    ],
)
def test_a_command_starts_a_listener(command: str, product: str, assurance: str, endpoint: str | None) -> None:
    """In a Procfile, a unit and a Dockerfile alike."""
    wanted = [(product, assurance, endpoint)]
    assert told("Procfile", Kind.TEXT, f"web: {command}\n") == wanted
    assert told("site.service", Kind.UNIT, f"[Service]\nExecStart=/usr/bin/env {command}\n") == wanted
    assert told("Dockerfile", Kind.DOCKERFILE, f"FROM python\nCMD {command}\n") == wanted


@pytest.mark.parametrize(
    "command",
    [
        "pip install gunicorn",
        "gunicorn --check-config site:app",
        "pkill -f gunicorn",
        "flask db upgrade",
        "python site.py",
        "celery -A site worker",
        "python -m celery -P waitress",
    ],
)
def test_a_command_that_serves_nothing_starts_none(command: str) -> None:
    """A server's name among the words is not enough."""
    assert told("Procfile", Kind.TEXT, f"web: {command}\n") == []


def test_a_script_goes_on_over_its_lines() -> None:
    """A backslash takes the next line along."""
    text = 'exec python3 -m gunicorn \\\n  --workers "$N" \\\n  --bind "0.0.0.0:8080" \\\n  site:app\n'
    assert told("entrypoint.sh", Kind.TEXT, text) == [("gunicorn", PLAIN, "0.0.0.0:8080")]
    assert told("tests/entrypoint.sh", Kind.TEXT, text) == []


def test_a_service_of_a_stack_starts_a_listener() -> None:
    """By its `command`."""
    text = "services:\n  web:\n    build: .\n    command: uvicorn --host 0.0.0.0 --port 80 site:app\n"
    assert told("compose.yaml", Kind.COMPOSE, text) == [("uvicorn", PLAIN, "0.0.0.0:80")]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("import waitress\nwaitress.serve(app, port=80)", ("waitress", PLAIN, "0.0.0.0:80")),
        ("import waitress\nwaitress.serve(app, host=host)", ("waitress", PLAIN, None)),
        ("import uvicorn\nuvicorn.run(app)", ("uvicorn", PLAIN, "127.0.0.1:8000")),
        ("import uvicorn\nuvicorn.run(app, **more)", ("uvicorn", EITHER, "127.0.0.1:8000")),
        ("import uvicorn\nuvicorn.Config(app, ssl_keyfile=k, ssl_certfile='c')", ("uvicorn", TLS, "127.0.0.1:8000")),
        ("import uvicorn\nuvicorn.run(app, uds='/run/s')", ("uvicorn", PLAIN, "unix:/run/s")),
        (
            "from werkzeug.serving import run_simple\nrun_simple('localhost', 80, app, ssl_context=given)",
            ("werkzeug", EITHER, "localhost:80"),
        ),
        ("from gevent.pywsgi import WSGIServer\nWSGIServer(('', 80), app)", ("gevent", PLAIN, "0.0.0.0:80")),
        ("from flask import Flask\napp = Flask('a')\napp.run(ssl_context='adhoc')", ("flask", TLS, "127.0.0.1:5000")),
        ("from site import create_app\ncreate_app().run(port=81)", ("flask", PLAIN, "127.0.0.1:81")),
        (
            "from flask_socketio import SocketIO\nsio = SocketIO()\nsio.run(app, '0.0.0.0', 82)",
            ("flask-socketio", PLAIN, "0.0.0.0:82"),
        ),
        (
            "import sys\nstart([sys.executable, '-m', 'gunicorn', '-b', f'{h}:{p}', name])  # gunicorn",
            ("gunicorn", PLAIN, None),
        ),
        ("import sys\nx = [sys.executable, '-m', 'gunicorn', *more, 'site:app']", ("gunicorn", EITHER, None)),
        (
            "import os\nos.system('exec gunicorn site:app --bind 0.0.0.0:83')",
            ("gunicorn", PLAIN, "0.0.0.0:83"),
        ),
        (
            "import uvicorn\nserver = uvicorn.Server(uvicorn.Config(create_app()))\nserver.run()",
            ("uvicorn", PLAIN, "127.0.0.1:8000"),
        ),
        ("command = f\"uvicorn {' '.join(more)} site.app:app\"", ("uvicorn", EITHER, "127.0.0.1:8000")),
    ],
)
def test_code_starts_a_listener(text: str, wanted: Told) -> None:
    """By a call, or by the words of a command that it puts together."""
    assert told("serve.py", Kind.PYTHON, text) == [wanted]
    assert told("tests/test_serve.py", Kind.PYTHON, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "import asyncio\nasyncio.run(create_app())",
        "import subprocess\nsubprocess.run(['gunicorn', 'waitress'])",
        "servers = ('gunicorn', 'uvicorn', 'waitress')",
        "command = 'gunicorn is what serves this app: see there'",
        "help = 'gunicorn is what serves the app'",
        "import uvicorn\nprint(uvicorn.__version__)",
        "from textual.app import App\napp = App()\napp.run(inline=True)  # create_app",
    ],
)
def test_other_code_starts_none(text: str) -> None:
    """What only names a server, or runs something else."""
    assert told("serve.py", Kind.PYTHON, text) == []


def test_gunicorns_own_settings_are_read() -> None:
    """With `certfile` and `keyfile` it speaks TLS."""
    assert told("gunicorn.conf.py", Kind.PYTHON, "bind = '0.0.0.0:80'\n") == [("gunicorn", PLAIN, "0.0.0.0:80")]
    secure = "bind = ':443'\ncertfile = '/c.pem'\nkeyfile = '/k.pem'\n"
    assert told("gunicorn.conf.py", Kind.PYTHON, secure) == [("gunicorn", TLS, "0.0.0.0:443")]
    assert told("settings.py", Kind.PYTHON, secure) == []


def test_a_servers_assurance_is_never_more_than_encrypted() -> None:
    """A listener cannot verify for those who dial it."""
    text = "import uvicorn\nuvicorn.run(app, **more)"
    (reading,) = observe(Workspace((Source("serve.py", Kind.PYTHON, text),), ()), Topology()).sightings
    assert isinstance(reading, Reading)
    assert isinstance(reading.subject, Listener)
    assert reading.subject.bounds.high.assurance is Assurance.ENCRYPTED


@pytest.mark.parametrize(
    ("data", "python"),
    [
        (b"SECRET_KEY = '<KEY>'\nSQLALCHEMY_DATABASE_URI = 'sqlite://'\n", True),
        (b"import os\nSECRET_KEY = os.environ['KEY']\n", True),
        (b"[app]\nSECRET_KEY = 'abc'\n", False),
        (b"SECRET_KEY = abc def\n", False),
        (b"key = 'abc'\n", False),
        (b"SECRET_KEY = 'abc'\n" + b"(" * 10_000, False),
    ],
)
def test_settings_in_python_are_told_from_ini(data: bytes, python: bool) -> None:  # noqa: FBT001 - what is expected
    """By the names of Flask's settings, and by Python's own parser."""
    assert is_python(data) is python
