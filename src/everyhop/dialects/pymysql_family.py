"""What PyMySQL and its asynchronous relatives have in common: the option file, the dict `ssl` and what it comes to.

Sources: `Connection.__init__` and `_create_ssl_ctx` of PyMySQL 1.1.2 to 1.2.4 and of asyncmy 0.2.9 to 0.2.18, which
are one text; aiomysql has an option file of its own kind. What else each of them does is its dialect's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from everyhop.dialects.mysql_case import Case
from everyhop.dialects.option_file import Reader, parse
from everyhop.dialects.python_ssl import posture_of
from everyhop.dialects.settings import SOME_FILE, PeerCheck, PythonContext
from everyhop.model.endpoint import port_of
from everyhop.model.posture import Assurance, Bounds, Floor, Posture

DICT_KEYS: Final = frozenset({"ca", "capath", "cert", "key", "cipher", "check_hostname", "verify_mode"})
"""What the drivers look at in a dict `ssl`."""

CANDIDATES: Final[Mapping[str, tuple[object, ...]]] = {
    **dict.fromkeys(("ssl_ca", "ssl_capath", "ssl_cert"), (SOME_FILE,)),
    "ssl_check_hostname": ("true", "false"),
    "read_default_file": (SOME_FILE,),
}
INNER_CANDIDATES: Final[Mapping[str, tuple[object, ...]]] = {
    **dict.fromkeys(("ca", "capath", "cert"), (SOME_FILE,)),
    "check_hostname": (True, False),
    "verify_mode": ("none", "required"),
}

NO_CHECK: Final = PythonContext(PeerCheck.NONE, check_hostname=False)
"""The context that verifies nothing."""

_SYSTEM_FILE: Final = "/etc/my.cnf"
_FROM_FILE: Final = {"host": "host", "port": "port", "socket": "unix_socket"}
TLS_FROM_FILE: Final = ("ca", "capath", "cert", "key", "cipher")
"""What a dict `ssl` takes of an option file, where each name has `ssl-` before it."""


def files_named(keywords: Mapping[str, object]) -> tuple[str, ...]:
    """The option file that is named; a group alone means the system's."""
    named = keywords.get("read_default_file") or (keywords.get("read_default_group") and _SYSTEM_FILE)
    return (named,) if isinstance(named, str) else ()


def with_file(case: Case, files: Mapping[str, str], taken: tuple[str, ...] = TLS_FROM_FILE) -> bool:
    """Add what the option file says; the call's own words beat it. False where nobody knows what it says.

    A dict `ssl`, or none, takes what is `taken` of the option file; keywords and contexts pass over that.
    """
    keywords = case.keywords
    if "read_default_file" not in keywords and "read_default_group" not in keywords:
        return True
    if not (named := files_named(keywords)):
        return not any(keywords.get(name) for name in ("read_default_file", "read_default_group"))
    if named[0] not in files:
        return False
    found = parse(files[named[0]], Reader.PYMYSQL)
    if found.error:
        case.refuse("read_default_file" if "read_default_file" in keywords else "read_default_group", found.error)
        return True
    options = found.of(str(keywords.get("read_default_group") or "client"))
    places = {name: options.get(known) for known, name in _FROM_FILE.items() if not keywords.get(name)}
    added: dict[str, object] = {name: value for name, value in places.items() if value}
    given = keywords.get("ssl") or {}
    if isinstance(given, Mapping):
        inner = {key: value for key in taken if not given.get(key) and (value := options.get(f"ssl_{key}"))}
        if inner:
            added["ssl"] = {**given, **inner}
    if (port := port_of(added.get("port") or keywords.get("port") or "")) is not None:
        added["port"] = port  # beside a file it may be a text
    case.keywords = {**keywords, **added}
    return True


def widened(case: Case, bounds: Bounds, why: str, context: PythonContext | None) -> tuple[Bounds, str]:
    """The bounds beside an option file of which nothing is known: it may bring a CA, and a socket."""
    case.note("option-file")
    given = case.keywords.get("ssl")
    if (given and not isinstance(given, Mapping)) or (context is not None and context.anchors is not None):
        return bounds, why
    verified = posture_of(PythonContext(client_pair=(SOME_FILE, None)))
    return bounds.widen(Bounds.exactly(verified)), f"{why}; the option file that is named may bring a CA"


