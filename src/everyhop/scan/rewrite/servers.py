"""Fixes in the settings of servers, proxies and poolers: the value that the dialect writes, where the other one stands.

A fix is safe if it only takes away what nobody should still need: old versions, broken suites. What shuts somebody out
who is let in now, or what browsers keep to for a long time, is a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import accumulate
from typing import Final

from everyhop.dialects import apache, mariadb, pgbouncer
from everyhop.dialects.nginx import mending, writing
from everyhop.dialects.postgresql import conf, hba
from everyhop.errors import SettingsError, SourceError
from everyhop.model.evidence import SourceSpan
from everyhop.model.finding import Certainty, Finding
from everyhop.model.place import Place, place_of
from everyhop.model.posture import Floor
from everyhop.model.profile import Profile
from everyhop.model.report import Report
from everyhop.rules.policy import Policy
from everyhop.scan.rewrite.fix import UNDEPLOYED, Fix, Refusal
from everyhop.scan.rewrite.text import Edit, applied, changed, overlap
from everyhop.scan.syntax.span import Lines
from everyhop.scan.workspace import Kind, Source

_SETTING: Final = re.compile(r"[\w.-]+(?:\s*=\s*|\s+)(?P<value>.*?)(?:[ \t]+#.*|\s*;)?", re.DOTALL)
_AGE: Final = re.compile(r"max-age\s*=\s*(?P<age>\d+)")
_HTTP: Final = re.compile(r"^\s*http\s*\{", re.MULTILINE)
_ADDRESS: Final = re.compile(r"\[.*\]|\d+(?:\.\d+){3}")
_HAPROXY_CEILING: Final = re.compile(r"^[^#\n]*\bssl-max-ver[ \t]+(?P<version>\S+)", re.MULTILINE)
_CEILING: Final = re.compile(
    r"^[ \t]*ssl_max_protocol_version[ \t]*=?[ \t]*'?(?P<version>[\w.]+)", re.IGNORECASE | re.MULTILINE
)
_HAPROXY_FLOOR: Final = re.compile(r"\b(?:ssl-min-ver\s+\S+|force-(?:sslv3|tlsv1\d))")


@dataclass(frozen=True, slots=True)
class _Case:
    """One finding to be ended: the place of the setting, and what to write there."""

    source: Source
    start: int
    end: int
    places: tuple[int, ...]
    floor: Floor
    profile: Profile
    anchors: str | None
    all_texts: str

    @property
    def text(self) -> str:
        return self.source.text

    @property
    def suites(self) -> str:
        return ":".join(self.profile.suites)


@dataclass(frozen=True, slots=True)
class _Mend:
    """How a finding is ended: at which of its places, by which edits, and what speaks against doing so unasked.

    `symbols` are the settings to look for among its places, in this order; without any its first place is meant.
    """

    edits: Callable[[_Case], Iterable[Edit]]
    symbols: tuple[str, ...] = ()
    doubt: Callable[[_Case], str | None] = lambda _: None
    least: Certainty = Certainty.CERTAIN


def server_fixes(
    report: Report, policy: Policy, sources: Mapping[str, Source], anchors: str | None, profile: Profile
) -> Iterator[Fix | Refusal]:
    """A fix or a refusal for each finding that stands in a server's settings and that settings can end.

    `anchors` are the trust anchors for a proxy that names none, `profile` is what listeners are to allow.
    """
    found: dict[Fix | Refusal, None] = {}  # sites may share a setting: what ends one's finding ends the other's
    for finding in report.findings:
        placed = _placed(finding, sources)
        if placed is None or finding.span is None:
            continue
        at, mend = placed
        if mend.least is Certainty.CERTAIN and finding.certainty is not Certainty.CERTAIN:
            continue  # what is not here may have ended it already
        for place in _in_each_file(finding, at, sources):
            found[_fix(finding, finding.span, place, mend, _Wanted(sources, policy, anchors, profile))] = None
    yield from found


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is the same for all findings of a run."""

    sources: Mapping[str, Source]
    policy: Policy
    anchors: str | None
    profile: Profile


