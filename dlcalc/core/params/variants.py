"""A convolution beside the forms that stand in for it: the same windows, fewer parameters."""

from typing import TYPE_CHECKING, NamedTuple

from dlcalc.core.conv.layer import Layer
from dlcalc.core.errors import DlcalcError, Fix, Notice
from dlcalc.core.params.count import Amounts, ConvParams, ConvParamsQuestion, LayerParams, count, layer_params, total

if TYPE_CHECKING:
    from dlcalc.core.params.network import StackParamsQuestion

_CARDINALITY = 32  # groups of ResNeXt-50 (Xie et al. 2017), where none are given
_EXPANSION = 4  # of the bottleneck of ResNet-50 (He et al. 2016)


class Form(NamedTuple):
    """One form: the layers that it is made of, one after the other."""

    name: str
    layers: tuple[LayerParams, ...]

    @property
    def amounts(self) -> Amounts:
        """Of its layers together."""
        return total([layer.amounts for layer in self.layers])


class Comparison(NamedTuple):
    """The answer, and the forms beside it."""

    answer: ConvParams
    forms: tuple[Form, ...]

    @property
    def warnings(self) -> tuple[Notice, ...]:
        """The answer's."""
        return self.answer.warnings


def compare(question: "ConvParamsQuestion | StackParamsQuestion") -> Comparison:
    """The standard, the grouped, the depthwise-separable and the bottleneck form of a convolution.

    All have the windows, the channels and the bias of the question:

    - standard: one layer, one group;
    - grouped: one layer, in the groups of the question; if that has none, in as many as divide both numbers of
      channels, up to the 32 of ResNeXt;
    - depthwise-separable: a layer with a group for every input channel, then 1x1 to the output channels;
    - bottleneck: 1x1 to a quarter of the output channels, the windows on those, 1x1 to the output channels, as ResNet.

    Raises:
        DlcalcError: ``usage`` for a linear layer, and all that ``layer_params`` raises.

    >>> windows = ConvParamsQuestion(64, 128, layer=Layer(kernel=3), axes=("h", "w"))
    >>> {form.name: form.amounts.params for form in compare(windows).forms}
    {'standard': 73728, 'grouped': 2304, 'depthwise-separable': 8768, 'bottleneck': 15360}
    """
    if not isinstance(question, ConvParamsQuestion):
        message = "--compare sets forms of one convolution side by side, and LAYERS are given"
        raise DlcalcError(
            "usage",
            message,
            hint=("one layer, ", Fix("k", 3), " ", Fix("c_in", 64), " ", Fix("c_out", 128)),
            option="compare",
        )
    if question.layer is None:
        message = "--compare sets forms of a convolution side by side, and a linear layer has none"
        raise DlcalcError("usage", message, hint=("leave it out, or ", Fix("kind", "conv")), option="compare")
    answer = layer_params(question)
    return Comparison(answer, tuple(form(question) for form in (_standard, _grouped, _separable, _bottleneck)))


def _standard(asked: ConvParamsQuestion) -> Form:
    return Form("standard", (count(asked._replace(groups=1)),))


def _grouped(asked: ConvParamsQuestion) -> Form:
    groups = asked.groups
    if groups == 1:
        groups = next(g for g in range(_CARDINALITY, 0, -1) if asked.c_in % g == 0 == asked.c_out % g)
    return Form("grouped", (count(asked._replace(groups=groups)),))


def _separable(asked: ConvParamsQuestion) -> Form:
    depthwise = count(asked._replace(c_out=asked.c_in, groups=asked.c_in), "depthwise")
    return Form("depthwise-separable", (depthwise, _pointwise(depthwise, asked.c_out, "pointwise")))


def _bottleneck(asked: ConvParamsQuestion) -> Form:
    width = max(1, asked.c_out // _EXPANSION)
    reduce = count(asked._replace(c_out=width, groups=1, layer=Layer(1)), "reduce")
    windows = count(asked._replace(c_in=width, c_out=width, groups=1), "windows")
    return Form("bottleneck", (reduce, windows, _pointwise(windows, asked.c_out, "expand")))


def _pointwise(before: LayerParams, c_out: int, name: str) -> LayerParams:
    """A 1x1 layer on what another puts out."""
    asked = before.asked
    size = None if before.shape is None else before.output
    return count(asked._replace(c_in=asked.c_out, c_out=c_out, groups=1, layer=Layer(1), size=size), name)
