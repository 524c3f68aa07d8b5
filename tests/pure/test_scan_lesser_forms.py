"""Forms that only some projects have: each is told where it stands, and its twin, which looks like it, is not."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from everyhop.config import Settings
from everyhop.jobs.scan import scan
from everyhop.model.evidence import SourceSpan
from everyhop.model.sighting import AppServer, Cookie, Dialer, Listener, Reading
from everyhop.render.json_readings import reading_json
from everyhop.scan.servers.websites import BROWSER

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FLASK = "from flask import Flask, request\n"
GUNICORN = (
    "from gunicorn.app.base import BaseApplication\nclass Site({}):\n    def load_config(self):\n"
    "        self.take(dict)\n        self.take({{'bind': self.where}})\n"
)
SQL = "from flask_sqlalchemy import SQLAlchemy\n"


def readings(root: Path, files: dict[str, str]) -> list[Reading]:
    """What a scan of these files tells, but for the browsers in front of a site."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    told = scan([root], Settings(), NOW).readings
    return [one for one in told if not (isinstance(one.subject, Dialer) and one.subject.driver == BROWSER)]


def places(root: Path, files: dict[str, str], kind: str) -> list[str]:
    """Where readings of one kind stand first: `path:line`."""
    told = [one for one in readings(root, files) if reading_json(one)["kind"] == kind]
    spans = [next(item for item in one.evidence if isinstance(item, SourceSpan)) for one in told]
    return [f"{span.path}:{span.line}" for span in spans]


@pytest.mark.parametrize(
    ("kind", "told", "quiet"),
    [
        (
            "http-listener",
            "import os\ndef serve(args):\n    os.execvp('gunicorn', ['gunicorn'] + list(args))\n",
            "import os\ndef serve(args):\n    os.execvp('prog', ['prog'] + list(args), known=['gunicorn', 'prog'])\n",
        ),
        (
            "http-listener",
            GUNICORN.format("BaseApplication"),
            GUNICORN.format("Task"),
        ),
        (
            "http-listener",
            "from flask_script import commands\nmanager.add_command('serve', commands.Server(port=80))\n",
            "from site import commands\nmanager.add_command('serve', commands.Server(port=80))\n",
        ),
        (
            "database-dialer",
            "try:\n    import sqlalchemy as sa\nexcept ImportError:\n    sa = Missing('sql')\nsa.create_engine(url)\n",
            "try:\n    import painter as sa\nexcept ImportError:\n    sa = Missing('sql')\nsa.create_engine(url)\n",
        ),
        (
            "database-dialer",
            "from oslo_db.sqlalchemy import enginefacade\ncontext = enginefacade.transaction_context()\n",
            "from oslo_db.sqlalchemy import enginefacade\n@enginefacade.reader\ndef read(): ...\n",
        ),
        (
            "database-dialer",
            "import psycopg2\nurl = '{driver}://{host}{path}'.format(driver=d, host=h, path=p)\n",
            "import psycopg2\nurl = '{s}://{host}{path}'.format(s=environ['wsgi.url_scheme'], host=h, path=p)\n",
        ),
        (
            "cookie",
            FLASK + "def make(kind=Flask):\n    app = kind(__name__)\n    app.secret_key = key\n    return app\n",
            FLASK + "def make(kind=Flask):\n    return kind.name, print(__name__)\n",
        ),
        (
            "cookie",
            "authomatic.login(adapter, 'one', secure_cookie=request.is_secure)\n",
            "def login(adapter, secure_cookie):\n    authomatic.login(adapter, secure_cookie=secure_cookie)\n",
        ),
        (
            "app-server",
            FLASK
            + "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    DEBUG: bool = False\n",
            FLASK + "from pydantic import BaseModel\nclass Settings(BaseModel):\n    DEBUG: bool = False\n",
        ),
        (
            "app-server",
            FLASK + "SECRET_KEY = k\nDEBUG = env('DEBUG')\n",
            FLASK + "SECRET_KEY = k\nDEBUG = Option('--debug', is_flag=True)\n",
        ),
        (
            "proxy-trust",
            "def client_ip():\n    return request.headers.get('X-Forwarded-For', request.remote_addr)\n",
            "def shown():\n    return request.headers.get('X-Forwarded-For', request.remote_addr)\n",
        ),
        (
            "proxy-trust",
            "def is_secure(environ):\n    return environ['HTTP_X_FORWARDED_PROTO'] == 'https'\n",
            "def is_secure(environ):\n    environ['HTTP_X_FORWARDED_PROTO'] = 'https'\n",
        ),
        (
            "database-dialer",
            "from sqlalchemy_utils import database_exists\nassert database_exists(url)\n",
            "from sqlalchemy_utils import drop_view\nassert drop_view(url)\n",
        ),
        (
            "database-dialer",
            FLASK + SQL + "app.config.from_envvar('S')\nshow(dict(SQLALCHEMY_DATABASE_URI=self.uri))\n",
            FLASK + "show(dict(SQLALCHEMY_DATABASE_URI=hidden(self.SQLALCHEMY_DATABASE_URI)))\n",
        ),
        (
            "database-dialer",
            FLASK + SQL + "app.config.from_envvar('S')\napp.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:///a.db'\n",
            FLASK + SQL + "app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:///a.db'\n",
        ),
    ],
)
def test_a_form_in_python_is_told_and_its_twin_is_not(tmp_path: Path, kind: str, told: str, quiet: str) -> None:
    """In a file of its own."""
    assert [place.partition(":")[0] for place in places(tmp_path / "told", {"app/core.py": told}, kind)] == [
        "app/core.py"
    ]
    assert places(tmp_path / "quiet", {"app/core.py": quiet}, kind) == []


