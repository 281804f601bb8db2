"""The program: ``dlcalc``, and ``python -m dlcalc``."""

import gc
import sys
from typing import NoReturn


def run() -> NoReturn:
    """Run the command line and leave with its exit code."""
    gc.set_threshold(50_000)  # starting makes many objects and no garbage: looking for cycles would cost a twentieth
    from dlcalc.cli import main

    sys.exit(main())


if __name__ == "__main__":
    run()
