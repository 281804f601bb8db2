"""State dicts that PyTorch saves, views of shared storages among them, and what it says of their tensors."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from dlcalc.core.stored_weights import answer, check
from dlcalc.core.weights.question import WeightsQuestion
from dlcalc.jobs.weights import load_weights
from tests.oracle.ask_torch import torch

pytestmark = pytest.mark.oracle
DTYPES = ("float64", "float32", "float16", "bfloat16", "int32", "uint8", "bool", "float8_e4m3fn", "uint16")


def drawn(random: Random) -> dict[str, Any]:
    """Some tensors, and views of them."""
    found: dict[str, Any] = {}
    for number in range(random.randint(1, 6)):
        shape = [random.randint(0, 4) for _ in range(random.randint(0, 4))]
        found[f"m.{number}.weight"] = torch.zeros(shape).to(getattr(torch, random.choice(DTYPES)))
    for name, one in list(found.items()):
        if one.dim() > 1 and random.random() < 0.5:
            found[f"{name}.t"] = one.transpose(0, 1)
        if one.dim() and one.shape[0] > 1 and random.random() < 0.5:
            found[f"{name}.part"] = one[1:]
        if random.random() < 0.3:
            found[f"{name}.tied"] = one
    return found


def test_random_state_dicts(tmp_path: Path) -> None:
    random, path = Random(7), tmp_path / "x.pt"
    for _ in range(200):
        state = drawn(random)
        torch.save({"model": state} if random.random() < 0.3 else state, path, pickle_protocol=random.choice((2, 4)))
        found = answer(WeightsQuestion(load_weights(str(path), "model")))
        assert [(one.tensor.name, one.tensor.shape, one.tensor.dtype, one.tensor.bytes) for one in found.tensors] == [
            (name, tuple(one.shape), str(one.dtype)[6:], one.nbytes) for name, one in state.items()
        ]
        for one in found.tensors:
            theirs = state[one.tensor.name]
            assert one.tensor.start == theirs.storage_offset() * theirs.element_size()
            assert one.tensor.strides in (None, theirs.stride())
        owned = {
            one.untyped_storage().data_ptr(): one.untyped_storage().nbytes() for one in state.values() if one.numel()
        }
        assert sum(one.bytes for one in found.tensors) == sum(owned.values())  # each byte of theirs is counted once
        assert check(found).passed
