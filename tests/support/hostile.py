"""Inputs that nobody would type, and some that somebody would: words, lines of a batch and files, drawn at random."""

import io
import json
import math
import warnings
from random import Random
from typing import Any

import click
import numpy as np

from dlcalc.cli import COMMANDS, dlcalc
from dlcalc.core.arrays.formats import is_number


def _command(name: str) -> click.Command:
    found = dlcalc.get_command(click.Context(dlcalc), name)
    assert found is not None
    return found


COMMAND = {name: _command(name) for name in COMMANDS}

SMALL = ["1", "2", "2", "3", "3", "5"]
WHOLE = ["1", "2", "3", "3", "3", "5", "7", "7", "8", "9", "9", "16", "224", "1000", "99999"]
ODD_WHOLE = [
    "0",
    "-1",
    "10000000",
    "999999999999999999",
    "1000000000000000000",
    "+3",
    "007",
    "2**3",
    "3x5",
    "2x2x2",
    "1x",
    "x",
    "0x1",
    "7x99999999",
]
PADDINGS = [
    "0",
    "1",
    "1",
    "3",
    "same",
    "valid",
    "same-upper",
    "same-lower",
    "causal",
    "full",
    "0:1",
    "1:0x2",
    "0:1x1:0",
]
SWEPT = ["7,14", "5..9", "1..50..7", "9..5", "..", "1..", "7,,8", "1..99999999999"]
REALS = ["0", "1", "-1", "0.5", ".5", "5.", "1e-5", "1e-12", "1e-320", "0.1", "2", "1.5", "1e5", "4.35"]
EXTREME = ["1e300", "-1e300", "1e400", "nan", "inf", "-inf", "1e-320", "1.7e308", "-0.0", "3e38", "65520", "1e20"]
CLAIMS = [
    "loss",
    "softmax",
    "grad_logits",
    "output",
    "params",
    "macs",
    "scale",
    "shift",
    "weight",
    "bias",
    "mean",
    "var",
]
CLAIMS += ["evaluated", "folded", "unfolded", "receptive_field", "conv1.output", "in_features", "flops", "foo", ""]
LAYERS = (
    "3 7s2p3c64 conv3 convt2s2 dw3 sep3c8 max2 avg3s2p1u 3x5 3p1:2 bn relu gap fc10 flatten aavg7 up2 @a @a from@a "
)
LAYERS += (
    "add@a cat@a mul@a rep2 end end shuffle2 unshuffle2 pad1 crop0:1 ln gn4 3psame 3d2 c5 7s0 3g2c4 amax3 rellu rep99"
)
LAYER_WORDS = LAYERS.split()
GOOD_LAYERS = [
    "3p1c8",
    "3p1c8",
    "max2",
    "bn",
    "relu",
    "convt2s2c4",
    "@a",
    "add@a",
    "cat@a",
    "gap",
    "fc10",
    "dw3",
    "up2",
]

# What an option is given, where its name tells; all others are given numbers.
VALUES = {
    **dict.fromkeys(("kernel", "stride", "dilation", "output_padding", "groups", "dims"), SMALL),
    **dict.fromkeys(("w", "h", "depth", "c_in", "c_out", "n", "size", "target"), WHOLE),
    "padding": PADDINGS,
    "framework": ["pytorch", "tensorflow", "onnx", "paper", "torch", "pytroch"],
    "kind": ["conv", "transposed", "max-pool", "avg-pool", "linear", "depthwise"],
    "solve": ["input", "kernel", "stride", "padding", "dilation", "output-padding", "p", "w,p"],
    "format": ["json", "csv", "table"],
    "reduction": ["none", "mean", "sum"],
    "dtype": ["float32", "float16", "int8"],
    "at": ["conv1", "3", ""],
    "ignore_index": ["0", "1", "-100", "99999999999999999999"],
    **dict.fromkeys(("label_smoothing", "temperature", "rtol", "atol", "eps", "momentum"), REALS),
}
NUMBERS = ("1,2,3", "1,2,3/4,5,6", "0,0", "5", "1 2;3 4", "1,,2", "nan,1", "inf,-inf", "1e308,1e308/-1e308,1e308")
TEXTS = ["", " ", "-", "z", "\0", "\ud800", "\udcff", "\u00e9" * 50, "9" * 5000, "[", "=", "--", "%s", "{}", "a=1"]
MATRICES = (
    "logits",
    "target",
    "x",
    "batches",
)  # a row each; weights are square, and all others have one number a class

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 3.0, 1e-320, 1e308, -1e308, 65504.0, 3e38, np.inf, -np.inf, np.nan]
FLOATS = ["<f2", "<f4", "<f8", ">f4", "|V2"]
FORMATS = [*FLOATS, ">f8", "<i8", "|u1", "<u8", "<u2", "|b1", "<c8", "|S3", "<i2", "<c16"]
SHAPES: list[tuple[int, ...]] = [(3,), (2, 3), (), (1,), (1, 3), (3, 1), (0,), (2, 0), (2, 3, 2), (1,) * 5]

