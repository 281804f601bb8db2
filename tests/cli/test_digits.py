"""Sizes and layer numbers have at most 18 digits where they are typed; what is counted or found may have more."""

from typing import Any

import pytest

from tests.conftest import Run

LARGEST = 10**18 - 1


def call(run: Run, text: str) -> Any:
    return run(*text.split(), "--json")


@pytest.mark.parametrize("kind", ["", "bn ", "gap "])
def test_a_linear_layer_reads_as_many_features_as_there_are(run: Run, kind: str) -> None:
    found = call(run, f"conv-params --w {LARGEST} --c-in 3 {kind}fc12b1")
    features = 3 if kind == "gap " else 3 * LARGEST**2
    assert found.json["layers"][-1]["weights"] == 12 * features


def test_both_sides_of_a_padding_together_may_have_19_digits(run: Run) -> None:
    layer = f"conv-shape --w {LARGEST} --k 2 --d 31 --kind transposed"
    (solution,) = call(run, f"{layer} --solve padding --target 18").json["solutions"]
    begin, end = solution["padding"]["w"]
    assert begin + end >= 10**18
    assert call(run, f"{layer} --p {begin}:{end}").json["output"] == {"w": 18}


@pytest.mark.parametrize("layer", ["--k 3 --s 10", "3s10"])
def test_it_is_said_where_solutions_have_more_digits_than_can_be_typed(run: Run, layer: str) -> None:
    error = call(run, f"conv-shape {layer} --target {LARGEST} --solve input").error
    assert error["code"] == "no-solution"
    assert error["message"].startswith("no input of at most 18 digits gives")


@pytest.mark.parametrize("index", [-(2**63), 2**63 - 1])
def test_an_ignore_index_is_no_size(run: Run, index: int) -> None:
    question = '{{"logits": [[1, 2], [3, 4]], "label": [0, 1], "ignore_index": {}}}\n'
    typed = call(run, f"softmax-grad --logits 1,2/3,4 --label 0,1 --ignore-index {index}")
    batch = run("softmax-grad", "--batch", "-", stdin=question.format(index) + question.format(f'"{index}"'))
    assert [line["loss"] for line in batch.lines] == [typed.json["loss"]] * 2


@pytest.mark.parametrize("number", [10**18, f'"{10**18}"'])
def test_numbers_and_texts_in_a_batch_have_the_same_limit(run: Run, number: object) -> None:
    (line,) = run("conv-shape", "--batch", "-", stdin=f'{{"w": {number}, "k": 3}}').lines
    assert (line["error"]["code"], line["error"]["hint"]) == ("invalid-value", "at most 18 digits")
