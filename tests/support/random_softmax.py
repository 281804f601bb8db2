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
    chance = np.random.default_rng(seed)
    while count:
        rows, classes = int(chance.integers(1, 8)), int(chance.integers(2, 10))
        if rows * classes >= entries:
            found = case(chance, rows, classes)
            if found.labels is None or (found.labels != found.options["ignore_index"]).any():
                count -= 1
                yield found


def case(chance: np.random.Generator, rows: int, classes: int) -> Case:
    """One case."""
    logits = chance.standard_normal((rows, classes)) * chance.choice([1.0, 3.0])
    options: dict[str, Any] = {
        "class_weights": chance.uniform(0.2, 2, classes) if chance.random() < 0.4 else None,
        "ignore_index": -100,
        "label_smoothing": float(chance.choice([0.1, 0.3])) if chance.random() < 0.4 else 0.0,
        "temperature": float(chance.choice([0.5, 0.7, 2.5])) if chance.random() < 0.4 else 1.0,
        "reduction": str(chance.choice(["mean", "mean", "sum", "none"])),
    }
    if chance.random() < 0.3:
        return Case(logits, None, chance.dirichlet(np.ones(classes), rows), options)
    labels = chance.integers(0, classes, rows)
    if chance.random() < 0.4:
        options["ignore_index"] = int(chance.choice([-100, 0]))
        labels[chance.random(rows) < 0.3] = options["ignore_index"]
    return Case(logits, labels, None, options)
