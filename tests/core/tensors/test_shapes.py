"""The shapes of whole tensors, against NumPy, which computes the tensors themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.tensors.shapes import broadcast, concatenated, permuted, product, reshaped

SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)


@given(st.lists(SHAPES, min_size=1, max_size=3))
def test_broadcasting_is_numpys(shapes: list[tuple[int, ...]]) -> None:
    try:
        theirs: tuple[int, ...] | None = np.broadcast_shapes(*shapes)
    except ValueError:
        theirs = None
    assert broadcast(shapes) == theirs


@given(st.lists(SHAPES, min_size=1, max_size=3), st.integers(-4, 3))
def test_concatenation_is_numpys(shapes: list[tuple[int, ...]], axis: int) -> None:
    try:
        theirs: tuple[int, ...] | None = np.concatenate([np.zeros(shape) for shape in shapes], axis).shape
    except ValueError:  # which numpy's AxisError is too
        theirs = None
    assert concatenated(shapes, axis) == theirs


@given(SHAPES, SHAPES)
def test_a_product_is_numpys_and_its_work_is_counted_by_an_einsum(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    found = product([one, other])
    try:
        theirs = np.matmul(np.zeros(one), np.zeros(other))
    except ValueError:
        assert found is None
        return
    assert found is not None
    assert found[0] == theirs.shape
    assert found[1] == theirs.size * one[-1]


@given(SHAPES, st.lists(st.integers(-1, 6), min_size=1, max_size=3))
def test_reshaping_is_numpys(shape: tuple[int, ...], target: list[int]) -> None:
    try:
        theirs: tuple[int, ...] | None = np.zeros(shape).reshape(target).shape
    except ValueError:
        theirs = None
    assert reshaped(shape, target) == theirs


@given(st.permutations(range(4)))
def test_permuting_is_numpys(order: list[int]) -> None:
    assert permuted((2, 3, 4, 5), order) == np.zeros((2, 3, 4, 5)).transpose(order).shape
    assert permuted((2, 3, 4, 5), [0, 1, 2, 2]) is None


@pytest.mark.parametrize(
    ("shapes", "work"),
    [
        ([(2, 3, 5, 8), (2, 3, 7, 8), (2, 3, 7, 9)], 2 * 3 * 5 * 7 * (8 + 9)),
        ([(2, 6, 5, 8), (2, 3, 7, 8), (2, 3, 7, 8)], 2 * 6 * 5 * 7 * 16),  # heads of queries share keys
        ([(5, 8), (7, 8), (7, 8)], 5 * 7 * 16),
    ],
)
def test_attention_is_two_products(shapes: list[tuple[int, ...]], work: int) -> None:
    found = product(shapes)
    assert found == ((*shapes[0][:-1], shapes[2][-1]), work)


@pytest.mark.parametrize("equation", ["bik,bkj->bij", "ik,kj->ij", "abc,dc->abd", "ij,ij->"])
def test_an_equation_is_einsums(equation: str) -> None:
    extents = dict(zip("abcdijk", (2, 3, 4, 5, 3, 2, 6), strict=True))
    shapes = [tuple(extents[letter] for letter in term) for term in equation.partition("->")[0].split(",")]
    found = product(shapes, equation)
    assert found is not None
    assert found[0] == np.einsum(equation, *map(np.zeros, shapes)).shape
    assert found[1] == int(np.einsum(equation, *map(np.ones, shapes)).sum())


@pytest.mark.parametrize("equation", ["bik,bkj", "b...,b->b", "ik,kj,jl->il", "ik,jk->il"])
def test_an_equation_that_is_not_of_two_tensors_has_no_shape(equation: str) -> None:
    assert product([(2, 3), (3, 2)], equation) is None
