"""What an output is computed from, against one that is computed: inputs that are not zero, followed one by one."""

import random

import pytest

from dlcalc.core.conv.layer import Kind, Layer
from dlcalc.core.conv.shape import LayerShape
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network import receptive_field as module
from dlcalc.core.network.network import StackLayer, StackQuestion, stack_shape
from dlcalc.core.network.receptive_field import Span, input_spans
from tests.support import random_layers


def stacked(size: int, *layers: Layer | Kind) -> tuple[LayerShape, ...]:
    """A network of layers with windows and of kinds without."""
    network = [StackLayer(each) if isinstance(each, str) else StackLayer(each.kind, each) for each in layers]
    return stack_shape(StackQuestion(("w",), (size,), tuple(network), "onnx")).layers


def random_stacks(count: int, seed: int) -> list[tuple[LayerShape, ...]]:
    rng = random.Random(seed)
    found: list[tuple[LayerShape, ...]] = []
    while len(found) < count:
        layers: list[Layer] = []
        while len(layers) < rng.randint(1, 4):
            question = random_layers.question(rng, ("onnx",), ())
            if len(question.axes) == 1:
                layers.append(question.layer)
        try:
            found.append(stacked(rng.randint(1, 40), *layers))
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
        if layer.plan.family == "transposed":
            around = range(min(wanted, default=0) // window.stride - 40, max(wanted, default=0) // window.stride + 41)
            found.append({x for x in around if any(x * window.stride + tap in wanted for tap in taps)})
        else:
            found.append({y * window.stride + tap for y in wanted for tap in taps})
    return found


def test_every_map_against_trial() -> None:
    nothing = 0
    for layers in random_stacks(600, seed=71):
        for output in {0, layers[-1].axes[0].output // 2, layers[-1].axes[0].output - 1}:
            sets = depends(layers, output)
            expected = [(min(each), max(each)) if each else None for each in sets]
            assert input_spans(layers, 0, output) == expected, layers
            nothing += None in expected
    assert nothing > 20


def test_too_many_positions_are_followed_by_their_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is the same wherever there are no holes for a transposed layer to fall into."""
    stacks = [
        layers
        for layers in random_stacks(500, seed=73)
        if all(layer.axes[0].window.dilation == 1 <= layer.axes[0].window.stride for layer in layers)
        and all(
            layer.axes[0].window.kernel >= layer.axes[0].window.stride
            for layer in layers
            if layer.plan.family == "transposed"
        )
    ]
    assert len(stacks) > 100
    exact: list[list[Span | None]] = [input_spans(layers, 0, 0) for layers in stacks]
    monkeypatch.setattr(module, "_MOST_POSITIONS", 0)
    for layers, expected in zip(stacks, exact, strict=True):
        assert input_spans(layers, 0, 0) == expected


@pytest.mark.parametrize("kind", ["global-avg-pool", "linear"])
def test_behind_a_layer_that_reads_everything_all_is_seen(kind: Kind) -> None:
    assert input_spans(stacked(9, Layer(3, 2, 1), kind), 0, 0) == [(0, 0), (0, 4), (0, 8)]
    assert input_spans(stacked(9, Layer(3, 2, 1), Layer(5)), 0, 0) == [(0, 0), (0, 4), (-1, 9)]


def test_18_digits() -> None:
    huge = 10**18 - 1
    layers = stacked(huge, Layer(10**17, 10**10, 10**5))
    output = layers[0].axes[0].output - 1
    start = output * 10**10 - 10**5
    assert input_spans(layers, 0, output) == [(output, output), (start, start + 10**17 - 1)]
