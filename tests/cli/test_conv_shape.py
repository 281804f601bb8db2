"""The command as a script sees it: JSON, exit codes, errors; a golden case is one row."""

from typing import Any

import pytest

from tests.conftest import Run, refusals

FIRST_LAYER = {
    "name": "conv1",
    "kind": "conv",
    "kernel": {"w": 3},
    "stride": {"w": 1},
    "dilation": {"w": 1},
    "padding": {"w": [0, 0]},
    "input": {"w": 7},
    "output": {"w": 5},
    "unread": {"w": 0},
    "receptive_field": {"w": 3},
    "jump": {"w": 1},
    "center": {"w": 1.0},
}


def test_the_example_of_the_interface(conv_shape: Run) -> None:
    found = conv_shape("--w 7 --k 3 --s 1 --json")
    assert (found.code, found.err, found.out.count("\n")) == (0, "", 1)
    assert ", " not in found.out
    assert found.json == {
        "command": "conv-shape",
        "framework": "pytorch",
        "input": {"w": 7},
        "output": {"w": 5},
        "layers": [FIRST_LAYER],
    }


BARE = [
    ("--w 7 --k 3 --s 1", "5"),
    ("--width 7 --kernel 3 --stride 1", "5"),
    ("--w 224 --h 160 --k 7 --s 2 --p 3", "80x112"),
    ("--size 7 --k 3", "5x5"),
    ("--size 7 --k 3 --dims 3", "5x5x5"),
    ("--size 7 --k 3 --dims 1", "5"),
    ("--depth 9 --h 8 --w 7 --k 3", "7x6x5"),
    ("--depth 9 --w 7 --k 3x1", "7x7"),
    ("--size 16x112x112 --k 3x7x7 --s 1x2x2 --p 1x3x3", "16x56x56"),
    ("--w 32 --k 3 --d 2 --p 2", "32"),
    ("--w 9 --k 3 --kind max-pool", "3"),
    ("--w 9 --k 4 --s 4 --p 2 --kind max-pool --ceil-mode", "3"),
    ("--w 4 --k 3 --s 2 --p 1 --output-padding 1 --kind transposed", "8"),
    ("--w 5 --k 1 --s 5 --kind transposed --framework tensorflow", "25"),
    ("--w 5 --k 1 --s 5 --kind transposed --framework tensorflow --output-padding 0", "21"),
    ("--w 7 --k 3 --p 0:1", "6"),
    ("--size 7x9 --k 3 --p 0:1x1:1", "6x9"),
]


@pytest.mark.parametrize(("words", "answer"), BARE)
def test_bare_answers(conv_shape: Run, words: str, answer: str) -> None:
    found = conv_shape(words + " -q")
    assert (found.code, found.out, found.err) == (0, answer + "\n", "")


ONE = "--w 7 --k 3"
ERRORS = refusals(
    f"""
    usage w: (none) | --k 3 | --w three --k 3
    usage kernel: --w 7 | --w 7 --k three | {ONE} 7s2p3
    usage kind: {ONE} --kind deconv
    usage framework: {ONE} --framework jax
    usage padding: {ONE} --p soon
    usage size: --w 7 --size 7 --k 3
    usage ceil_mode: {ONE} --ceil-mode
    usage output_padding: {ONE} --output-padding 0
    usage frobnicate: {ONE} --frobnicate
    usage expect: {ONE} --expect five
    invalid-value w: --w 0 --k 3 | --w -7 --k 3 | --w {"9" * 5000} --k 3
    invalid-value depth: --depth 0 --k 3
    invalid-value kernel: --w 7 --k 0
    invalid-value stride: {ONE} --s 0
    invalid-value padding: {ONE} --p -1
    invalid-value dilation: {ONE} --d 0
    invalid-value output_padding: {ONE} --kind transposed --output-padding -1
    invalid-value dims: --size 7 --dims 0 --k 3 | --size 7 --dims 4 --k 3
    shape-mismatch kernel: {ONE}x3
    shape-mismatch dims: --size 7x7 --dims 3 --k 3 | --w 7 --dims 2 --k 3
    shape-mismatch size: --size 7x7x7x7 --k 3
    shape-mismatch expect: {ONE} --expect 5x4
    kernel-exceeds-input kernel: --w 3 --k 4 --s 2
    empty-output padding: --w 1 --k 1 --p 5 --kind transposed
    unsupported-by-framework padding: --w 224 --k 3 --s 2 --p same
    padding-too-large padding: --w 9 --k 3 --p 2 --kind max-pool
    output-padding-too-large output_padding: --w 4 --k 3 --s 2 --output-padding 2 --kind transposed
    too-many-questions -: --w 1..100000000 --k 3
    """
)


