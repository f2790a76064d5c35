"""The second-order Lie-group regulariser (Eq. 13 of Cosentino et al., 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from polyae.errors import SettingError, ShapeError
from polyae.training.affine_maps import affine_maps
from polyae.training.epsilon import closed_form_epsilon
from polyae.training.generators import Kind, initial, largest_norm, matrices, move
from polyae.training.pair_residuals import pair_residuals, pays

Bool = NDArray[np.bool_]

__all__ = ["HasNeighbours", "LieGroupRegulariser", "PatternNeighbourhood", "repeated"]


class HasNeighbours(Protocol):
    """A region and its facet neighbours, as :func:`polyae.neighbours` returns them."""

    @property
    def pattern(self) -> Bool:
        """Pattern of the region, shape (units,)."""

    @property
    def neighbours(self) -> Bool:
        """Patterns of its k neighbours, shape (k, units)."""


class PatternNeighbourhood(NamedTuple):
    """The least that has neighbours: two arrays."""

    pattern: Bool
    neighbours: Bool


def repeated(targets: Tensor, segments: Tensor) -> Tensor:
    """Target of every pair, for the codes that the pairs belong to.

    Raises
    ------
    ShapeError
        If a code has no target.
    """
    try:
        return targets[segments]
    except IndexError as error:
        raise ShapeError(f"segments number the codes from 0 to {len(targets) - 1}: {error}") from error


class LieGroupRegulariser(nn.Module):
    """Mean over pairs of neighbouring regions of ``min_ε ‖A_ω - (I + Σ_k ε_k G_k) A_ω'‖_F``.

    The norm is not squared, as in Eq. 13.  Gradients reach the affine maps and the generators.

    * ε is a constant in the backward pass. It minimises the norm, so by the envelope theorem the gradient
      of the minimum is the partial gradient at fixed ε, exactly, wherever the rank of M does not change;
      differentiating through the pseudo-inverse would cost more and blow up near such a change.
    * At a residual of exactly zero the norm has no gradient. Zero is then a subgradient, and the one
      used: a pair that fits perfectly exerts no force.
    * A moved matrix ``G_k A`` that vanishes up to rounding (dead units make A = 0) counts as zero, and its
      ε is zero, so that values and gradients stay finite.

    Parameters
    ----------
    dim : int
        Dimension d of the data space.
    kind : {"full", "skew", "low rank"}
        Any matrix, a skew-symmetric one (its exponential is then orthogonal), or one of rank at most `rank`,
        ``L Rᵀ``, whose products cost the rank instead of d.
    num_generators : int
        Number m of generators.
    rank : int, optional
        For "low rank" only.
    reduction : {"mean", "sum"}
        Over pairs.
    seed : int
        Seed of the initial generators, of entries with variance 1/d.
    generators : array, shape (m, d, d), optional
        Initial generators instead of random ones; of kind "skew" their skew part is taken, of kind "low rank"
        the nearest matrix of that rank.
    dtype : torch.dtype

    Raises
    ------
    ShapeError
        If sizes do not fit.
    SettingError
        If `kind` or `reduction` is unknown.

    Examples
    --------
    >>> turn = LieGroupRegulariser(2, kind="skew", generators=[[[0.0, -1.0], [1.0, 0.0]]], dtype=torch.float64)
    >>> source = torch.tensor([[[1.0], [0.0]]], dtype=torch.float64)
    >>> target = torch.tensor([[[1.0], [0.5]]], dtype=torch.float64)
    >>> turn(target, source).item(), turn(2 * target, source).item()
    (0.0, 1.0)
    """

    def __init__(
        self,
        dim: int,
        *,
        kind: Kind = "full",
        num_generators: int = 1,
        rank: int | None = None,
        reduction: Literal["mean", "sum"] = "mean",
        seed: int = 0,
        generators: ArrayLike | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        if reduction not in ("mean", "sum"):
            raise SettingError(f"reduction is 'mean' or 'sum', got {reduction!r}")
        self.dim = dim
        self.kind = kind
        self.reduction = reduction
        self.raw = nn.Parameter(initial(kind, dim, num_generators, rank, seed, generators, dtype))

    @property
    def generators(self) -> Tensor:
        """The generators G_k: shape (m, d, d)."""
        return matrices(self.kind, self.raw)

    def extra_repr(self) -> str:
        """Describe the module in its printed form."""
        return f"dim={self.dim}, num_generators={self.num_generators}, kind={self.kind!r}"

    @property
    def num_generators(self) -> int:
        """Number m of generators."""
        return self.raw.shape[-3]

    def floor(self, sizes: Tensor) -> Tensor:
        """Norms below which ``G_k A`` is rounding error, for sources of norms `sizes` (p,)."""
        with torch.no_grad():
            return self.dim * torch.finfo(sizes.dtype).eps * largest_norm(self.kind, self.raw) * sizes

    def check(self, targets: Tensor, sources: Tensor) -> None:
        """Raise a ShapeError unless both are tensors of one shape (p, d, h)."""
        for given in (targets, sources):
            if not isinstance(given, Tensor):
                raise ShapeError(f"targets and sources are tensors, got {type(given).__name__}")
        if targets.shape != sources.shape or sources.ndim != 3 or sources.shape[1] != self.dim:
            raise ShapeError(
                f"targets and sources have one shape (pairs, {self.dim}, h); got {tuple(targets.shape)} and "
                f"{tuple(sources.shape)}"
            )

    def residuals(self, targets: Tensor, sources: Tensor) -> tuple[Tensor, Tensor]:
        """Residual norm of every pair, and the ε that attains it.

        Parameters
        ----------
        targets, sources : tensor, shape (p, d, h)
            ``A_ω`` and ``A_ω'``.

        Returns
        -------
        norms : tensor, shape (p,)
        epsilon : tensor, shape (p, m), without gradient

        Raises
        ------
        ShapeError
            If the shapes do not fit.
        """
        self.check(targets, sources)
        floor = self.floor(torch.linalg.vector_norm(sources.detach(), dim=(1, 2)))
        if self.kind != "low rank" and pays(self.num_generators, sources.shape[2]):
            return pair_residuals(self.generators, targets.mT, sources.mT, floor)
        difference = (targets - sources).mT.flatten(1)
        moved = move(self.kind, self.raw, sources.mT.flatten(0, 1))
        moved = moved.unflatten(0, (len(sources), sources.shape[2])).transpose(1, 2).flatten(2)
        epsilon = closed_form_epsilon(moved.detach(), difference.detach(), floor)
        left = difference - (epsilon[:, None, :] @ moved)[:, 0]
        return torch.linalg.vector_norm(left, dim=1), epsilon

    def forward(
        self,
        targets: Tensor,
        sources: Tensor,
        *,
        segments: Tensor | None = None,
        weights: Tensor | None = None,
    ) -> Tensor:
        """Value of the regulariser.

        Parameters
        ----------
        targets : tensor, shape (p, d, h), or (n, d, h) with `segments`
            ``A_ω`` of every pair, or of every code.
        sources : tensor, shape (p, d, h)
            ``A_ω'`` of every pair.
        segments : integer tensor, shape (p,), optional
            Code that a pair belongs to, where codes have different numbers of neighbours.
        weights : tensor, shape (p,), optional
            Weights of the pairs; the mean is the weighted one.

        Returns
        -------
        tensor, shape ()
            Zero if there are no pairs, or no weight on them.

        Raises
        ------
        ShapeError
            If the shapes do not fit.
        """
        if segments is not None:
            if segments.shape != (len(sources),):
                raise ShapeError(f"segments have shape ({len(sources)},), got {tuple(segments.shape)}")
            targets = repeated(targets, segments)
        norms, _ = self.residuals(targets, sources)
        return self.reduce(norms, weights)

    def reduce(self, norms: Tensor, weights: Tensor | None = None) -> Tensor:
        """Weighted mean or sum of the values of the pairs, shape (p,)."""
        if weights is None:
            weights = torch.ones_like(norms)
        elif weights.shape != norms.shape:
            raise ShapeError(f"weights have shape ({len(norms)},), got {tuple(weights.shape)}")
        total = (weights * norms).sum()
        mass = weights.sum()
        return total if self.reduction == "sum" or mass == 0 else total / mass

    def apply_from(self, module: nn.Module, neighbourhoods: Sequence[HasNeighbours]) -> Tensor:
        """Value of the regulariser for a live decoder and the neighbourhoods of some codes.

        Parameters
        ----------
        module : nn.Module
            The decoder, see :func:`polyae.training.affine_maps.affine_maps`.
        neighbourhoods : sequence of objects with `pattern` (units,) and `neighbours` (k, units)
            One per code. Codes in one region count each; the region's map is computed once.

        Returns
        -------
        tensor, shape ()

        Raises
        ------
        ShapeError
            If there are no neighbourhoods, or patterns or generators do not fit the module.
        """
        if not neighbourhoods:
            raise ShapeError("the regulariser needs the neighbourhood of one code at least, got none")
        counts = [len(near.neighbours) for near in neighbourhoods]
        patterns = np.vstack([near.pattern for near in neighbourhoods] + [near.neighbours for near in neighbourhoods])
        distinct, where = np.unique(np.asarray(patterns, dtype=bool), axis=0, return_inverse=True)
        maps, _ = affine_maps(module, distinct)
        index = torch.as_tensor(where.reshape(-1), device=maps.device)
        centres, sources = maps[index[: len(counts)]], maps[index[len(counts) :]]
        segments = torch.arange(len(counts), device=maps.device).repeat_interleave(
            torch.tensor(counts, device=maps.device)
        )
        return self(centres, sources, segments=segments)
