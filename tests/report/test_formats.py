import json

import pytest

from dlcalc.core.conv.layer import Layer
from dlcalc.core.conv_shape import answer as conv_shape_of
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import layer_question
from dlcalc.report.conv_shape import view as view
from dlcalc.report.json_lines import encode
from tests.conftest import Run
from tests.support.random_layers import questions


def test_csv_says_what_json_says(conv_shape: Run) -> None:
    words = "--size 160x224 --k 7 --s 2 --p 3:2"
    (row,) = conv_shape(words + " --format csv").rows
    layer = conv_shape(words + " --json").json["layers"][0]
    assert (row["name"], row["kind"], row["framework"]) == ("conv1", "conv", "pytorch")
    for key, by_axis in layer.items():
        if key == "padding":
            assert (row["padding_h_begin"], row["padding_h_end"]) == ("3", "2")
        elif isinstance(by_axis, dict):
            for axis, value in by_axis.items():
                assert row[f"{key}_{axis}"] == str(value)


def test_csv_of_a_sweep(conv_shape: Run) -> None:
    found = conv_shape("--w 7..8 --k 3,8 --check --format csv")
    assert found.code == 2
    table = found.rows
    assert [row["question_w"] + row["question_kernel"] for row in table] == ["73", "78", "83", "88"]
    assert [row["output_w"] for row in table] == ["5", "", "6", "1"]
    assert [row["error"] for row in table] == ["", "kernel-exceeds-input", "", ""]
    assert [row["check_passed"] for row in table] == ["true", "", "true", "true"]


def test_csv_of_a_claim(conv_shape: Run) -> None:
    (row,) = conv_shape("--w 7 --k 3 --expect 4 --format csv").rows
    assert row["expect_passed"] == "false"


def test_csv_warns_once(conv_shape: Run) -> None:
    assert conv_shape("--w 7..99 --k 3 --p 0:1 --format csv").err.count("warning:") == 1


def test_json_is_compact_exact_and_never_nan() -> None:
    assert encode({"a": [1, 2], "b": {"c": 10**400}}) == '{"a":[1,2],"b":{"c":' + str(10**400) + "}}"
    with pytest.raises(ValueError, match="Out of range"):
        encode(float("nan"))


def test_big_numbers_are_exact_in_json(conv_shape: Run) -> None:
    size = 10**18 - 1
    found = conv_shape(f"--w {size} --k 3 --p {10**17} --s 1 --json")
    output = size + 2 * 10**17 - 2
    assert json.loads(found.out)["output"] == {"w": output}
    assert conv_shape(f"--w 9 --k {size} --d {size} --p full --json").json["layers"][0]["center"]["w"] < -(10**34)


def test_the_table_and_the_json_say_the_same_number(conv_shape: Run) -> None:
    words = "--w 4 --k 3 --s 2 --p 1 --output-padding 1 --kind transposed"
    layer = conv_shape(words + " --json").json["layers"][0]
    out = conv_shape(words).out
    table = dict(line.strip().rsplit(None, 1) for line in out.splitlines() if len(line.split()) > 1)
    assert table["output"] == str(layer["output"]["w"])
    assert table["output padding"] == str(layer["output_padding"]["w"])
    field, least = layer["receptive_field"]["w"], layer["receptive_field_min"]["w"]
    said = (
        f"unread 0, field {field}, at the least {least}, jump {layer['jump']['w']}, centre {layer['center']['w']:g}\n"
    )
    assert said in out


def test_the_short_road_to_json_writes_what_the_long_one_writes() -> None:
    """Both roads on random questions, each layer with several sizes so that its template is used again."""
    compared = 0
    for question in questions(4_000, seed=51):
        for grown in (0, 1, 7, 10**17):
            try:
                answer = conv_shape_of(question.with_size(tuple(size + grown for size in question.size)))
            except DlcalcError:
                continue
            assert "{" + view.encoded(answer, encode) + "}" == encode(view.as_json(answer))
            compared += 1
    assert compared > 6_000


def test_more_layers_than_the_short_road_remembers() -> None:
    for kernel in [*range(1, 5_000), *range(1, 10)]:
        answer = conv_shape_of(layer_question(("w",), (5_000,), Layer(kernel)))
        assert "{" + view.encoded(answer, encode) + "}" == encode(view.as_json(answer))
