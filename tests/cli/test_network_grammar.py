"""The grammar of networks from the outside: what is written, what comes of it, worked out by hand; and what is not."""

import json

import pytest

from tests.conftest import Run

# Words on 4 channels of 8 x 8 -> the output, its channels or features, the parameters and the multiply-accumulates.
ANSWERED: list[tuple[str, str, int, int, int]] = [
    # branches: 3*3*4*4 = 144 weights, on 64 positions
    ("3p1c8", "8x8", 8, 288, 288 * 64),
    ("@a 3p1c4 add@a", "8x8", 4, 144, 144 * 64),
    ("3p1c4 @a 3p1c4 add@a", "8x8", 4, 288, 288 * 64),
    ("@a 3p1c6 cat@a", "8x8", 10, 216, 216 * 64),
    ("@a 3p1c6 @b from@a 1c2 cat@b@a", "8x8", 2 + 6 + 4, 216 + 8, (216 + 8) * 64),
    ("3p1c4 @a @b 1c4 add@a mul@b", "8x8", 4, 144 + 16, (144 + 16) * 64),
    ("3p1c4 @a max2 3p1c8 convt2s2c4 cat@a 1c2", "8x8", 2, 144 + 288 + 128 + 16,
     144 * 64 + 288 * 16 + 8 * 4 * 4 * 16 + 16 * 64),
    ("3p1c4 @a 3s2p1c4 from@a avg2", "4x4", 4, 288, 144 * 64 + 144 * 16),  # a branch that ends
    # squeeze and excitation: what has one position is spread
    ("@x gap 1c2 relu 1c4 sigmoid mul@x", "8x8", 4, 16, 16),
    ("@x gap fc2 relu fc4 sigmoid mul@x", "8x8", 4, 16, 16),
    ("@x gap 1c1 add@x", "8x8", 4, 4, 4),  # and what has one channel
    # blocks
    ("rep3 3p1c4 bn relu end", "8x8", 4, 3 * (144 + 8), 3 * 144 * 64),
    ("rep2 rep2 1c4 end max2 end", "2x2", 4, 4 * 16, 2 * 16 * 64 + 2 * 16 * 16),
    ("rep2 @x 1c4 add@x end", "8x8", 4, 32, 32 * 64),
    ("@x rep2 1c4 add@x end", "8x8", 4, 32, 32 * 64),
    ("rep3 @x 1c4 cat@x end", "8x8", 16, (4 + 8 + 12) * 4, (4 + 8 + 12) * 4 * 64),  # as in a DenseNet
    ("rep1 3p1c4 end", "8x8", 4, 144, 144 * 64),
    # separable, depthwise and grouped
    ("sep3p1c8", "8x8", 8, 36 + 32, 68 * 64),
    ("sep3s2p1c8b1", "4x4", 8, 36 + 32 + 8, 68 * 16),
    ("dw3p1", "8x8", 4, 36, 36 * 64),
    ("dw3p1c8", "8x8", 8, 72, 72 * 64),
    ("3p1g2c8", "8x8", 8, 144, 144 * 64),
    ("convt2s2c2", "16x16", 2, 32, 32 * 64),
    # vectors
    ("flatten", "256", 256, 0, 0),
    ("flatten fc10", "10", 10, 2560, 2560),
    ("fc10", "10", 10, 2560, 2560),
    ("gap fc10b1", "10", 10, 50, 40),
    ("max2 flatten relu fc5 fc2", "2", 2, 64 * 5 + 10, 64 * 5 + 10),
    ("gap fc8 @v fc8 cat@v fc2", "2", 2, 32 + 64 + 32, 32 + 64 + 32),
    ("gap @v fc4 add@v fc2", "2", 2, 16 + 8, 16 + 8),
    # other sizes
    ("aavg2 flatten fc10", "10", 10, 160, 160),
    ("aavg2x4", "2x4", 4, 0, 0),
    ("amax3 1c2", "3x3", 2, 8, 8 * 9),
    ("aavg9", "9x9", 4, 0, 0),
    ("up2 1c2", "16x16", 2, 8, 8 * 256),
    ("up2x3", "16x24", 4, 0, 0),
    ("shuffle2 1c2", "16x16", 2, 2, 2 * 256),
    ("shuffle1x4", "8x32", 1, 0, 0),
    ("unshuffle2 1c4", "4x4", 4, 64, 64 * 16),
    ("unshuffle4 shuffle4", "8x8", 4, 0, 0),
    ("pad1 3c4", "8x8", 4, 144, 144 * 64),
    ("pad0:2x1:0 1c1", "10x9", 1, 4, 4 * 90),
    ("crop1 1c1", "6x6", 1, 4, 4 * 36),
    ("crop0:3x2:0", "5x6", 4, 0, 0),
    # norms, with a scale and a shift a channel; and what computes entry by entry
    ("bn", "8x8", 4, 8, 0),
    ("ln gn2 gn4", "8x8", 4, 24, 0),
    ("gap fc6 bn ln gn3", "6", 6, 24 + 3 * 12, 24),
    ("relu relu6 leaky elu selu gelu silu mish sigmoid tanh hardswish hardsigmoid softmax dropout identity", "8x8",
     4, 0, 0),
]  # fmt: skip

