"""Layer words, read for the frameworks that are to build them, by a reader that shares nothing with the program's.

A word that cannot be read is an AssertionError or a KeyError, and no refusal: the random networks draw words.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

Sides = tuple[int, int]

WINDOWED = re.compile(r"(convt|conv|dw|sep|max|avg|)(\d[\dx]*)(.*)")
LETTER = re.compile(r"([spdogcub])(same-upper|same-lower|same|valid|causal|full|[\dx:]*)")
AMOUNT = re.compile(r"(unshuffle|shuffle|aavg|amax|crop|pad|up|gn|fc)(\d[\dx:]*)(b[01])?")


class RefusedError(ValueError):
    """A framework refuses, or would answer, but not what the words mean."""


class Node(NamedTuple):
    """What a layer makes of a sample, channels first, what it learns and keeps, and what it computes on the batch."""

    output: tuple[int, ...]
    params: int
    buffers: int
    macs: int | None


class Facts(NamedTuple):
    """The nodes of a network, with two for a separable convolution, and what each of its linear layers reads."""

    nodes: list[Node]
    in_features: list[int]


class Windows(NamedTuple):
    """A convolution or a pooling."""

    kind: str
    taps: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: str | list[Sides]
    output_padding: tuple[int, ...] | None
    groups: int
    channels: int | None
    bias: bool | None
    ceil_mode: bool

    @property
    def extents(self) -> list[int]:
        """The kernel with its holes, along each axis."""
        return [d * (k - 1) + 1 for k, d in zip(self.taps, self.dilation, strict=True)]


class Amount(NamedTuple):
    """A kind of layer with a number behind it, per axis, or with both sides of each axis."""

    kind: str
    numbers: tuple[int, ...]
    sides: list[Sides]
    bias: bool | None


def read_windows(word: str, axes: int) -> Windows:
    match = WINDOWED.fullmatch(word)
    assert match, word
    kind, kernel, rest = str(match[1] or "conv"), str(match[2]), match[3]
    found = LETTER.findall(rest)
    letters: dict[str, str] = dict(found)
    assert rest == "".join(letter + value for letter, value in found), word
    assert len(letters) == len(found), word
    padding = letters.get("p", "0")
    return Windows(
        kind,
        per_axis(kernel, axes),
        per_axis(letters.get("s", kernel if kind in ("max", "avg") else "1"), axes),
        per_axis(letters.get("d", "1"), axes),
        sides(padding, axes) if padding[0].isdigit() else padding,
        per_axis(letters["o"], axes) if "o" in letters else None,
        int(letters.get("g", "1")),
        int(letters["c"]) if "c" in letters else None,
        letters["b"] == "1" if "b" in letters else None,
        "u" in letters,
    )


def read_amount(word: str, axes: int) -> Amount | None:
    match = AMOUNT.fullmatch(word)
    if match is None:
        return None
    both = sides(match[2], axes)
    bias = match[3] == "b1" if match[3] else None
    return Amount(match[1], tuple(before for before, _ in both), both, bias)


def per_axis(text: str, axes: int) -> tuple[int, ...]:
    numbers = [int(number) for number in text.split("x")]
    assert len(numbers) in (1, axes), text
    return tuple(numbers * axes if len(numbers) == 1 else numbers)


def sides(text: str, axes: int) -> list[Sides]:
    pairs = [[int(count) for count in entry.split(":")] for entry in text.split("x")]
    assert len(pairs) in (1, axes), text
    found = [(pair[0], pair[-1]) for pair in pairs]
    return found * axes if len(found) == 1 else found


def expanded(words: list[str]) -> list[str]:
    """The words with every ``rep3 ... end`` written out."""
    opened: list[tuple[int, list[str]]] = [(1, [])]
    for word in words:
        if re.fullmatch(r"rep\d+", word):
            opened.append((int(word[3:]), []))
        elif word == "end":
            times, block = opened.pop()
            opened[-1][1].extend(block * times)
        else:
            opened[-1][1].append(word)
    ((_, found),) = opened
    return found


def kinds(layers: str) -> set[str]:
    """What stands in front of the numbers and names of the words: ``conv``, ``up``, ``add@``."""
    found = (re.match(r"[a-z]+@|[a-z]*", word) for word in layers.split() if word[0] != "@")
    return {match[0] or "conv" for match in found if match}


def walk(
    layers: str, given: Any, layer: Callable[[str, Any], Any], join: Callable[[str, list[Any]], Any]
) -> str | None:
    """Go through a network, and stop at a word that the framework refuses: that word, or None.

    Args:
        layers: the network.
        given: the map that is its input.
        layer: makes a map of the one that a layer reads.
        join: makes one of several, the current one first.
    """
    current, named = given, dict[str, Any]()
    for word in expanded(layers.split()):
        before, at, names = word.partition("@")
        if at and not before:
            named[names] = current
        elif before == "from":
            current = named[names]
        else:
            try:
                if at:
                    current = join(before, [current, *(named[name] for name in names.split("@"))])
                else:
                    current = layer(word, current)
            except (RuntimeError, ValueError, TypeError, ArithmeticError):
                return word
    return None
