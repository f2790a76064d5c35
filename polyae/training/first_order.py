"""The first-order regulariser (Eq. 12), several orbits, and the exponential form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from polyae.errors import SettingError, ShapeError
from polyae.training.regulariser import LieGroupRegulariser, repeated

__all__ = ["ExponentialRegulariser", "FirstOrderRegulariser", "OrbitsRegulariser"]


class FirstOrderRegulariser(LieGroupRegulariser):
    """Mean over pairs of near points of ``min_ε ‖D(θ) - (I + Σ_k ε_k G_k) D(θ')‖²``.

    The options are those of :class:`LieGroupRegulariser`; the norm is squared, as in Eq. 12, and takes points of
    shape (p, d).

    Examples
    --------
    >>> turn = FirstOrderRegulariser(2, generators=[[[0.0, -1.0], [1.0, 0.0]]], dtype=torch.float64)
    >>> near, far = torch.tensor([[1.0, 0.0]]).double(), torch.tensor([[1.5, 7.0]]).double()
    >>> turn(far, near).item()
    0.25
    """

    def forward(
        self,
        targets: Tensor,
        sources: Tensor,
        *,
        segments: Tensor | None = None,
        weights: Tensor | None = None,
    ) -> Tensor:
        """Value for targets D(θ) and sources D(θ') of shape (p, d), otherwise as the second order."""
        if targets.ndim != 2:
            raise ShapeError(f"the first order takes points of shape (pairs, {self.dim}), got {tuple(targets.shape)}")
        if segments is not None:
            targets = repeated(targets, segments)
        norms, _ = self.residuals(targets[:, :, None], sources[:, :, None])
        return self.reduce(norms.square(), weights)


class OrbitsRegulariser(nn.Module):
    """Several orbits: a set of generators each, for the pairs of its cluster.

    Parameters
    ----------
    orbits : sequence of LieGroupRegulariser
        Of one dimension and reduction.

    Raises
    ------
    SettingError
        If there are none, or they differ in dimension, type or reduction.
    """

    def __init__(self, orbits: Sequence[LieGroupRegulariser]) -> None:
        super().__init__()
        if len({(type(orbit), orbit.dim, orbit.reduction) for orbit in orbits}) != 1:
            raise SettingError("orbits takes regularisers of one type, dimension and reduction, and one at least")
        self.orbits = nn.ModuleList(orbits)

    def forward(self, targets: Tensor, sources: Tensor, clusters: Tensor | None = None) -> Tensor:
        """Value of the regulariser.

        Parameters
        ----------
        targets, sources : tensor, shape (p, d, h), or (p, d) for the first order
        clusters : integer tensor, shape (p,), optional
            Orbit of every pair; without it each pair takes the orbit that fits it best.

        Raises
        ------
        ShapeError
            If there is not one cluster a pair, or no such orbit.
        """
        each = cast(list[LieGroupRegulariser], list(self.orbits))
        first = each[0]
        points = isinstance(first, FirstOrderRegulariser)
        pairs = (targets[:, :, None], sources[:, :, None]) if points else (targets, sources)
        norms = torch.stack([orbit.residuals(*pairs)[0] for orbit in each])
        if clusters is None:
            clusters = norms.detach().argmin(dim=0)
        if clusters.shape != norms.shape[1:]:
            raise ShapeError(f"clusters have shape ({norms.shape[1]},), got {tuple(clusters.shape)}")
        if clusters.numel() and not 0 <= int(clusters.min()) <= int(clusters.max()) < len(each):
            raise ShapeError(f"clusters are numbers from 0 to {len(each) - 1}")
        chosen = norms.gather(0, clusters[None])[0]
        return first.reduce(chosen.square() if points else chosen)


class ExponentialRegulariser(LieGroupRegulariser):
    """Mean over regions of ``min_θ ‖A_ω - exp(Σ_k θ_k G_k) A_ω0‖_F``, with one anchor ω0.

    The options are those of :class:`LieGroupRegulariser`.  A quasi-Newton search from 0 finds a local minimum
    in θ, which is a constant in the backward pass, as ε is.  Costs some d³ an iteration and region.
    """

    iterations = 100

    def angles(self, targets: Tensor, anchor: Tensor) -> Tensor:
        """Minimisers θ, shape (p, m), for targets (p, d, h) and the anchor (d, h), without gradient."""
        generators, anchor = self.generators.detach(), anchor.detach()
        theta = torch.zeros(len(targets), len(generators), dtype=targets.dtype, device=targets.device)
        for i, target in enumerate(targets.detach()):
            theta[i] = self._search(target, anchor, generators)
        return theta

    @torch.enable_grad()
    def _search(self, target: Tensor, anchor: Tensor, generators: Tensor) -> Tensor:
        theta = torch.zeros(len(generators), dtype=target.dtype, device=target.device, requires_grad=True)
        search = torch.optim.LBFGS(
            [theta], max_iter=self.iterations, tolerance_grad=0, tolerance_change=0, line_search_fn="strong_wolfe"
        )
        # Relative to the target, whose scale then does not matter.
        scale = torch.linalg.vector_norm(target).clamp_min(torch.finfo(target.dtype).tiny)

        def height() -> Tensor:
            search.zero_grad()
            turned = torch.linalg.matrix_exp(torch.tensordot(theta, generators, dims=1)) @ anchor
            value = ((turned - target) / scale).square().sum()
            value.backward()
            return value

        start = height().detach()
        search.step(height)
        return theta.detach() if height().detach() <= start else torch.zeros_like(theta)

    def forward(
        self,
        targets: Tensor,
        sources: Tensor,
        *,
        segments: Tensor | None = None,
        weights: Tensor | None = None,
    ) -> Tensor:
        """Value for targets ``A_ω`` (p, d, h) and the anchor ``A_ω0`` (d, h) as sources."""
        if sources.ndim != 2 or targets.shape[1:] != sources.shape or sources.shape[0] != self.dim:
            raise ShapeError(
                f"targets have shape (regions, {self.dim}, h) and the anchor ({self.dim}, h); got "
                f"{tuple(targets.shape)} and {tuple(sources.shape)}"
            )
        if segments is not None:
            targets = repeated(targets, segments)
        theta = self.angles(targets, sources)
        exponents = torch.tensordot(theta, self.generators, dims=1)
        left = targets - torch.linalg.matrix_exp(exponents) @ sources
        return self.reduce(torch.linalg.vector_norm(left, dim=(1, 2)), weights)
