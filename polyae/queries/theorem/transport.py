"""Hypothesis H2 for a manifold: which generators, and over which θ."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.arrays import check_finite, real_array
from polyae.errors import ShapeError
from polyae.queries.manifolds import Manifold, ProductOrbit
from polyae.queries.manifolds.exponential import spectral_bound
from polyae.queries.theorem.lie_residuals import LieResiduals, Report, lie_residuals
from polyae.queries.theorem.surface import Surface

Int = NDArray[np.int64]

__all__ = ["groups_of", "transport"]


def groups_of(manifold: Manifold, generators: ArrayLike | None) -> list[ProductOrbit]:
    """Generators of H2 and their parameters: those of every orbit of the manifold, or given ones.

    Given generators act with ``|θ_k| <= π / ‖G_k‖``, half a turn of the fastest rotation.

    Raises
    ------
    ShapeError, DataError
        If the given ones are no square matrices of the manifold's dimension, or not finite.
    """
    if generators is None:
        return [chart for chart in manifold.charts if isinstance(chart, ProductOrbit)]
    d = manifold.ambient
    given = real_array(generators, "generators")
    given = given[None] if given.ndim == 2 else given
    if given.ndim != 3 or given.shape[1:] != (d, d) or not len(given):
        raise ShapeError(f"generators of H2 have shape (m, {d}, {d}), in the space of the outputs; got {given.shape}")
    check_finite(given, "generators")
    # Half of it, for differences of two parameters.
    turns = np.array([np.pi / 2 / (spectral_bound(g) or 1.0) for g in given])
    return [ProductOrbit(given, np.zeros(d), np.stack([-turns, turns], axis=1))]


def transport(
    surface: Surface,
    edges: Int,
    groups: list[ProductOrbit],
    *,
    gap: float,
    deadline: float,
    workers: int = 1,
    report: Report | None = None,
) -> LieResiduals | None:
    """Residuals of all edges, None without a group; of several groups each edge takes the one that moves it best."""
    best: LieResiduals | None = None
    for group in groups:
        found = lie_residuals(
            surface.maps, edges, group, errors=surface.map_errors, gap=max(gap, 1e-6), deadline=deadline,
            workers=workers, report=report,
        )  # fmt: skip
        best = found if best is None else _better(best, found)
    return best


def _better(a: LieResiduals, b: LieResiduals) -> LieResiduals:
    better = b.exponential < a.exponential
    width = max(a.theta.shape[2], b.theta.shape[2])
    theta = [np.pad(x.theta, ((0, 0), (0, 0), (0, width - x.theta.shape[2]))) for x in (a, b)]
    return replace(
        a,
        exponential=np.minimum(a.exponential, b.exponential),
        exponential_lower=np.minimum(a.exponential_lower, b.exponential_lower),
        theta=np.where(better[..., None], theta[1], theta[0]),
        linear=np.minimum(a.linear, b.linear),
    )
