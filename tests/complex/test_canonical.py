"""The canonical order of regions and edges, against plain sorting."""

from dataclasses import replace

import numpy as np
import pytest

from polyae import Box, Layer, Network
from polyae.complex.canonical import sort_canonically
from polyae.complex.enumerate import arrange
from polyae.engines.enumeration import Budget, Enumeration
from polyae.engines.march import March


def enumeration() -> Enumeration:
    rng = np.random.default_rng(5)
    net = Network([Layer(rng.normal(size=(12, 3)), rng.normal(size=12), 0.0), Layer(np.ones((1, 12)), [0.0])])
    return March().run(arrange(net, Box([-1] * 3, [1] * 3)), Budget())


@pytest.mark.parametrize("unit_shift", [0, 2**30])
@pytest.mark.parametrize("writeable", [True, False])
def test_regions_sort_by_pattern_and_edges_keep_their_units(unit_shift: int, writeable: bool) -> None:
    """Large unit numbers do not fit into one key with their edge once there are many regions."""
    found = enumeration()
    units = found.edge_units + np.int32(unit_shift)
    rows = list(map(bytes, found.packed))
    wanted = {
        tuple(sorted((rows[i], rows[j]))): unit
        for (i, j), unit in zip(found.edges.tolist(), units.tolist(), strict=True)
    }
    points = dict(zip(rows, found.witnesses.tolist(), strict=True))
    found = replace(found, edges=found.edges.copy(), edge_units=units)
    found.edges.setflags(write=writeable)
    before = found.edges.copy()
    given = found.edges
    sort_canonically(found)
    names = list(map(bytes, found.packed))
    assert names == sorted(rows)
    assert [points[name] for name in names] == found.witnesses.tolist()
    assert found.edges.tolist() == sorted(found.edges.tolist())
    assert (found.edges[:, 0] < found.edges[:, 1]).all()
    pairs = [(names[i], names[j]) for i, j in found.edges.tolist()]
    assert dict(zip(pairs, found.edge_units.tolist(), strict=True)) == wanted
    assert writeable or np.array_equal(given, before)


@pytest.mark.parametrize("width", [0, 1, 4, 8, 9, 16, 19])
def test_patterns_of_any_width_are_sorted_as_byte_strings(width: int) -> None:
    rng = np.random.default_rng(width)
    rows = np.unique(rng.integers(0, 3, size=(400 if width else 1, width), dtype=np.uint8), axis=0)
    rows = rng.permutation(rows) * np.uint8(101)
    points = rng.normal(size=(len(rows), 2))
    found = replace(
        enumeration(), packed=rows.copy(), witnesses=points.copy(), expanded=points[:, 0] > 0,
        edges=np.zeros((0, 2), dtype=np.int32), edge_units=np.zeros(0, dtype=np.int32),
    )  # fmt: skip
    sort_canonically(found)
    order = sorted(range(len(rows)), key=lambda i: bytes(rows[i]))
    assert np.array_equal(found.packed, rows[order])
    assert np.array_equal(found.witnesses, points[order])
    assert np.array_equal(found.expanded, points[order, 0] > 0)
