"""What each framework makes of the same layer: a table of sizes and refusals, and what every record must state."""

from itertools import product
from typing import Any

import pytest

from dlcalc.core.conv.frameworks import framework_of, plan_layer
from dlcalc.core.conv.frameworks.framework import Rule
from dlcalc.core.conv.layer import FRAMEWORKS, KINDS, SAME_WORDS, AxisLayer, FrameworkName, Layer, PaddingWord, per_axis
from dlcalc.core.errors import DlcalcError, ErrorCode, NoticeCode
from dlcalc.core.network.network import layer_question
from dlcalc.core.network.shape import network_shape

WORD: ErrorCode = "unsupported-by-framework"
LARGE: ErrorCode = "padding-too-large"
EXTRA: ErrorCode = "output-padding-too-large"
Outcome = int | ErrorCode

# A layer on so many pixels -> what PyTorch, Keras and ONNX Runtime make of it.
TABLE: list[tuple[int, Layer, tuple[Outcome, Outcome, Outcome]]] = [
    (7, Layer(3), (5, 5, 5)),
    (224, Layer(7, 2), (109, 109, 109)),
    (10, Layer(4, 2, 1), (5, 5, 5)),
    (10, Layer(4, 1, "same"), (10, 10, 10)),
    (10, Layer(4, 1, "same-upper"), (10, 10, 10)),
    (10, Layer(4, 1, "same-lower"), (WORD, WORD, 10)),
    (10, Layer(4, 2, "same"), (WORD, 5, 5)),
    (10, Layer(3, 1, "same", 2), (10, 10, WORD)),
    (10, Layer(3, 2, 0, 2), (3, WORD, 3)),
    (10, Layer(3, 1, "causal"), (10, 10, 10)),
    (10, Layer(3, 1, "full"), (12, 12, 12)),
    (10, Layer(3, 1, "valid"), (8, 8, 8)),
    (10, Layer(1, 5, "same-lower"), (WORD, WORD, 2)),
    (9, Layer(3, kind="max-pool"), (3, 3, 3)),
    (9, Layer(3, 2, "valid", kind="max-pool"), (WORD, 4, 4)),
    (9, Layer(3, 2, "causal", kind="max-pool"), (5, WORD, 5)),
    (9, Layer(3, 2, "full", kind="max-pool"), (6, 6, 6)),
    (9, Layer(3, 2, "same", kind="max-pool"), (WORD, 5, 5)),
    (9, Layer(3, 2, 1, kind="max-pool"), (5, 5, 5)),
    (9, Layer(3, 2, 2, kind="max-pool"), (LARGE, 6, 6)),
    (9, Layer(3, 2, 3, kind="max-pool"), (LARGE, 7, LARGE)),
    (9, Layer(3, 2, ((2, 1),), kind="max-pool"), (5, 5, 5)),
    (9, Layer(3, 2, 0, 2, "max-pool"), (3, WORD, 3)),
    (9, Layer(3, 2, 0, 2, "avg-pool"), (WORD, WORD, 3)),
    (9, Layer(3, 1, "same", 2, "max-pool"), (WORD, WORD, 7)),
    (10, Layer(1, 5, "same", kind="max-pool"), (WORD, 2, WORD)),
    (10, Layer(1, 5, "same", kind="avg-pool"), (WORD, 2, 2)),
    (8, Layer(3, 2, kind="max-pool", ceil_mode=True), (4, WORD, 4)),
    (4, Layer(3, 2, 1, kind="transposed"), (7, 7, 7)),
    (5, Layer(1, 5, kind="transposed"), (21, 25, 21)),
    (5, Layer(1, 5, 0, kind="transposed", output_padding=0), (21, 21, 21)),
    (4, Layer(3, 2, "same", kind="transposed"), (WORD, 8, 8)),
    (4, Layer(3, 2, "same", kind="transposed", output_padding=0), (WORD, 7, 8)),
    (3, Layer(2, 5, "same", kind="transposed"), (WORD, 15, 12)),
    (4, Layer(3, 2, "valid", kind="transposed"), (WORD, 9, 9)),
    (4, Layer(3, 2, "causal", kind="transposed"), (WORD, WORD, WORD)),
    (5, Layer(3, 1, 0, 2, "transposed", 1), (10, EXTRA, EXTRA)),
    (5, Layer(3, 2, 0, 1, "transposed", 2), (EXTRA, EXTRA, EXTRA)),
]


@pytest.mark.parametrize(("size", "layer", "outcomes"), TABLE)
def test_each_framework_makes_its_own_of_a_layer(
    size: int, layer: Layer, outcomes: tuple[Outcome, Outcome, Outcome]
) -> None:
    for framework, outcome in zip(FRAMEWORKS, outcomes, strict=True):
        found: Outcome
        try:
            (found,) = network_shape(layer_question(("w",), (size,), layer, framework)).output
        except DlcalcError as error:
            found = error.code
        assert found == outcome, framework


