"""Every recorded answer of PyTorch, Keras and ONNX Runtime, refusals among them, without the frameworks."""

import pytest

from tests.oracle import recorded

RECORDS = recorded.load()


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: f"{record.framework}-{record.topic}")
def test_recorded_answers_are_ours(record: recorded.Record) -> None:
    compare = recorded.TOPICS[record.topic]
    for raw, theirs in record.answers:
        compare(raw, theirs)


def test_the_file_holds_thousands_of_answers_and_hundreds_of_refusals_per_framework() -> None:
    for name, least in {"PyTorch": 5_000, "Keras": 3_000, "ONNX Runtime": 3_000}.items():
        answers = [answer for record in RECORDS if record.framework.startswith(name) for _, answer in record.answers]
        assert len(answers) >= least, name
        assert sum(answer is None for answer in answers) >= 300, name
    assert {record.topic for record in RECORDS} == set(recorded.TOPICS)
    assert recorded.FILE.stat().st_size < 400_000
