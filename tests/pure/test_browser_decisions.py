"""What the browser's hop decides without a request: ramp, hosts, redirects, proxies, cookies, policies."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.model.hsts import max_age
from everyhop.runtime.browser.cookies import Carrier, CookieRules, SameSite
from everyhop.runtime.browser.csp import Policy
from everyhop.runtime.browser.exemptions import Exemptions
from everyhop.runtime.browser.forwarding import Origin, Peer, Proxies, origin
from everyhop.runtime.browser.headers import row
from everyhop.runtime.browser.host import Host, Kind, Pinned
from everyhop.runtime.browser.ramp import FIRST, YEAR, Hsts, Ramp
from everyhop.runtime.browser.redirect import (
    Bodies,
    Plain,
    Reason,
    Redirect,
    RedirectRules,
    Refusal,
    Serve,
    Setting,
    When,
    target,
)

DAY = 86_400
BEGAN = datetime(2027, 1, 1, tzinfo=UTC).timestamp()
PRODUCTION = Setting.PRODUCTION


def get(path: str = "/", host: str | None = "tips.example.org", query: str = "", raw: str = "") -> Plain:
    return Plain("GET", host, "", path, query, raw)


@pytest.mark.parametrize(
    ("days", "age"),
    [
        (-1, None),
        (0, FIRST),
        (0.99, FIRST),
        (1, DAY),
        (6.9, DAY),
        (7, 30 * DAY),
        (36, 30 * DAY),
        (37, YEAR),
        (9999, YEAR),
    ],
)
def test_the_ramp_is_a_function_of_the_time_since_it_began(days: float, age: int | None) -> None:
    assert Ramp(Hsts.RAMP, BEGAN).at(BEGAN + days * DAY).seconds == age


@given(st.floats(min_value=0, max_value=400 * DAY), st.floats(min_value=0, max_value=400 * DAY))
def test_the_ramp_never_goes_down(earlier: float, more: float) -> None:
    ramp = Ramp(Hsts.RAMP, 0.0)
    first, second = ramp.at(earlier).seconds, ramp.at(earlier + more).seconds
    assert first is not None
    assert second is not None
    assert first <= second


@given(st.floats(min_value=-DAY, max_value=400 * DAY))
def test_a_term_ends_where_the_next_one_begins(now: float) -> None:
    ramp = Ramp(Hsts.RAMP, 0.0)
    term = ramp.at(now)
    if term.until != float("inf"):
        assert ramp.at(term.until).seconds != term.seconds
        assert term.until > now


def test_without_a_date_it_stays_at_five_minutes() -> None:
    assert Ramp(Hsts.RAMP).header(BEGAN * 9) == "max-age=300"


def test_off_makes_browsers_forget_and_none_says_nothing() -> None:
    assert Ramp(Hsts.OFF, subdomains=True).header(BEGAN) == "max-age=0"
    assert Ramp(Hsts.NONE).header(BEGAN) is None


def test_preload_is_not_said_before_the_list_would_take_it() -> None:
    ramp = Ramp(Hsts.RAMP, BEGAN, subdomains=True, preload=True)
    assert ramp.header(BEGAN + DAY) == "max-age=86400; includeSubDomains"
    assert ramp.header(BEGAN + 40 * DAY) == "max-age=31536000; includeSubDomains; preload"


@given(now=st.floats(min_value=0, max_value=400 * DAY), subdomains=st.booleans(), preload=st.booleans())
def test_a_browser_reads_the_age_that_is_meant(*, now: float, subdomains: bool, preload: bool) -> None:
    ramp = Ramp(Hsts.RAMP, 0.0, subdomains, preload)
    assert max_age(ramp.header(now) or "") == ramp.at(now).seconds


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Tips.Example.ORG:8080", Kind.NAME), ("tips_web", Kind.NAME), ("example.org.", Kind.NAME),
        ("127.0.0.1", Kind.ADDRESS), ("1.2", Kind.ADDRESS), ("a.0x7f", Kind.ADDRESS), ("[::1]:80", Kind.ADDRESS),
        ("localhost:5000", Kind.LOCALHOST), ("app.localhost", Kind.LOCALHOST), ("abc.onion", Kind.ONION),
    ],
)  # fmt: skip
def test_a_host_is_taken_for_what_browsers_take_it_for(text: str, kind: Kind) -> None:
    host = Host.parse(text)
    assert host is not None
    assert host.kind is kind


@pytest.mark.parametrize(
    "text",
    ["", " ", "a b", "a/b", "evil.com@good.com", "good.com\r\nX: y", "[::1", "[zz]", "a:0", "a:65536", "a:-1", ".",
     "..", ".a", "a..b", "a" * 254, "x" * 65_536, "é.org", "a:80:80", "a?b", "a#b", "a\\b", "[::1%25eth0]"],
)  # fmt: skip
def test_what_names_no_host_is_none(text: str) -> None:
    assert Host.parse(text) is None


@given(st.text(max_size=40))
def test_any_host_header_is_read_or_refused(text: str) -> None:
    host = Host.parse(text)
    assert host is None or (host.name == host.name.lower() and host.name.isascii() and "/" not in host.name)


def test_a_foreign_host_is_answered_by_the_canonical_one_or_not_at_all() -> None:
    evil = Host("evil.example")
    assert Pinned.of("tips.example.org", []).choose(evil) == Host("tips.example.org")
    assert Pinned.of(None, ["tips.example.org"]).choose(evil) is None
    assert Pinned.of(None, [".example.org"]).choose(Host("a.example.org")) == Host("a.example.org")
    assert Pinned.of(None, [".example.org"]).choose(Host("badexample.org")) is None
    assert Pinned().choose(evil) == evil


@pytest.mark.parametrize(
    ("host", "location"),
    [
        ("tips.example.org", "https://tips.example.org/"),
        ("tips.example.org:80", "https://tips.example.org/"),
        ("tips.example.org:9999", "https://tips.example.org/"),
        ("tips.example.org:8080", "https://tips.example.org:8443/"),
        ("[2001:db8::1]:8080", "https://[2001:db8::1]:8443/"),
    ],
)
def test_ports_are_mapped_and_others_dropped(host: str, location: str) -> None:
    assert RedirectRules(ports={8080: 8443}).decide(get(host=host), PRODUCTION) == Redirect(location)


def test_the_port_of_a_public_name_is_kept() -> None:
    rules = RedirectRules(pinned=Pinned.of("tips.example.org:8443", []))
    assert rules.decide(get(host="evil.example"), PRODUCTION) == Redirect("https://tips.example.org:8443/")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
def test_what_only_asks_is_sent_on(method: str) -> None:
    request = Plain(method, "tips.example.org", "", "/a", "b=c")
    assert RedirectRules().decide(request, PRODUCTION) == Redirect("https://tips.example.org/a?b=c")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PROPFIND", "get"])
def test_what_was_sent_in_clear_is_refused_unless_told_otherwise(method: str) -> None:
    request = Plain(method, "tips.example.org", "", "/a", "")
    assert RedirectRules().decide(request, PRODUCTION) is Refusal.SENT_IN_CLEAR
    assert isinstance(RedirectRules(bodies=Bodies.REDIRECT).decide(request, PRODUCTION), Redirect)


def test_development_is_served_unless_always_is_said() -> None:
    assert RedirectRules().decide(get(), Setting.RELAXED) == Serve(Reason.RELAXED)
    assert isinstance(RedirectRules(when=When.ALWAYS).decide(get(), Setting.RELAXED), Redirect)
    assert RedirectRules(when=When.NEVER).decide(get(), PRODUCTION) == Serve(Reason.LEFT)


@pytest.mark.parametrize("pinned", [Pinned(), Pinned.of("tips.example.org", ["tips.example.org"])])
def test_nobody_is_sent_away_from_an_onion_service(pinned: Pinned) -> None:
    assert RedirectRules(pinned=pinned).decide(get(host="abcdef.onion"), PRODUCTION) == Serve(Reason.ONION)


def test_no_host_and_a_foreign_one_are_refused() -> None:
    assert RedirectRules().decide(get(host=None), PRODUCTION) is Refusal.NO_HOST
    assert RedirectRules().decide(get(host="a b"), PRODUCTION) is Refusal.NO_HOST
    pinned = Pinned.of(None, ["tips.example.org"])
    assert RedirectRules(pinned=pinned).decide(get(host="evil.example"), PRODUCTION) is Refusal.FOREIGN_HOST


@given(st.text(st.characters(max_codepoint=255), max_size=60), st.text(st.characters(max_codepoint=255), max_size=60))
def test_a_location_is_one_line_of_ascii_on_the_same_host(path: str, query: str) -> None:
    decided = RedirectRules().decide(get("/" + path, query=query, raw="/" + path), PRODUCTION)
    assert isinstance(decided, Redirect)
    assert decided.location.startswith("https://tips.example.org/")
    assert decided.location.isascii()
    assert decided.location.isprintable()
    assert " " not in decided.location


def test_an_encoded_slash_stays_encoded_where_the_server_tells_the_target() -> None:
    assert target(get("/a/b", raw="/a%2Fb?x")) == "/a%2Fb"
    assert target(get("/a/b")) == "/a/b"
    assert target(get("/a", raw="http://evil.example/a")) == "/a"
    assert target(get("/a", raw="/elsewhere")) == "/a"
    assert target(get("//evil.example/a")) == "//evil.example/a"


PROXIES = Proxies.parse(["127.0.0.1/32", "10.0.0.0/24", "unix"])


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", Peer.PROXY), ("::ffff:127.0.0.1", Peer.PROXY), ("10.0.0.9", Peer.PROXY), ("", Peer.PROXY),
        ("10.0.1.9", Peer.STRANGER), ("::1", Peer.STRANGER), ("fe80::1%eth0", Peer.STRANGER),
        (None, Peer.UNREADABLE), ("nobody", Peer.UNREADABLE), ("1" * 65_536, Peer.UNREADABLE),
    ],
)  # fmt: skip
def test_a_peer_is_judged_by_its_network(address: str | None, kind: Peer) -> None:
    assert PROXIES.judge(address) is kind


def test_a_unix_socket_is_no_proxy_unless_it_is_named() -> None:
    assert Proxies.parse(["127.0.0.1"]).judge("") is Peer.STRANGER


@pytest.mark.parametrize("word", ["everybody", "10.0.0.1/24", "10.0.0.0/33", "0.0.0.0/0", "::/0", "", "*"])
def test_what_is_no_network_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=r"is no network|is everybody"):
        Proxies.parse([word])


@pytest.mark.parametrize(
    ("hops", "chain", "proto", "told"),
    [
        (1, "203.0.113.9", "https", Origin("203.0.113.9", "https")),
        (1, "1.1.1.1, 203.0.113.9", "https,http", Origin("203.0.113.9", "http")),
        (2, "203.0.113.9, 10.0.0.2", "https, http", Origin("203.0.113.9", "https")),
        (2, "203.0.113.9, 10.0.0.2", "https", Origin("203.0.113.9", "https")),
        (2, "1.1.1.1, 203.0.113.9", "https, http", Origin("203.0.113.9", "http")),
        (1, "203.0.113.9:4711", " HTTPS ", Origin("203.0.113.9", "https")),
        (1, "[2001:db8::1]:4711", "https", Origin("2001:db8::1", "https")),
        (1, "unknown", "https", Origin(None, "https")),
        (1, None, None, Origin(None, None)),
        (3, "10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4", "a,b,c,d", Origin("10.0.0.2", "b")),
    ],
)
def test_only_as_many_proxies_are_heard_as_are_named(
    hops: int, chain: str | None, proto: str | None, told: Origin
) -> None:
    assert origin(Proxies.parse(["10.0.0.0/24"], hops), chain, proto) == told


def test_a_thousand_hops_are_one() -> None:
    chain = ", ".join(["6.6.6.6"] * 1000 + ["203.0.113.9"])
    assert origin(PROXIES, chain, ",".join(["https"] * 1000 + ["http"])) == Origin("203.0.113.9", "http")


@given(st.text(max_size=80), st.text(max_size=80), st.integers(1, 16))
def test_whatever_is_forwarded_is_read_without_a_word(chain: str, proto: str, hops: int) -> None:
    told = origin(Proxies.parse(["127.0.0.1"], hops), chain, proto)
    assert told.client is None or told.client.isascii()


@pytest.mark.parametrize(
    ("line", "guarded", "bare"),
    [
        ("a=b", "a=b; Secure; HttpOnly; SameSite=Lax", "a=b; HttpOnly; SameSite=Lax"),
        ("a=secure; httponly; Path=/", "a=secure; httponly; Path=/; Secure; SameSite=Lax",
         "a=secure; httponly; Path=/; SameSite=Lax"),
        ("a=b; SECURE; HttpOnly; samesite=Strict", "a=b; SECURE; HttpOnly; samesite=Strict",
         "a=b; SECURE; HttpOnly; samesite=Strict"),
        ("a=b; SameSite=None", "a=b; SameSite=None; Secure; HttpOnly", "a=b; SameSite=None; Secure; HttpOnly"),
        ("__Host-a=b; Path=/;", "__Host-a=b; Path=/; Secure; HttpOnly; SameSite=Lax",
         "__Host-a=b; Path=/; Secure; HttpOnly; SameSite=Lax"),
        ("alone=b", "alone=b", "alone=b"),
        ("", "; Secure; HttpOnly; SameSite=Lax", "; HttpOnly; SameSite=Lax"),
    ],
)  # fmt: skip
def test_a_cookie_gets_what_it_lacks(line: str, guarded: str, bare: str) -> None:
    rules = CookieRules(left_alone=frozenset({"alone"}))
    assert rules.apply(line, Carrier.GUARDED) == guarded
    assert rules.apply(line, Carrier.BARE) == bare


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60), st.sampled_from(SameSite))
def test_a_cookie_is_made_careful_once(line: str, same_site: SameSite) -> None:
    rules = CookieRules(same_site)
    once = rules.apply(line, Carrier.GUARDED)
    assert rules.apply(once, Carrier.GUARDED) == once
    assert "secure" in {part.partition("=")[0].strip().lower() for part in once.split(";")[1:]}


def test_a_policy_is_cut_where_its_nonce_goes() -> None:
    policy = Policy.parse({"default-src": "'self'", "script-src": ["'self'", "cdn.example"], "object-src": "'none'"})
    cut = policy.template(["script-src"])
    assert "N".join(cut) == "default-src 'self'; script-src 'self' cdn.example 'nonce-N'; object-src 'none'"
    assert policy.template([]) == (str(policy),)


def test_a_policy_reads_what_it_writes() -> None:
    policy = Policy.parse("default-src 'self' https:; report-uri /csp; upgrade-insecure-requests")
    assert Policy.parse(str(policy)) == policy


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("script-scr 'self'", "did you mean 'script-src'"),
        ("default-src self", "in quotes"),
        ("default-src 'selfie'", "did you mean 'self'"),
        ("default-src 'self", "quote too few"),
        ("default-src 'self'; default-src *", "stands twice"),
        ("script-src 'nonce-abc'", "known to everybody"),
        ("", "without directives"),
        ({"default-src": "'self', 'none'"}, "cannot stand"),
        ({"default-src": "'self';script-src *"}, "cannot stand"),
        ({"default-src": ["a\r\nX: y"]}, "cannot stand"),
        ({"default-src": ["é"]}, "cannot stand"),
        ({"default-src": 7}, "neither text nor a list"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(written: str | dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Policy.parse(written)


@pytest.mark.parametrize(
    ("policy", "name"),
    [("default-src 'self'", "script-src"), ("img-src *", "img-src"), ("script-src 'none'", "script-src")],
)
def test_a_nonce_that_would_do_nothing_is_refused(policy: str, name: str) -> None:
    with pytest.raises(ValueError, match="nonce"):
        Policy.parse(policy).template([name])


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-A", "a\r\nSet-Cookie: b=c"), ("X-A", "a\nb"), ("X A", "b"), ("X-A\r", "b"), ("", "b"), ("X-A", ""),
     ("X-A", "é"), ("X-A", " b"), ("X-A", "a\0")],
)  # fmt: skip
def test_a_header_that_ends_its_line_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="header"):
        row(name, value)


@pytest.mark.parametrize(
    ("method", "path", "covered"),
    [
        ("GET", "/healthz", True), ("HEAD", "/up", True), ("POST", "/healthz", False), ("GET", "/health/", False),
        ("GET", "/status", True), ("POST", "/status", True), ("GET", "/status/x", False), ("GET", "//status", False),
        ("GET", "/probe/a/b", True), ("GET", "/probe", False), ("GET", "/probe/../admin", False), ("GET", "/", False),
        ("GET", "/flagged", True),
    ],
)  # fmt: skip
def test_exemptions_cover_what_they_name(*, method: str, path: str, covered: bool) -> None:
    exempt = Exemptions.parse(["health", "/status", "/probe/*", lambda environ: bool(environ.get("flag"))])
    assert exempt.cover(method, path, {"flag": path == "/flagged"}) is covered


@pytest.mark.parametrize("written", ["/*", "*", "status", "/a*", "/a/*/b", "endpoint:", "view:x", 7, ""])
def test_what_exempts_nothing_or_everything_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r"exempts|neither"):
        Exemptions.parse([written])
