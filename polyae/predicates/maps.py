"""Which regions carry one and the same affine map.

A map ``[A | B]`` is hashed by the number ``u (A x + B)``, for a fixed point x and fixed weights u: one vector, not a
matrix, goes through the layers, in float64 with an error bound.  What the last layer with units adds is linear in their
states, so that regions that agree in all layers before cost one inner product each.  Maps whose hashes could be
equal are compared, as rationals unless they differ only in units that do not reach the output.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from flint import fmpz
from numpy.typing import NDArray

from polyae.networks.network import Network
from polyae.predicates.affine import OUT_OF_RANGE, shared_values, weights_of_states
from polyae.predicates.cell import Arrangement
from polyae.predicates.runs import chains
from polyae.tolerances import gamma

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
Packed = NDArray[np.uint8]

__all__ = ["map_classes"]

#: Numbers held at a time in each of a few arrays: 1 MiB of float64, which stays in a cache.
BLOCK = 1 << 17


def map_classes(arrangement: Arrangement, packed: Packed) -> Int:
    """Label regions so that two have one label iff their affine maps are equal.

    Parameters
    ----------
    arrangement : Arrangement
    packed : array of uint8, shape (n, ceil(units / 8))
        Patterns, eight units a byte; fastest where they are sorted.

    Returns
    -------
    array of int, shape (n,)
        Labels 0, 1, ... in order of first appearance.
    """
    counts = arrangement.kernel.counts
    order, starts = chains(*_hashes(arrangement.network, packed))
    sizes = np.diff(starts, append=len(order))
    labels = np.empty(len(packed), dtype=np.int64)
    labels[order] = np.repeat(np.arange(len(starts)), sizes)
    compared = 0
    if arrangement.kernel.exact:
        several = sizes > 1
        compared = _tell_apart(arrangement, packed, labels, order[np.repeat(several, sizes)], sizes[several])
    counts.exact += compared
    counts.filtered += len(packed) - compared
    return _in_order_of_appearance(labels)


def _in_order_of_appearance(labels: Int) -> Int:
    first = np.empty(labels.max(initial=-1) + 1, dtype=np.int64)
    first[labels[::-1]] = np.arange(len(labels))[::-1]  # the last one written stays
    appears = np.zeros(len(labels), dtype=bool)
    appears[first] = True
    return (np.cumsum(appears) - 1)[first][labels]


def _blocks(network: Network, packed: Packed) -> Iterator[tuple[slice, Bool]]:
    """Patterns, some at a time."""
    step = max(1, BLOCK // max(network.output_dim, *(layer.n_out for layer in network.layers)))
    for start in range(0, len(packed), step):
        part = slice(start, min(start + step, len(packed)))
        yield part, np.unpackbits(packed[part], axis=1, count=network.num_units).astype(bool)


@OUT_OF_RANGE
def _hashes(network: Network, packed: Packed) -> tuple[Float, Float]:
    """Hashes of maps, up to what all maps have in common, and bounds on their errors."""
    hashes, widths = np.zeros(len(packed)), np.zeros(len(packed))
    with_units = [i for i, layer in enumerate(network.layers) if len(layer.units)]
    if not with_units:  # one map
        return hashes, widths
    last = with_units[-1]
    units, offset = network.layers[last].units, network.unit_offsets[last]
    # Nothing that a network is made of is likely to be orthogonal to them.
    rng = np.random.default_rng(0)
    point, weights = rng.uniform(0.5, 1.5, network.input_dim), rng.uniform(0.5, 1.5, network.output_dim)
    off, on = weights_of_states(network, last, weights)
    size, blur = np.abs(on.values) + 2 * np.abs(off.values), on.errors + off.errors
    rounding = gamma(2 * len(size) + 4)
    for part, patterns in _blocks(network, packed):
        outputs, owner = shared_values(network, patterns, last, point)
        values, errors = outputs.values, outputs.errors
        # A unit that goes on adds its step to what the run has with all its units off.
        steps = (values * on.values - values * off.values)[:, units]
        states = patterns[:, offset : offset + len(units)].astype(np.float64)
        hashes[part] = (values @ off.values)[owner] + np.einsum("nk,nk->n", states, steps[owner])
        # Bounds for the run, whatever the states; products do not underflow, see `guarded`.
        bounds = errors @ (size + blur) + np.abs(values) @ (blur + rounding * size)
        widths[part] = (bounds * (1 + 2 * rounding))[owner]
    return hashes, widths


def _tell_apart(arrangement: Arrangement, packed: Packed, labels: Int, members: Int, sizes: Int) -> int:
    """Give new labels to regions of one run whose maps differ; return how many maps were computed as rationals.

    The members of runs of the given sizes, one run after the other.
    """
    network, compared, fresh = arrangement.network, 0, int(labels.max(initial=-1)) + 1
    reaching = np.empty((len(members), packed.shape[1]), dtype=np.uint8)
    for part, patterns in _blocks(network, packed[members]):
        reaching[part] = np.packbits(_reaching(network, patterns), axis=1)
    for stop, size in zip(np.cumsum(sizes).tolist(), sizes.tolist(), strict=True):
        run, keys = members[stop - size : stop], [row.tobytes() for row in reaching[stop - size : stop]]
        distinct = sorted(set(keys))  # in order they have rows in common
        if len(distinct) == 1:
            continue
        compared += len(distinct)
        found: dict[bytes, int] = {}
        classes: dict[tuple[fmpz, ...], int] = {}
        for key in distinct:
            states = np.unpackbits(np.frombuffer(key, dtype=np.uint8), count=network.num_units).astype(bool)
            exact = arrangement.rational.output_integers(states)
            # The first of the maps keeps the label of the run.
            found[key] = classes.setdefault(exact, fresh + len(classes) - 1 if classes else int(labels[run[0]]))
        labels[run] = [found[key] for key in keys]
        fresh += len(classes) - 1
    return compared


def _reaching(network: Network, patterns: Bool) -> Bool:
    """Patterns with all units off that no path of nonzero weights and slopes leads from to the output.

    Their affine maps are the same.
    """
    states = np.zeros_like(patterns)
    reaches = np.ones((len(patterns), network.output_dim), dtype=bool)
    for layer, offset in zip(network.layers[::-1], network.unit_offsets[-2::-1], strict=True):
        mine = slice(offset, offset + len(layer.units))
        states[:, mine] = patterns[:, mine] & reaches[:, layer.units]
        passes = np.tile(layer.slope != 0, (len(patterns), 1))
        passes[:, layer.units] |= patterns[:, mine]
        reaches = (passes & reaches).astype(np.float32) @ (layer.weight != 0).astype(np.float32) > 0
    return states
