import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from torch import nn

from polyae.errors import SettingError, ShapeError
from polyae.networks.torch_modules import from_torch
from polyae.training import pair_residuals
from polyae.training.affine_maps import affine_maps
from polyae.training.models import Autoencoder
from polyae.training.penalty import ExactNeighbourPenalty
from polyae.training.regulariser import LieGroupRegulariser, PatternNeighbourhood

NILPOTENT = [[[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]]
TURN = [[[0.0, -1.0], [1.0, 0.0]]]


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def lie(dim, **options):
    return LieGroupRegulariser(dim, dtype=torch.float64, **options)


def finite(*tensors):
    return all(torch.isfinite(tensor).all() for tensor in tensors)


def test_parabola_and_its_own_generator_give_zero(parabola_decoder, line_oracle):
    decoder = parabola_decoder()
    near = line_oracle(decoder, np.linspace(-1.9, 1.9, 12)[:, None])
    regulariser = lie(3, generators=NILPOTENT)
    value = regulariser.apply_from(decoder, near)
    value.backward()
    assert value.item() < 1e-14
    assert finite(regulariser.raw.grad, *(p.grad for p in decoder.parameters()))


def test_parabola_epsilon_is_the_step_between_the_slopes(parabola_decoder):
    decoder = parabola_decoder(half_width=2.0, pieces=8)
    # Slopes grow by 0.5 from piece to piece, and A_{k+1} = (I + 0.5 G) A_k.
    patterns = np.tril(np.ones((8, 7), dtype=bool), -1)
    maps, _ = affine_maps(decoder, patterns)
    norms, epsilon = lie(3, generators=NILPOTENT).residuals(maps[1:], maps[:-1])
    assert norms.max().item() < 1e-14
    assert torch.allclose(epsilon, torch.full((7, 1), 0.5, dtype=torch.float64), rtol=1e-14)


def test_parabola_and_a_rotation_give_the_angle_between_the_slopes(parabola_decoder):
    # A_k = (0, 1, t_k); under G A = (0, -t, 1) the least residual of T from S is |<T - S, S>| / |S|.
    decoder = parabola_decoder(half_width=2.0, pieces=4)
    maps, _ = affine_maps(decoder, np.tril(np.ones((4, 3), dtype=bool), -1))
    turn = [[[0.0, 0, 0], [0, 0, -1], [0, 1, 0]]]
    t = np.array([-1.5, -0.5, 0.5, 1.5])
    expected = np.abs(np.diff(t) * t[:-1]) / np.sqrt(1 + t[:-1] ** 2)
    norms, _ = lie(3, kind="skew", generators=turn).residuals(maps[1:], maps[:-1])
    assert np.allclose(norms.detach(), expected, rtol=1e-14)


@pytest.mark.parametrize(("kind", "m"), [("full", 1), ("skew", 1), ("full", 3), ("skew", 2)])
def test_epsilon_minimises(kind, m):
    targets, sources = draw(4, 5, 2), draw(4, 5, 2, seed=1)
    regulariser = lie(5, kind=kind, num_generators=m, seed=2)
    norms, epsilon = regulariser.residuals(targets, sources)
    g = regulariser.generators.detach().numpy()
    for i in range(4):
        target, source = targets[i].numpy(), sources[i].numpy()

        def square(e, target=target, source=source):
            return np.linalg.norm(target - source - np.tensordot(e, g, 1) @ source) ** 2

        found = minimize(square, np.zeros(m), tol=1e-12)
        assert norms[i].item() == pytest.approx(np.sqrt(found.fun), rel=1e-9)
        assert np.allclose(epsilon[i], found.x, atol=1e-5)


def test_duplicate_generators_are_the_single_one():
    targets, sources = draw(6, 4, 2), draw(6, 4, 2, seed=1)
    g = draw(1, 4, 4, seed=3).numpy()
    once, again = lie(4, generators=g), lie(4, generators=np.concatenate([g, g]))
    single, twice = once.residuals(targets, sources), again.residuals(targets, sources)
    assert torch.allclose(single[0], twice[0], rtol=1e-12)
    # The pseudo-inverse shares the step evenly.
    assert torch.allclose(twice[1], single[1].expand(-1, 2) / 2, rtol=1e-9)


@pytest.mark.parametrize(("kind", "m"), [("full", 1), ("skew", 1), ("full", 2), ("skew", 3)])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_gradcheck_of_maps_and_generators(kind, m, reduction):
    regulariser = lie(4, kind=kind, num_generators=m, reduction=reduction, seed=1)
    targets, sources = draw(3, 4, 2).requires_grad_(), draw(3, 4, 2, seed=5).requires_grad_()

    def value(raw, targets, sources):
        return torch.func.functional_call(regulariser, {"raw": raw}, (targets, sources))

    raw = regulariser.raw.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(value, (raw, targets, sources), atol=1e-8)


def test_explicit_finite_differences_through_the_decoder(line_oracle):
    model = Autoencoder.from_widths(6, hidden=(5,), latent_dim=1, seed=4, dtype=torch.float64)
    regulariser = lie(6, kind="skew", seed=1)
    near = line_oracle(model.decoder, np.linspace(-3, 3, 7)[:, None])
    regulariser.apply_from(model.decoder, near).backward()
    step, largest = 1e-6, 0.0
    for parameter in (*model.decoder.parameters(), regulariser.raw):
        flat = parameter.data.view(-1)
        grad = torch.zeros_like(flat) if parameter.grad is None else parameter.grad.view(-1)
        for i in range(len(flat)):
            kept, values = flat[i].item(), []
            for sign in (1, -1):
                flat[i] = kept + sign * step
                values.append(regulariser.apply_from(model.decoder, near).item())
            flat[i] = kept
            assert grad[i].item() == pytest.approx((values[0] - values[1]) / (2 * step), abs=1e-7)
            largest = max(largest, abs(grad[i].item()))
    assert largest > 1e-2


def test_skew_generators_stay_skew():
    regulariser = lie(4, kind="skew", generators=draw(2, 4, 4).numpy())
    optimiser = torch.optim.Adam(regulariser.parameters(), lr=0.1)
    regulariser(draw(3, 4, 2), draw(3, 4, 2, seed=1)).backward()
    optimiser.step()
    assert torch.equal(regulariser.generators, -regulariser.generators.mT)


def test_training_finds_the_generator_of_a_rotation():
    angles = torch.linspace(0, 6, 25, dtype=torch.float64)
    tangents = torch.stack([torch.cos(angles), torch.sin(angles), torch.zeros(25)], dim=1)[:, :, None]
    regulariser = lie(3, seed=0)
    optimiser = torch.optim.Adam(regulariser.parameters(), lr=0.02)
    for _ in range(400):
        optimiser.zero_grad()
        value = regulariser(tangents[1:], tangents[:-1])
        value.backward()
        optimiser.step()
    # (I + εG) A can meet the next unit tangent exactly when G = J + tan(step / 2) J² on the plane, or its like.
    assert value.item() < 0.02
    g = regulariser.generators.detach()[0, :2, :2]
    assert torch.linalg.eigvals(g).imag.abs().min() > 0.1


def test_segments_weights_and_reductions():
    targets, sources = draw(2, 3, 1), draw(5, 3, 1, seed=1)
    segments = torch.tensor([0, 0, 1, 1, 1])
    weights = torch.tensor([0.5, 0.5, 1 / 3, 1 / 3, 1 / 3], dtype=torch.float64)
    mean, total = lie(3, seed=2), lie(3, seed=2, reduction="sum")
    each = torch.stack([mean(targets[k : k + 1], sources[i : i + 1]) for i, k in enumerate(segments.tolist())])
    assert mean(targets, sources, segments=segments).item() == pytest.approx(each.mean().item())
    assert total(targets, sources, segments=segments).item() == pytest.approx(each.sum().item())
    by_code = (each[:2].mean() + each[2:].mean()) / 2
    assert mean(targets, sources, segments=segments, weights=weights).item() == pytest.approx(by_code.item())


def test_no_pairs_and_no_weight_give_zero_with_gradient():
    regulariser = lie(3)
    nothing = torch.zeros(0, 3, 2, dtype=torch.float64)
    for value in (
        regulariser(nothing, nothing),
        regulariser(draw(2, 3, 2), draw(2, 3, 2), weights=torch.zeros(2, dtype=torch.float64)),
    ):
        regulariser.zero_grad()
        value.backward()
        assert value.item() == 0 and torch.equal(regulariser.raw.grad, torch.zeros(1, 3, 3, dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e-12, 1.0])
def test_dead_sources_and_targets_are_finite(scale, dtype):
    regulariser = LieGroupRegulariser(3, num_generators=2, seed=1, dtype=dtype)
    small = (scale * draw(2, 3, 2)).to(dtype).requires_grad_()
    other = draw(2, 3, 2, seed=4).to(dtype).requires_grad_()
    for targets, sources in ((small, other), (other, small), (small, small)):
        value = regulariser(targets, sources)
        gradients = torch.autograd.grad(value, (small, regulariser.raw), allow_unused=True)
        assert finite(value, *(g for g in gradients if g is not None))


def test_dead_source_leaves_the_norm_of_the_target():
    target, dead = draw(1, 3, 2), torch.zeros(1, 3, 2, dtype=torch.float64)
    assert lie(3)(target, dead).item() == pytest.approx(torch.linalg.norm(target).item())
    # A source in the kernel of G, up to rounding, is not moved either: 0.1 * 3 - 0.3 is not zero in floating point.
    g, source = [[[3.0, -0.3], [3.0, -0.3]]], torch.tensor([[[0.1], [1.0]]], dtype=torch.float64)
    away = torch.tensor([[[0.1], [2.0]]], dtype=torch.float64)
    norms, epsilon = lie(2, generators=g).residuals(away, source)
    assert epsilon.item() == 0 and norms.item() == pytest.approx(1.0)


def test_zero_gradient_network(line_oracle):
    model = Autoencoder.from_widths(4, hidden=(6,), latent_dim=1, seed=0, dtype=torch.float64)
    model.decoder[2].weight.data.zero_()
    regulariser = lie(4)
    value = regulariser.apply_from(model.decoder, line_oracle(model.decoder, np.array([[0.0], [1.0]])))
    value.backward()
    assert value.item() == 0
    assert finite(regulariser.raw.grad, *(p.grad for p in model.decoder.parameters() if p.grad is not None))


def test_network_without_any_region_boundary(line_oracle):
    model = Autoencoder.from_widths(4, hidden=(6,), latent_dim=1, seed=0, dtype=torch.float64)
    model.decoder[0].weight.data.zero_()
    near = line_oracle(model.decoder, np.array([[0.3]]))
    assert near[0].neighbours.shape == (0, 6)
    value = lie(4).apply_from(model.decoder, near)
    value.backward()
    assert value.item() == 0 and finite(model.decoder[2].weight.grad)


def test_duplicate_units_flip_together_and_add_up(line_oracle):
    # Two copies of ReLU(z) of weights v each against one of weight 2v: the same function, the same value.
    v = draw(3, 1)

    def decoder(copies):
        module = nn.Sequential(nn.Linear(1, 1 + copies), nn.ReLU(), nn.Linear(1 + copies, 3)).double()
        module[0].weight.data = torch.ones(1 + copies, 1, dtype=torch.float64)
        module[0].bias.data = torch.tensor([5.0] + [0.0] * copies, dtype=torch.float64)
        module[2].weight.data = torch.cat([draw(3, 1, seed=9), (2 / copies) * v.repeat(1, copies)], dim=1)
        return module

    code = np.array([[1.0]])
    one, two = decoder(1), decoder(2)
    near = line_oracle(two, code)[0]
    assert near.neighbours.tolist() == [[True, False, False]]
    regulariser = lie(3, kind="skew", seed=1)
    value = regulariser.apply_from(two, [near])
    value.backward()
    assert value.item() == pytest.approx(regulariser.apply_from(one, line_oracle(one, code)).item(), rel=1e-12)
    assert torch.allclose(two[2].weight.grad[:, 1], two[2].weight.grad[:, 2]) and finite(two[2].weight.grad)


def test_glue_equals_the_definition_pair_by_pair(line_oracle):
    model = Autoencoder.from_widths(5, hidden=(7,), latent_dim=1, seed=2, dtype=torch.float64)
    net, regulariser = from_torch(model.decoder), lie(5, seed=3)
    near = line_oracle(model.decoder, np.array([[-4.0], [0.1], [0.1], [0.2], [9.0]]))
    g = regulariser.generators.detach().numpy()[0]
    expected = []
    for each in near:
        for other in each.neighbours:
            target, source = net.affine(each.pattern)[0], net.affine(other)[0]
            moved = g @ source
            epsilon = np.sum(moved * (target - source)) / np.sum(moved**2)
            expected.append(np.linalg.norm(target - source - epsilon * moved))
    assert len(expected) > 5
    assert regulariser.apply_from(model.decoder, near).item() == pytest.approx(np.mean(expected), rel=1e-12)


def test_initial_generators_follow_their_seed():
    before = torch.get_rng_state()
    a, b, c = (LieGroupRegulariser(50, num_generators=4, seed=s).raw.detach() for s in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(a, b) and not torch.equal(a, c)
    # 10,000 draws: the estimate of the deviation is good to 0.7 %.
    assert a.std().item() == pytest.approx(1 / np.sqrt(50), rel=0.04)


def test_penalty_asks_for_the_codes_of_the_batch(line_oracle):
    model = Autoencoder.from_widths(4, hidden=(6,), latent_dim=1, seed=1)
    regulariser, asked = LieGroupRegulariser(4), []

    def oracle(decoder, codes):
        asked.append(codes)
        return line_oracle(decoder, codes)

    batch = draw(10, 4).float()
    codes = model.encoder(batch)
    value = ExactNeighbourPenalty(regulariser, oracle, max_codes=3)(model, batch, codes)
    assert asked[0].dtype == np.float64 and np.array_equal(asked[0], codes[:3].detach().double().numpy())
    assert value.item() == pytest.approx(
        regulariser.apply_from(model.decoder, line_oracle(model.decoder, asked[0])).item()
    )
    ExactNeighbourPenalty(regulariser, oracle)(model, batch, codes)
    assert len(asked[1]) == 10


def empty_oracle(decoder, codes):
    return []


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: LieGroupRegulariser(3, kind="orthogonal"), SettingError, r"'low rank', 'skew'\], got 'orthogonal'"),
        (lambda: LieGroupRegulariser(3, reduction="max"), SettingError, "got 'max'"),
        (lambda: LieGroupRegulariser(3, num_generators=0), ShapeError, "got 3 and 0"),
        (lambda: LieGroupRegulariser(3, generators=TURN), ShapeError, r"\(m, 3, 3\), got \(1, 2, 2\)"),
        (lambda: lie(3)(draw(2, 3, 1), draw(2, 4, 1)), ShapeError, r"\(pairs, 3, h\); got \(2, 3, 1\) and"),
        (lambda: lie(3)(draw(2, 4, 1), draw(2, 4, 1)), ShapeError, r"\(pairs, 3, h\)"),
        (lambda: lie(2)(draw(2, 2, 1), draw(2, 2, 1), weights=torch.ones(3)), ShapeError, r"weights .* got \(3,\)"),
        (lambda: lie(2)(draw(2, 2, 1), draw(2, 2, 1), segments=torch.ones(3)), ShapeError, r"segments .* got \(3,\)"),
        (
            lambda: lie(2)(draw(2, 2, 1), draw(2, 2, 1), segments=torch.tensor([0, 2])), ShapeError,
            r"segments number the codes from 0 to 1",
        ),
        (lambda: lie(2).apply_from(nn.Linear(1, 2).double(), []), ShapeError, "one code at least"),
        (lambda: ExactNeighbourPenalty(lie(2), empty_oracle, max_codes=0), SettingError, "got 0"),
        (
            lambda: ExactNeighbourPenalty(lie(2), empty_oracle)(
                Autoencoder.from_widths(2), torch.zeros(3, 2), torch.zeros(3, 2)
            ),
            ShapeError,
            "asked for 3 neighbourhoods and returned 0",
        ),
        (
            lambda: lie(2).apply_from(
                nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 2)).double(),
                [PatternNeighbourhood(np.ones(3, bool), np.ones((1, 3), bool))],
            ),
            ShapeError,
            r"shape \(n, 2\)",
        ),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("kind", ["full", "skew"])
