from pathlib import Path

import pytest

from tests.conftest import Result, Run


@pytest.fixture
def softmax(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call softmax-grad with the words of one string, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(text: str, stdin: str | bytes = "") -> Result:
        return run("softmax-grad", *text.split(), stdin=stdin)

    return call


@pytest.fixture
def fold(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call bn-fold with the words of one string, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def call(text: str, stdin: str | bytes = "") -> Result:
        return run("bn-fold", *text.split(), stdin=stdin)

    return call
