"""conv-shape backwards, as a script and as a reader sees it; a golden case is one row."""

import pytest

from tests.conftest import Run, refusals


def test_the_example_of_the_interface(conv_shape: Run) -> None:
    found = conv_shape("--w 224 --k 7 --s 2 --target 112 --solve padding --json")
    assert (found.code, found.err, found.out.count("\n")) == (0, "", 1)
    (warning,) = found.json["warnings"]
    assert warning["code"] == "needs-pad-layer"
    assert "padding 2:3:" in warning["message"]
    assert {key: value for key, value in found.json.items() if key != "warnings"} == {
        "command": "conv-shape",
        "framework": "pytorch",
        "input": {"w": 224},
        "solve": "padding",
        "target": {"w": 112},
        "layers": [{"name": "conv1", "kind": "conv", "kernel": {"w": 7}, "stride": {"w": 2}, "dilation": {"w": 1}}],
        "solutions": [{"padding": {"w": [2, 3]}}, {"padding": {"w": [3, 3]}}],
    }


BARE = [
    ("--w 224 --k 7 --s 2 --target 112 --solve padding", "2:3 3"),
    ("--w 224 --k 7 --s 2 --target 112 --solve p", "2:3 3"),
    ("--k 7 --s 2 --p 3 --target 112 --solve input", "223..224"),
    ("--k 7 --s 2 --p 3 --target 112 --solve w", "223..224"),
    ("--k 7 --s 2 --p 3 --target 112 --solve i", "223..224"),
    ("--k 3 --s 2 --p same --framework tensorflow --target 4 --solve w", "7..8"),
    ("--k 3 --p 1 --target 5 --solve w", "5"),
    ("--k 3 --s 2 --target 5x4 --solve w", "11x9 11x10 12x9 12x10"),
    ("--k 3 --s 1 --target 5 --dims 2 --solve w", "7x7"),
    ("--k 3x5 --target 5 --solve w", "7x9"),
    ("--w 224 --s 2 --p 3 --target 112 --solve kernel", "7 8"),
    ("--w 224 --s 2 --p 3 --target 112 --d 3 --solve k", "3"),
    ("--w 9 --kind max-pool --target 3 --solve k", "3"),
    ("--w 224 --k 7 --p 3 --target 112 --solve stride", "2"),
    ("--w 7 --k 3 --target 1 --solve s", "5"),
    ("--w 7 --k 3 --target 3 --solve dilation", "2"),
    ("--w 7 --k 1 --target 7 --solve d", "1"),
    ("--w 4 --k 3 --s 2 --p 1 --kind transposed --target 8 --solve output-padding", "1"),
    ("--w 4 --k 3 --s 2 --p 1 --kind transposed --target 8 --solve o", "1"),
    ("--w 9 --k 4 --s 4 --kind max-pool --ceil-mode --target 3 --solve p", "0 0:1 1 1:2 2"),
    ("--w 224 --h 112 --k 7 --s 2 --target 56x112 --solve p", "2:3x2:3 2:3x3 3x2:3 3x3"),
]


@pytest.mark.parametrize(("words", "solutions"), BARE)
def test_bare_solutions(conv_shape: Run, words: str, solutions: str) -> None:
    found = conv_shape(words + " -q")
    assert (found.code, found.out.split(), found.err) == (0, solutions.split(), "")


SOLVED = [
    ("--w 7 --k 3 --target 3 --solve dilation", {"dilation": {"w": 2}}),
    ("--w 224 --k 7 --p 3 --target 112 --solve stride", {"stride": {"w": 2}}),
    ("--w 4 --k 3 --s 2 --p 1 --kind transposed --target 8 --solve output-padding", {"output_padding": {"w": 1}}),
    ("--w 9 --kind max-pool --target 3 --solve kernel", {"kernel": {"w": 3}}),
    ("--k 3 --target 5x4 --solve input", {"input": {"h": 7, "w": 6}}),
]


@pytest.mark.parametrize(("words", "solution"), SOLVED)
def test_solutions_in_json(conv_shape: Run, words: str, solution: dict[str, object]) -> None:
    found = conv_shape(words + " --json").json
    (solved,) = solution
    assert (found["solve"], found["solutions"]) == (solved, [solution])
    assert "output" not in found
    assert ("input" in found) == (solved != "input")
    assert solved not in found["layers"][0]


def test_the_stride_of_a_pooling_follows_the_kernel_that_is_open(conv_shape: Run) -> None:
    assert "stride" not in conv_shape("--w 9 --kind max-pool --target 3 --solve k --json").json["layers"][0]
    assert "stride" in conv_shape("--w 9 --s 3 --kind max-pool --target 3 --solve k --json").json["layers"][0]


