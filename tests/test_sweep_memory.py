"""A few of the limits of the sweep."""

import pytest

sweep_memory = pytest.importorskip("tests.sweep_memory", exc_type=ImportError)  # there is no module resource on Windows

# Bytes above the least: where click does not fit, where NumPy does not, where its linear algebra does not.
ABOVE = [sweep_memory.MARGIN, 5_000_000, 7_000_000, 12_000_000, 40_000_000, 90_000_000]


@pytest.mark.parametrize("kind", sweep_memory.KINDS)
@pytest.mark.parametrize("above", ABOVE)
@pytest.mark.parametrize("words", [sweep_memory.CALLS[0], sweep_memory.CALLS[4]])
def test_an_answer_or_the_one_error(kind: str, above: int, words: list[str]) -> None:
    assert sweep_memory.fault(kind, sweep_memory.least(kind) + above, words) is None


def test_there_are_answers_and_errors() -> None:
    kind, words = "address space", ["-m", "dlcalc", *sweep_memory.CALLS[0]]
    codes = [sweep_memory.run(kind, sweep_memory.least(kind) + above, words).code for above in (5_000_000, 200_000_000)]
    assert codes == [2, 0]


def test_another_end_is_a_fault() -> None:
    kind = "address space"
    assert sweep_memory.fault(kind, sweep_memory.least(kind) + (200 << 20), ["conv-shape", "--json"]) is not None
