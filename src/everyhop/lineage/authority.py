"""An authority on disk: certificates, sealed keys, what it revoked, and how far a roll-over is.

It lies in one private directory below the home, and appears there whole or not at all:

    authority/
      authority.json          which generations count, and how far the roll-over from one to the next is
      root-1.pem              intermediate-1.pem
      root-1.key              sealed; may be taken elsewhere, and is missed only when a root has to sign
      intermediate-1.key      sealed, or plain where that was chosen
      root-1.crl              the root's own list, which servers want beside the intermediate's
      revoked-1.json          what the intermediate revoked, and the number of its last list
      crl.pem                 the lists of all generations: what servers are given

Of a generation's files only `revoked-N.json` changes, and while two roots are believed there is `cross-N.pem` as well.
Issuing writes nothing here, and needs no lock: serial numbers are random.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from everyhop.disk.private import PrivateDirectory
from everyhop.errors import IssueError, LineageError
from everyhop.lineage import authority_files as files
from everyhop.lineage.authority_files import State
from everyhop.model.certificate import KeyAlgorithm, Leaf, Revocation, RevocationReason
from everyhop.model.secret import Secret
from everyhop.model.validity import Validity
from everyhop.pki import pem, rollover
from everyhop.pki.authority import Authority, Clock
from everyhop.pki.certificate import Signer
from everyhop.pki.constraints import Constraints
from everyhop.pki.hierarchy import cross_certified, new_intermediate, new_root, validity_of
from everyhop.pki.key import PrivateKey, pem_of
from everyhop.pki.period import ROOT_LIFETIME
from everyhop.pki.revocation import crls, revocation_list
from everyhop.pki.rollover import Generation, Roll, Settled
from everyhop.pki.sealing import is_sealed, opened, seal

DIRECTORY: Final = "authority"
"""Its name below the home."""


class Unsealed:
    """In place of a passphrase: the intermediate's key lies there in the clear, as somebody chose."""


UNSEALED: Final = Unsealed()
Seal = Secret | Unsealed


@dataclass(frozen=True, slots=True)
class Founding:
    """What a new authority is to be. `constraints` None lets it speak for every name there is."""

    name: str
    constraints: Constraints | None
    key: KeyAlgorithm = KeyAlgorithm.EC_P256
    root_lifetime: timedelta = ROOT_LIFETIME
    intermediate_lifetime: timedelta | None = None


@dataclass(frozen=True, slots=True)
class RevocationState:
    """What an intermediate revoked, the number of its last list, and until when that list is good."""

    generation: int
    number: int
    revoked: tuple[Revocation, ...]
    validity: Validity


