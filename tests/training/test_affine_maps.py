import numpy as np
import pytest
import torch
from torch import nn

from polyae.errors import NetworkError, ShapeError, UnsupportedLayerError
from polyae.networks.torch_modules import Abs, from_torch
from polyae.training.affine_maps import affine_maps


def double(*layers):
    """A module of these layers in float64 with seeded parameters."""
    module = nn.Sequential(*layers).double()
    generator = torch.Generator().manual_seed(8)
    for parameter in module.parameters():
        parameter.data.normal_(generator=generator)
    for buffer in module.buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 2, generator=generator)
    return module.eval()


def with_slopes(module, slopes):
    for layer in module.modules():
        if isinstance(layer, nn.PReLU):
            layer.weight.data = torch.tensor(slopes, dtype=torch.float64)
    return module


ZOO = {
    "relu": double(nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3)),
    "leaky": double(nn.Linear(2, 5), nn.LeakyReLU(0.1), nn.Linear(5, 4), nn.LeakyReLU(-0.5), nn.Linear(4, 3)),
    "abs": double(nn.Linear(1, 4), Abs(), nn.Linear(4, 3), Abs(), nn.Linear(3, 2)),
    "prelu": double(nn.Linear(3, 4), nn.PReLU(), nn.Linear(4, 4), nn.PReLU(4), nn.Linear(4, 2)),
    "slope one": with_slopes(double(nn.Linear(2, 4), nn.PReLU(4), nn.Linear(4, 3), nn.ReLU()), [0.0, 1.0, -1.0, 1.0]),
    "no bias": double(nn.Linear(2, 5, bias=False), nn.ReLU(), nn.Linear(5, 3, bias=False)),
    "batch norm": double(
        nn.Linear(2, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.BatchNorm1d(5, affine=False), nn.Linear(5, 3)
    ),
    "nested": double(
        nn.Sequential(nn.Linear(2, 5), nn.Dropout(0.5), nn.Sequential(nn.ReLU(), nn.Identity())),
        nn.Linear(5, 4),
        nn.Linear(4, 3),
        nn.ReLU(),
    ),
    "linear": double(nn.Linear(3, 2)),
}


@pytest.mark.parametrize("module", ZOO.values(), ids=ZOO)
def test_maps_agree_with_the_network(module):
    net = from_torch(module)
    patterns = np.random.default_rng(0).random((20, net.num_units)) < 0.5
    a, b = affine_maps(module, patterns)
    for i, pattern in enumerate(patterns):
        expected_a, expected_b = net.affine(pattern)
        assert np.allclose(a[i].detach(), expected_a, rtol=1e-12, atol=1e-12)
        assert np.allclose(b[i].detach(), expected_b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("module", ZOO.values(), ids=ZOO)
def test_maps_at_the_patterns_of_points_evaluate_the_module(module):
    net = from_torch(module)
    z = np.random.default_rng(1).normal(size=(30, net.input_dim))
    a, b = affine_maps(module, net.pattern(z))
    with torch.no_grad():
        points = torch.tensor(z)
        assert torch.allclose((a @ points[:, :, None])[:, :, 0] + b, module(points), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("module", ZOO.values(), ids=ZOO)
def test_gradients_agree_with_finite_differences(module):
    names = [name for name, _ in module.named_parameters()]
    units = from_torch(module).num_units
    patterns = torch.tensor(np.random.default_rng(2).random((3, units)) < 0.5)
    # At slope 1 an output has no unit, so a learned slope of 1 is a constant.
    free = [n for n in names if not (module is ZOO["slope one"] and n == "1.weight")]
    values = [dict(module.named_parameters())[n].detach().clone().requires_grad_() for n in free]

    def maps(*parameters):
        given = {f"inner.{name}": value for name, value in zip(free, parameters, strict=True)}
        return torch.func.functional_call(_Maps(module, patterns), given, ())

    assert torch.autograd.gradcheck(maps, values, atol=1e-7)


class _Maps(nn.Module):
    def __init__(self, inner, patterns):
        super().__init__()
        self.inner, self.patterns = inner, patterns

    def forward(self):
        return affine_maps(self.inner, self.patterns)


def test_modules_are_read_as_in_eval_mode():
    module = double(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Dropout(0.9), nn.ReLU(), nn.Linear(3, 2))
    pattern = np.array([[True, False, True]])
    expected = affine_maps(module, pattern)[0]
    assert torch.equal(affine_maps(module.train(), pattern)[0], expected)


def test_no_patterns_give_no_maps():
    a, b = affine_maps(ZOO["relu"], np.zeros((0, 9), dtype=bool))
    assert a.shape == (0, 3, 2) and b.shape == (0, 3)


@pytest.mark.parametrize(
    ("module", "patterns", "error", "message"),
    [
        (nn.Sequential(nn.Linear(2, 3), nn.Tanh()), np.ones((1, 3), bool), UnsupportedLayerError, r"layer 1 \(Tanh\)"),
        (nn.ReLU(), np.ones((1, 3), bool), UnsupportedLayerError, "no Linear layer"),
        (
            nn.Sequential(nn.Linear(2, 3), nn.ReLU()),
            np.ones((1, 4), bool),
            ShapeError,
            r"\(n, 3\); got torch.bool, \(1, 4\)",
        ),
        (nn.Sequential(nn.Linear(2, 3), nn.ReLU()), np.ones(3, bool), ShapeError, r"\(n, 3\)"),
        (nn.Sequential(nn.Linear(2, 3), nn.ReLU()), np.ones((1, 3)), ShapeError, "torch.float64"),
        (
            nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 1)),
            np.ones((1, 0), bool),
            ShapeError,
            "layer 1 takes 4 .* gets 3",
        ),
        (nn.Sequential(nn.Linear(2, 3), nn.PReLU(2)), np.ones((1, 3), bool), ShapeError, "2 slopes for 3"),
        (nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(2)), np.ones((1, 0), bool), ShapeError, "takes 2 .* gets 3"),
        (
            nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3, track_running_stats=False)),
            np.ones((1, 0), bool),
            NetworkError,
            "running statistics",
        ),
    ],
)
def test_bad_input_is_refused(module, patterns, error, message):
    with pytest.raises(error, match=message):
        affine_maps(module, patterns)
