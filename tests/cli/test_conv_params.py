"""The command as a script sees it: JSON, exit codes, errors; a golden case is one row."""

import pytest

from tests.conftest import Run, refusals

LAYER = {
    "name": "conv1",
    "kind": "conv",
    "kernel": {"h": 3, "w": 3},
    "groups": 1,
    "input_channels": 64,
    "output_channels": 128,
}
GEOMETRY = {"stride": {"h": 1, "w": 1}, "dilation": {"h": 1, "w": 1}, "padding": {"h": [1, 1], "w": [1, 1]}}
COUNTS = {"weights": 73728, "bias": 0, "params": 73728, "buffers": 0, "param_bytes": 294912}
WORK = {
    "input": {"h": 56, "w": 56},
    "output": {"h": 56, "w": 56},
    "macs": 231211008,
    "macs_without_padding": 225738752,
    "flops": 462422016,
    "activation_bytes": 1605632,
    "peak_activation_bytes": 2408448,
}
ONE = "--k 3 --c-in 64 --c-out 128"


def test_the_example_of_the_interface(conv_params: Run) -> None:
    found = conv_params(ONE + " --w 56 --p 1 --json")
    assert (found.code, found.err, found.out.count("\n")) == (0, "", 1)
    assert ", " not in found.out
    expected = {"command": "conv-params", "dtype": "float32", **COUNTS, **WORK}
    expected["layers"] = [{**LAYER, **GEOMETRY, **COUNTS, **WORK}]
    assert found.json == expected
    assert list(found.json) == list(expected)


def test_without_a_size_there_is_no_work(conv_params: Run) -> None:
    found = conv_params(ONE + " --json").json
    assert found == {"command": "conv-params", "dtype": "float32", **COUNTS, "layers": [{**LAYER, **COUNTS}]}


def test_a_linear_layer_works_without_a_size(conv_params: Run) -> None:
    found = conv_params("--kind linear --c-in 512 --c-out 10 --bias --n 4 --json").json
    assert (found["params"], found["macs"], found["input"], found["output"]) == (5130, 20480, {}, {})
    assert "kernel" not in found["layers"][0]


def test_a_transposed_layer_has_its_output_padding(conv_params: Run) -> None:
    words = "--k 3 --c-in 8 --c-out 4 --w 7 --s 2 --p 1 --output-padding 1 --kind transposed --json"
    layer = conv_params(words).json["layers"][0]
    assert layer["output_padding"] == {"h": 1, "w": 1}
    assert layer["name"] == "transposed1"


BARE = [
    (ONE, "73728"),
    ("--kernel 3 --in-channels 64 --out-channels 128 --bias", "73856"),
    (ONE + " --bias --no-bias", "73728"),
    (ONE + " --g 64", "1152"),
    (ONE + " --dims 1", "24576"),
    (ONE + " --dims 3", "221184"),
    ("--k 3x5 --c-in 2 --c-out 3", "90"),
    ("--k 3x3x3 --c-in 1 --c-out 1", "27"),
    ("--kind linear --c-in 3 --c-out 4", "12"),
    (ONE + " --compare", "standard 73728\ngrouped 2304\ndepthwise-separable 8768\nbottleneck 15360"),
]


@pytest.mark.parametrize(("words", "answer"), BARE)
def test_bare_answers(conv_params: Run, words: str, answer: str) -> None:
    found = conv_params(words + " -q")
    assert (found.code, found.out, found.err) == (0, answer + "\n", "")


LINEAR = "--kind linear --c-in 3 --c-out 4"
ERRORS = refusals(
    f"""
    usage c_in: (none)
    usage c_out: --k 3 --c-in 64 | --k 3 --c-in 64 --c-out x
    usage kernel: --c-in 64 --c-out 64 | {ONE} --kind linear | {ONE} 3p1c64
    invalid-value c_in: --k 3 --c-in 0 --c-out 64
    invalid-value groups: {ONE} --g 0
    invalid-value n: {ONE} --n 0
    groups-do-not-divide groups: {ONE} --g 3
    usage dtype: {ONE} --dtype float31
    usage kind: {ONE} --kind max-pool
    kernel-exceeds-input kernel: {ONE} --w 1
    usage size: {ONE} --w 7 --size 7
    usage output_padding: {ONE} --output-padding 1
    unsupported-by-framework padding: {ONE} --w 7 --s 2 --p same
    usage ceil_mode: {ONE} --ceil-mode
    usage expect: {ONE} --expect macs=3 | {ONE} --compare --expect 3 | {LINEAR} --expect output=3
    shape-mismatch expect: {ONE} --expect 3x3 | {ONE} --w 7 --expect output=3x3x3
    usage check: {ONE} --compare --check
    usage explain: {ONE} --compare --explain
    usage compare: {ONE} --compare --n 1,2 | {ONE} --compare --batch - | {LINEAR} --compare
    """
)


