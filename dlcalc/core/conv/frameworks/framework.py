"""The form in which every framework states what it makes of a layer: facts as data, beside the functions that use them.

A framework is one record, in a file of its own. What all frameworks do in the same way stands here, once.
"""

from collections.abc import Callable, Mapping
from typing import Generic, Literal, TypeVar

from dlcalc.core.conv import window as windows
from dlcalc.core.conv.layer import SAME_WORDS, Axis, AxisLayer, Family, FrameworkName, Kind, Layer, PaddingWord
from dlcalc.core.conv.window import BY_WORD, PaddingRule, SizeRule, Window
from dlcalc.core.errors import Advice, DlcalcError, Fix, Notice

AxisLayers = tuple[AxisLayer, ...]


# What the rules of a framework look at: a layer, its numbers per axis, whether its padding is a layer of its own;
# and where the size of the input counts, the name of an axis and the window along it.
Refuse = Callable[[Layer, AxisLayers, bool], DlcalcError | None]
RefuseInput = Callable[[Layer, AxisLayers, bool, Axis, Window], DlcalcError | None]
F = TypeVar("F")


class Rule(Generic[F]):
    """One rule of a framework.

    Attributes:
        text: the rule in a sentence.
        source: where the framework says so.
        apply: the function to a refused layer's error, to a notice, or to a bound; to None where it does not apply.
    """

    def __init__(self, text: str, source: str, apply: F) -> None:
        self.text, self.source, self.apply = text, source, apply


class SameRule:
    """The meaning of the word ``same`` for one family of layers.

    Attributes:
        family: of the layers.
        words: which of the words that it holds for.
        rule: the formulas.
        where: the condition in words, where the rule does not always hold.
        holds: the condition, of the layer's numbers along an axis and the size of the input there.
    """

    def __init__(
        self,
        family: Family,
        words: tuple[PaddingWord, ...],
        rule: PaddingRule,
        where: str = "",
        holds: Callable[[AxisLayer, int], bool] = lambda axis, size: True,
    ) -> None:
        self.family, self.words, self.rule, self.where, self.holds = family, words, rule, where, holds


