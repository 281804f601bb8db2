"""Every solution and no other: the solver against all values in a range, put through the forward rule."""

import random
import re
from collections.abc import Iterator
from itertools import islice, product

import pytest

from dlcalc.core.conv.layer import ALL_AXES, FRAMEWORKS, KINDS, PADDING_WORDS, FrameworkName, Kind, Layer, Padding
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import layer_question
from dlcalc.core.solve.question import UNKNOWNS, InverseQuestion, Unknown
from dlcalc.core.solve.solve import solve
from dlcalc.core.validation import PerAxis
from tests.support.open_axes import among, output_of

POOLS: tuple[Kind, ...] = ("max-pool", "avg-pool")
PADDING_AT_WILL: tuple[FrameworkName, ...] = ("pytorch", "onnx")
SOME_VALUE = {"kernel": 1, "stride": 1, "padding": 0, "dilation": 1, "output_padding": 0}
LEAST = {"padding": 0, "output_padding": 0}
MOST = {1: 45, 2: 10, 3: 5}  # values tried along each axis, by how many axes there are


def random_question(rng: random.Random) -> InverseQuestion:
    axes = ALL_AXES[-rng.choice((1, 1, 1, 1, 2, 2, 3)) :]
    solved = rng.choice(UNKNOWNS)
    kind = "transposed" if solved == "output_padding" else rng.choice(list(KINDS))

    def numbers(low: int, high: int) -> PerAxis:
        return rng.randint(low, high) if rng.random() < 0.5 else tuple(rng.randint(low, high) for _ in axes)

    padding: Padding = numbers(0, 3)
    if rng.random() < 0.4:
        padding = rng.choice(PADDING_WORDS)
    elif rng.random() < 0.2:
        padding = tuple((rng.randint(0, 3), rng.randint(0, 3)) for _ in axes)
    layer = Layer(
        numbers(1, 5),
        numbers(1, 5) if rng.random() < 0.7 else None,
        padding,
        numbers(1, 3) if rng.random() < 0.5 else 1,
        kind,
        numbers(0, 3) if kind == "transposed" and rng.random() < 0.5 else None,
        KINDS[kind] == "pool" and rng.random() < 0.5,
    )
    if solved != "input":
        layer = layer._replace(**{solved: SOME_VALUE[solved]})  # type: ignore[arg-type]
    size, target = (tuple(rng.randint(1, most) for _ in axes) for most in (20, 8))
    framework = rng.choice(FRAMEWORKS)
    return InverseQuestion(layer_question(axes, size, layer, framework), solved, target)


def tried(question: InverseQuestion) -> range:
    least = LEAST.get(question.unknown, 1)
    return range(least, least + MOST[len(question.target)])


def test_all_solutions_and_only_solutions() -> None:
    rng, solved, refused, endless, coupled, beside = random.Random(7), 0, 0, 0, 0, 0
    for _ in range(300):
        question = random_question(rng)
        values = tried(question)
        sizes = {each: output_of(question, each) for each in product(values, repeat=len(question.target))}
        right = {each for each, size in sizes.items() if size == question.target}
        try:
            answer = solve(question)
        except DlcalcError as error:
            assert not right, (question, error)
            refused += 1
            if len(question.target) == 1 and error.hint and (named := re.findall(r"target=(\d+)", error.hint)):
                gaps = {abs(size[0] - question.target[0]) for size in sizes.values() if size}
                assert min(gaps, default=10**9) >= abs(int(named[0]) - question.target[0]), (question, error.hint)
                solve(question._replace(target=(int(named[0]),)))
                beside += 1
            continue
        assert among(answer, values) == right, question
        for each in islice(answer.solutions(), 40):  # those beyond what was tried
            assert output_of(question, each) == question.target, question
        solved += 1
        endless += any(run.last is None for runs in answer.runs for run in runs)
        coupled += answer.listed is not None
    assert min(solved, refused, beside) > 40
    assert endless > 1
    assert coupled > 0


