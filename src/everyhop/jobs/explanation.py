"""What there is to say about one database URL: what is verified, what an attacker can do, what to use instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import Final

from everyhop.dialects import client_key, registry
from everyhop.dialects.dsn import Dsn
from everyhop.dialects.notes import told
from everyhop.dialects.settings import DialerSettings, Spelling
from everyhop.dialects.source import ANCHORS, source, unsecret
from everyhop.errors import SettingsError
from everyhop.jobs.given import Given
from everyhop.jobs.instead import instead, shown
from everyhop.model.endpoint import Endpoint, UnixEndpoint
from everyhop.model.finding import Finding, Remediation
from everyhop.model.hop import Hop
from everyhop.model.posture import Assurance, Bounds, Floor, Posture
from everyhop.model.report import Report
from everyhop.model.secret import masked
from everyhop.model.sighting import Dialer, Gap, Origin, Reading
from everyhop.rules.catalogue import catalogue
from everyhop.rules.judge import judge
from everyhop.rules.policy import Policy

_ENCRYPTION: Final = {
    Assurance.PLAINTEXT: "not insisted on",
    Assurance.OPPORTUNISTIC: "only while nobody on the path objects",
    Assurance.ENCRYPTED: "whatever anybody on the path says",
}


class Answer(Enum):
    """Whether something is verified on this connection."""

    YES = "yes"
    NO = "no"
    DEPENDS = "depends"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a connection may or may not verify, and what that is held against."""

    what: str
    answer: Answer
    detail: str = ""


