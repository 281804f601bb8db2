"""Layer words, a layer in a word: ``7s2p3c64``, ``max3s2p1``, ``dw3p1``, ``gap``, ``fc10b1``, ``up2``, ``relu``.

A layer word is cut at its letters, and each piece is read by the reader of the option that it stands for, so that a
padding in a word is what a padding is everywhere. What cannot be read is shown with a caret where it goes wrong.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from dlcalc.core.conv.layer import PADDING_WORDS, Kind, Layer
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import ELEMENTWISE, Op, OpKind, OtherKind, family_of
from dlcalc.notation.layers import padding, read_layer
from dlcalc.notation.values import integer, per_axis

# Prefix of a word -> the kind, the letters that may follow its kernel, and whether it is depthwise. Longest first.
_KINDS: dict[str, tuple[Kind, str, bool]] = {
    "convt": ("transposed", "spdogcb", False),
    "conv": ("conv", "spdgcb", False),
    "sep": ("conv", "spdcb", True),
    "dw": ("conv", "spdcb", True),
    "max": ("max-pool", "spdu", False),
    "avg": ("avg-pool", "spdu", False),
    "": ("conv", "spdgcb", False),
}
_WHOLE: dict[str, OpKind] = {
    "gap": "global-avg-pool",
    "bn": "batch-norm",
    "ln": "layer-norm",
    "flatten": "flatten",
    **{kind: kind for kind in ELEMENTWISE},
}
# Prefix -> the kind, and what the number behind it is. Longest first.
_AMOUNTS: dict[str, tuple[OtherKind, str]] = {
    "unshuffle": ("pixel-unshuffle", "the factor, like unshuffle2"),
    "shuffle": ("pixel-shuffle", "the factor, like shuffle2"),
    "aavg": ("adaptive-avg-pool", "the size of the output, like aavg7"),
    "amax": ("adaptive-max-pool", "the size of the output, like amax7"),
    "crop": ("crop", "the positions at both ends, like crop1 or crop0:1"),
    "pad": ("pad", "the positions at both ends, like pad1 or pad0:1"),
    "up": ("upsample", "the factor, like up2"),
    "gn": ("group-norm", "the number of groups, like gn32"),
}
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
# The letters that a word may begin with, and of those with windows the letters that may follow.
HEADS = (*_WHOLE, "fc", *_AMOUNTS, *filter(None, _KINDS))
WITHOUT_NUMBERS = frozenset(_WHOLE)
LETTERS_OF = {prefix: letters for prefix, (_, letters, _) in _KINDS.items() if prefix}
GRAMMAR = (
    "[conv|convt|dw|sep|max|avg]K[sS][pP][dD][oO][gG][cC][u][b0|b1], fcN[b0|b1], or another one, like gap, relu, add@a"
)
_JOINING = ("add", "mul", "cat", "from")
_BLOCK = ("rep", "end")
_DIMS = ("1d", "2d", "3d")
_CLASS = re.compile(r"([a-z_-]+(?:[123]d)?)(.*)", re.DOTALL)  # Conv2d3: a name as of a class, and numbers
_SOME = "2"  # stands for a number that is not there
_PADDING_WORDS = sorted(PADDING_WORDS, key=len, reverse=True)  # same-upper before same


class BadWordError(Exception):
    """Where a layer word goes wrong, counted in characters from 0, and what was expected there."""

    def __init__(self, at: int, expected: str) -> None:
        super().__init__(expected)
        self.at, self.expected = at, expected


class Part(NamedTuple):
    """A layer that a word stands for; a word of several has a name for each of its parts."""

    op: Op
    family: str
    part: str = ""


@lru_cache(maxsize=4096)
def read_word(word: str, axes: tuple[str, ...], ceil_mode: bool = False) -> tuple[Part, ...]:
    """Read one layer word; networks, and the lines of a batch, have few different ones.

    Args:
        word: the layer.
        axes: of the input.
        ceil_mode: whether every pooling has it.

    Raises:
        BadWordError: where it cannot be read.
        DlcalcError: ``usage``, ``shape-mismatch``.

    >>> read_word("max3s2p1", ("w",))[0].op.layer.padding
    ((1, 1),)
    >>> [part.part for part in read_word("sep3p1c64", ("h", "w"))]
    ['depthwise', 'pointwise']
    """
    if word in _WHOLE:
        return _alone(Op(_WHOLE[word]))
    name = next((name for name in _WHOLE if word.startswith(name)), "")
    if name:
        raise BadWordError(len(name), f"the end: {name} has no numbers")
    if word.startswith("fc"):
        return _alone(_linear(word))
    prefix = next((prefix for prefix in _AMOUNTS if word.startswith(prefix)), "")
    if prefix:
        return _alone(_with_amount(word, prefix, axes))
    prefix = next(prefix for prefix in _KINDS if word.startswith(prefix))
    kind, letters, depthwise = _KINDS[prefix]
    at = _numbers(word, len(prefix))
    if at == len(prefix):
        expected = (
            "a kernel size" if prefix else "a kernel size, or conv, convt, dw, max, avg, gap, bn, fc, relu, add@..."
        )
        raise BadWordError(at, expected)
    pieces = _pieces(word, at, letters, prefix)
    windows = {_LETTERS[letter].replace(" ", "_"): text for letter, text in pieces.items() if letter in "spdo"}
    ceil_mode = "u" in letters and (ceil_mode or "u" in pieces)
    op = Op(
        kind,
        read_layer({"kernel": word[len(prefix) : at], **windows}, axes, kind, ceil_mode=ceil_mode),
        channels=integer(pieces["c"], "c_out") if "c" in pieces else None,
        groups=integer(pieces["g"], "groups") if "g" in pieces else 1,
        depthwise=depthwise,
        bias=_bias(pieces),
    )
    if prefix != "sep":
        return _alone(op)
    pointwise = Op("conv", Layer(1), op.channels, bias=op.bias)
    return Part(op._replace(channels=None, bias=False), "sep", "depthwise"), Part(pointwise, "sep", "pointwise")


def _alone(op: Op) -> tuple[Part, ...]:
    return (Part(op, family_of(op.kind)),)


def _linear(word: str) -> Op:
    at = _digits(word, 2)
    if at == 2:
        raise BadWordError(2, "the number of features, like fc10")
    bias = _bias(_pieces(word, at, "b", "fc"))
    return Op("linear", None, integer(word[2:at], "c_out"), bias=bias)


def _with_amount(word: str, prefix: str, axes: Sequence[str]) -> Op:
    """Read a word that is a prefix and one amount."""
    kind, expected = _AMOUNTS[prefix]
    sides = kind in ("pad", "crop")
    at = len(prefix)
    end = _digits(word, at) if kind == "group-norm" else _numbers(word, at, ":" if sides else "")
    if end == at:
        raise BadWordError(at, expected)
    if end < len(word):
        raise BadWordError(end, "the end")
    if kind == "group-norm":
        return Op(kind, groups=integer(word[at:], "groups"))
    if not sides:
        return Op(kind, amount=per_axis(word[at:], "size" if kind.startswith("adaptive") else "factor", axes))
    amount = padding(word[at:], "padding", axes)
    assert not isinstance(amount, str)
    return Op(kind, amount=amount if isinstance(amount, int) else tuple(_pair(entry) for entry in amount))


def _pair(entry: int | tuple[int, int]) -> tuple[int, int]:
    return (entry, entry) if isinstance(entry, int) else entry


def _bias(pieces: Mapping[str, str]) -> bool | None:
    return pieces["b"] == "1" if "b" in pieces else None


def _pieces(word: str, at: int, letters: str, prefix: str) -> dict[str, str]:
    """Cut what follows the kernel, from ``at`` on, into the text behind each letter."""
    pieces: dict[str, str] = {}
    while at < len(word):
        letter = word[at]
        if letter in pieces:
            raise BadWordError(at, f"{letter} once only")
        if letter not in letters:
            choices = ", ".join(f"{other} {_LETTERS[other]}" for other in letters if other not in pieces)
            lacking = _LETTERS.get(letter, "").partition(",")[0]
            why = f"; {prefix or 'conv'} has no {lacking}" if lacking else ""
            raise BadWordError(at, f"{choices}, or the end{why}")
        end = _end(word, at + 1, letter)
        pieces[letter] = word[at + 1 : end]
        at = end
    return pieces


def _end(word: str, at: int, letter: str) -> int:
    """Find the end of the value behind a letter.

    Raises:
        BadWordError: if there is no value.
    """
    if letter == "u":
        return at
    if letter == "b":
        if word[at : at + 1] not in ("0", "1"):
            raise BadWordError(at, "0 or 1: b0 is without a bias, b1 with one")
        return at + 1
    if letter == "p":
        for name in _PADDING_WORDS:
            if word.startswith(name, at):
                return at + len(name)
    end = _digits(word, at) if letter in "gc" else _numbers(word, at, ":" if letter == "p" else "")
    if end == at:
        more = ", or " + ", ".join(PADDING_WORDS) if letter == "p" else ""
        raise BadWordError(at, f"a number behind {letter}{more}")
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
            raise BadWordError(end, "x and the next axis, another letter, or the end")
        last = word[end]
        following = _digits(word, end + 1)
        if following == end + 1:
            raise BadWordError(following, f"a number behind {word[end]}")
        end = following
    return end


def with_caret(bad: BadWordError, word: str, number: int, reads: Callable[[str], object] | None = None) -> DlcalcError:
    """Make the error that shows the word, with a caret under the character where it goes wrong.

    Args:
        bad: where the word goes wrong.
        word: the word.
        number: its place in the network.
        reads: reads another word in its place, as what is suggested must be; without it nothing is.
    """
    start = max(0, bad.at - 30)
    seen = ("..." if start else "") + word[start : bad.at + 30]
    caret = " " * (bad.at - start + (3 if start else 0)) + "^"
    message = f"word {number} cannot be read:\n  {seen}\n  {caret} expected {bad.expected}"
    meant = reads and next((f"did you mean {said}?" for near, said in _meant(word) if _is_read(near, reads)), None)
    return DlcalcError("usage", message, hint=meant or f"a word is {GRAMMAR}", option="layers")


def _is_read(word: str, reads: Callable[[str], object]) -> bool:
    try:
        reads(word)
    except (BadWordError, DlcalcError):
        return False
    return True


def _meant(word: str) -> Iterator[tuple[str, str]]:
    """Give the words that may be meant, likeliest first, and how each is said; those that can be read count."""
    from dlcalc.core.spelling import other_orders

    lower = word.lower()
    for name, numbers in other_orders(lower, tuple(LETTERS_OF)):
        meant = _near(name, HEADS) + numbers
        yield meant, meant
    parts = _CLASS.fullmatch(lower)
    of_class = parts is not None and parts[1][-2:] in _DIMS
    if lower != word and not of_class:
        yield lower, lower
    if "@" in word:
        before, _, names = word.partition("@")
        near = f"{_near(before, _JOINING)}@{names}"
        yield from ((near, near), (before, f"{before} @{names}, which are two words"))
        return
    if parts is None:
        return
    head, rest = parts.groups()
    lacking = any(head == known + letter for known, letters in LETTERS_OF.items() for letter in letters)
    if not of_class and (lacking or (len(head) == 1 and rest)):
        return  # a number is missing, as in maxs2 and c64
    near = _near(head, (*HEADS, *_BLOCK))
    if near in WITHOUT_NUMBERS:
        yield near, near
    if near + rest != word:
        yield near + rest, near + rest
    if not rest:
        yield near + _SOME, f"{near} with its number behind, like {near}{_SOME}"


def _near(typed: str, known: Sequence[str]) -> str:
    from dlcalc.core.spelling import did_you_mean

    return (did_you_mean(typed, known) if typed else None) or typed
