"""The one place where signs are decided: floating point with a proof, else rational arithmetic.

The idea is that of a filtered geometry kernel: a value computed in float64 comes with a rigorous
bound on its error; where the bound is smaller than the value the sign is proved, elsewhere it is
computed again in rationals.  Both kinds of decision are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from polyae.errors import SettingError

Float = NDArray[np.float64]
Signs = NDArray[np.int8]
Arithmetic = Literal["exact", "float"]

__all__ = ["Arithmetic", "DecisionCounts", "Kernel", "Signs"]


@dataclass
class DecisionCounts:
    """How many signs were decided, and how.

    Attributes
    ----------
    filtered : int
        Proved by a floating-point error bound.
    exact : int
        Computed in rational arithmetic.
    assumed : int
        Taken as zero within the error bound; only with ``arithmetic="float"``.
    """

    filtered: int = 0
    exact: int = 0
    assumed: int = 0

    @property
    def exact_share(self) -> float:
        """Share of the decisions that needed rational arithmetic."""
        return self.exact / max(1, self.filtered + self.exact + self.assumed)


class Kernel:
    """Decides signs, and counts how.

    Parameters
    ----------
    arithmetic : {"exact", "float"}
        With ``"float"`` a value within its error bound counts as zero and nothing is proved.

    Raises
    ------
    SettingError
        If it is neither.
    """

    def __init__(self, arithmetic: Arithmetic = "exact") -> None:
        if arithmetic not in ("exact", "float"):
            raise SettingError(f"arithmetic must be 'exact' or 'float', got {arithmetic!r}")
        self.arithmetic: Arithmetic = arithmetic
        self.counts = DecisionCounts()

    @property
    def exact(self) -> bool:
        """Whether doubtful signs are computed in rational arithmetic."""
        return self.arithmetic == "exact"

    def signs(self, values: Float, bounds: Float, exact: Callable[[Sequence[int]], Sequence[int]]) -> Signs:
        """Signs of quantities known to within `bounds`.

        Parameters
        ----------
        values, bounds : array, shape (n,)
            ``|value - truth| <= bound``; NaN decides nothing.
        exact : callable
            Given the indices of the doubtful ones, returns their exact signs.

        Returns
        -------
        array of int8, shape (n,)
            -1, 0 or 1.
        """
        certain = (np.abs(values) > bounds) | ((values == 0) & (bounds == 0))
        result: Signs = np.sign(np.where(certain, values, 0.0)).astype(np.int8)
        doubtful = np.flatnonzero(~certain)
        self.counts.filtered += len(values) - len(doubtful)
        if len(doubtful) and self.exact:
            result[doubtful] = exact(doubtful.tolist())
            self.counts.exact += len(doubtful)
        else:
            self.counts.assumed += len(doubtful)
        return result