def test_a_plain_run_serves_the_app_that_another_module_makes_of_a_class_below_flask(tmp_path: Path) -> None:
    """A thing that is no app of Flask's may be run too."""
    run = "from site_.core import app\napp.run()\n"
    flask = {"site_/core.py": FLASK + "class Site(Flask): ...\napp = Site(__name__)\n", "wsgi.py": run}
    other = {"site_/core.py": "class Site(Task): ...\napp = Site(__name__)\n", "wsgi.py": run}
    assert places(tmp_path / "flask", flask, "http-listener") == ["wsgi.py:2"]
    assert places(tmp_path / "other", other, "http-listener") == []


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("site.service", "[Service]\nExecStart=/bin/sh -c 'cd /srv;gunicorn -b :80 site:app'\n", 2),
        ("site.service", "[Service]\nExecStart=/bin/sh -c 'true&&gunicorn -b :80 site:app'\n", 2),
        ("etc/site.rc", 'command=python\ncommand_args="\\\n  /usr/bin/gunicorn \\\n  --bind :80 site:app"\n', 3),
        (
            "compose.yaml",
            "services:\n  a:\n    command:\n      - |\n        ls -a\n        gunicorn -b :80 site:app\n",
            4,
        ),
        ("Vagrantfile", '# $ flask\ntmux new-session -d -s site "gunicorn -b :80 site:app"\n', 2),
        ("Singularity", "%startscript\n    gunicorn --bind 0.0.0.0:5000 site:app\n", 2),
        ("app/templates/build/start.sh", "exec gunicorn -b :80 site:app\n", 1),
        ("build/__init__.py", "import waitress\nwaitress.serve(app)\n", 2),
    ],
)
def test_a_command_is_found_there(tmp_path: Path, name: str, text: str, line: int) -> None:
    """Behind another one, in an image's own kind of file, below what a build is made with."""
    assert places(tmp_path, {name: text}, "http-listener") == [f"{name}:{line}"]


@pytest.mark.parametrize("name", ["build/start.sh", "build/lib/site/start.sh", "web/build/start.sh"])
def test_what_a_build_leaves_behind_is_not_read(tmp_path: Path, name: str) -> None:
    """It is there twice."""
    assert readings(tmp_path, {name: "exec gunicorn -b :80 site:app\n"}) == []


