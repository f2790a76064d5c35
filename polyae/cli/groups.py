"""Options that several commands share, as one dataclass each.

Typer reads options off a function's parameters, so that shared ones would have to be listed in every
command. :func:`grouped` lets a command take a dataclass instead: its fields become the options.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any, get_type_hints

__all__ = ["grouped"]


def _options(group: type[Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    kind = inspect.Parameter.KEYWORD_ONLY
    return [inspect.Parameter(f.name, kind, default=f.default, annotation=hints[f.name]) for f in fields(group)]


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Spread parameters whose type is a dataclass over its fields, all of which need defaults."""
    signature = inspect.signature(command, eval_str=True)
    groups: dict[str, type[Any]] = {
        p.name: p.annotation
        for p in signature.parameters.values()
        if isinstance(p.annotation, type) and is_dataclass(p.annotation)
    }
    own = [
        p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in signature.parameters.values() if p.name not in groups
    ]
    parameters = own + [option for group in groups.values() for option in _options(group)]

    @wraps(command)
    def spread(**given: Any) -> None:
        made = {name: group(**{f.name: given.pop(f.name) for f in fields(group)}) for name, group in groups.items()}
        command(**given, **made)

    spread.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    spread.__annotations__ = {p.name: p.annotation for p in parameters}
    return spread
