"""Certificates that state something false are refused, whatever is wrong; rewritings that change nothing are not.

Every mutation here breaks a condition by its construction, or is found to do so by code other than the checker's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flint import fmpz

from polyae import Box, Network, Space, enumerate_regions
from polyae.check import digest, parse_network
from polyae.domains import domain_from_dict
from polyae.lp.exact import combination
from polyae.networks.files import network_from_dict
from polyae.predicates.cell import Arrangement
from polyae.predicates.rational import IntegerRow
from tests.certificates.forge import Forgery, certified, facet_of, renumbered, without_facet
from tests.engines.zoo import data_goldens, data_network

Draw = np.random.Generator
Mutation = Callable[[Draw, Forgery], None]

NETWORKS = (
    "absolute_2-6-5-3", "line_1-8-6-3", "duplicate_2-8-6-3", "leaky_3-6-5-3", "zero_bias_2-8-8-4", "deep_2-6-6-6-3",
)  # fmt: skip


@cache
def original(name: str, whole: bool) -> Forgery:
    net = data_network(name)
    lo, hi = data_goldens()[name]["box"]
    return certified(net, Space(net.input_dim) if whole else Box([lo] * net.input_dim, [hi] * net.input_dim))


def some(draw: Draw, items: Any) -> Any:
    return list(items)[int(draw.integers(len(list(items))))]


def some_record(draw: Draw, it: Forgery, needs: str = "facets") -> Any:
    return some(draw, [r for r in it.records if r[needs]])


def inner_facet(draw: Draw, it: Forgery) -> tuple[int, Any, int]:
    """Number of a region, its record, and a facet of it inside the domain."""
    number = some(draw, [i for i, r in enumerate(it.records) if any(f["neighbour"] is not None for f in r["facets"])])
    record = it.records[number]
    return number, record, some(draw, [f for f, x in enumerate(record["facets"]) if x["neighbour"] is not None])


def rows_of(it: Forgery, record: Any) -> list[IntegerRow]:
    """Rows of a region in the integers of the library, which the checker does not use."""
    arrangement = Arrangement(network_from_dict(it.network), domain_from_dict(dict(it.header["domain"])))
    pattern = np.array([c == "1" for c in record["pattern"]], dtype=bool)
    rows = arrangement.rational.unit_rows(pattern)
    return [[(1 if on else -1) * x for x in r] for on, r in zip(pattern, rows, strict=True)] + arrangement.wall_integers


def explains(it: Forgery, record: Any, proof: Any) -> bool:
    rows = rows_of(it, record)
    basis = [rows[record["facets"][f]["rows"][0]] for f in proof["by"]]
    return bool(basis) and all(combination(rows[k], basis) is not None for k in proof["rows"])


# Regions


def drop_region(draw: Draw, it: Forgery) -> None:
    gone = int(draw.integers(len(it.records)))
    it.records = renumbered(it, [i for i in range(len(it.records)) if i != gone]).records
    it.count()


def drop_region_and_its_facets(draw: Draw, it: Forgery) -> None:
    gone = int(draw.integers(len(it.records)))
    for record in it.records:
        for f in reversed([f for f, x in enumerate(record["facets"]) if x["neighbour"] == gone]):
            without_facet(record, f)
    drop = [i for i in range(len(it.records)) if i != gone]
    it.records = renumbered(it, drop).records
    it.count()


def keep_one_region(draw: Draw, it: Forgery) -> None:
    it.records = renumbered(it, [int(draw.integers(len(it.records)))]).records
    it.count()


def no_region(draw: Draw, it: Forgery) -> None:
    it.records = []
    it.count()


def repeat_region(draw: Draw, it: Forgery) -> None:
    it.records.append(some_record(draw, it))
    it.header["regions"] += int(draw.integers(2))


def flip_bit(draw: Draw, it: Forgery) -> None:
    record = some_record(draw, it)
    k = int(draw.integers(len(record["pattern"])))
    record["pattern"] = record["pattern"][:k] + "10"[int(record["pattern"][k])] + record["pattern"][k + 1 :]


def exchange_patterns(draw: Draw, it: Forgery) -> None:
    i, j = draw.choice(len(it.records), size=2, replace=False)
    a, b = it.records[i], it.records[j]
    a["pattern"], b["pattern"] = b["pattern"], a["pattern"]


def merge_regions(draw: Draw, it: Forgery) -> None:
    """One region takes over the facets of a neighbour, which goes; all others are told."""
    i, record, f = inner_facet(draw, it)
    gone = record["facets"][f]["neighbour"]
    taken = [x for x in it.records[gone]["facets"] if x["neighbour"] != i]
    without_facet(record, f)
    record["facets"] += [x for x in taken if x["rows"] not in [y["rows"] for y in record["facets"]]]
    for other in it.records:
        for facet in other["facets"]:
            facet["neighbour"] = i if facet["neighbour"] == gone else facet["neighbour"]
    it.records = renumbered(it, [k for k in range(len(it.records)) if k != gone]).records
    it.count()


# Witnesses and points


def witness_elsewhere(draw: Draw, it: Forgery) -> None:
    i, j = draw.choice(len(it.records), size=2, replace=False)
    it.records[i]["inside"] = it.records[j]["inside"]


def witness_beyond_a_facet(draw: Draw, it: Forgery) -> None:
    record = some_record(draw, it)
    record["inside"] = some(draw, record["facets"])["beyond"]


def witness_on_a_facet(draw: Draw, it: Forgery) -> None:
    """Exactly on the hyperplane, between the two points."""
    record = some_record(draw, it)
    facet = some(draw, record["facets"])
    row = rows_of(it, record)[facet["rows"][0]]
    ends = [exact(record["inside"]), exact(facet["beyond"])]
    above, below = (sum((a * x for a, x in zip(row, end, strict=True)), fmpz(0)) for end in ends)
    place = [above * b - below * a for a, b in zip(*ends, strict=True)]
    record["inside"] = " ".join(f"{int(x):x}" for x in place)


def exact(point: Any) -> list[int]:
    if isinstance(point, str):
        return [int(x, 16) for x in point.split()]
    ratios = [float(x).as_integer_ratio() for x in point]
    one = max(q for _, q in ratios)
    return [*(p * (one // q) for p, q in ratios), one]


def beyond_moved_inside(draw: Draw, it: Forgery) -> None:
    record = some_record(draw, it)
    some(draw, record["facets"])["beyond"] = record["inside"]


def beyond_another_facet(draw: Draw, it: Forgery) -> None:
    record = some(draw, [r for r in it.records if len(r["facets"]) > 1])
    f, g = draw.choice(len(record["facets"]), size=2, replace=False)
    record["facets"][f]["beyond"] = record["facets"][g]["beyond"]


def negative_denominator(draw: Draw, it: Forgery) -> None:
    """The point reflected in the origin, in disguise: every sign turns, and so does that of the denominator."""
    record = some_record(draw, it)
    record["inside"] = " ".join(f"{-x:x}" for x in exact(record["inside"]))


# Facets


def drop_facet(draw: Draw, it: Forgery) -> None:
    record = some_record(draw, it)
    without_facet(record, int(draw.integers(len(record["facets"]))))
    it.count()


def drop_facet_from_both_sides(draw: Draw, it: Forgery) -> None:
    i, record, f = inner_facet(draw, it)
    other = it.records[record["facets"][f]["neighbour"]]
    without_facet(record, f)
    without_facet(other, facet_of(other, i))
    it.count()


def facet_said_to_be_redundant(draw: Draw, it: Forgery) -> None:
    """The rows of a facet, duplicates above all, cannot be explained by other facets, nor by one another."""
    record = some(draw, [r for r in it.records if len(r["facets"]) > 1])
    gone = max(range(len(record["facets"])), key=lambda f: (len(record["facets"][f]["rows"]), draw.random()))
    rows = record["facets"][gone]["rows"]
    without_facet(record, gone)
    by = draw.permutation(len(record["facets"]))[: len(record["inside"])]
    record["redundant"].append({"by": [int(f) for f in by], "rows": rows})
    it.count()


def circle(draw: Draw, it: Forgery) -> None:
    """A facet's place is taken by one row on it and the others are explained by it, but it has no neighbour."""
    record = some_record(draw, it)
    facet = some(draw, record["facets"])
    record["redundant"].append({"by": [record["facets"].index(facet)], "rows": facet["rows"]})
    record["facets"].remove(facet)
    it.count()