class Framework:
    """Everything that one framework does with layers with windows: each framework is a subclass that states its facts.

    Attributes:
        key: the name by which it is asked for.
        name: its name in a sentence.
        words: family -> the padding words that its own layers take.
        pad_layer_words: family -> the words that become a pad layer of their own in front; any other word is refused.
        own_padding: which paddings in numbers its own layers take: ``any``, ``even`` (the same on both sides), or
            ``none``; the others become a pad layer.
        same: what ``same`` means, by family; the first row that holds counts.
        refusals: the layers that it refuses, in the order in which it looks.
        input_refusals: the layers that it refuses on inputs of some sizes.
        output_padding: the bound that the output padding of a transposed layer is less than.
        transposed_size: the size of a transposed layer for which no output padding is stated.
        caveats: the notices that an answer carries for some layers.
        crops: the notice where ``same`` leaves input out instead of adding positions; None where it never does.
        refuses_crops: the kinds that it refuses in that case, unless some axis is dilated.
        pools_ignore_dilation: whether ``same`` of a pooling follows from the kernel without its holes, so that the
            output's size may fall and rise again with the stride.
        has_adaptive_pools: whether it has poolings to a size; without them, only those whose windows are all alike.
        transposed_same_by_parity: whether ``same`` of a transposed layer with a stated output padding takes away twice
            half the extent rounded down, so that odd and even extents are two series.
    """

    key: FrameworkName
    name: str
    words: Mapping[Family, tuple[PaddingWord, ...]]
    pad_layer_words: Mapping[Family, tuple[PaddingWord, ...]]
    own_padding: Literal["any", "even", "none"]
    same: tuple[SameRule, ...]
    refusals: tuple[Rule[Refuse], ...]
    output_padding: Rule[Callable[[AxisLayer], int]]
    input_refusals: tuple[Rule[RefuseInput], ...] = ()
    transposed_size: SizeRule = windows.TRANSPOSED
    caveats: tuple[Rule[Callable[[Layer, AxisLayers], Notice | None]], ...] = ()
    crops: Notice | None = None
    refuses_crops: tuple[Kind, ...] = ()
    pools_ignore_dilation: bool = False
    transposed_same_by_parity: bool = False
    has_adaptive_pools: bool = True

    @property
    def fills_strides(self) -> bool:
        """Whether a transposed layer without a stated output padding gives every input a stride of outputs at least.

        Then no output padding and an output padding of 0 are different layers.
        """
        return self.transposed_size is not windows.TRANSPOSED

    @property
    def same_may_fall_short(self) -> bool:
        """Whether ``same`` of a transposed layer ends where its taps end, even short of input * stride."""
        return "same" in self.words.get("transposed", ()) and not self.fills_strides

    def needs_pad_layer(self, layer: Layer, axes: AxisLayers) -> bool:
        """Whether the framework's own layer cannot express the padding, but a pad layer in front of it can.

        Raises:
            DlcalcError: ``unsupported-by-framework`` for a word that neither expresses.
        """
        word = layer.padding
        if isinstance(word, str):
            if word in self.pad_layer_words.get(layer.family, ()):
                return True
            if word not in self.words.get(layer.family, ()):
                raise self._refused_word(layer, word)
            return False
        if self.own_padding == "even":
            return any(axis.padding[0] != axis.padding[1] for axis in axes)
        return self.own_padding == "none" and any(axis.padding != (0, 0) for axis in axes)

    def _refused_word(self, layer: Layer, word: PaddingWord) -> DlcalcError:
        hint: list[str | Fix] = [Fix("padding", 0)] if word == "valid" else ["padding as a number or begin:end"]
        if word == "same-lower" and layer.dilation == 1:
            hint += [", or ", Fix("framework", "onnx")]
        elif word in SAME_WORDS and not layer.ceil_mode and layer.dilation == 1:
            hint += [", or ", Fix("framework", "tensorflow")]
        return unsupported(f"{self.name} has no padding {word!r} for {layer.kind}", hint, "padding")

    def refuse(self, layer: Layer, axes: AxisLayers, pad_layer: bool) -> None:
        """Refuse what the framework refuses whatever the size of the input.

        Raises:
            DlcalcError: ``unsupported-by-framework``, ``padding-too-large``, ``output-padding-too-large``.
        """
        for refusal in self.refusals:
            error = refusal.apply(layer, axes, pad_layer)
            if error is not None:
                raise error
        bounds = [self.output_padding.apply(axis) for axis in axes]
        for axis, bound in zip(axes, bounds, strict=True):
            if axis.output_padding is not None and axis.output_padding >= bound:
                message = f"output padding {axis.output_padding} is not less than {self.output_padding.text}, {bound}"
                hint = Fix("output_padding", min(bounds) - 1)
                raise DlcalcError("output-padding-too-large", message, hint=hint, option="output_padding")

    def size_rule(self, layer: Layer, pad_layer: bool) -> SizeRule:
        """The rule for the output size of a layer, whose padding may be a layer of its own."""
        if layer.family == "transposed":
            return self.transposed_size if layer.output_padding is None else windows.TRANSPOSED
        if layer.ceil_mode:
            return windows.CEIL_AFTER_PAD if pad_layer else windows.CEIL
        return windows.FLOOR

    def padding_rule(self, family: Family, word: PaddingWord, axis: AxisLayer, size: int) -> PaddingRule:
        """The rule by which a padding word that the framework takes becomes positions, on an axis of ``size``."""
        if word not in SAME_WORDS:
            return BY_WORD[word]
        return next(
            row.rule for row in self.same if row.family == family and word in row.words and row.holds(axis, size)
        )

    def notices(self, layer: Layer, axes: AxisLayers, pad_layer: bool) -> tuple[Notice, ...]:
        """The caveats of a layer, whatever the size of its input."""
        caveats = [caveat.apply(layer, axes) for caveat in self.caveats]
        if pad_layer:
            owner = f"{self.name}'s {layer.kind} layer"
            pad = Notice("needs-pad-layer", f"{owner} cannot pad like this: put an explicit pad layer before it")
            crop = Notice("needs-crop-layer", f"{owner} cannot crop like this: cut the output afterwards")
            caveats.insert(0, crop if layer.family == "transposed" else pad)
        return tuple(notice for notice in caveats if notice is not None)


def unsupported(message: str, hint: str | Fix | Advice, option: str) -> DlcalcError:
    """The error for a layer that a framework does not have."""
    return DlcalcError("unsupported-by-framework", message, hint=hint, option=option)


def padding_too_large(padding: int, rule: str, most: int) -> DlcalcError:
    """The error for a padding in numbers beyond what a framework's pooling takes."""
    return DlcalcError("padding-too-large", f"padding {padding} {rule}", hint=Fix("padding", most), option="padding")


def dilated(owner: str, *kinds: Kind) -> Refuse:
    """Make the function that refuses a dilation of kinds that have none."""

    def refuse(layer: Layer, axes: AxisLayers, pad_layer: bool) -> DlcalcError | None:
        if layer.kind not in kinds or all(axis.dilation == 1 for axis in axes):
            return None
        return unsupported(f"{owner}'s {layer.kind} has no dilation", Fix("dilation", 1), "dilation")

    return refuse
