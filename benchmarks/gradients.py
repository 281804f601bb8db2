"""What gradients of large files cost: file to file against PyTorch, and in memory against copying the array.

    python benchmarks/gradients.py [PAIRS] [--against CHECKOUT]

File to file needs torch, and is left out without it; both sides have as many threads. Of dlcalc the whole process is
timed; of PyTorch loading, cross_entropy forward and backward, and saving, without the import. With --against, file to
file, in pairs with another checkout.
"""

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pairs import HERE, PROGRAM, arguments, compare, seconds

from dlcalc import softmax_cross_entropy_grad
from dlcalc.core.arrays.row_source import processors

SIZES = [(65_536, 1_000, "float32"), (65_536, 1_000, "float64"), (4_096, 50_257, "float32")]
GRADIENT = [
    "softmax-grad",
    "--logits",
    "logits.npy",
    "--label",
    "labels.npy",
    "-o",
    "gradient.npy",
    "--force",
    "--json",
]
TORCH = f"""
import sys, time, numpy, torch
torch.set_num_threads({processors()})
start = time.perf_counter()
logits = torch.from_numpy(numpy.load("logits.npy")).requires_grad_()
torch.nn.functional.cross_entropy(logits, torch.from_numpy(numpy.load("labels.npy"))).backward()
numpy.save("gradient.npy", logits.grad.numpy())
open("took", "w").write(str(time.perf_counter() - start))
"""


def random_case(rows: int, classes: int, dtype: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Logits and labels."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((rows, classes)).astype(dtype), rng.integers(0, classes, rows)


def by_dlcalc(folder: str, checkout: Path = HERE) -> float:
    """The wall time of a whole process, file to file; what it writes is on the disk."""
    return seconds([*PROGRAM, *GRADIENT], checkout, cwd=folder)


def by_torch(folder: str) -> float:
    """The time that PyTorch says it took."""
    seconds(["-c", TORCH], cwd=folder)
    return float((Path(folder) / "took").read_text())


def copied(logits: NDArray[Any]) -> float:
    """The time of a copy by all processors."""
    edges = np.linspace(0, len(logits), processors() + 1, dtype=int).tolist()
    start = time.perf_counter()
    copy = np.empty_like(logits)
    with ThreadPoolExecutor(processors()) as pool:
        list(pool.map(lambda a, b: np.copyto(copy[a:b], logits[a:b]), edges[:-1], edges[1:]))
    return time.perf_counter() - start


def computed(logits: NDArray[Any], labels: NDArray[np.int64]) -> float:
    """The time of the gradient in memory."""
    start = time.perf_counter()
    softmax_cross_entropy_grad(logits, labels)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    given = arguments(__doc__, 9)
    for rows, classes, dtype in SIZES:
        title = f"{rows:,} x {classes:,} {dtype}"
        logits, labels = random_case(rows, classes, dtype)
        if given.against is None:
            own = partial(computed, logits, labels)
            compare(f"{title}, in memory", own, partial(copied, logits), "a copy", given.pairs)
        with tempfile.TemporaryDirectory() as folder:
            np.save(f"{folder}/logits.npy", logits)
            np.save(f"{folder}/labels.npy", labels)
            del logits
            theirs: Callable[[], float]
            if given.against is not None:
                theirs, other = partial(by_dlcalc, folder, given.against), "the other checkout"
            elif find_spec("torch"):
                theirs, other = partial(by_torch, folder), "PyTorch"
            else:
                print(f"{title}, file to file: PyTorch is not installed")
                continue
            compare(f"{title}, file to file", partial(by_dlcalc, folder), theirs, other, given.pairs)


if __name__ == "__main__":
    main()