class KeptAuthority:
    """An authority's directory. Made by `found`, opened by `load`; reads anew each time it is asked.

    Raises `LineageError` for what is missing or damaged, `DiskError` for what the file system refuses, and
    `IssueError` for a passphrase that does not open a key.
    """

    def __init__(self, home: str, now: Clock) -> None:
        self._path = f"{home.rstrip('/')}/{DIRECTORY}"
        self._home = home
        self._now = now

    def state(self) -> State:
        """Its name and constraints, and how far its roll-over is."""
        with self._opened() as directory:
            return files.state(directory)

    def anchors_pem(self) -> str:
        """What dialers are to believe at this step."""
        return pem.certificates(*rollover.anchors(self.state().roll))

    def is_sealed(self) -> bool:
        """Whether `issuer` asks for a passphrase."""
        with self._opened() as directory:
            number = rollover.issuing(files.state(directory).roll).number
            return is_sealed(files.text(directory, files.intermediate_key(number)))

    def issuer(self, passphrase: Secret | None) -> Authority:
        """The intermediate that issues at this step, in memory. None will do where its key is not sealed."""
        with self._opened() as directory:
            state = files.state(directory)
            return self._authority(directory, state, rollover.issuing(state.roll), passphrase)

    def revoke(self, certificate: Leaf, reason: RevocationReason, passphrase: Secret | None) -> str:
        """Revoke what an intermediate of this authority issued; the new lists, as `crl_pem` gives them from now on.

        Revoked again, it stays revoked since the first time, and the lists are made anew.
        """
        with self._locked("everyhop cert revoke") as directory:
            state = files.state(directory)
            generation = _issuer_of(certificate, state.roll)
            signers = self._signers(directory, state, passphrase)  # first: a wrong passphrase leaves nothing behind
            number, revoked = files.revoked(directory, generation.number)
            if all(one.serial != certificate.serial for one in revoked):
                revoked += (Revocation(certificate.serial, self._now().replace(microsecond=0), reason),)
                directory.replace(files.revoked_list(generation.number), files.revoked_json(number, revoked))
            return self._write_lists(directory, signers)

    def renew_crl(self, passphrase: Secret | None) -> str:
        """The lists made anew with the next number, before the last ones are over."""
        with self._locked("everyhop ca crl") as directory:
            return self._write_lists(directory, self._signers(directory, files.state(directory), passphrase))

    def crl_pem(self) -> str:
        """The lists of all generations, intermediates' and roots': what servers are given as one file."""
        with self._opened() as directory:
            return files.text(directory, files.CRL)

    def revocations(self) -> tuple[RevocationState, ...]:
        """What each generation revoked."""
        with self._opened() as directory:
            lists = files.text(directory, files.CRL)
            return tuple(
                RevocationState(one.number, *files.revoked(directory, one.number), _list_validity(lists, one))
                for one in rollover.generations(files.state(directory).roll)
            )

    def root_key_pem(self, generation: int) -> Secret | None:
        """A root's key, sealed as it lies there, to be kept elsewhere; None where it was taken away already."""
        with self._opened() as directory:
            content = directory.read(files.root_key(generation))
        return None if content is None else Secret(content.decode("utf-8", "replace"))

    def take_root_key_away(self, generation: int) -> None:
        """Remove a root's key from here: it is offline from now on. Nothing happens where it is not here."""
        with self._locked("everyhop ca export") as directory:
            directory.remove(files.root_key(generation))

    def begin_roll(
        self, founding: Founding, root: Secret, intermediate: Seal, old_root_key: Secret | None = None
    ) -> Roll:
        """Make the next generation, which is believed from now on and issues later. Both roots certify each other.

        The passphrases open the old keys and seal the new ones. `old_root_key` is the old root's sealed key, where it
        was taken away.
        """
        with self._locked("everyhop ca roll") as directory:
            state = files.state(directory)
            if not isinstance(state.roll, Settled):
                raise IssueError("the authority is being rolled over already", hint="finish that first, or undo it")
            old = state.roll.only
            passphrase = _passphrase(intermediate)
            self._authority(directory, state, old, passphrase)  # fails now, where it does not open the old one
            old_signer = Signer(old.root, self._root_key(directory, old, root, old_root_key))
            number = state.last + 1
            made, signer, _ = _made(founding, number, self._now, root, intermediate)
            old_by_new = cross_certified(old.root, signer, self._now())
            new_by_old = cross_certified(signer.certificate, old_signer, self._now())
            files.sweep(directory, keep={old.number})  # of a run that was killed, perhaps
            directory.replace(files.cross(old.number), _pem(old_by_new))
            directory.create({**made, files.cross(number): _pem(new_by_old)})
            begun = State(rollover.begun(state.roll, files.crossed(directory, number), old_by_new), number)
            self._write_lists(directory, self._signers(directory, begun, passphrase))
            files.write_state(directory, begun)
            return begun.roll

    def advance_roll(self) -> Roll:
        """The next step; the last one forgets the old generation, and nothing leads back from there."""
        return self._step(rollover.advanced)

    def undo_roll(self) -> Roll:
        """The step before; of the first one, the new generation is forgotten."""
        return self._step(rollover.undone)

    def _step(self, step: Callable[[Roll], Roll]) -> Roll:
        with self._locked("everyhop ca roll") as directory:
            state = files.state(directory)
            roll = step(state.roll)
            files.write_state(directory, State(roll, state.last))
            if isinstance(roll, Settled):
                files.sweep(directory, keep={roll.only.number})
            return roll

    def _authority(
        self, directory: PrivateDirectory, state: State, generation: Generation, passphrase: Secret | None
    ) -> Authority:
        name = files.intermediate_key(generation.number)
        with _about(f"{self._path}/{name}"):
            key = opened(files.text(directory, name), passphrase)
            return Authority(
                Signer(generation.intermediate, key),
                self._now,
                anchors=rollover.anchors(state.roll),
                above=rollover.above(state.roll) if generation == rollover.issuing(state.roll) else (),
                constraints=Constraints.of(generation.intermediate),
            )

    def _root_key(
        self, directory: PrivateDirectory, generation: Generation, passphrase: Secret, elsewhere: Secret | None
    ) -> PrivateKey:
        name = files.root_key(generation.number)
        content = directory.read(name)
        if content is None and elsewhere is None:
            raise LineageError(
                "the root's key is not here: it was taken away",
                path=f"{self._path}/{name}",
                hint="bring the file back for this step, or name it where it is (--root-key FILE)",
            )
        with _about(f"{self._path}/{name}"):
            return opened(elsewhere.reveal() if elsewhere else (content or b"").decode("utf-8", "replace"), passphrase)

    def _signers(
        self, directory: PrivateDirectory, state: State, passphrase: Secret | None
    ) -> tuple[tuple[Generation, Authority], ...]:
        """The intermediates that sign a list: one that is over cannot, and nobody believes what it issued."""
        now, issuing = self._now(), rollover.issuing(state.roll)
        return tuple(
            (one, self._authority(directory, state, one, passphrase))
            for one in rollover.generations(state.roll)
            if one == issuing or now <= one.intermediate.not_valid_after_utc
        )

    def _write_lists(self, directory: PrivateDirectory, signers: tuple[tuple[Generation, Authority], ...]) -> str:
        """Write `crl.pem` anew, with the next number for every intermediate."""
        texts = []
        for generation, authority in signers:
            number, revoked = files.revoked(directory, generation.number)
            # The number first: one that was given out twice would be worse than one that is never seen.
            directory.replace(files.revoked_list(generation.number), files.revoked_json(number + 1, revoked))
            texts += [
                authority.revocation_list(revoked, number + 1),
                files.text(directory, files.root_crl(generation.number)),
            ]
        directory.replace(files.CRL, "".join(texts).encode())
        return "".join(texts)

    @contextmanager
    def _opened(self) -> Iterator[PrivateDirectory]:
        directory = PrivateDirectory.open(self._path)
        if directory is None:
            raise LineageError(
                "there is no authority here",
                path=self._path,
                hint="make one (`everyhop ca init`), or name its home (--state)",
            )
        with directory:
            yield directory

    @contextmanager
    def _locked(self, doing: str) -> Iterator[PrivateDirectory]:
        with self._opened() as directory, directory.locked(doing):
            yield directory


