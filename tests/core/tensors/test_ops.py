"""Models built by hand: what each kind of node makes of its tensors, what is seen through it, and what is said."""

from typing import Any

import pytest

from dlcalc.core import conv_params, conv_shape
from dlcalc.core.conv.layer import ALL_AXES, Layer
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.layer_shape import ConvShape, LayerShape
from dlcalc.core.network.network import Input, Network, Node, Op, ShapeQuestion
from dlcalc.core.params.count import ConvParams
from dlcalc.core.params.question import ParamsQuestion
from dlcalc.core.tensors.saved import Dims, File, Saved, Stored

NOTHING = Stored()
CONV = Op("conv", Layer((3, 3), padding=(1, 1)), 8, last=False)


def node(name: str, op: Op, *inputs: str, called: str = "", **saved: Any) -> Node:
    return Node(name, op, inputs or ("x",), saved=Saved(called or op.kind, **saved))


def model(
    *nodes: Node, dims: tuple[int, ...] = (2, 3, 8, 10), last: bool = False, unowned: Stored = NOTHING
) -> Network:
    axes = len(dims) - 2
    size = (dims[1:-1] if last else dims[2:]) if axes else ()
    given = Input("x", size, dims[-1] if last or not axes else dims[1], dims, last)
    return Network((given,), nodes, (), File("pytorch", (nodes[-1].name,), unowned))


def shape_of(network: Network) -> ConvShape:
    axes = ALL_AXES[-len(network.inputs[0].size or ()) :] if network.inputs[0].size else ()
    return conv_shape.answer(ShapeQuestion(network, axes, "pytorch", len(axes), 2))


def made(*nodes: Node, **given: Any) -> LayerShape:
    return shape_of(model(*nodes, **given)).layers[-1]


def counted(network: Network) -> ConvParams:
    axes = ALL_AXES[-len(network.inputs[0].size or ()) :] if network.inputs[0].size else ()
    return conv_params.answer(ParamsQuestion(network, axes, n=2))


# A node on a map of (2, 3, 8, 10), what it makes, and whether what is seen through it is known.
ON_A_MAP: list[tuple[Op, dict[str, Any], Dims, bool]] = [
    (CONV, {}, (2, 8, 8, 10), True),
    (Op("max-pool", Layer((2, 2), kind="max-pool")), {}, (2, 3, 4, 5), True),
    (Op("batch-norm"), {}, (2, 3, 8, 10), True),
    (Op("relu"), {}, (2, 3, 8, 10), True),
    (Op("add"), {"constants": ((3, 1, 1),)}, (2, 3, 8, 10), True),
    (Op("concat", amount=1), {"constants": ((2, 5, 8, 10),)}, (2, 8, 8, 10), True),
    (Op("concat", amount=3), {"constants": ((2, 3, 8, 1),)}, (2, 3, 8, 11), False),
    (Op("permute", amount=(0, 2, 3, 1)), {}, (2, 8, 10, 3), True),
    (Op("permute", amount=(0, 1, 3, 2)), {}, (2, 3, 10, 8), False),
    (Op("flatten"), {}, (2, 240), True),
    (Op("reshape"), {"declared": (2, 240)}, (2, 240), True),
    (Op("reshape"), {"declared": (2, 3, 80)}, (2, 3, 80), False),
    (Op("reshape"), {"declared": (2, 1, 3, 8, 10)}, (2, 1, 3, 8, 10), True),
    (Op("reshape", amount=(3, -1)), {}, (2, 3, 80), False),
    (Op("global-avg-pool", amount=(2, 3)), {}, (2, 3, 1, 1), True),
    (Op("global-avg-pool", amount=(2, 3)), {"keeps": False}, (2, 3), True),
    (Op("global-avg-pool", amount=(3,)), {}, (2, 3, 8, 1), False),
    (Op("adaptive-avg-pool", amount=(4, 5)), {}, (2, 3, 4, 5), True),
    (Op("upsample", amount=(2, 3)), {}, (2, 3, 16, 30), True),
    (Op("pad", amount=((1, 2), (0, 1))), {}, (2, 3, 11, 11), True),
    (Op("crop", amount=((1, 2), (0, 1))), {}, (2, 3, 5, 9), True),
    (Op("pixel-unshuffle", amount=2), {}, (2, 12, 4, 5), True),
    (Op("slice", channels=2, amount=(1,)), {}, (2, 2, 8, 10), True),
    (Op("slice", channels=4, amount=(2,)), {}, (2, 3, 4, 10), False),
    (Op("slice", channels=8, amount=(2,)), {}, (2, 3, 8, 10), True),
    (Op("resize"), {"declared": (2, 3, 13, 17)}, (2, 3, 13, 17), False),
    (Op("resize", amount=(2, 2)), {}, (2, 3, 16, 20), False),
    (Op("tensor"), {"declared": (7, 9)}, (7, 9), False),
    (Op("linear", channels=5, amount=10), {}, (2, 3, 8, 5), False),
    (Op("matmul"), {"constants": ((10, 4),)}, (2, 3, 8, 4), False),
]


