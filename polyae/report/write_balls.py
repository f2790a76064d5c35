"""The part of the report on balls."""

from __future__ import annotations

from polyae.report.ball_study import BallStudy
from polyae.report.count_figures import counts_figure
from polyae.report.sections import Picture, Section, Table, short

__all__ = ["ball_section"]


def ball_section(study: BallStudy) -> Section:
    """Curve, table and words."""
    counts, data = study.counts, study.data
    rows = [
        (short(radius), f"{regions:,}", f"{held:,}")
        for radius, regions, held in zip(counts.radii, counts.regions_lower, data, strict=True)
    ]
    caption = "Regions that meet the open ball, and codes of scans in it"
    return Section(
        key="balls",
        title="Regions and data in balls around a code",
        numbers={
            "digit": study.label, "centre": counts.centre, "radii": counts.radii, "regions": counts.regions_lower,
            "data": data,
        },
        paragraphs=[_words(study)],
        tables=[Table(caption, ("radius", "regions", "scans"), rows)],
        pictures=[
            Picture(
                "balls",
                f"Regions of the decoder that meet a ball around the code of a test scan of a {study.label}, exactly "
                "counted, and codes of all scans in the same ball.",
                counts_figure(counts, "Regions against data in growing balls", "code"),
            )
        ],
    )


def _words(study: BallStudy) -> str:
    more = int((study.counts.regions_lower > study.data).sum())
    return (
        "How many affine pieces of the decoder serve how many data? Each count is exact, from one enumeration on the "
        "largest ball and the distance of each region from the centre. "
        f"{more} of the {len(study.data)} balls below meet more regions than they hold data."
    )
