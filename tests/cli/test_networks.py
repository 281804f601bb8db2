"""Networks in words, as they are typed: where they go wrong, and every other road that they take."""

import json

import pytest

from dlcalc.core.conv.layer import PADDING_WORDS
from tests.conftest import Run

# A word, where it goes wrong, and a part of what was expected there.
BAD = [
    ("7p0:1:2", 5, "x and the next axis"),
    ("max3b1", 4, "max has no bias"),
    ("7s2q3", 3, "p padding"),
    ("x3", 0, "a kernel size"),
    ("conv", 4, "a kernel size"),
    ("3s", 2, "a number behind s"),
    ("3pfoo", 2, "same"),
    ("3s2s2", 3, "once only"),
    ("max3c64", 4, "max has no output channels"),
    ("dw3g2", 3, "dw has no groups"),
    ("3u", 1, "conv has no ceil mode"),
    ("3b2", 2, "0 or 1"),
    ("3b", 2, "0 or 1"),
    ("gap2", 3, "the end"),
    ("bn64", 2, "the end"),
    ("fc", 2, "number of features"),
    ("fc10s2", 4, "b0 or b1"),
    ("3x", 2, "a number behind x"),
    ("3p0:", 4, "a number behind :"),
    ("3,5p1", 1, "s stride"),
    ("-3", 0, "a kernel size"),
]


def test_an_empty_word_is_no_layer(run: Run) -> None:
    found = run("conv-shape", "--w", "32", "3p1", "", "3p1", "--json")
    assert (found.code, found.error["code"], found.error["message"]) == (2, "usage", "layer 2 is an empty word")


@pytest.mark.parametrize(("word", "at", "expected"), BAD)
@pytest.mark.parametrize("command", ["conv-shape", "conv-params --c-in 3"])
def test_a_bad_word_has_a_caret_where_it_goes_wrong(run: Run, command: str, word: str, at: int, expected: str) -> None:
    found = run(*command.split(), "--w", "32", "--json", "--", "3p1c8", word)
    assert (found.code, found.out, found.error["code"]) == (2, "", "usage")
    head, shown, caret = found.error["message"].split("\n")
    assert head == "word 2 cannot be read:"
    assert shown == f"  {word}"
    assert caret.index("^") == 2 + at
    assert expected in caret
    batch = run(*command.split(), "--batch", "-", stdin=json.dumps({"w": 32, "layers": ["3p1c8", word]}))
    assert batch.lines[0]["error"] == found.error


ERRORS = [
    ("--w 7 3 9", "kernel-exceeds-input", "layer 2 (9): "),
    ("--w 7 3s0", "invalid-value", "layer 1 (3s0): stride 0"),
    ("--w 7 3x3", "shape-mismatch", "word 1 (3x3): "),
    ("--w 7 max3p2", "padding-too-large", "layer 1 (max3p2): "),
    ("--w 7 convt3o1", "output-padding-too-large", "layer 1 (convt3o1): "),
    ("--w 7 3c0", "invalid-value", "layer 1 (3c0): output channels 0"),
    ("--w 7 3 fc0", "invalid-value", "layer 2 (fc0): features 0 is less than 1"),
    ("--w 7 3c6 3g4c8", "groups-do-not-divide", "layer 2 (3g4c8): "),
    ("--w 7 fc10 3", "usage", "layer 2 (3): "),
    ("--w 7 --s 2 3", "usage", "--stride"),
    ("--w 7 --kind max-pool 3", "usage", "--kind"),
    ("3p1", "usage", "no input size"),
]


@pytest.mark.parametrize(("words", "code", "message"), ERRORS)
def test_an_impossible_layer_names_its_position(conv_shape: Run, words: str, code: str, message: str) -> None:
    found = conv_shape(words + " --json")
    assert (found.code, found.out, found.error["code"]) == (2, "", code)
    assert message in found.error["message"]
    if "layer" in message:
        assert found.error["option"] == "layers"
        assert "--" not in found.error["hint"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--c-in 3 3p1c8 3p1", "layer 2 (3p1): its number of output channels"),
        ("--c-in 3 3p1c8 fc10", "layer 2 (fc10): the size of its input is not known: an fc needs --w"),
        ("3p1c8", "no number of input channels"),
        ("--c-in 3 --c-out 8 3p1c8", "--c-out"),
        ("--c-in 3 --groups 2 3p1c8", "--groups"),
        ("--c-in 3 --compare 3p1c8", "--compare"),
    ],
)
def test_what_conv_params_cannot_know(conv_params: Run, words: str, message: str) -> None:
    found = conv_params(words + " --json")
    assert (found.code, found.out, found.error["code"]) == (2, "", "usage")
    assert message in found.error["message"]


