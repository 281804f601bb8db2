"""Sweeps as they are typed: every value of an option with every other, an answer per line."""

from tests.conftest import Run


def test_a_sweep_is_a_stream(conv_shape: Run) -> None:
    found = conv_shape("--w 7..9 --k 1,9 --p 0 --json")
    assert found.code == 2
    assert [line["question"] for line in found.lines[:3]] == [
        {"w": 7, "kernel": {"w": 1}},
        {"w": 7, "kernel": {"w": 9}},
        {"w": 8, "kernel": {"w": 1}},
    ]
    assert [line.get("output", {}).get("w") for line in found.lines] == [7, None, 8, None, 9, 1]
    assert found.lines[1]["error"]["code"] == "kernel-exceeds-input"
    bare = conv_shape("--w 7..9 --k 1,9 -q")
    assert bare.out == "7\n\n8\n\n9\n1\n"
    assert bare.err.count("kernel-exceeds-input") == 2


def test_the_question_of_a_sweep_has_values_by_axis(conv_shape: Run) -> None:
    found = conv_shape("--size 7,8x9 --p 0:1,1 --k 3 --json").lines
    assert found[0]["question"] == {"size": {"h": 7, "w": 7}, "padding": {"h": [0, 1], "w": [0, 1]}}
    assert found[3]["question"] == {"size": {"h": 8, "w": 9}, "padding": {"h": [1, 1], "w": [1, 1]}}


def test_a_value_that_cannot_be_read_ends_a_sweep_before_it_starts(conv_shape: Run) -> None:
    for words in ("--w 7,x --k 3", "--w 7..9 --k 3,y", "--w 7,,8 --k 3", "--w 7..9 --k 3 --kind z"):
        found = conv_shape(words + " --json")
        assert (found.code, found.out, found.error["code"]) == (2, "", "usage")


def test_a_sweep_may_be_checked(conv_shape: Run) -> None:
    found = conv_shape("--w 7..9 --k 3 --check --json")
    assert found.code == 0
    assert all(line["check"]["passed"] for line in found.lines)


def test_a_value_typed_twice_is_refused_and_not_dropped(conv_shape: Run) -> None:
    for words in ("--w 7 --width 8 --k 3", "--w 7 --k 3 --k 3", "--w 8,9 --k 3 --w 7"):
        found = conv_shape(words + " --json")
        assert (found.code, found.out, found.error["code"]) == (2, "", "usage")
        assert "2 times" in found.error["message"]


def test_values_that_do_not_go_together_stand_in_their_place(conv_shape: Run) -> None:
    found = conv_shape("--size 7,7x7 --dims 2,1 --k 3 --json")
    assert found.code == 2
    assert [line["question"] for line in found.lines] == [
        {"size": {"h": 7, "w": 7}, "dims": 2},
        {"size": {"w": 7}, "dims": 1},
        {"size": {"h": 7, "w": 7}, "dims": 2},
        {"size": "7x7", "dims": "1"},
    ]
    assert found.lines[3]["error"]["code"] == "shape-mismatch"


def test_csv_of_a_sweep_over_dims_has_a_column_for_every_axis(conv_shape: Run) -> None:
    header, *rows = conv_shape("--size 7 --dims 1..3 --k 3 --format csv").out.splitlines()
    assert {"output_d", "output_h", "output_w"} <= set(header.split(","))
    assert {row.count(",") for row in rows} == {header.count(",")}


def test_a_sweep_whose_columns_are_not_known_has_them_all(conv_shape: Run) -> None:
    header, *rows = conv_shape("--size 5x5,7x7x7 --dims 1,3 --k 3 --format csv").out.splitlines()
    good = dict(zip(header.split(","), rows[-1].split(","), strict=True))
    assert (good["output_d"], good["output_h"], good["output_w"]) == ("5", "5", "5")