def test_a_dilated_same_pool_of_onnx_goes_up_and_down_with_its_stride() -> None:
    """ceil(i/s) - ceil((ke - k)/s): the one size that no bisection finds."""
    solved = 0
    for size, kernel, dilation, ceil, kind in product((1, 11, 26, 36), (2, 3, 5), (2, 4), (False, True), POOLS):
        layer = Layer(kernel, 1, "same", dilation, kind, None, ceil)
        for target in range(1, 7):
            question = InverseQuestion(layer_question(("w",), (size,), layer, "onnx"), "stride", (target,))
            values = range(1, 60)
            right = {(value,) for value in values if output_of(question, (value,)) == (target,)}
            try:
                answer = solve(question)
            except DlcalcError:
                assert not right, question
            else:
                assert among(answer, values) == right, question
                solved += 1
    assert solved > 40


def where_neighbours_differ() -> Iterator[InverseQuestion]:
    """Questions whose values do not go one way, or of which one axis decides for another."""
    for size, number, target in product((1, 2, 3), (1, 2, 3), range(1, 13)):
        unknown: tuple[tuple[Unknown, Layer], ...] = (
            ("kernel", Layer(1, number, "same", 1, "transposed", 0)),
            ("dilation", Layer(number, 1, "same", 1, "transposed", 0)),
        )
        for name, layer in unknown:
            yield InverseQuestion(layer_question(("w",), (size,), layer, "tensorflow"), name, (target,))
    for size, kernel, stride, target in product((4, 7), (1, 2, 4), (1, 3, 5), range(1, 7)):
        for framework, kind in product(PADDING_AT_WILL, POOLS):
            layer = Layer(kernel, stride, 0, 1, kind, None, ceil_mode=True)
            yield InverseQuestion(layer_question(("w",), (size,), layer, framework), "padding", (target,))
    for sizes, kernel, stride in product(product((3, 6), repeat=2), (2, 3), (3, 4)):
        two = layer_question(("h", "w"), sizes, Layer(kernel, stride, "same", 1, "max-pool"), "onnx")
        for both in product((1, 2), repeat=2):
            yield InverseQuestion(two, "dilation", both)


def test_where_neighbours_differ() -> None:
    solved = 0
    for question in where_neighbours_differ():
        values = tried(question)
        every = product(values, repeat=len(question.target))
        right = {each for each in every if output_of(question, each) == question.target}
        try:
            found = among(solve(question), values)
        except DlcalcError:
            found = set()
        assert found == right, question
        solved += bool(right)
    assert solved > 120


@pytest.mark.parametrize(
    ("layer", "size", "solved", "target", "found"),
    [
        (Layer(7, 2), 224, "padding", 112, [5, 6]),
        (Layer(7, 2, 3), 1, "input", 112, [223, 224]),
        (Layer(1, 1), 7, "dilation", 7, [1]),
        (Layer(3, 1), 7, "stride", 1, [5]),
        (Layer(1, 1, "same"), 7, "kernel", 7, [1]),
        (Layer(10**17, 10**8), 10**17 + 10**8 * 7, "padding", 8, None),
        (Layer(1, 1), 10**18 - 1, "kernel", 10**17, [9 * 10**17]),
        (Layer(1, 1), 10**18 - 1, "stride", 10**17, [10]),
        (Layer(1, 1, 0, 10**9), 10**18 - 1, "kernel", 9 * 10**17, None),
        (Layer(2, 1), 10**18 - 1, "dilation", 9 * 10**17, [10**17 - 1]),
    ],
)
def test_numbers_of_any_size(layer: Layer, size: int, solved: Unknown, target: int, found: list[int] | None) -> None:
    question = InverseQuestion(layer_question(("w",), (size,), layer), solved, (target,))
    if found is None:
        with pytest.raises(DlcalcError):
            solve(question)
    else:
        assert [value for (value,) in solve(question).solutions()] == found