@pytest.mark.parametrize(("words", "code", "option"), ERRORS)
def test_errors(conv_shape: Run, words: str, code: str, option: str | None) -> None:
    conv_shape(f"{words} --json").refused(code, option)
    in_words = conv_shape(words)
    assert in_words.code == 2
    assert f"[{code}]" in in_words.err
    assert "hint: " in in_words.err


def test_h_and_a_number_is_the_height_and_not_help(conv_shape: Run) -> None:
    for words in ("-h 160 --w 7 --k 3", "--w 7 --k 3 -h160", "--w 7 --k 3 -h=160"):
        found = conv_shape(words + " --json")
        assert (found.code, found.error["code"], found.error["hint"]) == (2, "usage", "--h 160")
    assert conv_shape("-h").code == 0
    assert conv_shape("--w 7 -h").code == 0


def test_explain_is_the_same_list_in_table_and_json(conv_shape: Run) -> None:
    steps = conv_shape("--size 160x224 --k 7 --s 2 --p 3 --explain --json").json["explain"]
    table = conv_shape("--size 160x224 --k 7 --s 2 --p 3 --explain").out
    assert {"symbol", "formula", "substituted", "value", "source"} <= set(steps[0])
    w2 = next(step for step in steps if step["symbol"] == "W2")
    assert w2["formula"] == "floor((W1 - K_e + P_l + P_r)/S) + 1"
    assert w2["substituted"] == "floor((224 - 7 + 3 + 3)/2) + 1"
    assert w2["value"] == 112
    for step in steps:
        for part in (step["formula"], step["substituted"], step["source"], step["why"]):
            assert part in table


def test_expect_exits_0_when_all_are_right_and_1_when_not(conv_shape: Run) -> None:
    right = conv_shape("--w 7 --k 3 --expect 5 --expect receptive_field=3 --expect center=1.0 --json")
    assert right.code == 0
    assert right.json["expect"]["passed"] is True
    assert [claim["key"] for claim in right.json["expect"]["claims"]] == ["output", "receptive_field", "center"]
    wrong = conv_shape("--w 7 --k 3 --expect 5 --expect receptive_field=2 --json")
    assert wrong.code == 1
    assert [claim["passed"] for claim in wrong.json["expect"]["claims"]] == [True, False]
    assert conv_shape("--w 7 --k 3 --expect 4 -q")[:2] == (1, "5\n")


def test_warnings_stand_in_the_json_and_on_stderr_with_a_table(conv_shape: Run) -> None:
    found = conv_shape("--w 7 --k 3 --p 0:1 --json")
    assert [warning["code"] for warning in found.json["warnings"]] == ["needs-pad-layer"]
    assert found.err == ""
    table = conv_shape("--w 7 --k 3 --p 0:1")
    assert "[needs-pad-layer]" in table.err
    assert "needs-pad-layer" not in table.out


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("--w 7 --k 3 --p causal", ["needs-pad-layer"]),
        ("--w 7 --k 3 --p full", ["needs-pad-layer"]),
        ("--w 7 --k 3 --p 1 --framework tensorflow", ["needs-pad-layer"]),
        ("--w 7 --k 3 --p causal --framework tensorflow", None),
        ("--w 7 --k 3 --p 0:1 --framework onnx", None),
        ("--w 7 --k 3 --p 0:1 --kind transposed", ["needs-crop-layer"]),
        ("--w 10 --k 1 --s 5 --p same --framework onnx", ["crops-input"]),
        ("--w 9 --k 3 --s 1 --d 2 --p same --kind max-pool --framework onnx", ["same-ignores-dilation"]),
        ("--w 8 --k 3 --s 2 --p valid --kind max-pool --ceil-mode --framework onnx", ["implementations-differ"]),
    ],
)
def test_what_is_warned_of(conv_shape: Run, words: str, codes: list[str] | None) -> None:
    warnings = conv_shape(words + " --json").json.get("warnings")
    assert (warnings and [warning["code"] for warning in warnings]) == codes


