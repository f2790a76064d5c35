"""The progress bar shows itself on terminals only."""

import io

from polyae.cli.progress import progress_bar


class Terminal(io.StringIO):
    """Text that takes itself for a terminal."""

    def isatty(self) -> bool:
        return True


def test_bar_on_a_terminal_alone() -> None:
    for stream, shown in ((Terminal(), True), (io.StringIO(), False)):
        with progress_bar("epochs", 4, stream) as show:
            show(1)
            show(4)
        assert ("epochs" in stream.getvalue() and "4/4" in stream.getvalue()) == shown
        assert bool(stream.getvalue().strip()) == shown