def _fix(finding: Finding, first: SourceSpan, at: SourceSpan, mend: _Mend, wanted: _Wanted) -> Fix | Refusal:
    try:
        case = _case(finding, at, wanted)
        edits = tuple(dict.fromkeys(mend.edits(case)))
        if not edits or overlap(edits) or applied(case.text, edits) == case.text:
            raise SourceError("there is nothing to write here that would end it")
        undeployed = UNDEPLOYED if place_of(at.path) is not Place.DEPLOYED else None
        doubts = tuple(filter(None, (mend.doubt(case), undeployed)))
        return Fix(at, (finding.rule,), edits, None, doubts, first)
    except (SettingsError, SourceError) as error:
        return Refusal(first, (finding.rule,), f"{error.message}: {error.hint}" if error.hint else error.message)


def _placed(finding: Finding, sources: Mapping[str, Source]) -> tuple[SourceSpan, _Mend] | None:
    """The place to mend, with how: the first of a finding's places whose file's kind has a way, by the symbols."""
    best: tuple[int, SourceSpan, _Mend] | None = None
    for item in finding.evidence:
        if not isinstance(item, SourceSpan) or item.path not in sources:
            continue
        mend = _MENDS.get((sources[item.path].kind, finding.rule))
        if mend is None:
            continue
        symbol = (item.symbol or "").lower()
        rank = mend.symbols.index(symbol) if symbol in mend.symbols else len(mend.symbols)
        if best is None or rank < best[0]:
            best = rank, item, mend
    return None if best is None else best[1:]


def _in_each_file(finding: Finding, at: SourceSpan, sources: Mapping[str, Source]) -> list[SourceSpan]:
    """The place, and for an upstream that several files dial the first one in each of them."""
    first = {at.path: at}
    if finding.rule == "unverified-upstream":
        for item in finding.evidence:
            if isinstance(item, SourceSpan) and item.symbol == at.symbol and item.path in sources:
                first.setdefault(item.path, item)
    return list(first.values())


def _case(finding: Finding, at: SourceSpan, wanted: _Wanted) -> _Case:
    source = wanted.sources[at.path]
    lines = _lines(source.text)
    start, end = lines.offset(at.line, at.column), lines.offset(at.end_line, at.end_column)
    if re.search(r"\{[{%]", source.text[start:end]):
        raise SourceError("a template fills this in: mend it there")
    spans = [item for item in finding.evidence if isinstance(item, SourceSpan) and item.path == at.path]
    same = [item for item in spans if item.symbol == at.symbol]
    places = tuple(lines.offset(item.line, item.column) for item in same)
    floor = max(wanted.policy.demand(finding.hop, finding.endpoint).floor, wanted.profile.floor)
    texts = "\n".join(one.text for one in wanted.sources.values() if one.kind is source.kind)
    return _Case(source, start, end, places, floor, wanted.profile, wanted.anchors, texts)


@lru_cache(maxsize=4)  # a file may have a finding in each of its lines
def _lines(text: str) -> Lines:
    return Lines(text)


def _value(name: str, written: Callable[[_Case], str]) -> Callable[[_Case], Iterator[Edit]]:
    """The value alone of the setting `name`: blanks, signs and comments around it stay."""

    def edits(case: _Case) -> Iterator[Edit]:
        setting = case.text[case.start : case.end]
        match = _SETTING.fullmatch(setting)
        if match is None or not setting.lower().replace("-", "_").startswith(name.lower()):
            raise SourceError(f"{name} is not set where this is decided")
        yield Edit(case.start + match.start("value"), case.start + match.end("value"), written(case))

    return edits


def _of_nginx(worded: Callable[[_Case, int], Iterable[writing.Edit]]) -> Callable[[_Case], Iterator[Edit]]:
    """What the dialect edits at each of a finding's places."""

    def edits(case: _Case) -> Iterator[Edit]:
        for place in case.places:
            for start, end, new in worded(case, place):
                yield Edit(start, end, new)

    return edits


def _header(case: _Case, place: int) -> Iterable[writing.Edit]:
    """The header in the site's own block. One there drops those around it, which are to be seen in this file only."""
    if not _HTTP.search(case.text) and case.all_texts.count("add_header") > case.text.count("add_header"):
        raise SourceError("an add_header here drops those of other files: write it beside them")
    return mending.hsts(case.text, place, case.profile.hsts) if place == case.start else ()


def _longer_age(case: _Case) -> Iterator[Edit]:
    match = _AGE.search(case.text, case.start, case.end)
    if match is not None:
        yield Edit(match.start("age"), match.end("age"), str(int(case.profile.hsts.total_seconds())))