def test_settings_in_parts_are_told_in_files_that_a_program_reads(tmp_path: Path) -> None:
    """One part alone is none; where a URL stands beside them, they are parts of it."""
    parts = "[site]\ndb_hostname: db.example.org\ndb_username: site\ndb_database: site\n"
    assert places(tmp_path / "parts", {"site.conf": parts}, "database-dialer") == ["site.conf:2"]
    assert places(tmp_path / "one", {"site.conf": "[site]\ndb_hostname: db.example.org\n"}, "database-dialer") == []
    url = "db_url: postgresql://db.example.org/site?sslmode=verify-full\n"
    assert places(tmp_path / "url", {"site.conf": parts + url}, "database-dialer") == ["site.conf:5"]


def test_the_variables_of_a_container_that_asks_for_vendor_and_address(tmp_path: Path) -> None:
    """As Keycloak's does; another vendor's are nobody's business."""
    variables = "      DB_VENDOR: {}\n      DB_ADDR: db\n      DB_USER: door\n"
    stack = f"services:\n  door:\n    image: door\n    environment:\n{variables}"
    assert places(tmp_path / "told", {"compose.yaml": stack.format("mariadb")}, "database-dialer") == ["compose.yaml:6"]
    assert places(tmp_path / "quiet", {"compose.yaml": stack.format("h2")}, "database-dialer") == []


PLAIN = "<VirtualHost *:80>\nServerName example.org\n{}\n</VirtualHost>\n"
TLS = "<VirtualHost *:443>\nServerName example.org\nSSLEngine on\n</VirtualHost>\n"


def assurances(root: Path, files: dict[str, str]) -> list[str]:
    """What is said of each listener."""
    told = [one.subject for one in readings(root, files)]
    return [subject.bounds.low.assurance.word for subject in told if isinstance(subject, Listener)]


def test_the_plain_port_of_a_site_may_stand_in_a_file_beside_it(tmp_path: Path) -> None:
    """It redirects, or it serves; what lies in another folder is another machine's."""
    redirects, serves = PLAIN.format("Redirect permanent / https://example.org/"), PLAIN.format("DocumentRoot /srv")
    assert assurances(tmp_path / "redirects", {"web/80.conf": redirects, "web/443.conf": TLS}) == ["encrypted"]
    both = assurances(tmp_path / "serves", {"web/80.conf": serves, "web/443.conf": TLS})
    assert sorted(both) == ["opportunistic", "plaintext"]
    apart = assurances(tmp_path / "apart", {"old/80.conf": serves, "web/443.conf": TLS})
    assert sorted(apart) == ["encrypted", "plaintext"]


def test_hosts_without_names_are_one_site_only_on_the_usual_ports(tmp_path: Path) -> None:
    """What listens on 8080 is another one."""
    tls, plain = (
        "<VirtualHost *:8443>\nSSLEngine on\n</VirtualHost>\n",
        "<VirtualHost *:{}>\nDocumentRoot /srv\n</VirtualHost>\n",
    )
    assert sorted(assurances(tmp_path / "other", {"web.conf": tls + plain.format(8080)})) == ["encrypted", "plaintext"]
    assert "opportunistic" in assurances(tmp_path / "same", {"web.conf": tls + plain.format(80)})


def test_a_cookie_is_told_with_what_the_call_says(tmp_path: Path) -> None:
    """On, off, or decided by the request."""
    text = "a.login(secure_cookie=True)\na.login(secure_cookie=False)\na.login(secure_cookie=request.is_secure)\n"
    told = [one.subject for one in readings(tmp_path, {"login.py": text})]
    assert [one.secure for one in told if isinstance(one, Cookie)] == [True, False, None]
    assert not any(isinstance(one, AppServer) for one in told)


def test_a_driver_is_put_into_a_url_only_where_it_has_none(tmp_path: Path) -> None:
    """`mysql+pymysql://` has `mysql://` in it."""
    call = "create_engine('{}://db/site'.replace('mysql://', 'mysql+pymysql://', 1))\n"
    text = f"from sqlalchemy import create_engine\n{call}"
    for number, written in enumerate(("mysql", "mysql+pymysql")):
        told = readings(tmp_path / str(number), {"site.py": text.format(written)})
        spans = [item for one in told for item in one.evidence if isinstance(item, SourceSpan)]
        assert [span.snippet for span in spans] == ["mysql+pymysql://db/site"]
