"""Files that appear under their name whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from polyae.errors import FileFormatError

__all__ = ["check_writable", "make_folder", "whole_file"]


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a path to write to, whose file takes the name `path` when the block ends well.

    Whatever happens in the block - an error, Ctrl-C, a full disk - what stood under the name before stays
    as it was.  The file is written in the folder of its target, so that taking the name is one step.
    Links are followed, and what is no ordinary file (``/dev/stdout``) is written to directly.

    Parameters
    ----------
    path : path

    Raises
    ------
    FileFormatError
        If the file cannot be written; the message names it.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "note.txt"
    >>> with whole_file(target) as file:
    ...     _ = file.write_text("done")
    >>> target.read_text()
    'done'
    """
    with _complaining(path):
        target, written = _places(path)
        try:
            yield written
            if written != target:
                os.replace(written, target)
        finally:
            if written != target:
                with suppress(OSError):  # it took its new name, or was never made
                    written.unlink()


def check_writable(path: str | Path) -> None:
    """Say before the work what :func:`whole_file` would say after it; leaves no trace.

    Raises
    ------
    FileFormatError
        If there is no such folder, or nothing may be written there, or the name is a folder's or too long.
    """
    with _complaining(path):
        target, written = _places(path)
        if not target.parent.is_dir():
            raise FileFormatError(f"cannot write {path}: there is no folder {target.parent}")
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if written != target:
            written.touch()
            written.unlink()


def make_folder(path: str | Path) -> Path:
    """Make a folder and those above it, unless they are there.

    Raises
    ------
    FileFormatError
        If that is not possible; the message names it.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileFormatError(f"cannot make the folder {folder}: {error.strerror or error}") from error
    return folder


def _places(path: str | Path) -> tuple[Path, Path]:
    """Where a file ends up, and where it is written; the ending stays, for writers that go by it."""
    target = Path(os.path.realpath(path))
    ordinary = target.is_file() or not target.exists()
    return target, target.with_name(f".{target.stem}.tmp{target.suffix}") if ordinary else target


@contextmanager
def _complaining(path: str | Path) -> Iterator[None]:
    try:
        yield
    except FileFormatError:
        raise
    except OSError as error:
        raise FileFormatError(f"cannot write {path}: {error.strerror or error}") from error
