"""What a lineage is to be: names and their folders, deployments with their modes, and `lineage.json`."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.errors import LineageError, SettingsError
from everyhop.lineage import document
from everyhop.lineage.deployment import Consumer, Deployment, Part, default_deployment
from everyhop.lineage.name import folder_of, name_of, parse_name
from everyhop.lineage.terms import AcmeTerms, IssuerName, Terms
from everyhop.lineage.version import Version
from everyhop.model.certificate import CertificateRequest, KeyAlgorithm, LeafProfile
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.owner import Owner
from everyhop.pki.authority import Authority
from everyhop.pki.hierarchy import new_intermediate, new_root
from tests.certificates import good, new_authority, utc_now

FILES = {Part.CHAIN: "/srv/tls/server.pem", Part.KEY: "/srv/tls/server.key"}
NAMES = [
    "db.internal",
    "*.example.org",
    "App_User",
    "app@db",
    "::1",
    "2001:db8::1",
    "10.0.0.5",
    "xn--bcher-kva.example",
]


# Names


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_tells_its_name_and_needs_no_quotes(name: str) -> None:
    """In a shell, a crontab and a systemd unit."""
    folder = folder_of(parse_name(name))
    assert name_of(folder) == name
    assert not set(folder) & set("*?[]{}!~$`'\"\\ \t\n%:;|&<>()#/")
    assert not folder.startswith((".", "-"))


@given(st.text(max_size=30))
def test_no_two_names_share_a_folder(text: str) -> None:
    """And whatever is not refused survives the way there and back."""
    try:
        name = parse_name(text)
    except SettingsError:
        return
    assert parse_name(name) == name
    assert name_of(folder_of(name)) == name


def test_an_address_has_one_name() -> None:
    """However it was written."""
    assert {parse_name(text) for text in ("2001:DB8:0::1", "[2001:db8::1]", "2001:db8::1")} == {"2001:db8::1"}


@pytest.mark.parametrize("folder", ["lost+found", "a=b", "lock", ".hidden", "+", "a+b", "1=2"])
def test_a_folder_that_no_lineage_has_is_none(folder: str) -> None:
    """Somebody else's is passed over."""
    assert name_of(folder) is None


# Deployments


@pytest.fixture(scope="module")
def version() -> Version:
    issued = good(new_authority(), "db.internal")
    return Version(1, issued.chain_pem, issued.anchors_pem, issued.key_pem, issued.chain)


def test_each_part_goes_into_its_file_with_its_mode(version: Version) -> None:
    """Keys as they are asked for, all else readable."""
    files = {part: f"/srv/{part.value}" for part in reversed(Part)}
    deployment = Deployment(Consumer.APP, files, Owner("app", "app"))
    wanted = {file.path: file for file in deployment.wanted(version)}
    assert {path: f"{file.mode:04o}" for path, file in wanted.items()} == {
        "/srv/chain": "0644",
        "/srv/leaf": "0644",
        "/srv/intermediates": "0644",
        "/srv/key": "0600",
        "/srv/anchors": "0644",
        "/srv/combined": "0600",
    }
    assert wanted["/srv/key"].content == version.key_pem
    assert wanted["/srv/anchors"].content == version.anchors_pem
    assert "PRIVATE" not in repr(wanted)
    assert {str(file.owner) for file in wanted.values()} == {"app:app"}


@pytest.mark.parametrize("consumer", Consumer)
def test_mysql_alone_has_the_intermediates_among_its_anchors(consumer: Consumer) -> None:
    """It looks for them nowhere else; for everybody else the anchors are the roots."""
    root = new_root("Root", None, utc_now())
    below = Authority(new_intermediate("Below", root, None, utc_now()), utc_now, anchors=(root.certificate,))
    issued = good(below, "db.internal")
    version = Version(1, issued.chain_pem, issued.anchors_pem, issued.key_pem, issued.chain)
    (anchors,) = Deployment(consumer, {Part.ANCHORS: "/srv/ca.pem"}, Owner("root", "root")).wanted(version)
    between = version.intermediates_pem if consumer is Consumer.MYSQL else ""
    assert anchors.content == version.anchors_pem + between


@pytest.mark.parametrize(
    ("consumer", "owner", "mode"),
    [
        (Consumer.POSTGRESQL, "root:postgres", 0o640),
        (Consumer.MYSQL, "root:mysql", 0o640),
        (Consumer.MARIADB, "root:mysql", 0o640),
        (Consumer.NGINX, "root:root", 0o600),
        (Consumer.COCKROACHDB, "cockroach:cockroach", 0o600),
    ],
)
def test_each_product_has_its_usual_owner(consumer: Consumer, owner: str, mode: int) -> None:
    """Root's where that is enough, so that a service cannot change its own key."""
    usual = default_deployment(consumer, FILES)
    assert (str(usual.owner), usual.key_mode) == (owner, mode)
    assert usual.reload


@pytest.mark.parametrize(("owner", "mode"), [("postgres:postgres", 0o600), ("root:app", 0o640), ("root:root", 0o600)])
def test_an_owner_that_is_given_has_the_mode_that_fits(owner: str, mode: int) -> None:
    """0640 only where root owns it: PostgreSQL takes nothing else."""
    given_one = default_deployment(Consumer.POSTGRESQL, FILES, owner=Owner.parse(owner), reload=())
    assert (given_one.key_mode, given_one.reload) == (mode, ())


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o601, 0o700, 0o4600])
def test_a_key_for_others_is_refused(mode: int) -> None:
    """Read, change or run: none of them."""
    with pytest.raises(SettingsError, match="others"):
        Deployment(Consumer.NGINX, FILES, Owner("root", "root"), mode)


