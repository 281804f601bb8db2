"""A layer with windows, as its author writes it, and what every framework demands of its numbers."""

from typing import Literal, NamedTuple, get_args

from dlcalc.core.errors import DlcalcError, Fix
from dlcalc.core.validation import PerAxis, legal, spread, wrong_count

Axis = Literal["d", "h", "w"]
Kind = Literal["conv", "transposed", "max-pool", "avg-pool"]
Family = Literal["conv", "transposed", "pool"]
FrameworkName = Literal["pytorch", "tensorflow", "onnx"]
PaddingWord = Literal["same", "same-upper", "same-lower", "valid", "causal", "full"]

AXES: dict[str, str] = {"d": "depth", "h": "height", "w": "width"}  # in the order of a tensor's shape
ALL_AXES: tuple[Axis, ...] = get_args(Axis)
KINDS: dict[Kind, Family] = {"conv": "conv", "transposed": "transposed", "max-pool": "pool", "avg-pool": "pool"}
FRAMEWORKS: tuple[FrameworkName, ...] = get_args(FrameworkName)
PADDING_WORDS: tuple[PaddingWord, ...] = get_args(PaddingWord)
SAME_WORDS = PADDING_WORDS[:3]

Sides = tuple[int, int]
Padding = int | PaddingWord | tuple[int | Sides, ...]


class Layer(NamedTuple):
    """One layer whose windows slide over the axes of its input.

    Every number is given once for all axes or as a tuple in the order depth, height, width.

    Attributes:
        kernel: taps of the window.
        stride: step of the window; if absent 1, and for a pooling the kernel.
        padding: positions added on each side; as a tuple one number or one (begin, end) per axis; or one of ``same``,
            ``same-upper``, ``same-lower``, ``valid``, ``causal``, ``full``.
        dilation: distance between neighbouring taps.
        kind: ``conv``, ``transposed``, ``max-pool`` or ``avg-pool``.
        output_padding: of a transposed layer, extra positions computed at the end. Absent is not always 0 (Keras).
        ceil_mode: of a pooling, round the number of windows up.

    >>> Layer(kernel=3, stride=2, padding=1).kind
    'conv'
    """

    kernel: PerAxis
    stride: PerAxis | None = None
    padding: Padding = 0
    dilation: PerAxis = 1
    kind: Kind = "conv"
    output_padding: PerAxis | None = None
    ceil_mode: bool = False

    @property
    def family(self) -> Family:
        """``conv``, ``transposed`` or ``pool``: the kinds of a family share their arithmetic."""
        return KINDS[self.kind]


class AxisLayer(NamedTuple):
    """A layer's numbers along one axis, every default filled in."""

    kernel: int
    stride: int
    dilation: int
    padding: Sides | PaddingWord
    output_padding: int | None

    @property
    def extent(self) -> int:
        """The extent of the window with its holes: ke = d(k - 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1


def per_axis(layer: Layer, count: int) -> tuple[AxisLayer, ...]:
    """Fill in the layer's numbers for each of ``count`` axes.

    Raises:
        DlcalcError: ``invalid-value`` for a number that no framework accepts, ``shape-mismatch`` for a tuple that does
            not have one entry per axis, ``usage`` for an unknown kind or padding word, or for an option that the kind
            lacks.

    >>> per_axis(Layer(kernel=(3, 5), padding=1), 2)[1]
    AxisLayer(kernel=5, stride=1, dilation=1, padding=(1, 1), output_padding=None)
    """
    if layer.kind not in KINDS:
        from dlcalc.core.spelling import one_of

        raise DlcalcError("usage", f"unknown kind {layer.kind!r}", hint=one_of(layer.kind, KINDS), option="kind")
    if layer.output_padding is not None and layer.kind != "transposed":
        hint = ("leave it out, or ", Fix("kind", "transposed"))
        raise DlcalcError("usage", f"{layer.kind} has no output padding", hint=hint, option="output_padding")
    if layer.ceil_mode and layer.family != "pool":
        hint = ("leave it out, or ", Fix("kind", "max-pool"))
        raise DlcalcError("usage", f"{layer.kind} has no ceil mode", hint=hint, option="ceil_mode")
    kernels = spread(layer.kernel, count, "kernel", 1)
    if layer.stride is not None:
        strides = spread(layer.stride, count, "stride", 1)
    else:
        strides = kernels if layer.family == "pool" else (1,) * count
    dilations = spread(layer.dilation, count, "dilation", 1)
    extra = layer.output_padding
    extras = (None,) * count if extra is None else spread(extra, count, "output_padding", 0)
    return tuple(map(AxisLayer, kernels, strides, dilations, _spread_padding(layer.padding, count), extras))


def padding_hint(value: str) -> str:
    """Write the hint for a word that is no padding."""
    from dlcalc.core.spelling import did_you_mean

    near = did_you_mean(value, PADDING_WORDS)
    listed = "a number, begin:end, or one of " + ", ".join(PADDING_WORDS)
    return f"did you mean {near}? ({listed})" if near else listed


def _spread_padding(padding: Padding, count: int) -> tuple[Sides | PaddingWord, ...]:
    if isinstance(padding, str):
        if padding not in PADDING_WORDS:
            raise DlcalcError("usage", f"unknown padding {padding!r}", hint=padding_hint(padding), option="padding")
        return (padding,) * count
    entries = (padding,) * count if isinstance(padding, int) else padding
    if len(entries) != count:
        raise wrong_count("padding", len(entries), count)
    sides = [(entry, entry) if isinstance(entry, int) else entry for entry in entries]
    return tuple([(legal(begin, "padding", 0), legal(end, "padding", 0)) for begin, end in sides])