def swap_neighbours(draw: Draw, it: Forgery) -> None:
    record = some(draw, [r for r in it.records if len({str(f["neighbour"]) for f in r["facets"]}) > 1])
    f, g = draw.choice(len(record["facets"]), size=2, replace=False)
    a, b = record["facets"][f], record["facets"][g]
    while a["neighbour"] == b["neighbour"]:
        a, b = some(draw, record["facets"]), some(draw, record["facets"])
    a["neighbour"], b["neighbour"] = b["neighbour"], a["neighbour"]


def wrong_neighbour(draw: Draw, it: Forgery) -> None:
    i, record, f = inner_facet(draw, it)
    right = record["facets"][f]["neighbour"]
    wrong = [i, -1, len(it.records), *range(len(it.records))]
    record["facets"][f]["neighbour"] = some(draw, [n for n in wrong if n != right])


def no_neighbour(draw: Draw, it: Forgery) -> None:
    i, record, f = inner_facet(draw, it)
    other = it.records[record["facets"][f]["neighbour"]]
    other["facets"][facet_of(other, i)]["neighbour"] = record["facets"][f]["neighbour"] = None
    it.count()


def row_off_its_facet(draw: Draw, it: Forgery) -> None:
    record = some_record(draw, it)
    facet = max(record["facets"], key=lambda f: (len(f["rows"]), draw.random()))
    facet["rows"].pop(int(draw.integers(len(facet["rows"]))))


