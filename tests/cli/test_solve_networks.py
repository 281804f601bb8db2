"""Networks backwards: the inputs and the output paddings that give a size, against trying every one of them."""

from itertools import product

import pytest

from tests.conftest import Run
from tests.support.solutions import inputs_in

U_NET = "3p1c8 @a max2 3p1c8 @b max2 3p1c8 convt2s2c8 cat@b convt2s2c8 cat@a"
VALID_U_NET = "3c8 @a max2 3c8 convt2s2c8 @u from@a crop2 cat@u"
RESIDUAL = "7s2p3 max3s2p1 rep2 @x 3p1 relu 3p1 add@x end @x 3s2p1 3p1 @y from@x 1s2 add@y"

INPUTS = [
    ("3", 5, "7"),
    ("7s2p3 max3s2p1", 56, "221 222 223 224"),
    (U_NET, 32, "32"),
    (RESIDUAL, 7, " ".join(map(str, range(49, 57)))),
    ("@x 3s2p1 convt3s2p1 add@x", 9, "9"),
    ("@x 3s2p1 convt3s2p1o1 cat@x", 8, "8"),
    ("crop3 up2", 10, "11"),
    ("pad0:1 unshuffle2", 4, "7"),
    ("shuffle3", 9, "3"),
    ("@x gap 1 mul@x 3", 6, "8"),
    ("3p1 bn relu ln gn2 dropout", 5, "5"),
    ("@a 3p1 @b from@a 5p2 cat@b max2", 4, "8 9"),
]


@pytest.mark.parametrize(("words", "target", "solutions"), INPUTS)
def test_inputs(conv_shape: Run, words: str, target: int, solutions: str) -> None:
    found = conv_shape(f"--target {target} --solve input -q {words}")
    assert (found.code, inputs_in(found.out), found.err) == (0, [*map(int, solutions.split())], "")
    answer = conv_shape(f"--target {target} --solve input --json {words}").json
    assert [solution["input"]["w"] for solution in answer["solutions"]] == [*map(int, solutions.split())]
    assert (answer["solve"], answer["target"]) == ("input", {"w": target})
    assert all("output" not in layer and "receptive_field" not in layer for layer in answer["layers"])
    rows = conv_shape(f"--target {target} --solve input --format csv {words}").rows
    assert [row["input_w"] for row in rows] == solutions.split()


@pytest.mark.parametrize("framework", ["pytorch", "tensorflow", "onnx"])
@pytest.mark.parametrize("words", [VALID_U_NET, *(words for words, _, _ in INPUTS)])
def test_inputs_are_those_that_trying_finds(conv_shape: Run, words: str, framework: str) -> None:
    """Of every size up to 90 as an input, and of every output that there is among them."""
    outputs: dict[int, list[int]] = {}
    for line in conv_shape(f"--w 1..90 --framework {framework} --json {words}").lines:
        if "error" not in line:
            outputs.setdefault(line["output"]["w"], []).append(line["question"]["w"])
    assert len(outputs) > 1
    for target in sorted(outputs)[:4] + sorted(outputs)[-8:-6]:
        found = conv_shape(f"--target {target} --solve input --framework {framework} -q {words}")
        assert found.code == 0
        assert [size for size in inputs_in(found.out) if size <= 90] == outputs[target]
    missing = next((target for target in range(1, 40) if target not in outputs), None)
    if missing is not None and missing < max(outputs):
        found = conv_shape(f"--target {missing} --solve input --framework {framework} --json {words}")
        found.refused("no-solution", "target")
        for number in found.error["hint"].replace("--target", "").split():
            if number.rstrip(",").isdigit():
                assert conv_shape(f"--target {number.rstrip(',')} --solve input --framework {framework} -q {words}").out


def test_several_axes(conv_shape: Run) -> None:
    assert conv_shape(f"--target 32x16 --solve input -q {U_NET}").out == "32x16\n"
    found = conv_shape("--target 4x2 --solve input -q @a 3p1 @b from@a 5p2 cat@b max2").out.split()
    assert found == ["8x4", "8x5", "9x4", "9x5"]