# The options that make a question, or nearly.
QUESTIONS = {
    "conv-shape": (["w", "kernel"], ["size", "kernel", "stride"], ["w", "layers"], ["target", "solve", "kernel"]),
    "conv-params": (["kernel", "c_in", "c_out"], ["c_in", "w", "layers"], ["c_in", "c_out", "kernel", "w"]),
    "softmax-grad": (["logits", "label"], ["logits", "target"], ["x", "weight", "bias", "label"]),
    "bn-fold": (["mean", "var"], ["gamma", "beta", "mean", "var", "weight"], ["batches"], ["mean", "var", "x"]),
}


class Hostile:
    """Draws inputs from a seed: the same seed gives the same inputs, on every machine.

    Those of one seed fit each other in shape, but for what is odd among them, which is nothing, little or much.
    """

    def __init__(self, seed: str) -> None:
        self.random = Random(seed)
        self.oddness = self.random.choice((0.0, 0.0, 0.03, 0.3))
        self.shape = self.random.choice(((1, 3), (1, 2), (2, 3), (2, 2), (3, 1), (4, 3)))
        self.pool = self.random.choice((["1", "2", "3"], REALS[:6], [*REALS, *EXTREME[-4:]], [*REALS, *EXTREME]))

    def odd(self) -> bool:
        """Whether the next thing is to be odd."""
        return self.random.random() < self.oddness

    def options(self, command: str) -> dict[str, click.Parameter]:
        """All options of a command by the names of their values, those of a new version too."""
        besides = ("help", "batch", "output", "force")
        return {str(one.name): one for one in COMMAND[command].params if one.name not in besides}

    def shape_of(self, name: str) -> tuple[int, ...]:
        """The shape of an array that goes with the others."""
        rows, columns = self.shape
        if name in MATRICES:
            return (columns,) if rows == 1 and self.random.random() < 0.7 else (rows, columns)
        return (columns, columns) if name == "weight" else (rows,) if name == "label" else (columns,)

    def array(self, name: str) -> str:
        """Numbers as they are typed."""
        if self.odd():
            return self.random.choice([*NUMBERS, *EXTREME, *TEXTS])
        *rows, columns = self.shape_of(name)
        pool = ["0", str(self.shape[1] - 1), "-100"] if name == "label" else self.pool
        return "/".join(",".join(self.random.choices(pool, k=columns)) for _ in range(*rows or (1,)))

    def value(self, name: str) -> str:
        """Something for an option."""
        if self.odd():
            return self.random.choice([*PADDINGS, *SWEPT, *ODD_WHOLE, *EXTREME, *NUMBERS, *TEXTS])
        if name == "expect":
            claimed = (
                self.array("logits") if self.random.random() < 0.7 else self.random.choice([*WHOLE, "138,357", "15.5G"])
            )
            return self.random.choice([claimed, f"{self.random.choice(CLAIMS)}={claimed}"])
        return self.random.choice(VALUES[name]) if name in VALUES else self.array(name)

    def names(self, command: str) -> list[str]:
        """The names of the options of a question, and of some more."""
        more = self.random.choices(sorted(self.options(command)), k=self.random.choice((0, 0, 1, 1, 2, 3)))
        asked = self.random.choices(("explain", "check", "expect"), k=self.random.choice((0, 1, 1, 2)))
        return list(dict.fromkeys([*self.random.choice(QUESTIONS[command]), *asked, *more]))

    def words(self, command: str) -> list[str]:
        """A call of a command."""
        options = self.options(command)
        words: list[str] = []
        for name in self.names(command):
            if name == "layers":
                pool = LAYER_WORDS if self.odd() else GOOD_LAYERS
                words += self.random.choices(pool, k=self.random.randint(1, 6))
            elif getattr(options[name], "is_flag", False):
                words.append(options[name].opts[-1])
            else:
                words += [options[name].opts[0], self.value(name)]
        if not {"--json", "-q", "--quiet", "--format"}.intersection(words):
            words += self.random.choice(([], ["--json"], ["--json"], ["-q"], ["--format", "csv"]))
        if self.odd():  # one word is forgotten, doubled, or in the wrong place
            place = self.random.randrange(len(words))
            words[place : place + 1] = self.random.choice(([], words[place : place + 1] * 2, [self.value("x")]))
        return [command, *words]

    def json_value(self, name: str, depth: int = 0) -> Any:
        """Something for a key of a line."""
        if self.odd():
            wild = [0, 1, 7, -1, 2.5, 1e308, 10**18, 10**30, True, None, float("nan"), -0.0]
            nested = (
                [self.json_value(name, depth + 1) for _ in range(self.random.choice((0, 1, 2, 3)))] if depth < 4 else []
            )
            return self.random.choice([*wild, nested, nested, {self.random.choice("whdk"): nested}])
        text = self.value(name)
        if name in VALUES or self.random.random() < 0.3:
            return int(text) if text.isdigit() and len(text) < 9 else text
        rows = [[float(cell) if is_number(cell) else cell for cell in row.split(",")] for row in text.split("/")]
        return rows if len(rows) > 1 else rows[0]

    def line(self, command: str) -> bytes:
        """A line of a batch: good, nearly good, or nothing of the kind."""
        if self.odd():
            odd = [
                b"\0",
                b"\xff\xfe",
                b"\xef\xbb\xbf{}",
                b"[" * 3000,
                b'{"w":' * 3000,
                b'{"w":' + b"9" * 5000 + b",",
                b"NaN",
            ]
            odd += [
                b'{"w":1e999999999}',
                b'{"w":7,"w":8}',
                b'{"id":"\\ud800","w":7,"k":3}',
                b"\r",
                b'{"id":' + b"8" * 5000,
            ]
            odd += [
                b'{"expect":' + b"[" * 980 + b"]" * 980 + b"}",
                b'{"logits":' + b"[" * 990 + b"]" * 990 + b',"label":0}',
            ]
            return self.random.choice(odd)
        names = [name for name in self.names(command) if name not in ("explain", "json", "quiet", "format")]
        flags = {name for name, one in self.options(command).items() if getattr(one, "is_flag", False)}
        content = {name: True if name in flags else self.json_value(name) for name in [*names, "id"]}
        if "layers" in content:
            content["layers"] = self.random.choices(GOOD_LAYERS, k=3)
        line = json.dumps(content).encode()
        return self.mutated(line).replace(b"\n", b"") if self.odd() else line

    def mutated(self, data: bytes) -> bytes:
        """The same bytes, with some of them changed, cut off, doubled or made up."""
        content = bytearray(data)
        for _ in range(self.random.choice((1, 1, 1, 2, 5))):
            place = self.random.randrange(len(content) + 1)
            change = self.random.randrange(5)
            if change == 0 and place < len(content):
                content[place] ^= 1 << self.random.randrange(8)
            elif change == 1:
                del content[place : place + self.random.choice((1, 1, 2, 8, 1000))]
            elif change == 2:
                content[place:place] = content[place : place + self.random.choice((1, 4, 40))]
            elif change == 3:
                content[place:place] = self.random.choice(
                    (b"\0", b"9", b"-", b",", b"(", b"1e999", b"]", b"\xff", b"nan")
                )
            elif content:
                content[place % len(content)] = self.random.randrange(256)
        return bytes(content)

    def numbers(self, name: str) -> Any:
        """An array of numbers in a format, or of bits that are any numbers."""
        odd = self.odd()
        shape = self.random.choice(SHAPES) if odd else self.shape_of(name)
        dtype = np.dtype(self.random.choice(FORMATS if odd or name == "label" else FLOATS))
        count = math.prod(shape)
        if self.random.random() < 0.2:  # signalling NaNs among them
            return np.frombuffer(self.random.randbytes(count * dtype.itemsize), dtype).reshape(shape)
        pool = SPECIAL if self.random.random() < 0.4 else [0.0, 1.0] if name == "label" else SPECIAL[2:6]
        values = np.array(self.random.choices(pool, k=count))
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            single = values.astype("<f4").view("<u4") >> 16
            made = single.astype("<u2").view("V2") if dtype.kind == "V" else values.astype(dtype)
        return np.array(made.reshape(shape), order=self.random.choice(("C", "F")))

    def file(self, option: str, number: int) -> tuple[str, bytes]:
        """A file for an option: its name and its content, which is mostly as it should be."""
        ending = self.random.choice(("npy", "npy", "npy", "npz", "csv", "json"))
        stream = io.BytesIO()
        if ending == "npy":
            np.save(stream, self.numbers(option))
        elif ending == "npz":
            save = np.savez if self.random.random() < 0.5 else np.savez_compressed
            save(stream, **{key: self.numbers(option) for key in (("a", "b") if self.odd() else ("a",))})
        elif ending == "csv":
            stream.write(self.array(option).replace("/", "\n").encode("utf-8", "surrogatepass"))
        else:
            stream.write(json.dumps(self.json_value(option)).encode())
        content = stream.getvalue()
        mutated = self.odd() or self.random.random() < 0.1
        return f"f{number}.{ending}", self.mutated(content) if mutated else content
