"""``python -m polyae`` is the command ``polyae``."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command; Ctrl-C is heard even while the libraries load."""
    try:
        from polyae.cli.app import main as command

        command()
    except KeyboardInterrupt:
        print("polyae: interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
