"""What an observer brings home: a reading, or a gap where it could not look.

A `Reading` says what it is about (`subject`, one of a closed set of types), on which hop, and why it is believed. Rules
judge subjects; they never see files or sockets.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a process that asks for one URL needs no certificates: each of these costs a millisecond
    from everyhop.model.certificate import Chain
    from everyhop.model.endpoint import Endpoint
    from everyhop.model.evidence import Evidence
    from everyhop.model.hop import Hop
    from everyhop.model.posture import Bounds


class Origin(Enum):
    """What a reading was taken from: what somebody wrote down, or what really happened."""

    DECLARED = "declared"
    OBSERVED = "observed"


class Plaintext(Enum):
    """Does a listener accept plaintext? A protocol does not always tell from outside: UNKNOWN is an answer."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Version:
    """A driver's or server's version; `assumed` where nothing named one and the newest known was taken."""

    value: str
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Dialer:
    """How an application (or proxy) opens a connection.

    `notes` are the dialect's remarks in stable words: `ignored-option:sslmod`, `cn-fallback`, `clear-password`,
    `channel-bound`, `file-assumed:/etc/ssl/ca.pem` …; `why` is one sentence on what these settings really do.
    """

    product: str
    driver: str | None
    version: Version | None
    bounds: Bounds
    notes: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Listener:
    """What a server takes from whoever connects. Its assurance is never more than `encrypted`.

    `opportunistic` is a listener that takes both, `encrypted` one that refuses plaintext.
    """

    product: str
    version: Version | None
    bounds: Bounds
    notes: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class ServedChain:
    """The chain that a listener showed, and what a verifying dialer makes of it; None: nothing to judge by.

    `issues` is True for a file whose first certificate may issue others, and so lives long on purpose.
    """

    product: str
    chain: Chain
    trusted: bool | None
    name_matches: bool | None
    name: str
    why: str = ""
    issues: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """How a web site treats a browser. `https` is whether it speaks TLS at all.

    `redirects` is None where its plain-HTTP port was not to be found or looked at. `hsts_max_age` is in seconds, None
    where no (valid) header was sent over HTTPS (RFC 6797 section 6.1). `hsts_applies` is False for IP addresses, where
    browsers ignore it (section 8.1.1), and for localhost, where it would bind every other port of the machine.

    Of settings only: `hsts_elsewhere` says that something unseen may send the header (the app behind, another file),
    `hsts_unread` that it is sent with a max-age which only the run decides, `hsts_without` names the answers that leave
    without it, and `hsts_over_http` that it is sent in plaintext as well.
    """

    product: str
    https: bool
    redirects: bool | None
    hsts_max_age: int | None
    hsts_applies: bool
    hsts_elsewhere: bool = False
    hsts_without: tuple[str, ...] = ()
    hsts_over_http: bool = False
    hsts_unread: bool = False


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie as it was set: its name and the attributes that keep it from leaking (RFC 6265).

    `secure` is None where settings that nobody could read decide. `sent` is False where nothing makes the app send the
    cookie yet: Flask has no session without a secret key.
    """

    product: str
    name: str
    secure: bool | None
    http_only: bool
    sent: bool = True


@dataclass(frozen=True, slots=True)
class Suites:
    """The cipher suites that a listener was told to take: the list as written, and the broken ones that it admits.

    `weak` are their families in OpenSSL's words (`RC4`, `3DES`, `eNULL` …), in the order of the list.
    """

    product: str
    written: str
    weak: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoginRule:
    """How a database server lets somebody in: the method (`md5`, `trust` …) and the rule as it is written.

    `network` is whether it speaks of connections from other machines; the others come by socket or loopback.
    """

    product: str
    method: str
    written: str
    network: bool


@dataclass(frozen=True, slots=True)
class ProxyTrust:
    """Whose word an app takes for where a request came from: `trusted` is the setting as written."""

    product: str
    trusted: str


class Debugger(Enum):
    """Whether an app shows its debugger: what it does unless it is told otherwise, and who can tell it."""

    OFF = "off"
    ON = "on"
    SWITCHED = "off until whoever starts the app turns it on"
    IN_DEVELOPMENT = "on where the app is developed, by settings that are for that"


@dataclass(frozen=True, slots=True)
class AppServer:
    """What serves an app where it is deployed, and how: `command` is the line or the setting that says so.

    `certain` is False where something that was not seen may keep it from being deployed like this.
    """

    product: str
    command: str
    development: bool
    debugger: Debugger = Debugger.OFF
    certain: bool = True


class Custody(Enum):
    """Where a private key is kept, as far as can be seen."""

    TRACKED = "tracked by version control"
    SHIPPED = "beside a project's sources, no version control to be seen"
    KEPT = "on this machine only"
    ELSEWHERE = "named by settings, not here"


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A private key in a file. `key` is in words (`RSA 2048`, `EC P-256`), None where it could not be told.

    `mode` are the permission bits, None for a file that is not here. `used_by` are the listeners that serve with it.
    `for_show` is a key of tests, documentation or examples.
    """

    product: str
    path: str
    key: str | None
    encrypted: bool
    mode: int | None
    custody: Custody
    used_by: tuple[str, ...] = ()
    for_show: bool = False


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was declared for one side beside what it was seen to do. The judge makes it; nobody observes it."""

    product: str
    declared: Bounds
    observed: Bounds


Subject = (
    Dialer | Listener | ServedChain | Site | Cookie | Suites | LoginRule | ProxyTrust | AppServer | KeyFile | Agreement
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was seen, where, and why it is believed."""

    subject: Subject
    origin: Origin
    endpoint: Endpoint | None
    hop: Hop | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that was there and could not be looked at: where, why, and what would help. Never a pass."""

    where: str
    reason: str
    hint: str
    hop: Hop | None = None


Sighting = Reading | Gap
