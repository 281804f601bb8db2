from pathlib import Path

import pytest

from tests.conftest import Run, by_text


@pytest.fixture
def softmax(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call softmax-grad with the words of one string, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return by_text(run, "softmax-grad")


@pytest.fixture
def fold(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call bn-fold with the words of one string, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return by_text(run, "bn-fold")
