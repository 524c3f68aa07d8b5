"""docs/reference/drivers.md: made of rows, and asked whether it has one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Final

from everyhop.dialects.notes import told
from everyhop.model.posture import Assurance
from tests.agreement.cases import Case
from tests.agreement.rows import REFUSED, Row, headings
from tests.agreement.spelled import Spelled
from tests.agreement.written import HARDENED

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference" / "drivers.md"
_AGAIN: Final = "EVERYHOP_WRITE_DRIVERS=1 make test-full ARGS=tests/servers/test_agreement.py"


class StalePageError(AssertionError):
    """The page does not say what was seen."""


def require(row: Row) -> None:
    """See that the page has this row, for its product or for all of them. Raises `StalePageError`."""
    if not {_line(row, ""), _line(row, row.product)} & _lines():
        line = _line(row, row.product)
        raise StalePageError(f"{PAGE.name} has no line\n{line}\nunder {row.driver}: write it anew with {_AGAIN}")


@cache
def _lines() -> frozenset[str]:
    return frozenset(PAGE.read_text(encoding="utf-8").splitlines()) if PAGE.exists() else frozenset()


def rendered(rows: Iterable[Row], order: Sequence[tuple[str, str, str]], absent: Sequence[str]) -> str:
    """The whole page; `order` has driver, purpose and spelling of every row, `absent` what could not be tried."""
    places = {key: place for place, key in enumerate(order)}
    by_driver = sorted(rows, key=lambda row: places[row.driver, row.purpose, row.spelling])
    drivers = {driver: tuple(group) for driver, group in groupby(by_driver, key=lambda row: row.driver)}
    products = sorted({row.product for row in by_driver})
    blocks = [_INTRODUCTION.format(products=_listed(products))]
    blocks.append("\n".join(_summary(drivers)))
    blocks.append("\n".join(_legend()))
    blocks.append("\n".join(_absent(absent)))
    for driver, own in drivers.items():
        blocks.append("\n".join(_section(driver, own)))
    blocks.append("\n".join(_notes(by_driver)))
    return "\n\n".join(blocks) + "\n"


_INTRODUCTION: Final = """\
# Drivers

What a database driver really does with its TLS settings: every line is what the real driver did, in each case, on its
way to {products} on the loopback.
`everyhop explain URL` tells the same of a setting that is not listed here, offline. This page is written by the
agreement suite (tests/servers/test_agreement.py), which fails where a driver does something else than everyhop reads in
its settings. A product stands behind a spelling only where products differ.

`ca.pem` is the file with the authority that signed the server's certificate. Versions are major versions; a number
after *on* is the C library's (libpq, MariaDB Connector/C).

## The short of it

*Names a CA, and does not verify* lists spellings in SQLAlchemy's URL that look verified and believe somebody who is not
the server, or can be talked into plaintext. *Verifies* is what everyhop writes for `verify-full`."""


def _summary(drivers: dict[str, tuple[Row, ...]]) -> Iterator[str]:
    yield "| driver | nothing set | names a CA, and does not verify | verifies |"
    yield "|---|---|---|---|"
    for driver, rows in drivers.items():
        bare = next((row.posture for row in rows if not row.spelling and not row.purpose), "")
        deceptive = list(dict.fromkeys(row.spelling for row in rows if _deceives(row)))
        best = next((row.spelling for row in rows if row.purpose == "verify-full"), None)
        verifies = _code(best) if best else "nothing"
        yield f"| [{driver}](#{_anchor(driver)}) | {bare} | {_broken(deceptive)} | {verifies} |"


def _deceives(row: Row) -> bool:
    names = row.spelling.startswith("?") and "ca.pem" in row.spelling and not row.purpose and " + " not in row.spelling
    return names and row.posture not in {Assurance.IDENTITY_VERIFIED.word, REFUSED}


def _legend() -> Iterator[str]:
    yield "## Words"
    yield ""
    yield "| word | what happened |"
    yield "|---|---|"
    yield "| TLS | it connected, and nobody on the path could read what it asked |"
    yield "| READ | it connected, and whoever is on the path read the answer |"
    yield "| PASSWORD | it gave its password away, in words that whoever asked could read |"
    yield "| – | it refused |"
    yield ""
    yield "| case | who answers |"
    yield "|---|---|"
    for case in Case:
        yield f"| {case.heading} | {case.sentence} |"


def _absent(absent: Sequence[str]) -> Iterator[str]:
    yield "## What was not tried"
    yield ""
    for line in absent:
        yield f"* {line}"


def _section(driver: str, rows: Sequence[Row]) -> Iterator[str]:
    yield f"## {driver}"
    yield ""
    yield _head("spelling")
    yield from _table([row for row in rows if not row.purpose])
    if any(row.purpose for row in rows):
        yield ""
        yield f"What everyhop writes for a posture. *{HARDENED}* is what `secure_url` and `secure_engine` give:"
        yield ""
        yield _head("posture wanted, and its spelling")
        yield from _table([row for row in rows if row.purpose])


def _head(first: str) -> str:
    columns = (first, "posture", *headings(), "notes")
    return f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}"


def _table(rows: Sequence[Row]) -> Iterator[str]:
    """One line for a spelling where all products gave the same, else one for each."""
    lines: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        lines.setdefault((row.purpose, row.spelling), {})[row.product] = row
    for by_product in lines.values():
        same = len({_line(row, "") for row in by_product.values()}) == 1
        for product, row in sorted(by_product.items()):
            yield _line(row, "" if same else product)
            if same:
                break


def _line(row: Row, product: str) -> str:
    where = f" ({product})" if product else ""
    wanted = f"{row.purpose}: " if row.purpose else ""
    words = (row.words[heading] for heading in headings())
    notes = ", ".join(f"`{note}`" for note in row.notes)
    return f"| {wanted}{_code(row.spelling)}{where} | {row.posture} | {' | '.join(words)} | {notes} |"


def _notes(rows: Iterable[Row]) -> Iterator[str]:
    yield "## Notes"
    yield ""
    yield "| note | what it means |"
    yield "|---|---|"
    details = ("", ":NAME", ":NAME:ERROR")
    kinds = sorted({note.partition(":")[0] + details[min(note.count(":"), 2)] for row in rows for note in row.notes})
    for kind in kinds:
        yield f"| `{kind}` | {told(kind)} |"


def _code(text: str) -> str:
    escaped = text.replace("|", "\\|")
    return f"`{escaped}`" if text else "nothing set"


def _broken(spellings: Sequence[str]) -> str:
    return "<br>".join(map(_code, spellings)) or "none that was tried"


def spellings() -> dict[str, set[str]]:
    """The first cells of the tables of spellings, without a product, by the heading that they stand under."""
    found: dict[str, set[str]] = {}
    heading, inside = "", False
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading, inside = line.removeprefix("## "), False
        elif line.startswith("|---"):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside:
            first = line.removeprefix("| ").partition(" | ")[0]
            found.setdefault(heading, set()).add(re.sub(r" \([^`()]*\)$", "", first))
    return found


def first_cell(spelled: Spelled) -> str:
    """What its line begins with."""
    return f"{spelled.purpose}: {_code(str(spelled))}" if spelled.purpose else _code(str(spelled))


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def _anchor(heading: str) -> str:
    return "".join(letter for letter in heading.lower().replace(" ", "-") if letter.isalnum() or letter in "-_")
