"""Frameworks side by side as a person and as a script see them."""

import pytest

from tests.conftest import Run

SAME = "--w 224 --k 3 --s 2 --p same --compare"


def test_the_example_of_the_issue(conv_shape: Run) -> None:
    found = conv_shape(SAME + " --json")
    assert (found.code, found.err, found.out.count("\n")) == (0, "", 1)
    window = {"output": {"w": 112}, "padding": {"w": [0, 1]}, "first_window": {"w": [0, 2]}}
    error = found.json["frameworks"]["pytorch"].pop("error")
    assert found.json == {
        "command": "conv-shape",
        "input": {"w": 224},
        "frameworks": {"pytorch": {"error": error}, "tensorflow": window, "onnx": window},
        "differs": ["error"],
        "summary": "PyTorch refuses; Keras and ONNX Runtime give 112",
    }
    assert error == conv_shape("--w 224 --k 3 --s 2 --p same --json").error


@pytest.mark.parametrize(
    ("words", "outputs"),
    [
        ("--w 224 --k 3 --s 2 --p 1", [112, 112, 112]),
        ("--w 9 --k 3 --s 2 --p 0:1", [4, 4, 4]),
        ("--w 5 --k 1 --s 5 --kind transposed", [21, 25, 21]),
        ("--w 9 --k 4 --s 4 --p 2 --kind max-pool --ceil-mode", [3, None, 3]),
        ("--w 8 --k 3 --s 2 --kind avg-pool --ceil-mode", [4, None, 4]),
        ("--w 12 --k 3 --p causal", [12, 12, 12]),
        ("--w 12 --k 3 --p full", [14, 14, 14]),
        ("--w 12 --k 3 --p valid --kind max-pool", [None, 4, 4]),
        ("--w 12 --k 3 --p same-lower", [None, None, 12]),
        ("--w 3 --k 5", [None, None, None]),
    ],
)
def test_every_format_says_the_same(conv_shape: Run, words: str, outputs: list[int | None]) -> None:
    words += " --compare"
    found = conv_shape(words + " --json")
    sides = found.json["frameworks"]
    assert list(sides) == ["pytorch", "tensorflow", "onnx"]
    assert [side.get("output", {}).get("w") for side in sides.values()] == outputs
    codes = [side.get("error", {}).get("code") for side in sides.values()]
    assert [code is None for code in codes] == [output is not None for output in outputs]
    bare = [f"{name} {output or code}" for name, output, code in zip(sides, outputs, codes, strict=True)]
    assert conv_shape(words + " -q").out.splitlines() == bare
    rows = conv_shape(words + " --format csv").rows
    for row, (name, side) in zip(rows, sides.items(), strict=True):
        assert row["framework"] == name
        if "error" in side:
            assert (row["error"], row["output_w"]) == (side["error"]["code"], "")
            continue
        assert row["output_w"] == str(side["output"]["w"])
        assert [row["padding_w_begin"], row["padding_w_end"]] == [*map(str, side["padding"]["w"])]
        assert [row["first_window_w_first"], row["first_window_w_last"]] == [*map(str, side["first_window"]["w"])]
    table = conv_shape(words)
    assert table.out.splitlines()[1].strip() == found.json["summary"]
    for code in filter(None, codes):
        assert table.out.count(f"[{code}]") == codes.count(code)
    codes_of_exit = {conv_shape(f"{words} {how}").code for how in ("", "--json", "-q", "--format csv")}
    assert codes_of_exit == {0 if any(outputs) else 2}


def test_a_question_that_all_refuse_is_refused_after_it_is_shown(conv_shape: Run) -> None:
    found = conv_shape("--w 3 --k 5 --compare --json")
    assert found.code == 2
    assert found.error["code"] == "kernel-exceeds-input"
    assert {side["error"]["code"] for side in found.json["frameworks"].values()} == {"kernel-exceeds-input"}


@pytest.mark.parametrize(
    ("words", "code"),
    [("--w 7 --k 0", "invalid-value"), ("--w 7 --k 3x3", "shape-mismatch"), ("--w 7 --k three", "usage")],
)
def test_a_question_that_is_none_is_not_shown(conv_shape: Run, words: str, code: str) -> None:
    found = conv_shape(words + " --compare --json")
    assert (found.code, found.out, found.error["code"]) == (2, "", code)


def lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip()]


