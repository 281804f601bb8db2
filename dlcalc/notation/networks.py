"""The questions about stacks of layers, from layer words on the command line or in a line of a batch."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dlcalc.core.conv.layer import FRAMEWORKS
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import StackQuestion
from dlcalc.notation.input_size import params_sizes, shape_sizes
from dlcalc.notation.layer_words import axes_of_words, read_layer_words, split_layer_words
from dlcalc.notation.layers import refuse_single
from dlcalc.notation.values import integer, optional, switch, word

if TYPE_CHECKING:
    from dlcalc.core.params.question import StackParamsQuestion


def shape_question(raw: Mapping[str, object]) -> StackQuestion:
    """Read the question of conv-shape about a stack.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``.

    >>> shape_question({"w": "224", "layers": "7s2p3 max3s2p1"}).size
    (224,)
    """
    refuse_single(raw)
    axes, size, dims = shape_sizes(raw)
    ceil_mode = optional(raw, "ceil_mode", switch, False)
    layers = read_layer_words(split_layer_words(raw["layers"]), axes, ceil_mode=ceil_mode)
    return StackQuestion(axes, size, layers, optional(raw, "framework", word, "pytorch", FRAMEWORKS), dims)


def params_question(raw: Mapping[str, object]) -> "StackParamsQuestion":
    """Read the question of conv-params about a stack.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``.

    >>> params_question({"c_in": 3, "layers": "3p1c64 gap fc10"}).c_in
    3
    """
    from dlcalc.core.params.question import DTYPES, StackParamsQuestion

    refuse_single(raw)
    if "c_in" not in raw:
        raise DlcalcError("usage", "no number of input channels is given", hint="--c-in 3", option="c_in")
    layer_words = split_layer_words(raw["layers"])
    axes, size, square = params_sizes(raw, axes_of_words(layer_words))
    ceil_mode = optional(raw, "ceil_mode", switch, False)
    return StackParamsQuestion(
        c_in=integer(raw["c_in"], "c_in"),
        layers=read_layer_words(layer_words, axes, ceil_mode=ceil_mode),
        bias=optional(raw, "bias", switch, False),
        axes=axes,
        size=size,
        framework=optional(raw, "framework", word, "pytorch", FRAMEWORKS),
        dtype=optional(raw, "dtype", word, "float32", DTYPES),
        n=optional(raw, "n", integer, 1),
        square=square,
    )