def found(home: str, founding: Founding, root: Secret, intermediate: Seal, now: Clock) -> KeptAuthority:
    """Make a new authority below this home: a root sealed by its passphrase, and an intermediate.

    Raises `LineageError` where there is one already, which is not touched.
    """
    made, _, lists = _made(founding, 1, now, root, intermediate)
    with PrivateDirectory.make(home) as directory, directory.locked("everyhop ca init"):
        if DIRECTORY in directory.names():
            raise LineageError(
                "there is an authority already",
                path=f"{directory.path}/{DIRECTORY}",
                hint="`everyhop ca show` tells about it; a new root beside it comes with `everyhop ca roll`",
            )
        directory.fill(DIRECTORY, {**made, files.CRL: lists.encode(), files.STATE: files.first_state()})
    return KeptAuthority(home, now)


def load(home: str, now: Clock) -> KeptAuthority:
    """The authority below this home. Raises `LineageError` where there is none."""
    kept = KeptAuthority(home, now)
    kept.state()
    return kept


def _made(
    founding: Founding, number: int, now: Clock, root: Secret, intermediate: Seal
) -> tuple[dict[str, bytes], Signer, str]:
    """The files of a new generation; its root, which may have more to sign; and its first revocation lists."""
    if not founding.name.strip():
        raise IssueError("the name of an authority is empty", hint="name who or what it is for: people will see it")
    top = new_root(f"{founding.name} root {number}", founding.constraints, now(), founding.key, founding.root_lifetime)
    below = new_intermediate(
        f"{founding.name} intermediate {number}",
        top,
        founding.constraints,
        now(),
        founding.key,
        founding.intermediate_lifetime,
    )
    # Nobody renews the list of a root whose key lies in a drawer: it is good for as long as what the root has issued.
    root_list = revocation_list(top, (), 1, validity_of(below.certificate))
    key = pem_of(below.key).reveal() if isinstance(intermediate, Unsealed) else seal(below.key, intermediate)
    made = {
        files.root(number): _pem(top.certificate),
        files.intermediate(number): _pem(below.certificate),
        files.root_key(number): seal(top.key, root).encode(),
        files.intermediate_key(number): key.encode(),
        files.root_crl(number): root_list.encode(),
        files.revoked_list(number): files.revoked_json(1, ()),
    }
    first_list = Authority(below, now, anchors=(top.certificate,)).revocation_list((), 1)
    return made, top, first_list + root_list


def _issuer_of(certificate: Leaf, roll: Roll) -> Generation:
    one = x509.load_der_x509_certificate(certificate.der)
    for generation in rollover.generations(roll):
        if _issued(one, generation.intermediate):
            return generation
    raise LineageError(
        f"the certificate with the serial number {certificate.serial:x} was not issued by this authority",
        hint="who issued it has to revoke it",
    )


def _issued(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):  # TypeError: a key of a kind that signs nothing
        return False
    return True


def _passphrase(seal: Seal) -> Secret | None:
    return None if isinstance(seal, Unsealed) else seal


def _list_validity(lists: str, generation: Generation) -> Validity:
    """From when until when the list of this generation's intermediate is good, by the file of all lists."""
    for one in crls(lists):
        if one.issuer == generation.intermediate.subject:
            return Validity(one.last_update_utc, one.next_update_utc or one.last_update_utc)
    raise LineageError("holds no list of the intermediate", path=files.CRL, hint="make it anew (`everyhop ca crl`)")


@contextmanager
def _about(path: str) -> Iterator[None]:
    """Add to an `IssueError` which key it is about."""
    try:
        yield
    except IssueError as error:
        raise IssueError(error.message, hint=error.hint, path=path) from error


def _pem(one: x509.Certificate) -> bytes:
    return pem.certificates(one).encode()
