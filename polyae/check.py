"""Checks a certificate: that its regions, and its pairs of neighbours, are all there are.

What is checked, and why that proves it, is written in docs/certificates.md.  This file can be read, and run
as ``python check.py CERT NET.json``, alone: it needs the standard library and python-flint, and nothing of
polyae.  All arithmetic is on integers: a positive multiple of a row is the same half-space, and a positive
multiple of homogeneous coordinates ``(z, 1)`` is the same point.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from flint import fmpz, fmpz_mat

__all__ = ["FalseStatement", "Layer", "Unreadable", "Verdict", "check", "digest", "main", "parse_network", "show"]

Row = list[fmpz]  #: (a_1, ..., a_h, b) stands for a . z + b, and for the half-space where that is positive.
Layer = tuple[list[list[float]], list[float], list[float]]  #: Weight, bias, and slope of every output when off.
Progress = Callable[[int, int], None]  #: Called with the numbers of regions checked and in all.

FORMAT, VERSION = "polyae certificate", 1
SLOPES = {"relu": 0.0, "abs": -1.0, "identity": 1.0, "leaky_relu": None, "prelu": None, None: None}
#: Bytes of a line and characters of a fraction, beyond which a file is refused before it costs anything.
LONGEST_LINE, LONGEST_FRACTION = 1 << 26, 1 << 17
TASK = 64  #: Regions handed to a worker at a time.
#: What using an object of an unexpected type or size raises.
MALFORMED = (KeyError, IndexError, TypeError, AttributeError, ValueError, OverflowError, RecursionError, MemoryError)


class Unreadable(Exception):
    """A file is missing, cut off or malformed, or the certificate is that of another network."""


class FalseStatement(Exception):
    """The certificate states something that is not so."""


class Verdict(NamedTuple):
    """What is proved: these are all regions of the network on the domain, and all pairs that share a facet."""

    regions: int
    pairs: int
    domain: str

    def __str__(self) -> str:
        return f"proved: {self.regions} regions, {self.pairs} adjacent pairs on {self.domain}"


def _expect(truth: bool, statement: str) -> None:
    if not truth:
        raise FalseStatement(f"it is not true that {statement}")


def _real(x: Any) -> float:
    """A finite float64, and 0 for -0."""
    if not isinstance(x, int | float) or isinstance(x, bool) or not math.isfinite(x):
        raise ValueError("a number is missing or not finite")
    return float(x) + 0.0


def _integers(values: Sequence[float]) -> tuple[list[int], int]:
    """Integers n and a power of two d with ``values = n / d``."""
    ratios = [v.as_integer_ratio() for v in values]
    one = max(d for _, d in ratios)
    return [n * (one // d) for n, d in ratios], one


def _point(values: list[Any]) -> list[int]:
    """Homogeneous coordinates, the last one positive, of JSON numbers or fractions of hexadecimal integers."""
    ratios = []
    for x in values:
        if isinstance(x, str) and len(x) > LONGEST_FRACTION:
            raise ValueError("a fraction is absurdly long")
        p, q = (int(part, 16) for part in x.split("/")) if isinstance(x, str) else _real(x).as_integer_ratio()
        if q <= 0:
            raise ValueError("a denominator is not positive")
        ratios.append((p, q))
    one = math.lcm(*(q for _, q in ratios))
    return [*(p * (one // q) for p, q in ratios), one]


def parse_network(description: Any) -> list[Layer]:
    """Layers of the object that a network's JSON file holds."""
    try:
        entries, default = description["layers"], description.get("negative_slope")
        layers, width = [], len(entries[0]["weight"][0])
        for entry in entries:
            weight, bias = [[_real(x) for x in row] for row in entry["weight"]], [_real(x) for x in entry["bias"]]
            kind = entry.get("activation")
            general = default if kind is not None else 1.0 if entry is entries[-1] else default or 0.0
            stated = [s for s in (SLOPES[kind], entry.get("negative_slope"), general) if s is not None][0]
            slope = [_real(x) for x in (stated if isinstance(stated, list) else [stated] * len(bias))]
            if not 0 < len(weight) == len(bias) == len(slope) or not all(0 < len(row) == width for row in weight):
                raise ValueError("the shapes of its layers do not fit")
            layers.append((weight, bias, slope))
            width = len(bias)
    except MALFORMED as error:
        raise Unreadable(f"the network is malformed: {error!r:.200}") from error
    return layers


