"""First order, several orbits, exponential form, low rank, contraction and the rank-one order of products."""

import numpy as np
import pytest
import scipy.linalg
import torch
from scipy.optimize import minimize
from torch import nn

from polyae.errors import SettingError, ShapeError
from polyae.networks.torch_modules import from_torch
from polyae.training.affine_maps import affine_maps
from polyae.training.contractive import contraction, module_patterns
from polyae.training.first_order import ExponentialRegulariser, FirstOrderRegulariser, OrbitsRegulariser
from polyae.training.generators import matrices, move
from polyae.training.models import Autoencoder
from polyae.training.neighbour_oracle import NeighbourOracle
from polyae.training.rank_one import neighbour_residuals, neighbour_value
from polyae.training.regulariser import LieGroupRegulariser
from tests.training.test_affine_maps import ZOO
from tests.training.test_neighbour_oracle import MODULES

TURN = [[[0.0, -1.0], [1.0, 0.0]]]
KINDS = [("full", None), ("skew", None), ("low rank", 2)]
DOUBLE = torch.float64


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)


def gradcheck(regulariser, *tensors):
    """Finite differences in the generators and in all tensors."""

    def value(raw, *given):
        return torch.func.functional_call(regulariser, {"raw": raw}, given)

    raw = regulariser.raw.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(value, (raw, *(t.requires_grad_() for t in tensors)), atol=1e-6)


@pytest.mark.parametrize(("kind", "rank"), KINDS)
def test_moved_rows_are_products_with_the_matrices(kind, rank):
    regulariser = LieGroupRegulariser(5, kind=kind, rank=rank, num_generators=3, dtype=DOUBLE)
    rows = draw(4, 5)
    expected = torch.stack([torch.stack([g @ x for g in regulariser.generators]) for x in rows])
    torch.testing.assert_close(move(kind, regulariser.raw, rows), expected)


def test_generators_of_low_rank():
    regulariser = LieGroupRegulariser(60, kind="low rank", rank=6, num_generators=20, dtype=DOUBLE)
    g = regulariser.generators.detach()
    assert torch.linalg.matrix_rank(g).tolist() == [6] * 20
    assert g.std().item() == pytest.approx(1 / np.sqrt(60), rel=0.1)
    given = draw(2, 4, 4)
    kept = LieGroupRegulariser(4, kind="low rank", rank=4, generators=given.numpy(), dtype=DOUBLE)
    torch.testing.assert_close(kept.generators.detach(), given)
    assert kept.num_generators == 2
    gradcheck(LieGroupRegulariser(4, kind="low rank", rank=2, num_generators=2, dtype=DOUBLE), draw(3, 4, 2),
              draw(3, 4, 2, seed=1))  # fmt: skip


@pytest.mark.parametrize(("kind", "rank"), KINDS)
def test_first_order_has_the_right_gradient_and_minimum(kind, rank):
    regulariser = FirstOrderRegulariser(4, kind=kind, rank=rank, num_generators=2, seed=1, dtype=DOUBLE)
    targets, sources = draw(3, 4), draw(3, 4, seed=1)
    g = regulariser.generators.detach().numpy()
    squares = []
    for t, s in zip(targets.numpy(), sources.numpy(), strict=True):
        # The same minimum by an orthogonal factorisation.
        moved = np.column_stack([each @ s for each in g])
        squares.append(np.linalg.norm(t - s - moved @ np.linalg.lstsq(moved, t - s)[0]) ** 2)
    assert regulariser(targets, sources).item() == pytest.approx(np.mean(squares), rel=1e-9)
    gradcheck(regulariser, targets, sources)


def test_first_order_of_a_circle_is_the_sagitta():
    # From (1, 0) along the tangent, the point at angle t stays 1 - cos t away.
    t = torch.linspace(0.1, 1.4, 5, dtype=DOUBLE)
    points = torch.stack([t.cos(), t.sin()], dim=1)
    start = torch.tensor([[1.0, 0.0]], dtype=DOUBLE).expand(5, -1)
    value = FirstOrderRegulariser(2, generators=TURN, reduction="sum", dtype=DOUBLE)(points, start)
    assert value.item() == pytest.approx(((1 - t.cos()) ** 2).sum().item(), rel=1e-12)


