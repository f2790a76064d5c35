"""The region complex: all regions of a network on a domain, and how they hang together.

A container of arrays; single regions are views made on demand.  Regions are sorted by pattern (units in
order, off before on), so that the numbering does not depend on the engine and a pattern is found by
bisection.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Literal, overload

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from polyae.arrays import bit_array, finite_array
from polyae.atomic import whole_file
from polyae.complex.canonical import pattern_keys, sort_canonically
from polyae.complex.certificate import certificate_lines, prove_complex, write_certificate
from polyae.complex.region import Region
from polyae.complex.storage import read_complex_file, write_complex_file
from polyae.engines.enumeration import Enumeration, Status
from polyae.engines.skeleton import Skeleton, euler_characteristic
from polyae.engines.subdivide import skeleton_of
from polyae.errors import SettingError, ShapeError, SolverError
from polyae.lp.facets import Witness
from polyae.predicates.cell import Arrangement
from polyae.predicates.kernel import Arithmetic, DecisionCounts, Kernel
from polyae.predicates.maps import map_classes
from polyae.predicates.position import closed_domain

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
Guarantee = Literal["proved", "exact", "float", "partial"]

__all__ = ["Guarantee", "RegionComplex", "check_complex", "load", "pattern_string", "unpack"]


class RegionComplex:
    """Regions, witnesses and adjacency.  Made by :func:`polyae.enumerate_regions`.

    Attributes
    ----------
    network : Network
    domain : Domain
    packed : array of uint8, shape (n, ceil(units / 8))
        Patterns, eight units a byte, sorted.
    witnesses : array, shape (n, h)
        A point strictly inside each region.
    exact_witnesses : dict
        For regions in which no float64 point was found: an exact homogeneous integer point.
    edges : array of int32, shape (e, 2)
        Adjacent pairs i < j, sorted.
    edge_units : array of int32, shape (e,)
        Lowest unit behind the facet.
    expanded : array of bool, shape (n,)
        Regions all of whose facets have been crossed; all of them unless the complex is partial.
    status : Status
        Complete, or why it is partial.
    engine : str
    seconds : float
        Time of the enumeration.
    arithmetic : {"exact", "float"}
    decisions : DecisionCounts
        How many signs were decided in floating point and in rationals.
    f_vector : tuple of int, optional
        Numbers of faces of dimension 0 to h, the domain's boundary included, if the engine counted them:
        subdivision does, marching does not.
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
        self._proved = False
        for array in (self.packed, self.witnesses, self.expanded, self.edges, self.edge_units):
            array.setflags(write=False)

    def __repr__(self) -> str:
        counts = f"{len(self)} regions, {self.num_adjacent_pairs} adjacent pairs"
        return f"RegionComplex({counts}, {self.status.value.split(':')[0]}, {self.arithmetic} arithmetic)"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickled and copied as what it is made of, since integers of flint cannot be."""
        return RegionComplex, (self.arrangement, self.enumeration())

    def __len__(self) -> int:
        return len(self.packed)

    @overload
    def __getitem__(self, index: int) -> Region: ...
    @overload
    def __getitem__(self, index: slice) -> list[Region]: ...

    def __getitem__(self, index: int | slice) -> Region | list[Region]:
        if isinstance(index, slice):
            return [self._region(i) for i in range(len(self))[index]]
        number = operator.index(index)
        if not -len(self) <= number < len(self):
            raise IndexError(f"there is no region {index}; the complex has {len(self)}")
        return self._region(number % len(self))

    def _region(self, i: int) -> Region:
        start, stop = self.adjacency.indptr[i : i + 2]
        neighbours = np.sort(self.adjacency.indices[start:stop]).astype(np.int64)
        cell = self.arrangement.cell(unpack(self.packed[i : i + 1], self.network.num_units)[0])
        return Region(cell, Witness(self.witnesses[i], self.exact_witnesses.get(i)), i, neighbours, self.find)

    def __iter__(self) -> Iterator[Region]:
        return (self._region(i) for i in range(len(self)))

    @property
    def complete(self) -> bool:
        """Whether every region of the domain was found."""
        return self.status is Status.COMPLETE

    @property
    def guarantee(self) -> Guarantee:
        """What is claimed: ``"exact"`` decisions throughout, ``"float"``, or only a ``"partial"`` complex.

        ``"proved"`` where the independent checker has accepted a certificate, see :meth:`prove`.
        """
        if self._proved:
            return "proved"
        return self.arithmetic if self.complete else "partial"

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
    def skeleton(self) -> Skeleton:
        """Vertices and edges of all regions, each with the units that vanish there.

        Made by subdividing the domain when first asked for, whichever engine found the regions.

        Raises
        ------
        SettingError
            If the domain is no bounded polytope of dimension 8 at most, or the complex is partial.
        SolverError
            If it has another number of regions than the complex, which no input should bring about.
        """
        if not self.complete:
            raise SettingError("vertices and edges need a complete complex; this one is partial: resume it first")
        skeleton = skeleton_of(self.arrangement)
        if skeleton.f_vector[-1] != len(self):
            raise SolverError(f"subdivision finds {skeleton.f_vector[-1]} regions and the complex has {len(self)}")
        return skeleton

    @property
    def vertices(self) -> Float:
        """Vertices of all regions, those on the domain's boundary included: shape (v, h).  See :attr:`skeleton`."""
        return self.skeleton.vertices

    @cached_property
    def affine_map_labels(self) -> Int:
        """Label of each region's affine map; equal maps have equal labels.  Shape (n,)."""
        return map_classes(self.arrangement, self.patterns)

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
        """Numbers of the regions of given patterns, -1 where there is none: bool (k, units) to int (k,).

        One pattern, shape (units,), gives an array of one number.

        Raises
        ------
        ShapeError
            If their length is not the number of units.
        DataError
            If they hold anything but 0 and 1.
        """
        bits = np.atleast_2d(bit_array(patterns, "patterns"))
        if bits.ndim != 2 or bits.shape[1] != self.network.num_units:
            raise ShapeError(f"patterns have shape {bits.shape}, expected (k, {self.network.num_units})")
        keys, wanted = pattern_keys(self.packed), pattern_keys(np.packbits(bits, axis=1))
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[place] == wanted, place, -1)

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

    def to_networkx(self) -> nx.Graph:
        """Region graph: nodes carry ``pattern`` (a string of 0 and 1), edges ``unit``."""
        graph = nx.Graph(domain=repr(self.domain), guarantee=self.guarantee)
        for i, bits in enumerate(self.patterns):
            graph.add_node(i, pattern=pattern_string(bits))
        graph.add_edges_from(
            (int(i), int(j), {"unit": int(u)}) for (i, j), u in zip(self.edges, self.edge_units, strict=True)
        )
        return graph

    def to_graphml(self, path: str | Path) -> None:
        """Write the region graph as GraphML, whole or not at all.

        Raises
        ------
        FileFormatError
            If the file cannot be written.
        """
        with whole_file(path) as file:
            nx.write_graphml(self.to_networkx(), file)

    def save(self, path: str | Path) -> None:
        """Write to one ``.npz`` file; :func:`polyae.load` reads it back.

        Parameters
        ----------
        path : path
            Replaced only when the new file is whole.

        Raises
        ------
        FileFormatError
            If the file cannot be written.
        """
        write_complex_file(path, self.network, self.domain, self.arithmetic, self.enumeration())

    def certificate(self) -> Iterator[str]:
        """Lines of a certificate: a header, then for each region its facets and why there are no others.

        Raises
        ------
        CertificateError
            If the complex is partial, found with ``arithmetic="float"`` or on a ball, or lacks a region or a pair.
        """
        return certificate_lines(self)

    def certify(self, path: str | Path, progress: bool = False) -> None:
        """Write a certificate, which ``polyae check`` or :func:`polyae.check.check` checks against the weights alone.

        Parameters
        ----------
        path : path
            Replaced only when the new file is whole; until then ``path.partial`` grows, and a call that was
            interrupted goes on there when it is repeated.
        progress : bool
            Show a progress bar on standard error.

        Raises
        ------
        CertificateError
            As :meth:`certificate`.
        FileFormatError
            If the file cannot be written.
        """
        write_certificate(self, path, progress)

    def prove(self, path: str | Path | None = None, workers: int = 1, progress: bool = False) -> None:
        """Certify the complex and have the certificate checked; ``guarantee`` is ``"proved"`` from then on.

        The proof is not saved with the complex: one that is loaded counts as ``"exact"`` until it is proved again.

        Parameters
        ----------
        path : path, optional
            Where to keep the certificate.
        workers : int
            Processes that check.
        progress : bool
            Show progress on standard error.

        Raises
        ------
        CertificateError
            As :meth:`certificate`, or if the checker refuses the certificate: then the complex is wrong.
        FileFormatError
            If the file cannot be written.

        Examples
        --------
        >>> from polyae import Box, Layer, Network, enumerate_regions
        >>> cross = Network([Layer([[1, 0], [0, 1]], [0, 0], slope=0), Layer([[1, 1]], [0])])
        >>> cx = enumerate_regions(cross, Box([-1, -1], [1, 1]))
        >>> cx.prove()
        >>> cx.guarantee
        'proved'
        """
        prove_complex(self, path, workers, progress)
        self._proved = True

    def enumeration(self) -> Enumeration:
        """Return the arrays as an engine's result, which an engine can resume from."""
        return Enumeration(
            self.packed, self.witnesses, self.exact_witnesses, self.edges, self.edge_units,
            self.expanded, self.status, self.engine, self.seconds, self.decisions, self.f_vector,
        )  # fmt: skip


def load(path: str | Path) -> RegionComplex:
    """Read a complex that :meth:`RegionComplex.save` wrote.

    Parameters
    ----------
    path : path

    Raises
    ------
    FileFormatError
        If the file is missing, truncated, not a region complex, or of a newer schema.
    """
    network, domain, arithmetic, found = read_complex_file(path)
    return RegionComplex(Arrangement(network, domain, Kernel(arithmetic)), found)


def check_complex(cx: object, name: str = "cx") -> None:
    """Refuse what is no :class:`RegionComplex`, under the name of the argument.

    Raises
    ------
    SettingError
        If it is something else.
    """
    if not isinstance(cx, RegionComplex):
        raise SettingError(
            f"{name} is a RegionComplex, got {type(cx).__name__}: enumerate_regions(network, domain) makes one"
        )


def unpack(packed: NDArray[np.uint8], units: int) -> Bool:
    """Patterns (n, units) from packed ones."""
    return np.unpackbits(packed, axis=1, count=units).astype(bool)


def pattern_string(bits: Bool) -> str:
    """Pattern as a string of 0 and 1."""
    return "".join("1" if b else "0" for b in bits)
