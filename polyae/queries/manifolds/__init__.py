"""Models of the data manifold X.

What the queries know of X is :class:`Manifold`: a tuple of smooth `charts`, each the image of a box of parameters
with derivatives and bounds on them, and a set of single `samples`.  An :class:`Orbit` or :class:`ProductOrbit` is one
chart, a :class:`PointCloud` is samples alone, a :class:`Union` has the charts and the samples of its parts.  So there
are two cases to treat, and everything else is a minimum or maximum over them:

* ``d(y, X̂)`` is the least distance from a chart or a sample, for the represented set ``X̂``;
* the supremum over ``X̂`` of a distance is the largest over the charts and samples;
* tangents and generators belong to charts.  Samples have none, and hypotheses about them are not measured there.

Samples are not X: `Manifold.distance_from` and `Manifold.supremum_over` turn an interval for ``X̂`` into one for X by
the stated `noise` and `cover`, and `Manifold.notes` says so in words.
"""

from polyae.queries.manifolds.estimate import EstimatedGenerators, estimate_generators
from polyae.queries.manifolds.files import load_manifold, save_manifold
from polyae.queries.manifolds.generators import (
    image_rotation_generator,
    image_shift_generator,
    rotation_generator,
    scaling_generator,
    translation_generators,
)
from polyae.queries.manifolds.manifold import Chart, Jet, Manifold
from polyae.queries.manifolds.orbits import Orbit, ProductOrbit
from polyae.queries.manifolds.point_cloud import PointCloud
from polyae.queries.manifolds.union import Union

__all__ = [
    "Chart",
    "EstimatedGenerators",
    "Jet",
    "Manifold",
    "Orbit",
    "PointCloud",
    "ProductOrbit",
    "Union",
    "estimate_generators",
    "image_rotation_generator",
    "image_shift_generator",
    "load_manifold",
    "rotation_generator",
    "save_manifold",
    "scaling_generator",
    "translation_generators",
]