@pytest.mark.parametrize("padding", PADDING_WORDS)
def test_every_padding_word_in_a_word(conv_shape: Run, padding: str) -> None:
    framework = "--framework onnx" if padding == "same-lower" else ""
    word = conv_shape(f"--w 9 {framework} 3p{padding}c4 --json").json["layers"][0]
    alone = conv_shape(f"--w 9 {framework} --k 3 --p {padding} --json").json["layers"][0]
    assert {key: word[key] for key in alone} == alone
    assert word["output_channels"] == 4


def test_a_network_of_one_is_the_layer(conv_shape: Run) -> None:
    for word, options in [
        ("7s2p3", "--k 7 --s 2 --p 3"),
        ("3x5p0:1x2d2", "--k 3x5 --p 0:1x2:2 --d 2"),
        ("max3s2p1u", "--k 3 --s 2 --p 1 --kind max-pool --ceil-mode"),
        ("convt4s2p1o1", "--k 4 --s 2 --p 1 --output-padding 1 --kind transposed"),
        ("avg2", "--k 2 --kind avg-pool"),
    ]:
        (layer,) = conv_shape(f"--size 20 {word} --json").json["layers"]
        assert (layer.pop("word"), layer.pop("inputs")) == (word, ["input"])
        assert [layer] == conv_shape(f"--size 20 {options} --json").json["layers"]


def test_sweeps_and_batches(conv_shape: Run, conv_params: Run) -> None:
    lines = conv_shape("--w 32..34 3p1 max2 --json --check").lines
    answers = [(line["question"], line["output"]["w"]) for line in lines]
    assert answers == [({"w": 32}, 16), ({"w": 33}, 16), ({"w": 34}, 17)]
    questions = ['{"w": 32, "layers": "3p1 max2", "expect": 16}', '{"w": 8, "k": 3}', '{"w": 2, "layers": ["9"]}']
    found = conv_shape("--batch -", stdin="\n".join(questions))
    answered = [line.get("output", line.get("error", {}).get("code")) for line in found.lines]
    assert answered == [{"w": 16}, {"w": 6}, "kernel-exceeds-input"]
    sizes = conv_params("--w 8,16 --c-in 3 3p1c8 gap fc2 --json").lines
    assert [line["params"] for line in sizes] == [232, 232]
    swept = conv_shape("--batch - --k 5", stdin='{"w": 9, "layers": "3"}\n{"w": 9}\n').lines
    assert [line["output"]["w"] for line in swept] == [7, 5]


SHAPES = "conv-shape --w 32 3p1 3p1 max2"
COUNTS = "conv-params --c-in 3 --w 8 --bias 3p1c8 3p1c8 gap fc2"


@pytest.mark.parametrize(
    ("words", "claim", "mistake", "text"),
    [
        (SHAPES, "14", "padding-ignored", "in every layer"),
        (SHAPES, "15", "padding-ignored", "in layer 1 (3p1) or layer 2 (3p1)"),
        (SHAPES, "30", "stride-ignored", None),
        (COUNTS, "params=808", "bias-forgotten", "in every layer"),
        (COUNTS, "params=824", "bias-forgotten", "in layer 4 (fc2)"),
        (COUNTS, "macs=101408", "flops-not-macs", ""),
        (COUNTS, "output=3", "flops-not-macs", None),
    ],
)
def test_a_mistake_in_a_network(run: Run, words: str, claim: str, mistake: str, text: str | None) -> None:
    found = run(*words.split(), "--expect", claim, "--json")
    assert found.code == 1
    diagnosis = {each["mistake"]: each["text"] for each in found.json["expect"]["claims"][0]["diagnosis"]}
    assert mistake not in diagnosis if text is None else text in diagnosis[mistake]


