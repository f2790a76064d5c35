"""What belongs to a network or a domain alone is worked out once and kept as long as that lives."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

__all__ = ["once_for_each"]


def once_for_each(function: Callable[[K], T]) -> Callable[[K], T]:
    """Decorate a function of one frozen object so that it is called once for each, equal ones being one.

    What it returns is shared by all callers and must not be changed; arrays had better be made read-only.  It must
    not hold the object, which would then never be forgotten.  An exception is not kept.
    """
    known: WeakKeyDictionary[K, T] = WeakKeyDictionary()

    @wraps(function)
    def remembered(subject: K) -> T:
        try:
            return known[subject]
        except KeyError:
            pass
        return known.setdefault(subject, function(subject))

    return remembered