def test_a_table_names_the_layers_that_leave_input_unread(conv_shape: Run) -> None:
    out = conv_shape("--target 4 --solve input @a 3p1 @b from@a 5p2 cat@b max2").out
    lines = [line.split() for line in out.splitlines() if line.strip()]
    assert lines[0] == ["input", "8", "or", "9"]
    assert ["1", "8", "none"] in lines
    assert ["2", "9", "pool1"] in lines


def test_small_inputs_that_a_framework_refuses_hide_no_solution(conv_shape: Run) -> None:
    """An AvgPool3d of PyTorch on less than its window; an adaptive pooling of ONNX Runtime on no multiple of 5."""
    assert conv_shape("--target 6x6x6 --solve input -q crop1 avg3s1p1").out == "8x8x8\n"
    assert conv_shape("--w 10 --framework onnx aavg5 -q").out == "5\n"
    assert conv_shape("--target 5 --solve input --framework onnx -q aavg5").out == "5\n"
    assert conv_shape("--target 5 --solve input --framework onnx -q 3p1 @a relu add@a aavg5").out == "5\n"


def test_every_input_from_some_on(conv_shape: Run) -> None:
    found = conv_shape("--target 5 --solve input --json 3 aavg5").json
    assert found["solutions"] == [{"input": {"w": 3}}]
    assert [warning["code"] for warning in found["warnings"]] == ["unbounded"]


# Words, the input, the target, and the output paddings of each open layer, in lines.
OUTPUT_PADDINGS = [
    ("convt3s2p1", 4, 8, ["1"]),
    ("convt3s2p1", 4, 7, ["0"]),
    ("convt3s2p1 3p1 convt3s2p1", 4, 16, ["1 1"]),
    ("convt3s2p1 convt3s2p1", 4, 15, ["1 0"]),
    ("convt3s3 max2 convt3s3", 3, 15, ["1 0", "2 0"]),  # 10 or 11, 5, 15; with none 9, 4, 12
    ("@a 3s2p1 convt3s2p1 add@a", 8, 8, ["1"]),
    ("@a 3s2p1 convt3s2p1 add@a", 9, 9, ["0"]),
    ("convt3s2p1o1 convt3s2p1", 4, 16, ["1"]),  # the first is typed
    ("convt2s2", 5, 10, ["0"]),
]


@pytest.mark.parametrize(("words", "size", "target", "solutions"), OUTPUT_PADDINGS)
def test_output_paddings(conv_shape: Run, words: str, size: int, target: int, solutions: list[str]) -> None:
    asked = f"--w {size} --target {target} --solve output-padding"
    found = conv_shape(f"{asked} -q {words}")
    assert (found.code, found.out.splitlines(), found.err) == (0, solutions, "")
    answer = conv_shape(f"{asked} --json {words}").json
    assert (answer["solve"], answer["input"]) == ("output_padding", {"w": size})
    by_layer = [solution["output_padding"] for solution in answer["solutions"]]
    assert [" ".join(str(each["w"]) for each in one.values()) for one in by_layer] == solutions
    open_layers = [f"transposed{number}" for number, word in enumerate(transposed(words), 1) if "o" not in word[5:]]
    assert all(list(one) == open_layers for one in by_layer)
    rows = conv_shape(f"{asked} --format csv {words}").rows
    assert [" ".join(row[f"output_padding_{name}_w"] for name in open_layers) for row in rows] == solutions
    table = conv_shape(f"{asked} {words}").out
    assert all(name in table for name in open_layers)
    assert conv_shape(f"{asked.replace('output-padding', 'o')} -q {words}").out == found.out


def transposed(words: str) -> list[str]:
    return [word for word in words.split() if word.startswith("convt")]


def typed(words: str, extras: tuple[int, ...]) -> str:
    """The words with an output padding in each transposed layer that has none."""
    numbers = iter(extras)
    return " ".join(
        f"{word}o{next(numbers)}" if word.startswith("convt") and "o" not in word[5:] else word
        for word in words.split()
    )


TRIED = ["convt3s2", "convt3s2p1", "convt2s3", "convt4s3p1 convt3s2", "convt3s3 max2 convt5s3p1", "convt3s2psame"]


