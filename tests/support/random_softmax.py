"""Random questions for softmax-grad: every option crossed with every other. The same for every test that wants some."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.softmax.question import SoftmaxQuestion, checked


class Case(NamedTuple):
    """A question in plain values."""

    logits: NDArray[np.float64]
    labels: NDArray[np.int64] | None
    distribution: NDArray[np.float64] | None
    options: dict[str, Any]

    @property
    def question(self) -> SoftmaxQuestion:
        return checked(self.logits, self.labels, self.distribution, **self.options)


def cases(count: int, seed: int, *, entries: int = 1) -> Iterator[Case]:
    """Cases of every kind, each with at least so many logits."""
    rng = np.random.default_rng(seed)
    while count:
        rows, classes = int(rng.integers(1, 8)), int(rng.integers(2, 10))
        if rows * classes >= entries:
            found = case(rng, rows, classes)
            if found.labels is None or (found.labels != found.options["ignore_index"]).any():
                count -= 1
                yield found


def case(rng: np.random.Generator, rows: int, classes: int) -> Case:
    """One case."""
    logits = rng.standard_normal((rows, classes)) * rng.choice([1.0, 3.0])
    options: dict[str, Any] = {
        "class_weights": rng.uniform(0.2, 2, classes) if rng.random() < 0.4 else None,
        "ignore_index": -100,
        "label_smoothing": float(rng.choice([0.1, 0.3])) if rng.random() < 0.4 else 0.0,
        "temperature": float(rng.choice([0.5, 0.7, 2.5])) if rng.random() < 0.4 else 1.0,
        "reduction": str(rng.choice(["mean", "mean", "sum", "none"])),
    }
    if rng.random() < 0.3:
        return Case(logits, None, rng.dirichlet(np.ones(classes), rows), options)
    labels = rng.integers(0, classes, rows)
    if rng.random() < 0.4:
        options["ignore_index"] = int(rng.choice([-100, 0]))
        labels[rng.random(rows) < 0.3] = options["ignore_index"]
    return Case(logits, labels, None, options)
