"""The part of the report on balls."""

from __future__ import annotations

from polyae.report.ball_study import BallStudy
from polyae.report.figures import ball_curve_figure
from polyae.report.sections import Picture, Section, Table, short

__all__ = ["ball_section"]


def ball_section(study: BallStudy) -> Section:
    """Curve, table and words."""
    rows = [
        (short(radius), f"{regions:,}", f"{data:,}")
        for radius, regions, data in zip(study.radii, study.regions, study.data, strict=True)
    ]
    caption = "Regions that meet the open ball, and codes of scans in it"
    numbers = vars(study)
    return Section(
        key="balls",
        title="Regions and data in balls around a code",
        numbers={"digit" if name == "label" else name: value for name, value in numbers.items()},
        paragraphs=[_words(study)],
        tables=[Table(caption, ("radius", "regions", "scans"), rows)],
        pictures=[
            Picture(
                "balls",
                f"Regions of the decoder that meet a ball around the code of a test scan of a {study.label}, exactly "
                "counted, and codes of all scans in the same ball.",
                ball_curve_figure(study.radii, study.regions, study.data, "Regions against data in growing balls"),
            )
        ],
    )


def _words(study: BallStudy) -> str:
    more = int((study.regions > study.data).sum())
    return (
        "How many affine pieces of the decoder serve how many data? Each count is exact, from one enumeration on the "
        "largest ball and the distance of each region from the centre. "
        f"{more} of the {len(study.radii)} balls below meet more regions than they hold data."
    )
