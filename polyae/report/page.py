"""One HTML file with everything in it: no scripts, no links to anything outside."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from polyae.report.sections import Section

__all__ = ["Page", "render"]


@dataclass(frozen=True)
class Page:
    """What stands around the sections.

    Attributes
    ----------
    title, subtitle : str
    facts : sequence of (value, name)
        The few numbers at the top.
    command : str
        What to run for the same page.
    provenance : sequence of (name, value)
        Versions, seeds, times.
    commands : sequence of str
        What to run next.
    notice : str
        Shown on top if not empty, such as that the run was cut short.
    """

    title: str
    subtitle: str
    facts: Sequence[tuple[str, str]]
    command: str
    provenance: Sequence[tuple[str, str]]
    commands: Sequence[str] = ()
    notice: str = ""


def render(page: Page, sections: Sequence[Section], images: Mapping[str, bytes]) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    page : Page
    sections : sequence of Section
    images : mapping
        From the name of every picture to its PNG file.
    """
    environment = Environment(
        loader=PackageLoader("polyae.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    encoded = {name: base64.b64encode(data).decode("ascii") for name, data in images.items()}
    return environment.get_template("report.html.j2").render(**vars(page), sections=sections, images=encoded)
