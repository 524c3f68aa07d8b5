"""Trust: have stores of this machine believe an authority, or forget it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from everyhop.errors import EveryhopError, SettingsError, TrustError
from everyhop.jobs.office import Office
from everyhop.trust import java, nss, system
from everyhop.trust.anchor import Anchor
from everyhop.trust.bundle import BundleStore
from everyhop.trust.store import Store
from everyhop.x509.parse import anchors_from_pem

KINDS = ("system", "nss", "java")
_BUNDLE = "bundle="
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Told:
    """One store and one anchor: whether the store changed, or why it could not be."""

    store: str
    anchor: Anchor
    changed: bool
    failure: str | None = None


def anchors(office: Office, file: Path | None) -> tuple[Anchor, ...]:
    """The certificates of a file, or the internal authority's roots. Raises `SettingsError`, `LineageError`."""
    if file is None:
        return tuple(Anchor.parse(one.pem) for one in anchors_from_pem(office.authority().anchors_pem()))
    try:
        with file.open("rb") as opened:
            text = opened.read(_LARGEST).decode("ascii", "replace")
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise SettingsError(f"cannot be read: {reason}", path=str(file), hint="is the path right?") from error
    return (Anchor.parse(text, str(file)),)


def refuse_unconstrained(chosen: Sequence[Anchor]) -> None:
    """Raise `TrustError` for an authority that could speak for every site in the world."""
    for anchor in chosen:
        if not anchor.constrained:
            raise TrustError(
                f"{anchor.certificate.subject} has no critical name constraints: whoever has its key could pose as "
                "every site in the world to this machine",
                hint="everyhop ca init --permit makes one that cannot; --unconstrained, if it is meant so",
            )


def stores(wanted: Sequence[str], home: Path) -> tuple[Store, ...]:
    """The stores of these kinds (`system`, `nss`, `java`, `bundle=FILE`), or all that are found.

    Raises `SettingsError` for another kind, or where none is found.
    """
    found: dict[str, Callable[[], Sequence[Store]]] = {
        "system": system.found,
        "nss": lambda: nss.found(home),
        "java": java.found,
    }
    chosen: list[Store] = []
    for word in wanted or KINDS:
        if word.startswith(_BUNDLE) and len(word) > len(_BUNDLE):
            chosen.append(BundleStore(str(Path(word.removeprefix(_BUNDLE)).absolute())))
        elif word in found:
            here = found[word]()
            if not here and wanted:
                raise SettingsError(f"there is no store of the kind {word} here", hint=_MISSING[word])
            chosen.extend(here)
        else:
            raise SettingsError(f"{word[:80]!r} is no kind of store", hint=f"one of {', '.join(KINDS)}, bundle=FILE")
    if not chosen:
        raise SettingsError("there is no store here that is known", hint="--store bundle=FILE writes a file of anchors")
    return tuple(chosen)


def install(chosen: Sequence[Anchor], into: Sequence[Store]) -> Iterator[Told]:
    """Each store by itself: one that fails keeps no other from changing."""
    return _each(chosen, into, lambda store, anchor: store.holds(anchor), lambda store, anchor: store.install(anchor))


def remove(chosen: Sequence[Anchor], out_of: Sequence[Store]) -> Iterator[Told]:
    """The same, the other way round."""
    return _each(
        chosen, out_of, lambda store, anchor: not store.holds(anchor), lambda store, anchor: store.remove(anchor)
    )


def _each(
    chosen: Sequence[Anchor],
    all_stores: Sequence[Store],
    is_so: Callable[[Store, Anchor], bool],
    make_so: Callable[[Store, Anchor], None],
) -> Iterator[Told]:
    for store in all_stores:
        for anchor in chosen:
            try:
                already = is_so(store, anchor)
                if not already:
                    make_so(store, anchor)
                yield Told(store.title, anchor, not already)
            except EveryhopError as error:
                yield Told(store.title, anchor, changed=False, failure=str(error))


_MISSING = {
    "system": "apt install ca-certificates",
    "nss": "NSS stores are made by Firefox and Chromium at their first start; certutil is in libnss3-tools",
    "java": "there is no keytool on the PATH",
}
