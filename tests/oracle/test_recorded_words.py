"""Every recorded answer of PyTorch and Keras about networks in layer words, refusals among them, without both."""

import pytest

from tests.oracle import recorded
from tests.oracle.compare_words import compare_words

RECORDS = recorded.load(recorded.WORDS)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.framework)
def test_recorded_answers_are_ours(record: recorded.Record) -> None:
    for raw, theirs in record.answers:
        compare_words(raw, theirs)


def test_the_file_holds_hundreds_of_networks_and_of_refusals() -> None:
    for name, least in {"PyTorch": 1_200, "Keras": 300}.items():
        answers = [answer for record in RECORDS if record.framework.startswith(name) for _, answer in record.answers]
        assert len(answers) >= least, name
        assert least / 4 <= sum(isinstance(answer, str) for answer in answers) <= 3 * least / 4, name
    assert recorded.WORDS.stat().st_size < 150_000
