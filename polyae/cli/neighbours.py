"""``polyae neighbours``: the exact neighbours of a code's region."""

from __future__ import annotations

from typing import Annotated

import typer

from polyae.arrays import finite_array
from polyae.cli.domains import DomainOptions
from polyae.cli.groups import grouped
from polyae.cli.output import JsonOption, finish
from polyae.cli.sources import NetworkArgument, arithmetic_of
from polyae.cli.values import vector
from polyae.complex.patterns import pattern_string
from polyae.networks.files import read_network
from polyae.queries.neighbours import batch_neighbours

__all__ = ["neighbours_command"]

AtOption = Annotated[str, typer.Option("--at", metavar="V", help="The code: a,b,c or @file.npy.")]
SolverOption = Annotated[str, typer.Option("--solver", metavar="highs|scipy|cvxpy", help="Linear programs, if needed.")]
ArithmeticOption = Annotated[
    str, typer.Option("--arithmetic", metavar="exact|float", help="Proved decisions, or float64.")
]


@grouped
def neighbours_command(
    net: NetworkArgument,
    at: AtOption,
    domain: DomainOptions,
    solver: SolverOption = "highs",
    arithmetic: ArithmeticOption = "exact",
    as_json: JsonOption = False,
) -> None:
    """Find the regions that share a facet with a code's region, without enumerating the rest.

    Without a domain, in the whole space.
    """
    network = read_network(net)
    where = domain.optional(network.input_dim)
    code = finite_array(vector(at, "--at"), "--at", (network.input_dim,))[None]
    near = batch_neighbours(network, code, where, solver=solver, arithmetic=arithmetic_of(arithmetic))[0]
    found = [
        {"pattern": pattern_string(row), "flipped": flipped, "distance": distance}
        for row, flipped, distance in zip(near.neighbours, near.flipped, near.distances, strict=True)
    ]
    finish({"pattern": pattern_string(near.pattern), "count": len(near), "neighbours": found}, as_json)
