"""The text form: columns, words, colour, and nothing that a terminal would obey."""

import re
from dataclasses import replace

import pytest

from everyhop.model.baseline import Known
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.evidence import Quote, SourceSpan
from everyhop.model.hop import Hop
from everyhop.model.report import Report
from everyhop.model.sighting import Gap
from everyhop.model.wire import Wire
from everyhop.render.columns import clipped, columns
from everyhop.render.hop_map import hop_map
from everyhop.render.ink import coloured, plain
from everyhop.render.lines import WIDTH, wrapped
from everyhop.render.text import Detail, finding_lines, text_report
from tests import reports

EXPOSED = """\
browser → nginx    https://tips.example.org  TLS 1.3  verify-full    A+
nginx   → flask    unix:/run/app.sock        local socket (allowed)  A
flask   → mariadb  db.internal:3306          TLS 1.3  encrypted      F
                                                      chain          F

unverified-chain  high  certain                                          CWE-295
  config.py:18  SQLALCHEMY_DATABASE_URI
    mysql+pymysql://app:***@db.internal/a…c/ssl/app.pem&ssl_key=/etc/ssl/app.key
  what  the certificate of mariadb is not verified
  why   with PyMySQL, ssl_cert and ssl_key without ssl_ca accept any
        certificate: whoever answers is believed
  seen  TLS 1.3, TLS_AES_256_GCM_SHA384, peer CN=db.internal, issuer "Lab CA",
        sha256 9f:1c:22:ab…; the server says: TLS_AES_256_GCM_SHA384  (PyMySQL,
        the app's own connection, 12:04:11Z)
  fix   verify the server (everyhop scan --fix writes it)
        ?ssl_ca=/etc/ssl/lab-ca.pem
  more  everyhop rules unverified-chain

not looked at  nginx.conf
  why   permission denied
  hint  run it as a user who may read /etc/nginx

1 high, 0 medium · 3 hops, 1 exposed · 1 could not be looked at (nginx.conf: permission denied)"""

CLEAN = """\
browser → nginx    https://tips.example.org  TLS 1.3  verify-full    A+
nginx   → flask    unix:/run/app.sock        local socket (allowed)  A
flask   → mariadb  db.internal:3306          TLS 1.3  verify-full    A+
                                                      chain          A

nothing found wrong · 3 hops, none exposed"""

UNDETERMINED = """\
app → postgresql  known only at run time  –        opportunistic…verify-full  A-
app → mysql       ci-db:3306              no TLS   plaintext (waived)         –
                                                   chain                      A-

opportunistic-dial  high  possible                              CWE-757, CWE-319
  config.py:3
    os.environ["DATABASE_URL"]
  what  the connection to postgresql may fall back to plaintext
  why   TLS is used if the server offers it; whoever sits on the path answers
        that it does not
  more  everyhop rules opportunistic-dial

assumed  psycopg2 2.9.13 (no version is pinned or given: the newest one known)
assumed  /etc/ssl/ca.pem exists where the connection is opened

0 high, 0 medium, 1 possible · 2 hops, none exposed · 1 waived"""

CROWDED_MAP = """\
browser        → nginx       https://tip…example.org  TLS 1.3  verify-full    A
nginx          → app         10.0.0.3:8000            –        verify-full    A
app            → postgresql  aurora-prod…ws.com:5432  –        verify-full    A
worker…t-shift → postgresql  aurora-prod…ws.com:5432  no TLS   plaintext      F
app            → mysql       10.0.0.7:3306            –        verify-ca      C
app            → mysql       10.0.0.7:3306            –        verify-full    A
app            → mysql       10.0.0.8:3306            –        opportunistic  F
                                                               chain          F"""

EVERY = [reports.empty, reports.exposed, reports.clean, reports.before, reports.undetermined, reports.crowded]
EVERY_REPORT = pytest.mark.parametrize("report", [make() for make in EVERY], ids=[make.__name__ for make in EVERY])


