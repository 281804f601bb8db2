"""A convolution beside the forms that stand in for it: the same windows, fewer parameters."""

from typing import NamedTuple

from dlcalc.core.conv.layer import Layer
from dlcalc.core.errors import DlcalcError, Fix, Notice
from dlcalc.core.network.network import INPUT, Node, Op
from dlcalc.core.params.count import Amounts, ConvParams, LayerParams, network_params
from dlcalc.core.params.question import ParamsQuestion

_CARDINALITY = 32  # groups of ResNeXt-50 (Xie et al. 2017), where none are given
_EXPANSION = 4  # of the bottleneck of ResNet-50 (He et al. 2016)


class Form(NamedTuple):
    """A form of a convolution, which is a network: the layers that it is made of, one after the other."""

    name: str
    answer: ConvParams

    @property
    def amounts(self) -> Amounts:
        """The amounts of the form's layers together."""
        return self.answer.amounts

    @property
    def layers(self) -> tuple[LayerParams, ...]:
        """The layers."""
        return self.answer.layers


class Comparison(NamedTuple):
    """The answer to a question about a convolution, and the forms that stand in for it."""

    answer: ConvParams
    forms: tuple[Form, ...]

    @property
    def warnings(self) -> tuple[Notice, ...]:
        """The caveats about the answer."""
        return self.answer.warnings


def compare(question: ParamsQuestion) -> Comparison:
    """Count the standard, the grouped, the depthwise-separable and the bottleneck form of a convolution.

    All have the windows, the channels and the bias of the question:

    - standard: one layer, one group;
    - grouped: one layer, in the groups of the question; if that has none, in as many as divide both numbers of
      channels, up to the 32 of ResNeXt;
    - depthwise-separable: a layer with a group for every input channel, then 1x1 to the output channels;
    - bottleneck: 1x1 to a quarter of the output channels, the windows on those, 1x1 to the output channels, as ResNet.

    Raises:
        DlcalcError: ``usage`` for a linear layer or for layers in words, and all that ``network_params`` raises.

    >>> from dlcalc.core.params.question import layer_question
    >>> windows = layer_question(64, 128, layer=Layer(kernel=3), axes=("h", "w"))
    >>> {form.name: form.amounts.params for form in compare(windows).forms}
    {'standard': 73728, 'grouped': 2304, 'depthwise-separable': 8768, 'bottleneck': 15360}
    """
    windows = question.network.single
    if windows is None:
        message = "--compare sets forms of one convolution side by side, and LAYERS are given"
        hint = ("one layer, ", Fix("k", 3), " ", Fix("c_in", 64), " ", Fix("c_out", 128))
        raise DlcalcError("usage", message, hint=hint, option="compare")
    if windows.layer is None:
        message = "--compare sets forms of a convolution side by side, and a linear layer has none"
        raise DlcalcError("usage", message, hint=("leave it out, or ", Fix("kind", "conv")), option="compare")
    answer = network_params(question)
    c_in, c_out = question.c_in, windows.channels or 0
    groups = windows.groups
    if groups == 1:
        groups = next(g for g in range(_CARDINALITY, 0, -1) if c_in % g == 0 == c_out % g)
    width = max(1, c_out // _EXPANSION)
    forms: dict[str, dict[str, Op]] = {
        "standard": {f"{windows.kind}1": windows._replace(groups=1)},
        "grouped": {f"{windows.kind}1": windows._replace(groups=groups)},
        "depthwise-separable": {
            "depthwise": windows._replace(channels=c_in, groups=c_in),
            "pointwise": Op("conv", Layer(1), c_out),
        },
        "bottleneck": {
            "reduce": Op("conv", Layer(1), width),
            "windows": windows._replace(channels=width, groups=1),
            "expand": Op("conv", Layer(1), c_out),
        },
    }
    return Comparison(answer, tuple(Form(name, _counted(question, layers)) for name, layers in forms.items()))


def _counted(question: ParamsQuestion, layers: dict[str, Op]) -> ConvParams:
    """Count layers, one after the other, in place of the one of a question."""
    inputs = (INPUT, *layers)
    nodes = [Node(name, op, (before,)) for (name, op), before in zip(layers.items(), inputs, strict=False)]
    return network_params(question._replace(network=question.network._replace(nodes=tuple(nodes))))
