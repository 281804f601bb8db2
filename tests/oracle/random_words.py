"""Random networks in layer words, legal and not, with branches that meet more often than not."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from dlcalc.core.conv.layer import FrameworkName

ELEMENTWISE = [
    *("relu", "relu6", "leaky", "elu", "selu", "gelu", "silu", "mish", "sigmoid", "tanh"),
    *("hardswish", "hardsigmoid", "softmax", "dropout", "identity"),
]
LARGEST = {1: 24, 2: 14, 3: 7}  # of the input, along each axis
KINDS = ("conv",) * 4 + ("convt", "convt", "dw", "sep", "max", "avg", "resize", "resize", "norm", "act")
RARE = ("convt", "dw", "sep", "max", "avg", "resize", "resize", "resize", "norm", "norm")
CHANNELS = (1, 2, 4, 4, 4, 6, 8)


Raw = dict[str, Any]


def networks(count: int, seed: int, framework: FrameworkName = "pytorch") -> Iterator[Raw]:
    """As many questions of conv-params about networks, on one to three axes.

    Each is about two samples: of one PyTorch's group norm refuses a group of one entry, even where nothing is learned.
    """
    rng = random.Random(seed)
    for _ in range(count):
        axes, channels = rng.choice((1, 2, 2, 3)), rng.choice(CHANNELS)
        words = _Words(rng, axes).network(channels)
        yield _question(rng, axes, channels, framework, words)


def layers(count: int, seed: int, framework: FrameworkName) -> Iterator[Raw]:
    """As many about a layer, or about two of them side by side and the join of both, with few plain convolutions."""
    rng = random.Random(seed)
    for _ in range(count):
        axes, channels = rng.choice((1, 2, 2, 3)), rng.choice(CHANNELS)
        drawn = _Words(rng, axes, RARE)
        words = drawn.joined(channels) if rng.random() < 0.4 else [drawn.word()]
        yield _question(rng, axes, channels, framework, words)


def _question(rng: random.Random, axes: int, channels: int, framework: FrameworkName, words: list[str]) -> Raw:
    extents = [rng.randint(1, LARGEST[axes]) for _ in range(axes)]
    if rng.random() < 0.5:
        extents = [-(-extent // 4) * 4 for extent in extents]  # what is halved twice can be doubled twice
    return {
        "size": "x".join(map(str, extents)),
        "dims": axes,
        "c_in": channels,
        "bias": rng.random() < 0.5,
        "n": 2,
        "framework": framework,
        "layers": " ".join(words),
    }


class _Words:
    """Draws the words of one network."""

    def __init__(self, rng: random.Random, axes: int, kinds: Sequence[str] = KINDS) -> None:
        self.rng, self.axes, self.kinds = rng, axes, kinds

    def network(self, channels: int) -> list[str]:
        """A few pieces, a tail, and sometimes another number somewhere."""
        rng, words = self.rng, list[str]()
        for _ in range(rng.randint(1, 3)):
            if rng.random() < 0.7:
                words += self.block(channels).split()
            else:
                words += self.wild()
            if rng.random() < 0.8:
                channels = rng.choice(CHANNELS)
                words.append(f"1c{channels}")
        tails = ("", "", "", "flatten", "fc3", "gap flatten bn fc4b0", "flatten relu fc3 ln", "gap gn1 fc2b1 softmax")
        words += rng.choice(tails).split()
        if rng.random() < 0.25:
            place = rng.randrange(len(words))
            words[place] = self.changed(words[place])
        return words

    def joined(self, channels: int) -> list[str]:
        """Two layers side by side that mostly fit, and what joins them."""
        first, second = (self.keeping(channels) if self.rng.random() < 0.5 else self.word() for _ in range(2))
        if self.rng.random() < 0.3:
            second = self.rng.choice(("gap", f"fc{channels}", "identity", "1c1"))
        return ["@x", first, "@y", "from@x", second, self.rng.choice(("add@y", "mul@y", "cat@y", "add@y@y", "cat@y@x"))]

    def block(self, c: int) -> str:
        """A block with a branch, as networks have them, on a map of ``c`` channels."""
        rng = self.rng
        keep, other, act = self.keeping(c), self.keeping(rng.choice(CHANNELS)), rng.choice(ELEMENTWISE)
        wide = rng.choice((2, 3)) * c
        return rng.choice(
            (
                f"@x {keep} bn {act} {self.keeping(c)} bn add@x",
                f"@x {act} {keep} @y {other} from@y {self.keeping(c)} add@x@y mul@x",
                f"@x 3s2p1c{wide} {act} @y from@x 1s2c{wide} bn add@y",
                f"@x {rng.choice(('max2u', 'avg3s2p1', '3s2p1c4'))} @y from@x 1s2c3 cat@y",
                f"@x gap 1c{max(1, c // 2)} {act} 1c{c} sigmoid mul@x",
                f"@x gap flatten fc{c} {act} mul@x",
                f"@x fc{c} @s from@x gap add@s",
                f"@x {keep} @p from@x 1c{wide} @q from@x {rng.choice(('max3s1p1', 'avg5s1p2'))} cat@p@q",
                f"@x {rng.choice(('max2', 'avg2', '2s2c4'))} {act} {rng.choice(('up2', f'convt2s2c{c}'))} cat@x",
                f"@x 3s2p1c{wide} convt3s2p1o1c{c} add@x",
                f"@x 1c{wide} bn relu6 dw3p1 bn {act} 1c{c} add@x",
                f"@x sep{rng.choice((3, 5))}psamec{c} gn1 add@x",
                f"@x aavg{rng.choice((1, 2, 3, 5))} @y from@x amax{rng.choice((1, 1, 2, 3))} mul@y",
                f"@x 3c{c} @y from@x crop1 {rng.choice(('add', 'mul', 'cat'))}@y",
                f"@x pad1:2 {act} crop{rng.choice(('1:2', '2:1', '0:3'))} add@x",
                f"@x unshuffle2 1c{2 ** (self.axes + 1)} {act} shuffle2 1c1 add@x",
                f"rep{rng.randint(1, 3)} @x {keep} {act} add@x end",
                f"rep{rng.randint(1, 2)} @x {other} cat@x end",
                f"rep2 @x rep2 {keep} ln end {act} mul@x end",
                f"@x 1c1 {rng.choice(('add', 'mul'))}@x",
            )
        )

    def keeping(self, channels: int) -> str:
        """A convolution that keeps the size."""
        rng, k, d = self.rng, self.rng.choice((1, 3, 3, 5)), self.rng.choice((1, 1, 1, 2))
        windows = f"{k}d{d}p{k // 2 * d}" if rng.random() < 0.6 else f"{k}d{d}p{rng.choice(('same', 'same-upper'))}"
        if rng.random() < 0.1:
            return f"conv{k}pcausalc{channels}"
        return windows + rng.choice(("", f"g{rng.choice((1, 2))}")) + f"c{channels}" + rng.choice(("", "", "b0", "b1"))

    def wild(self) -> list[str]:
        """Some words, of which nobody knows whether they fit, with names and joins between them."""
        rng, words, names = self.rng, list[str](), list[str]()
        for _ in range(rng.randint(1, 6)):
            luck = rng.random()
            if luck < 0.25:
                names.append(rng.choice("abc"))
                words.append("@" + names[-1])
            elif luck < 0.32 and names:
                words.append("from@" + rng.choice(names))
            elif luck < 0.45 and names:
                words.append(rng.choice(("add@", "mul@", "cat@")) + rng.choice(names))
            words.append(self.word())
        return words

    def word(self) -> str:
        """One word."""
        rng = self.rng
        kind = rng.choice(self.kinds)
        if kind == "act":
            return rng.choice(ELEMENTWISE)
        if kind == "norm":
            return rng.choice(("bn", "ln", "gn1", "gn2", "gn3", "gn4"))
        if kind == "resize":
            amount, size = self.numbers(1, 3), self.numbers(1, 7)
            shuffles = ("shuffle2", "unshuffle2", f"shuffle{amount}")
            cuts = (f"pad{self.sides(2)}", f"crop{self.sides(2)}")
            return rng.choice(("up2", f"up{amount}", *shuffles, *cuts, f"aavg{size}", f"amax{size}", "gap"))
        word = rng.choice((kind, kind, "")) if kind == "conv" else kind
        word += self.numbers(1, 4)
        pools, letters = kind in ("max", "avg"), list[str]()
        if rng.random() < 0.5:
            letters.append(f"s{self.numbers(1, 3)}")
        if rng.random() < 0.6:
            words = ("same", "valid", "causal", "full", "same-upper", "same-lower")
            letters.append("p" + (rng.choice(words) if rng.random() < 0.12 else self.sides(1 if pools else 2)))
        if rng.random() < (0.05 if kind == "avg" else 0.2):
            letters.append(f"d{self.numbers(1, 3)}")
        if kind == "convt" and rng.random() < 0.4:
            letters.append(f"o{self.numbers(0, 2)}")
        if pools:
            letters += ["u"] if rng.random() < 0.3 else []
        else:
            if kind != "dw" or rng.random() < 0.3:
                letters.append(f"c{rng.choice(CHANNELS) * rng.choice((1, 1, 2))}")
            if kind in ("conv", "convt") and rng.random() < 0.2:
                letters.append(f"g{rng.choice((1, 2, 2, 4))}")
            if rng.random() < 0.3:
                letters.append(rng.choice(("b0", "b1")))
        rng.shuffle(letters)
        return word + "".join(letters)

    def numbers(self, low: int, high: int) -> str:
        """One number, or one per axis."""
        count = 1 if self.rng.random() < 0.8 else self.axes
        return "x".join(str(self.rng.randint(low, high)) for _ in range(count))

    def sides(self, high: int) -> str:
        """A number for both sides, or one for each; once, or per axis."""
        count = 1 if self.rng.random() < 0.8 else self.axes
        return "x".join(self.pair(high) for _ in range(count))

    def pair(self, high: int) -> str:
        """One for both sides, or one for each."""
        if self.rng.random() < 0.75:
            return str(self.rng.randint(0, high))
        return f"{self.rng.randint(0, high)}:{self.rng.randint(0, high)}"

    def changed(self, word: str) -> str:
        """The word with another digit somewhere; names and repetitions stay."""
        places = [place for place, letter in enumerate(word) if letter in "123456789"]
        if "@" in word or word.startswith(("rep", "relu6")) or not places:
            return word
        place = self.rng.choice(places)
        digit = str(self.rng.randint(0, 4))
        return word[:place] + digit + word[place + 1 :] if word[place - 1 : place] != "b" else word
