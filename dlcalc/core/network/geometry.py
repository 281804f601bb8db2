"""The geometry of layers whose numbers no framework decides: resampling, adaptive pooling, pads and crops.

All but the adaptive poolings are windows, or their transpose, so that unread input, receptive fields and pictures of
all kinds are those of windows.
"""

from math import gcd

from dlcalc.core.conv.coverage import Field, through_transposed, through_windows, unread
from dlcalc.core.conv.frameworks.framework import Framework
from dlcalc.core.conv.layer import AXES, Axis, Sides
from dlcalc.core.conv.shape import AxisShape
from dlcalc.core.conv.window import FLOOR, TRANSPOSED, Window
from dlcalc.core.errors import DlcalcError, Fix
from dlcalc.core.network.network import ADAPTIVE, WHOLE, Op
from dlcalc.core.numeric.ratio import ratio
from dlcalc.core.validation import legal

_ITSELF = Field(1, 1, (1, 1), (0, 1))


def amount_along(op: Op, axis: int) -> int:
    """The factor of a resampling, or the size of an adaptive pooling, along one axis; 1 of other layers.

    Raises:
        DlcalcError: ``invalid-value``.
    """
    entry = op.amount[axis] if isinstance(op.amount, tuple) else op.amount
    if not isinstance(entry, int):
        return 1
    if entry < 1:
        what = "size" if op.kind in ADAPTIVE else "factor"
        raise DlcalcError("invalid-value", f"{what} {entry} is less than 1", hint=f"a {what} of 1, or more")
    return entry


def _sides_along(op: Op, axis: int) -> Sides:
    """The positions that a pad adds or a crop cuts off along one axis."""
    entry = op.amount[axis] if isinstance(op.amount, tuple) else op.amount or 0
    before, after = (entry, entry) if isinstance(entry, int) else entry
    return legal(before, "padding", 0), legal(after, "padding", 0)


def unchanged(size: int) -> AxisShape:
    """The axis of a layer that looks at one position at a time.

    >>> unchanged(7).output
    7
    """
    return AxisShape(Window(size, 1, 1, 1, 0, 0, 0), None, size, 0, _ITSELF)


def along(op: Op, axis: int, name: Axis, size: int) -> AxisShape:
    """Compute one axis of a layer without windows of its own.

    Raises:
        DlcalcError: ``empty-output`` for a crop of all there is, ``shape-mismatch`` for a map that does not divide.

    >>> along(Op("upsample", amount=2), 0, "w", 5).output, along(Op("pixel-unshuffle", amount=2), 0, "w", 6).output
    (10, 3)
    >>> along(Op("crop", amount=((1, 2),)), 0, "w", 10).unread
    3
    """
    kind = op.kind
    if kind in WHOLE:
        window = Window(size, size, 1, 1, 0, 0, 0)
    elif kind in ADAPTIVE:
        return _adaptive(size, amount_along(op, axis))
    elif kind in ("pad", "crop"):
        before, after = _sides_along(op, axis)
        if kind == "crop":
            if before + after >= size:
                message = f"a crop of {before} + {after} leaves nothing of the {AXES[name]} {size}"
                raise DlcalcError("empty-output", message, hint=f"less than {size} in all")
            before, after = -before, -after
        window = Window(size, 1, 1, 1, before, after, 0)
    elif kind in ("upsample", "pixel-shuffle"):
        factor = amount_along(op, axis)
        window = Window(size, factor, factor, 1, 0, 0, 0)
        output = TRANSPOSED.value(window)
        return AxisShape(window, None, output, 0, through_transposed(window, output))
    elif kind == "pixel-unshuffle":
        factor = amount_along(op, axis)
        if size % factor:
            message = f"the {AXES[name]} {size} is no multiple of {factor}"
            raise DlcalcError("shape-mismatch", message, hint=_multiples(size, factor, AXES[name]))
        window = Window(size, factor, factor, 1, 0, 0, 0)
    else:
        return unchanged(size)
    output = FLOOR.value(window)
    return AxisShape(window, None, output, unread(window, output), through_windows(window))


def _multiples(number: int, factor: int, what: str) -> str:
    below = number // factor * factor
    return " or ".join(f"a {what} of {multiple}" for multiple in (below, below + factor) if multiple)


def _adaptive(size: int, outputs: int) -> AxisShape:
    """Windows from floor(t*i/o) to ceil((t + 1)*i/o), as PyTorch has them: of two lengths where o does not divide i."""
    divisor = gcd(size, outputs)
    largest, smallest = -(-(size + outputs - divisor) // outputs), -(-size // outputs)
    jump = (1, 1) if outputs == 1 else ratio(size, outputs)
    field = Field(largest, smallest, jump, ratio(smallest - 1, 2))
    stride = 1 if outputs == 1 else max(1, size // outputs)  # as of a global pooling, which is the same
    return AxisShape(Window(size, largest, stride, 1, 0, 0, 0), None, outputs, 0, field)


def refuse_uneven(shapes: tuple[AxisShape, ...], framework: Framework) -> None:
    """Refuse an adaptive pooling that is not the same as an ordinary one, where a framework has no others.

    Raises:
        DlcalcError: ``unsupported-by-framework``.
    """
    for axis in () if framework.has_adaptive_pools else shapes:
        size = axis.window.input
        if size % axis.output:
            message = f"{framework.name} has no adaptive pooling, and {axis.output} windows alike do not divide {size}"
            divisors = [count for count in range(1, min(size, 1000) + 1) if size % count == 0]
            nearest = min(divisors, key=lambda count: abs(count - axis.output))
            raise DlcalcError("unsupported-by-framework", message, hint=f"a size that divides {size}, like {nearest}")


def adaptive_window(size: int, outputs: int, output: int) -> tuple[int, int]:
    """The first and the last position that an output of an adaptive pooling reads.

    >>> [adaptive_window(7, 3, output) for output in range(3)]
    [(0, 2), (2, 4), (4, 6)]
    """
    return output * size // outputs, -(-(output + 1) * size // outputs) - 1


def shuffled_channels(channels: int, factor: int) -> int:
    """Divide channels by the positions that each becomes.

    Raises:
        DlcalcError: ``shape-mismatch``.
    """
    if channels % factor:
        below = channels // factor * factor
        hint = [Fix("c_out", multiple) for multiple in (below, below + factor) if multiple]
        advice = (hint[0], *(part for fix in hint[1:] for part in (" or ", fix)), " in front of it")
        raise DlcalcError("shape-mismatch", f"{channels} channels are no multiple of {factor}", hint=advice)
    return channels // factor
