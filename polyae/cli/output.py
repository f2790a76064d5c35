"""What commands print, and how they end.

Standard output carries the result alone: text for people, or one JSON object. Everything else goes to
standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from enum import IntEnum
from typing import Annotated, Any

import typer

from polyae.report.plain import plain

__all__ = ["Exit", "JsonOption", "StrictOption", "duration", "finish"]

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Exit with 1 if the result is partial.")]

#: Longer lists are abbreviated in text; JSON holds them whole.
MAX_SHOWN = 12


class Exit(IntEnum):
    """Exit codes."""

    DONE = 0
    PARTIAL = 1
    REFUTED = 1
    BAD_INPUT = 2
    INTERRUPTED = 130
    BROKEN_PIPE = 141


def finish(
    result: Mapping[str, Any],
    as_json: bool,
    *,
    strict: bool = False,
    partial: bool = False,
    text: Mapping[str, Any] | str | None = None,
) -> None:
    """Print a result, for people in the form of `text` if there is one, and end the command.

    Raises
    ------
    typer.Exit
        With code 1 if the result is partial and that is not good enough.
    """
    if as_json:
        print(json.dumps(plain(result), allow_nan=False))
    elif isinstance(text, str):
        print(text)
    else:
        shown = plain(result if text is None else text)
        width = max(map(len, shown), default=0)
        for key, value in shown.items():
            print(f"{key.replace('_', ' '):<{width}}  {_text(value)}")
    sys.stdout.flush()  # so that a closed pipe or a full disk shows here
    if strict and partial:
        raise typer.Exit(Exit.PARTIAL)


def duration(seconds: float) -> str:
    """Seconds in the unit that suits them.

    Examples
    --------
    >>> duration(0.04), duration(90), duration(9000)
    ('0.04 s', '1.5 min', '2.5 h')
    """
    if seconds < 60:
        return f"{seconds:.2g} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def _text(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.6g}"
        case None:
            return "-"
        case dict():
            return ", ".join(f"{key.replace('_', ' ')} {_text(entry)}" for key, entry in value.items())
        case list() if len(value) > MAX_SHOWN:
            return f"{_text(value[:MAX_SHOWN])} ... ({len(value)} in all)"
        case list() if value and isinstance(value[0], dict | list):
            return "".join(f"\n  {_text(entry)}" for entry in value)
        case list():
            return " ".join(_text(entry) for entry in value)
    return str(value)
