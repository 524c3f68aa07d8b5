"""An application with only `Everyhop(app)` added, in gunicorn behind nginx, asked by a socket and by Chromium."""

import base64
import hashlib
import http.client
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from everyhop.lab import nginx
from everyhop.lab.account import me
from everyhop.lab.gunicorn import _answers, _environment
from everyhop.lab.keeping import Program
from everyhop.lab.port import free_endpoint
from everyhop.lab.process import Process
from everyhop.lab.server import Server
from everyhop.lab.session import Lab
from everyhop.model.certificate import CertificateRequest
from everyhop.model.endpoint import Endpoint, TcpEndpoint, UnixEndpoint
from everyhop.model.posture import Assurance

SITE = "tips.example.org"
APP = '''
"""The application of a test."""
import flask
from everyhop.flask import Everyhop, csp_nonce

app = flask.Flask(__name__)
app.secret_key = "of a test"
app.config.from_pyfile("settings.py")

@app.route("/", methods=["GET", "POST"])
def index():
    flask.session["seen"] = True
    return flask.request.url + " from " + flask.request.remote_addr

@app.get("/page")
def page():
    return flask.render_template_string(
        "<p id=good>-</p><p id=bad>-</p>"
        "<script>document.getElementById('bad').textContent = 'ran'</script>"
        "<script nonce='{{ csp_nonce() }}'>document.getElementById('good').textContent = 'ran'</script>")

@app.get("/leave")
def leave():
    answer = flask.make_response(flask.render_template_string(
        "<script nonce='{{ csp_nonce() }}'>location.href = 'http://tips.example.org/arrived'</script>"))
    answer.set_cookie("plain", "readable")
    flask.session["seen"] = True
    return answer

@app.get("/arrived")
def arrived():
    return flask.render_template_string(
        "<p id=cookies>{{ request.cookies | sort | join(',') }}</p><p id=url>{{ request.url }}</p>"
        "<p id=script>-</p><script nonce='{{ csp_nonce() }}'>"
        "document.getElementById('script').textContent = '[' + document.cookie + ']'</script>")

Everyhop(app)
'''


@dataclass(frozen=True)
class Stand:
    """The nginx in front, the project's folder, and where gunicorn listens."""

    site: Server
    project: Path
    app: Endpoint
    spki: str

    @property
    def plain(self) -> TcpEndpoint:
        """Where nginx passes plain HTTP on to the application."""
        assert self.site.plain is not None
        return self.site.plain

    def asked(self) -> str:
        """nginx's log."""
        return (self.site.directory / "access.log").read_text()


@contextmanager
def standing(
    lab: Lab, settings: str, *, by: type[Endpoint], environment: dict[str, str] | None = None
) -> Iterator[Stand]:
    """Start both; plain HTTP and HTTPS go to the application, which is told by X-Forwarded-Proto."""
    project = lab.folder(lab.room("site") / "project")
    lab.write(project / "wsgi.py", APP)
    endpoint: Endpoint = UnixEndpoint(str(project / "app.sock")) if by is UnixEndpoint else free_endpoint("127.0.0.1")
    issued = lab.authority.issue(CertificateRequest(("127.0.0.1", SITE), timedelta(days=7)))
    leaf = x509.load_pem_x509_certificate(issued.chain_pem.encode())
    key = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    site = nginx.start(lab, Assurance.OPPORTUNISTIC, names=(SITE,), issued=issued, upstream=endpoint)
    assert site.plain is not None
    ports = f"EVERYHOP_PORTS = {{{site.plain.port}: {site.endpoint.port}}}\n"
    lab.write(project / "settings.py", ports + settings)
    argv = (sys.executable, "-m", "gunicorn", "--worker-tmp-dir", str(lab.directory), "--no-control-socket",
            "--bind", str(endpoint), "wsgi:app")  # fmt: skip
    program = Program(
        argv, project / "gunicorn.log", project, me(), environment={**_environment(lab), **(environment or {})}
    )

    def ready(_: int) -> bool:
        return _answers(endpoint) if isinstance(endpoint, UnixEndpoint) else _connects(endpoint)

    process = Process(lab.keeper, "gunicorn", program, ready)
    with process.start():
        yield Stand(site, project, endpoint, base64.b64encode(hashlib.sha256(key).digest()).decode())
    site.stop()


def _connects(endpoint: TcpEndpoint) -> bool:
    try:
        socket.create_connection((endpoint.host, endpoint.port), timeout=1).close()
    except OSError:
        return False
    return True


def ask(
    stand: Stand, endpoint: TcpEndpoint, path: str = "/", method: str = "GET", **headers: str
) -> http.client.HTTPResponse:
    """One request; over TLS where nginx speaks it. The body has been read, and stands in `text`."""
    named = {"Host": f"{SITE}:{endpoint.port}"} | {name.replace("_", "-"): value for name, value in headers.items()}
    if endpoint == stand.site.endpoint:
        context = ssl.create_default_context(cafile=stand.site.anchors)
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            endpoint.host, endpoint.port, timeout=10, context=context
        )
    else:
        connection = http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=10)
    connection.request(method, path, headers=named)
    answer = connection.getresponse()
    answer.text = answer.read().decode()  # type: ignore[attr-defined]
    connection.close()
    return answer


@pytest.fixture(scope="module", params=[UnixEndpoint, TcpEndpoint], ids=["unix", "tcp"])
def stand(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Stand]:
    with standing(lab, "EVERYHOP_PRESET = 'strict'\n", by=request.param) as stood:
        yield stood