@pytest.mark.parametrize(("op", "saved", "dims", "seen"), ON_A_MAP)
def test_what_a_node_makes_of_a_map(op: Op, saved: dict[str, Any], dims: Dims, seen: bool) -> None:
    layer = made(node("one", op, **saved))
    assert (layer.made.dims, layer.seen) == (dims, seen)


def test_a_linear_layer_between_two_permutes_is_a_convolution() -> None:
    nodes = [
        node("conv", CONV),
        node("there", Op("permute", amount=(0, 2, 3, 1)), "conv"),
        node("wide", Op("linear", channels=32, amount=8), "there"),
        node("back", Op("permute", amount=(0, 3, 1, 2)), "wide"),
        node("again", CONV, "back"),
    ]
    layers = shape_of(model(*nodes)).layers
    assert [layer.made.dims for layer in layers[2:]] == [(2, 8, 10, 32), (2, 32, 8, 10), (2, 8, 8, 10)]
    assert layers[2].output == (8, 10)
    assert [axis.field.size for axis in layers[-1].axes] == [5, 5]


def test_channels_that_are_shuffled_leave_a_map() -> None:
    nodes = [
        node("split", Op("reshape"), declared=(2, 2, 4, 8, 10)),
        node("swap", Op("permute", amount=(0, 2, 1, 3, 4)), "split"),
        node("join", Op("reshape"), "swap", declared=(2, 8, 8, 10)),
        node("conv", CONV, "join"),
    ]
    layer = made(*nodes, dims=(2, 8, 8, 10))
    assert (layer.made.dims, layer.seen, layer.axes[0].field.size) == ((2, 8, 8, 10), True, 3)


def test_squeeze_and_excitation_is_seen_through() -> None:
    nodes = [
        node("mean", Op("global-avg-pool", amount=(2, 3)), keeps=False),
        node("fc", Op("linear", channels=3, amount=3), "mean"),
        node("one", Op("reshape"), "fc", declared=(2, 3, 1)),
        node("two", Op("reshape"), "one", declared=(2, 3, 1, 1)),
        node("scaled", Op("multiply"), "x", "two"),
    ]
    layer = made(*nodes)
    assert (layer.made.dims, layer.seen, layer.axes[1].field.size) == ((2, 3, 8, 10), True, 10)


def test_fields_are_unknown_behind_what_is_not_known_and_that_is_said_once() -> None:
    unknown = node("odd", Op("tensor"), "conv", declared=(2, 8, 8, 10), known=False, called="frob")
    answer = shape_of(model(node("conv", CONV), unknown, node("after", CONV, "odd"), node("last", CONV, "after")))
    assert [layer.seen for layer in answer.layers] == [True, False, False, False]
    assert [notice.code for notice in answer.warnings] == ["field-unknown"]
    assert "odd (frob)" in answer.warnings[0].message
    assert answer.layers[-1].output == (8, 10)
    assert conv_shape.check(answer).passed


def test_a_vector_that_joins_a_map_hides_nothing() -> None:
    first = model(node("conv", CONV), node("fc", Op("linear", channels=8, amount=5), "v"))
    up = node("up", Op("reshape"), "fc", declared=(2, 8, 1, 1))
    both = node("both", Op("add"), "conv", "up")
    network = first._replace(
        inputs=(*first.inputs, Input("v", (), 5, (2, 5))), nodes=(*first.nodes, up, both, node("end", CONV, "both"))
    )
    answer = shape_of(network)
    assert answer.layers[-1].seen
    assert [axis.field.size for axis in answer.layers[-1].axes] == [5, 5]
    assert not answer.warnings


