"""A short run of the fuzz script, and that it sees what is wrong."""

from pathlib import Path

import pytest

from dlcalc.cli import driver
from tests import fuzz


def test_some_inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    failed = fuzz.run_cases(300, seed=1)
    assert failed == 0, capsys.readouterr().out


def test_the_same_seed_gives_the_same_inputs() -> None:
    assert [fuzz.drawn(1, number) for number in range(50)] == [fuzz.drawn(1, number) for number in range(50)]
    assert fuzz.drawn(1, 0) != fuzz.drawn(2, 0)


GOOD = fuzz.Case(["conv-shape", "--w", "7", "--k", "3", "--json"])
BATCH = fuzz.Case(["conv-shape", "--batch", "-"], b'{"w":7,"k":3}', lines=1)
ANSWER = '{"command":"conv-shape"}\n'
ERROR = '{"error":{"code":"usage","message":"no"}}\n'
WRONG = [
    (GOOD, fuzz.Found(3, ANSWER, "", []), "exit code"),
    (GOOD, fuzz.Found("Traceback", "", "", []), "exit code"),
    (GOOD, fuzz.Found(2, "", "", []), "nothing is said"),
    (GOOD, fuzz.Found(2, "", ERROR * 2, []), "one error"),
    (GOOD, fuzz.Found(2, "", "error: no [usage]\n", []), "not JSON"),
    (GOOD, fuzz.Found(0, '{"a":NaN}\n', "", []), "not JSON"),
    (GOOD, fuzz.Found(0, "[1]\n", "", []), "not JSON"),
    (GOOD, fuzz.Found(2, "", ERROR.replace("usage", "internal-error"), []), "internal-error"),
    (GOOD, fuzz.Found(0, ANSWER, "RuntimeWarning: overflow\n", []), "Warning"),
    (GOOD, fuzz.Found(0, ANSWER, "", [".g.npy.0.tmp"]), "left behind"),
    (GOOD, fuzz.Found(2, "", ERROR, [fuzz.OUTPUT]), "left behind"),
    (BATCH, fuzz.Found(0, "", "", []), "0 of 1 lines"),
]


@pytest.mark.parametrize(("case", "found", "fault"), WRONG)
def test_what_is_wrong_is_seen(case: fuzz.Case, found: fuzz.Found, fault: str) -> None:
    assert any(fault in wrong for wrong in fuzz.faults(case, found))


def test_what_is_right_is_no_fault() -> None:
    for found in (fuzz.Found(0, ANSWER, "", []), fuzz.Found(2, "", ERROR, [])):
        assert fuzz.faults(GOOD, found) == []


def test_a_bug_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(driver, "_outcome", lambda *_: 1 / 0)
    assert fuzz.faults(GOOD, fuzz.run(GOOD))
