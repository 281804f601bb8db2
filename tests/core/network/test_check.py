"""The walk through a network agrees with the closed forms, and fails when they are wrong."""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from dlcalc.core.conv.layer import FRAMEWORKS
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network import geometry, receptive_field
from dlcalc.core.network.check import check_shape
from dlcalc.core.network.layer_shape import ConvShape
from dlcalc.core.network.network import ADAPTIVE, FAMILIES, JOINS
from dlcalc.core.network.shape import network_shape
from tests.support import random_networks
from tests.support.chains import answer, conv, pool, up
from tests.support.random_networks import as_typed, graphs


@pytest.mark.parametrize(("count", "axes", "seed"), [(600, 1, 1), (150, 2, 2), (60, 3, 3)])
def test_a_walk_through_random_chains_finds_the_same(count: int, axes: int, seed: int) -> None:
    for found in random_networks.answers(count, seed, axes=axes):
        proof = check_shape(found, 2_000_000)
        assert proof.method == "enumeration"
        assert proof.passed, (found.question, [failure.text for failure in proof.failures])


@pytest.mark.parametrize("key", ["output", "unread", "size", "smallest", "jump", "center"])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_walk_sees_a_wrong_number_in_any_layer(key: str, number: int) -> None:
    right = answer(32, conv(3, 2, 1), up(3, 2), conv(3, 1, 1))
    layer = right.layers[number]
    (axis,) = layer.axes
    record: Any = axis if key in ("output", "unread") else axis.field
    value = getattr(record, key)
    wrong = record._replace(**{key: (value[0] + 1, value[1]) if isinstance(value, tuple) else value + 1})
    axis = wrong if record is axis else axis._replace(field=wrong)
    layers = list(right.layers)
    layers[number] = layer._replace(axes=(axis,))
    proof = check_shape(right._replace(layers=tuple(layers)))
    assert not proof.passed
    assert {failure.where["layer"] for failure in proof.failures} <= {each.name for each in layers[number:]}
    assert check_shape(right).passed


def test_beyond_the_budget_the_sizes_are_held_against_bounds() -> None:
    right = answer(10**9, conv(3, 2, 1), pool(2), conv(3, 1, 1))
    proof = check_shape(right)
    assert (proof.method, proof.passed, proof.details["keys"]) == ("bounds", True, ("output",))
    layer = right.layers[1]
    wrong = layer._replace(axes=(layer.axes[0]._replace(output=7),))
    assert not check_shape(right._replace(layers=(right.layers[0], wrong, right.layers[2]))).passed


def spreads(found: ConvShape) -> bool:
    """Whether a join repeats the one position of a map."""
    joins = [layer for layer in found.layers if layer.kind in JOINS]
    return any(1 in (one.size or ()) and one.size != join.made.size for join in joins for one in join.read)


@pytest.mark.parametrize(("count", "seed"), [(700, 17)])
def test_a_walk_through_random_graphs_finds_the_same(count: int, seed: int) -> None:
    met: Counter[object] = Counter()
    for question in graphs(count, seed):
        found = network_shape(question)
        proof = check_shape(found)
        assert proof.method == "enumeration"
        assert proof.passed, (as_typed(question.network), question, [failure.text for failure in proof.failures])
        kinds = {layer.kind for layer in found.layers}
        met.update(kinds)
        met.update(["join"] * bool(kinds & {*JOINS}) + ["spread"] * spreads(found))
        met.update(["misaligned"] * any(layer.misaligned for layer in found.layers))
        met.update([question.framework, len(question.axes)])
    assert {*FAMILIES, *FRAMEWORKS, "relu", "dropout", 1, 2, 3} <= set(met)
    assert met["join"] > count / 2
    assert min(met["misaligned"], met["spread"]) > count / 20
    assert min(met.values()) > count / 50