def row_on_a_second_facet(draw: Draw, it: Forgery) -> None:
    record = some_record(draw, it)
    facet = some(draw, record["facets"])
    others = {k for part in (*record["facets"], *record["redundant"]) for k in part["rows"]}
    facet["rows"].append(some(draw, sorted({*others, -1, 10**6}.difference(facet["rows"]))))


# Redundant rows


def drop_proof(draw: Draw, it: Forgery) -> None:
    record = some_record(draw, it, "redundant")
    proof = some(draw, record["redundant"])
    proof["rows"].pop(int(draw.integers(len(proof["rows"]))))


def other_multipliers(draw: Draw, it: Forgery) -> None:
    """Multipliers follow from their facets, so other ones mean other facets; those that explain nothing."""
    for _ in range(100):
        record = some_record(draw, it, "redundant")
        proof = some(draw, record["redundant"])
        before = list(proof["by"])
        if draw.random() < 0.5:
            proof["by"].pop(int(draw.integers(len(before))))
        else:
            proof["by"][int(draw.integers(len(before)))] = int(draw.integers(len(record["facets"])))
        if not explains(it, record, proof):
            return
        proof["by"] = before
    raise AssertionError("no mutation found")


def unlisted_facet(draw: Draw, it: Forgery) -> None:
    record = some_record(draw, it, "redundant")
    some(draw, record["redundant"])["by"][0] = len(record["facets"])


# Header and network


def other_counts(draw: Draw, it: Forgery) -> None:
    it.header[some(draw, ["regions", "pairs"])] += some(draw, [-1, 1])


def other_kind_of_domain(draw: Draw, it: Forgery) -> None:
    """A box has facets on its boundary, and a space has none."""
    dim = len(it.records[0]["inside"])
    box = Box([-float(draw.uniform(0.1, 9))] * dim, [float(draw.uniform(0.1, 9))] * dim)
    it.header["domain"] = (box if it.header["domain"]["kind"] == "space" else Space(dim)).to_dict()


