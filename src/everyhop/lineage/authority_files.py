"""The files of an authority: how they are called, and what stands in those that everyhop alone reads."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from everyhop.disk.private import PrivateDirectory
from everyhop.errors import LineageError
from everyhop.model.certificate import Revocation, RevocationReason
from everyhop.pki.constraints import Constraints
from everyhop.pki.rollover import Generation, Roll, Rolling, Settled, Step, generations, issuing

STATE: Final = "authority.json"
CRL: Final = "crl.pem"
SCHEMA: Final = "everyhop-authority/1"

_SETTLED: Final = "settled"
_OF_GENERATION: Final = re.compile(r"[a-z]+-(?P<number>[0-9]{1,9})\.(?:pem|key|crl|json)")


@dataclass(frozen=True, slots=True)
class State:
    """How far the authority's roll-over is, and the number of its last generation, whether that still counts or not."""

    roll: Roll
    last: int

    @property
    def name(self) -> str:
        """What the authority that issues now was called when it was made."""
        (common_name,) = issuing(self.roll).root.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(common_name.value).rpartition(" root ")[0]

    @property
    def constraints(self) -> Constraints | None:
        """For which names it may speak; None for all there are."""
        return Constraints.of(issuing(self.roll).intermediate)


def root(number: int) -> str:
    """The file of this generation's root."""
    return f"root-{number}.pem"


def intermediate(number: int) -> str:
    """The file of its intermediate."""
    return f"intermediate-{number}.pem"


def cross(number: int) -> str:
    """The file of its root as the one beside it certifies it."""
    return f"cross-{number}.pem"


def root_key(number: int) -> str:
    """The file of its root's key."""
    return f"root-{number}.key"


def intermediate_key(number: int) -> str:
    """The file of its intermediate's key."""
    return f"intermediate-{number}.key"


def root_crl(number: int) -> str:
    """The file of its root's own revocation list."""
    return f"root-{number}.crl"


def revoked_list(number: int) -> str:
    """The file of what its intermediate revoked."""
    return f"revoked-{number}.json"


def state(directory: PrivateDirectory) -> State:
    """What `authority.json` and the certificates say. Raises `LineageError` where one is missing or damaged."""
    document = _json(directory, STATE)
    if document.get("schema") != SCHEMA:
        raise LineageError(
            f"its schema is not {SCHEMA}",
            path=_path(directory, STATE),
            hint="a newer everyhop wrote it: use that one",
        )
    try:
        last, step = int(document["last"]), document["step"]
        if step == _SETTLED:
            (only,) = document["generations"]
            return State(Settled(_generation(directory, int(only))), last)
        old, new = document["generations"]
        return State(Rolling(Step(step), crossed(directory, int(old)), crossed(directory, int(new))), last)
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(directory, STATE) from error


def crossed(directory: PrivateDirectory, number: int) -> Generation:
    """A generation beside another one, by which its root is certified."""
    one = _generation(directory, number)
    return Generation(number, one.root, one.intermediate, _certificate(directory, cross(number)))


def write_state(directory: PrivateDirectory, new: State) -> None:
    """Make it so that this counts from now on."""
    step = new.roll.step.value if isinstance(new.roll, Rolling) else _SETTLED
    directory.replace(STATE, _state_json(step, tuple(one.number for one in generations(new.roll)), new.last))


def first_state() -> bytes:
    """The content of `authority.json` when all begins."""
    return _state_json(_SETTLED, (1,), 1)


def revoked(directory: PrivateDirectory, number: int) -> tuple[int, tuple[Revocation, ...]]:
    """The number of a generation's last list, and what stands in it. Raises `LineageError`."""
    name = revoked_list(number)
    document = _json(directory, name)
    try:
        return int(document["number"]), tuple(
            Revocation(int(serial, 16), datetime.fromisoformat(since), RevocationReason(reason))
            for serial, since, reason in document["revoked"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(directory, name) from error


def revoked_json(number: int, those: Iterable[Revocation]) -> bytes:
    """The content of a generation's `revoked-N.json`."""
    rows = [[f"{one.serial:x}", one.since.isoformat(), one.reason.value] for one in those]
    return json.dumps({"number": number, "revoked": rows}).encode()


def sweep(directory: PrivateDirectory, keep: Collection[int]) -> None:
    """Remove the files of generations that do not count, or count no more."""
    for name in directory.names():
        if (found := _OF_GENERATION.fullmatch(name)) and int(found["number"]) not in keep:
            directory.remove(name)


def text(directory: PrivateDirectory, name: str) -> str:
    """A file that has to be there. Raises `LineageError`."""
    content = directory.read(name)
    if content is None:
        raise LineageError(
            "is missing", path=_path(directory, name), hint="put it back from a copy: the authority is not whole"
        )
    return content.decode("utf-8", "replace")


def _state_json(step: str, numbers: tuple[int, ...], last: int) -> bytes:
    document = {"schema": SCHEMA, "step": step, "generations": numbers, "last": last}
    return (json.dumps(document, indent=1) + "\n").encode()


def _generation(directory: PrivateDirectory, number: int) -> Generation:
    return Generation(number, _certificate(directory, root(number)), _certificate(directory, intermediate(number)))


def _certificate(directory: PrivateDirectory, name: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(text(directory, name).encode())
    except ValueError as error:
        raise _damaged(directory, name) from error


def _json(directory: PrivateDirectory, name: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text(directory, name))
    except (ValueError, RecursionError) as error:
        raise _damaged(directory, name) from error
    if not isinstance(document, dict):
        raise _damaged(directory, name)
    return document


def _damaged(directory: PrivateDirectory, name: str) -> LineageError:
    return LineageError(
        "cannot be read: it is damaged",
        path=_path(directory, name),
        hint="put it back from a copy: everyhop wrote it whole",
    )


def _path(directory: PrivateDirectory, name: str) -> str:
    return f"{directory.path}/{name}"
