"""Values of the kinds that JSON has."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["plain"]


def plain(value: Any) -> Any:
    """Make a value of what JSON has; infinity becomes "inf" (which ``float`` reads) and NaN null.

    Examples
    --------
    >>> plain({"radii": np.array([1.0, np.inf]), "complete": np.bool_(True)})
    {'radii': [1.0, 'inf'], 'complete': True}
    """
    match value:
        case Mapping():
            return {str(key): plain(entry) for key, entry in value.items()}
        case np.ndarray() | np.generic():
            return plain(value.tolist())
        case list() | tuple():
            return [plain(entry) for entry in value]
        case float() if math.isnan(value):
            return None
        case float() if math.isinf(value):
            return "inf" if value > 0 else "-inf"
    return value
