"""Domains on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from polyae.cli.values import Float, number, read_archive, vector
from polyae.domains import Ball, Box, Domain, Polytope, Space, as_norm
from polyae.errors import SettingError

__all__ = ["DomainOptions", "norm"]


def norm(name: str) -> float:
    """Norm p from its name.

    Raises
    ------
    SettingError
        If it is not 1, 2 or inf.
    """
    try:
        return as_norm(name)
    except SettingError as error:
        raise SettingError(f"--norm {name}: choose 1, 2 or inf") from error


@dataclass(frozen=True)
class DomainOptions:
    """The options that describe a domain."""

    box: Annotated[
        tuple[str, str] | None, typer.Option(metavar="LO HI", help="Box; each a number, a,b,c per axis, or @file.npy.")
    ] = None
    ball: Annotated[tuple[str, str] | None, typer.Option(metavar="CENTRE RADIUS", help="Ball around a,b,c.")] = None
    norm: Annotated[str | None, typer.Option(metavar="1|2|inf", help="Norm of the ball; 2 by default.")] = None
    polytope: Annotated[Path | None, typer.Option(metavar="FILE.npz", help="A z <= b, from arrays A and b.")] = None
    space: Annotated[bool, typer.Option("--space", help="The whole space.")] = False

    @property
    def given(self) -> list[str]:
        """Names of the domains that were given."""
        stated = {"--box": self.box, "--ball": self.ball, "--polytope": self.polytope, "--space": self.space or None}
        return [name for name, value in stated.items() if value is not None]

    def optional(self, dim: int) -> Domain | None:
        """Domain that the options describe, or None if they describe none.

        Parameters
        ----------
        dim : int
            Dimension of the network's input; a single number for a side of a box is repeated for every axis.

        Raises
        ------
        SettingError
            If there is more than one domain, or a norm without a ball.
        PolyaeError
            What the domain itself objects to.
        """
        if len(self.given) > 1:
            raise SettingError(f"{' and '.join(self.given)} are different domains; give one")
        if self.norm is not None and self.ball is None:
            raise SettingError("--norm is the norm of a --ball, and there is none")
        if self.box is not None:
            return Box(_side(self.box[0], dim), _side(self.box[1], dim))
        if self.ball is not None:
            return Ball(vector(self.ball[0], "--ball"), number(self.ball[1], "--ball: radius"), norm(self.norm or "2"))
        if self.polytope is not None:
            a, b = read_archive(self.polytope, "--polytope", ("A", "b"))
            return Polytope(a, b)
        return Space(dim) if self.space else None

    def stated(self, dim: int) -> Domain:
        """Domain that the options describe, as :meth:`optional`.

        Raises
        ------
        SettingError
            Also if there is none: the counts depend on it.
        """
        domain = self.optional(dim)
        if domain is None:
            raise SettingError("state a domain: --box LO HI, --ball CENTRE RADIUS, --polytope FILE.npz or --space")
        return domain


def _side(text: str, dim: int) -> Float:
    values = vector(text, "--box")
    return np.repeat(values, dim) if values.size == 1 and not text.startswith("@") else values