def test_what_postgresql_would_refuse_is_refused_before() -> None:
    """And stays silent for the two that it takes."""
    with pytest.raises(SettingsError, match="PostgreSQL refuses"):
        Deployment(Consumer.POSTGRESQL, FILES, Owner("postgres", "postgres"), 0o640)
    Deployment(Consumer.POSTGRESQL, FILES, Owner("root", "postgres"), 0o640)
    Deployment(Consumer.POSTGRESQL, FILES, Owner("postgres", "postgres"), 0o600)


@pytest.mark.parametrize("path", ["server.key", "/srv/../etc/shadow", "/srv/tls/", "/", "", "/a\nb", "/a\0b", "//a/b"])
def test_what_is_no_path_of_a_file_is_refused(path: str) -> None:
    """A deployment runs later, from elsewhere, often as root."""
    with pytest.raises(SettingsError, match="absolute path"):
        Deployment(Consumer.APP, {Part.KEY: path}, Owner("app", "app"))


def test_two_parts_in_one_file_are_refused() -> None:
    """The second would overwrite the first."""
    with pytest.raises(SettingsError, match="two parts"):
        Deployment(Consumer.APP, {Part.KEY: "/a", Part.CHAIN: "/a"}, Owner("app", "app"))
    with pytest.raises(SettingsError, match="needs a file"):
        Deployment(Consumer.APP, {}, Owner("app", "app"))


# The document

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
accounts = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
deployments = st.builds(
    Deployment,
    st.sampled_from(Consumer),
    st.lists(st.sampled_from(Part), min_size=1, unique=True).map(lambda parts: {p: f"/srv/{p.value}" for p in parts}),
    st.builds(Owner, accounts, accounts),
    st.just(0o600),
    st.lists(words, max_size=3).map(tuple),
)
servers = st.builds(
    AcmeTerms,
    words,
    st.none() | words,
    st.none() | st.builds(TcpEndpoint, st.sampled_from(["", "10.0.0.5", "::1", "localhost"]), st.integers(1, 65535)),
    st.lists(words, max_size=3).map(tuple),
    st.none() | words,
    st.none() | words,
)
requests = st.builds(
    CertificateRequest,
    st.lists(words, max_size=3).map(tuple),
    st.none() | st.integers(1, 10**9).map(lambda seconds: timedelta(seconds=seconds)),
    st.sampled_from(LeafProfile),
    st.sampled_from(KeyAlgorithm),
    st.none() | words,
)


@st.composite
def all_terms(draw: st.DrawFn) -> Terms:
    issuer = draw(st.sampled_from(IssuerName))
    source = "/etc/letsencrypt/live/x" if issuer is IssuerName.ADOPTED else None
    asked = draw(servers) if issuer is IssuerName.ACME else None
    made = tuple(draw(st.lists(deployments, max_size=2)))
    return Terms(draw(requests), issuer, made, draw(st.integers(1, 99)), source, asked)


@given(all_terms())
def test_terms_survive_being_written_and_read(terms: Terms) -> None:
    """All of them."""
    assert document.from_json(document.to_json(terms), "lineage.json") == terms


def changed(change: dict[str, Any]) -> bytes:
    terms = Terms(CertificateRequest(("a",)), IssuerName.INTERNAL, (default_deployment(Consumer.NGINX, FILES),))
    value = json.loads(document.to_json(terms))
    for path, new in change.items():
        *way, last = path.split(".")
        place = value
        for key in way:
            place = place[int(key)] if key.isdigit() else place[key]
        place[last] = new
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("change", "key", "message"),
    [
        ({"depolyments": []}, "depolyments", "unknown key, did you mean 'deployments'"),
        ({"request.lifetime": 1}, "request.lifetime", "unknown key"),
        ({"request.names": "a"}, "request.names", "a list of strings"),
        ({"request.profile": "sever"}, "request.profile", "did you mean 'server'"),
        ({"request.key": "Ed25519"}, "request.key", "is none of"),
        ({"request.lifetime_seconds": True}, "request.lifetime_seconds", "a whole number"),
        ({"request.lifetime_seconds": -1}, "request.lifetime_seconds", "a whole number"),
        ({"deployments.0.owner": "a b"}, "deployments[0].owner", "is not user:group"),
        ({"deployments.0.key_mode": "0644"}, None, "others"),
        ({"deployments.0.key_mode": "rw"}, "deployments[0].key_mode", "invalid literal"),
        ({"deployments.0.files.keys": "/a"}, "deployments[0].files.keys", "did you mean 'key'"),
        ({"deployments.0.files": []}, "deployments[0].files", "an object is expected"),
        ({"deployments": {}}, "deployments", "a list is expected"),
        ({"keep": 0}, "keep", "at least 1"),
        ({"source": "/etc"}, "source", "adopted"),
        ({"issuer": "adopted"}, "source", "adopted"),
        ({"schema": "everyhop-lineage/2"}, None, "its schema is 'everyhop-lineage/2'"),
    ],
)
def test_what_is_not_understood_is_told_with_its_key(change: dict[str, Any], key: str | None, message: str) -> None:
    """It was meant to say something: passing over it would do something else."""
    with pytest.raises(LineageError, match=message) as told:
        document.from_json(changed(change), "lineage.json")
    assert (told.value.path, told.value.key) == ("lineage.json", key)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"null", b"[" * 100_000, b"{}"])
def test_what_is_no_document_is_told(content: bytes) -> None:
    """Whatever a disk holds after an accident."""
    with pytest.raises(LineageError):
        document.from_json(content, "lineage.json")
