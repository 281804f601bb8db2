"""What holds for the questions of every command, whatever they are about."""

from importlib import import_module
from itertools import combinations
from types import ModuleType

import pytest

from dlcalc.cli import COMMANDS
from dlcalc.notation import solve

NOTATIONS = {name: import_module(f"dlcalc.notation.{name.replace('-', '_')}") for name in COMMANDS}
SWEPT = {name: notation for name, notation in NOTATIONS.items() if hasattr(notation, "SWEEPABLE")}
OF_ARRAYS = {name: notation for name, notation in NOTATIONS.items() if name not in SWEPT}

both = pytest.mark.parametrize("notation", [*NOTATIONS.values(), solve], ids=lambda module: module.__name__)
each = pytest.mark.parametrize("notation", NOTATIONS.values(), ids=NOTATIONS)


@both
def test_every_name_is_read_for_one_key(notation: ModuleType) -> None:
    names = [name for key, others in notation.KEYS.items() for name in (key, *others)]
    assert len(names) == len(set(names))
    assert not {"id", "expect", "check"} & set(names)  # which a line of a batch has beside its question


@each
def test_what_a_line_says_holds(notation: ModuleType) -> None:
    """Every key of a line stands against every key of the options, which stays unless the line replaces it."""
    for default, own in combinations(notation.KEYS, 2):
        for defaults, line in (({default: 1}, {own: 2}), ({own: 1}, {default: 2}), ({own: 1}, {own: 2})):
            found = notation.merged(defaults, line)
            assert line.items() <= found.items()
            assert found.items() <= {**defaults, **line}.items()
            assert notation.merged(defaults, {}) == defaults


REPLACED = [
    ("conv-shape", {"size": 7, "dims": 3}, {"w": 7}, {"w": 7}),
    ("conv-shape", {"w": 7, "h": 7, "kernel": 3}, {"size": 9}, {"size": 9, "kernel": 3}),
    ("conv-shape", {"w": 7}, {"h": 9}, {"w": 7, "h": 9}),
    ("conv-shape", {"kernel": 3, "kind": "conv", "w": 7}, {"layers": "3"}, {"w": 7, "layers": "3"}),
    ("conv-shape", {"layers": "3", "w": 7}, {"stride": 2}, {"w": 7, "stride": 2}),
    ("conv-shape", {"layers": "3", "w": 7, "summary": True}, {"w": 8}, {"layers": "3", "w": 8, "summary": True}),
    ("conv-shape", {"layers": "3", "w": 7}, {"framework": "onnx"}, {"layers": "3", "w": 7, "framework": "onnx"}),
    ("conv-params", {"size": 7, "dims": 3}, {"w": 7}, {"dims": 3, "w": 7}),
    ("conv-params", {"c_in": 3, "c_out": 4, "groups": 1}, {"layers": "3c4"}, {"c_in": 3, "layers": "3c4"}),
    ("conv-params", {"layers": "3c4", "c_in": 3}, {"c_out": 4}, {"c_in": 3, "c_out": 4}),
    ("softmax-grad", {"logits": [1, 2]}, {"x": [1]}, {"x": [1]}),
    ("softmax-grad", {"x": [1], "weight": [[1]], "bias": [1]}, {"logits": [1, 2]}, {"logits": [1, 2]}),
    ("softmax-grad", {"label": 0, "ignore_index": 1}, {"target": [1]}, {"target": [1]}),
    ("softmax-grad", {"target": [1], "temperature": 2}, {"label": 0}, {"label": 0, "temperature": 2}),
    ("bn-fold", {"mean": 0, "var": 1}, {"batches": [1]}, {"batches": [1]}),
    ("bn-fold", {"batches": [1], "momentum": 0.1, "eps": 0}, {"mean": 0}, {"mean": 0, "eps": 0}),
    ("bn-fold", {"mean": 0, "var": 1}, {"mean": 2}, {"mean": 2, "var": 1}),
]


@pytest.mark.parametrize(("name", "defaults", "line", "found"), REPLACED)
def test_what_a_line_replaces(
    name: str, defaults: dict[str, object], line: dict[str, object], found: dict[str, object]
) -> None:
    assert NOTATIONS[name].merged(defaults, line) == found


def test_convolutions_are_swept_and_arrays_are_not() -> None:
    assert set(SWEPT) == {"conv-shape", "conv-params"}
    for notation in SWEPT.values():
        assert set(notation.KEYS) > notation.SWEEPABLE


def test_of_arrays_it_is_said_which_may_stay_in_their_files() -> None:
    for notation in OF_ARRAYS.values():
        assert {*notation.KEYS, "expect"} >= notation.BY_ROWS


RESTATED = [
    ({"w": "7"}, ["w"], {"w": 7}),
    ({"w": 7, "h": "9"}, ["h", "w"], {"h": 9, "w": 7}),
    ({"size": "7x9"}, ["size"], {"size": {"h": 7, "w": 9}}),
    ({"size": 7, "dims": "3"}, ["dims"], {"dims": 3}),
    ({"w": 7, "stride": "2", "dilation": 1}, ["stride", "dilation"], {"stride": {"w": 2}, "dilation": {"w": 1}}),
    ({"w": 7, "padding": "1"}, ["padding"], {"padding": {"w": [1, 1]}}),
    ({"w": 7, "padding": 1}, ["padding"], {"padding": {"w": [1, 1]}}),
    ({"size": "7x9", "padding": "0:1x2"}, ["padding"], {"padding": {"h": [0, 1], "w": [2, 2]}}),
    ({"w": 7, "padding": "same"}, ["padding"], {"padding": "same"}),
]


@pytest.mark.parametrize(("raw", "keys", "found"), RESTATED)
def test_restated(raw: dict[str, object], keys: list[str], found: dict[str, object]) -> None:
    for name, notation in SWEPT.items():
        rest = {"kernel": 3} if name == "conv-shape" else {"kernel": 3, "c_in": 1, "c_out": 1, "dims": len_of(raw)}
        assert notation.restated(notation.question({**rest, **raw}), keys) == found


def len_of(raw: dict[str, object]) -> int:
    return 2 if "size" in raw or "h" in raw else 1


@pytest.mark.parametrize("name", SWEPT)
def test_restated_of_a_network(name: str) -> None:
    notation = SWEPT[name]
    raw: dict[str, object] = {"layers": "3p1c4", "size": "7x9"}
    question = notation.question({**raw, **({"c_in": 3} if name == "conv-params" else {})})
    assert notation.restated(question, ["size", "dims"]) == {"size": {"h": 7, "w": 9}, "dims": 2}
