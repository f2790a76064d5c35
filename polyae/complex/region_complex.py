"""The region complex: all regions of a network on a domain, and how they hang together.

A container of arrays, see :mod:`polyae.complex.region_arrays`; single regions are views made on demand.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Literal, overload

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from polyae.complex.certificate import certificate_lines, prove_complex, write_certificate
from polyae.complex.graph import region_graph, write_graphml
from polyae.complex.patterns import unpack
from polyae.complex.region import Region
from polyae.complex.region_arrays import RegionArrays
from polyae.complex.storage import read_complex_file, write_complex_file
from polyae.engines.enumeration import Enumeration
from polyae.engines.skeleton import Skeleton
from polyae.engines.subdivide import skeleton_of
from polyae.errors import SettingError, SolverError
from polyae.lp.facets import Witness
from polyae.predicates.cell import Arrangement
from polyae.predicates.kernel import Kernel

Guarantee = Literal["proved", "exact", "float", "partial"]

__all__ = ["Guarantee", "RegionComplex", "check_complex", "load"]


class RegionComplex(RegionArrays):
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
        super().__init__(arrangement, found)
        self._proved = False

    def __repr__(self) -> str:
        counts = f"{len(self)} regions, {self.num_adjacent_pairs} adjacent pairs"
        return f"RegionComplex({counts}, {self.status.value.split(':')[0]}, {self.arithmetic} arithmetic)"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickled and copied as what it is made of, since integers of flint cannot be."""
        return RegionComplex, (self.arrangement, self.enumeration())

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
    def guarantee(self) -> Guarantee:
        """What is claimed: ``"exact"`` decisions throughout, ``"float"``, or only a ``"partial"`` complex.

        ``"proved"`` where the independent checker has accepted a certificate, see :meth:`prove`.
        """
        if self._proved:
            return "proved"
        return self.arithmetic if self.complete else "partial"

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
    def vertices(self) -> NDArray[np.float64]:
        """Vertices of all regions, those on the domain's boundary included: shape (v, h).  See :attr:`skeleton`."""
        return self.skeleton.vertices

    def to_networkx(self) -> nx.Graph:
        """Region graph: nodes carry ``pattern`` (a string of 0 and 1), edges ``unit``."""
        return region_graph(self)

    def to_graphml(self, path: str | Path) -> None:
        """Write the region graph as GraphML, whole or not at all.

        Raises
        ------
        FileFormatError
            If the file cannot be written.
        """
        write_graphml(self, path)

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
