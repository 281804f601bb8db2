import csv
import gc
import io
import json
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import settings

from dlcalc.cli import main

# A machine under load is no defect; and where nobody looks on, the same examples every time.
settings.register_profile("patient", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("patient")


class Result(NamedTuple):
    """What a call of the program left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on stdout."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """The objects on stdout, one per line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> Any:
        """The error on stderr, of a call that asked for JSON."""
        return json.loads(self.err)["error"]

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows of CSV on stdout, by their columns."""
        return list(csv.DictReader(io.StringIO(self.out)))

    def refused(self, code: str, option: str | None) -> None:
        """Assert that nothing was answered: one error in JSON with a code, the option to blame, and a hint."""
        assert (self.code, self.out, self.err.count("\n")) == (2, "", 1), self
        assert (self.error["code"], self.error.get("option")) == (code, option), self.error
        assert self.error["message"]
        assert self.error["hint"]


def refusals(text: str) -> list[tuple[str, str, str | None]]:
    """Read cases from lines of an error code, an option or -, and calls: ``usage w: (none) | --k 3``."""
    cases: list[tuple[str, str, str | None]] = []
    for line in text.strip().splitlines():
        heading, _, calls = line.partition(": ")
        code, option = heading.split()
        cases += [(call.replace("(none)", ""), code, None if option == "-" else option) for call in calls.split(" | ")]
    return cases


Run = Callable[..., Result]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the program in this process: ``run("conv-shape", "--w", "7", stdin="...")``."""

    def call(*words: str, stdin: str | bytes = "") -> Result:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        code = main(words)
        found = capsys.readouterr()
        return Result(code, found.out, found.err)

    return call


def by_text(run: Run, command: str) -> Run:
    """Call one command with the words of one string."""
    return lambda text, **rest: run(command, *text.split(), **rest)


@pytest.fixture
def conv_shape(run: Run) -> Run:
    """Call conv-shape with the words of one string: ``conv_shape("--w 7 --k 3")``."""
    return by_text(run, "conv-shape")


@pytest.fixture
def conv_params(run: Run) -> Run:
    """Call conv-params likewise."""
    return by_text(run, "conv-params")


def pytest_collection_finish() -> None:
    """Keep the thousands of collected tests, which live to the end, out of every search for garbage."""
    gc.collect()
    gc.freeze()
