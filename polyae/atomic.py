"""Files that appear under their name whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from polyae.errors import FileFormatError

__all__ = ["whole_file"]


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
    target = Path(os.path.realpath(path))
    ordinary = target.is_file() or not target.exists()
    # The ending stays, for writers that go by it.
    written = target.with_name(f".{target.stem}.tmp{target.suffix}") if ordinary else target
    try:
        yield written
        if ordinary:
            os.replace(written, target)
    except FileFormatError:
        raise
    except OSError as error:
        raise FileFormatError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if ordinary:
            with suppress(OSError):  # it took its new name, or was never made
                written.unlink()
