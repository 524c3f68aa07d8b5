"""What `verify-full` leaves open, closed as far as each MySQL driver can say it; what of the version is told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.dialects import notes, registry
from everyhop.dialects.settings import DialerSettings, PythonContext, Spelling, after
from everyhop.errors import SettingsError
from everyhop.model.posture import Assurance, ClientAuth, Floor, Posture
from everyhop.model.sighting import Version

SWITCHES = {
    "mysql+pymysql": "local_infile",
    "mysql+asyncmy": "local_infile",
    "mysql+mysqldb": "local_infile",
    "mariadb+mariadbconnector": "local_infile",
    "mysql+mysqlconnector": "allow_local_infile",
}
"""Scheme → this driver's word for `LOAD DATA LOCAL`."""

TAKES_A_CONTEXT = {"mysql+pymysql", "mysql+asyncmy"}
FULL = Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2)


def hardened(settings: DialerSettings, posture: Posture, pair: tuple[str, str] | None = None) -> Spelling:
    return registry.harden(settings, registry.write(settings, posture, "/ca.pem", pair))


@given(
    st.sampled_from(sorted(SWITCHES)),
    st.sampled_from(["", "?ssl_ca=/old", "?local_infile=1&charset=utf8mb4", "?allow_local_infile=true", "?sslmode=x"]),
    st.sampled_from([{}, {"local_infile": True}, {"ssl_ca": "/old"}, {"autocommit": True}]),
    st.sampled_from([FULL, Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_3)]),
    st.none() | st.just(("/c.pem", "/k.pem")),
    st.booleans(),
)
def test_what_is_hardened_is_verify_full_and_closed(
    scheme: str,
    query: str,
    arguments: dict[str, Any],
    posture: Posture,
    pair: tuple[str, str] | None,
    direct: bool,  # noqa: FBT001 - drawn
) -> None:
    """The law: `read(harden(write(p)))` keeps what `p` promised, and no longer notes what was closed."""
    if direct:
        driver = registry.driver_of(registry.resolve(f"{scheme}://u@db/app").dsn)[0]  # type: ignore[arg-type]
        settings = registry.from_keywords(driver, {"host": "db", **arguments})
    else:
        settings = registry.resolve(f"{scheme}://u@db/app{query}", connect_args=arguments)
    try:
        spelling = hardened(settings, posture, pair)
    except SettingsError:
        assert posture.floor is Floor.TLS_1_3
        assert scheme in {"mysql+mysqldb", "mariadb+mariadbconnector"}
        return
    dialer = registry.read(after(settings, spelling))
    assert dialer.bounds.low.assurance is Assurance.IDENTITY_VERIFIED
    assert dialer.bounds.low.floor is posture.floor
    assert dialer.bounds.low.client_auth is (ClientAuth.OPTIONAL if pair else ClientAuth.ABSENT)
    assert ("cn-fallback" in dialer.notes) is (scheme not in TAKES_A_CONTEXT)
    assert spelling.connect_args[SWITCHES[scheme]] is False
    assert spelling.url is None or spelling.url.option(SWITCHES[scheme]) is None


def test_what_else_stood_there_stays() -> None:
    """Everything about TLS goes into the context, and nothing else is touched."""
    settings = registry.resolve(
        "mysql+pymysql://u:secret@db/app?charset=utf8mb4&ssl_ca=/old&local_infile=1", connect_args={"autocommit": True}
    )
    spelling = hardened(settings, FULL)
    assert spelling.url is not None
    assert spelling.url.revealed() == "mysql+pymysql://u:secret@db/app?charset=utf8mb4"
    context = PythonContext(anchors="/ca.pem", common_name=False)
    assert spelling.connect_args == {"autocommit": True, "ssl": context, "local_infile": False}