@pytest.mark.parametrize(
    ("report", "expected"),
    [(reports.exposed(), EXPOSED), (reports.clean(), CLEAN), (reports.undetermined(), UNDETERMINED)],
    ids=["exposed", "clean", "undetermined"],
)
def test_the_whole_output(report: Report, expected: str) -> None:
    """Map, findings, gaps, assumptions, summary: all of it, as a person sees it."""
    assert text_report(report) == expected


def test_the_map_of_a_crowd_keeps_its_columns() -> None:
    """Long names and endpoints lose their middle, not the columns behind them."""
    assert "\n".join(hop_map(reports.crowded(), plain)) == CROWDED_MAP


@EVERY_REPORT
def test_no_line_of_a_map_is_wider_than_80(report: Report) -> None:
    """It stands in a terminal of 80 columns as in one of 200."""
    assert all(len(line) <= WIDTH for line in hop_map(report, plain))


def test_nothing_to_look_at_says_so() -> None:
    """An empty directory is clean, and the reader is told that nothing was there."""
    assert text_report(reports.empty()) == "nothing found wrong · no hops found"


def test_a_hop_that_nobody_looked_at_says_so() -> None:
    """Not looked at is neither plaintext nor fine."""
    hop = Hop("db", "app", "mariadb", Wire.MYSQL, None)
    report = reports.report([Gap("db.internal:3306", "no answer within 5 s", "is it up?", hop)])
    assert "no answer within 5 s" in text_report(report)
    assert "nothing found wrong" in text_report(report)
    assert "1 could not be looked at" in text_report(report)


def test_quiet_leaves_out_what_is_not_wrong() -> None:
    """Findings, gaps and the summary; no map, no assumptions."""
    text = text_report(reports.undetermined(), Detail.QUIET)
    assert text.startswith("opportunistic-dial")
    assert "assumed" not in text
    assert text.splitlines()[-1] == UNDETERMINED.splitlines()[-1]


def test_verbose_tells_the_good_and_the_waived_too() -> None:
    """Every dialer and listener, whole snippets, what a waiver covers."""
    text = text_report(reports.undetermined(), Detail.VERBOSE)
    assert "dialer    pymysql 1.1.1  plaintext  declared  tests/conftest.py:8" in text
    assert "waived  plaintext-dial  tests/conftest.py:8" in text
    url = "ssl_cert=/etc/ssl/app.pem&ssl_key=/etc/ssl/app.key"
    assert url in text_report(reports.exposed(), Detail.VERBOSE)


def test_what_a_baseline_knows_is_counted_and_what_is_gone_is_named() -> None:
    """Known findings are named with --verbose; nothing new is not nothing wrong."""
    found = reports.exposed().findings
    gone = (Known("old.py", "drift", "f" * 32, "it drifts"),)
    report = replace(reports.exposed(), findings=(), gaps=(), known=found, gone=gone)
    text = text_report(report)
    assert "gone    drift  old.py" in text
    assert text.splitlines()[-1] == (
        "nothing new found wrong · 3 hops, 1 exposed · 1 known in the baseline · 1 of the baseline gone"
    )
    assert "known   unverified-chain  config.py:18  SQLALCHEMY_DATABASE_URI" in text_report(report, Detail.VERBOSE)


def test_the_source_line_stands_above_what_was_read_there() -> None:
    """Underlined; what was read is told where the line does not say so, and clipped like it."""
    quote = Quote("URI = f'mysql://app:***@{HOST}/app'", 6, 35)
    found = reports.exposed().findings[0]
    place = found.evidence[0]
    assert isinstance(place, SourceSpan)
    place = replace(place, quote=quote)
    lines = list(finding_lines(replace(found, evidence=(place,))))
    assert lines[2:4] == [f"    {quote.text}", "    " + " " * 6 + "^" * 29]
    assert lines[4].startswith("  read  mysql+pymysql://app:***@db.internal")
    assert len(lines[4]) <= WIDTH