OTHER_AXES: list[tuple[str, str, str, int, int]] = [
    ("--size 8 --dims 1", "3p1c8 @a 3s2p1c8 up2 add@a", "8", 96 + 192, 96 * 8 + 192 * 4),
    ("--size 8 --dims 1", "unshuffle2 1c2 shuffle2", "8", 16, 16 * 4),  # 4 channels, 8, 2 and 1
    ("--size 8 --dims 1", "flatten fc3", "3", 96, 96),
    ("--size 4 --dims 3", "@a 3p1c4 add@a max2 gap fc2", "2", 27 * 16 + 8, 27 * 16 * 64 + 8),
    ("--size 4x4x4", "3p1c8 shuffle2 crop1", "6x6x6", 27 * 32, 27 * 32 * 64),
    ("--size 4x4x4", "pad0x1x2 1c1", "4x6x8", 4, 4 * 192),
]

BY_HAND = [("--size 8", words, output, params, macs) for words, output, _, params, macs in ANSWERED] + OTHER_AXES


@pytest.mark.parametrize(("size", "words", "output", "params", "macs"), BY_HAND)
def test_by_hand(conv_shape: Run, conv_params: Run, size: str, words: str, output: str, params: int, macs: int) -> None:
    found = conv_params(f"--c-in 4 {size} {words} --check --json").json
    assert (found["params"], found["macs"], found["flops"]) == (params, macs, 2 * macs)
    assert "x".join(map(str, found["output"].values())) == ("" if found["output"] == {} else output)
    assert found["check"]["passed"]
    assert found["params"] == sum(layer["params"] for layer in found["layers"])
    assert conv_params(f"--c-in 4 {size} {words} -q").out == f"{params}\n"
    shape = conv_shape(f"{size} {words} --check --json")
    assert shape.json["output"] == found["output"]
    assert shape.json["check"]["passed"]
    if found["output"]:
        assert conv_shape(f"{size} {words} -q").out == f"{output}\n"


@pytest.mark.parametrize(("words", "output", "channels"), [row[:3] for row in ANSWERED])
def test_channels(conv_params: Run, words: str, output: str, channels: int) -> None:
    layers = conv_params(f"--c-in 4 --size 8 {words} --json").json["layers"]
    assert layers[-1]["output_channels"] == channels
    by_name = {layer["name"]: layer for layer in layers}
    for layer in layers:  # what is read is what was made
        read = layer["inputs"][0]
        size, count = (
            ({"h": 8, "w": 8}, 4) if read == "input" else ((by_name[read]["output"], by_name[read]["output_channels"]))
        )
        spread = layer["kind"] in ("add", "multiply") or not size
        assert spread or layer["input"] == size
        assert layer["input_channels"] == count


def test_features_of_layers_whose_channels_are_said(conv_shape: Run) -> None:
    assert conv_shape("--size 8 3p1c4 max2 flatten -q").out == "64\n"
    assert conv_shape("--size 8 gap fc4 -q").out == "4\n"
    assert conv_shape("--size 8 3p1c4 max2 fc10 --json").json["layers"][-1]["in_features"] == 64


