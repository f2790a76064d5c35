"""The arrays of a region complex, and what follows from them: counts, labels, and where patterns and points are."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from polyae.arrays import finite_array
from polyae.complex.canonical import sort_canonically
from polyae.complex.patterns import find_patterns, unpack
from polyae.engines.enumeration import Enumeration, Status
from polyae.engines.skeleton import euler_characteristic
from polyae.errors import ShapeError
from polyae.predicates.cell import Arrangement
from polyae.predicates.kernel import Arithmetic, DecisionCounts
from polyae.predicates.maps import map_classes
from polyae.predicates.position import closed_domain

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

__all__ = ["RegionArrays"]


class RegionArrays:
    """Patterns, witnesses and adjacency of all regions: what a region complex holds.

    Regions are sorted by pattern (units in order, off before on), so that the numbering does not depend on the engine
    and a pattern is found by bisection.
    """

    def __init__(self, arrangement: Arrangement, found: Enumeration) -> None:
        self.arrangement = arrangement
        self.network, self.domain = arrangement.network, arrangement.domain
        sort_canonically(found)
        self.packed, self.witnesses, self.exact_witnesses = found.packed, found.witnesses, found.exact_witnesses
        self.expanded, self.edges, self.edge_units = found.expanded, found.edges, found.edge_units
        self.status, self.engine, self.seconds = found.status, found.engine, found.seconds
        self.arithmetic: Arithmetic = arrangement.kernel.arithmetic
        self.decisions: DecisionCounts = found.decisions
        self.f_vector = found.f_vector
        for array in (self.packed, self.witnesses, self.expanded, self.edges, self.edge_units):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.packed)

    @property
    def complete(self) -> bool:
        """Whether every region of the domain was found."""
        return self.status is Status.COMPLETE

    @property
    def patterns(self) -> Bool:
        """Patterns unpacked: array of bool, shape (n, units)."""
        return unpack(self.packed, self.network.num_units)

    @property
    def num_adjacent_pairs(self) -> int:
        """Number of pairs of regions that share a facet."""
        return len(self.edges)

    @property
    def euler_characteristic(self) -> int | None:
        """Alternating sum of the f-vector, if there is one: 1 for every subdivision of a convex polytope."""
        return None if self.f_vector is None else euler_characteristic(self.f_vector)

    @cached_property
    def affine_map_labels(self) -> Int:
        """Label of each region's affine map; equal maps have equal labels.  Shape (n,)."""
        return map_classes(self.arrangement, self.packed)

    @property
    def num_distinct_affine_maps(self) -> int:
        """Number of different affine maps over all regions."""
        return int(self.affine_map_labels.max(initial=-1)) + 1

    @cached_property
    def linear_region_labels(self) -> Int:
        """Label of each region's linear region: facet-connected regions of one affine map.  Shape (n,)."""
        maps = self.affine_map_labels
        same = self.edges[maps[self.edges[:, 0]] == maps[self.edges[:, 1]]]
        graph = coo_array((np.ones(len(same), dtype=bool), (same[:, 0], same[:, 1])), shape=(len(self), len(self)))
        return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)

    @property
    def num_linear_regions(self) -> int:
        """Number of linear regions."""
        return int(self.linear_region_labels.max(initial=-1)) + 1

    @cached_property
    def adjacency(self) -> csr_array:
        """Adjacency matrix (n, n); entries are 1 + the number of the edge."""
        number = np.arange(1, len(self.edges) + 1)
        i, j = self.edges.T
        both = coo_array((np.tile(number, 2), (np.concatenate([i, j]), np.concatenate([j, i]))), shape=(len(self),) * 2)
        return both.tocsr()

    def find(self, patterns: ArrayLike) -> Int:
        """Numbers of the regions of given patterns, -1 where there is none.

        Parameters
        ----------
        patterns : array of bool, shape (units,) or (k, units), or string of 0 and 1, or list of strings
            Strings are as commands print them and the nodes of :meth:`RegionComplex.to_networkx` carry them.

        Returns
        -------
        array of int, shape (k,)
            One pattern gives an array of one number.

        Raises
        ------
        ShapeError
            If the length of a pattern is not the number of units.
        DataError
            If they hold anything but 0 and 1.

        Examples
        --------
        >>> from polyae import Box, Layer, Network, enumerate_regions
        >>> cross = Network([Layer([[1, 0], [0, 1]], [0, 0], slope=0), Layer([[1, 1]], [0])])
        >>> cx = enumerate_regions(cross, Box([-1, -1], [1, 1]))
        >>> cx.find("10"), cx.find(["11", "00"]), cx.find([True, False])
        (array([2]), array([3, 0]), array([2]))
        """
        return find_patterns(self.packed, patterns, self.network.num_units)

    def locate(self, points: ArrayLike) -> Int | int:
        """Number of the region that holds each point.

        Parameters
        ----------
        points : array, shape (h,) or (k, h)

        Returns
        -------
        int, or array of int of shape (k,)
            On a boundary the lowest of the regions whose closure holds the point; -1 outside the domain
            and, in a partial complex, where nothing was found.

        Raises
        ------
        ShapeError
            If the points have another dimension.
        DataError
            If a number is NaN or infinite.
        """
        array = finite_array(points, "points", (..., self.network.input_dim))
        if array.ndim > 2:
            raise ShapeError(f"points has shape {array.shape}, expected (k, {self.network.input_dim})")
        flat = np.atleast_2d(array)
        inside = closed_domain(self.arrangement, flat)
        numbers = np.full(len(flat), -1, dtype=np.int64)
        numbers[inside] = self._locate_inside(flat[inside])
        return int(numbers[0]) if array.ndim == 1 else numbers

    def _locate_inside(self, points: Float) -> Int:
        signs = self.arrangement.unit_signs(points)
        # With every vanishing unit off this is the least of the patterns that agree on the others.
        numbers = self.find(signs > 0)
        patterns = None
        for k in np.flatnonzero((numbers < 0) & (signs == 0).any(axis=1)):
            patterns = self.patterns if patterns is None else patterns
            decided = np.flatnonzero(signs[k])
            agree = (patterns[:, decided] == (signs[k, decided] > 0)).all(axis=1)
            numbers[k] = np.argmax(agree) if agree.any() else -1
        return numbers

    def enumeration(self) -> Enumeration:
        """Return the arrays as an engine's result, which an engine can resume from."""
        return Enumeration(
            self.packed, self.witnesses, self.exact_witnesses, self.edges, self.edge_units,
            self.expanded, self.status, self.engine, self.seconds, self.decisions, self.f_vector,
        )  # fmt: skip
