"""Checks a certificate: that its regions, and its pairs of neighbours, are all there are.

What is checked, and why that proves it, is written in docs/certificates.md.  ``python check.py CERT NET.json``
runs alone, on the standard library and python-flint.  All arithmetic is on integers: a positive multiple of a
row is the same half-space, a positive multiple of homogeneous coordinates ``(z, 1)`` the same point.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from array import array
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from flint import fmpz, fmpz_mat

__all__ = ["FORMAT", "FalseStatement", "Layer", "Unreadable", "Verdict", "check", "digest", "main", "parse_network"]

Row = list[fmpz]  #: (a_1, ..., a_h, b) stands for a . z + b, and for the half-space where that is positive.
Layer = tuple[list[list[float]], list[float], list[float]]  #: Weight, bias, and slope of every output when off.
Progress = Callable[[int, int], object]  #: Called with the numbers of regions checked and in all.
FORMAT = "polyae certificate 1"
SLOPES = {"relu": 0.0, "abs": -1.0, "identity": 1.0, "leaky_relu": None, "prelu": None, None: None}
LONGEST_LINE = 1 << 22  #: Bytes that are read of a line, so that no absurd number takes long.
TASK = 64  #: Regions handed to a worker at a time.
#: What an object of an unexpected type or size raises where it is used, or a worker that is killed.
MALFORMED = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RuntimeError, MemoryError)


class Unreadable(Exception):
    """A file is missing, cut off or malformed, or the certificate is that of another network."""


class FalseStatement(Exception):
    """The certificate states something that is not so."""


class Verdict(NamedTuple):
    """What is proved: these are all regions of the network on the domain, and all pairs that share a facet."""

    regions: int
    pairs: int
    statement: str  #: The same in words.


def _expect(truth: bool, statement: str) -> None:
    if not truth:
        raise FalseStatement(f"it is not true that {statement}")


def _real(x: Any) -> float:
    if not isinstance(x, int | float) or isinstance(x, bool) or not math.isfinite(x):
        raise ValueError("a number is missing or not finite")
    return float(x) + 0.0  # -0 becomes 0


def _integers(values: Sequence[float]) -> tuple[list[int], int]:
    """Integers n and a power of two d with ``values = n / d``."""
    ratios = [v.as_integer_ratio() for v in values]
    one = max(d for _, d in ratios)
    return [n * (one // d) for n, d in ratios], one


def _point(given: Any) -> list[int]:
    """Homogeneous coordinates: of a list of numbers, or as a string of h + 1 hexadecimal integers."""
    if isinstance(given, str):
        return [int(x, 16) for x in given.split()]
    integers, one = _integers([_real(x) for x in given])
    return [*integers, one]


def parse_network(description: Any) -> list[Layer]:
    """Layers of the object that a network's JSON file holds."""
    layers, width, default = [], len(description["layers"][0]["weight"][0]), description.get("negative_slope")
    for i, entry in enumerate(description["layers"], start=1):
        weight, bias = [[_real(x) for x in row] for row in entry["weight"]], [_real(x) for x in entry["bias"]]
        kind, last = entry.get("activation"), i == len(description["layers"])
        general = default if kind is not None else 1.0 if last else default or 0.0
        slope = next((s for s in (SLOPES[kind], entry.get("negative_slope"), general) if s is not None), None)
        slopes = [_real(x) for x in (slope if isinstance(slope, list) else [slope] * len(bias))]
        if not 0 < len(weight) == len(bias) == len(slopes) or any(len(row) != width for row in weight):
            raise ValueError("the shapes of the network's layers do not fit")
        layers.append((weight, bias, slopes))
        width = len(bias)
    return layers