def digest(layers: Iterable[Layer]) -> str:
    """SHA-256 of the network's canonical JSON: numbers as hexadecimal floats, keys sorted, no spaces."""
    canonical = [
        {"weight": [[x.hex() for x in row] for row in w], "bias": [x.hex() for x in b], "slope": [x.hex() for x in s]}
        for w, b, s in layers
    ]
    text = json.dumps({"layers": canonical}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class _Network:
    """A network in integers: all functions of a layer up to one positive factor."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.dim, self.layers = len(layers[0][0][0]), []
        for weight, bias, slopes in layers:
            entries, one = _integers([x for row, b in zip(weight, bias, strict=True) for x in (*row, b)])
            matrix = fmpz_mat(len(bias) + 1, len(weight[0]) + 1, [*entries, *[0] * len(weight[0]), one])
            # An output of slope 1 has one state, and is no unit.
            self.layers.append((matrix, *_integers(slopes), [k for k, s in enumerate(slopes) if s != 1.0]))
        self.units = sum(len(layer[-1]) for layer in self.layers)

    def through(self, inputs: fmpz_mat, pattern: str | None = None) -> tuple[list[Row], str]:
        """Pre-activations of all units, and the pattern: the given one, or that of a (value, derivative).

        Rows of `inputs` are the coordinates and, last, the constant 1, as affine functions (h + 1 columns) or
        at a point with their derivatives in a direction (two columns).  Without a given pattern, a unit is on
        where its value is positive, or zero with a positive derivative.
        """
        found: list[Row] = []
        states = ""
        for matrix, slopes, one, units in self.layers:
            table = (matrix * inputs).tolist()
            here = [table[k] for k in units]
            if pattern is None:
                states += "".join("1" if v > 0 or (v == 0 and d > 0) else "0" for v, d in here)
            else:
                states = pattern[: len(states) + len(units)]
            factors = [*slopes, one]
            for k, state in zip(units, states[len(found) :], strict=True):
                factors[k] = one if state == "1" else slopes[k]
            inputs = fmpz_mat([r if f == 1 else [f * x for x in r] for f, r in zip(factors, table, strict=True)])
            found += here
        return found, states


def _domain(description: dict[str, Any], dim: int) -> tuple[list[list[int]], str]:
    """Half-spaces of the domain as integer rows, and its name; its numbers are hexadecimal floats."""
    kind, rows = description["kind"], list[list[float]]()
    numbers = {k: _floats(v) for k, v in description.items() if k not in ("kind", "dim")}
    if kind == "box" and numbers.keys() == {"lo", "hi"} and len(numbers["lo"]) == len(numbers["hi"]) == dim:
        for side, sign in (("lo", 1.0), ("hi", -1.0)):
            rows += [[*(sign * (j == k) for j in range(dim)), -sign * x] for k, x in enumerate(numbers[side])]
    elif kind == "polytope" and numbers.keys() == {"A", "b"}:
        rows = [[*(-x for x in a), b] for a, b in zip(numbers["A"], numbers["b"], strict=True)]
    elif kind != "space" or numbers:
        raise ValueError("the domain is no box, polytope or space")
    if any(len(row) != dim + 1 for row in rows) or description.get("dim", dim) != dim:
        raise ValueError("the domain has another dimension than the network")
    name = ", ".join(f"{k}={v}" for k, v in (numbers or {"dim": dim}).items())
    return [_integers(row)[0] for row in rows], f"{kind.capitalize()}({name})"


def _floats(values: Any) -> Any:
    return [_floats(v) for v in values] if isinstance(values, list) else _real(float.fromhex(values))


def _lines(file: BinaryIO) -> Iterator[Any]:
    while line := file.readline(LONGEST_LINE):
        if not line.endswith(b"\n"):
            raise ValueError("its last line is cut off")
        yield json.loads(line)


class _Checker:
    """A certificate: patterns and neighbours are kept in memory, all else is read again when it is checked."""

    def __init__(self, path: str | Path, layers: Sequence[Layer]) -> None:
        self.path, self.layers, self.network = path, layers, _Network(layers)
        self.patterns: dict[int, int] = {}
        self.places, self.neighbours, self.first = array("q"), array("q"), array("q", [0])
        with open(path, "rb") as file:
            lines = _lines(file)
            header = next(lines, {})
            if (header["format"], header["version"]) != (FORMAT, VERSION):
                raise ValueError(f"it is no {FORMAT} of version {VERSION}")
            if header["network"] != digest(layers):
                raise ValueError("it belongs to another network")
            self.walls, self.domain = _domain(header["domain"], self.network.dim)
            self.places.append(file.tell())
            for number, record in enumerate(lines):
                first = self.patterns.setdefault(self._key(record["pattern"]), number)
                _expect(first == number, f"the patterns of regions {first} and {number} differ")
                self.neighbours.extend(f["neighbour"] for f in record["facets"] if f["neighbour"] is not None)
                self.first.append(len(self.neighbours))
                self.places.append(file.tell())
        self.regions, facets = len(self.patterns), len(self.neighbours)
        _expect(self.regions > 0, "there is a region")
        _expect(self.regions == header["regions"], f"the certificate has {header['regions']} regions")
        _expect(facets == 2 * header["pairs"], f"the certificate has two facets for each of {header['pairs']} pairs")

    def __reduce__(self) -> Any:
        return _Checker, (self.path, self.layers)  # for workers that do not inherit it

    def _key(self, pattern: str) -> int:
        if len(pattern) != self.network.units or not set(pattern) <= {"0", "1"}:
            raise ValueError("a pattern is no string of 0 and 1, one for each unit")
        return int(f"0{pattern}", 2)  # less memory than the string

    def check(self, start: int, stop: int) -> int:
        """Check the regions from number `start` to before `stop`."""
        with open(self.path, "rb") as file:
            file.seek(self.places[start])
            for number, record in zip(range(start, stop), islice(_lines(file), stop - start), strict=True):
                try:
                    if self.patterns.get(self._key(record["pattern"])) != number:
                        raise ValueError("it changes while it is read")
                    self._region(number, **record)
                except FalseStatement as error:
                    raise FalseStatement(f"region {number}: {error}") from None
                except MALFORMED as error:
                    raise Unreadable(f"{self.path}: region {number} is malformed: {error!r:.200}") from None
        return stop

    def _refuse(self, rows: Iterable[int], statement: str) -> None:
        """Refuse the first of the rows, which are units, then half-spaces of the domain."""
        for row in rows:
            unit = row < self.network.units
            name = f"unit {row}" if unit else f"half-space {row - self.network.units} of the domain"
            _expect(False, f"{name} {statement}")

    def _region(self, number: int, pattern: str, inside: Any, facets: list[Any], redundant: list[Any]) -> None:
        """Check everything that one record states."""
        width = self.network.dim + 1
        functions, _ = self.network.through(fmpz_mat([[int(i == j) for j in range(width)] for i in range(width)]), pattern)
        rows = [r if s == "1" else [-x for x in r] for s, r in zip(pattern, functions, strict=True)] + self.walls
        varying = {k for k, row in enumerate(rows) if any(row[:-1])}
        constant = {k: row[-1] for k, row in enumerate(rows) if k not in varying}
        wrong = [k for k, x in constant.items() if x < 0 or (x == 0 and pattern[k : k + 1] != "0")]
        self._refuse(wrong, "is constant and has the stated sign (off where it is zero)")
        points = [_point(inside), *(_point(facet["beyond"]) for facet in facets)]
        table = fmpz_mat(points) * fmpz_mat(len(rows), width, [x for row in rows for x in row]).transpose()
        heights = table.tolist()
        self._refuse((k for k in varying if heights[0][k] <= 0), "is positive at the interior point")
        settled: set[int] = set()
        for f, facet in enumerate(facets):
            self._refuse(settled.intersection(facet["rows"]), f"is on no other facet than {f}")
            self._facet(f, facet["rows"], varying, rows, heights[f + 1])
            self._crossing(number, f, facet, rows, (points[0], points[f + 1]), (heights[0], heights[f + 1]))
            settled.update(facet["rows"])
        for proof in redundant:
            self._redundant(proof["rows"], [rows[facets[f]["rows"][0]] for f in proof["by"]], rows)
            settled.update(proof["rows"])
        self._refuse(varying - settled, "is on a listed facet or proved redundant")

    def _facet(self, f: int, group: list[int], varying: set[int], rows: list[Row], heights: list[fmpz]) -> None:
        """The group is all rows on one hyperplane, and the point beyond it is inside all other rows."""
        self._refuse(set(group) - varying, f"varies, and can be on facet {f}")
        self._refuse((k for k in group if heights[k] >= 0), f"is negative at the point beyond facet {f}")
        self._refuse((k for k in varying.difference(group) if heights[k] <= 0), f"is positive at the point beyond facet {f}")
        first = rows[group[0]]
        p = next(p for p, x in enumerate(first) if x != 0)
        apart = (k for k in group if any(x * rows[k][p] != y * first[p] for x, y in zip(first, rows[k], strict=True)))
        self._refuse(apart, f"is on the hyperplane of facet {f}")

    def _crossing(self, number: int, f: int, facet: Any, rows: list[Row], ends: Any, heights: Any) -> None:
        """A facet on the domain's boundary ends there; any other one leads to its neighbour, and back."""
        first, other = facet["rows"][0], facet["neighbour"]
        wall = max(facet["rows"]) >= self.network.units
        _expect((other is None) == wall, f"facet {f} lies on the boundary of the domain or has a neighbour")
        if not wall:
            # Where the segment from inside to beyond meets the hyperplane, no other row vanishes.
            above, below = heights[0][first], heights[1][first]
            point = [above * b - below * a for a, b in zip(*ends, strict=True)]
            outward = [*(-x for x in rows[first][:-1]), 0]
            _, across = self.network.through(fmpz_mat([list(pair) for pair in zip(point, outward, strict=True)]))
            _expect(self.patterns.get(int(f"0{across}", 2)) == other != number, f"region {other} is beyond facet {f}")
            back = self.neighbours[self.first[other] : self.first[other + 1]]
            _expect(number in back, f"region {other} has a facet towards region {number}")

    def _redundant(self, chosen: list[int], facets: list[Row], rows: list[Row]) -> None:
        """Each chosen row is a combination of facets with multipliers >= 0, plus a constant >= 0."""
        columns = [*facets, *(rows[k] for k in chosen)]
        reduced, den, rank = fmpz_mat([row[:-1] for row in columns]).transpose().rref()
        # Independent normals, of which the rows' normals are combinations: so the multipliers are determined.
        basis = rank == len(facets) and all(reduced[i, i] == den for i in range(rank))
        _expect(basis, f"the normals of rows {chosen} are combinations of those of the facets named")
        for j, k in enumerate(chosen, start=rank):
            weights = [reduced[i, j] * den for i in range(rank)]
            rest = rows[k][-1] * den * den - sum((w * facet[-1] for w, facet in zip(weights, facets, strict=True)), fmpz(0))
            if rest < 0 or any(w < 0 for w in weights):
                self._refuse([k], "is at least a combination of the facets named, with multipliers >= 0")


_adopted: list[_Checker] = []  # A worker's.


def _work(start: int) -> int:
    return _adopted[0].check(start, min(start + TASK, _adopted[0].regions))


def check(path: str | Path, network: Any, workers: int = 1, progress: Progress | None = None) -> Verdict:
    """Check a certificate of a network, given as the object that its JSON file holds.

    Raises Unreadable if there is nothing to check, FalseStatement with the first statement that is false.
    """
    try:
        checker = _Checker(path, parse_network(network))
        starts = range(0, checker.regions, TASK)
        with ProcessPoolExecutor(workers, initializer=_adopted.append, initargs=(checker,)) as pool:
            ends = pool.map(_work, starts) if workers > 1 else (checker.check(s, min(s + TASK, checker.regions)) for s in starts)
            for end in ends:
                if progress is not None:
                    progress(end, checker.regions)
    except (OSError, BrokenProcessPool, *MALFORMED) as error:
        raise Unreadable(f"{path}: {error!r:.200}") from error
    return Verdict(checker.regions, checker.neighbours.buffer_info()[1] // 2, checker.domain)


def show(done: int, total: int) -> None:
    """Count on standard error, if someone can see it."""
    if sys.stderr.isatty():
        print(f"\r{done} of {total} regions checked", end="\n" if done == total else "", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the certificate of a network file, as a command."""
    parser = argparse.ArgumentParser(description="Check a certificate of polyae.")
    parser.add_argument("certificate")
    parser.add_argument("network", help="JSON file")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args(arguments)
    try:
        with open(given.network, "rb") as file:
            network = json.load(file)
        print(check(given.certificate, network, given.workers, show))
    except FalseStatement as error:
        print(f"refuted: {error}", file=sys.stderr)
        return 1
    except (OSError, Unreadable, *MALFORMED) as error:
        print(f"cannot check: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
