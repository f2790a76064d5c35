"""Which pieces of the surface are behind a violation."""

from __future__ import annotations

import numpy as np

from polyae.complex.region_complex import RegionComplex
from polyae.queries.theorem.sides import SurfaceToManifold
from polyae.queries.theorem.verdicts import Verdict

__all__ = ["Culprits"]

#: Regions named at most.
NAMED = 100


class Culprits:
    """Names regions for verdicts.

    Parameters
    ----------
    complex_ : RegionComplex
    field : SurfaceToManifold
        After the search for u1.
    vertex : int
        Where its lower end is attained.
    cover : float
        What distances from X may be less than those from its representation.
    """

    def __init__(self, complex_: RegionComplex, field: SurfaceToManifold, vertex: int, cover: float) -> None:
        pieces = field.pieces
        self._lower = np.zeros(len(complex_))
        np.maximum.at(self._lower, pieces, field.lower[: len(pieces)] - field.rounding - cover)
        lo, hi = complex_.domain.bounding_box()
        found = int(complex_.locate(np.clip(field.latent[vertex], lo, hi)))
        near = int(pieces[np.linalg.norm(field.latent[: len(pieces)] - field.latent[vertex], axis=1).argmin()])
        self.farthest = int(pieces[vertex]) if vertex < len(pieces) else found if found >= 0 else near

    def of(self, verdict: Verdict, there: int) -> tuple[int, ...]:
        """Regions behind a violated reading; `there` is the one nearest to the farthest point of the manifold."""
        if verdict.reading.left in ("u2", "hausdorff"):
            return (there,)
        right = verdict.right.upper
        far = np.flatnonzero(self._lower > right)
        order = far[np.argsort(-self._lower[far], kind="stable")][:NAMED].tolist()
        return tuple(order) or (self.farthest,)
