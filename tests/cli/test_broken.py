"""Every check, with its subject broken: an off-by-one in a closed form or a wrong factor, and the program exits 1."""

from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any

import pytest

from tests.conftest import Run

Breaking = Callable[[Any], Any]


def more(by: float) -> Breaking:
    """A function whose result is larger."""
    return lambda right: lambda *given: right(*given) + by


def times(factor: float) -> Breaking:
    """A function whose result has a wrong factor."""
    return lambda right: lambda *given: right(*given) * factor


def wider(right: Any) -> Any:
    """The receptive field of a layer, off by one."""

    def broken(*given: Any) -> Any:
        field = right(*given)
        return field._replace(size=field.size + 1)

    return broken


def wider_sight(right: Any) -> Any:
    """The receptive field behind one more layer, off by one."""

    def broken(*given: Any) -> Any:
        sight = right(*given)
        return sight._replace(field=sight.field._replace(size=sight.field.size + 1))

    return broken


def aligned(right: Any) -> Any:
    """A join, of which it is not said that its branches are misaligned."""

    def broken(*given: Any) -> Any:
        sights, layer = right(*given)
        return sights, layer._replace(misaligned=False)

    return broken


def on_the_next(right: Any) -> Any:
    """A window, one position further on."""

    def broken(*given: Any) -> Any:
        first, last = right(*given)
        return first + 1, last + 1

    return broken


def heavier(right: Any) -> Any:
    """The bytes that are alive, and some more."""

    def broken(*given: Any) -> Any:
        made, alive = right(*given)
        return made, alive + 4

    return broken


def shifted(right: Any) -> Any:
    """The geometry of an axis, with one more position in front of it."""

    def broken(*given: Any) -> Any:
        window, rule = right(*given)
        return window._replace(before=window.before + 1), rule

    return broken


ONE = "conv-shape --w 9 --k 3 --s 2 --p same --framework tensorflow"
NETWORK = "conv-shape --w 40 3s2p1 max2 convt2s2 3"
GRAPH = "conv-shape --w 40 3p1c8 @a 3p0:2c8 cat@a up2 aavg7 crop1 pad1:0 unshuffle6"
COUNT = "conv-params --c-in 2 --c-out 3 --k 3 --w 7 --p 1 --bias"
NETWORK_COUNT = "conv-params --c-in 2 --w 8 3p1c3 bn max2 3c4 fc5"
GRAPH_COUNT = "conv-params --c-in 2 --w 8 3p1c4 @a 3s2p1c4g2 relu shuffle2 1c2 cat@a gn2 gap"
LOGITS = "softmax-grad --logits 1,2,3/0.5,-1,0.25 --label 2,0 --label-smoothing 0.1"
SOFT = "softmax-grad --logits 1,2,3 --target 0.2,0.3,0.5"
NORM = "bn-fold --gamma 2 --mean 1 --var 4"
FOLD = "bn-fold --gamma 2,3 --mean 1,2 --var 4,1 --weight 1,2/3,4"
BATCHES = "bn-fold --batches 1,2,3,4/2,4,6,8"

BROKEN: list[tuple[str, str, Breaking, str]] = [
    (ONE, "conv.shape.unread", more(1), "unread"),
    (ONE, "conv.shape.through_windows", wider, "receptive_field"),
    (ONE, "conv.shape.resolve", shifted, "padding"),
    (ONE.replace("--s 2", "--s 2 --kind transposed"), "conv.shape.unread_transposed", more(1), "unread"),
    (NETWORK, "network.receptive_field.with_field", wider_sight, "receptive_field"),
    (GRAPH, "network.receptive_field.with_field", wider_sight, "receptive_field"),
    (GRAPH, "network.receptive_field.adaptive_window", on_the_next, "center"),
    (GRAPH, "network.receptive_field._join", aligned, "misaligned"),
    (GRAPH, "network.geometry.unread", more(1), "unread"),
    (NETWORK, "conv.shape.unread", more(1), "unread"),
    (NETWORK, "conv.shape.resolve", shifted, "padding"),
    (COUNT, "params.count.prod", times(2), "weights"),
    (COUNT, "params.count.real_taps", more(1), "macs_without_padding"),
    (NETWORK_COUNT, "params.count.prod", times(2), "weights"),
    (NETWORK_COUNT, "params.count.real_taps", more(1), "macs_without_padding"),
    (GRAPH_COUNT, "params.count.groups_of", lambda right: lambda op, channels: op.groups * 2, "weights"),
    (GRAPH_COUNT, "params.memory.Alive.behind", heavier, "peak_activation_bytes"),
    (LOGITS, "softmax.answer.scale_of_gradient", times(2), "grad_logits"),
    (LOGITS, "softmax.kernel.quotient", lambda right: lambda z, t: right(z * 1.001, t), "loss"),
    (SOFT, "softmax.answer.scale_of_gradient", times(-1), "grad_logits"),
    (NORM, "batch_norm.affine.nearest", times(1 + 2**-51), "scale"),
    (FOLD, "batch_norm.fold.rounded_once", times(1.001), "weight"),
    (BATCHES, "batch_norm.moments.Grid.rounded", times(1 + 2**-51), "mean"),
]


@pytest.mark.parametrize(("words", "subject", "breaking", "key"), BROKEN, ids=[f"{b[0]}-{b[1]}" for b in BROKEN])
def test_a_check_sees_its_subject_broken(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: str, subject: str, breaking: Breaking, key: str
) -> None:
    asked = [*words.split(), "--check"]
    assert run(*asked, "--json").json["check"]["passed"] is True
    monkeypatch.setattr(f"dlcalc.core.{subject}", breaking(resolve_name(f"dlcalc.core.{subject}")))
    found = run(*asked, "--json")
    assert (found.code, found.json["check"]["passed"]) == (1, False)
    assert key in {failure["key"] for failure in found.json["check"]["failures"]}
    table = run(*asked)
    assert table.code == 1
    assert "NOT confirmed" in table.out
