"""What start-up costs: whole processes, in pairs with a bare interpreter that imports the same libraries.

    python benchmarks/startup.py [PAIRS]

Prints the median ratio of each road. Both sides of a pair run one after the other, so that a slow machine slows both.
"""

import os
import statistics
import subprocess
import sys
import time

PROGRAM = os.path.join(os.path.dirname(sys.executable), "dlcalc")  # as it was installed beside this interpreter
SHAPE = [PROGRAM, "conv-shape", "--w", "224", "--k", "7", "--s", "2", "--p", "3"]
GRADIENT = [PROGRAM, "softmax-grad", "--logits", "1,2,3", "--label", "2"]
ROADS = {
    "conv-shape --json": ([*SHAPE, "--json"], "import click, json"),
    "conv-shape -q": ([*SHAPE, "-q"], "import click"),
    "conv-shape": (SHAPE, "import click, rich.console, rich.table"),
    "softmax-grad --json": ([*GRADIENT, "--json"], "import click, json, numpy"),
    "softmax-grad": (GRADIENT, "import click, numpy, rich.console, rich.table"),
}


def seconds(words: list[str]) -> float:
    """The wall time of one process of this interpreter."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True, env=environment)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    for name, (words, imports) in ROADS.items():
        bare = ["-c", imports]
        seconds(words), seconds(bare)  # once for the .pyc files
        times = [(seconds(words), seconds(bare)) for _ in range(pairs)]
        ratio = statistics.median(ours / theirs for ours, theirs in times)
        ours, theirs = (statistics.median(side) * 1000 for side in zip(*times, strict=True))
        print(f"{name:20} {ratio:5.2f} times {imports!r} ({ours:.0f} ms against {theirs:.0f} ms, {pairs} pairs)")


if __name__ == "__main__":
    main()
