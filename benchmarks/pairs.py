"""Times in pairs: both sides of a pair run one after the other, so that a slow machine slows both.

What is printed is the median of the pairs' ratios: it says the same on a fast machine and on a slow one.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

HERE = Path(__file__).resolve().parent.parent
PROGRAM = ["-c", "from dlcalc.__main__ import run; run()"]  # what the installed command does


def arguments(text: str | None, pairs: int) -> argparse.Namespace:
    """The command line that all benchmarks have: ``pairs`` and ``against``."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", nargs="?", type=int, default=pairs, help=f"how many pairs to time (default {pairs})")
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout of dlcalc to compare with")
    return parser.parse_args()


def seconds(
    words: Sequence[str],
    checkout: Path = HERE,
    *,
    stdin: IO[bytes] | None = None,
    stdout: IO[bytes] | int = subprocess.DEVNULL,
    cwd: str | None = None,
) -> float:
    """The wall time of one process of this interpreter, in which ``dlcalc`` is that of the checkout.

    The current folder is kept out of the path (``-P``): it may be a checkout too.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(checkout.resolve())
    start = time.perf_counter()
    subprocess.run([sys.executable, "-P", *words], stdin=stdin, stdout=stdout, cwd=cwd, check=True, env=environment)
    return time.perf_counter() - start


def compare(name: str, ours: Callable[[], float], theirs: Callable[[], float], other: str, pairs: int) -> None:
    """Time both sides in pairs, after one of each that does not count, and print the median ratio."""
    ours(), theirs()
    times = [(ours(), theirs()) for _ in range(pairs)]
    ratio = statistics.median(mine / their for mine, their in times)
    mine, their = (statistics.median(side) for side in zip(*times, strict=True))
    print(f"{name:40} {ratio:6.3f} times {other} ({mine:.4g} s against {their:.4g} s, {pairs} pairs)", flush=True)