@pytest.mark.parametrize("command", ["conv-shape", "conv-params --c-in 4"])
@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("3c4 @a 3p1c4 add@a", []),
        ("3c4 @a 3c4", ["@a"]),
        ("@x 3c4 @a 3c4 @b 3p1c4 add@b", ["@x", "@a"]),
        ("rep3 @x 1c4 @y 1c4 add@x end", ["@y"]),
    ],
)
def test_unused_names_are_warned_of(run: Run, command: str, words: str, names: list[str]) -> None:
    asked = [*command.split(), "--size", "9", *words.split()]
    warnings = run(*asked, "--json").json.get("warnings", [])
    assert [warning["code"] for warning in warnings] == ["unused-name"] * len(names)
    for warning, name in zip(warnings, names, strict=True):
        assert f"({name}): the name is never read" in warning["message"]
    table = run(*asked)
    assert (table.code, table.err.count("[unused-name]")) == (0, len(names))


# Words -> the word that goes wrong, at which character, and a part of what is expected there.
CARETS: list[tuple[str, str, int, str]] = [
    ("3p1c4 add@a", "add@a", 4, "a name, and none was given before it"),
    ("@x 3p1c4 add@y", "add@y", 4, "a name that was given before: @x"),
    ("@x 3p1c4 cat@", "cat@", 4, "a name that was given before: @x"),
    ("@x 3p1c4 cat@x@", "cat@x@", 6, "a name that was given before: @x"),
    ("@x 3p1c4 from@x", "from@x", 6, "a layer behind it"),
    ("@x 3p1c4 from@y 3", "from@y", 5, "a name that was given before: @x"),
    ("3p1c4 rep2 3p1c4", "rep2", 4, "the word end, behind the layers that repeat"),
    ("3p1c4 end", "end", 0, "no rep is open here"),
    ("rep2 3p1c4 end end", "end", 0, "no rep is open here"),
    ("rep2 end", "end", 0, "a layer between rep and end"),
    ("rep0 3p1c4 end", "rep0", 3, "how often, from 1 on, like rep3"),
    ("3p1c4 @a=b", "@a=b", 2, "a name of letters, digits"),
    ("3p1c4 relu3", "relu3", 4, "relu has no numbers"),
    ("3p1c4 up", "up", 2, "the factor"),
    ("3p1c4 gn", "gn", 2, "the number of groups"),
]


@pytest.mark.parametrize(("words", "word", "at", "expected"), CARETS)
@pytest.mark.parametrize("command", ["conv-shape", "conv-params --c-in 4"])
def test_a_caret(run: Run, command: str, words: str, word: str, at: int, expected: str) -> None:
    found = run(*command.split(), "--size", "8", "--json", *words.split())
    found.refused("usage", "layers")
    _, shown, caret = found.error["message"].split("\n")
    assert (shown, caret.index("^")) == (f"  {word}", 2 + at)
    assert expected in caret
    line = json.dumps({"size": 8, "layers": words})
    assert run(*command.split(), "--batch", "-", stdin=line).lines[0]["error"] == found.error


