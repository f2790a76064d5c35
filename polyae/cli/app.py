"""The entry point ``polyae``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from typer.exceptions import TyperException

from polyae import __version__
from polyae.cli.balls import count_command
from polyae.cli.check import check_command
from polyae.cli.demo import demo_command
from polyae.cli.enumeration import enumerate_command
from polyae.cli.figure import figure_command
from polyae.cli.info import info_command
from polyae.cli.neighbours import neighbours_command
from polyae.cli.output import Exit
from polyae.cli.radii import radii_command
from polyae.cli.stopping import StopSignals
from polyae.cli.table import table_command
from polyae.cli.theorem import bound_command
from polyae.cli.training import train_command
from polyae.errors import PolyaeError
from polyae.predicates.compilation import COMPILATION

__all__ = ["app", "main", "run"]

EXIT_CODES = (
    "Exit codes: 0 done; 1 partial and --strict, or a certificate is refuted; 2 bad input; 130 Ctrl-C and 143 SIGTERM, "
    "which save and print what has been found first; 141 the reader of a pipe has gone."
)
app = typer.Typer(
    help="Exact polyhedral geometry of trained ReLU autoencoders.",
    epilog=EXIT_CODES,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo_command,
    "train": train_command,
    "table": table_command,
    "info": info_command,
    "enumerate": enumerate_command,
    "check": check_command,
    "neighbours": neighbours_command,
    "radii": radii_command,
    "bound": bound_command,
    "count": count_command,
    "figure": figure_command,
}


OUT_OF_MEMORY = "out of memory: choose a smaller domain, or a smaller network to train"


def _print_version(asked: bool) -> None:
    if asked:
        print(f"polyae {__version__}")
        raise typer.Exit


VersionOption = Annotated[
    bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
]
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)


@app.callback()
def _options(version: VersionOption = False) -> None:
    """Exact polyhedral geometry of trained ReLU autoencoders."""


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; every complaint is one line on standard error."""
    try:
        code = typer.main.get_command(app).main(list(arguments), prog_name="polyae", standalone_mode=False)
    except TyperException as error:
        return _complain(f"{error.format_message().splitlines()[0]} (see polyae --help)")
    except PolyaeError as error:
        return _complain(" ".join(str(error).split()))
    except KeyboardInterrupt:
        code = Exit.INTERRUPTED
    except SystemExit:  # Typer's way with a reader that has gone
        return Exit.BROKEN_PIPE
    except MemoryError as error:
        return _complain(str(error) or OUT_OF_MEMORY)
    except OSError as error:
        return _complain(error.strerror or str(error))
    except RuntimeError as error:
        if "can't allocate memory" not in str(error):  # torch's word for it
            raise
        return _complain(OUT_OF_MEMORY)
    if code == Exit.INTERRUPTED:  # from Typer too, which makes an exit code of Ctrl-C
        return _complain("interrupted", Exit.INTERRUPTED)
    return code if isinstance(code, int) else Exit.DONE


def _complain(message: str, code: Exit = Exit.BAD_INPUT) -> int:
    print(f"polyae: {message}", file=sys.stderr)
    return code


def _say_why_it_takes_long() -> None:
    print("polyae: compiling, which takes a minute or so once; later runs find it on disk", file=sys.stderr)


def main() -> None:
    """Run the command of the process's arguments and exit, after Ctrl-C or SIGTERM with 128 and the signal."""
    if sys.stderr.isatty():
        COMPILATION.on_long = _say_why_it_takes_long
    signals = StopSignals()
    signals.listen()
    code = signals.exit_code(run(sys.argv[1:]))
    try:
        sys.stdout.flush()
    except OSError:  # complained of already, and Python would do so once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


if __name__ == "__main__":
    main()