@pytest.mark.parametrize(("words", "code", "option"), ERRORS)
def test_errors(conv_params: Run, words: str, code: str, option: str | None) -> None:
    conv_params(f"{words} --json").refused(code, option)
    assert "Traceback" not in conv_params(words).err


@pytest.mark.parametrize(
    ("words", "groups", "hints"),
    [
        (ONE, "3", ["2", "4"]),
        (ONE, "500", ["64"]),
        ("--k 3 --c-in 30 --c-out 64", "4", ["2"]),
        ("--k 3 --c-in 960 --c-out 480", "7", ["6", "8"]),
    ],
)
def test_the_hint_is_legal(conv_params: Run, words: str, groups: str, hints: list[str]) -> None:
    hint = conv_params(f"{words} --groups {groups} --json").error["hint"]
    assert hint.split(" or ") == [f"--groups {legal}" for legal in hints]
    for legal in hint.split(" or "):
        assert conv_params(f"{words} {legal} -q").code == 0


@pytest.mark.parametrize(
    ("words", "hint"), [("-k 3", "--k 3"), ("-n 2", "--n 2"), ("-c-in 3", "--c-in 3"), ("-g 2", "--g 2")]
)
def test_what_one_dash_was_meant_to_be(conv_params: Run, words: str, hint: str) -> None:
    assert conv_params("--json " + words).error["hint"] == hint


def test_a_height_is_not_the_help(conv_params: Run) -> None:
    assert conv_params("-h 56 --json").error["hint"] == "--h 56"


def test_right_claims(conv_params: Run) -> None:
    words = " ".join(f"--expect {key}={value}" for key, value in {**COUNTS, **WORK}.items() if isinstance(value, int))
    found = conv_params(f"{ONE} --w 56 --p 1 {words} --expect 73728 --expect output=56x56 --expect output=56 --json")
    assert found.code == 0
    assert found.json["expect"]["passed"]
    assert len(found.json["expect"]["claims"]) == 13
    assert found.json["expect"]["claims"][-1]["actual"] == {"h": 56, "w": 56}


def test_a_sweep_is_a_stream(conv_params: Run) -> None:
    found = conv_params("--k 1,3 --c-in 64 --c-out 64,128 --g 1,3 --n 2,3 --w 7,8 --json")
    assert found.code == 2
    assert len(found.lines) == 32
    assert found.lines[0]["question"] == {"kernel": {"h": 1, "w": 1}, "c_out": 64, "groups": 1, "n": 2, "w": 7}
    assert [line.get("params") for line in found.lines[:8]] == [4096] * 4 + [None] * 4
    assert found.lines[4]["error"]["code"] == "groups-do-not-divide"
    assert conv_params("--k 1,3 --c-in 64 --c-out 128 --check --json").lines[1]["check"]["passed"]
    assert conv_params("--c-in 64..192..64 --c-out 64 --k 1 -q").out == "4096\n8192\n12288\n"


def test_a_sweep_as_a_table(conv_params: Run) -> None:
    lines = [line.split() for line in conv_params("--k 1,3 --c-in 64 --c-out 128").out.splitlines() if line.strip()]
    assert lines[0] == ["kernel", "parameters", "bytes", "output", "MACs", "bytes", "of", "output"]
    assert lines[2:] == [["1x1", "8,192", "32,768", "-", "-", "-"], ["3x3", "73,728", "294,912", "-", "-", "-"]]