def test_exponential_form_finds_the_angle_of_a_rotation():
    angles = torch.tensor([-2.0, -0.3, 0.0, 1.0, 2.5], dtype=DOUBLE)
    anchor = draw(2, 1)
    turned = torch.stack([torch.tensor(scipy.linalg.expm(a * np.array(TURN[0])), dtype=DOUBLE) @ anchor
                          for a in angles.tolist()])  # fmt: skip
    regulariser = ExponentialRegulariser(2, generators=TURN, dtype=DOUBLE)
    assert torch.allclose(regulariser.angles(turned, anchor)[:, 0], angles, atol=1e-7)
    assert regulariser(turned, anchor).item() < 1e-7
    # A longer target cannot be met: what is left is the difference of the lengths.
    assert regulariser(3 * turned, anchor).item() == pytest.approx(2 * anchor.norm().item(), rel=1e-9)


def test_exponential_form_of_two_generators():
    regulariser = ExponentialRegulariser(3, kind="skew", num_generators=2, seed=3, dtype=DOUBLE)
    targets, anchor = draw(2, 3, 2), draw(3, 2, seed=1)
    g = regulariser.generators.detach().numpy()
    theta = regulariser.angles(targets, anchor).numpy()
    for target, found in zip(targets.numpy(), theta, strict=True):

        def height(angles, target=target):
            turn = scipy.linalg.expm(np.tensordot(angles, g, 1))
            return np.linalg.norm(target - turn @ anchor.numpy())

        assert height(found) == pytest.approx(minimize(height, found, tol=1e-12).fun, rel=1e-7)
        assert height(found) <= height(np.zeros(2))
    gradcheck(regulariser, targets, anchor)


def test_exponential_form_without_targets_and_of_dead_anchors():
    regulariser = ExponentialRegulariser(3, dtype=DOUBLE)
    assert regulariser(torch.zeros(0, 3, 2, dtype=DOUBLE), draw(3, 2)).item() == 0
    target = draw(1, 3, 2)
    value = regulariser(target, torch.zeros(3, 2, dtype=DOUBLE))
    assert value.item() == pytest.approx(target.norm().item())
    value.backward()
    assert torch.isfinite(regulariser.raw.grad).all()


def test_orbits_take_their_own_pairs():
    first, second = (LieGroupRegulariser(3, seed=s, dtype=DOUBLE) for s in (1, 2))
    orbits, targets, sources = OrbitsRegulariser([first, second]), draw(6, 3, 2), draw(6, 3, 2, seed=1)
    clusters = torch.tensor([0, 1, 1, 0, 1, 1])
    one, two = first.residuals(targets, sources)[0], second.residuals(targets, sources)[0]
    expected = torch.where(clusters == 0, one, two).mean()
    assert orbits(targets, sources, clusters).item() == pytest.approx(expected.item())
    assert orbits(targets, sources).item() == pytest.approx(torch.minimum(one, two).mean().item())
    orbits(targets, sources, torch.zeros(6, dtype=torch.long)).backward()
    assert first.raw.grad.abs().max() > 0 and second.raw.grad.abs().max() == 0


def test_orbits_of_the_first_order_are_squared():
    orbits = OrbitsRegulariser([FirstOrderRegulariser(2, generators=g, dtype=DOUBLE) for g in (TURN, [np.eye(2)])])
    start, end = torch.tensor([[1.0, 0.0]], dtype=DOUBLE), torch.tensor([[1.5, 7.0]], dtype=DOUBLE)
    values = [orbits(end, start, torch.tensor([c])).item() for c in (0, 1)]
    assert values == pytest.approx([0.25, 49.0]) and orbits(end, start).item() == pytest.approx(0.25)


@pytest.mark.parametrize("name", ["random", "random, h = 3", "trained, leaky", "duplicate units"])
@pytest.mark.parametrize(("kind", "rank"), KINDS)
def test_rank_one_order_equals_the_definition(name, kind, rank):
    module = MODULES[name]
    net = from_torch(module)
    codes = torch.tensor(np.random.default_rng(0).uniform(-1, 1, (5, net.input_dim)))
    regulariser = LieGroupRegulariser(net.output_dim, kind=kind, rank=rank, num_generators=3, seed=2, dtype=DOUBLE)
    gradients = []
    for way in ("rank one", "definition"):
        near = NeighbourOracle(module)(codes)
        if way == "rank one":
            norms, epsilon = neighbour_residuals(regulariser, near)
            value = neighbour_value(regulariser, near)
        else:
            a, b = affine_maps(module, near.found.patterns)[0], affine_maps(module, near.found.neighbours)[0]
            norms2, epsilon2 = regulariser.residuals(a[near.owner], b)
            value = regulariser(a, b, segments=near.owner)
        leaves = [regulariser.raw, *(p for p in module.parameters() if p.ndim == 2)]
        gradients.append(torch.autograd.grad(value, leaves))
    torch.testing.assert_close(norms, norms2, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(epsilon, epsilon2, rtol=1e-7, atol=1e-9)
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-7, atol=1e-9)


