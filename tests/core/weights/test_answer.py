"""Totals over tensors, against brute force over bytes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.errors import DlcalcError
from dlcalc.core.stored_weights import answer, check, claimable, explain
from dlcalc.core.weights.answer import sharing
from dlcalc.core.weights.question import WeightsQuestion
from dlcalc.core.weights.tensors import Checkpoint, Storage, StoredTensor

FIRST, SECOND = (Storage("x.pt", f"data/{number}", 100 * number, 80) for number in (1, 2))


def tensor(name: str, start: int, entries: int, storage: Storage = FIRST, **rest: Any) -> StoredTensor:
    return StoredTensor(name, "float32", (entries,), 4 * entries, storage, 4 * start)._replace(**rest)


def asked(*tensors: StoredTensor, **rest: Any) -> WeightsQuestion:
    by_name = {one.name: one for one in tensors}
    storages = tuple(dict.fromkeys(one.storage for one in tensors))
    question = WeightsQuestion(Checkpoint("x.pt", "pytorch", by_name, storages, False, 1, 1000))
    return question._replace(**rest)


@pytest.mark.parametrize(
    ("tensors", "right"),
    [
        ([tensor("a", 0, 20), tensor("b", 0, 20)], {"b": ("a", 20)}),
        ([tensor("a", 0, 20), tensor("b", 0, 20, SECOND)], {}),
        ([tensor("a", 0, 10), tensor("b", 10, 10)], {}),
        ([tensor("part", 5, 5), tensor("all", 0, 20)], {"part": ("all", 5)}),
        ([tensor("a", 0, 10), tensor("b", 5, 10)], {"b": ("a", 5)}),
        ([tensor("a", 0, 10), tensor("b", 5, 10), tensor("c", 5, 10)], {"b": ("a", 5), "c": ("b", 10)}),
        ([tensor("a", 0, 0), tensor("b", 0, 0), tensor("c", 0, 3)], {}),
        # every second entry, and those between them: neither has numbers of the other
        ([tensor("even", 0, 10, strides=(2,)), tensor("odd", 1, 10, strides=(2,))], {}),
        ([tensor("even", 0, 10, strides=(2,)), tensor("all", 0, 20)], {"even": ("all", 10)}),
        # rows and columns of one matrix
        ([tensor("a", 0, 6, shape=(2, 3)), tensor("t", 0, 6, shape=(3, 2), strides=(1, 3))], {"t": ("a", 6)}),
    ],
)
def test_what_two_names_share(tensors: list[StoredTensor], right: dict[str, tuple[str, int]]) -> None:
    assert sharing(tensors) == right


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 20), st.booleans()), min_size=1, max_size=8))
def test_every_number_is_counted_once(runs: list[tuple[int, int, bool]]) -> None:
    """Tensors without gaps, anywhere in two storages: the entries are those of the union of their bytes."""
    tensors = [
        tensor(f"t{number}", start, min(entries, 20 - start), SECOND if second else FIRST)
        for number, (start, entries, second) in enumerate(runs)
    ]
    found = answer(asked(*tensors))
    union = {(one.storage, byte) for one in tensors for byte in range(one.start, one.start + one.bytes)}
    assert found.param_bytes == len(union) == 4 * found.params
    assert check(found).passed


def test_totals_by_kind_of_use() -> None:
    tensors = [
        tensor("conv.weight", 0, 8, shape=(2, 1, 2, 2)),
        tensor("bn.weight", 8, 2),
        tensor("bn.running_mean", 10, 2),
        tensor("bn.running_var", 12, 2),
        tensor("bn.num_batches_tracked", 14, 1, shape=(), dtype="int64", bytes=8),
        tensor("ids", 16, 2, dtype="int64", bytes=16),
    ]
    found = answer(asked(*tensors))
    assert found.by_key() == {"params": 10, "buffers": 6, "param_bytes": 40}
    assert list(claimable(found)) == ["params", "buffers", "param_bytes", *(f"{one.name}.bytes" for one in tensors)]
    assert check(found).passed


def test_the_explanation_adds_up() -> None:
    found = answer(asked(tensor("fc.weight", 0, 10, shape=(2, 5)), tensor("fc.bias", 10, 2), tensor("x", 12, 3)))
    steps = {step.symbol: step for step in explain(found)}
    assert (
        {key: step.value for key, step in steps.items()}
        == found.by_key()
        == {
            "params": 15,
            "buffers": 0,
            "param_bytes": 60,
        }
    )
    assert (steps["params"].formula, steps["params"].substituted) == ("linear + bias + other", "10 + 2 + 3")


def test_one_tensor_is_explained() -> None:
    found = answer(asked(tensor("a", 0, 6), tensor("b.weight", 0, 6, shape=(2, 3)), at="b.weight"))
    assert [(step.symbol, step.substituted, step.value) for step in explain(found)] == [
        ("entries", "2*3", 6),
        ("bytes", "6*32/8", 24),
        ("counted", "6 - 6", 0),
    ]


def test_a_tensor_that_is_not_there() -> None:
    with pytest.raises(DlcalcError) as caught:
        answer(asked(tensor("layer1.conv.weight", 0, 6), at="layer1.conv.weigth"))
    assert (caught.value.code, caught.value.option, caught.value.hint) == ("usage", "at", "at='layer1.conv.weight'")


@pytest.mark.parametrize("key", ["params", "buffers", "param_bytes"])
def test_a_wrong_total_is_not_confirmed(key: str) -> None:
    found = answer(asked(tensor("fc.weight", 0, 10), tensor("bn.running_mean", 10, 2)))
    wrong: dict[str, Any] = {key: found.by_key()[key] + 1}
    proof = check(found._replace(**wrong))
    assert [failure.key for failure in proof.failures] == [key]


def test_a_number_counted_twice_is_not_confirmed() -> None:
    found = answer(asked(tensor("a", 0, 10), tensor("b", 0, 10)))
    twice = found.tensors[1]._replace(shared_with=None, shared_entries=0)
    proof = check(found._replace(tensors=(found.tensors[0], twice), params=20, param_bytes=80))
    assert [(failure.key, failure.found) for failure in proof.failures] == [("params", 10), ("param_bytes", 40)]


def test_gaps_and_overlaps_of_a_format_without_them_are_not_confirmed() -> None:
    question = asked(tensor("a", 0, 10), tensor("b", 12, 8))
    packed = answer(question._replace(checkpoint=question.checkpoint._replace(packed=True)))
    assert [failure.key for failure in check(packed).failures] == ["unowned_bytes"]
    assert check(answer(question)).passed
    question = asked(tensor("a", 0, 12), tensor("b", 10, 10))
    packed = answer(question._replace(checkpoint=question.checkpoint._replace(packed=True)))
    assert [failure.key for failure in check(packed).failures] == ["begin"]


def test_a_shape_that_does_not_fit_its_bytes_is_not_confirmed() -> None:
    found = answer(asked(tensor("a", 0, 10, shape=(11,))))
    assert {failure.key for failure in check(found).failures} == {"params"}