def larger_domain(draw: Draw, it: Forgery) -> None:
    """Points beyond the old box are inside the new one, or the space has a boundary at once."""
    points = np.array([f["beyond"] for r in it.records for f in r["facets"] if not isinstance(f["beyond"], str)])
    reach = np.abs(points).max() + float(draw.uniform(0.1, 2))
    it.header["domain"] = Box([-reach] * points.shape[1], [reach] * points.shape[1]).to_dict()


def smaller_domain(draw: Draw, it: Forgery) -> None:
    """A witness is left on the boundary."""
    point = some(draw, [r["inside"] for r in it.records if not isinstance(r["inside"], str)])
    if it.header["domain"]["kind"] == "space":
        it.header["domain"] = Box(point, np.add(point, 5.0)).to_dict()
    else:
        it.header["domain"][some(draw, ["lo", "hi"])] = list(point)


def other_weight(draw: Draw, it: Forgery) -> None:
    """A weight that changes the regions, with the digest of the new network."""
    patterns = {record["pattern"] for record in it.records}
    for _ in range(100):
        network = json.loads(json.dumps(it.network))
        layer = some(draw, network["layers"][:-1])
        k = int(draw.integers(len(layer["bias"])))
        layer["bias"][k] = -layer["bias"][k] + float(draw.normal())
        cx = enumerate_regions(network_from_dict(network), domain_from_dict(dict(it.header["domain"])))
        if {"".join("01"[b] for b in bits) for bits in cx.patterns.astype(int)} != patterns:
            it.network, it.header["network"] = network, digest(parse_network(network))
            return
    raise AssertionError("no mutation found")


def unbound_weight(draw: Draw, it: Forgery) -> None:
    """The least change of a weight, which the digest shows."""
    layer = some(draw, it.network["layers"])
    k = int(draw.integers(len(layer["bias"])))
    layer["bias"][k] = float(np.nextafter(layer["bias"][k], 9.0))


def other_slope(draw: Draw, it: Forgery) -> None:
    layer = some(draw, it.network["layers"][:-1])
    layer["activation"], layer["negative_slope"] = "leaky_relu", 0.25


MUTATIONS: tuple[Mutation, ...] = (
    drop_region, drop_region_and_its_facets, keep_one_region, no_region, repeat_region, flip_bit, exchange_patterns,
    merge_regions, witness_elsewhere, witness_beyond_a_facet, witness_on_a_facet, beyond_moved_inside,
    beyond_another_facet, negative_denominator, drop_facet, drop_facet_from_both_sides, facet_said_to_be_redundant,
    circle, swap_neighbours, wrong_neighbour, no_neighbour, row_off_its_facet, row_on_a_second_facet, drop_proof,
    other_multipliers, unlisted_facet, other_counts, other_kind_of_domain, larger_domain,
    smaller_domain, other_weight, unbound_weight, other_slope,
)  # fmt: skip


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.__name__)
@pytest.mark.timeout(900)
def test_false_statements_are_refused(mutation: Mutation, tmp_path: Path, cases: Callable[[int, int], int]) -> None:
    draw = np.random.default_rng(list(mutation.__name__.encode()))
    for case in range(cases(8, 40)):
        name, whole = NETWORKS[case % len(NETWORKS)], bool(draw.integers(2))
        it = original(name, whole).copy()
        mutation(draw, it)
        assert not it.accepted(tmp_path), (name, whole, case)


# Rewritings


def other_order_of_regions(draw: Draw, it: Forgery) -> None:
    it.records = renumbered(it, draw.permutation(len(it.records)).tolist()).records


def other_order_of_facets(draw: Draw, it: Forgery) -> None:
    for record in it.records:
        order = draw.permutation(len(record["facets"])).tolist()
        record["facets"] = [record["facets"][f] for f in order]
        for proof in record["redundant"]:
            proof["by"] = [order.index(f) for f in draw.permutation(proof["by"]).tolist()]


