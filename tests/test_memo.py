"""What is kept for each network or domain."""

import gc
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from polyae import Ball, Box, Layer, Network, Polytope
from polyae.domains import Domain
from polyae.engines.subdivide.polytope_faces import polytope_faces
from polyae.engines.subdivide.start import domain_vertices
from polyae.memo import once_for_each
from polyae.predicates.walls import walls_of


def network(bias: float) -> Network:
    return Network([Layer([[1.0]], [bias], 0.0)])


def test_called_once_for_equal_networks_and_forgotten_with_them() -> None:
    calls = []

    @once_for_each
    def bias(net: Network) -> float:
        calls.append(net.digest)
        return float(net.layers[0].bias[0])

    first, second = network(1.0), network(2.0)
    assert [bias(first), bias(second), bias(first), bias(network(1.0))] == [1.0, 2.0, 1.0, 1.0]
    assert calls == [first.digest, second.digest]
    del first
    gc.collect()
    assert bias(network(1.0)) == 1.0
    assert len(calls) == 3


def test_an_exception_is_not_kept() -> None:
    calls = []

    @once_for_each
    def first_fails(domain: Domain) -> int:
        calls.append(domain.dim)
        if len(calls) == 1:
            raise ValueError("once")
        return domain.dim

    box = Box([0], [1])
    with pytest.raises(ValueError, match="once"):
        first_fails(box)
    assert first_fails(box) == first_fails(box) == 1
    assert len(calls) == 2


def test_threads_share_one_result() -> None:
    @once_for_each
    def made(net: Network) -> list[str]:
        return [net.digest]

    net = network(3.0)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: made(net), range(200)))
    assert all(result is results[0] for result in results)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Box([-1, 0], [1, 3]),
        lambda: Ball([1, 2], 0.3, p=1),
        lambda: Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1]),
    ],
)
def test_what_is_kept_of_a_domain_goes_with_it(make: Callable[[], Domain]) -> None:
    domain = make()
    faces = polytope_faces(domain)
    assert faces is not None
    assert polytope_faces(make()) is faces and walls_of(make()) is walls_of(domain)
    assert domain_vertices(faces)[0] is domain_vertices(faces)[0]
    assert len(faces.wall_basis) == len(faces.dims)
    assert not walls_of(domain).rows.values.flags.writeable
    kept = [weakref.ref(x) for x in (domain, faces, walls_of(domain))]
    del domain, faces
    gc.collect()
    assert [ref() for ref in kept] == [None] * 3
