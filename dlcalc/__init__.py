"""A calculator and verifier for the arithmetic of deep learning.

The same core as the command line, typed, and without click or rich. Names are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlcalc.core.batch_norm.functions import batch_norm_affine, batch_norm_statistics, fold_batch_norm
    from dlcalc.core.conv.functions import conv_output_size, conv_transpose_output_size, pool_output_size
    from dlcalc.core.conv.layer import Layer
    from dlcalc.core.errors import DlcalcError
    from dlcalc.core.network.functions import receptive_field, stack
    from dlcalc.core.softmax.functions import cross_entropy, softmax, softmax_cross_entropy_grad, softmax_jacobian

__version__ = "0.1.0"

__all__ = [
    "DlcalcError",
    "Layer",
    "batch_norm_affine",
    "batch_norm_statistics",
    "conv_output_size",
    "conv_transpose_output_size",
    "cross_entropy",
    "fold_batch_norm",
    "pool_output_size",
    "receptive_field",
    "softmax",
    "softmax_cross_entropy_grad",
    "softmax_jacobian",
    "stack",
]

_HOMES = {
    "DlcalcError": "dlcalc.core.errors",
    "Layer": "dlcalc.core.conv.layer",
    "batch_norm_affine": "dlcalc.core.batch_norm.functions",
    "batch_norm_statistics": "dlcalc.core.batch_norm.functions",
    "conv_output_size": "dlcalc.core.conv.functions",
    "conv_transpose_output_size": "dlcalc.core.conv.functions",
    "cross_entropy": "dlcalc.core.softmax.functions",
    "fold_batch_norm": "dlcalc.core.batch_norm.functions",
    "pool_output_size": "dlcalc.core.conv.functions",
    "receptive_field": "dlcalc.core.network.functions",
    "softmax": "dlcalc.core.softmax.functions",
    "softmax_cross_entropy_grad": "dlcalc.core.softmax.functions",
    "softmax_jacobian": "dlcalc.core.softmax.functions",
    "stack": "dlcalc.core.network.functions",
}


def __getattr__(name: str) -> Any:
    """Import a public name from the module where it lives."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """The public names, imported or not."""
    return sorted([*globals(), *__all__])