def test_a_batch(conv_params: Run) -> None:
    lines = (
        '{"c_in":64,"c_out":128,"expect":73728}\n{"in_channels":64,"c_out":128,"k":1,"bias":true,"id":"b"}\n'
        '{"c_in":64,"c_out":128,"w":56,"p":1,"expect":{"macs":1}}\n{"c_in":64,"c_out":128,"g":7}\n'
        '{"c_in":64,"c_out":128,"w":9,"size":9}\n{"c_in":64,"c_out":128,"size":9,"check":true}\n'
    )
    found = conv_params("--batch - --k 3", stdin=lines)
    assert found.code == 2
    assert [line.get("params") for line in found.lines] == [73728, 8320, 73728, None, None, 73728]
    assert found.lines[2]["expect"]["claims"][0]["actual"] == 231211008
    assert [line["error"]["code"] for line in found.lines[3:5]] == ["groups-do-not-divide", "usage"]
    assert found.lines[5]["check"]["passed"]


def test_the_number_of_axes_stays_over_a_batch(conv_params: Run) -> None:
    found = conv_params("--batch - --dims 1 --k 3 --c-in 1 --c-out 1 --size 5", stdin='{"w":7}\n{}\n')
    assert [line["output"] for line in found.lines] == [{"w": 5}, {"w": 3}]


def test_bias_in_a_batch_may_be_taken_back(conv_params: Run) -> None:
    found = conv_params("--batch - --bias --k 3 --c-in 1 --c-out 1 -q", stdin='{}\n{"bias":false}\n')
    assert found.out == "10\n9\n"


@pytest.mark.parametrize("words", [ONE, ONE + " --w 56 --p 1:0", "--kind linear --c-in 3 --c-out 4"])
def test_csv_says_what_json_says(conv_params: Run, words: str) -> None:
    (row,) = conv_params(words + " --format csv").rows
    (layer,) = conv_params(words + " --json").json["layers"]
    for key, value in layer.items():
        if key == "padding":
            assert (row["padding_h_begin"], row["padding_h_end"]) == tuple(map(str, value["h"]))
        elif isinstance(value, dict):
            assert {axis: row[f"{key}_{axis}"] for axis in value} == {axis: str(each) for axis, each in value.items()}
        else:
            assert row[key] == str(value)
    assert row["dtype"] == "float32"


def test_csv_has_a_column_for_all_that_may_come(conv_params: Run) -> None:
    found = conv_params(
        "--batch - --format csv", stdin='{"c_in":1,"c_out":2,"k":3}\n{"c_in":1,"c_out":2,"k":3,"w":9}\n'
    )
    one, two = found.rows
    assert (one["macs"], two["macs"], two["output_w"]) == ("", "882", "7")


def test_csv_of_the_forms(conv_params: Run) -> None:
    table = conv_params(ONE + " --compare --format csv").rows
    assert {row["form"]: row["params"] for row in table}["depthwise-separable"] == "8768"


def test_forms_in_json(conv_params: Run) -> None:
    found = conv_params(ONE + " --w 56 --p 1 --compare --json").json
    assert list(found["forms"]) == ["standard", "grouped", "depthwise-separable", "bottleneck"]
    assert found["forms"]["depthwise-separable"]["macs"] == 27496448
    assert [layer["name"] for layer in found["forms"]["bottleneck"]["layers"]] == ["reduce", "windows", "expand"]
    assert "macs" not in conv_params(ONE + " --compare --json").json["forms"]["standard"]


def test_what_is_warned_of(conv_params: Run) -> None:
    found = conv_params(ONE + " --w 56 --p 0:1")
    assert "warning: " in found.err
    assert conv_params(ONE + " --w 56 --p 0:1 --json").json["warnings"][0]["code"] == "needs-pad-layer"


def test_18_digits(conv_params: Run) -> None:
    huge = 10**18 - 1
    found = conv_params(
        f"--k {huge} --c-in {huge} --c-out {huge} --dims 3 --w {huge} --d {huge} --p full --n {huge} --json"
    )
    assert found.code == 0
    assert found.json["params"] == huge**5
    wrong = conv_params(f"--k {huge} --c-in {huge} --c-out {huge} --w {huge} --p full --check --expect 1")
    assert wrong.code == 1
    assert "internal" not in wrong.err
