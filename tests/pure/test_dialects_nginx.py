"""nginx's listener: exact edits of the text that is there, and what is read is what was written."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.dialects import nginx
from everyhop.dialects.nginx import Site
from everyhop.dialects.nginx.syntax import parse
from everyhop.errors import EveryhopError, SettingsError, SourceError
from everyhop.model.posture import Assurance, Bounds, ClientAuth, Floor, Posture
from everyhop.model.sighting import Version

PLAIN = """\
# the tip line
events { worker_connections 256; }
http {
    upstream app { server unix:/run/app.sock; }
    proxy_set_header Host $host;
    server {
        listen 80;   # the world
        listen [::]:80;
        server_name tips.example.org;
        error_page 404 "/not found;.html";
        location / {
            proxy_pass http://app;
        }
        location /feed {
            add_header Cache-Control "no-store";
            proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;
            proxy_pass http://app;
        }
    }
}
"""

SITE = Site("tips.example.org", "443", 443, "/s/c.pem", "/s/k.pem", ("ECDHE-A", "ECDHE-B"), timedelta(days=730))
ASIDE = (
    "server {{ listen 80; server_name a; return 301 {}://a$request_uri; }}\nserver {{ listen 443 ssl; server_name A; }}"
)
ENCRYPTED = Posture(Assurance.ENCRYPTED, Floor.TLS_1_2)

postures = st.builds(
    Posture,
    st.sampled_from([Assurance.OPPORTUNISTIC, Assurance.ENCRYPTED]),
    st.sampled_from([floor for floor in Floor if floor]),
    st.sampled_from(ClientAuth),
)
listens = st.lists(
    st.sampled_from(["80", "80 default_server", "127.0.0.1:8080", "[::]:80", "localhost:81"]),
    min_size=1,
    max_size=3,
    unique=True,
)
contents = st.lists(
    st.sampled_from(
        [
            "root /srv/www;",
            "location / { proxy_pass http://app; }",
            "location /x {\n  proxy_set_header Host h;\n  proxy_pass http://app; # why\n}",
            "location ~ \\.php$ { return 404; }",
            "add_header X-A 'b;{}';",
            "ssl_protocols TLSv1;",
            "# } a remark {",
            "listen unix:/run/n.sock;",
            "set $a ${b}c;",
        ]
    ),
    max_size=5,
)


def configuration(addresses: list[str], body: list[str]) -> str:
    lines = [f"listen {address};" for address in addresses] + ["server_name tips.example.org;", *body]
    return "http {\nserver {\n" + "\n".join(lines) + "\n}\n}\n"


def site_for(posture: Posture) -> Site:
    anchors, crl = ("/s/ca.pem", "/s/clients.crl") if posture.client_auth else (None, None)
    return replace(SITE, client_anchors=anchors, client_crl=crl)


@given(postures, listens, contents)
def test_what_is_written_is_read_back(posture: Posture, addresses: list[str], body: list[str]) -> None:
    """The law of every dialect, on many sites; and a second writing changes nothing."""
    site = site_for(posture)
    text = nginx.write(configuration(addresses, body), site, posture)
    assert nginx.read(text, SITE.name).bounds == Bounds.exactly(posture)
    assert nginx.write(text, site, posture) == text


def test_a_plain_site_becomes_https_as_a_person_sees_it() -> None:
    """Locations, upstream and remarks stay; the redirect names the host; HSTS and scheme hold everywhere."""
    assert (
        nginx.write(PLAIN, SITE, ENCRYPTED)
        == """\
# the tip line
events { worker_connections 256; }
http {
    upstream app { server unix:/run/app.sock; }
    proxy_set_header Host $host;
    server {
        listen 80;
        listen [::]:80;
        server_name tips.example.org;
        return 308 https://tips.example.org$request_uri;
    }

    server {
        listen 443 ssl;
        ssl_certificate /s/c.pem;
        ssl_certificate_key /s/k.pem;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_prefer_server_ciphers off;
        ssl_session_tickets off;
        ssl_ciphers ECDHE-A:ECDHE-B;   # the world
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-Proto $scheme;
        add_header Strict-Transport-Security "max-age=63072000" always;
        server_name tips.example.org;
        error_page 404 "/not found;.html";
        location / {
            proxy_pass http://app;
        }
        location /feed {
            add_header Cache-Control "no-store";
            add_header Strict-Transport-Security "max-age=63072000" always;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_pass http://app;
        }
    }
}
"""
    )


def test_client_authentication_that_is_there_stays() -> None:
    """A plan that asks for none takes none away."""
    text = "server { listen 443 ssl; server_name tips.example.org; ssl_verify_client on; }"
    settled = nginx.read(nginx.write(text, SITE, ENCRYPTED), SITE.name).bounds.settled
    assert settled == replace(ENCRYPTED, client_auth=ClientAuth.REQUIRED)


def test_a_redirect_that_follows_the_host_header_is_pinned() -> None:
    """`$host` is whatever a request says; 301 lets a POST become a GET."""
    text = """\
