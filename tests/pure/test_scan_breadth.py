"""Forms in which published applications decide what matters, each with a twin that decides nothing."""

import ast

import pytest

from everyhop.model.evidence import SourceSpan
from everyhop.model.hop import Topology
from everyhop.model.sighting import AppServer, Cookie, Gap, Listener, ProxyTrust, Reading, Sighting, Subject
from everyhop.scan.observe import observe
from everyhop.scan.syntax import python
from everyhop.scan.syntax.span import Unparsed
from everyhop.scan.workspace import Kind, Source, Workspace


def sightings(*files: tuple[str, str], kind: Kind = Kind.PYTHON) -> tuple[Sighting, ...]:
    """What is seen in some files of one kind."""
    sources = tuple(Source(path, kind, text) for path, text in files)
    return observe(Workspace(sources, ()), Topology()).sightings


def lines(subject: type[Subject], *files: tuple[str, str], kind: Kind = Kind.PYTHON) -> list[tuple[str, int]]:
    """Where readings of a kind of subject stand, by their first place."""
    found = [one for one in sightings(*files, kind=kind) if isinstance(one, Reading)]
    places = [one.evidence[0] for one in found if isinstance(one.subject, subject)]
    return [(place.path, place.line) for place in places if isinstance(place, SourceSpan)]


SETTLED = ("site.py", "from flask import Flask\napp = Flask('a')\napp.config['SESSION_COOKIE_SECURE'] = True\n")
APART = "from flask import Flask\napp = Flask('b')\n@app.route('/')\ndef log(): return ''\n"


def test_an_app_that_nothing_configures_keeps_its_defaults_beside_one_that_is_settled() -> None:
    """And none is told of where its module loads settings, hands the app on, or is imported by one that may set it."""
    assert ("log.py", 2) in lines(Cookie, SETTLED, ("log.py", APART))
    for twin in (
        (("log.py", APART + "app.config.from_object('site')\n"),),
        (("log.py", APART + "configure(app)\n"),),
        (("log.py", APART), ("main.py", "from log import app\n")),
    ):
        assert ("log.py", 2) not in lines(Cookie, SETTLED, *twin)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("resp.set_cookie('tags', ','.join([]), max_age=5)", True),
        ("self.set_secure_cookie('user', str(name))", True),
        ("resp.set_cookie('tags', '', max_age=5)", False),
        ("self.clear_cookie('user')", False),
    ],
)
def test_cookies_with_computed_values_and_signed_ones_are_set(call: str, told: bool) -> None:  # noqa: FBT001
    """A signed cookie of Tornado's is sent in the clear as any other, and one that is emptied is removed."""
    assert bool(lines(Cookie, ("views.py", f"from flask import request\n{call}\n"))) is told


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("def make(debug):\n    app = flask.Flask('a')\n    app.debug = debug\n", 4),
        ("def make(options):\n    app.debug = bool(options.debug)\n", 3),
        ("from werkzeug.debug import DebuggedApplication\napp.wsgi_app = DebuggedApplication(app.wsgi_app, True)\n", 3),
        ("assets.debug = app.debug\n", None),
        ("app.debug = settings.DEBUG\n", None),
        ("from own import DebuggedApplication\napp.wsgi_app = DebuggedApplication(app.wsgi_app, True)\n", None),
    ],
)
def test_a_debugger_that_is_handed_on(text: str, line: int | None) -> None:
    """A setting is told where it stands, so that handing it on is not told again."""
    told = lines(AppServer, ("site/main.py", f"import flask\n{text}"))
    assert told == ([("site/main.py", line)] if line is not None else [])


OWN = (
    "class Fix:\n    def __call__(self, environ, start):\n        environ['REMOTE_ADDR'] = environ['HTTP_X_REAL_IP']\n"
)
ASGI = "class Fix:\n    async def __call__(self, scope):\n        scope['scheme'] = get(b'x-forwarded-proto')\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (OWN + "app.wsgi_app = Fix(app.wsgi_app)\n", True),
        (OWN, False),  # nobody takes it up
        (ASGI + "app.add_middleware(Fix)\n", True),
        (ASGI.replace("scope['scheme']", "entry['scheme']") + "app.add_middleware(Fix)\n", False),
        ("import tornado\nserver = HTTPServer(app, xheaders=True)\n", True),
        ("import tornado\noptions = {'xheaders': True}\n", True),
        ("import tornado\nserver = HTTPServer(app, xheaders=False)\n", False),
        ("from waitress import serve\nserve(app, trusted_proxy='10.0.0.1')\n", True),
        ("ip = request.headers.get('X-Forwarded-For', request.remote_addr)\n", False),  # written down and no more
    ],
)
def test_a_proxys_word_is_believed(text: str, told: bool) -> None:  # noqa: FBT001
    """By middleware that is used, and by the arguments that servers take for it."""
    assert bool(lines(ProxyTrust, ("site.py", text))) is told


