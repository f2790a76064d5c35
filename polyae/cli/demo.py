"""``polyae demo``: three studies, one report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyae.cli.output import Exit, JsonOption, StrictOption, finish
from polyae.errors import FileFormatError

if TYPE_CHECKING:
    from polyae.report.sections import Section

__all__ = ["demo_command"]

OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for report, figures and summary.")]
QuickOption = Annotated[bool, typer.Option("--quick", help="Small networks and few steps: seconds, not minutes.")]


def demo_command(
    out: OutOption = Path("out/demo"),
    quick: QuickOption = False,
    strict: StrictOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train on real digit scans, enumerate the regions, and write a report. Ctrl-C keeps what is done."""
    from polyae.report.demo import Demo, DemoSettings
    from polyae.report.threads import one_thread

    if out.exists() and not out.is_dir():
        raise FileFormatError(f"{out} is not a folder")
    settings = DemoSettings.quick() if quick else DemoSettings()
    with one_thread():
        summary = Demo(out, settings, _tell, progress=sys.stderr.isatty()).run()
    if as_json:
        finish(summary, as_json)
    else:
        print(f"report: {out / 'report.html'}")
    if strict and not summary["complete"]:
        raise typer.Exit(Exit.PARTIAL)


def _tell(section: Section) -> None:
    """Print a section's tables to standard error, as it is done."""
    from rich.console import Console
    from rich.table import Table

    console = Console(stderr=True)
    console.rule(section.title)
    for paragraph in section.paragraphs:
        console.print(paragraph, markup=False, highlight=False)
    for table in section.tables:
        console.print(table.caption, markup=False, highlight=False)
        shown = Table(*table.header, show_header=any(table.header))
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)
