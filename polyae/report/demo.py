"""The demonstration: three studies, their figures, a summary and one page."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from polyae.atomic import make_folder, whole_file
from polyae.networks.files import write_network
from polyae.queries.manifolds import save_manifold
from polyae.report.ball_study import BallSettings, study_balls
from polyae.report.digits_study import DigitsSettings, DigitsStudy, study_digits
from polyae.report.figures import png
from polyae.report.orbit_study import OrbitSettings, OrbitStudy, study_orbit
from polyae.report.page import Page, render
from polyae.report.plain import plain
from polyae.report.sections import Section
from polyae.report.write_balls import ball_section
from polyae.report.write_digits import digits_section
from polyae.report.write_orbit import orbit_section

__all__ = ["Demo", "DemoSettings"]

PACKAGES = ("polyae", "numpy", "torch", "scipy", "highspy", "python-flint", "scikit-learn", "matplotlib")


@dataclass(frozen=True)
class DemoSettings:
    """Settings of the studies; :meth:`quick` makes everything small."""

    digits: DigitsSettings = field(default_factory=DigitsSettings)
    orbit: OrbitSettings = field(default_factory=OrbitSettings)
    balls: BallSettings = field(default_factory=BallSettings)
    command: str = "polyae demo --out out/demo"

    @classmethod
    def quick(cls) -> DemoSettings:
        """Sizes for seconds instead of minutes; the numbers are as true, and less interesting."""
        return cls(
            DigitsSettings(encoder_hidden=(16,), decoder_hidden=(8, 12), epochs=40, num_codes=2),
            OrbitSettings(encoder_hidden=(16,), decoder_hidden=(8, 8), steps=80, max_codes=2),
            BallSettings(num_radii=6),
            "polyae demo --quick --out out/demo",
        )


class Demo:
    """Runs the studies one after the other and keeps the folder up to date after each.

    Parameters
    ----------
    folder : path
        Made if it is missing.
    settings : DemoSettings
    tell : callable
        Called with every finished section.
    progress : bool
        Show progress bars on standard error.

    Raises
    ------
    FileFormatError
        If the folder cannot be made.
    """

    def __init__(
        self, folder: Path, settings: DemoSettings, tell: Callable[[Section], None], progress: bool = False
    ) -> None:
        self.folder, self.settings, self.tell, self.progress = folder, settings, tell, progress
        self.sections: list[Section] = []
        self.images: dict[str, bytes] = {}
        self.commands: list[str] = []
        self.interrupted = False
        self.began = time.perf_counter()
        make_folder(folder)

    def run(self) -> dict[str, Any]:
        """Run all studies and return the summary; Ctrl-C ends it with what is done."""
        try:
            for section in self._studies():
                self._keep(section)
        except KeyboardInterrupt:
            self.interrupted = True
        return self._write()

    def _studies(self) -> Iterator[Section]:
        digits = study_digits(self.settings.digits, self.progress)
        yield digits_section(digits)
        self._keep_digits(digits)
        if not digits.complex.complete:
            raise KeyboardInterrupt
        orbit = study_orbit(self.settings.orbit, self.progress)
        yield orbit_section(orbit)
        self._keep_orbit(orbit)
        yield ball_section(study_balls(self.settings.balls, digits))

    def _keep(self, section: Section) -> None:
        self.sections.append(section)
        for picture in section.pictures:
            self.images[picture.name] = image = png(picture.figure)
            with whole_file(self.folder / f"{picture.name}.png") as file:
                file.write_bytes(image)
        self._write()
        self.tell(section)

    def _keep_digits(self, study: DigitsStudy) -> None:
        write_network(study.decoder, self.folder / "digits_decoder.json")
        study.complex.save(self.folder / "digits_complex.npz")
        code = ",".join(f"{x:.4f}" for x in study.near[0].code)
        self.commands += [
            "polyae info digits_complex.npz",
            "polyae radii digits_complex.npz",
            f"polyae neighbours digits_decoder.json --at {code}",
        ]

    def _keep_orbit(self, study: OrbitStudy) -> None:
        save_manifold(study.orbit, self.folder / "orbit.npz")
        for model in study.models:
            write_network(model.decoder, self.folder / f"orbit_{model.name}.json")
            model.complex.save(self.folder / f"orbit_{model.name}.npz")
        self.commands += [f"polyae bound orbit_{model.name}.npz --orbit orbit.npz" for model in study.models]

    def summary(self) -> dict[str, Any]:
        """JSON-ready summary of what is done so far."""
        return {
            "complete": not self.interrupted and len(self.sections) == 3,
            "seconds": time.perf_counter() - self.began,
            "command": self.settings.command,
            "versions": {name: version(name) for name in PACKAGES},
            **{section.key: section.numbers for section in self.sections},
        }

    def _write(self) -> dict[str, Any]:
        summary = self.summary()
        with whole_file(self.folder / "summary.json") as file:
            file.write_text(json.dumps(plain(summary), indent=1, allow_nan=False) + "\n", encoding="utf-8")
        page = render(self._page(summary), self.sections, self.images)
        with whole_file(self.folder / "report.html") as file:
            file.write_text(page, encoding="utf-8")
        return summary

    def _page(self, summary: dict[str, Any]) -> Page:
        seeds = f"digits {self.settings.digits.seed}, orbit {self.settings.orbit.seed}"
        provenance = [
            ("seconds", f"{summary['seconds']:.0f}"),
            ("seeds", seeds),
            ("Python", platform.python_version()),
            *summary["versions"].items(),
        ]
        return Page(
            title="The regions of trained autoencoders",
            subtitle="Exact polyhedral geometry of ReLU networks, computed by polyae.",
            facts=_facts(summary),
            command=self.settings.command,
            provenance=provenance,
            commands=self.commands,
            notice="" if summary["complete"] else "This run has not finished; what follows is the part that is done.",
        )


def _facts(summary: dict[str, Any]) -> list[tuple[str, str]]:
    digits = summary.get("digits")
    if digits is None:
        return []
    return [
        (f"{digits['regions']:,}", "regions of the decoder on the codes' box"),
        (f"{digits['adjacent_pairs']:,}", "pairs of neighbouring regions"),
        (f"{digits['share_with_data']:.0%}", "of the regions hold data"),
        (f"{digits['degree']['mean']:.2f}", "neighbours of a region on average"),
        (digits["guarantee"], "guarantee of the enumeration"),
    ]
