"""Import from torch: agreement with the module, and one clear error for each layer that cannot be taken."""

import copy
import itertools
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from torch import nn
from torch.nn.utils import prune

from polyae.errors import NetworkError, ShapeError, UnsupportedLayerError
from polyae.networks import Abs, Layer, Network, from_torch, read_layer
from polyae.networks.torch_layers import Scale, Step
from tests.networks.strategies import sequentials


class Autoencoder(nn.Module):
    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.encoder(x))


def mlp(*widths: int, seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(widths):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def evaluate(module: nn.Module, x: np.ndarray) -> np.ndarray:
    twin = copy.deepcopy(module).double().eval()
    with torch.no_grad():
        return twin(torch.tensor(x)).reshape(len(x), -1).numpy()


@given(sequentials())
def test_random_nested_modules_agree(module: nn.Sequential) -> None:
    network = from_torch(module)
    x = np.random.default_rng(1).normal(scale=3.0, size=(200, network.input_dim))
    expected = evaluate(module, x)
    np.testing.assert_allclose(network(x), expected, rtol=1e-12, atol=1e-12 * (1 + np.abs(expected).max()))


def test_weights_are_taken_unchanged_and_linear_layers_stay_apart() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2, bias=False))
    network = from_torch(module)
    assert [layer.slope.tolist() for layer in network.layers] == [[1.0] * 4, [0.0] * 4, [1.0] * 2]
    for layer, linear in zip(network.layers, (module[0], module[1], module[3]), strict=True):
        assert np.array_equal(layer.weight, linear.weight.detach().numpy())
    assert not network.layers[2].bias.any()


def test_half_precision_is_widened_exactly() -> None:
    module = nn.Linear(3, 2).to(torch.bfloat16)
    assert np.array_equal(from_torch(module).layers[0].weight, module.weight.detach().double().numpy())


def test_units_between_units_get_an_identity() -> None:
    network = from_torch(nn.Sequential(Abs(), nn.Linear(2, 3), nn.ReLU(), nn.LeakyReLU(0.5)))
    assert [layer.slope[0] for layer in network.layers] == [-1.0, 0.0, 0.5]
    assert np.array_equal(network.layers[0].weight, np.eye(2))


def test_batch_norm_is_folded_only_into_what_is_before_it() -> None:
    folded = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.ReLU())
    apart = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.BatchNorm1d(3))
    assert [len(from_torch(m).layers) for m in (folded, apart)] == [1, 2]
    last = from_torch(apart).layers[1]
    assert np.array_equal(last.weight, np.diag(np.diag(last.weight)))


def test_whole_autoencoder_is_the_composition_of_its_halves() -> None:
    model = Autoencoder(mlp(5, 4, 2), mlp(2, 4, 5))
    whole = from_torch(model)
    assert whole == from_torch(model.encoder) >> from_torch(model.decoder)
    x = np.random.default_rng(0).normal(size=(10, 5))
    np.testing.assert_allclose(whole(x), evaluate(model, x), rtol=1e-13)


def test_image_autoencoder_with_flatten_and_unflatten() -> None:
    decoder = nn.Sequential(*mlp(2, 6, 16), nn.Unflatten(1, (1, 4, 4)), nn.Sigmoid())
    model = Autoencoder(nn.Sequential(nn.Flatten(), *mlp(16, 6, 2)), decoder)
    assert repr(from_torch(model, drop_output=True)) == "Network(16-6-2-6-16, 12 units)"


def test_shared_modules_are_read_at_every_place() -> None:
    linear, relu = nn.Linear(3, 3), nn.ReLU()
    network = from_torch(nn.Sequential(linear, relu, linear, relu, linear))
    assert len(network.layers) == 3
    assert np.array_equal(network.layers[0].weight, network.layers[2].weight)


def test_a_module_of_ones_own_is_told_what_to_pass() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc1, self.fc2 = nn.Linear(2, 3), nn.Linear(3, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fc2(torch.relu(self.fc1(x)))

    with pytest.raises(UnsupportedLayerError, match=r"module \(Own\) .* nn\.Sequential\(model\.fc1, nn\.ReLU\(\)"):
        from_torch(Own())


@pytest.mark.parametrize("thing", [nn.Linear(2, 3).state_dict(), "model.pt", [nn.Linear(2, 3)], nn.Linear, None])
def test_what_is_no_module_is_told_what_to_pass(thing: Any) -> None:
    with pytest.raises(NetworkError, match=rf"got {type(thing).__name__}: .*load_state_dict"):
        from_torch(thing)


def test_pruned_modules_once_made_permanent() -> None:
    module = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
    prune.l1_unstructured(module[0], "weight", 0.5)
    with pytest.raises(NetworkError, match=r"prune\.remove"):
        from_torch(module)
    prune.remove(module[0], "weight")
    assert (from_torch(module).layers[0].weight == 0).sum() == 12


def test_lazy_modules_once_run() -> None:
    module = nn.Sequential(nn.LazyLinear(3), nn.LazyBatchNorm1d(), nn.ReLU())
    with pytest.raises(NetworkError, match=r"0\.weight has no values yet"):
        from_torch(module)
    module(torch.ones(4, 2))
    assert repr(from_torch(module)) == "Network(2-3, 3 units)"


def test_the_module_is_left_as_it_is() -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Dropout(), nn.Linear(3, 1), nn.Tanh())
    module[1].eval()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    from_torch(module, drop_output=True)
    assert [m.training for m in module] == [True, False, True, True, True]
    assert isinstance(module[4], nn.Tanh)
    for key, value in module.state_dict().items():
        assert value.dtype == before[key].dtype
        assert torch.equal(value, before[key])