def _refusing_plaintext(case: _Case) -> Iterator[Edit]:
    return _between(case.text, hba.refusing_plaintext(case.text))


def _with_scram(case: _Case) -> Iterator[Edit]:
    """The method of this record alone: each has a finding of its own, and there may be hundreds."""
    start = case.text.rfind("\n", 0, case.start) + 1
    end = case.text.find("\n", case.end)
    record = case.text[start:] if end < 0 else case.text[start:end]
    return (edit.moved(start) for edit in _between(record, hba.with_scram(record)))


def _between(before: str, now: str) -> Iterator[Edit]:
    """The edits that make one text of another, as few characters of each line as do it."""
    old, new = before.splitlines(keepends=True), now.splitlines(keepends=True)
    starts = [0, *accumulate(map(len, old))]
    for kind, first, last, top, bottom in SequenceMatcher(a=old, b=new).get_opcodes():
        if kind == "equal":
            continue
        more = (bottom - top) - (last - first)
        if more < 0:
            yield Edit(starts[first], starts[last], "".join(new[top:bottom]))
            continue
        if more:  # new lines stand above those that they change
            yield Edit(starts[first], starts[first], "".join(new[top : top + more]))
        for start, gone, come in zip(starts[first:last], old[first:last], new[top + more : bottom], strict=True):
            edit = changed(gone, come)
            if edit is not None:
                yield edit.moved(start)


def _insisting(case: _Case) -> Iterator[Edit]:
    """`require_secure_transport` in the server's group: the value where it stands, else a line of its own."""
    if case.text[case.start : case.end].lower().replace("-", "_").startswith("require_secure_transport"):
        yield from _value("require_secure_transport", lambda _: "ON")(case)
        return
    option = next((one for one in mariadb.options(case.text) if one.start == case.start), None)
    if option is None or not option.is_servers or option.group == "client-server":
        raise SourceError("write require_secure_transport = ON in the server's own group, [mariadbd] or [mysqld]")
    end = case.text.find("\n", case.end)
    end = len(case.text) if end < 0 else end
    yield Edit(end, end, "\nrequire_secure_transport = ON")


def _below_ceiling(case: _Case, ceiling: re.Pattern[str]) -> None:
    """Refuse a floor above the newest version that is allowed: with no version left a server does not start."""
    older = {floor.word for floor in Floor if floor < case.floor}
    for match in ceiling.finditer(case.all_texts):
        if match["version"].replace("TLSv1.0", "TLSv1") in older:
            raise SourceError(f"the newest version that is allowed is {match['version']}", hint="raise that first")


def _postgresql_floor(case: _Case) -> Iterator[Edit]:
    _below_ceiling(case, _CEILING)
    yield from _value("ssl_min_protocol_version", lambda _: conf.quoted(case.floor.word or ""))(case)


def _haproxy_floor(case: _Case) -> Iterator[Edit]:
    _below_ceiling(case, _HAPROXY_CEILING)
    found = list(_HAPROXY_FLOOR.finditer(case.text, case.start, case.end))
    if not found:
        raise SourceError("write ssl-min-ver where the oldest version is decided")
    yield Edit(*found[0].span(), f"ssl-min-ver {case.floor.word}")


def _of_pooler(case: _Case) -> Iterator[Edit]:
    """What the dialect writes for the databases behind a pooler, in the pooler's own group."""
    if case.anchors is None and not pgbouncer.names_anchors(case.text):
        raise SourceError("no trust anchors are named: give --anchors FILE")
    yield from _between(case.text, pgbouncer.verifying(case.text, case.anchors))


def _suites(case: _Case) -> str:
    return case.suites


def _age_doubt(case: _Case) -> str:
    days = case.profile.hsts.days
    return f"browsers that have seen it come over HTTPS only for {days} days, whatever becomes of the certificate"


def _name_doubt(case: _Case) -> str | None:
    """What speaks against the name that nginx would look for in the certificate; None where that is a host's own."""
    for place in case.places:
        name = mending.needed_name(case.text, place)
        if name is None:
            continue
        if "$" in name:
            return "the name that the upstream's certificate needs is known at run time only"
        if _ADDRESS.fullmatch(name):
            return f"nginx looks for {name} among a certificate's names, where no address stands: set proxy_ssl_name"
        if re.search(rf"\bupstream\s+{re.escape(name)}\s*\{{", case.all_texts):
            return f"the certificates of the upstreams need the name {name}, unless proxy_ssl_name says another"
    return None