def context_from(case: Case, inner: Mapping[str, object]) -> PythonContext:
    """`_create_ssl_ctx`: without a CA the name is never looked at, and the chain only if it is asked for."""
    anchorless = inner.get("ca") is None and inner.get("capath") is None
    check_hostname = not anchorless and bool(inner.get("check_hostname", True))
    peer = _peer(inner.get("verify_mode"), PeerCheck.NONE if anchorless else PeerCheck.REQUIRED)
    if peer is PeerCheck.NONE and check_hostname:
        case.refuse(_named(case, "verify_mode"), "ValueError")  # CERT_NONE with check_hostname
        check_hostname = False
    pair = None
    if "cert" in inner:
        if inner["cert"] is None:
            case.refuse(_named(case, "cert"), "TypeError")  # `load_cert_chain(None)`
        else:
            key = inner.get("key")
            pair = (str(inner["cert"]), None if key is None else str(key))
    elif inner.get("key"):
        case.note(f"ignored-option:{_named(case, 'key')}")
    ca, capath = inner.get("ca"), inner.get("capath")
    anchors = str(ca) if ca else f"{str(capath).rstrip('/')}/" if capath else None
    context = PythonContext(peer, check_hostname, anchors, Floor.TLS_1_2, pair)
    if peer is PeerCheck.REQUIRED and anchors is None:
        case.note("system-anchors")
    note_context(case, context)
    return context


def note_context(case: Case, context: PythonContext) -> None:
    """Note the files that a context needs, and whether it believes a CN."""
    pair = context.client_pair or ()
    if context.anchors or pair:
        case.assume_files(SOME_FILE if context.anchors == f"{SOME_FILE}/" else context.anchors, *pair)
    if context.peer is PeerCheck.REQUIRED and context.check_hostname and context.common_name:
        case.note("cn-fallback")


def amounts_to(context: PythonContext, driver: str) -> str:
    """The sentence for a context that `driver` made of files and switches."""
    if context.peer is PeerCheck.REQUIRED:
        kind = "name" if context.check_hostname else "chain" if context.anchors else "system"
    elif context.anchors:
        kind = "switched off"
    else:
        kind = "pair" if context.client_pair else "no ca"
    return _WHY[kind].format(driver=driver)


def given_context(context: PythonContext) -> str:
    """The sentence for an `ssl.SSLContext` that was handed over."""
    return _WHY[posture_of(context).assurance.word]


def dict_for(posture: Posture, anchors: str, pair: tuple[str, str | None] | None) -> dict[str, object]:
    """The dict for `encrypted` and above; `check_hostname` alone makes it not empty, which is TLS."""
    inner: dict[str, object] = {}
    if posture.assurance >= Assurance.CHAIN_VERIFIED:
        inner["capath" if anchors.endswith("/") else "ca"] = anchors
    if posture.assurance < Assurance.IDENTITY_VERIFIED:
        inner["check_hostname"] = False
    return inner | {name: file for name, file in zip(("cert", "key"), pair or (), strict=False) if file}


def options_for(posture: Posture, anchors: str, pair: tuple[str, str | None] | None) -> dict[str, str]:
    """The same as options of a URL, of which SQLAlchemy makes that dict."""
    inner = dict_for(posture, anchors, pair)
    return {f"ssl_{key}": value if isinstance(value, str) else "false" for key, value in inner.items()}


def _named(case: Case, key: str) -> str:
    """A key of the dict under the name that a person knows."""
    deciding = isinstance(case.keywords.get("ssl"), Mapping) and f"ssl_{key}" not in case.written
    return f"ssl.{key}" if deciding else f"ssl_{key}"


def _peer(mode: object, otherwise: PeerCheck) -> PeerCheck:
    """`verify_mode`: booleans and words; anything else, `ssl.CERT_NONE` too, counts as not given."""
    if mode is None:
        return otherwise
    if isinstance(mode, bool):
        return PeerCheck.REQUIRED if mode else PeerCheck.NONE
    word = mode.lower() if isinstance(mode, str) else ""
    if word in {"none", "0", "false", "no"}:
        return PeerCheck.NONE
    return PeerCheck.REQUIRED if word in {"optional", "required", "1", "true", "yes"} else otherwise


_WHY: Final = {
    "name": "{driver} verifies the chain and the name: only the real server is believed",
    "chain": "{driver} verifies the chain but not the name: any certificate of that authority is believed",
    "system": "without ssl_ca {driver} holds the chain against the system's store and never looks at the name: any "
    "certificate of a public authority is believed",
    "switched off": "verify_mode switches verification off: whoever answers is believed",
    "pair": "{driver} with ssl_cert and ssl_key, but without ssl_ca, accepts any certificate: whoever answers is "
    "believed",
    "no ca": "without a CA {driver} encrypts and verifies nothing: whoever answers is believed",
    "encrypted": "the SSLContext has CERT_NONE: whoever answers is believed",
    "verify-ca": "the SSLContext does not check the host name: any certificate of its authorities is believed",
    "verify-full": "the SSLContext verifies the chain and the name: only the real server is believed",
}
