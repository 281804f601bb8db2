"""Pictures of several frameworks: one for each that answers, the positions of all in the same columns."""

import pytest

from dlcalc.core.conv.layer import Layer
from dlcalc.core.conv.shape import AxisShape
from dlcalc.core.conv_shape import answer as conv_shape_of
from dlcalc.core.network.network import layer_question
from dlcalc.report.conv_shape.window_picture import ASCII, pictures, scene
from tests.conftest import Run

FRAMEWORKS = ("PyTorch", "Keras", "ONNX Runtime")


def drawn(conv_shape: Run, words: str) -> tuple[str, dict[str, list[str]]]:
    """All that was printed, and the lines of each framework's picture."""
    found = conv_shape(f"{words} --compare --draw")
    assert found.code == 0
    pictures: dict[str, list[str]] = {}
    name = ""
    for line in found.out.splitlines():
        title = next((one for one in FRAMEWORKS if line.startswith(f"  {one}  ") or line == f"  {one}"), "")
        name = title or (name if line.strip() else "")
        if name:
            pictures.setdefault(name, []).append(line)
    return found.out, pictures


@pytest.mark.parametrize(
    ("words", "outputs"),
    [
        ("--w 10 --k 3 --s 2 --p 1", {"PyTorch": 5, "Keras": 5, "ONNX Runtime": 5}),
        ("--w 10 --k 3 --s 2 --p same", {"Keras": 5, "ONNX Runtime": 5}),
        ("--w 5 --k 4 --s 2 --kind transposed --p same --output-padding 1", {"Keras": 9, "ONNX Runtime": 10}),
        ("--w 5 --k 1 --s 3 --kind transposed", {"PyTorch": 13, "Keras": 15, "ONNX Runtime": 13}),
    ],
)
def test_one_picture_a_framework_aligned_at_position_0(conv_shape: Run, words: str, outputs: dict[str, int]) -> None:
    out, pictures = drawn(conv_shape, words)
    assert list(pictures) == list(outputs)
    assert len({lines[0].index("0") for lines in pictures.values()}) == 1
    for name, lines in pictures.items():
        transposed = "transposed" in words
        line, rows = lines[1], lines[2:]
        real = sum(line.count(glyph) for glyph in "○×")  # noqa: RUF001
        assert (real, len(rows)) == ((outputs[name], 5) if transposed else (int(words.split()[1]), outputs[name]))
    for name in set(FRAMEWORKS) - set(outputs):
        assert f"{name} refuses: " in out


def test_windows_that_start_elsewhere_stand_elsewhere() -> None:
    """A padding of 1 in front, and none: the same position in the same column, and windows one position apart."""
    upper = scene(shape_of(before=0, after=1), transposed=False)
    lower = scene(shape_of(before=1, after=0), transposed=False)
    rows = pictures([("upper", upper), ("lower", lower)], 60, ASCII).rows
    assert [row.label for row in rows[:2]] == ["upper", "input"]
    assert rows[0].cells.index("0") == rows[8].cells.index("0") == 2
    assert (rows[1].cells, rows[9].cells) == ("  o o o o o o o o o o :", ": o o o o o o o o o o")
    assert (rows[2].cells, rows[10].cells) == ("  # # #", "+ # #")


def shape_of(before: int, after: int) -> AxisShape:
    layer = Layer(3, 2, ((before, after),))
    return conv_shape_of(layer_question(("w",), (10,), layer, "onnx")).layers[0].axes[0]


def test_a_network(conv_shape: Run) -> None:
    out, pictures = drawn(conv_shape, "--w 32 3s2p1 3p1")
    assert list(pictures) == list(FRAMEWORKS)
    for lines in pictures.values():
        assert [line.split()[0] for line in lines[1:4]] == ["conv2", "conv1", "input"]
    assert len({tuple(line.index("░") for line in lines[1:4]) for lines in pictures.values()}) == 1
    assert out.count("every map stands above the pixels") == 1


def test_axes_that_differ_have_pictures_of_their_own(conv_shape: Run) -> None:
    out, _ = drawn(conv_shape, "--size 12x14 --k 3 --s 2 --p 1")
    assert "height, each window gives an output" in out
    assert "width, each window gives an output" in out
    out, _ = drawn(conv_shape, "--size 12 --k 3 --s 2 --p 1")
    assert "height and width, each window gives an output" in out


def test_all_refuse(conv_shape: Run) -> None:
    found = conv_shape("--w 3 --k 5 --compare --draw")
    assert (found.code, found.out.count("refuses: ")) == (2, 3)
