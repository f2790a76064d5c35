"""Exact neighbours N(ω) with their affine maps, for every step of a training loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from polyae.arrays import whole_number
from polyae.domains import Domain
from polyae.errors import SettingError, ShapeError
from polyae.networks.network import Network
from polyae.networks.torch_modules import from_torch
from polyae.predicates.kernel import Arithmetic
from polyae.queries.neighbours import NeighbourhoodBatch, batch_neighbours
from polyae.training.bisection import bisected_neighbours, other_codes
from polyae.training.neighbour_maps import PairMaps, neighbour_maps

Choice = Literal["all", "nearest", "random", "bisection"]
Float = NDArray[np.float64]
Int = NDArray[np.int64]

__all__ = ["Choice", "NeighbourMaps", "NeighbourOracle"]

_CHOICES = ("all", "nearest", "random", "bisection")


@dataclass(frozen=True, eq=False)
class NeighbourMaps:
    """Regions of n codes and k of their neighbours, with affine maps that carry gradients to the weights.

    Attributes
    ----------
    found : NeighbourhoodBatch
        Patterns and neighbours as arrays.
    owner : tensor of int64, shape (k,)
        Code that each neighbour belongs to, ascending.
    distances : tensor, shape (k,)
        Euclidean distance from the code to the hyperplane of the facet, without gradient.
    maps : PairMaps
        ``A, B`` of the codes' regions, ``A_neighbours, B_neighbours``, and their differences of rank one; the
        first four can be asked of this object itself. Maps of neighbours are made when first asked for.
    """

    found: NeighbourhoodBatch
    owner: Tensor
    distances: Tensor
    maps: PairMaps

    def __len__(self) -> int:
        return len(self.found)

    @property
    def A(self) -> Tensor:
        """``A_ω`` of every code's region: shape (n, d, h)."""
        return self.maps.A

    @property
    def B(self) -> Tensor:
        """``B_ω`` of every code's region: shape (n, d)."""
        return self.maps.B

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.maps.A.shape[1:]))
        return f"NeighbourMaps({len(self.maps.A)} codes, {len(self.owner)} neighbours, maps {shape})"

    @property
    def A_neighbours(self) -> Tensor:
        """``A_ω'`` of every neighbour: shape (k, d, h)."""
        return self.maps.A_neighbours

    @property
    def B_neighbours(self) -> Tensor:
        """``B_ω'`` of every neighbour: shape (k, d)."""
        return self.maps.B_neighbours

    @property
    def flipped(self) -> list[Int]:
        """Units that change state between a code's region and each neighbour: k arrays."""
        changed = self.found.patterns[self.found.owner] != self.found.neighbours
        return [np.flatnonzero(row) for row in changed]


def _first_of_each(owner: Int, keys: Float, count: int) -> Int:
    """Indices, ascending, of the `count` entries of every owner with the least keys."""
    order = np.lexsort((keys, owner))
    rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
    return np.sort(order[rank < count])


def _restricted(found: NeighbourhoodBatch, kept: Int) -> NeighbourhoodBatch:
    return NeighbourhoodBatch(found.patterns, found.owner[kept], found.neighbours[kept], found.distances[kept])


