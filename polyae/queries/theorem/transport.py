"""Hypothesis H2 for a manifold: which generators, and over which θ."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polyae.queries.manifolds import Manifold, ProductOrbit
from polyae.queries.manifolds.exponential import spectral_bound
from polyae.queries.theorem.lie_residuals import LieResiduals, lie_residuals
from polyae.queries.theorem.surface import Surface

Int = NDArray[np.int64]

__all__ = ["transport"]


def transport(
    surface: Surface,
    edges: Int,
    manifold: Manifold,
    generators: ArrayLike | None,
    *,
    gap: float,
    deadline: float,
    workers: int = 1,
) -> LieResiduals | None:
    """Residuals of all edges under given generators, else under those of the manifold; None if it has none.

    Given generators act with ``|θ_k| <= π / ‖G_k‖``, half a turn of the fastest rotation.  Of several orbits
    each edge takes the one that moves it best.
    """
    if generators is not None:
        given = np.asarray(generators, dtype=np.float64)
        given = given[None] if given.ndim == 2 else given
        # Half of it, for differences of two parameters.
        turns = np.array([np.pi / 2 / (spectral_bound(g) or 1.0) for g in given if g.ndim == 2])
        groups = [ProductOrbit(given, np.zeros(manifold.ambient), np.stack([-turns, turns], axis=1))]
    else:
        groups = [chart for chart in manifold.charts if isinstance(chart, ProductOrbit)]
    best: LieResiduals | None = None
    for group in groups:
        found = lie_residuals(
            surface.maps, edges, group, errors=surface.map_errors, gap=max(gap, 1e-6), deadline=deadline,
            workers=workers,
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
