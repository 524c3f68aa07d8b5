"""Renew: everything that is due, each by itself; deployed, looked at, noted. What fails is told and tried again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from hashlib import sha256
from typing import Final

from everyhop.acme.renewal_info import renewal_advice
from everyhop.errors import EveryhopError, LineageError
from everyhop.jobs import crl
from everyhop.jobs.deployment import Deployed, Fate, Telling, deploy
from everyhop.jobs.issue import lists_of
from everyhop.jobs.issuing import Help, issuer_of, server_of
from everyhop.jobs.office import Office
from everyhop.lineage.adopted import refresh
from everyhop.lineage.authority import KeptAuthority
from everyhop.lineage.ledger.event import Kind
from everyhop.lineage.lineage import Lineage
from everyhop.lineage.renewal import ClockBehind, Decision, Due, NotDue, Postponed, Urgency, decide
from everyhop.lineage.standing import standing
from everyhop.lineage.terms import IssuerName, Terms
from everyhop.lineage.version import Version
from everyhop.model.certificate import RevocationReason
from everyhop.model.validity import RenewalWindow
from everyhop.x509.parse import chain_from_pem

CRL = "CRL"
"""What the revocation lists are called beside lineages."""

_AGAIN: Final = "it is tried again at the next run"


class Extent(Enum):
    """How much is renewed."""

    DUE = "due"
    FORCED = "forced"
    """Whether it is due or not."""
    NONE = "none"
    """Nothing: what is due is told."""


class Result(Enum):
    """How it ended for one of them."""

    KEPT = "not due"
    ENDED = "not renewed"
    WAITING = "to be tried again"
    DUE = "due"
    RENEWED = "renewed"
    DEPLOYED = "deployed"
    PUT_BACK = "put back"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One lineage, or the revocation lists: how it ended, in a sentence; and what became of each deployment.

    `hint` says what to do about a failure.
    """

    name: str
    result: Result
    sentence: str
    hint: str | None = None
    deployed: tuple[Deployed, ...] = ()

    @property
    def stopped(self) -> bool:
        """Whether something was left half-way, or could not be done at all."""
        return self.result is Result.FAILED or any(one.fate is Fate.STOPPED for one in self.deployed)


def renew(office: Office, names: Sequence[str], extent: Extent, given: Help) -> Iterator[Outcome]:
    """Renew these lineages, or all, and with all the revocation lists first. Only the names can raise."""
    chosen = tuple(office.store.open(name).name for name in names) or office.store.names()
    kept = _authority(office)
    if kept is not None and not names:
        yield _renew_lists(office, kept, extent, given)
    for name in chosen:
        try:
            yield _Renewal(office, office.store.open(name), kept, given).run(extent)
        except EveryhopError as error:
            yield Outcome(name, Result.FAILED, str(error), error.hint)


def _authority(office: Office) -> KeptAuthority | None:
    with suppress(LineageError):
        return office.authority()
    return None


def _renew_lists(office: Office, kept: KeptAuthority, extent: Extent, given: Help) -> Outcome:
    try:
        issuing = standing(kept, office.home).issuing
        seed = sha256(kept.crl_pem().encode()).hexdigest()
        decision = _forced(extent) or decide(issuing.crl_validity, now=office.now(), seed=seed)
        if not isinstance(decision, Due) or extent is Extent.NONE:
            return _undone(CRL, decision)
        crl.renew(office, given.passphrase)
        number = standing(kept, office.home).issuing
        until = f"{number.crl_validity.not_after:%Y-%m-%d %H:%M}"
        return Outcome(CRL, Result.RENEWED, f"number {number.crl}, next update {until}")
    except EveryhopError as error:
        return Outcome(CRL, Result.FAILED, str(error), error.hint)


