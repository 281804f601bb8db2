"""Every reader of weights on damaged copies of real files: an answer, or an error that says what and where."""

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from dlcalc.core import stored_weights
from dlcalc.core.errors import DlcalcError
from dlcalc.core.weights.question import WeightsQuestion
from dlcalc.jobs.weights import load_weights
from dlcalc.report.conv_params.stored import VIEW
from tests.support.mutations import Mutation, mutated, mutated_header, mutated_json, mutated_member
from tests.support.weight_files import Spec, write_index, write_npz

RECORDED = Path(__file__).parents[2] / "oracle" / "weights"
SPECS = {"conv.weight": Spec((4, 3, 3, 3)), "bn.running_mean": Spec((4,)), "bn.weight": Spec((4,), "float16")}
ROUNDS = 400
FEWEST = 5  # answers, and errors, without which the damages would be all alike


def read(path: Path) -> str:
    """Read a file and show all there is to show; the code of the error where there is one."""
    try:
        found = stored_weights.answer(WeightsQuestion(load_weights(str(path), "model")))
    except DlcalcError as error:
        assert error.code in {
            "malformed-file",
            "unsafe-file",
            "unsupported-file",
            "unsupported-dtype",
            "file-not-found",
        }
        assert (bool(error.hint), error.option) == (True, "model")
        return error.code
    assert stored_weights.check(found).passed
    json.dumps(VIEW.as_json(found), allow_nan=False)
    assert len(list(VIEW.csv_rows(found))) == len(found.tensors)
    assert VIEW.sheet(found).headline
    return "answer"


@pytest.mark.parametrize(
    ("name", "ways"),
    [
        ("all.safetensors", [mutated, mutated_header]),
        ("x.safetensors.index.json", [mutated, mutated_json]),
        ("x.npz", [mutated, mutated_member]),
        ("compressed.npz", [mutated, mutated_member]),
        ("state.pt", [mutated, mutated_member]),
        ("types.pt", [mutated, mutated_member]),
        ("protocol4.bin", [mutated, mutated_member]),
    ],
)
def test_damaged_files(tmp_path: Path, name: str, ways: Sequence[Mutation]) -> None:
    write_npz(tmp_path / "x.npz", SPECS)
    write_npz(tmp_path / "compressed.npz", SPECS, compressed=True)
    write_index(tmp_path / "x.safetensors.index.json", {"s1.safetensors": SPECS, "s2.safetensors": {"a": Spec((2,))}})
    source = RECORDED / name
    data = (source if source.exists() else tmp_path / name).read_bytes()
    random, target = Random(name), tmp_path / name
    target.write_bytes(data)
    assert read(target) == "answer"
    found = []
    for number in range(ROUNDS):
        target.write_bytes(ways[number % len(ways)](data, random))
        found.append(read(target))
    assert found.count("answer") >= FEWEST
    assert len(found) - found.count("answer") >= FEWEST
