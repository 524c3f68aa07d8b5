"""The many forms in which a project starts what answers HTTP, each with a twin that starts nothing."""

import pytest

from everyhop.model.evidence import SourceSpan
from everyhop.model.hop import Topology
from everyhop.model.posture import Assurance
from everyhop.model.sighting import AppServer, Listener, Reading
from everyhop.scan.observe import observe
from everyhop.scan.workspace import Kind, Source, Workspace

PLAIN, TLS, EITHER = "plaintext", "encrypted", "plaintext…encrypted"


def told(path: str, kind: Kind, text: str) -> list[tuple[str, str]]:
    """Product and assurance of every listener of one file."""
    found = observe(Workspace((Source(path, kind, text),), ()), Topology()).sightings
    listeners = [one.subject for one in found if isinstance(one, Reading) and isinstance(one.subject, Listener)]
    return [(one.product, _words(one.bounds.low.assurance, one.bounds.high.assurance)) for one in listeners]


def _words(low: Assurance, high: Assurance) -> str:
    return "…".join(dict.fromkeys((low.word, high.word)))


@pytest.mark.parametrize(
    ("text", "product", "assurance"),
    [
        ("from flask import Flask\nweb = Flask('a')\nweb.run('0.0.0.0')", "flask", PLAIN),
        ("dashboard.run(host=host, port=port, debug=True)  # flask", "flask", PLAIN),
        ("from dash import Dash\napp = Dash('a')\napp.run_server(debug=True)", "flask", PLAIN),
        ("from flask_socketio import SocketIO\nsio.run(app, port=5000)", "flask-socketio", PLAIN),
        ("from flask_script import Server\nmanager.add_command('serve', Server(port=80))", "flask", PLAIN),
        ("from waitress.server import create_server\ncreate_server(app, port=80)", "waitress", PLAIN),
        ("from hypercorn.asyncio import serve\nserve(app, config)", "hypercorn", EITHER),
        ("from http.server import HTTPServer\nHTTPServer(('', 80), Site).serve_forever()", "http.server", PLAIN),
        (
            (
                "import ssl\nfrom http.server import HTTPServer\ns = HTTPServer(('', 80), Site)\n"
                "s.socket = ssl.wrap_socket(s.socket, server_side=True)\ns.serve_forever()"
            ),
            "http.server",
            EITHER,
        ),
        (
            "from http.server import BaseHTTPRequestHandler\nself.conn = context.wrap_socket(conn, server_side=True)",
            "http.server",
            TLS,
        ),
        ("import eventlet\nfrom eventlet import wsgi\nwsgi.server(eventlet.listen(('', 80)), app)", "eventlet", PLAIN),
        ("from tornado.httpserver import HTTPServer\nHTTPServer(app, ssl_options=given)", "tornado", EITHER),
        ("from cheroot.wsgi import Server\nServer(('', 80), app).start()", "cheroot", PLAIN),
        ("import cherrypy\ncherrypy.quickstart(App())", "cherrypy", PLAIN),
        (
            "from twisted.internet import reactor\nfrom twisted.web import server\nreactor.listenTCP(80, s)",
            "twisted",
            PLAIN,
        ),
        (
            (
                "import gunicorn.app.base\nclass Standalone(gunicorn.app.base.BaseApplication): pass\n"
                "Standalone(app, {'bind': '0.0.0.0:80', 'workers': 2}).run()"
            ),
            "gunicorn",
            PLAIN,
        ),
        (
            "from gunicorn.app.wsgiapp import WSGIApplication\nclass Own(WSGIApplication): pass\nOwn(options()).run()",
            "gunicorn",
            EITHER,
        ),
        ("import subprocess\nsubprocess.call(['uwsgi', '--http', ':80', '--module', 'site'])", "uwsgi", PLAIN),
        ("import os\nos.system('daphne -p 80 site:app')", "daphne", PLAIN),
    ],
)
def test_code_starts_one(text: str, product: str, assurance: str) -> None:
    """By a call of any of the servers there are; and not in tests."""
    assert told("serve.py", Kind.PYTHON, text + "\n") == [(product, assurance)]
    assert told("tests/test_serve.py", Kind.PYTHON, text + "\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "from http.server import HTTPServer\nHTTPServer(('localhost', 0), Once).handle_request()",
        "job.run(debug=True)  # flask",
        "import asyncio\nasyncio.run(main(), debug=True)  # flask",
        "from twisted.internet import reactor\nreactor.listenTCP(25, smtp)",
        "class BaseApplication: pass\nclass Own(BaseApplication): pass\nOwn({'bind': ':80'}).run()",
        "conn = context.wrap_socket(conn, server_hostname=name)  # http.server",
        "import subprocess\nsubprocess.call(['uwsgi', 'nginx'])",
    ],
)
def test_other_code_starts_none(text: str) -> None:
    """What takes one request, speaks another protocol, or runs something else."""
    assert told("serve.py", Kind.PYTHON, text + "\n") == []


