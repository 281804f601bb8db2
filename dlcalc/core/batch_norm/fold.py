"""Folding a batch norm into a layer: as if in infinite precision, and rounded once to the format of the weights."""

from dataclasses import replace
from fractions import Fraction
from math import fsum

import numpy as np
from numpy.typing import NDArray

from dlcalc.core.arrays.formats import rounded_once, two_product
from dlcalc.core.arrays.stored import Floats, numbered, rounded
from dlcalc.core.batch_norm.affine import Affine, nearest, to_odd
from dlcalc.core.batch_norm.border import border_error
from dlcalc.core.batch_norm.weighted_layer import WeightedLayer
from dlcalc.core.errors import Advice, DlcalcError, Fix


def fold(layer: WeightedLayer, affine: Affine) -> WeightedLayer:
    """Fold the batch norm behind a layer into it: W' = W s along the outputs, b' = (b - mean) s + beta.

    The affine is of the layer's C_out channels, and every folded number within half an ulp of the layer's format.

    Raises:
        DlcalcError: ``shape-mismatch``.
    """
    _fits(affine, layer.outputs, "out of", layer.inputs)
    weight = _scaled(layer, affine.exact_scale, along_outputs=True)
    parts = zip(layer.bias.tolist(), affine.mean.tolist(), affine.beta.tolist(), affine.exact_scale, strict=True)
    bias = [(Fraction(b) - Fraction(mean)) * scale + Fraction(beta) for b, mean, beta, scale in parts]
    return replace(layer, weight=weight, bias=_stored(bias, layer.format))


def fold_before(layer: WeightedLayer, affine: Affine) -> WeightedLayer:
    """Fold the batch norm in front of a layer into it: W' = W s along the inputs, b' = b + sum of W t.

    The affine is of the layer's C_in channels, and every folded number within half an ulp of the layer's format.

    Raises:
        DlcalcError: ``shape-mismatch``; ``certificate-failed`` where border outputs, which see fewer taps, would be
            wrong: padding with zeros behind a shift, a transposed layer that does not crop its border.
    """
    _fits(affine, layer.inputs, "into", layer.outputs)
    _refuse_border(layer, affine)
    weight = _scaled(layer, affine.exact_scale, along_outputs=False)
    return replace(layer, weight=weight, bias=_bias_behind(layer, affine))


def _fits(affine: Affine, channels: int, way: str, others: int) -> None:
    if len(affine.gamma) != channels:
        ends = numbered(channels, "output" if way == "out of" else "input")
        message = f"the batch norm has {numbered(len(affine.gamma), 'channel')}, and the layer has {ends}"
        hint: list[str | Fix] = [numbered(channels, "channel")]
        if len(affine.gamma) == others:
            stands = "before the layer" if way == "out of" else "behind the layer"
            hint += [", or with " if way == "out of" else ", or without ", Fix("bn_first")]
            hint += [f", if the batch norm stands {stands}"]
        raise DlcalcError("shape-mismatch", message, hint=hint, option="weight")


def _stored(values: list[Fraction], name: str) -> Floats:
    """Round exact numbers once to a format."""
    return nearest(values) if name == "float64" else rounded(to_odd(values), name)


def channel_of(layer: WeightedLayer, *, outputs: bool) -> NDArray[np.intp]:
    """Number the output or input channel of each entry of the weight, in a shape that broadcasts to the weight's."""
    rest = (1,) * len(layer.kernel)
    groups, per_group = layer.groups, (layer.outputs if outputs else layer.inputs) // layer.groups
    first, second = layer.weight.shape[:2]
    if outputs == (layer.kind != "transposed"):  # the axis that has all of these channels
        return np.arange(first).reshape(first, 1, *rest)
    group = np.arange(first) // (first // groups)  # of the other channels
    channels: NDArray[np.intp] = group[:, None] * per_group + np.arange(second)
    return channels.reshape(first, second, *rest)


def summed(layer: WeightedLayer, terms: Floats) -> Floats:
    """Add up terms of the weight's shape over the inputs and taps of each output: (C_out,)."""
    outputs = np.broadcast_to(channel_of(layer, outputs=True), layer.weight.shape).reshape(-1)
    return np.asarray(np.bincount(outputs, terms.reshape(-1), layer.outputs), np.float64)


