"""Several numbers of a layer unknown at once, against trying every combination by the forward rule alone."""

import random
from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

from dlcalc.core.conv.layer import ALL_AXES, FRAMEWORKS, FrameworkName, Kind, Layer
from dlcalc.core.conv_shape import answer
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import layer_question
from dlcalc.core.solve.joint import BOUNDS, Joined, JointQuestion, solve_joint
from dlcalc.core.solve.question import Unknown, split
from tests.support.refusals import refused

STAND_IN: dict[Unknown, int] = {"kernel": 1, "stride": 1, "padding": 0, "dilation": 1, "output_padding": 0}
CASES: list[tuple[Kind, tuple[Unknown, ...]]] = [
    ("conv", ("stride", "padding")),
    ("conv", ("padding", "stride")),
    ("conv", ("kernel", "padding")),
    ("conv", ("stride", "dilation")),
    ("conv", ("kernel", "dilation")),
    ("max-pool", ("kernel", "padding")),
    ("avg-pool", ("stride", "kernel")),
    ("transposed", ("stride", "padding", "output_padding")),
    ("transposed", ("output_padding", "kernel")),
]


def numbers_of(unknowns: Sequence[str], layer: dict[str, Any]) -> list[tuple[int, ...]]:
    """Every combination within the bounds: a padding less than the window on each side."""
    found = []
    bounds: dict[str, tuple[int, int]] = dict(BOUNDS)  # type: ignore[arg-type]
    plain = [unknown for unknown in unknowns if unknown != "padding"]
    for values in product(*(range(bounds[name][0], bounds[name][1] + 1) for name in plain)):
        chosen = dict(zip(plain, values, strict=True))
        kernel, dilation = chosen.get("kernel", layer["kernel"]), chosen.get("dilation", layer["dilation"])
        extent = dilation * (kernel - 1) + 1
        totals = range(2 * (extent - 1) + 1) if "padding" in unknowns else [0]
        found += [tuple({**chosen, "padding": total}[name] for name in unknowns) for total in totals]
    return found


def output(size: tuple[int, ...], numbers: dict[str, Any], framework: FrameworkName) -> tuple[int, ...] | None:
    try:
        return answer(layer_question(ALL_AXES[-len(size) :], size, Layer(**numbers), framework)).output
    except DlcalcError:
        return None


@pytest.mark.parametrize(("kind", "unknowns"), CASES)
def test_every_combination_that_gives_the_target_and_no_other(kind: Kind, unknowns: tuple[Unknown, ...]) -> None:
    rng = random.Random(str((kind, unknowns)))
    solved = 0
    for _ in range(4):
        framework = rng.choice(FRAMEWORKS)
        axes, size = rng.choice([1, 1, 2]), rng.randint(5, 30)
        given: dict[str, Any] = {"kernel": rng.choice([2, 3, 4]), "dilation": rng.choice([1, 1, 2]), "kind": kind}
        given["stride"] = None if kind != "conv" and "stride" not in unknowns else rng.choice([1, 2])
        given |= {"ceil_mode": kind == "max-pool" and rng.random() < 0.5}
        given |= {unknown: STAND_IN[unknown] for unknown in unknowns}
        outputs: dict[tuple[int, ...], set[Joined]] = {}
        for values in numbers_of(unknowns, given):
            chosen: dict[str, Any] = dict(zip(unknowns, values, strict=True))
            padding = {"padding": (split(chosen["padding"]),) * axes} if "padding" in chosen else {}
            made = output((size,) * axes, {**given, **chosen, **padding}, framework)
            if made is not None:
                outputs.setdefault(made, set()).add(tuple((value,) * axes for value in values))
        template = layer_question(ALL_AXES[-axes:], (size,) * axes, Layer(**given), framework)
        for target, expected in rng.sample(sorted(outputs.items()), min(4, len(outputs))):
            found = solve_joint(JointQuestion(template, unknowns, target)).solutions
            assert set(found) == expected, (template, unknowns, target)
            assert list(found) == sorted(set(found))
            solved += 1
    assert solved > 4


def test_the_input_too_is_found_without_bounds() -> None:
    """A stride of s has s inputs for each padding."""
    template = layer_question(("w",), (1,), Layer(3), "pytorch")
    found = solve_joint(JointQuestion(template, ("input", "stride", "padding"), (112,)))
    expected = {
        ((size,), (stride,), (total,))
        for stride in range(1, 9)
        for total in range(5)
        for size in range(1, 900)
        if (size + total - 3) // stride + 1 == 112
    }
    assert set(found.solutions) == expected
    assert found.bounds == {"stride": (1, 8), "padding": (0, 2)}


def test_axes_that_differ_are_solved_each_and_combined() -> None:
    template = layer_question(("h", "w"), (20, 11), Layer((3, 5), padding=0), "onnx")
    found = solve_joint(JointQuestion(template, ("stride", "padding"), (10, 4)))
    expected = {
        ((s, t), (p, q))
        for s, t, p, q in product(range(1, 9), range(1, 9), range(5), range(9))
        if (20 + p - 3) // s + 1 == 10 and (11 + q - 5) // t + 1 == 4
    }
    assert set(found.solutions) == expected
    assert expected


def test_alike_axes_have_one_layer() -> None:
    template = layer_question(("h", "w"), (20, 20), Layer(3), "pytorch")
    found = solve_joint(JointQuestion(template, ("stride", "padding"), (10, 10)))
    assert found.solutions == (((2, 2), (1, 1)), ((2, 2), (2, 2)))
    assert all(len(set(values)) == 1 for solution in found.solutions for values in solution)


def test_no_combination() -> None:
    template = layer_question(("w",), (7,), Layer(3), "pytorch")
    error = refused(solve_joint, JointQuestion(template, ("stride", "padding"), (500,)))
    assert (error.code, error.option) == ("no-solution", "target")
    assert error.message == "no combination of stride 1 to 8, padding 0 to 2 gives an output of 500"


def test_all_numbers_at_once_in_a_second() -> None:
    template = layer_question(("h", "w"), (7, 7), Layer(1, kind="transposed", output_padding=0), "pytorch")
    unknowns: tuple[Unknown, ...] = ("kernel", "stride", "padding", "dilation", "output_padding")
    found = solve_joint(JointQuestion(template, unknowns, (14, 14)))
    assert ((4, 4), (2, 2), (2, 2), (1, 1), (0, 0)) in found.solutions
    assert ((3, 3), (2, 2), (2, 2), (1, 1), (1, 1)) in found.solutions
