"""What a certificate says of one region: a point beyond each facet, and why all other rows are redundant.

The compiled search proposes and proves in float64 what it can; a region that it leaves open goes to the exact
facet test.  Multipliers are settled in integers in either case.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyae.lp.facet_search import FACET, REDUNDANT, decide_rows, search_workspace
from polyae.lp.facets import Known, Witness, find_facets
from polyae.lp.highs_solver import HighsProgram
from polyae.lp.multipliers import Combinations, combinations, propose_bases
from polyae.predicates.cell import Arrangement
from polyae.predicates.compiled import beyond_alone, build_rows, strictly_inside, workspace
from polyae.predicates.flat import flatten
from polyae.predicates.rational import HomogeneousPoint, IntegerRow

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

__all__ = ["FacetProof", "RegionProof", "RegionProver"]


#: Binary digits to which points are rounded if they still prove what they should, tried in turn.
SHORT_BITS = (6, 12, 20, 30)


@dataclass(frozen=True)
class FacetProof:
    """A facet, and a point that proves it.

    Attributes
    ----------
    rows : list of int
        All rows on its hyperplane, ascending: units, then ``units + k`` for half-space k of the domain.
    beyond : array, shape (h,), or homogeneous point
        Beyond these rows and strictly inside all others.
    """

    rows: list[int]
    beyond: Float | HomogeneousPoint


@dataclass(frozen=True)
class RegionProof:
    """A point of a region, its facets, and its redundant rows.

    Attributes
    ----------
    inside : array, shape (h,), or homogeneous point
        Strictly inside.
    facets : list of FacetProof
    redundant : list
        Numbers of facets, and rows that are nonnegative combinations of them.
    """

    inside: Float | HomogeneousPoint
    facets: list[FacetProof]
    redundant: Combinations


@dataclass(frozen=True)
class _Shape:
    """A point, facets with proofs, and float64 rows of all rows that vary, under the certificate's numbers."""

    inside: Float | HomogeneousPoint
    facets: list[FacetProof]
    values: dict[int, Float]


class RegionProver:
    """Proves what a certificate says of regions, one after the other.

    Parameters
    ----------
    arrangement : Arrangement
        On a domain that is its half-spaces.
    """

    def __init__(self, arrangement: Arrangement) -> None:
        self.arrangement, self.units = arrangement, arrangement.network.num_units
        self.flat = flatten(arrangement)
        self.cell = workspace(self.flat, self.units)
        self.search = search_workspace(len(self.cell.source), arrangement.network.input_dim)
        self.twins: dict[int, list[int]] = {}
        for unit, first in enumerate(self.flat.twin_of.tolist()):
            self.twins.setdefault(first, []).append(unit)

    def prove(self, pattern: Bool, witness: Witness) -> RegionProof:
        """Facets and redundant rows of the region of one pattern.

        Raises
        ------
        SolverError
            If the witness is not inside.
        """
        settled, known = self._searched(pattern, witness)
        shape = settled or self._found(pattern, witness, known)
        rows = self._integers(pattern)
        on_facets = {k for facet in shape.facets for k in facet.rows}
        rest = [k for k, row in enumerate(rows) if k not in on_facets and any(row[:-1])]
        bases = np.full((len(rest), self.arrangement.network.input_dim), -1, dtype=np.int64)
        if rest and shape.facets:
            firsts = np.array([shape.values[facet.rows[0]] for facet in shape.facets])
            propose_bases(firsts, np.array([shape.values[k] for k in rest]), witness.point, bases)
        redundant = combinations(
            [rows[facet.rows[0]] for facet in shape.facets], [rows[k] for k in rest], bases, witness.homogeneous
        )
        return RegionProof(shape.inside, shape.facets, [(by, [rest[i] for i in members]) for by, members in redundant])

    def _integers(self, pattern: Bool) -> list[IntegerRow]:
        rows = self.arrangement.rational.unit_rows(pattern)
        oriented = [row if on else [-x for x in row] for row, on in zip(rows, pattern.tolist(), strict=True)]
        return oriented + self.arrangement.wall_integers

    def _number(self, source: int) -> int:
        return source if source >= 0 else self.units - 1 - source

    def _on(self, source: int) -> list[int]:
        """All rows that share the hyperplane of a row of the compiled cell wherever it varies."""
        return self.twins[source] if source >= 0 else [self._number(source)]

    def _searched(self, pattern: Bool, witness: Witness) -> tuple[_Shape | None, Known]:
        """What the compiled search proves: all of it, or only some verdicts by source."""
        bits = pattern.astype(np.uint8)
        m = build_rows(self.flat, bits, self.cell)
        if m < 0 or witness.exact is not None or not strictly_inside(self.cell, m, witness.point):
            return None, Known()
        left = decide_rows(self.cell, m, witness.point, self.search, self.flat)
        status, source = self.search.status[:m], self.cell.source[:m].tolist()
        facets = {source[i]: self._shortened(m, self.search.beyond[i], int(i)) for i in np.flatnonzero(status == FACET)}
        if left:
            return None, Known({source[i]: None for i in np.flatnonzero(status == REDUNDANT)} | facets)
        rows = self.cell.rows[:, :m].T
        values = {k: rows[i] for i, s in enumerate(source) for k in self._on(s)}
        proofs = [FacetProof(self._on(s), point) for s, point in facets.items()]
        return _Shape(self._shortened(m, witness.point), proofs, values), Known()

    def _shortened(self, m: int, point: Float, beyond: int = -1) -> Float:
        """A point nearby with fewer digits that is on the same sides: less to write, to read and to multiply."""
        rows = self.cell.rows, self.cell.coefficient_error, self.cell.offset_error
        scale = np.frexp(np.abs(point).max())[1]
        for bits in SHORT_BITS:
            rounded = np.ldexp(np.rint(np.ldexp(point, bits - scale)), scale - bits)
            if beyond_alone(*rows, m, rounded, beyond, self.cell.values, self.cell.bounds):
                return rounded
        return point.copy()

    def _found(self, pattern: Bool, witness: Witness, known: Known) -> _Shape:
        """Facets from the exact test."""
        cell = self.arrangement.cell(pattern)
        facets, _ = find_facets(cell, witness, HighsProgram, known)
        number = [self._number(s) for s in cell.source.tolist()]
        proofs = [
            FacetProof(
                sorted(number[i] for i in facet.rows.tolist()),
                facet.beyond if facet.exact_beyond is None else facet.exact_beyond,
            )
            for facet in facets
        ]
        inside = witness.point if witness.exact is None else witness.exact
        return _Shape(inside, proofs, dict(zip(number, cell.rows.values, strict=True)))