def test_pairs_in_the_cheap_order_equal_plain_differentiation(kind, monkeypatch):
    monkeypatch.setattr(pair_residuals, "CHUNK", 3 * 7**2)  # several chunks, the last one smaller
    regulariser = LieGroupRegulariser(7, kind=kind, num_generators=5, dtype=torch.float64)
    source = torch.Generator().manual_seed(0)
    targets, sources = (torch.randn(8, 7, 4, generator=source, dtype=torch.float64).requires_grad_() for _ in range(2))
    weights = torch.randn(8, generator=source, dtype=torch.float64)
    assert pair_residuals.pays(5, 4)
    norms, epsilon = regulariser.residuals(targets, sources)
    turned = sources + torch.einsum("pk,kab,pbc->pac", epsilon, regulariser.generators, sources)
    expected = torch.linalg.vector_norm(targets - turned, dim=(1, 2))
    torch.testing.assert_close(norms, expected)
    leaves = (regulariser.raw, targets, sources)
    ours, theirs = (torch.autograd.grad((weights * n).sum(), leaves, retain_graph=True) for n in (norms, expected))
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b)


def test_pairs_that_fit_perfectly_exert_no_force():
    regulariser = LieGroupRegulariser(6, num_generators=5, dtype=torch.float64)
    maps = torch.linspace(-1, 2, 60, dtype=torch.float64).reshape(2, 6, 5).requires_grad_()
    norms, _ = regulariser.residuals(maps, maps)
    assert pair_residuals.pays(5, 5) and norms.tolist() == [0.0, 0.0]
    gradients = torch.autograd.grad(norms.sum(), (regulariser.raw, maps))
    assert all(not g.any() for g in gradients)