server { listen 80; server_name tips.example.org; return 301 https://$host$uri; }
server { listen 443 ssl; server_name tips.example.org; ssl_certificate /old; root /srv; }
"""
    new = nginx.write(text, SITE, ENCRYPTED)
    assert "return 308 https://tips.example.org$request_uri;" in new
    assert "$host" not in new
    assert new.count("listen") == 2
    assert "/old" not in new


def test_a_site_without_a_name_is_meant_where_it_is_the_only_one() -> None:
    """As Debian's default site is written; a port other than 443 stands in the redirect."""
    text = "server {\n    listen 8080;\n    server_name _;\n    root /srv;\n}\n"
    new = nginx.write(text, replace(SITE, listen="127.0.0.1:8443", port=8443), ENCRYPTED)
    assert "return 308 https://tips.example.org:8443$request_uri;" in new
    assert "listen 127.0.0.1:8443 ssl;" in new


@pytest.mark.parametrize(
    ("text", "assurance"),
    [
        ("server { listen 80; server_name a; }", Assurance.PLAINTEXT),
        ("server { server_name a; }", Assurance.PLAINTEXT),
        ("server { listen 80; listen 443 ssl; server_name a; }", Assurance.OPPORTUNISTIC),
        ("server { listen 443 ssl; server_name a; }", Assurance.ENCRYPTED),
        ("server { listen 443; ssl on; server_name a; }", Assurance.ENCRYPTED),
        ("server { listen 443 ssl; listen unix:/s; server_name a; }", Assurance.ENCRYPTED),
        (
            ASIDE.format("https"),
            Assurance.ENCRYPTED,
        ),
        (
            ASIDE.format("http"),
            Assurance.OPPORTUNISTIC,
        ),
    ],
)
def test_what_a_site_takes(text: str, assurance: Assurance) -> None:
    """A port that only redirects to HTTPS takes nothing."""
    settled = nginx.read(text, "a").bounds.settled
    assert settled is not None
    assert settled.assurance is assurance


def test_settings_are_inherited_from_around_the_site() -> None:
    """`ssl_protocols` and `ssl_verify_client` may stand in `http`; the default floor depends on the version."""
    text = "http { ssl_protocols TLSv1.1 TLSv1.2; ssl_verify_client on; server { listen 443 ssl; server_name a; } }"
    assert nginx.read(text, "a").bounds.settled == Posture(Assurance.ENCRYPTED, Floor.TLS_1_1, ClientAuth.REQUIRED)
    bare = "server { listen 443 ssl; server_name a; }"
    assert nginx.read(bare, "a", Version("1.22.1")).bounds.low.floor is Floor.TLS_1_0
    assert nginx.read(bare, "a", Version("1.28.0")).bounds.low.floor is Floor.TLS_1_2


@pytest.mark.parametrize(
    "text",
    [
        "server {",
        "server { listen 80; }}",
        "a b",
        "a 'b",
        "content_by_lua_block { x }",
        "{ a; }",
        "a { " * 50 + "}" * 50,
    ],
)
def test_a_text_that_is_no_configuration_is_refused_with_its_line(text: str) -> None:
    """And not guessed at."""
    with pytest.raises(SourceError) as told:
        nginx.read(f"\n{text}", "a")
    assert told.value.line is not None


@pytest.mark.parametrize("name", ["$host", "a b", "", "-a", "a;b", "a/b"])
def test_a_redirect_leads_to_a_name_only(name: str) -> None:
    """Variables and anything that would split a directive are refused."""
    with pytest.raises(SettingsError):
        replace(SITE, name=name)


def test_the_place_of_a_directive_is_exact() -> None:
    """What stands there is the directive, the whole directive and nothing else."""
    text = "a; # x;\nb 'c;d' e\\;f ${g} {\n  h;\n}\n"
    first, second = parse(text).body
    assert text[first.start : first.end] == "a;"
    assert text[second.start : second.end] == "b 'c;d' e\\;f ${g} {\n  h;\n}"
    assert second.arguments[0] == "c;d"
    assert (second.line, second.body[0].line) == (2, 3)


@given(st.text(st.sampled_from(list("server listen{};'\"#\\ \n$ssl80a")), max_size=120))
def test_any_text_is_read_or_refused_in_our_words(text: str) -> None:
    """No other exception, whatever the file holds."""
    with suppress(EveryhopError):
        nginx.write(f"server {{ listen 80; server_name tips.example.org; {text} }}", SITE, ENCRYPTED)


def test_revocation_lists_and_depth_are_for_whom_asks_for_clients() -> None:
    """Two certificates between a client and its root: the intermediate, and a root that another one certified."""
    posture = Posture(Assurance.ENCRYPTED, Floor.TLS_1_2, ClientAuth.REQUIRED)
    text = nginx.write(PLAIN, site_for(posture), posture)
    for line in ("ssl_crl /s/clients.crl;", "ssl_verify_depth 2;", "ssl_verify_client on;"):
        assert line in text
    assert "ssl_crl" not in nginx.write(PLAIN, SITE, ENCRYPTED)
    with pytest.raises(SettingsError, match="revocation list"):
        nginx.write(PLAIN, replace(SITE, client_crl="/s/clients.crl"), ENCRYPTED)
