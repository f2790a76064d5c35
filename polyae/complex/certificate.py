"""Certificates: proofs, for a program that trusts nothing but the weights, that a complex is what it claims to be.

A certificate is a text file of JSON lines, the header and then one line a region; docs/certificates.md gives the
format and the argument, :mod:`polyae.check` checks it.  Lines are made one at a time, from the complex and in
exact arithmetic, whichever engine found it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from polyae.check import FORMAT, FalseStatement, Unreadable, check, digest
from polyae.complex.progress import counting_bar
from polyae.complex.region_proofs import RegionProver
from polyae.domains import Ball, Domain, Polytope
from polyae.errors import CertificateError, FileFormatError
from polyae.lp.facets import Witness
from polyae.predicates.rational import HomogeneousPoint

if TYPE_CHECKING:
    from polyae.complex.region_complex import RegionComplex

Float = NDArray[np.float64]

__all__ = ["certificate_lines", "check_certifiable", "check_domain", "prove_complex", "write_certificate"]


def check_certifiable(cx: RegionComplex) -> None:
    """Raise CertificateError unless a certificate can be made of a complex."""
    check_domain(cx.domain)
    if not cx.complete:
        raise CertificateError(f"only a complete complex can be certified, and this one is {cx.status.value}")
    if cx.arithmetic != "exact":
        raise CertificateError("a complex found with arithmetic='float' proves nothing: enumerate with 'exact'")


def check_domain(domain: Domain) -> None:
    """Raise CertificateError for a domain that certificates do not cover."""
    if isinstance(domain, Ball):
        advice = "" if domain.curved else "; this one is a polytope: state it as a Box or a Polytope"
        raise CertificateError(
            f"no certificate on {domain!r}: proofs are linear, from half-spaces, and a ball's boundary is not{advice}"
        )


def certificate_lines(cx: RegionComplex) -> Iterator[str]:
    """Header and records of a certificate.

    Raises
    ------
    CertificateError
        If the complex cannot be certified, or is found to lack a region or a pair.
    """
    check_certifiable(cx)
    yield _text(_header(cx))
    yield from _records(cx)


def _records(cx: RegionComplex, start: int = 0) -> Iterator[str]:
    prover, units = RegionProver(cx.arrangement), cx.network.num_units
    for number in range(start, len(cx)):
        pattern = np.unpackbits(cx.packed[number], count=units).astype(bool)
        witness = Witness(cx.witnesses[number], cx.exact_witnesses.get(number))
        mine = slice(*cx.adjacency.indptr[number : number + 2])
        behind = cx.edge_units[cx.adjacency.data[mine] - 1].tolist()
        neighbours = dict(zip(behind, cx.adjacency.indices[mine].tolist(), strict=True))
        yield _text(_record(prover, number, pattern, witness, neighbours))


def _record(
    prover: RegionProver, number: int, pattern: NDArray[np.bool_], witness: Witness, neighbours: dict[int, int]
) -> dict[str, Any]:
    proof = prover.prove(pattern, witness)
    facets = []
    for facet in proof.facets:
        other = None
        if facet.rows[-1] < prover.units:
            # Neighbours are known by the lowest unit behind the facet.
            other = neighbours.pop(facet.rows[0], None)
            if other is None:
                raise CertificateError(f"the complex lacks what lies beyond unit {facet.rows[0]} of region {number}")
        facets.append({"rows": facet.rows, "beyond": _coordinates(facet.beyond), "neighbour": other})
    if neighbours:
        raise CertificateError(f"regions {number} and {min(neighbours.values())} of the complex share no facet")
    return {
        "pattern": "".join("01"[int(on)] for on in pattern),
        "inside": _coordinates(proof.inside),
        "facets": facets,
        "redundant": [{"by": by, "rows": rows} for by, rows in proof.redundant],
    }


def _coordinates(point: Float | HomogeneousPoint) -> list[float] | str:
    """Float64 coordinates, or homogeneous integers in hexadecimal."""
    return point.tolist() if isinstance(point, np.ndarray) else " ".join(f"{int(z):x}" for z in point)


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _header(cx: RegionComplex) -> dict[str, Any]:
    layers = [(y.weight + 0.0, y.bias + 0.0, y.slope + 0.0) for y in cx.network.layers]
    return {
        "format": FORMAT,
        "network": digest([(w.tolist(), b.tolist(), s.tolist()) for w, b, s in layers]),
        "domain": _domain(cx.domain),
        "regions": len(cx),
        "pairs": cx.num_adjacent_pairs,
    }


def _domain(domain: Domain) -> dict[str, Any]:
    if isinstance(domain, Polytope):
        rows = domain.A.any(axis=1)  # as in its half-spaces
        return {"kind": "polytope", "A": domain.A[rows].tolist(), "b": domain.b[rows].tolist()}
    return domain.to_dict()


def write_certificate(cx: RegionComplex, path: str | Path, progress: bool = False) -> None:
    """Write a certificate; the file appears under its name only when it is whole.

    What is written before an interruption stays in ``path.partial``, from which the next call goes on.

    Raises
    ------
    CertificateError
        As :func:`certificate_lines`.
    FileFormatError
        If the file cannot be written.
    """
    check_certifiable(cx)
    target = Path(path)
    partial = target.with_name(target.name + ".partial")
    try:
        with open(partial, "a+b") as file, counting_bar("certifying", progress) as show:
            done = _resume(file, f"{_text(_header(cx))}\n".encode())
            for number, record in enumerate(_records(cx, done), start=done + 1):
                file.write(f"{record}\n".encode())
                show(number, len(cx))
        os.replace(partial, target)
    except OSError as error:
        raise FileFormatError(f"cannot write {target}: {error.strerror or error}") from error


def _resume(file: BinaryIO, header: bytes) -> int:
    """Number of records that a file holds already under this header, which is written if it is not there."""
    file.seek(0)
    if file.readline() != header:
        file.truncate(0)
        file.write(header)
        return 0
    count, end = 0, file.tell()
    for line in file:
        if line.endswith(b"\n"):
            count, end = count + 1, end + len(line)
    file.truncate(end)
    file.seek(end)
    return count


def prove_complex(cx: RegionComplex, path: str | Path | None, workers: int, progress: bool) -> None:
    """Write a certificate, to a temporary file if no path is given, and check it.

    Raises
    ------
    CertificateError, FileFormatError
        As :func:`write_certificate`; also if the checker does not accept the certificate.
    """
    with TemporaryDirectory() as folder:
        target = Path(folder, "certificate") if path is None else Path(path)
        write_certificate(cx, target, progress)
        try:
            with counting_bar("checking", progress) as show:
                verdict = check(target, cx.network.to_dict(), workers, show)
        except FalseStatement as error:
            raise CertificateError(f"the complex is wrong, its certificate is refuted: {error}") from error
        except Unreadable as error:
            raise FileFormatError(f"the certificate cannot be checked: {error}") from error
    if verdict[:2] != (len(cx), cx.num_adjacent_pairs):
        raise CertificateError(f"the complex is wrong: {verdict.statement}")