def test_https_is_served(stand: Stand) -> None:
    answer = ask(stand, stand.site.endpoint)
    assert answer.text == f"https://{SITE}:{stand.site.endpoint.port}/ from 127.0.0.1"  # type: ignore[attr-defined]
    assert answer.headers["Strict-Transport-Security"] == "max-age=300"
    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("path", ["/", "/nowhere?a=b", "/static/a%2Fb.css"])
def test_plain_http_is_sent_on_with_308(stand: Stand, path: str) -> None:
    answer = ask(stand, stand.plain, path)
    assert (answer.status, answer.headers["Location"]) == (308, f"https://{SITE}:{stand.site.endpoint.port}{path}")
    assert "Set-Cookie" not in answer.headers


def test_a_plain_post_is_refused(stand: Stand) -> None:
    assert ask(stand, stand.plain, method="POST").status == 403


def test_a_visitor_who_only_claims_https_is_sent_on(stand: Stand) -> None:
    assert ask(stand, stand.plain, X_Forwarded_Proto="https", Forwarded="proto=https").status == 308


def test_the_command_passes_in_the_project(stand: Stand) -> None:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "tls", "check"]
    done = subprocess.run(command, cwd=stand.project, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nHost: evil.example/@tips\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: tips.example.org\r\nX-Big: " + b"a" * 65_536 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: tips.example.org\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: "
        + b"1.1.1.1, " * 1000 + b"1.1.1.1\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: tips.example.org\r\n\r\n",
        b"GET /%0d%0aSet-Cookie:a=b HTTP/1.1\r\nHost: tips.example.org\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
    ],
    ids=["host", "64kB", "hops", "absolute", "newline", "no-host"],
)  # fmt: skip
def test_hostile_requests_straight_to_gunicorn_lead_nowhere(lab: Lab, raw: bytes) -> None:
    with standing(lab, f"TRUSTED_HOSTS = ['{SITE}']\n", by=TcpEndpoint) as stood:
        assert isinstance(stood.app, TcpEndpoint)
        with socket.create_connection((stood.app.host, stood.app.port), timeout=10) as wire:
            wire.sendall(raw.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            answered = b""
            while part := wire.recv(65_536):
                answered += part
        head = answered.partition(b"\r\n\r\n")[0].decode()
        status = int(head.split()[1])
        assert status in {200, 308, 400, 431}, head
        assert "set-cookie: a=b" not in head.lower()
        location = re.search(r"(?im)^location: (.*)$", head)
        assert location is None or location[1].startswith(f"https://{SITE}")
        assert ask(stood, stood.site.endpoint).status == 200  # it lives


def test_who_is_believed_by_gunicorn_alone_is_not_believed(lab: Lab) -> None:
    settings = "EVERYHOP_TRUSTED_PROXIES = ['unix']\n"
    with standing(lab, settings, by=TcpEndpoint, environment={"FORWARDED_ALLOW_IPS": "*"}) as stood:
        assert isinstance(stood.app, TcpEndpoint)
        answer = ask(stood, stood.app, X_Forwarded_Proto="https")
        assert answer.status == 308
        assert "Set-Cookie" not in answer.headers
        assert "forwarded_allow_ips" in (stood.project / "gunicorn.log").read_text()


def browse(stand: Stand, directory: Path, url: str) -> str:
    """What Chromium's page holds in the end; the site's name leads to nginx, and of keys only its own is known.

    Chromium's own attempts at HTTPS are off: what it does is what it was told.
    """
    rules = f"MAP {SITE}:80 {stand.plain}, MAP {SITE}:443 {stand.site.endpoint}"
    rules += f", MAP {SITE}:{stand.site.endpoint.port} {stand.site.endpoint}, MAP * ~NOTFOUND"
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
               "--disable-background-networking",
               "--disable-component-update", "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
               f"--user-data-dir={directory}",
               f"--host-resolver-rules={rules}", f"--ignore-certificate-errors-spki-list={stand.spki}",
               "--virtual-time-budget=10000", "--dump-dom", url]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90,
                          env={"HOME": str(directory), "PATH": "/usr/local/bin:/usr/bin:/bin"})  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_browser_is_sent_on_and_runs_only_scripts_with_the_nonce(stand: Stand, tmp_path: Path) -> None:
    page = browse(stand, tmp_path, f"http://{SITE}/page")
    assert '<p id="good">ran</p>' in page
    assert '<p id="bad">-</p>' in page


@pytest.mark.parametrize(("hsts", "asked"), [("'ramp'", False), ("'off'", True)], ids=["on", "off"])
def test_a_browser_that_was_told_goes_to_https_by_itself(lab: Lab, tmp_path: Path, *, hsts: str, asked: bool) -> None:
    settings = f"EVERYHOP_PRESET = 'strict'\nEVERYHOP_HSTS = {hsts}\n"
    with standing(lab, settings, by=UnixEndpoint) as stood:
        page = browse(stood, tmp_path, f"https://{SITE}/leave")
        assert '<p id="url">https://' in page, page
        statuses = re.findall(r'"GET /arrived [^"]*" (\d+)', stood.asked())
        assert ("308" in statuses) is asked
        assert "200" in statuses
        assert '<p id="cookies">plain,session</p>' in page  # both came over HTTPS,
        assert '<p id="script">[]</p>' in page  # and neither is a script's
