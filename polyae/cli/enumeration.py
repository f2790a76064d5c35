"""``polyae enumerate``: all regions on a domain."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from polyae.atomic import check_writable, whole_file
from polyae.cli.domains import DomainOptions
from polyae.cli.groups import grouped
from polyae.cli.output import JsonOption, StrictOption, finish
from polyae.cli.sources import EnumerationOptions, NetworkArgument
from polyae.complex.certificate import check_domain
from polyae.complex.region_complex import RegionComplex, load
from polyae.engines.enumeration import Status
from polyae.errors import FileFormatError
from polyae.networks.files import read_network

__all__ = ["counts", "enumerate_command"]

OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE.npz", help="Save the complex, partial ones too, and a march every 5 minutes."),
]
ResumeOption = Annotated[
    Path | None,
    typer.Option(
        "--resume", metavar="FILE.npz", help="Go on from a partial complex, on its domain: none need be given again."
    ),
]
CertifyOption = Annotated[
    Path | None, typer.Option("--certify", metavar="CERT", help="Write a certificate, which polyae check can check.")
]
ProveOption = Annotated[bool, typer.Option("--prove", help="Have the certificate checked, independently.")]
FigureOption = Annotated[
    Path | None, typer.Option("--figure", metavar="FILE.png", help="Draw the partition of a plane (h = 2).")
]
GraphOption = Annotated[Path | None, typer.Option("--graphml", metavar="FILE", help="Write the region graph.")]


def counts(cx: RegionComplex) -> dict[str, Any]:
    """Counts of a complex, and what is claimed about them."""
    return {
        "regions": len(cx),
        "linear_regions": cx.num_linear_regions,
        "distinct_affine_maps": cx.num_distinct_affine_maps,
        "adjacent_pairs": cx.num_adjacent_pairs,
        "f_vector": cx.f_vector,
        "euler_characteristic": cx.euler_characteristic,
        "complete": cx.complete,
        "status": cx.status.value,
        "guarantee": cx.guarantee,
        "engine": cx.engine,
        "seconds": cx.seconds,
        "decisions": asdict(cx.decisions),
        "domain": cx.domain.to_dict(),
        "network": cx.network.digest,
    }


@grouped
def enumerate_command(
    net: NetworkArgument,
    domain: DomainOptions,
    enumeration: EnumerationOptions,
    out: OutOption = None,
    resume: ResumeOption = None,
    graphml: GraphOption = None,
    figure: FigureOption = None,
    certify: CertifyOption = None,
    prove: ProveOption = False,
    strict: StrictOption = False,
    as_json: JsonOption = False,
) -> None:
    """Enumerate all regions of a network on a domain.

    State one domain: --box, --ball, --polytope or --space.

    Ctrl-C and SIGTERM keep what marching has found, as partial; subdivision, which --engine auto takes for boxes in
    few dimensions, is faster and has nothing to keep before its end.  Exit code: 130 or 143 then.
    """
    network = read_network(net)
    for path in (out, graphml, figure, certify):
        if path is not None:
            check_writable(path)
    if out is not None and out.suffix != ".npz":
        raise FileFormatError(f"--out {out}: the name of a region complex ends in .npz")
    if figure is not None and figure.suffix.lower() != ".png":
        raise FileFormatError(f"--figure {figure}: the name of a figure ends in .png")
    previous = None if resume is None else load(resume)
    where = domain.stated(network.input_dim) if previous is None or domain.given else previous.domain
    if certify is not None or prove:
        check_domain(where)
    if figure is not None:
        from polyae.report.plane_figure import check_plane

        check_plane(where)
    cx = enumeration.run(network, where, previous, out)
    kept = cx.status is not Status.NOTHING_KEPT  # else the files may hold more than there is now
    if cx.status is Status.INTERRUPTED and sys.stderr.isatty():
        print("polyae: interrupted; saving and counting what has been found", file=sys.stderr)
    if out is not None and kept:
        cx.save(out)
    if graphml is not None and kept:
        cx.to_graphml(graphml)
    if figure is not None and kept:
        _draw(cx, figure)
    if prove:
        cx.prove(certify, progress=sys.stderr.isatty())
    elif certify is not None:
        cx.certify(certify, progress=sys.stderr.isatty())
    finish(counts(cx), as_json, strict=strict, partial=not cx.complete)


def _draw(cx: RegionComplex, path: Path) -> None:
    from polyae.report.figures import png
    from polyae.report.plane_figure import plane_figure

    with whole_file(path) as file:
        file.write_bytes(png(plane_figure(cx)))