def _scaled(layer: WeightedLayer, scales: list[Fraction], *, along_outputs: bool) -> Floats:
    """Multiply each entry of the weight by the scale of its channel, rounded once.

    Mantissas are multiplied exactly, so that nothing overflows on the way, and exponents added at the end.
    """
    channels = channel_of(layer, outputs=along_outputs)
    parts = [_normalized(scale) for scale in scales]
    high, low, power = (np.array(column) for column in zip(*parts, strict=True))
    mantissa, exponent = np.frexp(layer.weight)
    product, rest = two_product(mantissa, high[channels])
    rest = rest + mantissa * low[channels]
    power = exponent + power[channels]
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        if layer.format != "float64":  # the exponents of a narrower format are far from the ends of float64
            return rounded_once(np.ldexp(product, power), np.ldexp(rest, power), layer.format)
        scaled: Floats = np.ldexp(rounded_once(product, rest, "float64"), power)
    small = np.flatnonzero((np.abs(scaled) < 2.0**-1021).reshape(-1) & (layer.weight != 0).reshape(-1))
    if small.size:  # a subnormal number has been rounded twice
        every = np.broadcast_to(channels, scaled.shape).reshape(-1)[small]
        weights = layer.weight.reshape(-1)[small].tolist()
        exact = [Fraction(w) * scales[channel] for w, channel in zip(weights, every.tolist(), strict=True)]
        scaled.reshape(-1)[small] = nearest(exact)
    return scaled


def _normalized(scale: Fraction) -> tuple[float, float, int]:
    """Split a number into (high + low) 2**power, with |high| in [1/2, 2]."""
    if not scale:
        return 0.0, 0.0, 0
    power = abs(scale.numerator).bit_length() - scale.denominator.bit_length()
    mantissa = scale / Fraction(2) ** power
    high = float(mantissa)
    return high, float(mantissa - Fraction(high)), power


def _bias_behind(layer: WeightedLayer, affine: Affine) -> Floats:
    """Compute b + sum over inputs and taps of W t for each output, each sum rounded once.

    Raises:
        DlcalcError: ``invalid-value`` for sums beyond the range of float64.
    """
    shifts = affine.exact_shift
    high = nearest(shifts)
    far = np.flatnonzero(~np.isfinite(high))
    if far.size:
        raise _beyond(f"the shift of channel {far[0]}")
    low = nearest([shift - Fraction(number) for shift, number in zip(shifts, high.tolist(), strict=True)])
    channels = np.broadcast_to(channel_of(layer, outputs=False), layer.weight.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        product, rest = two_product(layer.weight, high[channels])
        rest = np.where(np.isfinite(rest), rest, 0.0)
        terms = np.stack([product, rest, layer.weight * low[channels]])
    outputs = np.broadcast_to(channel_of(layer, outputs=True), layer.weight.shape).reshape(-1)
    order = np.argsort(outputs, kind="stable")
    by_output = terms.reshape(3, -1)[:, order].reshape(3, layer.outputs, -1)
    sums = []
    for output, bias in enumerate(layer.bias.tolist()):
        numbers = [*by_output[:, output].reshape(-1).tolist(), bias]
        try:
            total = fsum(numbers)
            sums.append((total, fsum([*numbers, -total])))
        except (OverflowError, ValueError):
            raise _beyond(f"the folded bias of output {output}") from None
    totals, rests = (np.array(column) for column in zip(*sums, strict=True))
    return rounded_once(totals, rests, layer.format)


def _beyond(what: str) -> DlcalcError:
    message, hint = f"{what} is beyond the range of float64", ("a larger ", Fix("eps"), ", or smaller numbers")
    return DlcalcError("invalid-value", message, hint=hint, option="bn_first")


def _refuse_border(layer: WeightedLayer, affine: Affine) -> None:
    """Refuse a fold that would be wrong where a window reaches over the border.

    Raises:
        DlcalcError: ``certificate-failed``.
    """
    if layer.kind == "linear" or not affine.shift.any():
        return
    if layer.kind == "conv" and not any(layer.padding):
        return
    cropped = zip(layer.padding, layer.extent, layer.stride, strict=True)
    if layer.kind == "transposed" and all(s == 1 and p >= e - 1 for p, e, s in cropped):
        return
    worst = border_error(layer, layer.weight * affine.shift[channel_of(layer, outputs=False)])
    if worst == 0:
        return
    if layer.kind == "transposed":
        why = "border outputs of a transposed layer get fewer taps"
        cropping = Fix("padding", tuple(e - 1 for e in layer.extent))
        hint: Advice = ("a batch norm without shift, or stride 1 and ", cropping)
    else:
        why = "the layer pads with 0, and the batch norm makes that something else"
        unpadded = "pad with -shift/scale in place of 0 and fold without "
        hint = (unpadded, Fix("padding"), ", or keep the batch norm")
    message = f"folding would be wrong at the border by up to {worst:.6g}: {why}"
    raise DlcalcError("certificate-failed", message, hint=hint, option="bn_first")
