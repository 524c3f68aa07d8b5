"""What became of the fixes of a scan, in lines for a person: a sentence that counts, then each place that is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from everyhop.scan.rewrite.fix import Fix, Refusal


def told(made: Sequence[Fix], unsafe: Sequence[Fix], refused: Sequence[Refusal], verb: str) -> str:
    """The counts, and why the others were not made. `verb` is what happened to the fixes: `made`, `would be made`."""
    if not (made or unsafe or refused):
        return "nothing to fix"
    files = len({fix.at.path for fix in made})
    parts = [f"{_counted(len(made), 'fix', 'fixes')} {verb}"]
    if made:
        parts[0] += f" in {_counted(files, 'file', 'files')}"
    if unsafe:
        parts.append(f"{len(unsafe)} {'needs' if len(unsafe) == 1 else 'need'} --unsafe-fixes")
    if refused:
        parts.append(f"{len(refused)} {'needs' if len(refused) == 1 else 'need'} a person")
    return "\n".join([", ".join(parts), *_left(unsafe, refused)])


def _left(unsafe: Sequence[Fix], refused: Sequence[Refusal]) -> Iterator[str]:
    for fix in unsafe:
        yield f"  {fix.at.path}:{fix.at.line}  --unsafe-fixes: {'; '.join(fix.doubts)}"
    for refusal in refused:
        yield f"  {refusal.at.path}:{refusal.at.line}  {refusal.why}"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
