"""Standard input can be read once, by one option."""

import io

import pytest

from dlcalc.jobs import standard_input
from tests.support.refusals import cause


def test_each_stream_is_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (b"1", b"2"):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert standard_input.take("logits").read() == data
        for option in ("label", "logits"):
            assert cause(standard_input.take, option) == ("usage", option)


def test_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert cause(standard_input.take, "logits") == ("file-unreadable", "logits")
