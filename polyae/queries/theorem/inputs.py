"""What the theorem's evaluation refuses, told before any work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from polyae.arrays import real_number
from polyae.domains import Domain
from polyae.errors import DomainError, SettingError, ShapeError, UnboundedDomainError
from polyae.networks.network import Network
from polyae.queries.manifolds import Manifold

__all__ = ["check_inputs"]


def check_inputs(network: Network, domain: Domain, manifold: Manifold, settings: Mapping[str, Any]) -> None:
    """Refuse what :func:`polyae.theorem_bound` cannot work on.

    Parameters
    ----------
    network : Network
    domain : Domain
    manifold : Manifold
    settings : mapping
        Arguments of `theorem_bound` by name: gap, budget, max_seconds, workers, readings.

    Raises
    ------
    ShapeError
        If the manifold lies in a space of another dimension than the decoder's outputs.
    UnboundedDomainError
        If the domain is unbounded.
    DomainError
        If the domain is a Euclidean ball.
    SettingError
        If a setting is out of range.
    """
    if not isinstance(manifold, Manifold):
        raise SettingError(f"manifold is an Orbit, ProductOrbit, PointCloud or Union, got {type(manifold).__name__}")
    if manifold.ambient != network.output_dim:
        raise ShapeError(
            f"the manifold lies in dimension {manifold.ambient}, the decoder's outputs have dimension "
            f"{network.output_dim}"
        )
    if not domain.bounded:
        raise UnboundedDomainError("the theorem needs a bounded domain, since unbounded pieces have infinite radii")
    if domain.curved:
        raise DomainError("the theorem needs a polytope as domain; use Ball with p=1 or p=inf, or a Box")
    for name in ("gap", "budget", "workers", "max_seconds"):
        if name != "max_seconds" or settings[name] is not None:
            real_number(settings[name], name)
    if not isinstance(settings["workers"], int | np.integer):
        raise SettingError(f"workers must be a whole number, got {settings['workers']!r}")
    if not 0.0 < settings["gap"] < 1.0:
        raise SettingError(f"gap must lie between 0 and 1, got {settings['gap']}")
    for name in ("budget", "workers"):
        if not settings[name] >= 1:
            raise SettingError(f"{name} must be positive, got {settings[name]}")
    if settings["max_seconds"] is not None and not settings["max_seconds"] > 0:
        raise SettingError(f"max_seconds must be positive, got {settings['max_seconds']}")
    if settings["readings"] not in ("sound", "all"):
        raise SettingError(f"readings must be 'sound' or 'all', got {settings['readings']!r}")
