"""``polyae count``: regions and data in balls."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from polyae.cli.domains import norm
from polyae.cli.output import JsonOption, StrictOption, finish
from polyae.cli.sources import MaxRegionsOption, MaxSecondsOption, NetworkArgument
from polyae.cli.values import matrix_file, vector
from polyae.networks.files import read_network
from polyae.queries.balls import count_in_balls

__all__ = ["count_command"]

CentreOption = Annotated[str, typer.Option("--centre", metavar="V", help="Centre of the balls: a,b,c or @file.npy.")]
RadiiOption = Annotated[str, typer.Option("--radii", metavar="V", help="Radii: a,b,c or @file.npy.")]
DataOption = Annotated[Path | None, typer.Option("--data", metavar="FILE.npy", help="Data in the input space, (n, h).")]
NormOption = Annotated[str, typer.Option("--norm", metavar="1|2|inf", help="Norm of the balls.")]


def count_command(
    net: NetworkArgument,
    centre: CentreOption,
    radii: RadiiOption,
    data: DataOption = None,
    norm_name: NormOption = "2",
    max_regions: MaxRegionsOption = None,
    max_seconds: MaxSecondsOption = None,
    strict: StrictOption = False,
    as_json: JsonOption = False,
) -> None:
    """Count regions that meet balls around a centre, and data in these balls, exactly.

    In a partial result the regions are lower bounds.
    """
    network = read_network(net)
    points = None if data is None else matrix_file(data, "--data")
    middle, sizes = vector(centre, "--centre"), vector(radii, "--radii")
    counts = count_in_balls(
        network, middle, sizes, points, norm(norm_name),
        max_regions=max_regions, max_seconds=max_seconds, progress=sys.stderr.isatty(),
    )  # fmt: skip
    result = {
        "centre": counts.centre, "norm": norm_name, "radii": counts.radii, "regions": counts.regions,
        "data": counts.data, "complete": counts.complete, "status": counts.message,
    }  # fmt: skip
    finish(result, as_json, strict=strict, partial=not counts.complete)
