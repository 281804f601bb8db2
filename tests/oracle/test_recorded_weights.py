"""Files that PyTorch and the safetensors library wrote, read without both, against what these say of them."""

import json
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcalc.core.errors import DlcalcError
from dlcalc.core.stored_weights import answer, check
from dlcalc.core.weights.question import WeightsQuestion
from dlcalc.core.weights.tensors import StoredTensor
from dlcalc.jobs.weights import load_weights

FOLDER = Path(__file__).with_name("weights")
FACTS: dict[str, Any] = json.loads((FOLDER / "facts.json").read_text())
FACTS.pop("versions")
REFUSED = {name: facts for name, facts in FACTS.items() if isinstance(facts, str)}
READ = {name: facts for name, facts in FACTS.items() if name not in REFUSED}
FLOATS = {"float64": "f8", "float32": "f4", "float16": "f2", "complex64": "c8", "bool": "?"}


def numbers(tensor: StoredTensor) -> list[float]:
    """The numbers of a tensor, read from where it is said that they lie."""
    kind, item = tensor.dtype, tensor.bytes // max(tensor.entries, 1)
    if not tensor.entries:
        return []
    assert tensor.storage.offset is not None
    with open(tensor.storage.file, "rb") as file:
        file.seek(tensor.storage.offset + tensor.start)
        data = file.read(tensor.end - tensor.start)
    flat = np.frombuffer(data, FLOATS.get(kind, f"{kind[0]}{item}" if kind != "bfloat16" else "u2"))
    strides = tensor.strides or tuple(prod(tensor.shape[at + 1 :]) for at in range(len(tensor.shape)))
    found = np.lib.stride_tricks.as_strided(flat, tensor.shape, tuple(stride * item for stride in strides))
    if kind == "bfloat16":
        found = (found.astype(np.uint32) << 16).view(np.float32)
    if kind == "complex64":
        found = np.stack((found.real, found.imag), -1)
    return [float(number) for number in found.ravel()]


@pytest.mark.parametrize("name", READ)
def test_names_dtypes_shapes_and_numbers_are_theirs(name: str) -> None:
    found = load_weights(str(FOLDER / name), "model")
    assert set(found.tensors) == set(READ[name]["tensors"])
    if name != "all.safetensors":
        assert list(found.tensors) == list(READ[name]["tensors"])  # PyTorch keeps the order of the author
    for key, (dtype, shape, values) in READ[name]["tensors"].items():
        tensor = found.tensors[key]
        assert (tensor.dtype, list(tensor.shape)) == (dtype, shape), key
        if not dtype.startswith("float8"):
            assert numbers(tensor) == values, key


@pytest.mark.parametrize("name", READ)
def test_totals_are_theirs_and_proved(name: str) -> None:
    found = answer(WeightsQuestion(load_weights(str(FOLDER / name), "model")))
    for key in ("params", "buffers"):
        if key in READ[name]:
            assert found.by_key()[key] == READ[name][key]
    assert check(found).passed


@pytest.mark.parametrize("name", REFUSED)
def test_what_holds_no_state_dict_is_refused(name: str) -> None:
    with pytest.raises(DlcalcError) as caught:
        load_weights(str(FOLDER / name), "model")
    assert caught.value.code == REFUSED[name]
    assert caught.value.hint
    assert "torch.save(" in caught.value.hint


def test_a_module_is_refused_by_the_name_of_its_class() -> None:
    with pytest.raises(DlcalcError, match=r"'torch\.nn\.modules\.container\.Sequential'"):
        load_weights(str(FOLDER / "module.pt"), "model")


def test_tied_weights_are_counted_once() -> None:
    found = answer(WeightsQuestion(load_weights(str(FOLDER / "state.pt"), "model")))
    assert {one.tensor.name: one.shared_with for one in found.tensors if one.shared_with} == {
        "head.weight": "embed.weight"
    }


def test_a_training_checkpoint_says_what_it_leaves_out() -> None:
    (notice,) = load_weights(str(FOLDER / "training.pt"), "model").notices
    assert notice.code == "entries-left-out"
    assert all(f"'{key}'" in notice.message for key in ("epoch", "optimizer", "loss"))


def test_the_files_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 100_000