def same_kind(kind: str, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Break the geometry of the layers of one kind."""

    def breaking(right: Callable[..., Any]) -> Callable[..., Any]:
        return lambda op, *rest: change(right(op, *rest)) if op.kind == kind else right(op, *rest)

    return breaking


# What is broken, and by which key the walk must see it.
BREAKS: list[tuple[Any, str, Callable[[Any], Any], str]] = [
    (geometry, "along", same_kind("pad", lambda axis: axis._replace(output=axis.output + 1)), "output"),
    (geometry, "along", same_kind("pad", lambda axis: axis._replace(output=max(1, axis.output - 1))), "output"),
    (geometry, "along", same_kind("crop", lambda axis: axis._replace(unread=axis.unread + 1)), "unread"),
    (geometry, "along", same_kind("upsample", lambda axis: axis._replace(output=axis.output + 1)), "output"),
    (geometry, "along", same_kind("pixel-unshuffle", lambda axis: axis._replace(unread=1)), "unread"),
    (
        receptive_field,
        "adaptive_window",
        lambda right: lambda *of: (right(*of)[0], right(*of)[1] + 1),
        "receptive_field",
    ),
    (
        receptive_field,
        "adaptive_window",
        lambda right: lambda size, outputs, output: (output * (size // outputs), right(size, outputs, output)[1]),
        "receptive_field",
    ),
    (receptive_field, "_hull", lambda right: lambda choose, one, other: one, "receptive_field"),
    (receptive_field, "_hull", lambda right: lambda choose, one, other: right(max, one, other), "receptive_field"),
    (
        receptive_field,
        "Track",
        lambda right: lambda lows, highs, step: right(lows, highs, step or 1),
        "receptive_field",
    ),
    (receptive_field, "_times", lambda right: lambda one, other: one, "jump"),
    (receptive_field, "_times", lambda right: lambda one, other: right(one, (other[0] + 1, other[1])), "jump"),
]
GRAPHS = [(question, network_shape(question)) for question in graphs(300, 18)]


@pytest.mark.parametrize(("module", "name", "breaking", "key"), BREAKS)
def test_a_broken_closed_form_is_seen(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, breaking: Callable[[Any], Any], key: str
) -> None:
    """In every graph whose numbers are others then. The jump is not to be seen where no two outputs are alike."""
    monkeypatch.setattr(module, name, breaking(getattr(module, name)))
    wrong = seen = 0
    for question, right in GRAPHS:
        broken = None
        with suppress(DlcalcError):
            broken = network_shape(question)
        if broken is None or broken == right:
            continue
        keys = {failure.key for failure in check_shape(broken).failures}
        assert keys or key == "jump", (as_typed(question.network), question)
        wrong += 1
        seen += key in keys
    assert wrong >= 5
    assert seen >= 0.7 * wrong


def changed(rng: random.Random, found: ConvShape) -> tuple[ConvShape, str, str]:
    """The answer with one wrong number, the name of its layer and its key."""
    number, index = rng.randrange(len(found.layers)), rng.randrange(len(found.question.axes))
    layer = found.layers[number]
    axis = layer.axes[index]
    key = rng.choice(("output", "unread", "size", "smallest", "center"))
    record: Any = axis if key in ("output", "unread") else axis.field
    value = getattr(record, key)
    more = rng.choice((-1, 1)) if value != 1 else 1
    wrong: Any = (1, 7) if value is None else (value[0] + more, value[1]) if key == "center" else value + more
    record = record._replace(**{key: wrong})
    axis = record if key in ("output", "unread") else axis._replace(field=record)
    axes = (*layer.axes[:index], axis, *layer.axes[index + 1 :])
    layers = (*found.layers[:number], layer._replace(axes=axes), *found.layers[number + 1 :])
    return found._replace(layers=layers), layer.name, key


KEYS = {"size": "receptive_field", "smallest": "receptive_field_min"}


def test_a_wrong_number_in_any_layer_of_a_graph_is_seen() -> None:
    rng = random.Random(19)
    for _, found in GRAPHS:
        wrong, name, key = changed(rng, found)
        keys = {failure.key for failure in check_shape(wrong).failures if failure.where["layer"] == name}
        if key == "output" and found.layer(name).kind in ADAPTIVE:  # which has as many windows as it says
            assert keys, (as_typed(found.question.network), found.question, name)
        else:
            assert KEYS.get(key, key) in keys, (as_typed(found.question.network), found.question, name, key)


@pytest.mark.parametrize(
    ("name", "breaking"),
    [
        ("amount_along", lambda right: lambda op, axis: right(op, axis) + (op.kind == "upsample")),
        ("amount_along", lambda right: lambda op, axis: right(op, axis) + (op.kind in ADAPTIVE)),
        ("_sides_along", lambda right: lambda op, axis: right(op, axis)[::-1]),
        ("_sides_along", lambda right: lambda op, axis: (right(op, axis)[0] + 1, right(op, axis)[1])),
    ],
)
def test_another_amount_than_was_asked_for_is_seen(
    monkeypatch: pytest.MonkeyPatch, name: str, breaking: Callable[[Any], Any]
) -> None:
    """A factor, a size, or the positions at both ends."""
    monkeypatch.setattr(geometry, name, breaking(getattr(geometry, name)))
    wrong = 0
    for question, right in GRAPHS:
        broken = None
        with suppress(DlcalcError):
            broken = network_shape(question)
        if broken is not None and broken != right:
            assert check_shape(broken).failures, (as_typed(question.network), question)
            wrong += 1
    assert wrong >= 5


def test_a_misalignment_that_is_not_said_is_seen() -> None:
    """As far as both jumps can be seen."""
    hidden = seen = 0
    for _, found in GRAPHS:
        if any(layer.misaligned for layer in found.layers):
            layers = tuple(layer._replace(misaligned=False) for layer in found.layers)
            keys = {failure.key for failure in check_shape(found._replace(layers=layers)).failures}
            assert keys <= {"misaligned"}
            hidden += 1
            seen += bool(keys)
    assert hidden > 20
    assert seen >= 0.8 * hidden