def digest(layers: Iterable[Layer]) -> str:
    """SHA-256 of the network's canonical JSON: numbers as hexadecimal floats, keys sorted, no spaces."""
    canonical = [
        {"weight": [[*map(float.hex, row)] for row in w], "bias": [*map(float.hex, b)], "slope": [*map(float.hex, s)]}
        for w, b, s in layers
    ]
    text = json.dumps({"layers": canonical}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _domain(description: Any, dim: int) -> tuple[list[list[int]], str]:
    """Half-spaces of the domain as rows, and its name."""
    axes = [[float(j == k) for j in range(dim)] for k in range(dim)]
    match description:
        case {"kind": "space", "dim": size, **rest} if size == dim and not rest:
            rows: list[list[float]] = []
        case {"kind": "box", "lo": lo, "hi": hi, **rest} if not rest:
            rows = [[*e, -_real(x)] for e, x in zip(axes, lo, strict=True)]
            rows += [[*(-a for a in e), _real(x)] for e, x in zip(axes, hi, strict=True)]
        case {"kind": "polytope", "A": a, "b": b, **rest} if not rest and all(len(normal) == dim for normal in a):
            rows = [[*(-_real(x) for x in normal), _real(c)] for normal, c in zip(a, b, strict=True)]
        case _:
            raise ValueError("the domain is no space, box or polytope of the network's dimension")
    name = ", ".join(f"{key}={value}" for key, value in description.items() if key != "kind")
    return [_integers(row)[0] for row in rows], f"{description['kind'].capitalize()}({name})"


class _Network:
    """A network in integers: all functions of a layer up to one positive factor."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.dim, self.layers = len(layers[0][0][0]), []
        self.identity = fmpz_mat([[int(i == j) for j in range(self.dim + 1)] for i in range(self.dim + 1)])
        for weight, bias, slopes in layers:
            entries, one = _integers([x for row, b in zip(weight, bias, strict=True) for x in (*row, b)])
            matrix = fmpz_mat(len(bias) + 1, len(weight[0]) + 1, [*entries, *[0] * len(weight[0]), one])
            # An output of slope 1 has one state, and is no unit.
            self.layers.append((matrix, *_integers(slopes), [k for k, s in enumerate(slopes) if s != 1.0]))
        self.units = sum(len(layer[-1]) for layer in self.layers)

    def through(self, inputs: fmpz_mat, pattern: str | None = None) -> tuple[list[Row], str]:
        """Pre-activations of all units, and the pattern: the given one, or that beyond a point in a direction.

        Columns of `inputs` are coefficients of affine functions, or values at the point and derivatives.
        """
        found, states = list[Row](), ""
        for matrix, slopes, one, units in self.layers:
            table = (matrix * inputs).tolist()
            here = [table[k] for k in units]
            if pattern is None:
                states += "".join("1" if v > 0 or (v == 0 and d > 0) else "0" for v, d in here)
            else:
                states = pattern[: len(found) + len(units)]
            factors = [*slopes, one]
            for k, state in zip(units, states[len(found) :], strict=True):
                factors[k] = one if state == "1" else slopes[k]
            inputs = fmpz_mat([r if f == 1 else [f * x for x in r] for f, r in zip(factors, table, strict=True)])
            found += here
        return found, states


class _Checker:
    """A certificate: patterns and neighbours are kept in memory, all else is read again when it is checked."""

    def __init__(self, path: str | Path, layers: Sequence[Layer]) -> None:
        self.path, self.layers, self.network, self.first = path, layers, _Network(layers), array("q", [0])
        self.patterns, self.places, self.neighbours = dict[int, int](), array("q"), array("q")
        with open(path, "rb") as file:
            header = json.loads(file.readline(LONGEST_LINE))
            if (foreign := header.get("format") != FORMAT) or header["network"] != digest(layers):
                raise ValueError(f"it is no {FORMAT}" if foreign else "it belongs to another network")
            self.walls, self.domain = _domain(header["domain"], self.network.dim)
            self.places.append(file.tell())
            while line := file.readline(LONGEST_LINE):
                number, record = len(self.patterns), json.loads(line)
                first = self.patterns.setdefault(self._key(record["pattern"]), number)
                _expect(first == number, f"the patterns of regions {first} and {number} differ")
                self.neighbours.extend(f["neighbour"] for f in record["facets"] if f["neighbour"] is not None)
                self.first.append(len(self.neighbours))
                self.places.append(file.tell())
        self.regions, self.pairs = header["regions"], header["pairs"]
        listed = 0 < self.regions == len(self.patterns) and 2 * self.pairs == len(self.neighbours)
        held = f"it holds {len(self.patterns)} regions and {len(self.neighbours)} sides of pairs"
        _expect(listed, f"the file has the {self.regions} regions and {self.pairs} pairs of its header: {held}")

    def __reduce__(self) -> Any:
        return _Checker, (self.path, self.layers)  # for workers that do not inherit it

    def _key(self, pattern: str) -> int:
        if len(pattern) != self.network.units or not set(pattern) <= {"0", "1"}:
            raise ValueError("a pattern is no string of 0 and 1, one for each unit")
        return int(f"0{pattern}", 2)  # less memory than the string

    def check(self, start: int) -> int:
        """Check the next regions from number `start` on, and return the number of the one after them."""
        stop = min(start + TASK, self.regions)
        with open(self.path, "rb") as file:
            file.seek(self.places[start])
            for number in range(start, stop):
                try:
                    record = json.loads(file.readline(LONGEST_LINE))
                    _expect(self.patterns.get(self._key(record["pattern"])) == number, "the file stays as it is")
                    self._region(number, **record)
                except (FalseStatement, *MALFORMED) as error:
                    kind = FalseStatement if isinstance(error, FalseStatement) else ValueError
                    raise kind(f"region {number}: {error}") from None
        return stop

    def _refuse(self, rows: Iterable[int], statement: str) -> None:
        """Refuse the first of the rows, which are units, then half-spaces of the domain."""
        for row in rows:
            wall = row - self.network.units
            _expect(False, f"{f'half-space {wall} of the domain' if wall >= 0 else f'unit {row}'} {statement}")

    def _region(self, number: int, pattern: str, inside: Any, facets: list[Any], redundant: list[Any]) -> None:
        """Check everything that one record states."""
        functions, _ = self.network.through(self.network.identity, pattern)
        rows = [r if s == "1" else [-x for x in r] for s, r in zip(pattern, functions, strict=True)] + self.walls
        varying = {k for k, row in enumerate(rows) if any(row[:-1])}
        # A constant row is positive; only a unit may be zero, and is off then.
        wrong = (k for k, row in enumerate(rows) if row[-1] <= 0 and (row[-1] < 0 or pattern[k : k + 1] != "0"))
        self._refuse((k for k in wrong if k not in varying), "is constant with the stated sign")
        points = [_point(point) for point in (inside, *(facet["beyond"] for facet in facets))]
        _expect(all(point[-1] > 0 for point in points), "the denominators of points are positive")
        matrix = fmpz_mat(len(rows), self.network.dim + 1, [x for row in rows for x in row])
        heights = (fmpz_mat(points) * matrix.transpose()).tolist()
        self._refuse((k for k in varying if heights[0][k] <= 0), "is positive at the interior point")
        settled: set[int] = set()
        for f, facet in enumerate(facets):
            self._refuse(settled.intersection(facet["rows"]), f"is on facet {f} alone")
            ends = (points[0], heights[0]), (points[f + 1], heights[f + 1])
            self._facet(number, f, facet["rows"], facet["neighbour"], rows, varying, ends)
            settled.update(facet["rows"])
        for proof in redundant:
            self._redundant(proof["rows"], [rows[facets[f]["rows"][0]] for f in proof["by"]], rows)
            settled.update(proof["rows"])
        self._refuse(varying - settled, "is on a listed facet or proved redundant")

    def _facet(self, number: int, f: int, on: Any, other: Any, rows: list[Row], varying: set[int], ends: Any) -> None:
        """`on` are all rows on a hyperplane; where the points' segment meets it, beyond it is the neighbour."""
        (inner, above), (outer, below) = ends
        self._refuse(set(on) - varying, f"varies on the region and is on facet {f}")
        wrong = (k for k in varying if (below[k] >= 0 if k in on else below[k] <= 0))
        self._refuse(wrong, f"has the stated side at the point beyond facet {f}")
        first, p = rows[on[0]], next(p for p, x in enumerate(rows[on[0]]) if x != 0)
        apart = (k for k in on if any(x * rows[k][p] != y * first[p] for x, y in zip(first, rows[k], strict=True)))
        self._refuse(apart, f"is on the hyperplane of facet {f}")
        wall = max(on) >= self.network.units
        _expect(wall == (other is None), f"facet {f} either is on the domain's boundary or has a neighbour")
        if not wall:
            crossing = [above[on[0]] * b - below[on[0]] * a for a, b in zip(inner, outer, strict=True)]
            columns = zip(crossing, [*(-x for x in first[:-1]), 0], strict=True)  # the point, and outwards
            _, across = self.network.through(fmpz_mat([*map(list, columns)]))
            _expect(self.patterns.get(int(f"0{across}", 2)) == other != number, f"facet {f} leads to region {other}")
            back = self.neighbours[slice(*self.first[other : other + 2])]
            _expect(number in back, f"region {other} lists region {number} as its neighbour")

    def _redundant(self, chosen: list[int], facets: list[Row], rows: list[Row]) -> None:
        """Each chosen row is a combination of facets with multipliers >= 0, plus a constant >= 0."""
        normals = [row[:-1] for row in (*facets, *(rows[k] for k in chosen))]
        reduced, den, rank = fmpz_mat(normals).transpose().rref()
        # The facets' normals are independent and span the others, so that the multipliers are determined.
        basis = rank == len(facets) and all(reduced[i, i] == den for i in range(rank))
        _expect(basis, f"rows {chosen} are combinations of the facets named for them, which are independent")
        for j, k in enumerate(chosen, start=rank):
            weights = [reduced[i, j] * den for i in range(rank)]
            rest = rows[k][-1] * den * den - sum(w * facet[-1] for w, facet in zip(weights, facets, strict=True))
            if rest < 0 or any(w < 0 for w in weights):
                self._refuse([k], "is at least a combination, with multipliers >= 0, of the facets named for it")


_adopted: list[_Checker] = []  #: The one of this worker process.


def _work(start: int) -> int:
    return _adopted[0].check(start)


def check(path: str | Path, network: Any, workers: int = 1, progress: Progress = lambda *_: None) -> Verdict:
    """Check a certificate of a network, the object in its JSON file; raise Unreadable, or the first FalseStatement."""
    try:
        checker = _Checker(path, parse_network(network))
        with ProcessPoolExecutor(workers, initializer=_adopted.append, initargs=(checker,)) as pool:
            starts = range(0, checker.regions, TASK)
            for stop in pool.map(_work, starts) if workers > 1 else map(checker.check, starts):
                progress(stop, checker.regions)
    except (OSError, *MALFORMED) as error:
        what = "cannot be read" if isinstance(error, OSError) else "is not a whole certificate of this network"
        raise Unreadable(f"{path} {what}: {getattr(error, 'strerror', None) or error}") from error
    statement = f"proved: {checker.regions} regions, {checker.pairs} adjacent pairs on {checker.domain}"
    return Verdict(checker.regions, checker.pairs, statement)


def main(arguments: Sequence[str]) -> int:
    """Run ``python check.py CERT NET.json [WORKERS]``: 0 if it is proved, 1 if refuted, 2 if it cannot be checked."""
    try:
        path, network, workers = (*arguments, "1")[:3]
        print(check(path, json.loads(Path(network).read_bytes()), int(workers)).statement)
        return 0
    except (FalseStatement, Unreadable, OSError, *MALFORMED) as error:
        refuted = isinstance(error, FalseStatement)
        print(f"{'refuted' if refuted else 'cannot check'}: {' '.join(str(error).split()):.500}", file=sys.stderr)
        return 1 if refuted else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
