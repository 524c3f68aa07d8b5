"""`[policy]` and the demands of single hops."""

from __future__ import annotations

from collections.abc import Mapping

from everyhop.config.table import Table
from everyhop.model.endpoint import Endpoint, Locality
from everyhop.model.nearest import did_you_mean
from everyhop.model.posture import Assurance, ClientAuth, Floor, Posture
from everyhop.model.waiver import Waiver
from everyhop.rules.catalogue import catalogue
from everyhop.rules.policy import Policy, Undeployed

_FLOOR_ALIAS = "TLSv1.0"  # what people write for OpenSSL's TLSv1
_LOCALITIES = (Locality.UNIX.value, Locality.LOOPBACK.value)


def read_policy(table: Table) -> Policy:
    """The policy without the demands of single hops, which need it."""
    table.only("require", "floor", "local", "undeployed", "waive")
    default = Policy()
    local = table.words("local", _LOCALITIES)
    undeployed = table.one_of("undeployed", [member.value for member in Undeployed])
    return Policy(
        require=_assurance(table) or default.require,
        floor=_floor(table) or default.floor,
        local=default.local if local is None else frozenset(map(Locality, local)),
        waivers=tuple(_waiver(waiver) for waiver in table.tables("waive")),
        undeployed=default.undeployed if undeployed is None else Undeployed(undeployed),
    )


def _waiver(table: Table) -> Waiver:
    table.only("rule", "where", "reason", "until")
    rule = table.needed("rule", "name the rule that is waived: everyhop rules lists them")
    if rule not in catalogue():
        near = did_you_mean(rule, catalogue())
        raise table.fault("rule", f"there is no rule {rule!r}{near}", "everyhop rules lists them")
    return Waiver(
        rule=rule,
        where=table.needed("where", 'a path pattern or the name of a hop, such as where = "tests/**"'),
        reason=table.needed("reason", "say why this is acceptable; whoever reads it next will ask"),
        until=table.date("until"),
        span=table.span(),
    )


def _assurance(table: Table) -> Assurance | None:
    word = table.one_of("require", [member.word for member in Assurance])
    return Assurance.parse(word) if word else None


def _floor(table: Table) -> Floor | None:
    if table.text("floor") != _FLOOR_ALIAS:
        table.one_of("floor", [member.word for member in Floor if member.word])
    return table.parsed("floor", Floor.parse)


def demand_of(table: Table, policy: Policy, endpoint: Endpoint | None) -> Posture | None:
    """What a hop's own `require`, `floor` and `client_auth` demand; None where it has none of them.

    What it leaves open is the policy's, which on a local hop is nothing.
    """
    require = _assurance(table)
    floor = _floor(table)
    words: Mapping[str, ClientAuth] = {member.word: member for member in ClientAuth}
    client_auth = table.one_of("client_auth", list(words))
    if require is None and floor is None and client_auth is None:
        return None
    usual = policy.demand(None, endpoint)
    return Posture(
        usual.assurance if require is None else require,
        usual.floor if floor is None else floor,
        words[client_auth] if client_auth else ClientAuth.ABSENT,
    )