def _told(text: str) -> Callable[[_Case], str]:
    return lambda _: text


_PLAINTEXT: Final = _told("whoever connects without TLS is refused from then on")
_SCRAM: Final = _told("a role whose stored password is still an MD5 hash logs in no more")
_REDIRECT: Final = _told("whoever comes over plain HTTP gets the redirect only")

_POOLER: Final = _Mend(
    _of_pooler, (), _told("a database without TLS, or with another name in its certificate, is lost")
)
_MENDS: Final[Mapping[tuple[Kind, str], _Mend]] = {
    (Kind.PGBOUNCER, "plaintext-dial"): _POOLER,
    (Kind.PGBOUNCER, "opportunistic-dial"): _POOLER,
    (Kind.PGBOUNCER, "unverified-chain"): _POOLER,
    (Kind.PGBOUNCER, "unverified-identity"): _POOLER,
    (Kind.NGINX, "old-tls-versions"): _Mend(
        _value("ssl_protocols", lambda case: writing.versions(case.floor)), ("ssl_protocols",)
    ),
    (Kind.NGINX, "weak-suites"): _Mend(_value("ssl_ciphers", _suites)),
    (Kind.NGINX, "short-hsts"): _Mend(_longer_age, ("add_header",), _age_doubt),
    (Kind.NGINX, "missing-hsts"): _Mend(_of_nginx(_header), ("server",), _age_doubt),
    (Kind.NGINX, "missing-redirect"): _Mend(
        _of_nginx(lambda case, place: mending.redirect(case.text, place)), ("listen",), _REDIRECT
    ),
    (Kind.NGINX, "unverified-upstream"): _Mend(
        _of_nginx(lambda case, place: mending.verification(case.text, place, case.anchors)), (), _name_doubt
    ),
    (Kind.APACHE, "old-tls-versions"): _Mend(
        _value("SSLProtocol", lambda case: apache.versions(case.floor)), ("sslprotocol",)
    ),
    (Kind.APACHE, "weak-suites"): _Mend(_value("SSLCipherSuite", _suites)),
    (Kind.APACHE, "short-hsts"): _Mend(_longer_age, ("header",), _age_doubt),
    (Kind.HAPROXY, "old-tls-versions"): _Mend(_haproxy_floor, ("ssl-default-bind-options",)),
    (Kind.HAPROXY, "weak-suites"): _Mend(_value("ssl_default_bind_ciphers", _suites)),
    (Kind.HAPROXY, "short-hsts"): _Mend(_longer_age, ("http-response",), _age_doubt),
    (Kind.POSTGRESQL, "old-tls-versions"): _Mend(_postgresql_floor, ("ssl_min_protocol_version",)),
    (Kind.POSTGRESQL, "weak-suites"): _Mend(_value("ssl_ciphers", lambda case: conf.quoted(case.suites))),
    (Kind.HBA, "plaintext-accepted"): _Mend(_refusing_plaintext, (), _PLAINTEXT),
    (Kind.HBA, "md5-password-auth"): _Mend(_with_scram, (), _SCRAM, Certainty.POSSIBLE),
    (Kind.OPTION_FILE, "old-tls-versions"): _Mend(
        _value("tls_version", lambda case: mariadb.versions(case.floor)), ("tls_version",)
    ),
    (Kind.OPTION_FILE, "weak-suites"): _Mend(_value("ssl_cipher", _suites)),
    (Kind.OPTION_FILE, "plaintext-accepted"): _Mend(
        _insisting, ("require_secure_transport", "tls_version", "ssl_cert"), _PLAINTEXT
    ),
    (Kind.PGBOUNCER, "old-tls-versions"): _Mend(
        _value("client_tls_protocols", lambda case: pgbouncer.versions(case.floor)), ("client_tls_protocols",)
    ),
    (Kind.PGBOUNCER, "weak-suites"): _Mend(_value("client_tls_ciphers", _suites)),
    (Kind.PGBOUNCER, "plaintext-accepted"): _Mend(
        _value("client_tls_sslmode", _told("require")), ("client_tls_sslmode",), _PLAINTEXT
    ),
    (Kind.PGBOUNCER, "md5-password-auth"): _Mend(
        _value("auth_type", _told("scram-sha-256")), ("auth_type",), _SCRAM, Certainty.POSSIBLE
    ),
}