def test_web_servers_that_believe_a_header() -> None:
    """Nginx's and Apache's own; the PROXY protocol is no header that a client could send."""
    nginx = "server {\n    listen 80;\n    set_real_ip_from 10.0.0.0/8;\n    real_ip_header X-Forwarded-For;\n}\n"
    assert lines(ProxyTrust, ("site.conf", nginx), kind=Kind.NGINX) == [("site.conf", 4)]
    assert not lines(ProxyTrust, ("site.conf", nginx.replace("X-Forwarded-For", "proxy_protocol")), kind=Kind.NGINX)
    apache = "<VirtualHost *:80>\n    RemoteIPHeader X-Forwarded-For\n</VirtualHost>\n"
    assert lines(ProxyTrust, ("site.conf", apache), kind=Kind.APACHE) == [("site.conf", 2)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import os\nargs = ['flask', 'run']\nos.execvp(args[0], args)\n", True),
        ("import os\nargs = ['gunicorn'] + given\nos.execvp(args[0], args)\n", True),
        ("args = ['flask', '--app', 'site.server', 'cron', 'run', kind]\n", False),
        ("start = 'uwsgi --http :{} -w {}'.format(port, name)\n", True),
        ("start = 'uwsgi listens at {}'.format(port)\n", False),
        ("from flask import Flask\napp = Flask('a')\napp.run(host, port, debug)\n", True),
        ("import flask\njob.run(host, port, debug)\n", False),
    ],
)
def test_servers_that_code_starts(text: str, told: bool) -> None:  # noqa: FBT001
    """By the subcommand that serves, and by nothing that only shares a word with it."""
    assert bool(lines(Listener, ("start.py", text))) is told


def test_a_server_that_is_kept_in_an_attribute_is_told_where_it_listens() -> None:
    """The place at which it is made comes first, then that at which it is told to listen."""
    text = (
        "import tornado.httpserver\nclass Web:\n    def start(self):\n"
        "        self.server = tornado.httpserver.HTTPServer(app)\n        self.server.listen(80)\n"
        "        self.other.listen(81)\n"
    )
    told = [
        one for one in sightings(("web.py", text)) if isinstance(one, Reading) and isinstance(one.subject, Listener)
    ]
    assert [[place.line for place in one.evidence if isinstance(place, SourceSpan)] for one in told] == [[4, 5]]


def test_each_line_of_a_script_in_a_compose_file_is_a_command() -> None:
    """What installs a server in another line starts none."""
    script = "services:\n  web:\n    command:\n    - sh\n    - -c\n    - |\n      pip install {}\n      {}\n"
    served = script.format("-r needs.txt", "gunicorn --bind 0.0.0.0:80 site:app")
    assert lines(Listener, ("compose.yml", served), kind=Kind.COMPOSE)
    assert not lines(Listener, ("compose.yml", script.format("gunicorn", "sleep 5")), kind=Kind.COMPOSE)


OLDER = [
    "print 'a', b",
    "if a:\n    print >>out, 'a %s' % b, c\nelse:\n    print 'b'",
    "exec code in space",
    "try:\n    pass\nexcept (A, B), e:\n    pass",
    "try:\n    pass\nexcept os.error, e:\n    pass",
    "raise ValueError, 'a'",
    "if a: print 'b'",
    "fetch(async=True)",
    "mode = 0755",
    "size = 10L",
    "name = ur'a'",
    "if a <> b: pass",
    "shown = `a`",
    "pairs.sort(key=lambda (a, b): b)",
    "from {{name}}.app import make",
]


@pytest.mark.parametrize("line", OLDER)
def test_python_of_another_version_is_read_with_every_place_as_it_was(line: str) -> None:
    """And said to be doubtful; what comes after it stands where it stood."""
    text = f"{line}\nengine = create_engine('postgresql://db/app')\n"
    with pytest.raises(Unparsed):
        python.parse(text)
    tree, doubt = python.read(text)
    assert doubt is not None
    last = tree.body[-1]
    assert isinstance(last, ast.Assign)
    assert ast.get_source_segment(text, last.value) == "create_engine('postgresql://db/app')"


def test_python_of_this_version_is_left_as_it_is() -> None:
    """No doubt about it, however much a text in it looks like another version's."""
    text = "note = '''\nprint 'a'\n'''\n"
    tree, doubt = python.read(text)
    assert doubt is None
    assert ast.dump(tree) == ast.dump(ast.parse(text))
    with pytest.raises(Unparsed):
        python.read("def :\n")


def test_a_module_of_another_version_is_read_and_is_a_gap() -> None:
    """Its server is told, and that it could be made out only in part."""
    text = "from flask import Flask\napp = Flask('a')\nprint 'starting'\napp.run(host='0.0.0.0', debug=True)\n"
    found = sightings(("manage.py", text))
    assert [one.where for one in found if isinstance(one, Gap)] == ["manage.py:3"]
    assert lines(Listener, ("manage.py", text)) == [("manage.py", 4)]
