"""Layer words, a layer in a word: ``7s2p3c64``, ``max3s2p1``, ``dw3p1``, ``gap``, ``fc10b1``.

A layer word is cut at its letters, and each piece is read by the reader of the option that it stands for, so that a
padding in a word is what a padding is everywhere. What cannot be read is shown with a caret where it goes wrong.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dlcalc.core.conv.layer import FRAMEWORKS, PADDING_WORDS, Kind
from dlcalc.core.conv.shape import Place
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import StackLayer, StackQuestion, in_layer
from dlcalc.notation.input_size import params_sizes, shape_sizes
from dlcalc.notation.layers import read_layer, refuse_single
from dlcalc.notation.values import integer, optional, shown, switch, word

if TYPE_CHECKING:
    from dlcalc.core.params.question import StackParamsQuestion

# Prefix of a word -> the kind, the letters that may follow its kernel, and whether it is depthwise. Longest first.
_KINDS: dict[str, tuple[Kind, str, bool]] = {
    "convt": ("transposed", "spdogcb", False),
    "conv": ("conv", "spdgcb", False),
    "dw": ("conv", "spdcb", True),
    "max": ("max-pool", "spdu", False),
    "avg": ("avg-pool", "spdu", False),
    "": ("conv", "spdgcb", False),
}
_WHOLE: dict[str, Kind] = {"gap": "global-avg-pool", "bn": "batch-norm"}
_LETTERS = {
    "s": "stride",
    "p": "padding",
    "d": "dilation",
    "o": "output padding",
    "g": "groups",
    "c": "output channels",
    "u": "ceil mode",
    "b": "bias, b0 or b1",
}
_GRAMMAR = "[conv|convt|dw|max|avg]K[sS][pP][dD][oO][gG][cC][u][b0|b1], gap, bn or fcN[b0|b1]"
_PADDING_WORDS = sorted(PADDING_WORDS, key=len, reverse=True)  # same-upper before same


class _BadWordError(Exception):
    """Where a layer word goes wrong, counted in characters from 0, and what was expected there."""

    def __init__(self, at: int, expected: str) -> None:
        super().__init__(expected)
        self.at, self.expected = at, expected


def split_layer_words(value: object) -> tuple[str, ...]:
    """Split a stack into its layer words: a text of them separated by blanks, or a list of such texts.

    Raises:
        DlcalcError: ``usage`` for anything else, for an empty text and for no words at all.

    >>> split_layer_words("7s2p3 max3s2p1"), split_layer_words(["3p1", "gap"])
    (('7s2p3', 'max3s2p1'), ('3p1', 'gap'))
    """
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        message = f"layers {shown(value)} is not a list of layer words"
        raise DlcalcError("usage", message, hint='words, like "7s2p3 max3s2p1"', option="layers")
    layer_words = tuple(word for text in texts for word in text.split())
    empty = next((number for number, text in enumerate(texts, 1) if not text.strip()), None)
    if empty is not None or not layer_words:
        message = "there is no layer in the stack" if not layer_words else f"layer {empty} is an empty word"
        raise DlcalcError("usage", message, hint="7s2p3 max3s2p1", option="layers")
    return layer_words


def read_layer_words(
    layer_words: Sequence[str], axes: Sequence[str], *, ceil_mode: bool = False
) -> tuple[StackLayer, ...]:
    """Read the layers of a stack.

    Args:
        layer_words: one per layer.
        axes: of the input.
        ceil_mode: whether every pooling has it.

    Raises:
        DlcalcError: ``usage`` with a caret under what cannot be read, ``shape-mismatch``; both name the layer.

    >>> read_layer_words(["dw3p1", "fc10b1"], ("h", "w"))[1].channels
    10
    """
    known: dict[str, StackLayer] = {}
    for number, typed in enumerate(layer_words, 1):
        if typed not in known:
            place = Place(number, typed if len(typed) <= 40 else typed[:37] + "...", "conv", None, None, False, False)
            try:
                known[typed] = _read(typed, axes, ceil_mode)
            except _BadWordError as bad:
                raise _with_caret(bad, typed, number) from None
            except DlcalcError as error:
                raise in_layer(error, place) from None
    return tuple([known[typed] for typed in layer_words])


def axes_of_words(layer_words: Sequence[str]) -> int | None:
    """Count the axes that the layer words speak of: ``3x5`` speaks of two; None where none of them says.

    >>> axes_of_words(["max2", "3x5p1"]), axes_of_words(["3p1"])
    (2, None)
    """
    return next((count for count in map(_axes_of_word, layer_words) if count), None)


def _axes_of_word(word: str) -> int | None:
    count = max((part.count("x") for part in word.removeprefix("max").replace("p", " ").split()), default=0)
    return count + 1 if count else None


def _read(word: str, axes: Sequence[str], ceil_mode: bool) -> StackLayer:
    """Read one layer word.

    >>> _read("max3s2p1", ("w",), False).layer.padding
    ((1, 1),)
    """
    for name, kind in _WHOLE.items():
        if word.startswith(name):
            if word != name:
                raise _BadWordError(len(name), f"the end: {name} has no numbers")
            return StackLayer(kind, word=word)
    if word.startswith("fc"):
        return _linear(word)
    prefix = next(prefix for prefix in _KINDS if word.startswith(prefix))
    kind, letters, depthwise = _KINDS[prefix]
    at = _numbers(word, len(prefix))
    if at == len(prefix):
        expected = "a kernel size" if prefix else "a kernel size, or conv, convt, dw, max, avg, gap, bn, fc"
        raise _BadWordError(at, expected)
    pieces = _pieces(word, at, letters, prefix)
    windows = {_LETTERS[letter].replace(" ", "_"): text for letter, text in pieces.items() if letter in "spdo"}
    ceil_mode = "u" in letters and (ceil_mode or "u" in pieces)
    return StackLayer(
        kind,
        read_layer({"kernel": word[len(prefix) : at], **windows}, axes, kind, ceil_mode=ceil_mode),
        channels=integer(pieces["c"], "c_out") if "c" in pieces else None,
        groups=integer(pieces["g"], "groups") if "g" in pieces else 1,
        depthwise=depthwise,
        bias=_bias(pieces),
        word=word,
    )


def _linear(word: str) -> StackLayer:
    at = _digits(word, 2)
    if at == 2:
        raise _BadWordError(2, "the number of features, like fc10")
    bias = _bias(_pieces(word, at, "b", "fc"))
    return StackLayer("linear", None, integer(word[2:at], "c_out"), bias=bias, word=word)


def _bias(pieces: Mapping[str, str]) -> bool | None:
    return pieces["b"] == "1" if "b" in pieces else None


def _pieces(word: str, at: int, letters: str, prefix: str) -> dict[str, str]:
    """Cut what follows the kernel, from ``at`` on, into the text behind each letter."""
    pieces: dict[str, str] = {}
    while at < len(word):
        letter = word[at]
        if letter in pieces:
            raise _BadWordError(at, f"{letter} once only")
        if letter not in letters:
            choices = ", ".join(f"{other} {_LETTERS[other]}" for other in letters if other not in pieces)
            lacking = _LETTERS.get(letter, "").partition(",")[0]
            why = f"; {prefix or 'conv'} has no {lacking}" if lacking else ""
            raise _BadWordError(at, f"{choices}, or the end{why}")
        end = _end(word, at + 1, letter)
        pieces[letter] = word[at + 1 : end]
        at = end
    return pieces


def _end(word: str, at: int, letter: str) -> int:
    """Find the end of the value behind a letter.

    Raises:
        _BadWordError: if there is no value.
    """
    if letter == "u":
        return at
    if letter == "b":
        if word[at : at + 1] not in ("0", "1"):
            raise _BadWordError(at, "0 or 1: b0 is without a bias, b1 with one")
        return at + 1
    if letter == "p":
        for name in _PADDING_WORDS:
            if word.startswith(name, at):
                return at + len(name)
    end = _digits(word, at) if letter in "gc" else _numbers(word, at, ":" if letter == "p" else "")
    if end == at:
        more = ", or " + ", ".join(PADDING_WORDS) if letter == "p" else ""
        raise _BadWordError(at, f"a number behind {letter}{more}")
    return end


def _digits(word: str, at: int) -> int:
    while at < len(word) and word[at] in "0123456789":
        at += 1
    return at


def _numbers(word: str, at: int, more: str = "") -> int:
    """Find the end of numbers with ``x``, or one of ``more``, between them."""
    end, last = _digits(word, at), "x"
    while end > at and word[end : end + 1] and word[end] in "x" + more:
        if last == word[end] == ":":
            raise _BadWordError(end, "x and the next axis, another letter, or the end")
        last = word[end]
        following = _digits(word, end + 1)
        if following == end + 1:
            raise _BadWordError(following, f"a number behind {word[end]}")
        end = following
    return end


def _with_caret(bad: _BadWordError, word: str, number: int) -> DlcalcError:
    """Make the error that shows the word, with a caret under the character where it goes wrong."""
    start = max(0, bad.at - 30)
    seen = ("..." if start else "") + word[start : bad.at + 30]
    caret = " " * (bad.at - start + (3 if start else 0)) + "^"
    message = f"layer {number} cannot be read:\n  {seen}\n  {caret} expected {bad.expected}"
    return DlcalcError("usage", message, hint=f"a word is {_GRAMMAR}", option="layers")


def shape_question(raw: Mapping[str, object]) -> StackQuestion:
    """Read the question of conv-shape about a stack.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``.

    >>> shape_question({"w": "224", "layers": "7s2p3 max3s2p1"}).size
    (224,)
    """
    refuse_single(raw)
    axes, size, dims = shape_sizes(raw)
    ceil_mode = optional(raw, "ceil_mode", switch, False)
    layers = read_layer_words(split_layer_words(raw["layers"]), axes, ceil_mode=ceil_mode)
    return StackQuestion(axes, size, layers, optional(raw, "framework", word, "pytorch", FRAMEWORKS), dims)


def params_question(raw: Mapping[str, object]) -> "StackParamsQuestion":
    """Read the question of conv-params about a stack.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``.

    >>> params_question({"c_in": 3, "layers": "3p1c64 gap fc10"}).c_in
    3
    """
    from dlcalc.core.params.question import DTYPES, StackParamsQuestion

    refuse_single(raw)
    if "c_in" not in raw:
        raise DlcalcError("usage", "no number of input channels is given", hint="--c-in 3", option="c_in")
    layer_words = split_layer_words(raw["layers"])
    axes, size, square = params_sizes(raw, axes_of_words(layer_words))
    ceil_mode = optional(raw, "ceil_mode", switch, False)
    return StackParamsQuestion(
        c_in=integer(raw["c_in"], "c_in"),
        layers=read_layer_words(layer_words, axes, ceil_mode=ceil_mode),
        bias=optional(raw, "bias", switch, False),
        axes=axes,
        size=size,
        framework=optional(raw, "framework", word, "pytorch", FRAMEWORKS),
        dtype=optional(raw, "dtype", word, "float32", DTYPES),
        n=optional(raw, "n", integer, 1),
        square=square,
    )