def test_a_declared_shape_that_differs_is_said_with_both() -> None:
    answer = shape_of(model(node("conv", CONV, declared=(2, 8, 9, None))))
    assert [notice.code for notice in answer.warnings] == ["declared-shape-differs"]
    assert "conv: the file declares 2x8x9x?, and by its own numbers it is 2x8x8x10" in answer.warnings[0].message
    assert not shape_of(model(node("conv", CONV, declared=(2, 8, None, 10)))).warnings


def test_a_linear_layer_of_other_features_is_refused_by_its_name() -> None:
    with pytest.raises(DlcalcError, match="fc: it reads 512 features, and 240 come") as caught:
        made(node("flat", Op("flatten")), node("fc", Op("linear", channels=4, amount=512), "flat"))
    assert caught.value.code == "shape-mismatch"


def test_axes_of_layers_may_differ_from_those_of_the_input() -> None:
    nodes = [
        node("mean", Op("global-avg-pool", amount=(2, 3)), keeps=False),
        node("line", Op("reshape"), "mean", declared=(2, 1, 3)),
        node("conv1d", Op("conv", Layer((3,), padding=(1,)), 1, last=False), "line"),
    ]
    layer = made(*nodes)
    assert (layer.made.dims, layer.output, layer.names(("h", "w"))) == ((2, 1, 3), (3,), ("w",))


def test_stored_entries_are_counted_and_work_follows_the_tensors() -> None:
    stored = Stored(weights=216, bias=8)
    nodes = [
        node("conv", CONV, stored=stored),
        node("bn", Op("batch-norm"), "conv", stored=Stored(other=16, buffers=16)),
        node("tokens", Op("reshape"), "bn", declared=(2, 8, 80)),
        node("fc", Op("linear", channels=4, amount=80), "tokens", stored=Stored(weights=320)),
        node("again", Op("linear", channels=4, amount=80), "tokens"),
        node("product", Op("matmul"), "fc", "back"),
    ]
    nodes.insert(5, node("back", Op("permute", amount=(0, 2, 1)), "again"))
    answer = counted(model(*nodes, unowned=Stored(other=7)))
    by_name = {layer.name: layer.amounts for layer in answer.layers}
    assert (answer.amounts.params, answer.amounts.buffers) == (216 + 8 + 16 + 320 + 7, 16)
    macs = {name: amounts.work.macs for name, amounts in by_name.items() if amounts.work}
    assert macs["conv"] == 2 * 3 * 8 * 9 * 80
    assert macs["fc"] == macs["again"] == 2 * 8 * 80 * 4
    assert macs["product"] == 2 * 8 * 8 * 4
    assert by_name["other"].params == 7
    assert by_name["again"].params == 0
    assert conv_params.check(answer).passed


def test_a_wrong_count_of_weights_fails_the_check() -> None:
    assert not conv_params.check(counted(model(node("conv", CONV, stored=Stored(weights=215))))).passed


def test_a_wrong_size_of_a_layer_that_is_not_seen_fails_the_check() -> None:
    answer = shape_of(model(node("odd", Op("tensor"), declared=(2, 3, 8, 10)), node("conv", CONV, "odd")))
    assert conv_shape.check(answer).passed
    layer = answer.layers[-1]
    wrong = layer._replace(axes=(layer.axes[0]._replace(output=9), layer.axes[1]))
    assert not conv_shape.check(answer._replace(layers=(answer.layers[0], wrong))).passed


def test_outputs_that_repeat_too_late_leave_the_field_unknown_and_the_size_known() -> None:
    nodes = [
        node("up", Op("upsample", amount=(1009,))),
        node("pad", Op("pad", amount=((0, 1),)), "up"),
        node("cut", Op("adaptive-avg-pool", amount=(997,)), "pad"),
    ]
    answer = shape_of(model(*nodes, dims=(1, 3, 11)))
    assert (answer.layers[-1].made.dims, answer.layers[-1].seen) == ((1, 3, 997), False)
    assert [notice.code for notice in answer.warnings] == ["field-unknown"]