# Words -> the code, the beginning of the message, and a part of the hint.
REFUSED: list[tuple[str, str, str, str]] = [
    ("3p1c4 gn3", "groups-do-not-divide", "layer 2 (gn3): groups 3 does not divide the 4 ", "2 or "),
    ("3p1c6 shuffle2", "shape-mismatch", "layer 2 (shuffle2): 6 channels are no multiple of 4", "c4 or c8 in front"),
    ("unshuffle3", "shape-mismatch", "layer 1 (unshuffle3): the height 8 is no multiple of 3", "6 or a height of 9"),
    ("unshuffle2x3", "shape-mismatch", "layer 1 (unshuffle2x3): the width 8 is no", "a width of 6 or a width of 9"),
    ("crop4", "empty-output", "layer 1 (crop4): a crop of 4 + 4 leaves nothing of the height 8", "less than 8"),
    ("crop2x1:9", "empty-output", "layer 1 (crop2x1:9): a crop of 1 + 9 leaves nothing of the width 8", "less than 8"),
    ("3p1c4 @a gap fc4 cat@a", "shape-mismatch", "layer 4 (cat@a): a vector and a map", ""),
    ("@a 3c4 add@a", "shape-mismatch", "layer 2 (add@a): maps of different sizes", "p1 in layer 1 (3c4)"),
    ("@a max2 cat@a", "shape-mismatch", "layer 2 (cat@a): maps of different sizes", "a shortcut 1s2"),
    ("@a pad1 mul@a", "shape-mismatch", "layer 2 (mul@a): maps of different sizes", "crop1 in front of mul@a"),
    ("@a 3s2p1c4 convt3s2p1c4 add@a", "shape-mismatch", "layer 3 (add@a): maps of", "o1 in layer 2 (convt3s2p1c4)"),
    ("1c4 @a 3p1c6 add@a", "shape-mismatch", "layer 3 (add@a): maps of different channels", "a convolution 1c4"),
    ("1c4 @a 3p1c6 mul@a", "shape-mismatch", "layer 3 (mul@a): maps of different channels", "a convolution 1c4"),
    ("3c2 @a gap fc3 sigmoid mul@a", "shape-mismatch", "layer 5 (mul@a): maps of different channels", "fc2 in front"),
    ("flatten 3c4", "usage", "layer 2 (3c4): the output of a flatten or an fc has no axes", "in front of the flatten"),
    ("fc4 up2", "usage", "layer 2 (up2): the output of a flatten or an fc has no axes", "in front of the flatten"),
    ("fc4 gap", "usage", "layer 2 (gap): the output of a flatten or an fc has no axes", "in front of the flatten"),
    ("fc4 pad1", "usage", "layer 2 (pad1): the output of a flatten or an fc has no axes", "in front of the flatten"),
    ("rep3 max2 end max2", "kernel-exceeds-input", "layer 4 (max2): kernel 2 is larger than the height 1", ""),
    ("rep2 5c4 end", "kernel-exceeds-input", "layer 2 (5c4): kernel 5 is larger than the height 4", ""),
    ("up0", "invalid-value", "layer 1 (up0): factor 0 is less than 1", "a factor of 1"),
    ("aavg0", "invalid-value", "layer 1 (aavg0): ", "1"),
    ("shuffle0", "invalid-value", "layer 1 (shuffle0): factor 0 is less than 1", "a factor of 1"),
    ("1c4 gn0", "invalid-value", "layer 2 (gn0): groups 0 is less than 1", "gn1"),
]


@pytest.mark.parametrize(("words", "code", "message", "hint"), REFUSED)
@pytest.mark.parametrize("command", ["conv-shape", "conv-params --c-in 4"])
def test_refused(run: Run, command: str, words: str, code: str, message: str, hint: str) -> None:
    found = run(*command.split(), "--size", "8", "--json", *words.split())
    found.refused(code, "layers")
    assert found.error["message"].startswith(message)
    assert hint in found.error["hint"]
    assert "--" not in found.error["hint"]


@pytest.mark.parametrize(
    ("words", "mended"),
    [
        ("@a 3c4 add@a", "@a 3p1c4 add@a"),
        ("@a 3c4 add@a", "@a 3c4 pad1 add@a"),
        ("@a max2 cat@a", "@a max2 pad2 cat@a"),
        ("@a pad1 mul@a", "@a pad1 crop1 mul@a"),
        ("@a 3s2p1c4 convt3s2p1c4 add@a", "@a 3s2p1c4 convt3s2p1o1c4 add@a"),
        ("1c4 @a 3p1c6 add@a", "1c4 @a 3p1c6 1c4 add@a"),
        ("3p1c6 shuffle2", "3p1c8 shuffle2"),
        ("3p1c4 gn3", "3p1c4 gn4"),
    ],
)
def test_what_a_hint_says_is_answered(conv_params: Run, words: str, mended: str) -> None:
    assert conv_params(f"--c-in 4 --size 8 {words} -q").code == 2
    assert conv_params(f"--c-in 4 --size 8 {mended} -q").code == 0


def test_a_vector_is_no_map_that_a_pad_would_mend(conv_shape: Run) -> None:
    hint = conv_shape("--size 8 3p1c4 @a gap fc4 cat@a --json").error["hint"]
    assert "pad" not in hint
    assert "1x1" not in hint