class NeighbourOracle:
    """The facet neighbours of a batch of codes under the present weights of a module.

    The weights are read afresh at every call and widened to float64 unchanged; the neighbours are those of
    that very network, proved or decided in rational arithmetic, so nothing is carried over from earlier steps.
    A code on a facet, or on several, belongs to the region of least pattern (units in order, off before on)
    among those whose closure holds it; facets in the border of the domain have no neighbour, and a code on
    the border is as good as any.

    Parameters
    ----------
    module : nn.Module
        Linear layers, batch normalisations and two-state units, see
        :func:`polyae.training.affine_maps.affine_maps`. On any device; the neighbours are found on the CPU.
    domain : Domain, optional
        All of the latent space by default.
    choose : {"all", "nearest", "random", "bisection"}
        All neighbours, those beyond the nearest facets, some drawn at random without replacement, or the
        paper's sampler, which proves nothing: see :func:`polyae.training.bisection.bisected_neighbours`.
    count : int, optional
        How many neighbours a code for "nearest" and "random", at most.
    seed : int
        Of the random choices. Call number i draws from the seed and i alone: set `calls` to go on from there.
    solver, arithmetic, workers
        As :func:`polyae.neighbours`.

    Raises
    ------
    SettingError
        If an option is unknown or out of range, or `count` is missing or superfluous.
    UnsupportedLayerError, NetworkError
        If the module is not a network that polyae reads.

    Examples
    --------
    >>> decoder = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1)).double()
    >>> for parameter, values in zip(decoder.parameters(), ([[1.0], [1.0]], [0.0, -1.0], [[1.0, 2.0]], [0.0])):
    ...     parameter.data = torch.tensor(values, dtype=torch.float64)
    >>> near = NeighbourOracle(decoder)(torch.tensor([[0.5], [3.0]]))
    >>> near.owner.tolist(), near.distances.tolist()
    ([0, 0, 1], [0.5, 0.5, 2.0])
    >>> near.A.flatten().tolist(), near.A_neighbours.flatten().tolist()
    ([1.0, 3.0], [0.0, 3.0, 1.0])
    """

    def __init__(
        self,
        module: nn.Module,
        domain: Domain | None = None,
        *,
        choose: Choice = "all",
        count: int | None = None,
        seed: int = 0,
        solver: str = "highs",
        arithmetic: Arithmetic = "exact",
        workers: int = 1,
    ) -> None:
        if choose not in _CHOICES:
            raise SettingError(f"choose is one of {', '.join(_CHOICES)}; got {choose!r}")
        if (choose in ("nearest", "random")) != (count is not None):
            raise SettingError(f"count is for choose='nearest' and 'random'; got choose={choose!r}, count={count}")
        if count is not None and count < 1:
            raise SettingError(f"count is a positive number, got {count}")
        from_torch(module)  # once, compared with what the module computes
        self.module = module
        self.domain = domain
        self.choose = choose
        self.count = count
        self.seed = whole_number(seed, "seed")
        self.solver = solver
        self.arithmetic = arithmetic
        self.workers = workers
        self.calls = 0

    def __repr__(self) -> str:
        count = "" if self.count is None else f", count={self.count}"
        return f"NeighbourOracle({type(self.module).__name__}, {self.domain!r}, choose={self.choose!r}{count})"

    def find(self, codes: Tensor) -> NeighbourhoodBatch:
        """Patterns, chosen neighbours and facet distances of codes (n, h), without the maps.

        Raises
        ------
        ShapeError
            If the codes are no tensor or have the wrong shape.
        DataError
            If one is not finite.
        OutsideDomainError
            If one lies outside the domain.
        """
        if not isinstance(codes, Tensor) or codes.is_complex():
            kind = codes.dtype if isinstance(codes, Tensor) else type(codes).__name__
            raise ShapeError(f"codes are a real tensor (n, h), got {kind}; torch.as_tensor makes one")
        points = codes.detach().to("cpu", torch.float64).numpy()
        network = from_torch(self.module, compare=False)
        generator = np.random.default_rng((self.seed, self.calls))
        self.calls += 1
        if self.choose == "bisection":
            return self._bisect(network, points, generator)
        found = batch_neighbours(
            network, points, self.domain, solver=self.solver, arithmetic=self.arithmetic, workers=self.workers
        )
        if self.count is None:
            return found
        keys = found.distances if self.choose == "nearest" else generator.random(len(found.owner))
        return _restricted(found, _first_of_each(found.owner, keys, self.count))

    def _bisect(self, network: Network, points: Float, generator: np.random.Generator) -> NeighbourhoodBatch:
        if points.ndim != 2:
            raise ShapeError(f"codes have shape (n, {network.input_dim}), got {points.shape}")
        return bisected_neighbours(network, points, other_codes(points, generator), self.domain)

    def __call__(self, codes: Tensor) -> NeighbourMaps:
        """Neighbours and maps of codes (n, h); errors as :meth:`find`."""
        found = self.find(codes)
        maps = neighbour_maps(self.module, found.patterns, found.owner, found.neighbours)
        distances = torch.as_tensor(found.distances).to(maps.regions.columns)
        return NeighbourMaps(found, maps.owner, distances, maps)