@pytest.mark.parametrize("framework", ["pytorch", "tensorflow", "onnx"])
@pytest.mark.parametrize("words", TRIED)
def test_output_paddings_are_those_that_trying_finds(conv_shape: Run, words: str, framework: str) -> None:
    """Of every number up to 3 in each transposed layer."""
    asked = f"--w 4 --framework {framework}"
    outputs: dict[int, list[str]] = {}
    for extras in product(range(4), repeat=len(transposed(words))):
        found = conv_shape(f"{asked} -q {typed(words, extras)}")
        if found.code == 0:
            outputs.setdefault(int(found.out), []).append(" ".join(map(str, extras)))
    if not outputs:
        assert (framework, words) == ("pytorch", "convt3s2psame")
        return
    for target in range(min(outputs), max(outputs) + 2):
        found = conv_shape(f"{asked} --target {target} --solve output-padding -q {words}")
        assert found.out.splitlines() == outputs.get(target, []), target


def test_output_paddings_along_several_axes(conv_shape: Run) -> None:
    asked = "--size 4x5 --target 8x9 --solve output-padding"
    assert conv_shape(f"{asked} -q convt3s2p1").out == "1x0\n"
    found = conv_shape(f"{asked} --json convt3s2p1").json["solutions"]
    assert found == [{"output_padding": {"transposed1": {"h": 1, "w": 0}}}]


@pytest.mark.parametrize(
    ("words", "code", "option"),
    [
        ("--w 4 --target 9 --solve o convt3s2p1", "no-solution", "target"),
        ("--w 4 --target 7 --solve o convt3s2p1o0", "usage", "solve"),
        ("--w 4 --target 4 --solve o 3p1", "usage", "solve"),
        ("--target 4 --solve o convt3s2p1", "usage", "w"),
        ("--w 4 --target 4 --solve padding 3p1", "usage", "solve"),
        ("--w 4 --target 4 --solve input 3p1", "usage", "w"),
        ("--target 31 --solve input 3p1 @a max2 up2 add@a", "no-solution", "target"),
        ("--target 10 --solve input 3p1 gap fc10", "usage", "layers"),
        ("--target 10 --solve input 3p1 flatten", "usage", "layers"),
        ("--target 5 --solve input 3p1 rep2", "usage", "layers"),
        ("--target 5 --solve input 3p1 add@x", "usage", "layers"),
        ("--target 5 --solve input --compare 3p1", "usage", "compare"),
        ("--target 5 --solve input --at conv1 3p1", "usage", "at"),
    ],
)
def test_refused(conv_shape: Run, words: str, code: str, option: str) -> None:
    conv_shape(f"--json {words}").refused(code, option)


@pytest.mark.parametrize(
    ("words", "headline"),
    [
        (U_NET, "input every 4th from 4 on"),
        (RESIDUAL, "input from 1 on"),
        ("3 max2 fc10", "input from 4 on"),
        ("@x gap up2 add@x", "input 1 to 2"),
        ("@x aavg6 add@x", "input 1, 6"),
        ("pad0:1 unshuffle3", "input every 3rd from 2 on"),
    ],
)
def test_the_inputs_with_which_a_network_runs_at_all(conv_shape: Run, words: str, headline: str) -> None:
    found = conv_shape(f"--solve input {words}")
    assert found.code == 0
    first = found.out.split("\n")[1].strip()
    runs = [size for size in range(1, 40) if conv_shape(f"--w {size} {words} -q").code == 0]
    assert first == headline
    answer = conv_shape(f"--solve input --json {words}").json
    assert "target" not in answer
    assert answer["solutions"][0]["input"]["w"] == runs[0]
    endless = [notice["message"] for notice in answer.get("warnings", []) if notice["code"] == "unbounded"]
    assert bool(endless) == (runs[-1] > 30)


def test_without_a_target_one_layer_is_refused(conv_shape: Run) -> None:
    for words in ("--k 3 --solve input", "--w 9 --k 3 --solve padding", "--w 9 --solve output-padding convt3s2"):
        assert conv_shape(f"{words} --json").error["code"] == "usage"