def test_what_differs_is_marked(conv_shape: Run) -> None:
    table = lines(conv_shape("--size 5x9 --k 3 --s 1x3 --p same --compare --kind transposed").out)
    assert ["output,", "height", "refuses", "5", "5", "differs"] in table
    assert ["padding,", "height", "-", "1:1", "1:1"] in table
    assert ["first", "window,", "width", "-", "0", "to", "2", "0", "to", "2"] in table
    table = lines(conv_shape("--w 5 --k 1 --s 5 --kind transposed --compare").out)
    assert ["output", "21", "25", "21", "differs"] in table
    table = lines(conv_shape("--w 8 --k 1 --s 4 --p same --compare").out)
    assert [row[-1] for row in table[4:7]] == ["differs"] * 3
    assert not any("differs" in row for row in lines(conv_shape("--w 7 --k 3 --compare").out))


def test_axes_that_are_the_same_stand_in_one_row(conv_shape: Run) -> None:
    table = lines(conv_shape("--size 9x9 --k 3 --s 2 --compare").out)
    assert ["output,", "each", "axis", "4", "4", "4"] in table
    table = lines(conv_shape("--size 9x8 --k 3 --s 2 --compare").out)
    assert ["output,", "width", "3", "3", "3"] in table
    table = lines(conv_shape("--size 9x9x8 --k 3 --s 2 --compare").out)
    assert ["output,", "depth", "and", "height", "4", "4", "4"] in table


def test_the_question_stands_above_the_table(conv_shape: Run) -> None:
    words = "--size 5 --k 2x3 --s 2 --p 0:1x0:1 --kind transposed --output-padding 0x1 --compare"
    caption = "transposed, 5 x 5 input, kernel 2x3, stride 2, padding 0:1, output padding 0x1"
    assert conv_shape(words).out.splitlines()[2].strip() == caption
    pool = conv_shape("--w 9 --k 3 --p 1x1 --dims 1 --kind max-pool --ceil-mode --compare")
    assert pool.code == 2
    pool = conv_shape("--w 9 --k 3 --p 1 --d 2 --kind max-pool --ceil-mode --compare")
    assert pool.out.splitlines()[2].strip() == "max-pool, 9 input, kernel 3, padding 1, dilation 2, ceil mode"


def test_refusals_say_what_to_do(conv_shape: Run) -> None:
    out = conv_shape(SAME).out
    assert "PyTorch refuses: PyTorch computes padding 'same' only with stride 1, not 2 (hint: --padding 0:1" in out


def test_warnings_stand_with_their_framework_and_together(conv_shape: Run) -> None:
    found = conv_shape("--w 224 --k 3 --s 2 --p 1 --compare --json").json
    assert found["frameworks"]["tensorflow"]["warnings"] == found["warnings"]
    assert "warnings" not in found["frameworks"]["pytorch"]
    assert "[needs-pad-layer]" in conv_shape("--w 224 --k 3 --s 2 --p 1 --compare").err


def test_the_same_of_keras_beside_its_answer(conv_shape: Run) -> None:
    words = "--w 224 --k 3 --s 2 --p 1 --compare"
    side = conv_shape(words + " --json").json["frameworks"]["tensorflow"]
    assert side["padding"] == {"w": [1, 1]}
    assert side["same"] == {"output": {"w": 112}, "padding": {"w": [0, 1]}, "first_window": {"w": [0, 2]}}
    assert "gives this size too, but windows one pixel apart: the first starts at 0." in conv_shape(words).out


def test_several_layers(conv_shape: Run) -> None:
    """Keras gives a transposed layer another size, and the convolution behind it the same again."""
    words = "--w 224 3p1 convt1s2 3s2 --compare"
    keras = conv_shape(words + " --json").json["frameworks"]["tensorflow"]
    assert keras["output"] == {"w": 223}
    assert [layer["name"] for layer in keras["layers"]] == ["conv1", "transposed1", "conv2"]
    assert keras["layers"][1] == {
        "name": "transposed1",
        "output": {"w": 448},
        "padding": {"w": [0, 0]},
        "first_window": {"w": [0, 0]},
    }
    table = conv_shape(words).out
    assert "3 layers, 224 input" in table
    rows = [line.split() for line in table.splitlines() if " output " in line]
    assert rows == [
        ["conv1", "output", "224", "224", "224"],
        ["transposed1", "output", "447", "448", "447", "differs"],
        ["conv2", "output", "223", "223", "223"],
    ]
    assert conv_shape(words + " -q").out.splitlines() == ["pytorch 223", "tensorflow 223", "onnx 223"]
    lines = conv_shape(words + " --format csv").rows
    assert [line["name"] for line in lines] == ["conv1", "transposed1", "conv2"] * 3