@pytest.mark.parametrize("words", ["", "--explain", "--check", "--format csv", "-q", "--json --explain"])
@pytest.mark.parametrize("network", ["3p1c8b1 bn max2 convt2s2c4 dw3 gap fc10", "3c4 fc10 fc3", "3c4 gap"])
def test_every_look(conv_shape: Run, conv_params: Run, words: str, network: str) -> None:
    for found in (conv_shape(f"--w 32 --h 32 {words} {network}"), conv_params(f"--w 32 --c-in 3 {words} {network}")):
        assert (found.code, found.err) == (0, "")
        assert found.out
        if words == "--format csv":
            assert len(found.out.splitlines()) == 1 + len(network.split())


def test_a_table_fits_a_terminal(conv_shape: Run, conv_params: Run) -> None:
    for found in (conv_shape("--size 224 7s2p3 max3s2p1 3p1 gap"), conv_params("--c-in 3 --w 224 7s2p3c64 max3s2p1")):
        assert max(map(len, found.out.splitlines())) <= 100


def test_compare_networks(conv_shape: Run) -> None:
    """Each layer in each framework; of a layer without windows the size, of a vector no more than its features."""
    words = "--size 20 3s2psamec4 bn max2 gap fc10"
    found = conv_shape(f"{words} --compare --json").json
    assert found["summary"] == "PyTorch refuses; Keras and ONNX Runtime give 10 features"
    assert found["frameworks"]["pytorch"]["error"]["code"] == "unsupported-by-framework"
    layers = found["frameworks"]["tensorflow"]["layers"]
    assert [layer["name"] for layer in layers] == ["conv1", "bn1", "pool1", "gap1", "fc1"]
    assert layers[0] == {
        "name": "conv1",
        "output": {"h": 10, "w": 10},
        "padding": {"h": [0, 1], "w": [0, 1]},
        "first_window": {"h": [0, 2], "w": [0, 2]},
    }
    assert layers[1:2] + layers[3:] == [
        {"name": "bn1", "output": {"h": 10, "w": 10}},
        {"name": "gap1", "output": {"h": 1, "w": 1}},
        {"name": "fc1", "output": {}},
    ]
    for name in ("tensorflow", "onnx"):
        alone = conv_shape(f"{words} --framework {name} --json").json
        for layer, same in zip(alone["layers"], found["frameworks"][name]["layers"], strict=True):
            assert (layer["name"], layer["output"]) == (same["name"], same["output"])
            assert layer.get("padding") == same.get("padding")
    rows = conv_shape(f"{words} --compare --format csv").out.splitlines()
    assert [row.split(",")[:4] for row in rows[4:6]] == [
        ["tensorflow", "pool1", "5", "5"],
        ["tensorflow", "gap1", "1", "1"],
    ]
    assert conv_shape("--w 9 3 gap fc4 --compare -q").out == "pytorch 4\ntensorflow 4\nonnx 4\n"
    assert "all three agree on 4 features" in conv_shape("--w 9 3 gap fc4 --compare").out
    assert conv_shape("--w 9 3s2 3psame-lower --compare --json").json["summary"].startswith("PyTorch and Keras refuse")


@pytest.mark.parametrize("words", ["--w 7 flatten", "--size 7 relu fc4", "--w 7 3c4 flatten", "--size 7 3 gap flatten"])
@pytest.mark.parametrize("how", ["", "--json", "-q", "--format csv"])
def test_compare_networks_that_give_a_vector(conv_shape: Run, words: str, how: str) -> None:
    """Of features that are not known, too."""
    found = conv_shape(f"{words} --compare {how}")
    assert (found.code, found.err) == (0, "")
    assert "None" not in found.out


def test_what_is_wrong_for_every_framework_is_said_once(conv_shape: Run) -> None:
    found = conv_shape("--w 9 --compare --json 3c6 3g4c8")
    assert (found.code, found.out, found.error["code"]) == (2, "", "groups-do-not-divide")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("--size 224 7s2p3 max3s2p1", ["height and width, what output 27 (of 0 to 55) sees", "103 to 113  11 of 224"]),
        ("--w 30 3 gap bn fc10", ["10 features", "what the one output sees", "30 of 30"]),
        ("--w 5 gap", ["what the one output sees of every map", "5 of 5"]),
        (
            "--w 16 3p1 @a max2 3p1 up2 cat@a 3",
            ["what output 6 (of 0 to 13) sees", "cat1", "up1", "8 of 16", "10 of 16"],
        ),
        ("--w 9 convt2s2 3", ["conv1", "what output 7 (of 0 to 15) sees"]),
        ("--w 9 7s2p3", ["(1 layer, pytorch)", "9 inputs, 5 outputs"]),
    ],
)
def test_draw_networks(conv_shape: Run, words: str, parts: list[str]) -> None:
    found = conv_shape(f"{words} --draw")
    assert (found.code, found.err) == (0, "")
    for part in parts:
        assert part in found.out, (part, found.out)


