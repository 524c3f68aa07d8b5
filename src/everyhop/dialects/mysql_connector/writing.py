"""The settings that make Connector/Python promise a posture: real booleans, which a URL cannot carry."""

from __future__ import annotations

from everyhop.dialects import mysql_case
from everyhop.dialects.mysql_connector.options import OPTION_FILES, SIGNATURE, TURNS, Build, may_be
from everyhop.dialects.mysql_spelling import (
    by_url,
    refuse,
    refuse_bare_demands,
    shown,
    spelled,
    whole_pair_to_show,
    without_local_files,
)
from everyhop.dialects.settings import ANY_OPTION, DialerSettings, Spelling
from everyhop.dialects.versions import spans
from everyhop.model.posture import Assurance, Floor, Posture


def write(
    settings: DialerSettings, posture: Posture, anchors: str, client_pair: tuple[str, str] | None = None
) -> Spelling:
    """In `connect_args`, since a URL cannot carry a real boolean; only plaintext can be said in a URL.

    Raises `SettingsError` for what it cannot say: `encrypted`, which there is not; `verify-ca` and the system's anchors
    with the C extension; a floor below TLS 1.2 or none; anything before 8.0.33, on a unix socket or beside an option
    file; a client's certificate that nobody named.
    """
    _refuse_unspeakable(settings, posture, anchors)
    pair = whole_pair_to_show(settings, posture, client_pair)
    if posture.assurance is Assurance.PLAINTEXT:
        if by_url(settings):
            return spelled(settings, {"ssl_disabled": "true"}, {})
        return spelled(settings, {}, {"ssl_disabled": True})
    wanted: dict[str, object] = {}
    if posture.assurance >= Assurance.CHAIN_VERIFIED:
        wanted = ({} if anchors == "system" else {"ssl_ca": anchors}) | {"ssl_verify_cert": True}
    if posture.assurance is Assurance.IDENTITY_VERIFIED:
        wanted["ssl_verify_identity"] = True
    if posture.floor is Floor.TLS_1_3:
        wanted["tls_versions"] = ["TLSv1.3"]
    return spelled(settings, {}, wanted | shown(pair))


def harden(settings: DialerSettings, spelling: Spelling) -> Spelling:  # noqa: ARG001 - the same for all of them
    """No `LOAD DATA LOCAL`. Neither build has a word against names in a CN and passwords in clear."""
    return without_local_files(spelling, "allow_local_infile", "allow_local_infile_in_path")


def _refuse_unspeakable(settings: DialerSettings, posture: Posture, anchors: str) -> None:
    keywords = mysql_case.given(settings)
    if ANY_OPTION in keywords:
        refuse("further options are known only at run time", "name all options in the call")
    refuse_bare_demands(posture)
    if posture.assurance is Assurance.PLAINTEXT:
        return
    if keywords.get("unix_socket"):
        refuse("Connector/Python speaks no TLS on a unix socket", "name a host, or leave it local")
    if any(keywords.get(name) for name in OPTION_FILES):
        refuse("an option file may take back what is written here", "name all options in the call")
    if 0 in spans(settings.version or SIGNATURE.newest, TURNS):
        hint = "use MySQL Connector/Python 8.0.33 or later"
        refuse("what Connector/Python before 8.0.33 does was not measured", hint, "driver")
    if posture.floor < Floor.TLS_1_2:
        refuse("Connector/Python's floor is TLS 1.2", "demand TLSv1.2 or TLSv1.3")
    if posture.assurance is Assurance.ENCRYPTED:
        refuse("Connector/Python insists on TLS only where it verifies", "demand verify-full")
    pure = _is_pure(settings)
    if posture.assurance is Assurance.CHAIN_VERIFIED and not pure:
        hint = "demand verify-full, or add use_pure=True"
        refuse("Connector/Python's C extension cannot insist on verify-ca", hint)
    if posture.assurance >= Assurance.CHAIN_VERIFIED and anchors.endswith("/"):
        refuse("Connector/Python takes no folder of trust anchors", "name a file")
    if (
        posture.assurance >= Assurance.CHAIN_VERIFIED
        and anchors == "system"
        and (not pure or posture.floor > Floor.TLS_1_2)
    ):
        refuse("Connector/Python verifies only with ssl_ca here", "name a file of trust anchors")


def _is_pure(settings: DialerSettings) -> bool:
    """Whether it is pure Python for certain."""
    found = mysql_case.cases(settings, SIGNATURE) or []
    return bool(found) and not any(may_be(Build.C, case, settings.build, known=True) for case in found)