@pytest.mark.parametrize(
    ("framework", "layer", "codes"),
    [
        ("pytorch", Layer(3, 1, ((0, 1),)), ["needs-pad-layer"]),
        ("pytorch", Layer(3, 1, "causal"), ["needs-pad-layer"]),
        ("pytorch", Layer(3, 1, 1), []),
        ("pytorch", Layer(3, 2, ((0, 1),), kind="transposed"), ["needs-crop-layer"]),
        ("tensorflow", Layer(3, 1, 1), ["needs-pad-layer"]),
        ("tensorflow", Layer(3, 1, "causal"), []),
        ("tensorflow", Layer(4, 2, "same", kind="transposed", output_padding=0), ["backend-refuses"]),
        ("tensorflow", Layer(3, 2, "same", kind="transposed", output_padding=0), []),
        ("onnx", Layer(3, 1, ((0, 1),)), []),
        ("onnx", Layer(3, 1, "same", 2, "max-pool"), ["same-ignores-dilation"]),
        ("onnx", Layer(3, 2, "valid", kind="max-pool", ceil_mode=True), ["implementations-differ"]),
        ("onnx", Layer(3, 2, "valid", kind="max-pool"), []),
    ],
)
def test_each_framework_warns_in_its_own_words(framework: FrameworkName, layer: Layer, codes: list[NoticeCode]) -> None:
    notices = plan_layer(framework, layer, 1).warnings
    assert [notice.code for notice in notices] == codes
    assert all(framework_of(framework).name in notice.message for notice in notices)


def test_onnx_runtime_alone_leaves_input_out() -> None:
    answer = network_shape(layer_question(("w",), (10,), Layer(1, 5, "same"), "onnx"))
    assert [notice.code for notice in answer.warnings] == ["crops-input"]
    assert [name for name in FRAMEWORKS if framework_of(name).crops] == ["onnx"]


def test_pytorch_does_not_count_the_padding_of_a_small_volume() -> None:
    volume = layer_question(("d", "h", "w"), (2, 9, 9), Layer(3, 1, 1, kind="avg-pool"))
    with pytest.raises(DlcalcError, match=r"kernel 3 is larger than the depth 2, and PyTorch's AvgPool3d"):
        network_shape(volume)
    assert network_shape(volume._replace(framework="onnx")).output == (2, 9, 9)
    assert network_shape(volume._replace(axes=("h", "w")).with_size((2, 9))).output == (2, 9)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_every_record_states_a_rule_for_every_word_that_it_takes(name: FrameworkName) -> None:
    record = framework_of(name)
    assert record.key == name
    for family in set(KINDS.values()):
        words: tuple[PaddingWord, ...] = record.words.get(family, ())
        assert not set(words) & set(record.pad_layer_words.get(family, ()))
        for word in words:
            for kernel, stride, extra in [(1, 1, None), (1, 5, None), (4, 3, 0), (5, 2, 1)]:
                axis = AxisLayer(kernel, stride, 1, word, extra if family == "transposed" else None)
                rule = record.padding_rule(family, word, axis, 10)
                before, after = rule.sides(10, axis)
                assert rule.source
                assert before + after == rule.total_of(10, axis)
    for row in record.same:
        assert set(row.words) <= set(record.words[row.family]) & set(SAME_WORDS)
    rules: list[Rule[Any]] = [*record.refusals, *record.input_refusals, record.output_padding, *record.caveats]
    assert all(each.text and each.source for each in rules)


def test_every_refusal_of_a_record_refuses_some_layer() -> None:
    """So that no row is dead: each rule says no to some layer of the table."""
    for name in FRAMEWORKS:
        for refusal in framework_of(name).refusals:
            codes = set()
            for (_, layer, _), count in product(TABLE, (1, 2)):
                axes = per_axis(layer if isinstance(layer.padding, str | int) else layer._replace(padding=0), count)
                error = refusal.apply(layer, axes, False)
                codes |= {error.code} if error else set()
            assert codes, refusal.text
            assert codes <= {WORD, LARGE}


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_what_the_table_says_of_transposed_layers_is_what_the_records_say(name: FrameworkName) -> None:
    """An absent output padding is 0 but in Keras, and 'same' falls short of input * stride in ONNX Runtime only."""
    record, place = framework_of(name), FRAMEWORKS.index(name)
    sizes = {(layer.kernel, layer.stride, layer.padding, layer.output_padding): row[place] for _, layer, row in TABLE}
    assert (sizes[1, 5, 0, None] != sizes[1, 5, 0, 0]) == record.fills_strides == (name == "tensorflow")
    assert (sizes[2, 5, "same", None] == 12) == record.same_may_fall_short