def test_what_only_some_kinds_have(conv_shape: Run) -> None:
    transposed = conv_shape("--w 4 --k 3 --s 2 --p 1 --kind transposed --json").json["layers"][0]
    assert transposed["output_padding"] == {"w": 0}
    assert (transposed["receptive_field"], transposed["receptive_field_min"]) == ({"w": 2}, {"w": 1})
    assert transposed["jump"] == {"w": 0.5}
    even = conv_shape("--w 4 --k 4 --s 2 --p 1 --kind transposed --json").json["layers"][0]
    assert "receptive_field_min" not in even
    pool = conv_shape("--w 9 --k 3 --kind max-pool --json").json["layers"][0]
    assert (pool["name"], pool["kind"], pool["ceil_mode"]) == ("pool1", "max-pool", False)
    assert "output_padding" not in pool


def test_a_bug_is_said_in_a_line(conv_shape: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("at heart")

    monkeypatch.setattr("dlcalc.core.conv.shape.unread", broken)
    found = conv_shape("--w 7 --k 3 --json")
    assert (found.code, found.error["code"]) == (2, "internal-error")
    assert "ZeroDivisionError: at heart" in found.error["message"]


def test_the_hint_of_ceil_mode_is_legal(conv_shape: Run) -> None:
    found = conv_shape("--w 3 --k 9 --s 2 --kind max-pool --ceil-mode --json")
    assert found.error["hint"] == "--kernel 4 at most, or more padding"
    assert conv_shape("--w 3 --k 4 --s 2 --kind max-pool --ceil-mode -q").out == "1\n"
    assert conv_shape("--w 3 --k 5 --s 2 --kind max-pool --ceil-mode -q").code == 2


@pytest.mark.parametrize("kind", ["transposed", "max-pool", "avg-pool"])
def test_what_onnxruntime_computes_with_same_and_a_dilation(conv_shape: Run, kind: str) -> None:
    assert conv_shape(f"--w 12 --k 1 --s 2 --p same --d 2 --kind {kind} --framework onnx --check").code == 0


def test_keras_states_a_size_that_tensorflow_refuses_to_run(conv_shape: Run) -> None:
    words = "--w 7 --k 2 --s 2 --kind transposed --p same --framework tensorflow --json"
    found = conv_shape(words + " --output-padding 0").json
    assert (found["output"], found["warnings"][0]["code"]) == ({"w": 12}, "backend-refuses")
    assert "warnings" not in conv_shape(words + " --output-padding 1").json
    assert "warnings" not in conv_shape(words).json


def test_a_missing_value_names_its_option(run: Run) -> None:
    found = run("conv-shape", "--json", "--w", "7", "--k")
    assert (found.code, found.error["code"], found.error["option"]) == (2, "usage", "kernel")
    assert found.error["hint"] == "dlcalc conv-shape --help"


DASHES = [("-p same", "--p same"), ("-k --w", "--k"), ("-kernel 3", "--kernel 3"), ("-width 7", "--width 7")]
DASHES += [("-s -1", "--s -1"), ("-k3x3", "--k 3x3"), ("-k 3", "--k 3"), ("-k3", "--k 3"), ("-k=3", "--k 3")]


@pytest.mark.parametrize(("words", "hint"), DASHES)
def test_what_one_dash_was_meant_to_be(conv_shape: Run, words: str, hint: str) -> None:
    found = conv_shape(f"--json --w 7 {words}")
    assert (found.code, found.error["code"], found.error["hint"]) == (2, "usage", hint)


def test_the_square_is_not_claimed_where_there_is_one_axis(conv_shape: Run) -> None:
    assert "an input of 7 gives 5" in conv_shape("--w 7 --k 3 --dims 1").out
    assert "an input of 7 gives 7" in conv_shape("--w 7 --k 3 --p causal --framework tensorflow").out


def test_a_center_that_is_not_there(conv_shape: Run) -> None:
    words = "--w 2 --k 1 --kind transposed --s 3 --p 1"
    assert conv_shape(words + " --json").json["layers"][0]["center"] == {"w": None}
    found = conv_shape(words + " --expect center=0")
    assert found.code == 1
    assert "center 0: wrong, there is none\n" in found.out
