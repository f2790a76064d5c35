"""The facets of a cell: float64 proposals, proved with error bounds or decided in rationals."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from polyae.lp.exact import combination, lowest_value
from polyae.lp.program import CellProgram
from polyae.lp.proposals import Proposals, propose
from polyae.predicates.affine import OUT_OF_RANGE, BoundedRows, evaluate
from polyae.predicates.cell import Cell
from polyae.predicates.rational import HomogeneousPoint, homogeneous, rounded
from polyae.tolerances import BASIS_THRESHOLD, gamma

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
#: By source of a row: a point beyond the facet, or None for a redundant row.
Verdicts = dict[int, Float | None]

__all__ = ["Facet", "Known", "Verdicts", "Witness", "find_facets"]


@dataclass(frozen=True)
class Known:
    """What compiled code knows of a cell, by the rows' sources.

    Attributes
    ----------
    verdicts : dict
        Proved already: a point beyond the facet, or None for a redundant row.
    bases : dict
        Rows whose combination may prove a row redundant; a proposal.  One that shares the row's hyperplane proves
        nothing, since one of both may be the facet's.
    """

    verdicts: Verdicts = field(default_factory=dict)
    bases: dict[int, list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Witness:
    """A point strictly inside a cell.

    Attributes
    ----------
    point : array, shape (h,)
        The point, or the float64 point nearest to it.
    exact : homogeneous point, optional
        Given where no float64 point was found inside.
    """

    point: Float
    exact: HomogeneousPoint | None = None

    @property
    def homogeneous(self) -> HomogeneousPoint:
        """The witness in integers."""
        return homogeneous(self.point.tolist()) if self.exact is None else self.exact


@dataclass(frozen=True)
class Facet:
    """A facet of a cell.

    Attributes
    ----------
    rows : array of int
        All rows of the cell that vanish on it.
    units : array of int
        The units among them.
    boundary : bool
        Whether it lies on the boundary of the domain's half-spaces.
    beyond : array, shape (h,)
        A point beyond these rows and strictly inside all others.
    exact_beyond : homogeneous point, optional
        The same where float64 could not prove it.
    """

    rows: NDArray[np.int64]
    units: NDArray[np.int64]
    boundary: bool
    beyond: Float
    exact_beyond: HomogeneousPoint | None = None

    @property
    def homogeneous_beyond(self) -> HomogeneousPoint:
        """The point beyond in integers."""
        return homogeneous(self.beyond.tolist()) if self.exact_beyond is None else self.exact_beyond


def _prove_facets(rows: BoundedRows, beyond: Float) -> Bool:
    """Which rows have a point that is certainly beyond them and certainly inside all others."""
    proved = np.zeros(len(beyond), dtype=bool)
    given = np.flatnonzero(~np.isnan(beyond[:, 0]))
    values, bounds = evaluate(rows, beyond[given])
    values[np.arange(len(given)), given] *= -1
    proved[given] = (values > bounds).all(axis=1)
    return proved


@OUT_OF_RANGE
def _prove_redundant(rows: BoundedRows, multipliers: Float, box: tuple[Float, Float]) -> Bool:
    """Which rows exceed their nonnegative combination of other rows everywhere in a box.

    The combination need not reproduce the row: what is left over is bounded over the box.
    """
    count, width = rows.values.shape
    left = rows.values - multipliers @ rows.values
    size = np.abs(rows.values) + multipliers @ np.abs(rows.values)
    error = rows.errors + multipliers @ rows.errors * (1 + gamma(count)) + gamma(count + 1) * size
    lo, hi = box
    reach = np.maximum(np.abs(lo), np.abs(hi))
    lowest = np.minimum(left[:, :-1] * lo, left[:, :-1] * hi).sum(axis=1) + left[:, -1]
    bound = error[:, :-1] @ reach + error[:, -1]
    bound += gamma(width + 1) * (np.abs(left[:, :-1]) @ reach + np.abs(left[:, -1]) + bound)
    return np.asarray(multipliers.any(axis=1) & (lowest > bound))


@OUT_OF_RANGE
def _prove_redundant_unbounded(rows: BoundedRows, row: int, multipliers: Float) -> bool:
    """The same without a box: multipliers that reproduce the normal exactly are enclosed.

    With R close to the inverse of the basis matrix B, the exact multipliers lie within
    ``|R| (residual) / (1 - ‖I - R B‖)`` of the computed ones (Rump, *Verification methods*, 2010).
    """
    h = rows.values.shape[1] - 1
    support = np.argsort(-multipliers)[:h]
    normals, errors = rows.values[support, :-1].T, rows.errors[support, :-1].T
    try:
        inverse = np.linalg.inv(normals)
    except np.linalg.LinAlgError:
        return False
    target, y = rows.values[row, :-1], inverse @ rows.values[row, :-1]
    size = np.abs(target) + np.abs(normals) @ np.abs(y)
    residual = np.abs(target - normals @ y) + rows.errors[row, :-1] + errors @ np.abs(y) + gamma(h + 2) * size
    defect = np.abs(np.eye(h) - inverse @ normals) + gamma(h + 1) * np.abs(inverse) @ np.abs(normals)
    contraction = (defect + np.abs(inverse) @ errors).sum(axis=1).max() * (1 + gamma(2 * h))
    if not contraction < 0.5:
        return False
    # In the maximum norm: the correction solves (R B) x = R r, and ‖(R B)^-1‖ <= 1 / (1 - contraction).
    radius = (np.abs(inverse) @ residual).max() * (1 + gamma(2 * h)) / (1 - contraction) * (1 + gamma(4))
    offsets, offset_errors = rows.values[support, -1], rows.errors[support, -1]
    constant = rows.values[row, -1] - y @ offsets
    bound = rows.errors[row, -1] + np.abs(y) @ offset_errors + radius * (np.abs(offsets) + offset_errors).sum()
    bound += gamma(h + 2) * (np.abs(rows.values[row, -1]) + np.abs(y) @ np.abs(offsets) + bound)
    return bool((y > radius).all() and constant > bound)


def _prove(rows: BoundedRows, proposals: Proposals, box: tuple[Float, Float]) -> tuple[Bool, Bool]:
    facet = _prove_facets(rows, proposals.beyond)
    if np.isfinite(box[0]).all() and np.isfinite(box[1]).all():
        return facet, _prove_redundant(rows, proposals.multipliers, box) & ~facet
    open_rows = np.flatnonzero(proposals.multipliers.any(axis=1))
    redundant = np.zeros(len(facet), dtype=bool)
    redundant[open_rows] = [_prove_redundant_unbounded(rows, int(i), proposals.multipliers[i]) for i in open_rows]
    return facet, redundant & ~facet


def find_facets(
    cell: Cell, witness: Witness, program_class: type[CellProgram], known: Known | None = None
) -> tuple[list[Facet], Witness]:
    """All facets of a cell, one per hyperplane, and a well-centred witness.

    Parameters
    ----------
    cell : Cell
    witness : Witness
        Strictly inside.
    program_class : type
        Solver of the float64 linear programs.
    known : Known, optional
        From compiled code.
    """
    groups = cell.hyperplanes()
    if not groups:
        return [], witness
    first = np.array([g[0] for g in groups], dtype=np.int64)
    rows = BoundedRows(cell.rows.values[first], cell.rows.errors[first])
    settled = _settled(cell, groups, known or Known())
    open_rows = [i for i in range(len(first)) if i not in settled]
    if not open_rows:
        return [_facet(cell, groups[i], p) for i, p in sorted(settled.items()) if p is not None], witness
    proposals, centre = propose(rows.values, witness.point, program_class, open_rows)
    facet, redundant = _prove(rows, proposals, cell.arrangement.bounding_box)
    beyond: dict[int, Float | HomogeneousPoint] = {i: p for i, p in settled.items() if p is not None}
    beyond |= {i: proposals.beyond[i] for i in open_rows if facet[i]}
    doubtful = [i for i in open_rows if not facet[i] and not redundant[i]]
    beyond |= _decide(cell, first, doubtful, witness, proposals)
    cell.arrangement.kernel.counts.filtered += len(open_rows) - len(doubtful)
    if witness.exact is None and not cell.arrangement.domain.curved and cell.holds(centre):
        witness = Witness(centre)
    return [_facet(cell, groups[i], beyond[i]) for i in sorted(beyond)], witness


def _settled(cell: Cell, groups: list[NDArray[np.int64]], known: Known) -> Verdicts:
    """Known verdicts by group; a row that shares its hyperplane with others stands for all of them."""
    found: Verdicts = {}
    kernel, row_of = cell.arrangement.kernel, {s: i for i, s in enumerate(cell.source.tolist())}
    for i, group in enumerate(groups):
        for source in cell.source[group].tolist():
            if source in known.verdicts:
                found[i] = known.verdicts[source]
                kernel.counts.filtered += 1
                break
            basis = [row_of[s] for s in known.bases.get(source, []) if s in row_of]
            if kernel.exact and basis and not np.isin(basis, group).any() and _combined(cell, row_of[source], basis):
                found[i] = None
                kernel.counts.exact += 1
                break
    return found


def _combined(cell: Cell, row: int, basis: list[int]) -> bool:
    """Whether a row is exactly a nonnegative combination of others, and of a nonnegative constant."""
    return combination(cell.integers(row), [cell.integers(k) for k in basis]) is not None


def _decide(
    cell: Cell, first: NDArray[np.int64], doubtful: list[int], witness: Witness, proposals: Proposals
) -> dict[int, Float | HomogeneousPoint]:
    """Facets among the doubtful rows, each with a point beyond it."""
    kernel = cell.arrangement.kernel
    if not kernel.exact:
        kernel.counts.assumed += len(doubtful)
        return {i: proposals.beyond[i] for i in doubtful if not np.isnan(proposals.beyond[i, 0])}
    kernel.counts.exact += len(doubtful)
    found: dict[int, Float | HomogeneousPoint] = {}
    for i in doubtful:
        point = _exact_beyond(cell, first, i, witness, proposals.multipliers[i])
        if point is not None:
            found[i] = point
    return found


def _exact_beyond(
    cell: Cell, first: NDArray[np.int64], i: int, witness: Witness, multipliers: Float
) -> HomogeneousPoint | None:
    """Exact verdict on one row: the proposed basis if it proves redundancy, else exact pivoting."""
    row = cell.integers(int(first[i]))
    basis = np.argsort(-multipliers)[: cell.dim]
    basis = basis[multipliers[basis] > BASIS_THRESHOLD]
    if len(basis) and combination(row, [cell.integers(int(first[k])) for k in basis]) is not None:
        return None
    others = [cell.integers(int(r)) for k, r in enumerate(first) if k != i]
    return lowest_value(row, others, witness.homogeneous).beyond


def _facet(cell: Cell, rows: NDArray[np.int64], beyond: Float | HomogeneousPoint) -> Facet:
    sources = cell.source[rows]
    point, exact = (beyond, None) if isinstance(beyond, np.ndarray) else (rounded(beyond), beyond)
    return Facet(rows, sources[sources >= 0], bool((sources < 0).any()), point, exact)
