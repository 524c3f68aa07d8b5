"""Reports to render: the judge's own, over readings as the observers bring them home."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from everyhop.model.certificate import Leaf
from everyhop.model.endpoint import TcpEndpoint, UnixEndpoint
from everyhop.model.evidence import Evidence, RuntimeSample, SourceSpan, Transcript
from everyhop.model.finding import Remediation
from everyhop.model.hop import Hop
from everyhop.model.posture import Assurance, Bounds, Floor, Posture
from everyhop.model.report import Report
from everyhop.model.sighting import Cookie, Dialer, Gap, Listener, Origin, Reading, Sighting, Version
from everyhop.model.validity import Validity
from everyhop.model.waiver import Waiver
from everyhop.model.wire import Wire
from everyhop.rules.catalogue import catalogue
from everyhop.rules.judge import judge
from everyhop.rules.policy import Policy

NOW = datetime(2026, 11, 22, 12, 4, 11, tzinfo=UTC)
PEER = Leaf(
    subject="CN=db.internal",
    issuer="Lab CA",
    names=("db.internal",),
    serial=7,
    validity=Validity(NOW - timedelta(days=1), NOW + timedelta(days=30)),
    key="EC P-256",
    signature="ECDSA-SHA256",
    sha256="9f1c22ab" * 8,
    der=b"",
)

EDGE = Hop("edge", "browser", "nginx", Wire.HTTP, TcpEndpoint("tips.example.org", 443))
PLAIN_EDGE = replace(EDGE, endpoint=TcpEndpoint("tips.example.org", 80))
APP = Hop("app", "nginx", "flask", Wire.HTTP, UnixEndpoint("/run/app.sock"))
DB = Hop("db", "flask", "mariadb", Wire.MYSQL, TcpEndpoint("db.internal", 3306))
INBOX = Hop("inbox", "flask", "postgresql", Wire.POSTGRES, TcpEndpoint("inbox.internal", 5432))


def exactly(assurance: Assurance) -> Bounds:
    return Bounds.exactly(Posture(assurance, Floor.TLS_1_2 if assurance else Floor.NONE))


PLAINTEXT, OPPORTUNISTIC, ENCRYPTED, VERIFY_CA, VERIFY_FULL = map(exactly, Assurance)


def live(version: str | None = "TLSv1.3", *lines: str) -> Transcript:
    return Transcript(NOW, lines, version, "TLS_AES_256_GCM_SHA384" if version else None, PEER if version else None)


def sample() -> RuntimeSample:
    return RuntimeSample(
        NOW, "TLSv1.3", "TLS_AES_256_GCM_SHA384", PEER, server_view="TLS_AES_256_GCM_SHA384", source="PyMySQL"
    )


def span(path: str, line: int, snippet: str, symbol: str | None = None) -> SourceSpan:
    return SourceSpan(path, line, 1, line, len(snippet) + 1, snippet, symbol)


def dials(hop: Hop, bounds: Bounds, *evidence: Evidence, driver: str | None = None, why: str = "") -> Reading:
    origin = Origin.DECLARED if any(isinstance(item, SourceSpan) for item in evidence) else Origin.OBSERVED
    subject = Dialer(hop.listener, driver, Version("1.1.1") if driver else None, bounds, why=why)
    return Reading(subject, origin, hop.endpoint, hop, evidence)


def listens(hop: Hop, bounds: Bounds, *evidence: Evidence) -> Reading:
    return Reading(Listener(hop.listener, None, bounds), Origin.OBSERVED, hop.endpoint, hop, evidence)


def report(sightings: Iterable[Sighting], policy: Policy | None = None, command: str = "audit") -> Report:
    return judge(sightings, catalogue(), policy or Policy(), command=command, started=NOW)


def web() -> list[Sighting]:
    """Two hops as they should be."""
    return [
        dials(EDGE, VERIFY_FULL, live()),
        listens(EDGE, ENCRYPTED, live("TLSv1.3", "plaintext refused")),
        dials(APP, PLAINTEXT, span("nginx.conf", 12, "proxy_pass http://unix:/run/app.sock;")),
    ]


def empty() -> Report:
    return report(())


def exposed() -> Report:
    """The report of interface.md: a chain that is as strong as PyMySQL's ssl_cert without ssl_ca."""
    url = "mysql+pymysql://app:***@db.internal/app?ssl_cert=/etc/ssl/app.pem&ssl_key=/etc/ssl/app.key"
    why = "with PyMySQL, ssl_cert and ssl_key without ssl_ca accept any certificate: whoever answers is believed"
    written = span("config.py", 18, url, "SQLALCHEMY_DATABASE_URI")
    gap = Gap("nginx.conf", "permission denied", "run it as a user who may read /etc/nginx")
    found = report(
        [
            *web(),
            dials(DB, ENCRYPTED, written, driver="pymysql", why=why),
            dials(DB, ENCRYPTED, sample(), driver="pymysql", why=why),
            gap,
        ]
    )
    fix = Remediation("verify the server (everyhop scan --fix writes it)", "?ssl_ca=/etc/ssl/lab-ca.pem", safe=True)
    return replace(found, findings=tuple(replace(finding, remediation=fix) for finding in found.findings))


def clean() -> Report:
    """Three hops, nothing to say against any."""
    return report([*web(), dials(DB, VERIFY_FULL, sample(), driver="pymysql"), listens(DB, ENCRYPTED, live())])


