"""How the internal authority stands: its generations, where their keys are, its revocation lists."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from everyhop.lineage.authority import DIRECTORY, KeptAuthority
from everyhop.lineage.authority_files import intermediate_key, root_key
from everyhop.model.certificate import Leaf, Revocation
from everyhop.model.validity import Validity
from everyhop.pki.rollover import Rolling, Step, generations, issuing
from everyhop.x509 import parse


@dataclass(frozen=True, slots=True)
class GenerationStanding:
    """A root and its intermediate. `root_key` is the sealed key's file, None where it was taken away.

    `crl` is the number of the intermediate's last revocation list, in force during `crl_validity`.
    """

    number: int
    root: Leaf
    intermediate: Leaf
    root_key: str | None
    intermediate_key: str
    issues: bool
    crl: int
    revoked: tuple[Revocation, ...]
    crl_validity: Validity


@dataclass(frozen=True, slots=True)
class Standing:
    """`permitted` are the domains and networks it may speak for, None: everything. `step` None: nothing under way.

    `sealed` is whether the issuing intermediate's key asks for a passphrase.
    """

    name: str
    permitted: tuple[str, ...] | None
    step: Step | None
    sealed: bool
    generations: tuple[GenerationStanding, ...]

    @property
    def issuing(self) -> GenerationStanding:
        """The generation that makes leaves."""
        return next(one for one in self.generations if one.issues)

    def revocation(self, leaf: Leaf) -> Revocation | None:
        """Since when, and why, a leaf of this authority's is revoked; None where it is not."""
        return next(
            (
                item
                for one in self.generations
                if one.intermediate.subject == leaf.issuer
                for item in one.revoked
                if item.serial == leaf.serial
            ),
            None,
        )


def standing(kept: KeptAuthority, home: str) -> Standing:
    """How the authority below this home stands. Raises `LineageError` for what is missing or damaged."""
    state, directory = kept.state(), f"{home}/{DIRECTORY}"
    lists = {one.generation: one for one in kept.revocations()}
    return Standing(
        name=state.name,
        permitted=None if state.constraints is None else state.constraints.words(),
        step=state.roll.step if isinstance(state.roll, Rolling) else None,
        sealed=kept.is_sealed(),
        generations=tuple(
            GenerationStanding(
                number=one.number,
                root=facts(one.root),
                intermediate=facts(one.intermediate),
                root_key=f"{directory}/{root_key(one.number)}" if kept.root_key_pem(one.number) else None,
                intermediate_key=f"{directory}/{intermediate_key(one.number)}",
                issues=one.number == issuing(state.roll).number,
                crl=lists[one.number].number,
                revoked=lists[one.number].revoked,
                crl_validity=lists[one.number].validity,
            )
            for one in generations(state.roll)
        ),
    )


def facts(certificate: x509.Certificate) -> Leaf:
    """What a certificate says of itself."""
    return parse.leaf(certificate.public_bytes(Encoding.DER))