def other_order_of_rows(draw: Draw, it: Forgery) -> None:
    for record in it.records:
        draw.shuffle(record["redundant"])
        for part in (*record["facets"], *record["redundant"]):
            part["rows"] = draw.permutation(part["rows"]).tolist()


def other_interior_points(draw: Draw, it: Forgery) -> None:
    """A little way towards the points beyond the facets, on the inner side: half the way is inside or on none."""
    for record in it.records:
        rows = rows_of(it, record)
        start, facet = exact(record["inside"]), some(draw, record["facets"])
        end = exact(facet["beyond"])
        row = rows[facet["rows"][0]]
        above, below = (sum((a * x for a, x in zip(row, z, strict=True)), fmpz(0)) for z in (start, end))
        crossing = [above * b - below * a for a, b in zip(start, end, strict=True)]
        middle = [x * crossing[-1] + y * start[-1] for x, y in zip(start, crossing, strict=True)]
        record["inside"] = " ".join(f"{int(x):x}" for x in middle)


def points_as_integers(draw: Draw, it: Forgery) -> None:
    for record in it.records:
        factor = int(draw.integers(1, 100))
        for part, key in ((record, "inside"), *((facet, "beyond") for facet in record["facets"])):
            part[key] = " ".join(f"{factor * x:x}" for x in exact(part[key]))


def proofs_apart(draw: Draw, it: Forgery) -> None:
    for record in it.records:
        record["redundant"] = [{"by": p["by"], "rows": [k]} for p in record["redundant"] for k in p["rows"]]


def other_keys(draw: Draw, it: Forgery) -> None:
    it.header = dict(reversed(it.header.items()))
    it.records = [dict(reversed(record.items())) for record in it.records]


def network_in_full(draw: Draw, it: Forgery) -> None:
    """Slopes spelled out output by output."""
    layers = parse_network(it.network)
    it.network = {"layers": [{"weight": w, "bias": b, "negative_slope": s} for w, b, s in layers]}


@pytest.mark.parametrize(
    "rewriting",
    [
        other_order_of_regions, other_order_of_facets, other_order_of_rows, other_interior_points, points_as_integers,
        proofs_apart, other_keys, network_in_full,
    ],
    ids=lambda r: r.__name__,
)  # fmt: skip
def test_harmless_rewritings_are_taken(rewriting: Mutation, tmp_path: Path, cases: Callable[[int, int], int]) -> None:
    draw = np.random.default_rng(5)
    for case in range(cases(3, 24)):
        it = original(NETWORKS[case % len(NETWORKS)], bool(draw.integers(2))).copy()
        before = it.verdict(tmp_path)
        rewriting(draw, it)
        assert it.verdict(tmp_path) == before


def test_the_first_false_statement_is_named_whoever_finds_it(tmp_path: Path) -> None:
    it = original("leaky_3-6-5-3", True).copy()
    for number in (190, 70, 140):
        it.records[number]["inside"] = it.records[0]["inside"]
    assert "region 70: it is not true that" in it.complaint(tmp_path)
    assert it.complaint(tmp_path, workers=2) == it.complaint(tmp_path)
    assert original("leaky_3-6-5-3", True).verdict(tmp_path, workers=2).regions == 211


def test_digest_is_that_of_the_canonical_json() -> None:
    for name in NETWORKS:
        net: Network = data_network(name)
        layers = [
            {
                "bias": [float(x).hex() for x in y.bias],
                "slope": [float(x).hex() for x in y.slope],
                "weight": [[float(x).hex() for x in row] for row in y.weight],
            }
            for y in net.layers
        ]
        text = json.dumps({"layers": layers}, separators=(",", ":"), sort_keys=True)
        assert original(name, False).header["network"] == hashlib.sha256(text.encode()).hexdigest()