def test_many_generators_against_least_squares():
    regulariser = LieGroupRegulariser(6, num_generators=5, seed=1, dtype=DOUBLE)
    targets, sources = draw(3, 6, 5), draw(3, 6, 5, seed=1)
    norms, epsilon = regulariser.residuals(targets, sources)
    g = regulariser.generators.detach().numpy()
    for i in range(3):
        moved = np.column_stack([(each @ sources[i].numpy()).ravel() for each in g])
        step = (targets[i] - sources[i]).numpy().ravel()
        expected = np.linalg.lstsq(moved, step)[0]
        assert np.allclose(epsilon[i], expected, rtol=1e-8)
        assert norms[i].item() == pytest.approx(np.linalg.norm(step - moved @ expected), rel=1e-10)
    gradcheck(regulariser, targets, sources)


def test_rank_one_order_with_codes_without_neighbours():
    module = Autoencoder.from_widths(4, hidden=(6,), latent_dim=1, seed=1, dtype=DOUBLE).decoder
    module[0].weight.data[1:] = 0  # one hyperplane, hence one neighbour a code
    oracle = NeighbourOracle(module, choose="bisection")
    near = oracle(torch.tensor([[30.0], [31.0]], dtype=DOUBLE))
    assert len(near.owner) == 0
    assert neighbour_value(LieGroupRegulariser(4, dtype=DOUBLE), near).item() == 0


@pytest.mark.parametrize("module", ZOO.values(), ids=ZOO)
def test_patterns_of_modules_are_those_of_the_network(module):
    net = from_torch(module)
    z = np.random.default_rng(4).normal(size=(50, net.input_dim))
    assert np.array_equal(module_patterns(module, torch.tensor(z)).numpy(), net.pattern(z))


def test_contraction_by_hand_and_by_finite_differences():
    maps, neighbours, owner = draw(2, 2, 3), draw(3, 2, 3, seed=1), torch.tensor([0, 0, 1])
    by_hand = [np.linalg.norm(m) for m in maps.numpy()]
    by_hand += [np.linalg.norm(maps[o].numpy() - n) for o, n in zip(owner, neighbours.numpy(), strict=True)]
    assert contraction(maps, neighbours, owner).item() == pytest.approx(sum(by_hand) / 2)
    assert contraction(maps).item() == pytest.approx(sum(by_hand[:2]) / 2)
    given = (maps.requires_grad_(), neighbours.requires_grad_())
    assert torch.autograd.gradcheck(lambda m, n: contraction(m, n, owner), given)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: LieGroupRegulariser(3, rank=1), SettingError, "kind='full' and rank=1"),
        (lambda: LieGroupRegulariser(3, kind="low rank"), SettingError, "rank=None"),
        (lambda: LieGroupRegulariser(3, kind="low rank", rank=4), SettingError, "dimension 3, got 4"),
        (lambda: FirstOrderRegulariser(3)(torch.zeros(2, 3, 1), torch.zeros(2, 3, 1)), ShapeError, "takes points"),
        (lambda: ExponentialRegulariser(3)(torch.zeros(2, 3, 1), torch.zeros(2, 3, 1)), ShapeError, "anchor"),
        (lambda: OrbitsRegulariser([]), SettingError, "one at least"),
        (lambda: OrbitsRegulariser([LieGroupRegulariser(2), LieGroupRegulariser(3)]), SettingError, "one type"),
        (
            lambda: OrbitsRegulariser([LieGroupRegulariser(2)])(
                torch.zeros(2, 2, 1), torch.zeros(2, 2, 1), torch.tensor([0, 1])
            ),
            ShapeError,
            "from 0 to 0",
        ),
        (lambda: contraction(torch.zeros(2, 2, 3), torch.zeros(1, 2, 3)), ShapeError, "do not fit"),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_matrices_of_skew_parameters_are_skew():
    g = matrices("skew", draw(2, 4, 4))
    assert torch.equal(g, -g.mT)


def test_contraction_of_neighbours_of_an_encoder():
    encoder = nn.Sequential(nn.Linear(1, 1, bias=False), nn.ReLU(), nn.Linear(1, 1, bias=False)).double()
    encoder[0].weight.data.fill_(2.0)
    encoder[2].weight.data.fill_(3.0)
    near = NeighbourOracle(encoder)(torch.tensor([[1.0], [-1.0]], dtype=DOUBLE))
    # ‖A‖ is 6 and 0, and crossing the origin changes it by 6 either way.
    assert contraction(near.A, near.A_neighbours, near.owner).item() == 9.0
