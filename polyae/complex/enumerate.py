"""The entry point: enumerate the regions of a network on a domain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.arrays import finite_array, real_array
from polyae.atomic import check_writable
from polyae.complex.checkpoints import run_in_stages
from polyae.complex.progress import ProgressBar
from polyae.complex.region_complex import RegionComplex
from polyae.domains import Domain
from polyae.engines.enumeration import Budget, Engine, Enumeration
from polyae.engines.march import March
from polyae.engines.reference import ReferenceMarch
from polyae.engines.subdivide import Subdivide, faster
from polyae.errors import SettingError, ShapeError
from polyae.networks.network import Network, check_network
from polyae.predicates.affine import OUT_OF_RANGE
from polyae.predicates.cell import Arrangement
from polyae.predicates.interrupts import interruptible
from polyae.predicates.kernel import Arithmetic, Kernel

__all__ = ["arrange", "choose_engine", "enumerate_regions"]


def arrange(network: Network, domain: Domain, arithmetic: Arithmetic = "exact") -> Arrangement:
    """Put a network on a domain.

    Raises
    ------
    ShapeError
        If their dimensions differ.
    SettingError
        If one of them is something else.
    """
    check_network(network)
    if not isinstance(domain, Domain):
        raise SettingError(f"a domain is needed (Box, Polytope, Ball or Space), got {type(domain).__name__}")
    if domain.dim != network.input_dim:
        raise ShapeError(f"the domain has dimension {domain.dim}, the network takes {network.input_dim} inputs")
    return Arrangement(network, domain, Kernel(arithmetic))


def choose_engine(engine: str, solver: str, arrangement: Arrangement, whole: bool, workers: int = 1) -> Engine:
    """Engine by name; ``"auto"`` is the one that is faster.

    Parameters
    ----------
    engine, solver : str
    arrangement : Arrangement
    whole : bool
        Whether all regions are asked for, without limits and from the start.
    workers : int
        Threads of marching.

    Raises
    ------
    SettingError
        If there is none of that name.
    """
    match engine:
        case "auto":
            return Subdivide(solver, workers=workers) if whole and faster(arrangement) else March(solver, workers)
        case "march":
            return March(solver, workers)
        case "subdivide":
            return Subdivide(solver, workers=workers)
        case "reference":
            return ReferenceMarch(solver)
    raise SettingError(f"no engine {engine!r}; choose 'auto', 'subdivide', 'march' or 'reference'")


@interruptible
def enumerate_regions(
    network: Network,
    domain: Domain,
    *,
    engine: str = "auto",
    solver: str = "highs",
    arithmetic: Arithmetic = "exact",
    max_regions: int | None = None,
    max_seconds: float | None = None,
    starts: ArrayLike | None = None,
    hops: int | None = None,
    resume: RegionComplex | None = None,
    workers: int = 1,
    checkpoint: str | Path | None = None,
    progress: bool = False,
) -> RegionComplex:
    """Find all activation regions of a network that meet the interior of a domain, and their adjacency.

    Parameters
    ----------
    network : Network
    domain : Domain
        Box, Polytope, Ball or Space, of the network's input dimension.
    engine : {"auto", "subdivide", "march", "reference"}
        ``"subdivide"`` cuts bounded polytopes of dimension 8 at most by their vertices and edges, and hands other
        domains to marching; ``"march"`` goes from facet to facet; ``"reference"`` solves a linear
        program a row and is slow.  ``"auto"`` subdivides where that is faster, unless there are limits, start
        points or a complex to resume from.
    solver : {"highs", "scipy", "cvxpy"}
        Linear-programming solver of the reference engine, and of what the compiled one cannot prove.
    arithmetic : {"exact", "float"}
        ``"exact"`` proves every decision or takes it in rationals; ``"float"`` proves nothing.
    max_regions, max_seconds : optional
        Limits; the result then says that it is partial, and why.
    starts : array, shape (k, h), optional
        Points in whose regions the march starts; the domain's interior point by default.
    hops : int, optional
        Only the regions at most so many facets away from those of the start points, with all adjacency
        among them: the local region graph around data.  Needs the marching engine.
    resume : RegionComplex, optional
        A partial complex of the same network and domain to continue from.
    workers : int
        Threads of the marching engine; the result does not depend on their number.
    checkpoint : path, optional
        File in which marching saves what it has found every five minutes, a partial complex to resume from
        after a crash.  The result is not written there.
    progress : bool
        Show a progress bar on standard error.

    Returns
    -------
    RegionComplex
        Ctrl-C returns what has been found, as partial.

    Raises
    ------
    ShapeError
        If the dimensions of network and domain differ.
    SettingError
        If an option is unknown or out of range.
    FileFormatError
        If the checkpoint cannot be written.

    Examples
    --------
    >>> from polyae import Box, Layer, Network, enumerate_regions
    >>> cross = Network([Layer([[1, 0], [0, 1]], [0, 0], slope=0), Layer([[1, 1]], [0])])
    >>> cx = enumerate_regions(cross, Box([-1, -1], [1, 1]))
    >>> len(cx), cx.num_adjacent_pairs, cx.guarantee
    (4, 4, 'exact')
    """
    _check_limit("max_regions", max_regions, least=1)
    _check_limit("hops", hops, least=0)
    _check_limit("workers", workers, least=1)
    if max_seconds is not None and not (isinstance(max_seconds, int | float) and max_seconds > 0):
        raise SettingError(f"max_seconds must be a positive number, got {max_seconds!r}")
    if hops is not None and engine not in ("auto", "march"):
        raise SettingError(f"hops needs the engine 'march', got engine={engine!r}")
    if checkpoint is not None:
        check_writable(checkpoint)
    arrangement = arrange(network, domain, arithmetic)
    budget = Budget(max_regions, max_seconds, _start_points(starts, domain), hops)
    finder = choose_engine(engine, solver, arrangement, budget.whole and resume is None, workers)
    partial = _partial(resume, arrangement)
    return RegionComplex(arrangement, _run(finder, arrangement, budget, partial, checkpoint, progress))


@OUT_OF_RANGE
def _run(
    finder: Engine,
    arrangement: Arrangement,
    budget: Budget,
    resume: Enumeration | None,
    checkpoint: str | Path | None,
    progress: bool,
) -> Enumeration:
    with ProgressBar(progress) as bar:
        if checkpoint is None or budget.hops is not None or isinstance(finder, Subdivide):
            return finder.run(arrangement, budget, bar.update, resume)
        file: str | Path = checkpoint
        return run_in_stages(
            finder, arrangement, budget, bar.update, resume, lambda found: RegionComplex(arrangement, found).save(file)
        )


def _check_limit(name: str, value: int | None, least: int) -> None:
    if value is not None and (not hasattr(value, "__index__") or value < least):
        raise SettingError(f"{name} must be an integer, at least {least}, got {value!r}")


def _partial(resume: RegionComplex | None, arrangement: Arrangement) -> Enumeration | None:
    if resume is None:
        return None
    if not isinstance(resume, RegionComplex):
        raise SettingError(f"resume takes a RegionComplex, got {type(resume).__name__}; polyae.load reads a saved one")
    if resume.network != arrangement.network or resume.domain != arrangement.domain:
        raise SettingError("the complex to resume from belongs to another network or domain")
    if resume.arithmetic != arrangement.kernel.arithmetic:
        raise SettingError(
            f"the complex to resume from was found with arithmetic={resume.arithmetic!r}; go on with the same"
        )
    return resume.enumeration()


def _start_points(starts: ArrayLike | None, domain: Domain) -> NDArray[np.float64] | None:
    if starts is None:
        return None
    points = finite_array(np.atleast_2d(real_array(starts, "starts")), "starts", ("n", domain.dim))
    if not len(points):
        raise ShapeError("starts holds no point; leave it out to start anywhere")
    return points