ONE = "--w 7 --k 3"
ERRORS = refusals(
    f"""
    usage target: {ONE} --target 5 | {ONE} --target x --solve p | {ONE} --target 5,6 --solve p
    usage solve: {ONE} --solve stride | {ONE} --target 5 --solve x | {ONE} --target 5 --solve
    usage solve: {ONE},5 --target 5 --solve s | --batch - --k 3 --target 5 --solve s
    invalid-value target: {ONE} --target 0 --solve p
    shape-mismatch target: {ONE} --target 5x5 --solve p | --k 3 --dims 3 --target 5x5 --solve w
    shape-mismatch size: --k 3 --target 5x5x5x5 --solve w
    usage padding: {ONE} --p 0 --target 5 --solve p
    usage kernel: {ONE} --target 5 --solve k | --w 7 --target 5 --solve d
    usage w: {ONE} --target 5 --solve w | --k 3 --target 5 --solve d
    usage size: --size 7 --k 3 --target 5 --solve input
    usage dilation: {ONE} --d 1 --target 5 --solve d
    invalid-value w: --w 0 --k 3 --target 5 --solve p
    usage output_padding: {ONE} --target 5 --solve o
    no-solution target: {ONE} --target 6 --solve s | --w 5 --k 7 --target 3 --solve s
    unsupported-by-framework padding: {ONE} --s 2 --p same --target 4 --solve d
    padding-too-large padding: {ONE} --p 2 --kind max-pool --target 4 --solve s
    too-many-questions solve: --k 1 --s 10000001 --target 5 --solve w | --k 1 --s 5000 --target 5x5 --solve w
    usage compare: {ONE} --target 5 --solve s --compare
    """
)


@pytest.mark.parametrize(("words", "code", "option"), ERRORS)
def test_errors(conv_shape: Run, words: str, code: str, option: str | None) -> None:
    conv_shape(f"--json {words}").refused(code, option)


@pytest.mark.parametrize(
    ("words", "targets"),
    [
        ("--w 10 --k 3 --s 2 --p 1 --kind transposed --solve o --target 8", ["19"]),
        ("--w 7 --k 3 --solve s --target 4", ["3", "5"]),
        ("--size 7x9 --k 3 --solve s --target 6x7", ["5x7"]),
        ("--w 7 --k 1 --solve d --target 6", ["7"]),
    ],
)
def test_the_nearest_target(conv_shape: Run, words: str, targets: list[str]) -> None:
    hint = conv_shape(words + " --json").error["hint"]
    assert hint.removesuffix(", the nearest that can be had").split(" or ") == [f"--target {each}" for each in targets]
    for each in targets:
        assert conv_shape(f"{words.rpartition(' ')[0]} {each} -q").code == 0


def test_values_without_end(conv_shape: Run) -> None:
    found = conv_shape("--w 7 --k 3 --target 1 --solve s --json").json
    assert found["solutions"] == [{"stride": {"w": 5}}]
    assert [warning["code"] for warning in found["warnings"]] == ["unbounded"]
    assert "stride 5 and more" in conv_shape("--w 7 --k 3 --target 1 --solve s").out


def test_a_table(conv_shape: Run) -> None:
    found = conv_shape("--w 224 --k 7 --s 2 --target 112 --solve padding")
    lines = [line.strip() for line in found.out.splitlines() if line.strip()]
    assert lines[0] == "padding 2:3 or 3"
    assert lines[1] == "makes 112 of an input of 224  (conv, pytorch)"
    assert lines[4].split() == ["1", "2:3", "0", "a", "pad", "layer"]
    assert lines[5].split() == ["2", "3", "0"]
    assert "needs-pad-layer" in found.err


def test_a_long_table_says_what_it_leaves_out(conv_shape: Run) -> None:
    found = conv_shape("--k 7 --s 20 --p 3 --target 112x56 --solve input")
    assert "input 2,221 to 2,240 x 1,101 to 1,120: 400 solutions" in found.out
    assert "and 380 more" in found.out


def test_csv_says_what_json_says(conv_shape: Run) -> None:
    words = "--size 224x112 --k 7 --s 2 --target 112x56 --solve padding"
    table = conv_shape(words + " --format csv").rows
    solutions = conv_shape(words + " --json").json["solutions"]
    read = [
        {"padding": {axis: [int(row[f"padding_{axis}_begin"]), int(row[f"padding_{axis}_end"])] for axis in ("h", "w")}}
        for row in table
    ]
    assert read == solutions
    assert {(row["solve"], row["target_h"], row["target_w"]) for row in table} == {("padding", "112", "56")}
    (row,) = conv_shape("--w 7 --k 3 --target 3 --solve d --format csv").rows
    assert (row["dilation_w"], row["target_w"]) == ("2", "3")


def test_18_digits(conv_shape: Run) -> None:
    size = "9" * 18
    assert conv_shape(f"--w {size} --k 3 --target {size} --solve p -q").out == "1\n"
    found = conv_shape(f"--w {size} --k 3 --target 1{'0' * 17} --solve p")
    assert found.code == 2
    assert "no-solution" in found.err
    # every stride that gives 1 has 19 digits
    found = conv_shape(f"--w {size} --k 5 --p {size} --target 1 --solve s --json")
    assert (found.error["code"], found.error["hint"][:10]) == ("no-solution", "--target 3")


