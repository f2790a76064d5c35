"""``python -m polyae`` is the command ``polyae``."""

from polyae.cli.app import main

if __name__ == "__main__":
    main()
