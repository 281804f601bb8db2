"""What an output is computed from, against one that is computed: inputs that are not zero, followed one by one."""

import random

import pytest

from dlcalc.core.conv.layer import Layer
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network import input_span as module
from dlcalc.core.network.input_span import Span, input_spans
from dlcalc.core.network.layer_shape import ConvShape, LayerShape
from dlcalc.core.network.network import OpKind, ShapeQuestion, chain
from dlcalc.core.network.shape import network_shape
from dlcalc.notation.conv_shape import question
from tests.support import random_layers
from tests.support.chains import op
from tests.support.random_layers import layer_of
from tests.support.random_networks import as_typed, graphs


def chained(size: int, *layers: Layer | OpKind) -> ConvShape:
    """Layers with windows and of kinds without, one behind another."""
    return network_shape(ShapeQuestion(chain(list(map(op, layers)), (size,)), ("w",), "onnx"))


def spans(answer: ConvShape, output: int) -> list[Span | None]:
    return [span.seen for span in input_spans(answer, 0, output)]


def random_chains(count: int, seed: int) -> list[ConvShape]:
    rng = random.Random(seed)
    found: list[ConvShape] = []
    while len(found) < count:
        layers: list[Layer] = []
        while len(layers) < rng.randint(1, 4):
            question = random_layers.question(rng, ("onnx",), ())
            if len(question.axes) == 1:
                layers.append(layer_of(question))
        try:
            found.append(chained(rng.randint(1, 40), *layers))
        except DlcalcError:
            continue
    return found


def depends(layers: tuple[LayerShape, ...], output: int) -> list[set[int]]:
    """By trial: a position belongs to the answer if its layer would write it, or read it, for a position that does."""
    found = [{output}]
    for layer in reversed(layers):
        window = layer.axes[0].window
        taps = [tap * window.dilation - window.before for tap in range(window.kernel)]
        wanted = found[-1]
        if layer.scatters:
            around = range(min(wanted, default=0) // window.stride - 40, max(wanted, default=0) // window.stride + 41)
            found.append({x for x in around if any(x * window.stride + tap in wanted for tap in taps)})
        else:
            found.append({y * window.stride + tap for y in wanted for tap in taps})
    return found


def test_every_map_against_trial() -> None:
    nothing = 0
    for answer in random_chains(600, seed=71):
        names = [*[layer.name for layer in reversed(answer.layers)], "input"]
        sizes = [*[layer.output[0] for layer in reversed(answer.layers)], answer.question.size[0]]
        for output in {0, sizes[0] // 2, sizes[0] - 1}:
            sets = depends(answer.layers, output)
            expected = [(min(each), max(each)) if each else None for each in sets]
            assert input_spans(answer, 0, output) == list(zip(names, sizes, expected, strict=True)), answer
            nothing += None in expected
    assert nothing > 20


def test_too_many_positions_are_followed_by_their_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is the same wherever there are no holes for a transposed layer to fall into."""
    without_holes = [
        answer
        for answer in random_chains(500, seed=73)
        if all(layer.axes[0].window.dilation == 1 <= layer.axes[0].window.stride for layer in answer.layers)
        and all(layer.axes[0].window.kernel >= layer.axes[0].window.stride for layer in answer.layers if layer.scatters)
    ]
    assert len(without_holes) > 100
    exact = [spans(answer, 0) for answer in without_holes]
    monkeypatch.setattr(module, "_MOST_POSITIONS", 0)
    for answer, expected in zip(without_holes, exact, strict=True):
        assert spans(answer, 0) == expected


@pytest.mark.parametrize("kind", ["global-avg-pool", "flatten", "linear"])
def test_behind_a_layer_that_reads_everything_all_is_seen(kind: OpKind) -> None:
    assert spans(chained(9, Layer(3, 2), kind), 0) == [(0, 0), (0, 3), (0, 8)]
    assert spans(chained(9, Layer(3, 2, 1), kind), 0)[:2] == [(0, 0), (0, 4)]
    assert spans(chained(9, Layer(3, 2, 1), Layer(5)), 0) == [(0, 0), (0, 4), (-1, 9)]


def test_18_digits() -> None:
    huge = 10**18 - 1
    answer = chained(huge, Layer(10**17, 10**10, 10**5))
    output = answer.output[0] - 1
    start = output * 10**10 - 10**5
    assert spans(answer, output) == [(output, output), (start, start + 10**17 - 1)]


WHOLE = ("global-avg-pool", "adaptive-avg-pool", "adaptive-max-pool", "flatten", "linear")


def test_the_receptive_field_is_what_the_outputs_see_of_the_input() -> None:
    """Behind layers that read all of a map the field is geometry, and the span is the map."""
    compared = 0
    for asked in graphs(400, seed=75):
        answer = network_shape(asked)
        if any(layer.kind in WHOLE for layer in answer.layers):
            continue
        layer = answer.layers[compared % len(answer.layers)]
        for index, axis in enumerate(layer.axes):
            extents = []
            for output in range(axis.output):
                seen = {span.name: span.seen for span in input_spans(answer, index, output, layer.name)}["input"]
                extents.append(seen[1] - seen[0] + 1 if seen else 0)
            field = axis.field.size, axis.field.smallest
            assert (max(extents), min(extents)) == field, (as_typed(asked.network), asked, layer.name)
            compared += 1
    assert compared > 150


def test_the_maps_of_a_branch_that_is_not_read_are_left_out() -> None:
    answer = network_shape(question({"w": 9, "layers": "@x 3p1 @y from@x 5p2 add@y 3 from@y max2"}))
    assert [span.name for span in input_spans(answer, 0, 0)] == ["pool1", "conv1", "input"]
    assert input_spans(answer, 0, 0, "add1")[1:] == [("conv2", 9, (0, 0)), ("conv1", 9, (0, 0)), ("input", 9, (-2, 2))]
