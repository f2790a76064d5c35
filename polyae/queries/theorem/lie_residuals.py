"""How far neighbouring pieces are from being moved into one another by the group: hypothesis H2.

For each edge (ω, ω') of the region graph, in both directions: the least ``‖exp(θG) A_ω' - A_ω‖_F`` over θ, and
its linearisation ``min_ε ‖A_ω - (I + Σ ε_k G_k) A_ω'‖_F`` (Propositions 2 and 3 of Cosentino et al., 2021).

The first minimum is global and proved.  A grid of θ that all edges share is compared by matrix products; the cells
that it leaves are cut and bounded edge by edge, as in :mod:`polyae.queries.theorem.cell_kernel`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyae.lp.simplex import for_kernel
from polyae.predicates.compilation import clock
from polyae.queries.manifolds import Jet, ProductOrbit
from polyae.queries.manifolds.exponential import UP
from polyae.queries.text_table import spread_table
from polyae.queries.theorem.cell_kernel import bounds_of_cells
from polyae.queries.theorem.newton import descend
from polyae.tolerances import gamma

Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["LieResiduals", "Report", "lie_residuals"]

Report = Callable[[int, int, int], None]

#: Cells of the shared grid at most, and their size in units of the fastest rotation, in radians.
MAX_GRID, GRID_STEP = 1024, 0.5
#: Cells that one direction of an edge may take on average before the search ends with what it has, and what few edges
#: may take together, which takes less than a second.
CELLS_PER_EDGE, FEWEST_CELLS = 256, 1 << 17
#: Residuals below this share of the map are told from 0 in absolute terms only.
FLOOR = 1e-2
#: Cells are wider by this share, for the rounding of their centres.
WIDER = 1e-12
#: Edges, and cells, that are treated at once, and the work of a last descent in steps.
EDGES, CELLS, DESCENT = 4096, 1024, 200_000


@dataclass(frozen=True, eq=False, repr=False)
class LieResiduals:
    """Hypothesis H2 as measured, edge by edge.

    Attributes
    ----------
    edges : array of int, shape (e, 2)
        Pairs i < j of regions.
    exponential : array, shape (e, 2)
        ``min_θ ‖exp(θG) A_j - A_i‖_F`` and the same with i and j exchanged, from above: attained at `theta`.
    exponential_lower : array, shape (e, 2)
        The same from below: no θ in the box gives less.
    theta : array, shape (e, 2, m)
        Where.  θ runs over the differences of two parameters of the orbit.
    linear : array, shape (e, 2)
        ``min_ε ‖A_i - (I + Σ ε_k G_k) A_j‖_F`` and the same with i and j exchanged.
    sizes : array, shape (e, 2)
        Norms of the targets A_i and A_j.
    """

    edges: Int
    exponential: Float
    exponential_lower: Float
    theta: Float
    linear: Float
    sizes: Float

    def __len__(self) -> int:
        return len(self.edges)

    def __repr__(self) -> str:
        most = self.exponential.max(initial=0.0)
        return f"LieResiduals({len(self):,} adjacent pairs, at most {most:.4g})"

    def __str__(self) -> str:
        quantities = {
            "min over θ of ‖exp(θG) A_j - A_i‖": (self.exponential_lower, self.exponential),
            "min over ε of ‖(I + εG) A_j - A_i‖": (self.linear, self.linear),
            "‖A_i‖": (self.sizes, self.sizes),
        }
        head = f"hypothesis H2: {len(self):,} adjacent pairs, both ways"
        return "\n".join([head, *spread_table("over the pairs", quantities)])


def lie_residuals(
    maps: Float,
    edges: Int,
    group: ProductOrbit,
    *,
    errors: Float | None = None,
    gap: float = 1e-2,
    deadline: float = np.inf,
    workers: int = 1,
    report: Report | None = None,
) -> LieResiduals:
    """Residuals of all edges.

    Parameters
    ----------
    maps : array, shape (n, d, h)
        The matrices A_ω.
    edges : array of int, shape (e, 2)
    group : ProductOrbit
        Its generators, and the differences of its parameters.
    errors : array, shape (n,), optional
        Bounds on the Frobenius norms of the errors of the maps; 0 by default.
    gap : float
        Relative width of the interval of the exponential residual to stop at.
    deadline : float
        Time of `polyae.predicates.compilation.clock` at which the search ends with what it has.
    workers : int
        Threads.
    report : callable, optional
        Called in every round with the numbers of directed edges that are settled, of all of them, and of open cells.
    """
    columns = np.ascontiguousarray(maps.transpose(0, 2, 1))
    both = np.concatenate([edges, edges[:, ::-1]]).astype(np.int64)
    search = _Search(columns, both, group, gap, workers)
    search.run(deadline, report)
    off = np.zeros(len(maps)) if errors is None else errors
    maps_off = off[both[:, 0]] + off[both[:, 1]] * search.growth
    lower = np.maximum(search.lower - search.margin - maps_off, 0.0)
    here = group.relative_bounds(search.theta)[1] * search.sizes[both[:, 1]] * UP
    upper = search.upper + here + maps_off
    sizes = np.linalg.norm(columns, axis=(1, 2))

    def pairs(values: Float) -> Float:
        return values.reshape(2, -1, *values.shape[1:]).swapaxes(0, 1).copy()

    linear = _linear(columns, both, group.generators)
    return LieResiduals(edges, pairs(upper), pairs(lower), pairs(search.theta), pairs(linear), sizes[edges])


def _linear(columns: Float, both: Int, generators: Float) -> Float:
    size = columns.shape[1] * columns.shape[2]
    moved = np.stack([(columns @ g.T).reshape(-1, size) for g in generators], axis=2)
    gram = moved.transpose(0, 2, 1) @ moved
    # A generator may annihilate the source: the pseudo-inverse leaves its ε at 0.
    inverse = np.linalg.pinv(gram, hermitian=True) if len(gram) else gram
    result = np.empty(len(both))
    for i in range(0, len(both), EDGES):
        target, source = both[i : i + EDGES].T
        rest = (columns[target] - columns[source]).reshape(len(target), size, 1)
        # Twice: the second step takes back what the squared condition of the first one spoils.
        for _ in range(2):
            rest = rest - moved[source] @ (inverse[source] @ (moved[source].transpose(0, 2, 1) @ rest))
        result[i : i + EDGES] = np.linalg.norm(rest[..., 0], axis=1)
    return result


class _Search:
    """Branch and bound over θ for all directed edges at once."""

    def __init__(self, columns: Float, both: Int, group: ProductOrbit, gap: float, workers: int) -> None:
        self.columns, self.both, self.group, self.gap, self.workers = columns, both, group, gap, workers
        self.hi = group.hi - group.lo
        n = len(both)
        self.sizes = np.linalg.norm(columns, axis=(1, 2))
        # x0 is a map here, of the size of each source.
        growth, relative = group.relative_bounds(self.hi[None])
        self.growth = float(growth[0])
        self.margin = (float(relative[0]) * self.sizes[both[:, 1]]) * UP
        self.product_error = max(flow.product_error / (flow.norm or 1.0) for flow in group.flows)
        self.lower, self.upper = np.full(n, np.inf), np.full(n, np.inf)
        self.theta = np.zeros((n, group.dim))

    @property
    def _tolerance(self) -> Float:
        return np.asarray(self.gap * np.maximum(self.upper, FLOOR * self.sizes[self.both[:, 0]]))

    def run(self, deadline: float, report: Report | None) -> None:
        if not len(self.both):
            return
        edge, centre, half = self._shared_grid()
        self._polish()
        spent, limit = 0, max(CELLS_PER_EDGE * len(self.both), FEWEST_CELLS)
        while len(edge):
            if report is not None:
                report(len(self.both) - len(np.unique(edge)), len(self.both), len(edge))
            low = self._bounds(edge, centre, half)
            spent += len(edge)
            done = low >= (self.upper - self._tolerance)[edge]
            if spent > limit or clock() > deadline:
                done[:] = True
            np.minimum.at(self.lower, edge[done], low[done])
            edge, centre, half = edge[~done], centre[~done], half[~done]
            rows, axis = np.arange(len(edge)), (half * self.group.scales).argmax(axis=1)
            half[rows, axis] /= 2
            shift = np.zeros_like(centre)
            shift[rows, axis] = half[rows, axis]
            edge = np.concatenate([edge, edge])
            centre, half = np.concatenate([centre - shift, centre + shift]), np.concatenate([half, half])
        self._polish()
        self.lower = np.minimum(self.lower, self.upper)

    def _shared_grid(self) -> tuple[Int, Float, Float]:
        """Compare all edges on one grid; what it leaves are cells (edge, centre, half)."""
        m, scales = self.group.dim, self.group.scales
        turns = 2 * self.hi * np.array([flow.norm for flow in self.group.flows])
        steps = np.maximum(np.ceil(turns / GRID_STEP), 1.0)
        shrink = max(float(np.prod(steps)) / MAX_GRID, 1.0) ** (1 / m)
        counts = 2 * np.maximum((steps / shrink / 2).astype(int), 1) + 1
        half = self.hi / counts
        axes = [s * (2 * np.arange(c) - (c - 1)) for s, c in zip(half, counts, strict=True)]
        centres = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, m)
        d = self.group.ambient
        acting = self.group.act(centres, np.broadcast_to(np.eye(d), (len(centres), d, d)))
        target, source = self.both.T
        reach = self.growth * float(half @ scales) * (1 + WIDER) * self.sizes[source] * UP
        low = np.empty((len(self.both), len(centres)), dtype=np.float32)
        for k in range(len(centres)):
            moved = self.columns @ acting[k]
            away = np.empty(len(self.both))
            for i in range(0, len(away), EDGES):
                part = slice(i, i + EDGES)
                away[part] = np.linalg.norm(moved[source[part]] - self.columns[target[part]], axis=(1, 2))
            better = away < self.upper
            self.upper[better], self.theta[better] = away[better], centres[k]
            low[:, k] = np.maximum(away - reach, 0.0) * (1 - 1e-6)
        left = low < (self.upper - self._tolerance)[:, None]
        kept = np.where(left, np.inf, low).min(axis=1)
        self.lower = kept.astype(np.float64)
        edge, cell = np.nonzero(left)
        # Rounding of the centres is made up for by cells that are a little wider.
        return edge, centres[cell], np.tile(half * (1 + WIDER), (len(edge), 1))

    def _bounds(self, edge: Int, centre: Float, half: Float) -> Float:
        """Lower bounds of cells; upper ones go into what is reached."""
        parts = [slice(i, i + CELLS) for i in range(0, len(edge), CELLS)]
        with ThreadPoolExecutor(self.workers) as pool:
            found = list(pool.map(lambda part: self._cells(edge[part], centre[part], half[part]), parts))
        lower, upper, delta = (np.concatenate(values) for values in zip(*found, strict=True))
        # Several cells of one edge: the best comes last.
        order = np.argsort(-upper)
        edge, upper = edge[order], upper[order]
        better = upper < self.upper[edge]
        self.theta[edge[better]] = np.clip((centre + delta)[order][better], -self.hi, self.hi)
        np.minimum.at(self.upper, edge, upper)
        return np.asarray(lower)

    def _cells(self, edge: Int, centre: Float, half: Float) -> tuple[Float, Float, Float]:
        """Bounds of cells, and where the upper ones are reached, from their centres."""
        target, source = self.both[edge].T
        jet = self.group.act_jet(centre, self.columns[source])
        n, m = centre.shape
        off = 4 * (self.margin[edge] + self.product_error * self.sizes[source] * self.growth)
        sizes, radius = self.sizes[source] * self.growth, half @ self.group.scales
        weights = np.outer(self.group.scales, self.group.scales)
        second = np.linalg.norm(jet.second.reshape(n, m, m, -1), axis=3) / weights
        bend = np.minimum(sizes, second.max(axis=(1, 2)) * UP + radius * sizes + off)
        first = jet.first.reshape(n, m, -1)
        given = (self.columns[target].reshape(n, -1), jet.x.reshape(n, -1), first, half)
        missed = (bend * radius**2 / 2 + off * radius) * UP
        lower, upper, delta = bounds_of_cells(*for_kernel(*given, radius * sizes * UP, missed))
        return lower, upper, delta

    def _polish(self) -> None:
        """Descend from the best θ so far."""
        target, source = self.both.T
        size = self.columns[0].size

        def jet_at(theta: Float, rows: Int) -> Jet:
            jet = self.group.act_jet(theta, self.columns[source[rows]])
            n, m = theta.shape
            return Jet(jet.x.reshape(n, size), jet.first.reshape(n, m, size), jet.second.reshape(n, m, m, size))

        steps = int(np.clip(DESCENT // len(self.both), 4, 40))
        targets = self.columns[target].reshape(-1, size)
        found = descend(jet_at, targets, self.theta, -self.hi, self.hi, steps)
        better = found.distances < self.upper
        self.upper[better] = found.distances[better] * (1 + gamma(size + 8))
        self.theta[better] = found.theta[better]