@dataclass(frozen=True)
class Explanation:
    """What settings really do with their driver. `dialer` and `settings` are None where there is no hop (SQLite).

    `url` is None where a driver's keywords were given. `files_read` are service and option files that were there;
    `gaps` tell of certificates that were there and are none. What takes longer than reading (the judgement, the
    settings to use instead) is worked out when it is asked for.
    """

    url: Dsn | None
    settings: DialerSettings | None
    dialer: Dialer | None
    policy: Policy
    started: datetime
    given: Given
    files_read: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def shown(self) -> str:
        """What was given, passwords masked, in a line."""
        return shown(self.given)

    @property
    def endpoint(self) -> Endpoint | None:
        """Where the connection goes; None where that is known only at run time, or nowhere."""
        return self.settings.endpoint if self.settings else None

    @property
    def bounds(self) -> Bounds | None:
        """The postures that are possible; None where there is no hop."""
        return self.dialer.bounds if self.dialer else None

    @property
    def posture(self) -> Posture | None:
        """The posture, where it is settled."""
        return self.bounds.settled if self.bounds else None

    @property
    def why(self) -> str:
        """One sentence on what these settings really do."""
        kind = self.url.dialect if self.url else "SQLite"
        return self.dialer.why if self.dialer else f"{kind} is a file inside the process: there is no hop"

    @property
    def checks(self) -> tuple[Check, ...]:
        """What is verified, and what is not: encryption, chain, name, floor."""
        return tuple(_checks(self.dialer, self.settings)) if self.dialer and self.settings else ()

    @property
    def attacker(self) -> str:
        """What somebody on the path can do, at worst."""
        if self.dialer is None:
            return "there is no path to be on"
        if isinstance(self.endpoint, UnixEndpoint):
            return "nothing from the network: a unix socket does not leave this machine"
        return _attack(self.dialer)

    @property
    def traps(self) -> tuple[str, ...]:
        """What this spelling falls into, or nearly, in a sentence each."""
        return tuple(s for s in map(told, self.dialer.notes) if s) if self.dialer else ()

    @cached_property
    def report(self) -> Report:
        """The reading and what the rules say of it, with the settings to use as the remediation."""
        if self.dialer is None or self.settings is None:
            return judge((), catalogue(), self.policy, command="explain", started=self.started)
        product = self.dialer.product
        hop = Hop(f"app-{product}", "app", product, registry.WIRES[product], self.endpoint)
        reading = Reading(self.dialer, Origin.DECLARED, self.endpoint, hop, ())
        found = judge((reading, *self.gaps), catalogue(), self.policy, command="explain", started=self.started)
        return replace(found, findings=tuple(self._remedied(finding) for finding in found.findings))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the rules have against it."""
        return self.report.findings

    @property
    def secure_url(self) -> Dsn | None:
        """The URL to use instead (`revealed()` has the password, `str` has not); None where there is none to give."""
        return self._secure[0].url if self._secure[0] else None

    @property
    def secure_connect_args(self) -> Mapping[str, object]:
        """What belongs beside it in `connect_args`; a `PythonContext` is an `ssl.SSLContext` to be made like that."""
        return self._secure[0].connect_args if self._secure[0] else {}

    @property
    def remark(self) -> str:
        """What else has to be done, or why there are no settings to use instead; empty where all is said."""
        return self._secure[1]

    @property
    def instead(self) -> str:
        """The settings to use instead as lines to paste, passwords masked; empty where there are none."""
        spelling = self._secure[0]
        return instead(self.given, spelling, self.settings.environment) if spelling and self.settings else ""

    @cached_property
    def hardened(self) -> Spelling | None:
        """The settings to use instead, with what full verification leaves open closed; None where nothing is left."""
        spelling = self._secure[0]
        if spelling is None or self.settings is None:
            return None
        found = registry.harden(self.settings, spelling)
        return found if found != spelling else None

    @property
    def hardened_instead(self) -> str:
        """The hardened settings as lines to paste; empty where there are none."""
        found = self.hardened
        return instead(self.given, found, self.settings.environment) if found and self.settings else ""

    @property
    def left_open(self) -> tuple[str, ...]:
        """What full verification leaves open and the hardened settings close, in a sentence each."""
        if self.settings is None or self.hardened is None or self._secure[0] is None:
            return ()
        before, after = (
            registry.read(registry.respelled(self.settings, spelling)).notes
            for spelling in (self._secure[0], self.hardened)
        )
        return tuple(s for s in map(told, (note for note in before if note not in after)) if s)

    @cached_property
    def _secure(self) -> tuple[Spelling | None, str]:
        return (
            _secured(client_key.own(self.settings), self.bounds)
            if self.settings and self.bounds
            else (None, "nothing to protect")
        )

    @property
    def unchanged(self) -> bool:
        """Whether the settings to use instead are those that were given: what is found is not their spelling."""
        spelling = self._secure[0]
        return spelling is not None and (spelling.url, spelling.connect_args) == (self.url, self.given.arguments)

    def _remedied(self, finding: Finding) -> Finding:
        spelling, remark = self._secure
        rule = catalogue()[finding.rule]
        if rule.subject is not Dialer or rule.advice:
            return replace(finding, remediation=Remediation(rule.advice)) if rule.advice else finding
        if spelling is None:
            return replace(finding, remediation=Remediation(remark))
        if self.unchanged:  # the settings are right, and what is wrong is the driver's version, or none of this
            return replace(finding, remediation=Remediation(remark)) if remark else finding
        text = "; ".join(part for part in ("use these settings", remark) if part)
        return replace(finding, remediation=Remediation(text, self.instead))


def plain(value: object) -> object:
    """A value of `connect_args` as JSON can carry it: passwords masked, a context as the expression that makes it."""
    match value:
        case Mapping():
            return {key: plain(item) for key, item in unsecret(value).items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case str():
            return masked(value)
        case int() | float() | None:
            return value
        case _:
            return source(value)


def _secured(settings: DialerSettings, bounds: Bounds) -> tuple[Spelling | None, str]:
    """The spelling of `verify-full` with the least changes, and what else it takes."""
    posture = Posture(Assurance.IDENTITY_VERIFIED, max(Floor.TLS_1_2, bounds.low.floor))
    named = registry.dialect_for(settings.driver).anchors(settings)
    remarks = [] if named else [f"put the file with your authority's certificate in place of {ANCHORS}"]
    try:
        return registry.write(settings, posture, named or ANCHORS), "; ".join(remarks)
    except SettingsError as error:
        never = f"{error.message}: {error.hint}"
        if error.key != "driver" or settings.version is None:
            return None, never
        try:  # what this version cannot say, a newer one may
            spelling = registry.write(replace(settings, version=None), posture, named or ANCHORS)
        except SettingsError:
            return None, never
        return spelling, "; ".join([f"first {error.hint}", *remarks])


def _checks(dialer: Dialer, settings: DialerSettings) -> list[Check]:
    low, high = dialer.bounds.low, dialer.bounds.high
    anchors = registry.dialect_for(settings.driver).anchors(settings)

    def reached(level: Assurance) -> Answer:
        return Answer.YES if low.assurance >= level else Answer.NO if high.assurance < level else Answer.DEPENDS

    chain = reached(Assurance.CHAIN_VERIFIED)
    name = reached(Assurance.IDENTITY_VERIFIED)
    floor = Answer.NO if high.floor is Floor.NONE else Answer.YES
    shown_floor = low.floor.shown if low.floor is high.floor else f"{low.floor.shown} to {high.floor.shown}"
    return [
        Check("encryption", reached(Assurance.ENCRYPTED), _ENCRYPTION[min(low.assurance, Assurance.ENCRYPTED)]),
        Check("chain", chain, "" if chain is Answer.NO else f"against {_believed(anchors, dialer.notes)}"),
        Check("name", name, "" if name is Answer.NO else "the host's, in the certificate"),
        Check("floor", floor, shown_floor if floor is Answer.YES else "TLS is not used"),
    ]


def _believed(anchors: str | None, notes: tuple[str, ...]) -> str:
    """The trust anchors in words; `anchors` is the file that is named, if any is."""
    if "system-anchors" in notes:
        return _SYSTEM
    if anchors:
        return anchors
    if not _ELSEWHERE.isdisjoint(notes):
        return "trust anchors that are known only where it runs"
    return "~/.postgresql/root.crt" if not _AT_HOME.isdisjoint(notes) else _SYSTEM


_SYSTEM: Final = "the system's trust anchors"
_ELSEWHERE: Final = frozenset({"service-file", "option-file", "unresolved-options"})
_AT_HOME: Final = frozenset({"root-file-needed", "home-root-file"})


def _attack(dialer: Dialer) -> str:
    password = "; gets the password by asking for it in clear" if "clear-password" in dialer.notes else ""
    if "channel-bound" in dialer.notes:
        return "nothing by relaying: the peer has to prove that it knows the password's verifier"
    match dialer.bounds.low.assurance:
        case Assurance.PLAINTEXT:
            return f"reads and changes every query and every answer{password}"
        case Assurance.OPPORTUNISTIC:
            return f"answers that there is no TLS, then reads and changes every query and every answer{password}"
        case Assurance.ENCRYPTED:
            return f"answers with a certificate of his own, then reads and changes everything{password}"
        case Assurance.CHAIN_VERIFIED:
            if "system-anchors" in dialer.notes:
                return f"answers with a certificate of any public authority, for whatever name of his own{password}"
            return f"answers with any certificate of the same authority, another service's for example{password}"
        case Assurance.IDENTITY_VERIFIED:
            if "cn-fallback" in dialer.notes:
                return "nothing but stop the connection, unless the authority gave him this name as a CN"
            return "nothing but stop the connection"
