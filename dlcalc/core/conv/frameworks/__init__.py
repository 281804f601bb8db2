"""One framework, one file: what PyTorch, Keras and ONNX Runtime each pad, refuse, round and warn of."""

from functools import cache
from typing import TYPE_CHECKING

from dlcalc.core.conv.layer import FRAMEWORKS, FrameworkName
from dlcalc.core.errors import DlcalcError

if TYPE_CHECKING:
    from dlcalc.core.conv.frameworks.framework import Framework


def framework_of(name: FrameworkName) -> "Framework":
    """Find the record of a framework; its file is loaded when it is first asked for.

    Raises:
        DlcalcError: ``usage`` for a name that is not one of ``FRAMEWORKS``.

    >>> framework_of("tensorflow").name
    'Keras'
    """
    return _record(name)


@cache
def _record(name: FrameworkName) -> "Framework":
    if name == "pytorch":
        from dlcalc.core.conv.frameworks.pytorch import PYTORCH

        return PYTORCH
    if name == "tensorflow":
        from dlcalc.core.conv.frameworks.keras import KERAS

        return KERAS
    if name == "onnx":
        from dlcalc.core.conv.frameworks.onnxruntime import ONNX_RUNTIME

        return ONNX_RUNTIME
    hint = "one of " + ", ".join(FRAMEWORKS)
    raise DlcalcError("usage", f"unknown framework {name!r}", hint=hint, option="framework")
