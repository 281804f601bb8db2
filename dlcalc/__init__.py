"""A calculator and verifier for the arithmetic of deep learning.

The same core as the command line, typed, and without click or rich. Names are imported when they are first used.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlcalc.core.batch_norm.functions import batch_norm_affine, batch_norm_statistics, fold_batch_norm
    from dlcalc.core.conv.functions import conv_output_size, conv_transpose_output_size, pool_output_size
    from dlcalc.core.conv.layer import Layer
    from dlcalc.core.errors import DlcalcError
    from dlcalc.core.network.functions import receptive_field
    from dlcalc.core.softmax.functions import cross_entropy, softmax, softmax_cross_entropy_grad, softmax_jacobian
    from dlcalc.jobs.models import load_model
    from dlcalc.notation.functions import network

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
    "load_model",
    "network",
    "pool_output_size",
    "receptive_field",
    "softmax",
    "softmax_cross_entropy_grad",
    "softmax_jacobian",
]

# The imports above, as data: a module's __getattr__ (PEP 562) is the hook for a name when it is first used, and is
# given the name as text. Without it every command, which imports this package first, would load NumPy.
_HOMES = {
    "dlcalc.core.batch_norm.functions": ("batch_norm_affine", "batch_norm_statistics", "fold_batch_norm"),
    "dlcalc.core.conv.functions": ("conv_output_size", "conv_transpose_output_size", "pool_output_size"),
    "dlcalc.core.conv.layer": ("Layer",),
    "dlcalc.core.errors": ("DlcalcError",),
    "dlcalc.core.network.functions": ("receptive_field",),
    "dlcalc.core.softmax.functions": (
        "cross_entropy",
        "softmax",
        "softmax_cross_entropy_grad",
        "softmax_jacobian",
    ),
    "dlcalc.jobs.models": ("load_model",),
    "dlcalc.notation.functions": ("network",),
}

if not TYPE_CHECKING:  # a type checker knows the names from the imports above, and that there are no others

    def __getattr__(name: str) -> object:
        """Import a public name from the module where it lives."""
        for home, names in _HOMES.items():
            if name in names:
                from importlib import import_module

                return getattr(import_module(home), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted([*globals(), *__all__])
