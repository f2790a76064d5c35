"""The oracle's neighbours are those of the reference engine, and its maps those of the patterns."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

import polyae
from polyae import Ball, Box, enumerate_regions
from polyae.errors import OutsideDomainError, SettingError, ShapeError
from polyae.networks.torch_modules import from_torch
from polyae.training.affine_maps import affine_maps
from polyae.training.models import Autoencoder
from polyae.training.neighbour_maps import jacobians, neighbour_maps, region_maps
from polyae.training.neighbour_oracle import NeighbourOracle
from tests.engines.zoo import data_network
from tests.training.test_affine_maps import ZOO, double


def module_of(net):
    """PyTorch module of a network with one slope a layer."""
    layers = []
    for layer in net.layers:
        linear = nn.Linear(layer.n_in, layer.n_out).double()
        linear.weight.data, linear.bias.data = torch.tensor(layer.weight), torch.tensor(layer.bias)
        layers += [linear] if (layer.slope == 1).all() else [linear, nn.LeakyReLU(float(layer.slope[0]))]
    return nn.Sequential(*layers)


def random_module(h=2, seed=0):
    return Autoencoder.from_widths(5, (6, 8), h, seed=seed, dtype=torch.float64).decoder


def duplicated(module):
    """The second unit of the first layer equals the first."""
    module[0].weight.data[1], module[0].bias.data[1] = module[0].weight.data[0], module[0].bias.data[0]
    return module


def without_bias(module):
    for layer in module:
        if isinstance(layer, nn.Linear):
            layer.bias.data.zero_()
    return module


MODULES = {
    "random": random_module(),
    "random, h = 3": random_module(3, seed=1),
    "float32": Autoencoder.from_widths(5, (6, 8), 2, seed=2).decoder,
    "trained": module_of(data_network("digits_2-8-12-64")),
    "trained, leaky": module_of(data_network("digits_leaky_3-5-6-64")),
    "zero bias": without_bias(random_module(seed=3)),
    "duplicate units": duplicated(random_module(seed=4)),
    "zero bias, duplicate units": without_bias(duplicated(random_module(3, seed=5))),
}


def cross():
    """Units on the two axes; outputs are the units."""
    module = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)).double()
    for layer in (module[0], module[2]):
        layer.weight.data, layer.bias.data = torch.eye(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    return module


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_neighbours_are_those_of_the_reference_engine(module):
    net = from_torch(module)
    box = Box([-1] * net.input_dim, [1] * net.input_dim)
    cx = enumerate_regions(net, box, engine="reference", max_regions=400)
    assert cx.complete
    near = NeighbourOracle(module, box)(torch.tensor(cx.witnesses))
    assert np.array_equal(near.found.patterns, cx.patterns)
    for i, here in enumerate(near.found):
        assert here.neighbours.tolist() == cx.patterns[cx[i].neighbours].tolist()
    assert len(near.owner) == 2 * cx.num_adjacent_pairs


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_maps_are_those_of_the_patterns(module):
    codes = torch.tensor(np.random.default_rng(0).uniform(-1, 1, (12, from_torch(module).input_dim)))
    near = NeighbourOracle(module)(codes)
    a, b = affine_maps(module, near.found.patterns)
    near_a, near_b = affine_maps(module, near.found.neighbours)
    exact = {"rtol": 1e-12, "atol": 1e-12} if a.dtype == torch.float64 else {"rtol": 1e-5, "atol": 1e-6}
    for ours, theirs in ((near.A, a), (near.B, b), (near.A_neighbours, near_a), (near.B_neighbours, near_b)):
        assert ours.dtype == theirs.dtype
        torch.testing.assert_close(ours, theirs, **exact)
    assert [u.tolist() for u in near.flipped] == [
        np.flatnonzero(near.found.patterns[i] != p).tolist()
        for i, p in zip(near.owner, near.found.neighbours, strict=True)
    ]


@pytest.mark.parametrize("module", ZOO.values(), ids=ZOO)
@pytest.mark.parametrize("flips", [[1], [2], [1, 3, 0]])
def test_values_and_gradients_of_flips_are_those_of_full_products(module, flips):
    units = from_torch(module).num_units
    if units == 0:
        assert len(neighbour_maps(module, np.zeros((2, 0), bool), np.zeros(0, int), np.zeros((0, 0), bool)).single) == 0
        return
    rng = np.random.default_rng(3)
    patterns = rng.random((4, units)) < 0.5
    owner = np.sort(rng.integers(4, size=9))
    neighbours = patterns[owner]
    for i in range(9):
        neighbours[i, rng.permutation(units)[: flips[i % len(flips)]]] ^= True
    maps = neighbour_maps(module, patterns, owner, neighbours)
    ours = (maps.A, maps.B, maps.A_neighbours, maps.B_neighbours)
    theirs = (*affine_maps(module, patterns), *affine_maps(module, neighbours))
    weights = [torch.tensor(rng.normal(size=tuple(t.shape))) for t in ours]
    gradients = []
    for found in (ours, theirs):
        value = sum((w * t).sum() for w, t in zip(weights, found, strict=True))
        gradients.append(torch.autograd.grad(value, list(module.parameters()), allow_unused=True))
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)
    for a, b in zip(*gradients, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("module", ZOO.values(), ids=ZOO)
def test_jacobians_from_the_output_on_are_the_same_maps(module):
    patterns = np.random.default_rng(5).random((6, from_torch(module).num_units)) < 0.5
    torch.testing.assert_close(jacobians(module, patterns), affine_maps(module, patterns)[0])
    torch.testing.assert_close(region_maps(module, patterns).affine, affine_maps(module, patterns))


def test_region_maps_hold_the_derivatives():
    module = double(nn.Linear(3, 4), nn.ReLU(), nn.BatchNorm1d(4), nn.Linear(4, 5), nn.LeakyReLU(0.2), nn.Linear(5, 2))
    z = torch.tensor([0.3, -0.4, 0.9], dtype=torch.float64)
    maps = region_maps(module, from_torch(module).pattern(z[None].numpy()))
    assert len(maps.before) == len(maps.behind) == 2
    for i, (cut, pre) in enumerate(((1, module[:1]), (4, module[:4]))):
        rows = torch.autograd.functional.jacobian(lambda t, pre=pre: pre(t[None])[0], z)
        torch.testing.assert_close(maps.before[i][0, :-1].T, rows)
        after = module[: cut + 1](z[None])[0].detach()
        behind = torch.autograd.functional.jacobian(lambda t, cut=cut: module[cut + 1 :](t[None])[0], after)
        torch.testing.assert_close(maps.last @ maps.behind[i][0], behind)


def test_weights_are_read_at_every_call():
    module, code = cross(), torch.tensor([[3.0, 4.0]], dtype=torch.float64)
    oracle = NeighbourOracle(module)
    assert oracle(code).distances.tolist() == [3.0, 4.0]
    module[0].bias.data[0] = 1.0
    assert oracle(code).distances.tolist() == [4.0, 4.0]


def test_codes_on_facets_and_on_the_border():
    oracle = NeighbourOracle(cross(), Box([-1, -1], [1, 1]))
    on = torch.tensor([[0.0, 0.0], [0.0, 0.5], [1.0, 1.0], [-1.0, 0.0]], dtype=torch.float64)
    near = oracle(on)
    assert near.found.patterns.astype(int).tolist() == [[0, 0], [0, 1], [1, 1], [0, 0]]
    assert near.owner.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert near.distances.tolist() == [0, 0, 0.5, 0, 1, 1, 0, 1]
    # On a facet of the domain nothing lies beyond.
    assert len(NeighbourOracle(cross(), Box([0, 0], [1, 1]))(on[:1]).owner) == 0
    with pytest.raises(OutsideDomainError):
        oracle(2 * on)
    curved = NeighbourOracle(cross(), Ball([0, 0], 1))(torch.tensor([[0.0, 1.0]]))
    assert curved.found.neighbours.astype(int).tolist() == [[0, 0], [1, 1]]


def by_code(values, owner, count):
    return [values[owner == i] for i in range(count)]


def test_nearest_facets_are_nearest():
    module, codes = random_module(3, seed=1), torch.tensor(np.random.default_rng(1).normal(size=(20, 3)))
    every, near = NeighbourOracle(module)(codes), NeighbourOracle(module, choose="nearest", count=2)(codes)
    for own, kept in zip(by_code(every.distances, every.owner, 20), by_code(near.distances, near.owner, 20),
                         strict=True):  # fmt: skip
        assert torch.equal(kept.sort().values, own.sort().values[:2])
    pairs = {(int(o), tuple(p)) for o, p in zip(every.owner, every.found.neighbours.tolist(), strict=True)}
    assert {(int(o), tuple(p)) for o, p in zip(near.owner, near.found.neighbours.tolist(), strict=True)} <= pairs


def test_random_neighbours_are_uniform_seeded_and_can_be_resumed():
    module, code = random_module(3, seed=1), torch.zeros(1, 3, dtype=torch.float64)
    every = NeighbourOracle(module)(code).found.neighbours
    oracle = NeighbourOracle(module, choose="random", count=1, seed=7)
    drawn = [oracle.find(code).neighbours for _ in range(400)]
    counts = [sum(np.array_equal(d[0], row) for d in drawn) for row in every]
    assert sum(counts) == 400
    expected = 400 / len(every)
    assert sum((c - expected) ** 2 / expected for c in counts) < 4 * len(every)
    again = NeighbourOracle(module, choose="random", count=1, seed=7)
    again.calls = 100
    assert np.array_equal(again.find(code).neighbours, drawn[100])
    many = NeighbourOracle(module, choose="random", count=100)(code)
    assert np.array_equal(many.found.neighbours, every)


def test_bisection_finds_the_first_region_on_the_segment():
    module = cross()
    found = polyae.training.bisection.bisected_neighbours(
        from_torch(module), np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]),
        np.array([[-1.0, 1.0], [2.0, -9.0], [3.0, 3.0]]),
    )  # fmt: skip
    assert found.owner.tolist() == [0, 1] and found.distances.tolist() == [1.0, 2.0]
    assert found.neighbours.astype(int).tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize("name", ["random", "random, h = 3", "trained"])
def test_bisection_finds_neighbours(name):
    module = MODULES[name]
    codes = torch.tensor(np.random.default_rng(2).normal(size=(30, from_torch(module).input_dim)))
    sampled = NeighbourOracle(module, choose="bisection", seed=1)(codes)
    every = NeighbourOracle(module)(codes).found
    assert len(sampled.owner) > 10 and np.bincount(sampled.found.owner).max() == 1
    for i, here in enumerate(sampled.found):
        assert {tuple(p) for p in here.neighbours.tolist()} <= {tuple(p) for p in every[i].neighbours.tolist()}
        for p, away in zip(here.neighbours, here.distances, strict=True):
            at = (every[i].neighbours == p).all(axis=1).argmax()
            assert away == pytest.approx(every[i].distances[at], rel=1e-9)


def test_bisection_of_one_code_and_outside_the_domain():
    oracle = NeighbourOracle(cross(), Box([0, 0], [1, 1]), choose="bisection")
    assert len(oracle(torch.tensor([[0.5, 0.5]], dtype=torch.float64)).owner) == 0
    with pytest.raises(OutsideDomainError, match="code 1"):
        oracle(torch.tensor([[0.5, 0.5], [0.5, 2.0]], dtype=torch.float64))


def test_a_batch_without_codes():
    near = NeighbourOracle(random_module())(torch.zeros(0, 2))
    assert near.A.shape == (0, 5, 2) and near.A_neighbours.shape == (0, 5, 2)


def test_the_name_at_the_root():
    assert polyae.NeighbourOracle is NeighbourOracle


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"choose": "some"}, "choose is one of all, nearest, random, bisection; got 'some'"),
        ({"choose": "nearest"}, "choose='nearest', count=None"),
        ({"count": 3}, "choose='all', count=3"),
        ({"choose": "random", "count": 0}, "positive number, got 0"),
        ({"seed": -1}, "got -1"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(SettingError, match=message):
        NeighbourOracle(cross(), **options)


@pytest.mark.parametrize("choose", ["all", "bisection"])
def test_codes_of_wrong_shape_are_refused(choose):
    for shape in ((3,), (3, 3)):
        with pytest.raises(ShapeError, match="2"):
            NeighbourOracle(cross(), choose=choose)(torch.zeros(shape))


def test_neighbours_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="2 neighbours need shape"):
        neighbour_maps(cross(), np.ones((1, 2), bool), np.zeros(2, int), np.ones((1, 2), bool))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_tensors_on_a_gpu():
    module = random_module(3, seed=1)
    codes = torch.tensor(np.random.default_rng(1).normal(size=(5, 3)))
    there = NeighbourOracle(copy.deepcopy(module).cuda())(codes.cuda())
    here = NeighbourOracle(module)(codes)
    assert there.A_neighbours.is_cuda and there.distances.is_cuda
    torch.testing.assert_close(there.A_neighbours.cpu(), here.A_neighbours)


def test_the_oracle_says_what_it_is_and_takes_tensors_alone() -> None:
    oracle = NeighbourOracle(MODULES["random"], choose="nearest", count=2)
    assert repr(oracle) == "NeighbourOracle(Sequential, None, choose='nearest', count=2)"
    with pytest.raises(ShapeError, match="codes are a real tensor"):
        oracle(np.zeros((2, 2)))