def test_a_folder_of_anchors_stays_a_folder() -> None:
    """It ends with a slash, and has an option of its own."""
    for scheme in ("mysql+pymysql", "mysql+asyncmy", "mysql+mysqldb"):
        settings = registry.resolve(f"{scheme}://u@db/app?ssl_capath=/etc/ssl/certs&ssl_mode=VERIFY_IDENTITY")
        anchors = registry.dialect_for(settings.driver).anchors(settings)
        assert anchors == "/etc/ssl/certs/"
        spelling = registry.write(settings, FULL, anchors)
        assert spelling.url is not None
        assert spelling.url.option("ssl_capath") == "/etc/ssl/certs/"
        assert spelling.url.option("ssl_ca") is None
        assert registry.read(after(settings, spelling)).bounds.low == FULL


@pytest.mark.parametrize("scheme", sorted(SWITCHES))
def test_a_password_in_clear_is_given_even_to_the_verified_server(scheme: str) -> None:
    """No driver of MySQL's can be told otherwise: it was asked of each."""
    settings = registry.resolve(f"{scheme}://u@db/app", build="pure" if scheme.endswith("mysqlconnector") else None)
    assert "clear-password" in registry.read(after(settings, hardened(settings, FULL))).notes


@pytest.mark.parametrize(
    ("build", "arguments", "given"),
    [
        ("pure", {"ssl_disabled": True}, True),
        ("c", {"ssl_disabled": True}, False),  # libmysqlclient asks for TLS, or for the plugin by name
        ("c", {}, True),
    ],
)
def test_connector_python_gives_the_password(build: str, arguments: dict[str, object], given: bool) -> None:  # noqa: FBT001
    """Where there is TLS in either build; without it in pure Python alone."""
    dialer = registry.read("mysql+mysqlconnector://u@db/app", connect_args=arguments, build=build)
    assert ("clear-password" in dialer.notes) is given


AGES = [
    ("mysql+pymysql", "1.1.2", "outdated:1.2.0"),
    ("mysql+pymysql", ">=1.1", "perhaps-outdated:1.2.0"),
    ("mysql+pymysql", "1.2.0", None),
    ("mysql+pymysql", ">=1.2,<2", None),
    ("mysql+mysqldb", "2.1.1", "unmeasured-version:2.2.0"),
    ("mysql+mysqldb", "2.2.0", None),
    ("mysql+mysqlconnector", "8.0.30", "unmeasured-version:8.0.33"),
    ("mysql+mysqlconnector", "9.7.0", None),
    ("mariadb+mariadbconnector", "1.0.11", "unmeasured-version:1.1.10"),
    ("mariadb+mariadbconnector", "1.1.12", None),
    ("mysql+aiomysql", "0.1.1", None),  # no version is any better
    ("mysql+asyncmy", "0.2.8", None),  # it insists, or it raises
]


@pytest.mark.parametrize(("scheme", "version", "note"), AGES)
def test_an_old_version_is_told(scheme: str, version: str, note: str | None) -> None:
    """Surely or perhaps, and only where something fell back or nobody looked."""
    dialer = registry.read(f"{scheme}://u@db/app?charset=utf8", version=Version(version))
    told = [one for one in dialer.notes if one.split(":")[0] in {"outdated", "perhaps-outdated", "unmeasured-version"}]
    assert told == ([note] if note else [])
    assert all(map(notes.known, dialer.notes))


@pytest.mark.parametrize(("version", "told"), [("0.2.12", True), ("0.2.14", False), ("0.2.9", False)])
def test_asyncmy_fell_back_for_what_is_no_context(version: str, told: bool) -> None:  # noqa: FBT001 - a table
    """`ssl=True` from 0.2.10 to 0.2.13."""
    dialer = registry.read("mysql+asyncmy://u@db/app", connect_args={"ssl": True}, version=Version(version))
    assert ("outdated:0.2.14" in dialer.notes) is told


def test_a_folder_for_local_files_is_taken_out_as_well() -> None:
    """It would have them on again, from there."""
    url = "mysql+mysqlconnector://u@db/x?allow_local_infile_in_path=/srv"
    settings = registry.resolve(url, connect_args={"allow_local_infile_in_path": "/srv"})
    spelling = registry.harden(
        settings, registry.write(settings, Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2), "ca")
    )
    assert spelling.url is not None
    assert not spelling.url.options
    assert "allow_local_infile_in_path" not in spelling.connect_args
    assert spelling.connect_args["allow_local_infile"] is False