@pytest.mark.parametrize(
    ("path", "kind", "text", "product", "assurance"),
    [
        ("Makefile", Kind.TEXT, "serve:\n\t@poetry run flask --app site run\n", "flask", PLAIN),
        ("bin/serve.sh", Kind.TEXT, "PORT=80 exec gunicorn -b :$PORT site:app\n", "gunicorn", PLAIN),
        ("bin/serve.sh", Kind.TEXT, 'CMD="gunicorn -b :80 site:app"\nexec $CMD\n', "gunicorn", PLAIN),
        ("bin/serve.sh", Kind.TEXT, "sudo -u www uwsgi --ini site.ini\n", "uwsgi", EITHER),
        ("run", Kind.TEXT, "cd /srv && python manage.py runserver 0.0.0.0:8000\n", "django", PLAIN),
        (
            "supervisord.conf",
            Kind.INI,
            "[program:web]\ncommand=/venv/bin/gunicorn -b :80 site:app\n",
            "gunicorn",
            PLAIN,
        ),
        ("circus.ini", Kind.INI, "[watcher:web]\ncmd = uvicorn site:app --port 80\n", "uvicorn", PLAIN),
        ("app.yaml", Kind.YAML, "runtime: python\nentrypoint: gunicorn -b :$PORT site:app\n", "gunicorn", PLAIN),
        (
            "web.yaml",
            Kind.YAML,
            "command:\n  - gunicorn\n  - --bind\n  - 0.0.0.0:80\n  - site:app\n",
            "gunicorn",
            PLAIN,
        ),
        ("web.yaml", Kind.YAML, 'args: ["uwsgi", "--http", ":80"]\n', "uwsgi", PLAIN),
        ("web.yaml", Kind.YAML, "command: |\n  set -e\n  exec gunicorn -b :80 site:app\n", "gunicorn", PLAIN),
        ("fly.toml", Kind.TOML, '[processes]\nweb = "gunicorn -b :80 site:app"\n', "gunicorn", PLAIN),
        ("railway.json", Kind.JSON, '{"deploy": {\n"startCommand": "gunicorn -b :80 site:app"}}\n', "gunicorn", PLAIN),
        ("uwsgi.ini", Kind.INI, "[uwsgi]\nmodule = site\nhttp-socket = :80\n", "uwsgi", PLAIN),
        ("uwsgi.ini", Kind.INI, "[uwsgi]\nhttps = :443,site.crt,site.key\n", "uwsgi", TLS),
        ("prod.ini", Kind.INI, "[server:main]\nuse = egg:waitress#main\nport = 80\n", "waitress", PLAIN),
        (
            "prod.ini",
            Kind.INI,
            "[server:main]\nuse = egg:gunicorn#main\ncertfile = /c.pem\nkeyfile = /k.pem\n",
            "gunicorn",
            TLS,
        ),
        ("server.py", Kind.PYTHON, "bind = ':80'\nworkers = 2\ntimeout = 30\n", "gunicorn", PLAIN),
        ("Dockerfile", Kind.DOCKERFILE, "FROM a AS dev\nCMD flask run\nFROM b\nCMD python x.py\n", "flask", PLAIN),
    ],
)
def test_files_start_one(path: str, kind: Kind, text: str, product: str, assurance: str) -> None:
    """Scripts, supervisors, platforms, manifests, and the settings of the servers themselves; not in tests."""
    assert told(path, kind, text) == [(product, assurance)]
    assert told(f"tests/{path}", kind, text) == []


