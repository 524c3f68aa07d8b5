"""What became of deployments, in lines and as an exit code."""

from __future__ import annotations

import click

from everyhop.cli.exit_codes import ExitCode
from everyhop.jobs.deployment import Deployed, Fate
from everyhop.lineage.deployment import Deployment
from everyhop.lineage.layout import SETTINGS
from everyhop.render.printable import printable_lines


def tell_files(deployments: tuple[Deployment, ...]) -> None:
    """The files, as the product's settings name them, and what renewal will run."""
    for deployment in deployments:
        for part, path in deployment.files.items():
            setting = SETTINGS.get(deployment.consumer, {}).get(part)
            click.echo(f"    {setting.format(path)}" if setting else f"    {path}")
        if deployment.reload:
            click.echo(printable_lines(f"  renewal runs: {' '.join(deployment.reload)}"))


def tell_deployed(deployed: tuple[Deployed, ...]) -> None:
    """What became of each, and why where it was not done."""
    for one in deployed:
        reason = f": {one.reason}" if one.reason else ""
        click.echo(printable_lines(f"  {one.fate.value}  {one.consumer}  {one.folder}{reason}"))


def exit_code(deployed: tuple[Deployed, ...]) -> ExitCode:
    """0 done, 1 something was put back, 4 something stopped half-way."""
    fates = {one.fate for one in deployed}
    if Fate.STOPPED in fates:
        return ExitCode.FAILED
    return ExitCode.FINDINGS if Fate.PUT_BACK in fates else ExitCode.CLEAN
