"""The questions about stacks of layers, from words on the command line or from a line of a batch."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dlcalc.core.conv.layer import FRAMEWORKS, FrameworkName
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import StackQuestion
from dlcalc.notation import layers, values
from dlcalc.notation.layer_words import read_words, split_words

if TYPE_CHECKING:
    from dlcalc.core.params.network import StackParamsQuestion


def shape_question(raw: Mapping[str, object]) -> StackQuestion:
    """The question of conv-shape.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``.

    >>> shape_question({"w": "224", "layers": "7s2p3 max3s2p1"}).size
    (224,)
    """
    from dlcalc.notation.conv_shape import sizes

    layers.refuse_single(raw)
    axes, size, dims = sizes(raw)
    ceil_mode = "ceil_mode" in raw and values.switch(raw["ceil_mode"], "ceil_mode")
    stack = read_words(split_words(raw["layers"]), axes, ceil_mode)
    return StackQuestion(axes, size, stack, _framework(raw), dims)


def params_question(raw: Mapping[str, object]) -> "StackParamsQuestion":
    """The question of conv-params.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``.

    >>> params_question({"c_in": 3, "layers": "3p1c64 gap fc10"}).c_in
    3
    """
    from dlcalc.core.params.count import DTYPES
    from dlcalc.core.params.network import StackParamsQuestion
    from dlcalc.notation.conv_params import sizes

    layers.refuse_single(raw)
    if "c_in" not in raw:
        raise DlcalcError("usage", "no number of input channels is given", hint="--c-in 3", option="c_in")
    words = split_words(raw["layers"])
    axes, size, square = sizes(raw, axes_said(words))
    ceil_mode = "ceil_mode" in raw and values.switch(raw["ceil_mode"], "ceil_mode")
    return StackParamsQuestion(
        c_in=values.integer(raw["c_in"], "c_in"),
        layers=read_words(words, axes, ceil_mode),
        bias="bias" in raw and values.switch(raw["bias"], "bias"),
        axes=axes,
        size=size,
        framework=_framework(raw),
        dtype=values.word(raw["dtype"], "dtype", DTYPES) if "dtype" in raw else "float32",
        n=values.integer(raw["n"], "n") if "n" in raw else 1,
        square=square,
    )


def _framework(raw: Mapping[str, object]) -> FrameworkName:
    return values.word(raw["framework"], "framework", FRAMEWORKS) if "framework" in raw else "pytorch"


def axes_said(value: object) -> int | None:
    """How many axes the words speak of; None where none of them says.

    >>> axes_said("max2 3x5p1"), axes_said("3p1")
    (2, None)
    """
    return next((count for count in map(_axes_of, split_words(value)) if count), None)


def _axes_of(word: str) -> int | None:
    """How many axes a word speaks of: ``3x5`` of two; None where it does not say."""
    count = max((part.count("x") for part in word.removeprefix("max").replace("p", " ").split()), default=0)
    return count + 1 if count else None