def test_a_hint_is_written_as_in_a_word(conv_shape: Run, conv_params: Run) -> None:
    for word, hint in [("fc0", "fc1"), ("3c0", "c1"), ("3s0", "s1"), ("convt3d0", "d1")]:
        assert conv_shape(f"--w 7 {word} --json").error["hint"] == hint
        counted = word + "c8" * (hint in ("s1", "d1"))
        assert conv_params(f"--w 7 --c-in 3 {counted} --json").error["hint"] == hint


def test_a_field_that_exceeds_the_input_is_warned_of_once(conv_shape: Run, conv_params: Run) -> None:
    """From the first layer on with windows that see more than there is, where one more sees no more of it."""
    words = "3p1c4 @x 3p1c4 3p1c4 add@x 3p1c4"  # fields of 3, 5, 7, 7 and 9
    codes = {}
    for size in (5, 6, 7, 8, 9):
        (*_, found) = conv_shape(f"--size {size} {words} --json").json.get("warnings", [{"message": ""}])
        codes[size] = found["message"].partition(" on the field")[0]
    assert codes == {
        5: "from conv3",
        6: "from conv3",
        7: "from conv4",
        8: "from conv4",
        9: "",
    }
    assert "[field-exceeds-input]" in conv_shape(f"--size 5 {words}").err
    assert "warnings" not in conv_params(f"--c-in 4 --size 5 {words} --json").json


def test_csv_says_of_a_network_what_json_says(conv_shape: Run, conv_params: Run) -> None:
    """A row per layer, the names that it reads between blanks, and an empty cell for what it lacks."""
    words = "3p1c8 @a bn 3s2p1c8 up2 cat@a @b gap mul@b flatten fc10"
    for found, size in ((conv_shape, "--size 8"), (conv_params, "--c-in 4 --size 8")):
        layers = found(f"{size} {words} --json").json["layers"]
        rows = found(f"{size} {words} --format csv").rows
        assert [row["name"] for row in rows] == [layer["name"] for layer in layers]
        for row, layer in zip(rows, layers, strict=True):
            assert row["inputs"] == " ".join(layer["inputs"])
            assert row["label"] == layer.get("label", "")
            for key in ("kind", "word", "output_channels", "in_features", "out_features", "params", "macs"):
                assert row.get(key, "") == str(layer.get(key, "")), key
            for key in ("output", "receptive_field", "receptive_field_min", "kernel", "stride"):
                for axis in ("h", "w"):
                    assert row.get(f"{key}_{axis}", "") == str(layer.get(key, {}).get(axis, ""))
        assert {row["label"] for row in rows} == {"", "a", "b"}


def test_the_peak_is_where_most_is_alive(conv_params: Run) -> None:
    """In entries of 8 x 8: a map that is read later stays, and what looks at one entry at a time works in place."""
    peaks = [
        ("1c4 1c4", 8, "conv1"),  # 4 read and 4 made
        ("1c2 1c8 1c2", 10, "conv2"),
        ("1c8 relu relu", 12, "conv1"),  # 8 in place
        ("1c8 @x relu 1c1 add@x", 17, "conv2"),  # x, which is read later, the copy that is relu1, and 1 made
        ("@x 1c4 1c4 add@x", 12, "conv2"),
        ("1c4 @a 1c6 @b 1c2 cat@a@b", 24, "cat1"),  # 4 + 6 + 2, and 12 made
        ("bn bn", 8, "bn1"),
    ]
    for words, channels, layer in peaks:
        found = conv_params(f"--c-in 4 --size 8 {words} --json").json
        assert (found["peak_activation_bytes"], found["peak_layer"]) == (channels * 64 * 4, layer), words
        assert conv_params(f"--c-in 4 --size 8 {words} --check -q").code == 0