SEVERAL = "--w 7 --k 3 --kind transposed --target 14 --solve stride,padding,output-padding"


def test_several_numbers_in_json(conv_shape: Run) -> None:
    found = conv_shape(SEVERAL + " --json").json
    assert found["solve"] == ["stride", "padding", "output_padding"]
    assert found["bounds"] == {"stride": [1, 8], "padding": [0, 2], "output_padding": [0, 7]}
    assert found["solutions"] == [
        {"stride": {"w": 2}, "padding": {"w": [0, 1]}, "output_padding": {"w": 0}},
        {"stride": {"w": 2}, "padding": {"w": [1, 1]}, "output_padding": {"w": 1}},
    ]
    assert found["layers"] == [{"name": "transposed1", "kind": "transposed", "kernel": {"w": 3}, "dilation": {"w": 1}}]
    assert found["input"] == {"w": 7}
    assert "output" not in found


@pytest.mark.parametrize(
    ("words", "solutions"),
    [
        (SEVERAL, "2 0:1 0|2 1 1"),
        ("--w 7 --k 3 --kind transposed --target 14 --solve o,p,s", "0 0:1 2|1 1 2"),
        ("--size 20 --k 3 --target 10 --solve s,p", "2 0:1|2 1"),
        ("--size 20x10 --k 3 --target 10x5 --solve s,p", "2 0:1|2 0:1x1|2 1x0:1|2 1"),
        ("--target 12 --k 3 --p 1 --s 2 --solve w,d --framework onnx", "23 1|24 1|25 2|26 2|27 3|28 3|29 4|30 4"),
        ("--w 9 --kind max-pool --target 3 --solve k,d", "2 3|2 4|3 1"),  # (9 - d(k - 1) - 1)/k + 1
    ],
)
def test_several_numbers_in_lines(conv_shape: Run, words: str, solutions: str) -> None:
    found = conv_shape(words + " -q")
    assert (found.code, found.err) == (0, "")
    assert found.out.splitlines() == solutions.split("|")


def test_several_numbers_in_a_table_and_in_csv(conv_shape: Run) -> None:
    found = conv_shape(SEVERAL)
    lines = [line.strip() for line in found.out.splitlines() if line.strip()]
    assert lines[0] == "stride 2, padding 0:1, output padding 0; or stride 2, padding 1, output padding 1"
    assert lines[1] == "make 14 of an input of 7  (transposed, pytorch)"
    assert "tried: stride 1 to 8, padding 0 to 2 on each side, output padding 0 to 7" in lines
    assert "needs-crop-layer" in found.err
    rows = conv_shape(SEVERAL + " --format csv").rows
    assert [(row["stride_w"], row["padding_w_begin"], row["output_padding_w"]) for row in rows] == [
        ("2", "0", "0"),
        ("2", "1", "1"),
    ]
    many = conv_shape("--size 224 --target 112 --solve k,s,p").out
    assert "21 combinations of kernel, stride and padding" in many
    assert "and 1 more: -q, --json and --format csv list all" in many
    assert "each padding less than its window, the same along all axes" in " ".join(many.split())


SEVERAL_ERRORS = refusals(
    f"""
    usage solve: {ONE} --target 5 --solve s,s | {ONE} --target 5 --solve s,stride | {ONE} --target 5 --solve s,
    usage solve: {ONE} --target 5 --solve ,s | {ONE} --target 5 --solve s,x | {ONE} --solve s,p
    usage solve: --w 7 --target 5 --solve s,p 3p1 | --target 5 --solve input,output-padding 3p1
    usage stride: {ONE} --s 1 --target 5 --solve s,p
    usage w: {ONE} --target 5 --solve w,s
    usage output_padding: {ONE} --target 5 --solve s,o
    no-solution target: {ONE} --target 100 --solve s,p
    invalid-value target: {ONE} --target 0 --solve s,p
    """
)


@pytest.mark.parametrize(("words", "code", "option"), SEVERAL_ERRORS)
def test_errors_of_several_numbers(conv_shape: Run, words: str, code: str, option: str | None) -> None:
    conv_shape(f"--json {words}").refused(code, option)


@pytest.mark.parametrize(
    ("words", "header"),
    [
        ("--w 224 --k 5 --target 224 --solve padding", "# padding unread input"),
        ("--size 224x224 --k 5 --target 224x224 --solve padding", "# padding, height padding, width unread input"),
        ("--k 5 --target 220 --solve input", "# width unread input"),
    ],
)
def test_a_column_is_headed_by_what_it_holds(run: Run, words: str, header: str) -> None:
    lines = run("conv-shape", *words.split()).out.splitlines()
    assert header.split() in [line.split() for line in lines]
