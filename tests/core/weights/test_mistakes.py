"""Every mistake about the totals of a file: the wrong total is written by hand, and its mistake must be found."""

import pytest

from dlcalc.core.evidence.claim import Claim, TypedNumber
from dlcalc.core.stored_weights import answer, judge
from dlcalc.core.weights.answer import StoredParams
from dlcalc.core.weights.mistakes import MISTAKES
from dlcalc.core.weights.question import WeightsQuestion
from dlcalc.core.weights.tensors import BITS, Checkpoint, Storage, StoredTensor

FILE_BYTES = 7_777
SHAPES: dict[str, tuple[tuple[int, ...], str]] = {
    "embed.weight": ((20, 4), "float16"),  # 80
    "conv.weight": ((8, 4, 3, 3), "float32"),  # 288
    "conv.bias": ((8,), "float32"),
    "bn.weight": ((8,), "float32"),
    "bn.bias": ((8,), "float32"),
    "bn.running_mean": ((8,), "float32"),
    "bn.running_var": ((8,), "float32"),
    "bn.num_batches_tracked": ((), "int64"),
    "mask": ((5,), "bool"),
    "token": ((1, 1, 3), "float16"),
    "head.weight": ((20, 4), "float16"),  # that of embed
}
PARAMS = 80 + 288 + 8 + 16 + 3
PARAM_BYTES = 2 * (80 + 3) + 4 * (288 + 8 + 16)


@pytest.fixture(scope="module")
def found() -> StoredParams:
    tensors = {}
    for number, (name, (shape, dtype)) in enumerate(SHAPES.items()):
        member = "data/0" if name == "head.weight" else f"data/{number}"
        one = StoredTensor(name, dtype, shape, 0, Storage("x.pt", member, None, 10_000))
        tensors[name] = one._replace(bytes=one.entries * BITS[dtype] // 8)
    storages = tuple({one.storage: None for one in tensors.values()})
    return answer(WeightsQuestion(Checkpoint("x.pt", "pytorch", tensors, storages, False, 1, FILE_BYTES)))


def claim(key: str, number: int, exponent: int = 0) -> Claim:
    return Claim(key, (TypedNumber(number, exponent, exponent == 0),))


def test_the_totals(found: StoredParams) -> None:
    assert found.by_key() == {"params": PARAMS, "buffers": 16 + 5, "param_bytes": PARAM_BYTES}


CASES: dict[str, list[tuple[str, int] | tuple[str, int, int]]] = {
    "state-dict-summed": [("params", PARAMS + 16 + 1 + 5)],
    "batch-norm-with-statistics": [("params", PARAMS + 16), ("param_bytes", PARAM_BYTES + 64)],
    "buffers-included": [("params", PARAMS + 16 + 5), ("param_bytes", PARAM_BYTES + 64 + 5)],
    "shared-counted-twice": [("params", PARAMS + 80), ("param_bytes", PARAM_BYTES + 160)],
    "embeddings-left-out": [("params", PARAMS - 80), ("param_bytes", PARAM_BYTES - 160)],
    "bias-forgotten": [("params", PARAMS - 8), ("param_bytes", PARAM_BYTES - 32)],
    "norms-forgotten": [("params", PARAMS - 16), ("param_bytes", PARAM_BYTES - 64)],
    "file-size": [("param_bytes", FILE_BYTES)],
    "bytes-not-count": [("params", PARAM_BYTES), ("buffers", 64 + 5)],
    "count-not-bytes": [("param_bytes", PARAMS)],
    "dtype-ignored": [("param_bytes", 4 * PARAMS), ("param_bytes", 2 * PARAMS)],
    "mib-not-mb": [("param_bytes", 1_348, -6), ("param_bytes", 1_414, -6)],
}


@pytest.mark.parametrize(("code", "wrong"), [(code, wrong) for code, some in CASES.items() for wrong in some])
def test_a_mistake_is_found(found: StoredParams, code: str, wrong: tuple[str, int] | tuple[str, int, int]) -> None:
    verdict = judge(found, claim(*wrong))
    assert not verdict.passed
    assert [(one.mistake, one.second) for one in verdict.diagnosis] == [(code, None)]


def test_every_mistake_has_its_case() -> None:
    assert list(CASES) == [mistake.name for mistake in MISTAKES]


@pytest.mark.parametrize("key", ["params", "buffers", "param_bytes", "embed.weight.bytes"])
def test_what_is_right_is_not_accused(found: StoredParams, key: str) -> None:
    right = found.by_key().get(key, 160)
    verdict = judge(found, claim(key, right))
    assert (verdict.right, verdict.passed, verdict.diagnosis) == ([right], True, ())


def test_bytes_of_a_tensor_that_are_wrong_are_said(found: StoredParams) -> None:
    verdict = judge(found, claim("head.weight.bytes", 320))
    assert (verdict.passed, verdict.right, verdict.diagnosis) == (False, [160], ())


def test_mistakes_that_change_nothing_are_not_named() -> None:
    """Of a file of linear layers alone, where many mistakes give the right total: nothing explains another number."""
    one = StoredTensor("fc.weight", "float32", (2, 3), 24, Storage("x.npz", "fc.weight.npy", 0, 24))
    question = WeightsQuestion(Checkpoint("x.npz", "npz", {one.name: one}, (one.storage,), False, 1, 24))
    for key, number in (("params", 7), ("params", 12), ("buffers", 1), ("param_bytes", 25)):
        assert not judge(answer(question), claim(key, number)).diagnosis