def test_wide_names_keep_the_columns() -> None:
    """A terminal gives two columns to each of these characters."""
    wide = replace(reports.DB, listener="データ", endpoint=TcpEndpoint("三.internal", 3306))
    lines = hop_map(reports.report([*reports.web(), reports.dials(wide, reports.VERIFY_FULL)]), plain)
    ends = {columns(line[: line.rindex("verify-full")]) for line in lines if "verify-full" in line}
    assert len(ends) == 1


def test_what_a_command_adds_stands_between_map_and_findings() -> None:
    """`extra` is a block of its own."""
    blocks = text_report(reports.exposed(), extra="declared  verify-full\nobserved  encrypted").split("\n\n")
    assert blocks[1] == "declared  verify-full\nobserved  encrypted"


@EVERY_REPORT
def test_colour_changes_nothing_but_colour(report: Report) -> None:
    """The text without its escape sequences is the plain text."""
    text = text_report(report, Detail.NORMAL, coloured)
    assert re.sub(r"\x1b\[[0-9;]*m", "", text) == text_report(report)
    assert report.grade is None or "\x1b[1;3" in text


@pytest.mark.parametrize("detail", list(Detail))
def test_hostile_text_is_only_text(detail: Detail) -> None:
    """No escape sequence of a server, file or path reaches the terminal, no reordering, no password."""
    text = text_report(reports.hostile(), detail)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert r"\x1b[2J" in text
    assert "hunter2" not in text


@pytest.mark.parametrize(("version", "words"), [("TLSv1.2", "TLS 1.2"), ("TLSv1", "TLS 1.0")])
def test_versions_are_written_for_people(version: str, words: str) -> None:
    """OpenSSL's `TLSv1` is TLS 1.0."""
    report = reports.clean()
    state = replace(report.hops[0], tls_version=version)
    assert words in hop_map(replace(report, hops=(state,)), plain)[0]


@pytest.mark.parametrize("width", range(1, 12))
def test_clipping_keeps_the_width_and_both_ends(width: int) -> None:
    """The middle is what goes."""
    text = clipped("abcdefghij", width)
    assert len(text) == min(width, 10)
    assert text == "abcdefghij" or "…" in text


def test_a_labelled_sentence_is_wrapped_under_itself() -> None:
    """At the width of a terminal; what is to be copied stays whole, and nothing secret or harmful is shown."""
    assert wrapped("  said  ", "a b") == ["  said  a b"]
    lines = wrapped("  said  ", "word " * 40)
    assert len(lines) > 1
    assert all(len(line) <= WIDTH and line.startswith("  said  " if not n else " " * 8) for n, line in enumerate(lines))
    assert wrapped("  fix  ", "x" * 200) == ["  fix  " + "x" * 200]
    assert wrapped("", "postgresql://u:hunter2@h \x1b[31m") == [r"postgresql://u:***@h \x1b[31m"]


def test_the_last_line_names_a_gap_in_few_words() -> None:
    """Its reason stands above; a short one fits in the last line as well."""
    long = Gap(f"$DATABASE_URL ({'x' * 90})", f"no answer, {'and so on ' * 20}", "wait")
    last = text_report(replace(reports.before(), gaps=(long,))).splitlines()[-1]
    assert len(last) < 100
    assert last.endswith("x))")
    short = text_report(replace(reports.before(), gaps=(Gap("nginx.conf", "unreadable", "x"),))).splitlines()[-1]
    assert short.endswith("1 could not be looked at (nginx.conf: unreadable)")


def test_only_an_assurance_that_falls_short_is_waived() -> None:
    """A verified hop whose header is excused is a verified hop."""
    found, good = reports.exposed().findings[0], reports.after()
    report = replace(good, waived=tuple(replace(found, rule="short-hsts", hop=state.hop) for state in good.hops))
    assert "(waived)" not in text_report(report)
