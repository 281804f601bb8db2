"""Standard input can be read once, by one option."""

import io

import pytest

from dlcalc.core.errors import DlcalcError
from dlcalc.jobs import standard_input


def test_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"1")))
    assert standard_input.take("logits").read() == b"1"
    for option in ("label", "logits"):
        with pytest.raises(DlcalcError) as caught:
            standard_input.take(option)
        assert (caught.value.code, caught.value.option) == ("usage", option)
        assert caught.value.hint


def test_another_stream_is_another_input(monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (b"1", b"2"):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert standard_input.take("logits").read() == data


def test_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(DlcalcError) as caught:
        standard_input.take("logits")
    assert (caught.value.code, caught.value.option) == ("file-unreadable", "logits")
