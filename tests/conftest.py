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
        """The objects on stdout, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> Any:
        """The error on stderr, of a call that asked for JSON."""
        return json.loads(self.err)["error"]


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


@pytest.fixture
def conv_shape(run: Run) -> Run:
    """Call conv-shape with the words of one string: ``conv_shape("--w 7 --k 3")``."""

    def call(text: str, stdin: str | bytes = "") -> Result:
        return run("conv-shape", *text.split(), stdin=stdin)

    return call


@pytest.fixture
def conv_params(run: Run) -> Run:
    """Call conv-params likewise."""

    def call(text: str, stdin: str | bytes = "") -> Result:
        return run("conv-params", *text.split(), stdin=stdin)

    return call
