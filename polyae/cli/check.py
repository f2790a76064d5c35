"""``polyae check``: is a certificate true of a network?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from polyae.check import FalseStatement, Unreadable, check
from polyae.cli.output import Exit, JsonOption, finish
from polyae.cli.sources import NetworkArgument
from polyae.complex.progress import counting_bar
from polyae.errors import FileFormatError, SettingError
from polyae.networks.files import read_network

__all__ = ["check_command"]

CertificateArgument = Annotated[Path, typer.Argument(metavar="CERT", help="Certificate, from polyae enumerate.")]
WorkersOption = Annotated[int, typer.Option(metavar="N", help="Processes that check.")]


def check_command(
    cert: CertificateArgument, net: NetworkArgument, workers: WorkersOption = 1, as_json: JsonOption = False
) -> None:
    """Check a certificate against the weights alone. Exit code 1 if it states something false."""
    if workers < 1:
        raise SettingError(f"--workers {workers}: at least one process is needed")
    description = _description(net)
    try:
        with counting_bar("checking", sys.stderr.isatty()) as show:
            verdict = check(cert, description, workers, show)
    except Unreadable as error:
        raise FileFormatError(str(error)) from error
    except FalseStatement as error:
        _refute(str(error), as_json)
    if as_json:
        finish({"proved": True, "regions": verdict.regions, "adjacent_pairs": verdict.pairs}, as_json)
    else:
        print(verdict.statement)


def _refute(statement: str, as_json: bool) -> None:
    if as_json:
        finish({"proved": False, "refuted": statement}, as_json)
    else:
        print(f"polyae: refuted: {statement}", file=sys.stderr)
    raise typer.Exit(Exit.REFUTED)


def _description(net: Path) -> dict[str, Any]:
    """The network as the checker takes it: a JSON file as it is, another format by way of polyae's reader."""
    network = read_network(net)
    if net.suffix.lower() != ".json":
        return network.to_dict()
    described: dict[str, Any] = json.loads(net.read_bytes())
    return described
