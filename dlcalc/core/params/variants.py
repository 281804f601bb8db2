"""A convolution beside the forms that stand in for it: the same windows, fewer parameters."""

from typing import NamedTuple

from dlcalc.core.conv.layer import Layer
from dlcalc.core.errors import DlcalcError, Fix, Notice
from dlcalc.core.params.count import Amounts, ConvParams, LayerParams, count, layer_params, total
from dlcalc.core.params.question import ConvParamsQuestion, StackParamsQuestion

_CARDINALITY = 32  # groups of ResNeXt-50 (Xie et al. 2017), where none are given
_EXPANSION = 4  # of the bottleneck of ResNet-50 (He et al. 2016)


class Form(NamedTuple):
    """A form of a convolution: the layers that it is made of, one after the other."""

    name: str
    layers: tuple[LayerParams, ...]

    @property
    def amounts(self) -> Amounts:
        """The amounts of the form's layers together."""
        return total([layer.amounts for layer in self.layers])


class Comparison(NamedTuple):
    """The answer to a question about a convolution, and the forms that stand in for it."""

    answer: ConvParams
    forms: tuple[Form, ...]

    @property
    def warnings(self) -> tuple[Notice, ...]:
        """The caveats about the answer."""
        return self.answer.warnings


def compare(question: ConvParamsQuestion | StackParamsQuestion) -> Comparison:
    """Count the standard, the grouped, the depthwise-separable and the bottleneck form of a convolution.

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
        hint = ("one layer, ", Fix("k", 3), " ", Fix("c_in", 64), " ", Fix("c_out", 128))
        raise DlcalcError("usage", message, hint=hint, option="compare")
    if question.layer is None:
        message = "--compare sets forms of a convolution side by side, and a linear layer has none"
        raise DlcalcError("usage", message, hint=("leave it out, or ", Fix("kind", "conv")), option="compare")
    answer = layer_params(question)
    standard = Form("standard", (count(question._replace(groups=1)),))
    return Comparison(answer, (standard, _grouped(question), _separable(question), _bottleneck(question)))


def _grouped(question: ConvParamsQuestion) -> Form:
    groups = question.groups
    if groups == 1:
        groups = next(g for g in range(_CARDINALITY, 0, -1) if question.c_in % g == 0 == question.c_out % g)
    return Form("grouped", (count(question._replace(groups=groups)),))


def _separable(question: ConvParamsQuestion) -> Form:
    depthwise = count(question._replace(c_out=question.c_in, groups=question.c_in), "depthwise")
    return Form("depthwise-separable", (depthwise, _pointwise(depthwise, question.c_out, "pointwise")))


def _bottleneck(question: ConvParamsQuestion) -> Form:
    width = max(1, question.c_out // _EXPANSION)
    reduce = count(question._replace(c_out=width, groups=1, layer=Layer(1)), "reduce")
    windows = count(question._replace(c_in=width, c_out=width, groups=1), "windows")
    return Form("bottleneck", (reduce, windows, _pointwise(windows, question.c_out, "expand")))


def _pointwise(before: LayerParams, c_out: int, name: str) -> LayerParams:
    """Count a 1x1 layer on the output of another."""
    question = before.question
    size = None if before.shape is None else before.output
    return count(question._replace(c_in=question.c_out, c_out=c_out, groups=1, layer=Layer(1), size=size), name)