@pytest.mark.parametrize(
    ("path", "kind", "text"),
    [
        ("install.sh", Kind.TEXT, "PACKAGES='uwsgi uwsgi-plugin-python3'\nuwsgi uwsgi-plugin-python3\n"),
        ("install.sh", Kind.TEXT, "apt-get install -y gunicorn uwsgi\n# gunicorn -b :80 site:app\n"),
        ("usage.sh", Kind.TEXT, 'echo "gunicorn -b :80 site:app"\n  uwsgi    : starts ${NAME}\n'),
        ("Makefile", Kind.TEXT, "stop:\n\tpkill gunicorn\n\tdocker build -t gunicorn .\n"),
        ("values.yaml", Kind.YAML, "description: gunicorn serves the app\nserver: gunicorn\n"),
        ("uwsgi.ini", Kind.INI, "[uwsgi]\nmodule = site\nprocesses = 4\n"),
        ("prod.ini", Kind.INI, "[server]\nuse = egg:waitress#main\n"),
        ("app.toml", Kind.TOML, 'dependencies = ["gunicorn"]\ncommand = "celery -A site worker"\n'),
        ("server.py", Kind.PYTHON, "bind = ':80'\nname = 'x'\n"),
    ],
)
def test_other_files_start_none(path: str, kind: Kind, text: str) -> None:
    """Packages to install, texts for people, what stops a server, settings without an address."""
    assert told(path, kind, text) == []


def test_an_nginx_site_without_a_port_is_served_on_80() -> None:
    """As nginx takes it; one without anything to serve is none."""
    site = "server {\n  server_name tips.example;\n  location / { proxy_pass http://unix:/run/app.sock; }\n}\n"
    assert told("site.conf", Kind.NGINX, site) == [("nginx", PLAIN)]
    assert told("site.conf", Kind.NGINX, "server { server_name tips.example; return 404; }\n") == []


def test_what_only_sends_browsers_on_is_told_with_its_site() -> None:
    """A block, a virtual host and a frontend of their own, each a place of the site that they lead to."""
    nginx = (
        "server {\n listen 443 ssl;\n server_name a.example;\n root /srv;\n}\n"
        "server {\n listen 80;\n server_name a.example;\n return 301 https://a.example$request_uri;\n}\n"
    )
    apache = (
        "<VirtualHost *:443>\nServerName a.example\nSSLEngine on\nDocumentRoot /srv\n</VirtualHost>\n"
        "<VirtualHost *:80>\nServerName a.example\nRedirect permanent / https://a.example/\n</VirtualHost>\n"
    )
    haproxy = (
        "frontend tls\n mode http\n bind :443 ssl crt /a.pem\n default_backend app\n"
        "frontend plain\n mode http\n bind :80\n http-request redirect scheme https\n"
    )
    for kind, text, line in ((Kind.NGINX, nginx, 6), (Kind.APACHE, apache, 6), (Kind.HAPROXY, haproxy, 7)):
        found = observe(Workspace((Source("site.conf", kind, text),), ()), Topology()).sightings
        lines = {
            span.line
            for one in found
            if isinstance(one, Reading)
            for span in one.evidence
            if isinstance(span, SourceSpan)
        }
        assert line in lines
    assert [one for one in told("site.conf", Kind.NGINX, nginx) if one[1] != TLS] == []


def test_what_only_people_run_is_no_deployment() -> None:
    """A Makefile and an earlier stage of an image start a listener; that it is for development is no news."""
    for path, kind, text in (
        ("Makefile", Kind.TEXT, "serve:\n\tflask run\n"),
        ("Dockerfile", Kind.DOCKERFILE, "FROM a AS dev\nCMD flask run\nFROM b\nCMD gunicorn site:app\n"),
    ):
        found = observe(Workspace((Source(path, kind, text),), ()), Topology()).sightings
        assert not any(isinstance(one, Reading) and isinstance(one.subject, AppServer) for one in found)
    started = observe(Workspace((Source("Procfile", Kind.TEXT, "web: flask run\n"),), ()), Topology()).sightings
    assert any(isinstance(one, Reading) and isinstance(one.subject, AppServer) for one in started)


def test_a_stack_under_another_name_tells_its_commands_once() -> None:
    """By its services, and not by its lines again."""
    text = "services:\n  web:\n    image: site\n    command: gunicorn -b :80 site:app\n"
    assert told("stack.yaml", Kind.YAML, text) == [("gunicorn", PLAIN)]
    assert told("stack.yaml", Kind.YAML, text.replace("gunicorn -b", "celery -b")) == []
