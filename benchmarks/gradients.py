"""What gradients of large files cost: file to file against PyTorch, and in memory against copying the array.

    python benchmarks/gradients.py [PAIRS]

Needs torch. Prints median ratios; both sides of a pair run one after the other, with as many threads. Of dlcalc the
whole process is timed; of PyTorch loading, cross_entropy forward and backward, and saving, without the import.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.blocks import processors
from dlcalc.core.softmax.answer import softmax_grad
from dlcalc.core.softmax.question import SoftmaxQuestion, checked

PROGRAM = os.path.join(os.path.dirname(sys.executable), "dlcalc")
SIZES = [(65_536, 1_000, "float32"), (65_536, 1_000, "float64"), (4_096, 50_257, "float32")]
OUTPUT = "gradient.npy"
TORCH = f"""
import sys, time, numpy, torch
torch.set_num_threads({processors()})
start = time.perf_counter()
logits = torch.from_numpy(numpy.load("logits.npy")).requires_grad_()
torch.nn.functional.cross_entropy(logits, torch.from_numpy(numpy.load("labels.npy"))).backward()
numpy.save("{OUTPUT}", logits.grad.numpy())
print(time.perf_counter() - start)
"""


def random_case(rows: int, classes: int, dtype: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Logits and labels."""
    chance = np.random.default_rng(0)
    return chance.standard_normal((rows, classes), dtype=dtype), chance.integers(0, classes, rows)  # type: ignore[call-overload]


def by_dlcalc() -> float:
    """The wall time of a whole process, file to file; what it writes is on the disk."""
    words = [
        PROGRAM,
        "softmax-grad",
        "--logits",
        "logits.npy",
        "--label",
        "labels.npy",
        "-o",
        OUTPUT,
        "--force",
        "--json",
    ]
    start = time.perf_counter()
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def by_torch() -> float:
    """The time that PyTorch says it took."""
    done = subprocess.run([sys.executable, "-c", TORCH], capture_output=True, check=True, text=True)
    return float(done.stdout)


def compared(name: str, pairs: list[tuple[float, float]], other: str) -> None:
    """Print a median ratio."""
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(f"{name:36} {ratio:5.2f} times {other} ({ours:.2f} s against {theirs:.2f} s, {len(pairs)} pairs)")


def against_torch(pairs: int) -> None:
    """File to file."""
    home = os.getcwd()
    for rows, classes, dtype in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            logits, labels = random_case(rows, classes, dtype)
            np.save("logits.npy", logits)
            np.save("labels.npy", labels)
            by_torch(), by_dlcalc()
            times = [(by_dlcalc(), by_torch()) for _ in range(pairs)]
            compared(f"{rows:,} x {classes:,} {dtype}, file to file", times, "PyTorch")
            os.chdir(home)


def copied(logits: NDArray[Any]) -> float:
    """The time of a copy by all processors."""
    edges = np.linspace(0, len(logits), processors() + 1, dtype=int).tolist()
    start = time.perf_counter()
    found = np.empty_like(logits)
    with ThreadPoolExecutor(processors()) as pool:
        list(pool.map(lambda a, b: np.copyto(found[a:b], logits[a:b]), edges[:-1], edges[1:]))
    return time.perf_counter() - start


def computed(question: SoftmaxQuestion) -> float:
    """The time of the gradient."""
    start = time.perf_counter()
    softmax_grad(question)
    return time.perf_counter() - start


def against_a_copy(pairs: int) -> None:
    """In memory, against a copy of the array by as many threads."""
    for rows, classes, dtype in SIZES:
        logits, labels = random_case(rows, classes, dtype)
        question = checked(logits, labels, None)
        times = [(computed(question), copied(logits)) for _ in range(pairs + 1)][1:]
        compared(f"{rows:,} x {classes:,} {dtype}, in memory", times, "a copy")


def main() -> None:
    """Measure and print."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    against_a_copy(pairs)
    against_torch(pairs)


if __name__ == "__main__":
    main()