@pytest.mark.parametrize("output", [nn.Sigmoid(), nn.Tanh(), nn.Softmax(dim=1), nn.Softplus()])
def test_final_output_function(output: nn.Module) -> None:
    core = mlp(2, 4, 3)
    module = nn.Sequential(core, nn.Sequential(output, nn.Identity()))
    with pytest.raises(UnsupportedLayerError, match=r"'1\.0' .* drop_output=True"):
        from_torch(module)
    assert from_torch(module, drop_output=True) == from_torch(core) == from_torch(core, drop_output=True)


@pytest.mark.parametrize("inner", [nn.Tanh(), nn.GELU(), nn.SiLU(), nn.ELU()])
def test_inner_output_function_is_not_dropped(inner: nn.Module) -> None:
    module = nn.Sequential(nn.Linear(2, 2), inner, nn.Linear(2, 2))
    with pytest.raises(UnsupportedLayerError, match=r"'1' \(\w+\) .* inside .* take ReLU"):
        from_torch(module, drop_output=True)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (nn.Conv2d(1, 1, 3), r"layer '1\.part' \(Conv2d\)"),
        (nn.GELU(), r"layer '1\.part' \(GELU\) is not piecewise linear"),
        (nn.ReLU6(), r"layer '1\.part' \(ReLU6\) .* Linear, ReLU, .*read_layer\.register"),
        (nn.DataParallel(nn.Linear(3, 3)), r"layer '1\.part' \(DataParallel\) .* wraps, \.module"),
        (nn.Bilinear(3, 3, 3), r"layer '1\.part' \(Bilinear\)"),
        (nn.ModuleList([nn.ReLU()]), r"layer '1\.part' \(ModuleList\)"),
        (nn.BatchNorm1d(3, track_running_stats=False), r"'1\.part' .* no running statistics"),
        (nn.Flatten(0), r"'1\.part' .* nn\.Flatten\(\)"),
        (nn.Unflatten(2, (1, 1)), r"'1\.part' .* nn\.Unflatten\(1"),
        (nn.Sequential(nn.Unflatten(1, (3, 1)), nn.Linear(1, 1)), r"'1\.part\.1' .* nn\.Flatten\(\) before"),
    ],
)
def test_unsupported_layers_are_named(layer: nn.Module, message: str) -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.Sequential())
    module[1].add_module("part", layer)
    with pytest.raises(UnsupportedLayerError, match=message):
        from_torch(module)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("tensor", ["0.weight", "0.bias", "1.running_mean", "1.bias", "2.weight"])
def test_a_number_that_is_not_finite_is_located(tensor: str, value: float) -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.PReLU(3))
    module.state_dict()[tensor].flatten()[1] = value
    with pytest.raises(NetworkError, match=rf"layer '{tensor[0]}'.*must be finite"):
        from_torch(module)


def test_negative_variance() -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    module[1].running_var[1] = -1.0
    with pytest.raises(NetworkError, match=r"layer '1' \(BatchNorm1d\): running_var"):
        from_torch(module)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 1)), r"layer '1' \(Linear\) takes 4 .* give 3"),
        (nn.Sequential(nn.Linear(2, 3), nn.PReLU(4)), r"layer '1' \(PReLU\) takes 4 .* give 3"),
        (nn.Sequential(nn.ReLU()), "no Linear layer"),
        (nn.Sequential(nn.Linear(2, 3, dtype=torch.complex64)), r"0\.weight is complex"),
        (nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(1)), r"module\(x\) fails"),
        ("a name", "torch.nn.Module, got str"),
        (Network([Layer([[1.0]], [0.0])]), "polyae.Network, which is what it is read into"),
    ],
)
def test_modules_that_make_no_network(module: nn.Module, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        from_torch(module)


class Doubled(nn.Sequential):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) * (1 + 1e-13)


class Pair(nn.Sequential):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x, super().forward(x)


class Cropped(nn.Sequential):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x)[:, 1:]


def test_the_check_sees_what_the_layers_do_not_show() -> None:
    layers = [nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 3)]
    with pytest.raises(NetworkError, match="does more than the layers show"):
        from_torch(Doubled(*layers))
    with pytest.raises(NetworkError, match="must return one tensor, got tuple"):
        from_torch(Pair(*layers))
    with pytest.raises(ShapeError, match=r"shape \(32, 2\)"):
        from_torch(Cropped(*layers))


def test_swapped_halves_are_seen() -> None:
    class Swapped(Autoencoder):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.encoder(self.decoder(x))

    with pytest.raises(NetworkError, match="does more than the layers show"):
        from_torch(Swapped(mlp(3, 4, 3), mlp(3, 4, 3, seed=1)))


def test_a_registered_layer_is_read() -> None:
    class Negate(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return -x

    def read_negate(module: nn.Module, path: str) -> list[Step]:
        return [Scale(path, np.array([-1.0]), np.zeros(1), np.zeros(1))]

    module = nn.Sequential(nn.Linear(2, 3), Negate(), nn.ReLU(), Negate())
    with pytest.raises(UnsupportedLayerError, match=r"layer '1' \(Negate\)"):
        from_torch(module)
    read_layer.register(Negate, read_negate)
    linear = from_torch(module[0]).layers[0]
    minus = Layer(-np.eye(3), np.zeros(3))
    assert from_torch(module) == Network([Layer(-linear.weight, -linear.bias, 0.0), minus])
