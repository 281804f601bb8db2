"""The answers that were recorded: one file of questions, in the keys of a batch, with what each framework answered.

The questions are read by the program's own reader, so that a recorded answer outlives every change of names inside.
"""

import gzip
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dlcalc.core.conv_params import answer as conv_params
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.network.layer_shape import ConvShape
from dlcalc.core.softmax_grad import answer as softmax_grad
from dlcalc.notation import bn_fold as bn_fold_notation
from dlcalc.notation import conv_params as conv_params_notation
from dlcalc.notation import conv_shape as conv_shape_notation
from dlcalc.notation import softmax_grad as softmax_grad_notation
from tests.oracle import compare

FILE = Path(__file__).with_name("recorded.json.gz")
WORDS = Path(__file__).with_name("recorded_words.json.gz")  # networks in layer words, by ``record_words``

Raw = dict[str, Any]


class Record(NamedTuple):
    """What one framework answered to the questions of one topic.

    Attributes:
        framework: with its version.
        topic: one of ``TOPICS``.
        answers: each question in the keys of a batch, with the answer; None where the framework refuses.
    """

    framework: str
    topic: str
    answers: list[tuple[Raw, Any]]


def load(path: Path = FILE) -> list[Record]:
    with gzip.open(path, "rt") as file:
        return [Record(*entry) for entry in json.load(file)]


def save(records: list[Record], path: Path = FILE) -> None:
    text = json.dumps(records, separators=(",", ":")).encode()
    path.write_bytes(gzip.compress(text, 9, mtime=0))  # without the time, so that equal answers are equal bytes


def no_file(path: str, option: str) -> Any:
    raise AssertionError(f"{option} is no file: {path}")


def size(raw: Raw, theirs: Any) -> None:
    compare.compare_size(conv_shape_notation.question(raw), theirs)


def shape(raw: Raw) -> ConvShape:
    return conv_shape(conv_shape_notation.question(raw))


def gradients(raw: Raw, theirs: Mapping[str, Any]) -> None:
    compare.compare_gradients(softmax_grad(softmax_grad_notation.question(raw, no_file)), theirs, rtol=1e-11)


def statistics(raw: Raw, theirs: Any) -> None:
    double = raw["framework"] == "pytorch"  # Keras may compute in single precision
    rtol, atol = (1e-11, 1e-12) if double else (1e-6, 1e-7)
    compare.compare_statistics(bn_fold_notation.question({**raw, "layout": "BNCHW"}, no_file), theirs, rtol, atol)


TOPICS: Mapping[str, Callable[[Raw, Any], object]] = {
    "size": size,
    "behind-padding": lambda raw, theirs: compare.compare_behind_padding(shape(raw), theirs),
    "placement": lambda raw, theirs: compare.compare_placement(shape(raw), theirs),
    "amounts": lambda raw, theirs: compare.compare_amounts(conv_params(conv_params_notation.question(raw)), theirs),
    "gradients": gradients,
    "statistics": statistics,
    "outputs": lambda raw, theirs: compare.compare_outputs(bn_fold_notation.question(raw, no_file), theirs),
}
