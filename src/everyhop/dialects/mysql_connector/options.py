"""What Connector/Python's call takes, from a URL, from `connect_args` and from option files, and where it leads."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from everyhop.dialects import mysql_case
from everyhop.dialects.mysql_case import Case, Signature, words
from everyhop.dialects.option_file import OptionFile, Reader, literal, parse
from everyhop.dialects.settings import SOME_FILE, UNRESOLVED, DialerSettings
from everyhop.model.endpoint import Endpoint
from everyhop.model.sighting import Version

DRIVERS: Final = {"mysql-connector": "26.10.0"}
"""Newest version known (November 2026)."""

TURNS: Final = ("8.0.33",)
SWITCHES: Final = ("ssl_disabled", "ssl_verify_cert", "ssl_verify_identity")
TLS: Final = ("ssl_ca", "ssl_cert", "ssl_key", "ssl_verify_cert", "ssl_verify_identity", "tls_versions")
OPTION_FILES: Final = ("option_files", "read_default_file")
_GROUPS: Final = ("client", "connector_python")

_CALL: Final = words(  # DEFAULT_CONFIGURATION, and what connect() takes beside it
    "allow_local_infile allow_local_infile_in_path auth_plugin autocommit buffered charset client_flags collation",
    "compress conn_attrs connect_timeout connection_timeout consume_results converter_class database db dns_srv",
    "converter_str_fallback fido_callback force_ipv6 get_warnings host init_command kerberos_auth_mode",
    "krb_service_principal oci_config_file oci_config_profile openid_token_file passwd password password1",
    "password2 password3 port raise_on_warnings raw read_timeout sql_mode time_zone unix_socket use_pure",
    "use_unicode user username webauthn_callback write_timeout ssl_cipher ssl_disabled tls_ciphersuites",
    *TLS,
)
_BESIDE: Final = words("pool_name pool_size pool_reset_session failover option_files option_groups read_default_file")
_FILES: Final = dict.fromkeys(("ssl_ca", "unix_socket", *OPTION_FILES), (SOME_FILE,))

SIGNATURE: Final = Signature(
    Version(DRIVERS["mysql-connector"], assumed=True),
    TURNS,
    _CALL | _BESIDE,
    unknown="AttributeError",
    moved=(),
    booleans=words(  # `ssl_disabled` and `ssl_verify_identity` stay text
        "allow_local_infile autocommit buffered compress consume_results force_ipv6 get_warnings pool_reset_session",
        "raise_on_warnings raw ssl_verify_cert use_pure use_unicode",
    ),
    numbers=words("client_flag connection_timeout connect_timeout pool_size"),
    measured_since="8.0.33",
    candidates={
        **_FILES,
        **dict.fromkeys(SWITCHES, (True,)),
        "use_pure": (True, False),
        "tls_versions": (["TLSv1.3"],),
    },
    url_candidates={
        **_FILES,
        **dict.fromkeys(SWITCHES, ("true",)),
        "use_pure": ("true", "false"),
        "tls_versions": ("[TLSv1.3]",),
    },
)


class Build(Enum):
    """Which of the two drivers it is."""

    PURE = "pure Python"
    C = "the C extension"


def endpoint(settings: DialerSettings) -> Endpoint | None:
    """`unix_socket` before host and port; no host is 127.0.0.1, and `localhost` is TCP here."""
    case = Case(len(TURNS), mysql_case.given(settings))
    known = with_files(case, settings.files)
    if not case.keywords.get("unix_socket") and (
        not known or case.keywords.get("failover") or case.keywords.get("dns_srv")
    ):
        return None
    return mysql_case.tcp_or_socket(case.keywords, "127.0.0.1")


def anchors(settings: DialerSettings) -> str | None:
    """`ssl_ca` of the URL or the call."""
    found = mysql_case.given(settings).get("ssl_ca")
    return found if isinstance(found, str) and found else None


def files_named(settings: DialerSettings) -> tuple[str, ...]:
    """The option files that Connector/Python reads, under the names that the settings give them."""
    return _files_named(mysql_case.given(settings)) or ()


def may_be(build: Build, case: Case, named: str | None, *, known: bool) -> bool:
    """`use_pure` decides; else what is installed. The C extension is taken where it loads, and nobody says which."""
    if "use_pure" in case.keywords:
        return bool(case.keywords["use_pure"]) is (build is Build.PURE)
    return not known or named is None or (named == "pure") is (build is Build.PURE)


def _files_named(keywords: Mapping[str, object]) -> tuple[str, ...] | None:
    """The files in the order in which they are read; None where that is known only at run time."""
    named = keywords.get("read_default_file", keywords.get("option_files"))
    if isinstance(named, str):
        return (named,) if named != SOME_FILE else None
    if isinstance(named, (list, tuple)):
        return tuple(named) if all(isinstance(file, str) for file in named) else None
    return None if named is UNRESOLVED else ()


def with_files(case: Case, files: Mapping[str, str]) -> bool:
    """Add what the option files say; the call's own words beat it. False where nobody knows what they say."""
    keywords = case.keywords
    if "option_files" not in keywords and "read_default_file" not in keywords:
        return True
    named = _files_named(keywords)
    if named is None or not all(file in files for file in named):
        return False
    found = [parse(files[file], Reader.CONNECTOR_PYTHON) for file in named]
    for one in found:
        if one.error:
            case.refuse(next(name for name in OPTION_FILES if name in keywords), one.error)
    if any(one.includes for one in found):
        return False
    said = _said(case, found)
    case.keywords = {**{name: literal(value) for name, value in said.items() if value is not None}, **keywords}
    return True


def _said(case: Case, found: list[OptionFile]) -> dict[str, str | None]:
    """What the files say under the groups that are read: a later file beats an earlier one, then a later group."""
    groups = case.keywords.get("option_groups") or _GROUPS
    said: dict[str, str | None] = {}
    for one in found:
        for group in (groups,) if isinstance(groups, str) else groups if isinstance(groups, (list, tuple)) else ():
            for name, value in one.of(str(group)).items():
                known = "unix_socket" if name == "socket" else name
                if known in _CALL or known in _BESIDE:
                    said[known] = value
                elif group == "connector_python":
                    case.refuse(name, "AttributeError")  # under other groups it is passed over
    return said
