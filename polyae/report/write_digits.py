"""The part of the report on the digit scans."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from polyae.queries.radii import radii
from polyae.report.digits_study import CodeNeighbours, DigitsStudy
from polyae.report.figures import (
    degree_figure,
    neighbourhood_figure,
    partition_figure,
    radii_figure,
    region_polygons,
)
from polyae.report.sections import Picture, Section, Table, short

__all__ = ["digits_section"]


def digits_section(study: DigitsStudy) -> Section:
    """Compute radii, draw, and put the study into words."""
    cx = study.complex
    sizes = radii(cx)
    spaces = {
        "latent space": {"inradius": sizes.latent_inradius, "circumradius": sizes.latent_circumradius},
        "data space": {"inradius": sizes.data_inradius, "circumradius": sizes.data_circumradius},
    }
    summary = {
        f"{name} in {space}": _quantiles(values) for space, pair in spaces.items() for name, values in pair.items()
    }
    cells, first = region_polygons(cx), study.near[0]
    return Section(
        key="digits",
        title="All regions of a decoder",
        numbers=study.numbers() | {"radii": sizes.summary()},
        paragraphs=_words(study),
        tables=[_counts(study), _radii_table(summary), _neighbour_table(study.near)],
        pictures=[
            Picture(
                "partition",
                "The partition of the latent plane by the decoder: every polygon is one region, on which the decoder "
                "is one affine map. Dots are the codes of all scans.",
                partition_figure(cells, study.codes, study.labels, study.occupied),
            ),
            Picture(
                "neighbours",
                f"The region (sand) of the first test code, a {first.label}, and exactly the regions that share a "
                "facet with it (blue). A region that touches it in a corner only is not a neighbour.",
                neighbourhood_figure(cells, first.code, first.region, first.neighbours),
            ),
            Picture(
                "radii",
                "Largest inscribed and smallest enclosing balls of the regions, and of their images in data space.",
                radii_figure({space: (pair["inradius"], pair["circumradius"]) for space, pair in spaces.items()}),
            ),
            Picture("degrees", "Number of neighbours inside the box.", degree_figure(study.degrees)),
        ],
    )  # fmt: skip


def _quantiles(values: np.ndarray) -> dict[str, float]:
    low, middle, high = np.quantile(values, [0.0, 0.5, 1.0])
    return {"min": float(low), "median": float(middle), "max": float(high)}


def _words(study: DigitsStudy) -> list[str]:
    cx, settings = study.complex, study.settings
    widths = "-".join(map(str, (2, *settings.decoder_hidden, study.decoder.output_dim)))
    return [
        f"An autoencoder with two latent dimensions was trained for {settings.epochs} epochs on {study.num_train:,} of "
        f"the {len(study.codes):,} scans of handwritten digits (8 x 8 pixels in [0, 1]); its mean squared error per "
        f"pixel on the other {len(study.codes) - study.num_train} is {short(study.test_error)}.",
        f"Its decoder ({widths}, {study.decoder.num_units} ReLU units) cuts the box around all codes into {len(cx):,} "
        f"regions, found in {short(cx.seconds, 2)} s. {len(study.occupied):,} of them "
        f"({len(study.occupied) / len(cx):.0%}) hold a scan; the others shape the decoder where no data are.",
    ]


def _counts(study: DigitsStudy) -> Table:
    numbers, degree = study.numbers(), study.numbers()["degree"]
    rows = [
        ("activation regions", f"{numbers['regions']:,}"),
        ("linear regions", f"{numbers['linear_regions']:,}"),
        ("distinct affine maps", f"{numbers['distinct_affine_maps']:,}"),
        ("adjacent pairs", f"{numbers['adjacent_pairs']:,}"),
        ("neighbours of a region: least, mean, most", f"{degree['min']}, {degree['mean']:.2f}, {degree['max']}"),
        ("regions that hold training data", f"{numbers['regions_with_training_data']:,}"),
        ("regions that hold any scan", f"{numbers['regions_with_data']:,}"),
    ]
    claim = {
        "proved": "an independent checker accepted a certificate",
        "exact": "every decision is proved or rational",
        "float": "float64 decisions",
        "partial": "not finished",
    }
    guarantee = study.complex.guarantee
    return Table(f"Counts on the box (guarantee: {guarantee}, {claim[guarantee]})", ("", ""), rows)


def _radii_table(summary: Mapping[str, Mapping[str, float]]) -> Table:
    rows = [(name, *(short(row[key]) for key in ("min", "median", "max"))) for name, row in summary.items()]
    return Table("Radii of the regions", ("", "least", "median", "largest"), rows)


def _neighbour_table(near: list[CodeNeighbours]) -> Table:
    rows = [
        (
            str(one.label),
            "(" + ", ".join(f"{x:.3f}" for x in one.code) + ")",
            str(one.region),
            str(len(one.neighbours)),
            ", ".join("+".join(map(str, units)) for units in one.flipped),
            "yes" if one.agree else "NO",
        )
        for one in near
    ]
    header = ("digit", "code", "region", "neighbours", "units flipped at each facet", "as in the complex")
    return Table("Exact neighbours of test codes, asked for without the enumeration", header, rows)
