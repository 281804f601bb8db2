"""The shapes that operations on whole tensors make; None where the shapes do not fit, or are not known."""

from collections.abc import Sequence
from math import prod

Shape = tuple[int, ...]


def broadcast(shapes: Sequence[Shape]) -> Shape | None:
    """Spread shapes over each other, aligned at their last axes.

    >>> broadcast([(2, 3, 1), (4,)]), broadcast([(2,), (3,)])
    ((2, 3, 4), None)
    """
    rank = max(map(len, shapes), default=0)
    made = []
    for extents in zip(*((1,) * (rank - len(shape)) + shape for shape in shapes), strict=True):
        different = {extent for extent in extents if extent != 1}
        if len(different) > 1:
            return None
        made.append(different.pop() if different else 1)
    return tuple(made)


def concatenated(shapes: Sequence[Shape], axis: int) -> Shape | None:
    """Put tensors behind each other along an axis; what is empty and of one axis does not count, as in PyTorch.

    >>> concatenated([(1, 3, 8), (1, 5, 8)], 1)
    (1, 8, 8)
    """
    some = [shape for shape in shapes if shape != (0,)]
    rank = len(some[0]) if some else 0
    if not -rank <= axis < rank or any(len(shape) != rank for shape in some):
        return None
    axis %= rank
    others = {shape[:axis] + shape[axis + 1 :] for shape in some}
    if len(others) > 1:
        return None
    return (*some[0][:axis], sum(shape[axis] for shape in some), *some[0][axis + 1 :])


def permuted(shape: Shape, order: Sequence[int]) -> Shape | None:
    """Put the axes in another order.

    >>> permuted((1, 3, 8, 9), (0, 2, 3, 1))
    (1, 8, 9, 3)
    """
    if sorted(axis % len(shape) for axis in order) != list(range(len(shape))):
        return None
    return tuple([shape[axis] for axis in order])


def reshaped(shape: Shape, target: Sequence[int]) -> Shape | None:
    """Arrange the entries in another shape, of which one extent may be -1.

    >>> reshaped((2, 3, 4), (2, -1)), reshaped((2, 3), (4, 2))
    ((2, 12), None)
    """
    if min(target, default=0) < -1 or list(target).count(-1) > 1:
        return None
    total, given = prod(shape), prod(extent for extent in target if extent != -1)
    if -1 in target:
        if not given or total % given:
            return None
        target = [total // given if extent == -1 else extent for extent in target]
    return tuple(target) if prod(target) == total else None


def product(shapes: Sequence[Shape], equation: str = "") -> tuple[Shape, int] | None:
    """Multiply two tensors as matrices, or attend with three: the shape of the result, and the multiply-accumulates.

    Attention is two products: queries with keys, and the weights that come of it with values.

    >>> product([(8, 50, 64), (8, 64, 50)])
    ((8, 50, 50), 1280000)
    >>> product([(8, 50, 64), (8, 50, 64), (8, 50, 64)])
    ((8, 50, 64), 2560000)
    >>> product([(2, 3), (4, 3)], "ij,kj->ik")
    ((2, 4), 24)
    """
    if equation:
        return _by_equation(shapes, equation)
    if len(shapes) == 3:
        queries, keys, values = shapes[0], *(_repeated(shape, shapes[0]) for shape in shapes[1:])
        weights = product([queries, (*keys[:-2], *keys[:-3:-1])]) if min(map(len, shapes)) >= 2 else None
        found = None if weights is None else product([weights[0], values])
        return None if weights is None or found is None else (found[0], weights[1] + found[1])
    if len(shapes) != 2 or not all(shapes):
        return None
    one, other = shapes
    left, right = (one if len(one) > 1 else (1, *one)), (other if len(other) > 1 else (*other, 1))
    batch = broadcast([left[:-2], right[:-2]])
    if batch is None or left[-1] != right[-2]:
        return None
    made = (*batch, *(left[-2:-1] if len(one) > 1 else ()), *(right[-1:] if len(other) > 1 else ()))
    return made, prod(batch) * left[-2] * left[-1] * right[-1]


def _repeated(shape: Shape, queries: Shape) -> Shape:
    """Repeat the heads of keys or values as often as several heads of queries share them."""
    if len(shape) == len(queries) >= 3 and shape[-3] and queries[-3] % shape[-3] == 0:
        return (*shape[:-3], queries[-3], *shape[-2:])
    return shape


def _by_equation(shapes: Sequence[Shape], equation: str) -> tuple[Shape, int] | None:
    """Multiply two tensors by an equation of einsum, without an ellipsis."""
    read, arrow, written = equation.replace(" ", "").partition("->")
    terms = read.split(",")
    if not arrow or "." in equation or len(terms) != len(shapes) or len(shapes) != 2:
        return None
    extents: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        if len(term) != len(shape) or any(
            extents.setdefault(*pair) != pair[1] for pair in zip(term, shape, strict=True)
        ):
            return None
    if any(letter not in extents for letter in written):
        return None
    return tuple([extents[letter] for letter in written]), prod(extents.values())
