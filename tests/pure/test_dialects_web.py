"""Web servers' settings as a whole: nginx's includes and upstreams, Apache's virtual hosts, HAProxy's binds."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.dialects import apache, haproxy, suites
from everyhop.dialects.nginx.includes import included, joined
from everyhop.dialects.nginx.served import served
from everyhop.dialects.nginx.upstreams import upstreams
from everyhop.dialects.sites import Served, Upstream
from everyhop.errors import SourceError
from everyhop.model.posture import Assurance, ClientAuth, Floor

TLS = "listen 443 ssl; server_name a.example; root /srv;"
PLAIN = "server { listen 80; server_name a.example; %s }"


def whole(text: str, **files: str) -> list[Served]:
    return list(served(joined("nginx.conf", {"nginx.conf": f"http {{ {text} }}", **files})))


def site(text: str, **files: str) -> Served:
    (found,) = whole(text, **files)
    return found


@pytest.mark.parametrize(
    ("plain", "redirects"),
    [
        ("return 301 https://a.example$request_uri;", True),
        ("return 301 https://$host$request_uri;", True),
        ("rewrite ^ https://$host$request_uri? permanent;", True),
        ("if ($host = a.example) { return 301 https://$host$request_uri; } return 404;", True),
        ("location / { return 308 https://a.example$request_uri; }", True),
        ("location /.well-known/ { root /x; } location / { return 301 https://a.example$request_uri; }", True),
        ("location /shop { return 301 https://a.example$request_uri; } root /srv;", False),
        ("if ($http_user_agent ~ bot) { return 301 https://a.example; } root /srv;", False),
        ("return 301 http://www.a.example;", False),
        ("root /srv;", False),
    ],
)
def test_how_nginx_redirects(plain: str, redirects: bool) -> None:  # noqa: FBT001
    """However it is written; a redirect of one path, or of some visitors, is none of the site."""
    found = site(f"server {{ {TLS} }} {PLAIN % plain}")
    assert found.site is not None
    assert found.site.redirects is redirects
    assert (found.listener.bounds.high.assurance is Assurance.ENCRYPTED) is redirects


def test_the_default_server_answers_for_a_name_that_no_block_has() -> None:
    """The first block of port 80, or the one that says so."""
    for catch_all in ("listen 80 default_server; server_name _;", "listen 80; server_name other.example;"):
        found = site(f"server {{ {TLS} }} server {{ {catch_all} return 301 https://a.example; }}")
        assert found.site is not None
        assert found.site.redirects is True


def test_without_a_plain_port_there_is_nothing_to_redirect() -> None:
    """Nothing is said against a port that is closed."""
    found = site(f"server {{ {TLS} }}")
    assert found.site is not None
    assert found.site.redirects is None


def test_hsts_is_inherited_all_or_nothing() -> None:
    """A location with headers of its own drops it, unless it says it again; the outer level holds where none is."""
    hsts = 'add_header Strict-Transport-Security "max-age=99" always;'
    inner = f"location /a {{ add_header X y; }} location /b {{ add_header X y; {hsts} }} location /c {{ }}"
    found = site(f"{hsts} server {{ {TLS} {inner} }}")
    assert found.site is not None
    assert found.site.hsts_max_age == 99
    assert found.site.hsts_without == ("location /a (its add_header drops it)",)
    dropped = site(f"{hsts} server {{ {TLS} add_header X y; }}")
    assert dropped.site is not None
    assert (dropped.site.hsts_max_age, dropped.site.hsts_elsewhere) == (None, False)


@pytest.mark.parametrize(
    ("text", "elsewhere"),
    [
        (f"server {{ {TLS} }}", False),
        (f"include missing.conf; server {{ {TLS} }}", True),
        (f"include mime.types; server {{ {TLS} }}", False),
        (f"server {{ {TLS} location / {{ proxy_pass http://127.0.0.1:8000; }} }}", True),
        (f'server {{ {TLS} add_header Strict-Transport-Security "$hsts"; }}', True),
    ],
)
def test_what_may_send_hsts_unseen(text: str, elsewhere: bool) -> None:  # noqa: FBT001
    """An app behind the proxy, a file that is not here, a variable."""
    found = site(text)
    assert found.site is not None
    assert found.site.hsts_elsewhere is elsewhere


def test_versions_that_stand_in_another_file() -> None:
    """Found where the file is there, of any kind where it is not; a file alone does not know its http block."""
    with_file = site(
        f"server {{ {TLS} include snippets/tls.conf; }}", **{"snippets/tls.conf": "ssl_protocols TLSv1.3;"}
    )
    assert with_file.listener.bounds.low.floor is Floor.TLS_1_3
    without = site(f"server {{ {TLS} include snippets/tls.conf; }}")
    assert (without.listener.bounds.low.floor, without.listener.bounds.high.floor) == (Floor.NONE, Floor.TLS_1_3)
    (alone,) = served(joined("a.conf", {"a.conf": f"server {{ {TLS} }}"}))
    assert alone.listener.bounds.settled is None


def test_includes_by_the_end_of_their_names_and_never_for_ever() -> None:
    """A path of the server is found in the tree; two files that include each other end."""
    texts = {
        "deploy/nginx/nginx.conf": "http { include /etc/nginx/conf.d/*.conf; }",
        "deploy/nginx/conf.d/b.conf": "include /etc/nginx/conf.d/a.conf;",
        "deploy/nginx/conf.d/a.conf": "include /etc/nginx/conf.d/b.conf; server { listen 443 ssl; root /x; }",
        "deploy/other.conf": "server { listen 80; }",
    }
    found = joined("deploy/nginx/nginx.conf", texts)
    assert found.files == set(texts) - {"deploy/other.conf"}
    assert included(texts) == {"deploy/nginx/conf.d/a.conf", "deploy/nginx/conf.d/b.conf"}


def test_a_bomb_of_includes_ends() -> None:
    """Each file includes the next ten times over."""
    texts = {f"{n}.conf": f"include {n + 1}.conf; " * 10 for n in range(9)} | {"9.conf": "root /x;"}
    assert joined("0.conf", texts).complete is False


def dialled(text: str) -> list[Upstream]:
    return list(upstreams(joined("nginx.conf", {"nginx.conf": f"http {{ {text} }}"})))


VERIFYING = "proxy_ssl_verify on; proxy_ssl_trusted_certificate /ca.pem;"


@pytest.mark.parametrize(
    ("text", "assurance", "endpoint"),
    [
        ("location / { proxy_pass http://app:8000; }", Assurance.PLAINTEXT, "app:8000"),
        ("location / { proxy_pass http://app; }", Assurance.PLAINTEXT, "app:80"),
        ("location / { proxy_pass http://unix:/run/app.sock; }", Assurance.PLAINTEXT, "unix:/run/app.sock"),
        ("location / { proxy_pass http://unix:/run/app.sock:/a; }", Assurance.PLAINTEXT, "unix:/run/app.sock"),
        ("location / { uwsgi_pass app:3031; }", Assurance.PLAINTEXT, "app:3031"),
        ("location / { proxy_pass https://app; }", Assurance.ENCRYPTED, "app:443"),
        (f"{VERIFYING} location / {{ proxy_pass https://app/x; }}", Assurance.IDENTITY_VERIFIED, "app:443"),
        ("location / { grpc_pass grpcs://app:50051; }", Assurance.ENCRYPTED, "app:50051"),
        ("location / { set $up https://app:1; proxy_pass $up; }", Assurance.ENCRYPTED, "app:1"),
        ("location / { proxy_pass https://$host; }", Assurance.ENCRYPTED, "None"),
    ],
)
def test_whom_nginx_dials(text: str, assurance: Assurance, endpoint: str) -> None:
    """By default it verifies nobody."""
    (found,) = dialled(f"server {{ {text} }}")
    assert (found.dialer.bounds.low.assurance, str(found.endpoint)) == (assurance, endpoint)


def test_a_group_of_upstreams_is_each_of_its_servers() -> None:
    """Two hosts are two ends."""
    found = dialled("upstream app { server a:1; server unix:/b; } server { location / { proxy_pass http://app; } }")
    assert [str(one.endpoint) for one in found] == ["a:1", "unix:/b"]


def test_streams_are_no_web_sites() -> None:
    """A `stream` hands on what it gets."""
    text = "stream { server { listen 5432; proxy_pass db:5432; } }"
    assert list(served(joined("n", {"n": text}))) == []
    assert list(upstreams(joined("n", {"n": text}))) == []


APACHE = "<VirtualHost *:443>\nServerName a.example\nSSLEngine on\n{}\n</VirtualHost>\n"


@pytest.mark.parametrize(
    ("words", "floor"),
    [
        ("all -SSLv3", Floor.TLS_1_0),
        ("all -SSLv3 -TLSv1 -TLSv1.1", Floor.TLS_1_2),
        ("-all +TLSv1.2 +TLSv1.3", Floor.TLS_1_2),
        ("TLSv1.3", Floor.TLS_1_3),
        ("+SSLv3 +TLSv1.2", Floor.NONE),
    ],
)
def test_apaches_versions(words: str, floor: Floor) -> None:
    """Words with signs, in order."""
    (found,) = apache.served(APACHE.format(f"SSLProtocol {words}"), "a.conf")
    assert found.listener.bounds.low.floor is floor


def test_apaches_client_certificates_and_what_is_not_said() -> None:
    """`SSLVerifyClient require`; without SSLProtocol the main configuration decides."""
    (found,) = apache.served(APACHE.format("SSLVerifyClient require"), "a.conf")
    assert found.listener.bounds.low.client_auth is ClientAuth.REQUIRED
    assert found.listener.bounds.settled is None


@pytest.mark.parametrize(
    ("settings", "assurance"),
    [
        ("", Assurance.ENCRYPTED),
        ("SSLProxyVerify optional", Assurance.ENCRYPTED),
        ("SSLProxyVerify require", Assurance.IDENTITY_VERIFIED),
        ("SSLProxyVerify require\nSSLProxyCheckPeerName off", Assurance.CHAIN_VERIFIED),
    ],
)
def test_whom_apache_dials(settings: str, assurance: Assurance) -> None:
    """It looks at names by default, and at certificates only when told to."""
    (found,) = apache.upstreams(APACHE.format(f"ProxyPass / https://app/\n{settings}"), "a.conf")
    assert (found.dialer.bounds.low.assurance, str(found.endpoint)) == (assurance, "app:443")


@pytest.mark.parametrize(
    ("line", "assurance"),
    [
        ("server a a:443 ssl verify none", Assurance.ENCRYPTED),
        ("server a a:443 ssl verify required ca-file /ca", Assurance.CHAIN_VERIFIED),
        ("server a a:443 ssl verify required ca-file /ca verifyhost a", Assurance.IDENTITY_VERIFIED),
        ("server a a:443 ssl ca-file /ca sni str(a)", Assurance.IDENTITY_VERIFIED),
        ("default-server ssl verify none\n server a a:443 ssl", Assurance.ENCRYPTED),
        ("server a a:80 check", Assurance.PLAINTEXT),
    ],
)
def test_whom_haproxy_dials(line: str, assurance: Assurance) -> None:
    """`verify required` is its default; without a name to hold it against any name will do."""
    (found,) = haproxy.upstreams(f"defaults\n mode http\nbackend app\n {line}\n", "haproxy.cfg")
    assert found.dialer.bounds.low.assurance is assurance


def test_haproxys_global_switch_turns_verification_off() -> None:
    """`ssl-server-verify none` counts for every server that says nothing."""
    text = "global\n ssl-server-verify none\ndefaults\n mode http\nbackend b\n server a a:443 ssl\n"
    (found,) = haproxy.upstreams(text, "haproxy.cfg")
    assert found.dialer.bounds.low.assurance is Assurance.ENCRYPTED


@pytest.mark.parametrize(
    ("bind", "floor"),
    [
        ("ssl crt /a", Floor.TLS_1_2),
        ("ssl crt /a ssl-min-ver TLSv1.1", Floor.TLS_1_1),
        ("ssl crt /a force-tlsv10", Floor.TLS_1_0),
        ("ssl crt /a no-tlsv12", Floor.TLS_1_3),
    ],
)
def test_haproxys_versions(bind: str, floor: Floor) -> None:
    """TLS 1.2 by itself."""
    (found,) = haproxy.served(f"frontend f\n mode http\n bind *:443 {bind}\n", "haproxy.cfg")
    assert found.listener.bounds.low.floor is floor


def test_older_switches_leave_haproxys_default() -> None:
    """`no-tlsv10` takes away what was not there."""
    text = "global\n ssl-default-bind-options no-sslv3 no-tlsv10\nfrontend f\n mode http\n bind *:443 ssl crt /a\n"
    (found,) = haproxy.served(text, "haproxy.cfg")
    assert found.listener.bounds.low.floor is Floor.TLS_1_2


def test_what_a_template_fills_in_is_no_host() -> None:
    """Names and upstreams that only the deployment knows."""
    text = "server { listen 443 ssl; server_name <%= @name %>; location / { proxy_pass http://${APP}; } }"
    found = joined("a.conf", {"a.conf": text})
    assert [one.host for one in served(found)] == [None]
    assert [one.endpoint for one in upstreams(found)] == [None]


def test_apaches_conditions_are_looked_through() -> None:
    """A header under `<IfModule mod_headers.c>`, and one of the main server; not what is for a missing module."""
    inner = '<IfModule mod_headers.c>\nHeader always set Strict-Transport-Security "max-age=9"\n</IfModule>'
    outer = 'Header always set Strict-Transport-Security "max-age=9"\n' + APACHE.format("")
    missing = inner.replace("mod_headers.c", "!mod_headers.c")
    for text, age in ((APACHE.format(inner), 9), (outer, 9), (APACHE.format(missing), None)):
        (found,) = apache.served(text, "a.conf")
        assert found.site is not None
        assert found.site.hsts_max_age == age


def test_haproxy_in_tcp_mode_is_no_site() -> None:
    """It hands on what it gets; `tcp` is the default."""
    assert list(haproxy.served("frontend f\n bind *:443\n default_backend b\n", "h")) == []


@pytest.mark.parametrize(
    ("text", "weak"),
    [
        ("HIGH:!aNULL:!MD5", ()),
        ("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE+CHACHA20", ()),
        ("PROFILE=SYSTEM", ()),
        ("HIGH:RC4:!aNULL", ("RC4",)),
        ("ALL:!ADH:RC4+RSA:+HIGH:+MEDIUM:+LOW:+EXP", ("RC4",)),
        ("ECDHE-RSA-DES-CBC3-SHA:AES128-SHA", ("3DES",)),
        ("DES-CBC3-SHA:!3DES", ()),
        ("EXP-RC2-CBC-MD5", ("EXPORT", "MD5", "RC2")),
        ("NULL-SHA256 ADH-AES128-SHA", ("eNULL", "aNULL")),
        ("DEFAULT@SECLEVEL=0", ("@SECLEVEL=0",)),
        ("DEFAULT:@SECLEVEL=0", ("@SECLEVEL=0",)),
        ("!RC4:RC4-SHA", ()),
        ("", ()),
    ],
)
def test_weak_suites(text: str, weak: tuple[str, ...]) -> None:
    """What a list lets in, and not what it names to keep out."""
    assert suites.weak(text) == weak


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but `SourceError` comes out of a hostile file."""
    read_or_refused(text)


def read_or_refused(text: str) -> None:
    for read in (apache.served, apache.upstreams, haproxy.served, haproxy.upstreams):
        with suppress(SourceError):
            list(read(text, "x"))
    suites.weak(text)


WORDS = (
    *(
        "<VirtualHost *:443>",
        "</VirtualHost>",
        "SSLEngine on",
        "SSLProtocol all",
        "Header set",
        "ProxyPass / x://",
        "\\",
    ),
    *("frontend f", "bind", "bind :1 ssl crt", "server", "server a a:1 ssl", "mode http", "backend b", "redirect"),
)


@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_any_order_of_lines_is_read_or_refused(lines: list[str]) -> None:
    """Settings without their words, sections without an end."""
    read_or_refused("\n".join(lines))
