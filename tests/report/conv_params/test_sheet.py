"""The table of conv-params as a person sees it."""

import pytest

from dlcalc.report.conv_params.sheet import in_units, percent
from tests.conftest import Run

GOLDEN = """
  73,728 parameters
  3 x 3 conv, 64 -> 128 channels, without a bias

   float32         entries     bytes    MiB     MB
   ───────────────────────────────────────────────
   weights          73,728   294,912   0.28   0.29
   bias                  0         0   0.00   0.00
   parameters       73,728   294,912   0.28   0.29
     with a bias    73,856   295,424   0.28   0.30
   buffers               0         0   0.00   0.00

  weights = K*K*C_in*C_out
          = 3*3*64*128 = 73,728

  work on a square 56 x 56 input, output 56 x 56

                                     count
   ───────────────────────────────────────
   MACs                        231,211,008
     without padding, 97.6 %   225,738,752
   FLOPs, 2 a MAC              462,422,016

  1 MAC = 2 FLOPs, a product and a sum, and a bias adds none;
  fvcore and the ResNet paper call a MAC a FLOP, torch's counter prints 2 a MAC

  activations

   float32          entries       bytes    MiB     MB
   ──────────────────────────────────────────────────
   input            200,704     802,816   0.77   0.80
   output           401,408   1,605,632   1.53   1.61
   input + output   602,112   2,408,448   2.30   2.41

"""


@pytest.mark.parametrize("columns", ["20", "80", "200"])
def test_in_a_pipe(conv_params: Run, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert conv_params("--k 3 --p 1 --c-in 64 --c-out 128 --w 56").out == GOLDEN


def test_with_a_bias_there_is_nothing_to_add(conv_params: Run) -> None:
    words = "--k 3 --c-in 64 --c-out 128"
    assert "with a bias    73,856" in conv_params(words).out
    out = conv_params(words + " --bias").out
    assert out.startswith("\n  73,856 parameters\n  3 x 3 conv, 64 -> 128 channels, with a bias\n")
    assert "  with a bias " not in out


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("--k 3 --c-in 4 --c-out 4 --w 9", "work on a square 9 x 9 input, output 7 x 7\n"),
        ("--k 3 --c-in 4 --c-out 4 --w 9 --dims 3", "work on a cubic 9 x 9 x 9 input, output 7 x 7 x 7\n"),
        ("--k 3 --c-in 4 --c-out 4 --w 9 --dims 1", "work on a 9 input, output 7\n"),
        ("--k 3 --c-in 4 --c-out 4 --w 9 --h 8 --n 32", "work on an 8 x 9 input, output 6 x 7, batch of 32\n"),
        ("--k 3 --c-in 4 --c-out 4 --size 9", "work on a 9 x 9 input, output 7 x 7\n"),
        ("--kind linear --c-in 4 --c-out 4 --n 8", "work, batch of 8\n"),
        ("--k 3 --c-in 4 --c-out 4 --g 2", "3 x 3 conv, 4 -> 4 channels in 2 groups, without a bias\n"),
        ("--kind linear --c-in 4 --c-out 4", "linear, 4 -> 4 features, without a bias\n"),
        ("--k 3 --c-in 4 --c-out 4 --g 2", "weights = K*K*(C_in/g)*C_out\n          = 3*3*(4/2)*4 = 72\n"),
    ],
)
def test_it_says(conv_params: Run, words: str, text: str) -> None:
    assert text in conv_params(words).out


def test_without_a_size_nothing_is_said_of_work(conv_params: Run) -> None:
    assert "MAC" not in conv_params("--k 3 --c-in 4 --c-out 4").out


def test_the_forms_side_by_side(conv_params: Run) -> None:
    out = conv_params("--k 3 --c-in 64 --c-out 128 --w 56 --p 1 --compare").out
    assert "depthwise-separable        8,768        11.9 %    27,496,448        11.9 %\n" in out
    assert "  grouped              3 x 3 conv, 64 -> 128 channels in 32 groups\n" in out
    assert max(map(len, out.splitlines())) <= 80


def test_on_80_columns(conv_params: Run) -> None:
    out = conv_params("--k 7 --c-in 2048 --c-out 2048 --w 224 --p 3 --n 64 --dtype bfloat16 --bias").out
    assert max(map(len, out.splitlines())) <= 80


UNITS = [
    (0, 2**20, "0.00"),
    (576, 2**20, "0.00055"),
    (1, 10**6, "0.0000010"),
    (294_912, 10**6, "0.29"),
    (553_430_176, 10**6, "553.43"),
    (553_430_176, 2**20, "527.79"),
    (1_005_000, 10**6, "1.01"),
    (10**400, 10**6, f"{10**394:,}.00"),
]


@pytest.mark.parametrize(("count", "unit", "text"), UNITS)
def test_units(count: int, unit: int, text: str) -> None:
    assert in_units(count, unit) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(1, 1, "100 %"), (361, 441, "81.9 %"), (99_999, 100_000, "99.9 %"), (0, 5, "0.0 %")]
)
def test_percent(part: int, whole: int, text: str) -> None:
    assert percent(part, whole) == text
