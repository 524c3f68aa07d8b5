"""`everyhop scan --fix` and `--diff`: what is written into files or shown, and what a person is told about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from everyhop.cli.options import Options, emit, remark
from everyhop.render.printable import printable_lines

if TYPE_CHECKING:  # a scan that fixes nothing, and knows its answer, needs none of what works fixes out
    from everyhop.jobs.fix import Proposal


def agree(*, fix: bool, unsafe_fixes: bool, diff: bool, anchors: str | None, stdin: bool) -> None:
    """Refuse options that mean nothing together."""
    context = click.get_current_context()
    if not (fix or diff) and (unsafe_fixes or anchors is not None):
        option = "--unsafe-fixes" if unsafe_fixes else "--anchors"
        raise click.UsageError(f"{option} says something about fixes: add --fix, or --diff to see them first", context)
    if (fix or diff) and stdin:
        raise click.UsageError("what comes from stdin is no file that could be fixed", context)
    if anchors is not None and (not anchors.strip() or not anchors.isprintable()):
        raise click.UsageError("--anchors names no file", context)


def show(proposal: Proposal, options: Options) -> None:
    """The diff on stdout, and on stderr what it leaves out; no file is touched."""
    from everyhop.scan.rewrite.difference import difference  # noqa: PLC0415 - as above

    shown = [difference(file.source.path, file.source.text, file.fixes) for file in proposal.files]
    if shown:
        emit(printable_lines("\n".join(shown)), replace(options, output=None))
    _remark(proposal, "would be made", options)


def keep(proposal: Proposal, root: Path, options: Options) -> Proposal:
    """Write the files, and give what came about; one that could not be written is told among what is left to people."""
    from everyhop.jobs.fix import write  # noqa: PLC0415 - as above

    written = write(proposal, root)
    _remark(written, "made", options)
    return written


def _remark(proposal: Proposal, verb: str, options: Options) -> None:
    from everyhop.render.fixes import told  # noqa: PLC0415 - as above

    made = [fix for file in proposal.files for fix in file.fixes]
    remark(told(made, proposal.unsafe, proposal.refused, verb), options)