@dataclass(frozen=True, slots=True)
class _Renewal:
    """One lineage's turn."""

    office: Office
    lineage: Lineage
    kept: KeptAuthority | None
    given: Help

    def run(self, extent: Extent) -> Outcome:
        """Nobody else renews it meanwhile."""
        if extent is Extent.NONE:
            terms, live = self.lineage.terms(), self.lineage.live()
            return _undone(self.lineage.name, self._decision(terms, live, extent))
        with self.lineage.locked("everyhop renew"):
            terms, live = self.lineage.terms(), self.lineage.live()
            try:
                return self._renewed(terms, live, extent)
            except EveryhopError as error:
                if isinstance(error, LineageError) and live is None:
                    raise
                failed = self.lineage.note_failure(self.office.now(), str(error))
                times = f" (failed {failed.count} times)" if failed.count > 1 else ""
                return Outcome(self.lineage.name, Result.FAILED, f"{error}{times}", error.hint)

    def _renewed(self, terms: Terms, live: Version | None, extent: Extent) -> Outcome:
        name = self.lineage.name
        if terms.issuer is IssuerName.ADOPTED:
            version = refresh(self.lineage)
            if version is None:
                return self._deployed(
                    terms, live, _undone(name, NotDue(self.office.now(), "certbot has nothing newer"))
                )
            with self.office.ledger() as ledger:
                ledger.append(self.office.event(Kind.ADOPTED, version.leaf, name, "renewed by certbot"))
            return self._deployed(terms, version, Outcome(name, Result.RENEWED, _until(version)))
        decision = self._decision(terms, live, extent)
        if not isinstance(decision, Due):
            before = _undone(name, decision)
            return self._deployed(terms, live, before) if isinstance(decision, NotDue) else before
        with self.office.ledger() as ledger:
            issuer = issuer_of(self.office, terms, self.given, live.leaf if live else None)
            version = self.lineage.add(issuer.issue(terms.request))
            kind = Kind.RENEWED if live else Kind.ISSUED
            ledger.append(self.office.event(kind, version.leaf, name, terms.issuer.value))
        return self._deployed(terms, version, Outcome(name, Result.RENEWED, f"{_until(version)}; {decision.reason}"))

    def _deployed(self, terms: Terms, version: Version | None, before: Outcome) -> Outcome:
        """What is live reaches whoever has not got it: now, or still from the last time."""
        if version is None or not terms.deployments:
            return before
        crl_pem = lists_of(self.office, terms)
        done = tuple(deploy(self.office, before.name, version, terms.deployments, crl_pem, Telling.RELOAD))
        bad = [one for one in done if one.fate in {Fate.PUT_BACK, Fate.STOPPED}]
        if bad:
            reason = "; ".join(f"{one.consumer}: {one.reason}" for one in bad)
            self.lineage.note_failure(self.office.now(), reason)
            half = any(one.fate is Fate.STOPPED for one in bad)
            sentence = f"{before.sentence}; but it is not with everybody who uses it"
            hint = "mend that: the next run puts back what was left half-way, and tries again" if half else _AGAIN
            return replace(before, result=Result.PUT_BACK, sentence=sentence, hint=hint, deployed=done)
        if self.lineage.failures().count:
            self.lineage.forget_failures()
        fresh = any(one.fate is not Fate.NOTHING for one in done)
        result = Result.DEPLOYED if fresh and before.result is Result.KEPT else before.result
        return replace(before, result=result, deployed=done)

    def _decision(self, terms: Terms, live: Version | None, extent: Extent) -> Decision:
        if live is None:
            return Due(Urgency.EMERGENCY, "it has no version yet")
        now = self.office.now()
        if terms.issuer is IssuerName.ADOPTED:
            return NotDue(live.validity.not_after, "certbot renews it")
        told = self._revoked(live) or self._outdated(terms, live) or _forced(extent)
        advice = self._advice(terms, live, now) if told is None else None
        usual = decide(live.validity, now=now, seed=live.leaf.sha256, advice=advice, failures=self.lineage.failures())
        if told is None or isinstance(usual, ClockBehind):
            return usual
        return usual if isinstance(usual, Postponed) and extent is not Extent.FORCED else told

    def _revoked(self, live: Version) -> Decision | None:
        if self.kept is None:
            return None
        found = standing(self.kept, self.office.home).revocation(live.leaf)
        return None if found is None else _after_revocation(found.since, found.reason)

    def _outdated(self, terms: Terms, live: Version) -> Decision | None:
        """During a roll-over: whether it comes from the wrong intermediate, or tells the wrong roots."""
        if self.kept is None or terms.issuer is not IssuerName.INTERNAL:
            return None
        if standing(self.kept, self.office.home).issuing.intermediate.subject != live.leaf.issuer:
            return Due(Urgency.ROUTINE, "another intermediate issues now")
        if _fingerprints(self.kept.anchors_pem()) != _fingerprints(live.anchors_pem):
            return Due(Urgency.ROUTINE, "other roots are to be believed now")
        return None

    def _advice(self, terms: Terms, live: Version, now: datetime) -> RenewalWindow | None:
        """When the issuer asks for renewal (RFC 9773); its own window counts where it cannot be asked."""
        if terms.acme is None or now > live.validity.not_after:
            return None
        try:
            advice = renewal_advice(server_of(terms.acme), live.leaf, now=self.office.now, tell=self.given.tell)
        except EveryhopError as error:
            self.given.tell(f"{self.lineage.name}: when to renew could not be asked: {error}")
            return None
        if advice is not None and advice.explanation:
            self.given.tell(f"{self.lineage.name}: the issuer explains its window at {advice.explanation}")
        return advice.window if advice else None


def _forced(extent: Extent) -> Due | None:
    return Due(Urgency.ROUTINE, "asked for by --force") if extent is Extent.FORCED else None


def _after_revocation(since: datetime, reason: RevocationReason) -> Decision:
    told = f"it was revoked on {since:%Y-%m-%d} ({reason.value})"
    if reason.is_the_end:
        return NotDue(_NEVER, told)
    return Due(Urgency.EMERGENCY, told)


_NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)


def _undone(name: str, decision: Decision) -> Outcome:
    match decision:
        case Due():
            return Outcome(name, Result.DUE, decision.reason)
        case NotDue():
            result = Result.ENDED if decision.at == _NEVER else Result.KEPT
            return Outcome(name, result, decision.reason)
        case Postponed():
            return Outcome(name, Result.WAITING, decision.reason, "--force tries it now")
        case ClockBehind():
            return Outcome(name, Result.FAILED, decision.reason, "set the clock: timedatectl tells what it believes")


def _until(version: Version) -> str:
    return f"version {version.number}, serial {version.leaf.serial:x}, until {version.validity.not_after:%Y-%m-%d}"


def _fingerprints(pem: str) -> frozenset[str]:
    return frozenset(one.sha256 for one in chain_from_pem(pem).certificates)
