"""A layer in a word: ``7s2p3c64``, ``max3s2p1``, ``dw3p1``, ``gap``, ``fc10b1``.

The word is cut at its letters, and each piece is read by the reader of the option that it stands for, so that a padding
in a word is what a padding is everywhere. What cannot be read is shown with a caret where it goes wrong.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from dlcalc.core.conv.layer import PADDING_WORDS, Kind, Layer
from dlcalc.core.conv.shape import Place
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import StackLayer, in_layer
from dlcalc.notation.values import integer, padding, per_axis, shown

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
    "o": "output_padding",
    "g": "groups",
    "c": "channels",
    "u": "ceil_mode",
    "b": "bias",
}
_SAID = {
    "s": "s stride",
    "p": "p padding",
    "d": "d dilation",
    "o": "o output padding",
    "g": "g groups",
    "c": "c output channels",
    "u": "u ceil mode",
    "b": "b bias, b0 or b1",
}
_GRAMMAR = "[conv|convt|dw|max|avg]K[sS][pP][dD][oO][gG][cC][u][b0|b1], gap, bn or fcN[b0|b1]"
_WORDS_OF_PADDING = sorted(PADDING_WORDS, key=len, reverse=True)  # same-upper before same


class _BadWordError(Exception):
    """Where a word goes wrong, and what was expected there."""

    def __init__(self, at: int, expected: str) -> None:
        super().__init__(expected)
        self.at, self.expected = at, expected


class _Piece(NamedTuple):
    """The text behind a letter, and where it begins."""

    text: str
    at: int


def split_words(value: object) -> tuple[str, ...]:
    """The words of a stack: a text of them separated by blanks, or a list of such texts.

    >>> split_words("7s2p3 max3s2p1"), split_words(["3p1", "gap"])
    (('7s2p3', 'max3s2p1'), ('3p1', 'gap'))
    """
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        message = f"layers {shown(value)} is not a list of layer words"
        raise DlcalcError("usage", message, hint='words, like "7s2p3 max3s2p1"', option="layers")
    words = tuple(word for text in texts for word in text.split())
    empty = next((number for number, text in enumerate(texts, 1) if not text.strip()), None)
    if empty is not None or not words:
        message = "there is no layer in the stack" if not words else f"layer {empty} is an empty word"
        raise DlcalcError("usage", message, hint="7s2p3 max3s2p1", option="layers")
    return words


def read_words(words: Sequence[str], axes: Sequence[str], ceil_mode: bool) -> tuple[StackLayer, ...]:
    """The layers that the words stand for.

    Args:
        words: one for each layer.
        axes: of the input.
        ceil_mode: whether every pooling has it.

    Raises:
        DlcalcError: ``usage`` with a caret under what cannot be read, ``shape-mismatch``; both name the layer.

    >>> read_words(["dw3p1", "fc10b1"], ("h", "w"), False)[1].channels
    10
    """
    known: dict[str, StackLayer] = {}
    for number, word in enumerate(words, 1):
        if word not in known:
            place = Place(number, word if len(word) <= 40 else word[:37] + "...", "conv", None, None, False, False)
            try:
                known[word] = read_word(word, axes, ceil_mode)
            except _BadWordError as bad:
                raise _shown(bad, word, number) from None
            except DlcalcError as error:
                raise in_layer(error, place) from None
    return tuple([known[word] for word in words])


def read_word(word: str, axes: Sequence[str], ceil_mode: bool = False) -> StackLayer:
    """The layer that one word stands for.

    >>> read_word("max3s2p1", ("w",)).layer
    Layer(kernel=3, stride=2, padding=((1, 1),), dilation=1, kind='max-pool', output_padding=None, ceil_mode=False)
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
        kinds = "a kernel size" if prefix else "a kernel size, or conv, convt, dw, max, avg, gap, bn, fc"
        raise _BadWordError(at, kinds)
    pieces = _pieces(word, at, letters, prefix)
    windows: dict[str, Any] = {"kernel": per_axis(word[len(prefix) : at], "kernel", axes)}
    rest: dict[str, Any] = {}
    for letter, piece in pieces.items():
        key = _LETTERS[letter]
        if letter in "gc":
            rest[key] = integer(piece.text, "c_out" if letter == "c" else "groups")
        elif letter == "b":
            rest[key] = piece.text == "1"
        elif letter != "u":
            read: Callable[..., Any] = padding if letter == "p" else per_axis
            windows[key] = read(piece.text, key, axes)
    if "u" in letters and (ceil_mode or "u" in pieces):
        windows["ceil_mode"] = True
    return StackLayer(kind, Layer(**windows, kind=kind), depthwise=depthwise, word=word, **rest)


def _linear(word: str) -> StackLayer:
    at = _digits(word, 2)
    if at == 2:
        raise _BadWordError(2, "the number of features, like fc10")
    bias = _pieces(word, at, "b", "fc").get("b")
    return StackLayer(
        "linear", None, integer(word[2:at], "c_out"), bias=None if bias is None else bias.text == "1", word=word
    )


def _pieces(word: str, at: int, letters: str, prefix: str) -> dict[str, _Piece]:
    """What follows the kernel, by its letters."""
    found: dict[str, _Piece] = {}
    while at < len(word):
        letter = word[at]
        if letter in found:
            raise _BadWordError(at, f"{letter} once only")
        if letter not in letters:
            ends = ", ".join(_SAID[one] for one in letters if one not in found)
            what = _SAID.get(letter, "")[2:].partition(",")[0]
            why = f"; {prefix or 'conv'} has no {what}" if what else ""
            raise _BadWordError(at, f"{ends}, or the end{why}")
        end = _end(word, at + 1, letter)
        found[letter] = _Piece(word[at + 1 : end], at + 1)
        at = end
    return found


def _end(word: str, at: int, letter: str) -> int:
    """Where the value behind a letter ends.

    Raises:
        _BadWordError: if there is none.
    """
    if letter == "u":
        return at
    if letter == "b":
        if word[at : at + 1] not in ("0", "1"):
            raise _BadWordError(at, "0 or 1: b0 is without a bias, b1 with one")
        return at + 1
    if letter == "p":
        for name in _WORDS_OF_PADDING:
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
    """The end of numbers with ``x`` between them, or one of ``more``."""
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


def _shown(bad: _BadWordError, word: str, number: int) -> DlcalcError:
    """The error with the word, and a caret under the character where it goes wrong."""
    start = max(0, bad.at - 30)
    seen = ("..." if start else "") + word[start : bad.at + 30]
    caret = " " * (bad.at - start + (3 if start else 0)) + "^"
    message = f"layer {number} cannot be read:\n  {seen}\n  {caret} expected {bad.expected}"
    return DlcalcError("usage", message, hint=f"a word is {_GRAMMAR}", option="layers")
