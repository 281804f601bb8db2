"""One framework, one file: what PyTorch, Keras and ONNX Runtime each pad, refuse, round and warn of."""

from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from dlcalc.core.conv.layer import FRAMEWORKS, AxisLayer, Family, FrameworkName, Layer, per_axis
from dlcalc.core.conv.window import SizeRule
from dlcalc.core.errors import DlcalcError, Notice

if TYPE_CHECKING:
    from dlcalc.core.conv.frameworks.framework import Framework


class Plan(NamedTuple):
    """How a framework computes one layer, before any size is known.

    Attributes:
        framework: the name by which it was asked for.
        layer: the layer as it was asked.
        family: of its kind.
        axes: its numbers along each axis.
        size: the rule for the output size.
        pad_layer: the padding stands in a layer of its own, in front; of a transposed layer, behind.
        warnings: caveats, e.g. that a pad layer is needed.
    """

    framework: FrameworkName
    layer: Layer
    family: Family
    axes: tuple[AxisLayer, ...]
    size: SizeRule
    pad_layer: bool
    warnings: tuple[Notice, ...]


@lru_cache(maxsize=4096)
def plan_layer(framework: FrameworkName, layer: Layer, count: int) -> Plan:
    """Plan a layer over ``count`` axes; a sweep or a batch asks about few layers and many sizes.

    Raises:
        DlcalcError: what ``per_axis`` and ``plan_axes`` raise.
    """
    return plan_axes(framework, layer, per_axis(layer, count))


def plan_axes(framework: FrameworkName, layer: Layer, axes: tuple[AxisLayer, ...]) -> Plan:
    """Plan a layer whose numbers along each axis are known.

    Raises:
        DlcalcError: ``unsupported-by-framework``, ``padding-too-large``, ``output-padding-too-large``; ``usage`` for an
            unknown framework.
    """
    record = framework_of(framework)
    pad_layer = record.needs_pad_layer(layer, axes)
    record.refuse(layer, axes, pad_layer)
    notices = record.notices(layer, axes, pad_layer)
    return Plan(framework, layer, layer.family, axes, record.size_rule(layer, pad_layer), pad_layer, notices)


@cache
def framework_of(name: FrameworkName) -> "Framework":
    """Find the record of a framework; its file is loaded when it is first asked for.

    Raises:
        DlcalcError: ``usage`` for a name that is not one of ``FRAMEWORKS``.

    >>> framework_of("tensorflow").name
    'Keras'
    """
    if name == "pytorch":
        from dlcalc.core.conv.frameworks.pytorch import PYTORCH

        return PYTORCH
    if name == "tensorflow":
        from dlcalc.core.conv.frameworks.keras import KERAS

        return KERAS
    if name == "onnx":
        from dlcalc.core.conv.frameworks.onnxruntime import ONNX_RUNTIME

        return ONNX_RUNTIME
    from dlcalc.core.spelling import one_of

    raise DlcalcError("usage", f"unknown framework {name!r}", hint=one_of(name, FRAMEWORKS), option="framework")
