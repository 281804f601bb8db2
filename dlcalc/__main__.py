"""The program: ``dlcalc``, and ``python -m dlcalc``."""

import gc
import os
import sys
from contextlib import suppress
from typing import NoReturn


def run() -> NoReturn:
    """Run the command line and leave with its exit code.

    A call is short, so what surrounds it counts: looking for cycles among objects that all stay costs a twentieth of
    it, and taking the interpreter apart a fifth, when every stream is written and there is nothing left to close.
    """
    gc.set_threshold(50_000)
    try:
        from dlcalc.cli import main

        code = main()
    except KeyboardInterrupt:  # while modules were loaded
        code = 130
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    run()