def before() -> Report:
    """The demo at its start."""
    maria = span(".env", 1, "DATABASE_URL=mysql+pymysql://app:***@db.internal/app", "DATABASE_URL")
    inbox = span(".env", 2, "INBOX_URL=postgresql://app:***@inbox.internal/inbox?sslmode=prefer", "INBOX_URL")
    cookie = Cookie("flask", "session", secure=False, http_only=True)
    seen = live(None, "Set-Cookie: session; HttpOnly")
    return report(
        [
            dials(PLAIN_EDGE, PLAINTEXT, live(None, "HTTP/1.1 200 OK")),
            dials(APP, PLAINTEXT, span("nginx.conf", 12, "proxy_pass http://unix:/run/app.sock;")),
            dials(DB, PLAINTEXT, maria, driver="pymysql"),
            dials(INBOX, OPPORTUNISTIC, inbox, driver="psycopg2"),
            listens(INBOX, OPPORTUNISTIC, live()),
            Reading(cookie, Origin.OBSERVED, PLAIN_EDGE.endpoint, PLAIN_EDGE, (seen,)),
        ],
        command="demo",
    )


def after() -> Report:
    """The demo at its end."""
    return report(
        [
            *web(),
            dials(DB, VERIFY_FULL, sample(), driver="pymysql"),
            listens(DB, ENCRYPTED, live()),
            dials(INBOX, VERIFY_FULL, sample(), driver="psycopg2"),
            listens(INBOX, ENCRYPTED, live()),
        ],
        command="demo",
    )


def undetermined() -> Report:
    """Bounds, an endpoint known only at run time, assumptions, a possible finding and a waived one."""
    unknown = Hop("DATABASE_URL", "app", "postgresql", Wire.POSTGRES, None)
    tests = Hop("test", "app", "mysql", Wire.MYSQL, TcpEndpoint("ci-db", 3306))
    asked = span("everyhop.toml", 4, "[[policy.waive]]")
    waiver = Waiver("plaintext-dial", "tests/**", "throw-away", date(2027, 6, 30), asked)
    assumed = Dialer(
        product="postgresql",
        driver="psycopg2",
        version=Version("2.9.13", assumed=True),
        bounds=Bounds(OPPORTUNISTIC.low, VERIFY_FULL.high),
        notes=("file-assumed:/etc/ssl/ca.pem",),
    )
    return report(
        [
            Reading(assumed, Origin.DECLARED, None, unknown, (span("config.py", 3, 'os.environ["DATABASE_URL"]'),)),
            dials(tests, PLAINTEXT, span("tests/conftest.py", 8, "mysql://ci-db/test"), driver="pymysql"),
        ],
        Policy(waivers=(waiver,)),
        command="scan",
    )


def crowded() -> Report:
    """More than a chain: two programs at one database, two hops between the same two programs, long names."""
    cluster = TcpEndpoint("aurora-production-cluster.cluster-c9akciq32.eu-central-1.rds.amazonaws.com", 5432)
    via = Hop("app", "nginx", "app", Wire.HTTP, TcpEndpoint("10.0.0.3", 8000))
    mysql = Hop("three", "app", "mysql", Wire.MYSQL, TcpEndpoint("10.0.0.7", 3306))
    roads = {
        Hop("one", "app", "postgresql", Wire.POSTGRES, cluster): VERIFY_FULL,
        Hop("two", "worker-of-the-night-shift", "postgresql", Wire.POSTGRES, cluster): PLAINTEXT,
        mysql: VERIFY_CA,
        replace(mysql, name="four"): VERIFY_FULL,
        replace(mysql, name="five", endpoint=TcpEndpoint("10.0.0.8", 3306)): OPPORTUNISTIC,
    }
    return report(
        [
            dials(EDGE, VERIFY_FULL, live()),
            dials(via, VERIFY_FULL),
            *(dials(hop, bounds) for hop, bounds in roads.items()),
        ]
    )


HOSTILE = "\x1b[2J\x1b]0;owned\x07<script>alert(1)</script>\u202egnp.exe\x9b31m\x7f"


def hostile() -> Report:
    """Text from elsewhere that would rewrite a terminal, run in a browser, or show a password."""
    hop = Hop(f"db{HOSTILE}", f"app{HOSTILE}", f"db{HOSTILE}", Wire.MYSQL, TcpEndpoint("db.internal", 3306))
    written = span(f"config{HOSTILE}.py", 1, f"postgresql://app:hunter2@db/{HOSTILE}", f"URL{HOSTILE}")
    gap = Gap(f"where{HOSTILE}", f"reason mysql://app:hunter2@db {HOSTILE}", f"hint password=hunter2 {HOSTILE}")
    found = report(
        [
            dials(hop, PLAINTEXT, written, driver=f"driver{HOSTILE}", why=f"why {HOSTILE} mysql://u:hunter2@h"),
            listens(hop, OPPORTUNISTIC, live("TLSv1.3", f"ERROR {HOSTILE} password='hunter2'")),
            gap,
        ]
    )
    fix = Remediation(f"fix {HOSTILE}", f"mysql://app:hunter2@db {HOSTILE}")
    return replace(found, findings=tuple(replace(finding, remediation=fix) for finding in found.findings))
