"""Vertices placed anew, from the rows that vanish there.

Interpolation from vertex to vertex lets bounds grow by a factor at every step, while a vertex is the solution of a
linear system whose rows are known almost to the last bit.  In the first layer, whose units cut whole domains, rows are
the weights themselves and all vertices are placed anew; in later layers only those at which a decision is open, since
rows there take a pass through the network.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyae.engines.subdivide.layers import first_rows, layer_plans, of_units
from polyae.engines.subdivide.polytope_faces import PolytopeFaces
from polyae.engines.subdivide.refine import evaluate_anew, refine
from polyae.engines.subdivide.twin_units import TwinUnits
from polyae.engines.subdivide.vertices import Inserted, Vertices
from polyae.predicates.affine import BoundedRows, layer_rows, scaled
from polyae.predicates.cell import Arrangement

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["COARSE", "Positions"]

#: Once a sign is open, vertices whose bounds are above this share of their largest value are all placed anew, at once.
COARSE = 2.0**-30
#: Vertices of the first layer, and of later ones, that are worked on at a time: about a megabyte.
FIRST_CHUNK, CHUNK = 4096, 64


class Positions:
    """Places of the vertices of a mesh, from the rows of their units and walls."""

    def __init__(self, arrangement: Arrangement, faces: PolytopeFaces, twins: TwinUnits) -> None:
        self.arrangement, self.faces, self.twins = arrangement, faces, twins
        self.layers = len(layer_plans(arrangement.network))
        self.basis = faces.wall_basis

    def refine_first_layer(self, mesh: Vertices, vertices: Int) -> None:
        """Place vertices on units of the first layer alone."""
        rows = self._with_walls([first_rows(self.arrangement.network)])
        for start in range(0, len(vertices), FIRST_CHUNK):
            some = vertices[start : start + FIRST_CHUNK]
            which = self._own_rows(mesh, some, len(rows.values) - len(self.arrangement.walls.values))
            refine(mesh, some, *_in_order(BoundedRows(rows.values[which], rows.errors[which])))

    def refine(
        self,
        mesh: Vertices,
        vertices: Int,
        number: int = -1,
        layer: Inserted | None = None,
    ) -> None:
        """Place vertices on units of any layer, and evaluate a layer there.

        Parameters
        ----------
        mesh : Vertices
            Changed in place.
        vertices : array of int
        number, layer : int, Inserted, optional
            Number and units of the last layer inserted, whose values the mesh holds; by default of a finished mesh,
            which holds none.
        """
        layers = self.layers if layer is None else number + 1
        for start in range(0, len(vertices), CHUNK):
            some = vertices[start : start + CHUNK]
            network, pattern = self.arrangement.network, self.twins.patterns(mesh.pattern_words(some))
            by_layer = layer_rows(network, pattern, layers)
            rows = self._with_walls([of_units(rows, y) for rows, y in zip(by_layer, network.layers, strict=False)])
            which = self._own_rows(mesh, some, rows.values.shape[1] - len(self.arrangement.walls.values))[..., None]
            values, errors = (np.take_along_axis(array, which, axis=1) for array in (rows.values, rows.errors))
            own = scaled(BoundedRows(values, errors))
            refine(mesh, some, *_in_order(own))
            if layer is not None:
                evaluate_anew(mesh, some, *_in_order(by_layer[-1]), int(layer.units[0]), layer.row_of)

    def _with_walls(self, by_layer: list[BoundedRows]) -> BoundedRows:
        """Rows of the units of some layers, then of the walls."""
        walls = self.arrangement.walls
        shape = (*by_layer[0].values.shape[:-2], *walls.values.shape)
        values = [*(rows.values for rows in by_layer), np.broadcast_to(walls.values, shape)]
        errors = [*(rows.errors for rows in by_layer), np.broadcast_to(walls.errors, shape)]
        return BoundedRows(np.concatenate(values, axis=-2), np.concatenate(errors, axis=-2))

    def _own_rows(self, mesh: Vertices, vertices: Int, units: int) -> Int:
        """Which rows vanish at vertices: first its units, then walls that span its face: array (m, h)."""
        own, h = mesh.own[vertices].astype(np.int64), mesh.own.shape[1]
        face = mesh.face[vertices]
        on_walls = np.arange(h) - self.faces.dims[face][:, None]
        walls = np.take_along_axis(self.basis[face], np.maximum(on_walls, 0), axis=1)
        return np.where(on_walls < 0, own, units + walls)


def _in_order(rows: BoundedRows) -> tuple[Float, Float]:
    """Values and errors of one memory layout, for which alone kernels are then compiled."""
    return np.ascontiguousarray(rows.values), np.ascontiguousarray(rows.errors)
