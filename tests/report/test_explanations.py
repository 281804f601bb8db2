"""An explanation says nothing twice: an axis like the one before it in a line, a number that is its formula once."""

import pytest

from tests.conftest import Run


def lines_of(run: Run, words: str) -> list[str]:
    return [" ".join(line.split()) for line in run(*words.split(), "--explain").out.splitlines()]


@pytest.mark.parametrize(
    ("size", "same"), [("9x9", ["width: the same as height"]), ("9x7", []), ("4x4x4", ["height: the same as depth"])]
)
def test_an_axis_with_the_numbers_of_the_one_before_is_said_in_a_line(run: Run, size: str, same: list[str]) -> None:
    lines = lines_of(run, f"conv-shape --size {size} --k 3")
    assert [line for line in lines if "the same as" in line][:1] == same
    assert ("W2 = floor((W1 - K_e + P_l + P_r)/S) + 1" in lines) == (not same)


def test_what_is_so_by_definition_has_no_source_and_a_number_stands_once(run: Run) -> None:
    lines = lines_of(run, "conv-params --k 3 --c-in 64 --c-out 128")
    assert not any("by definition" in line for line in lines)
    at = lines.index("bias = 0")
    assert lines[at + 1].startswith("entries of the bias")
    assert lines[lines.index("weights = K*K*C_in*C_out") + 1 :][:2] == ["= 3*3*64*128", "= 73,728"]
