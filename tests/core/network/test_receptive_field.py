"""Receptive fields composed layer by layer, against the sets of pixels that every output is computed from."""

import random

import pytest

from dlcalc.core.conv.coverage import Field, through_transposed, through_windows
from dlcalc.core.conv.window import Window
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.receptive_field import START, compose, whole_input
from dlcalc.core.numeric.ratio import ratio

Map = dict[int, set[int]]  # output -> the pixels that it is computed from
FAR = 400


def conv(k: int, s: int = 1, p: int = 0, d: int = 1) -> tuple[Window, bool]:
    return Window(FAR, k, s, d, p, p, 0), False


def up(k: int, s: int, p: int = 0, d: int = 1) -> tuple[Window, bool]:
    return Window(FAR, k, s, d, p, p, 0), True


def behind(pixels: Map, window: Window, transposed: bool) -> Map:
    """By definition: the union over the taps, of outputs around 0 as far as their inputs are known."""
    taps = [tap * window.dilation - window.before for tap in range(window.kernel)]
    found: Map = {}
    for output in range(-FAR, FAR):
        if transposed:
            inputs = [(output - tap) // window.stride for tap in taps if (output - tap) % window.stride == 0]
        else:
            inputs = [output * window.stride + tap for tap in taps]
        if all(each in pixels for each in inputs):
            found[output] = set().union(*(pixels[each] for each in inputs))
    return found


def by_definition(layers: list[tuple[Window, bool]], period: int, outputs: int) -> tuple[int, int, object, object]:
    pixels: Map = {pixel: {pixel} for pixel in range(-FAR, FAR)}
    for window, transposed in layers:
        pixels = behind(pixels, window, transposed)
    extents = [max(seen) - min(seen) + 1 if (seen := pixels[output]) else 0 for output in range(period)]
    first = next((pixels[output] for output in range(min(period, outputs)) if pixels[output]), None)
    center = None if first is None else ratio(min(first) + max(first), 2)
    some = next((output for output in range(period) if pixels[output]), 0)
    jump = None if not pixels[some] else ratio(min(pixels[some + period]) - min(pixels[some]), period)
    return max(extents), min(extents), jump, center


def composed(layers: list[tuple[Window, bool]], outputs: int = FAR) -> Field:
    state, field = START, Field(1, 1, (1, 1), (0, 1))
    for window, transposed in layers:
        own = through_transposed(window, outputs) if transposed else through_windows(window)
        state, field = compose(state, window, transposed, own, outputs)
    return field


def test_random_networks_see_what_their_taps_say() -> None:
    rng = random.Random(91)
    differing = holes = 0
    for _ in range(150):
        layers = []
        for _ in range(rng.randint(1, 4)):
            make = up if rng.random() < 0.4 else conv
            layers.append(make(rng.randint(1, 4), rng.randint(1, 3), rng.randint(0, 2), rng.randint(1, 2)))
        period = 1
        for window, transposed in layers:
            period *= window.stride if transposed else 1
        size, smallest, jump, center = by_definition(layers, period, FAR)
        field = composed(layers)
        assert (field.size, field.smallest, field.center) == (size, smallest, center), layers
        assert jump in (None, field.jump), layers
        differing += size != smallest
        holes += smallest == 0
    assert differing > 30
    assert holes > 5


def test_a_transposed_layer_is_expanded_only_where_a_layer_behind_it_needs_its_outputs() -> None:
    state, _ = compose(START, *up(4, 2), through_transposed(up(4, 2)[0], FAR), FAR)
    assert state.deferred is not None
    state, _ = compose(state, *conv(3), through_windows(conv(3)[0]), FAR)
    assert state.deferred is None
    assert len(state.reach.lows) == len(state.reach.highs) == 2
    assert state.reach.step == 1


def test_behind_the_whole_input_every_output_sees_it_and_jumps_go_on() -> None:
    state, field = whole_input(START._replace(jump=(4, 1)), 30)
    assert field == Field(30, 30, (4, 1), (29, 2))
    _, field = compose(state, *conv(3, 2), through_windows(conv(3, 2)[0]), 5)
    assert field == Field(30, 30, (8, 1), (29, 2))


def test_a_jump_that_cannot_be_written_is_refused() -> None:
    layers = [(Window(1, 1, 10**17, 1, 0, 0, 0), False)] * 300
    assert composed(layers[:200], 1).jump == (10**3400, 1)
    with pytest.raises(DlcalcError, match="the jump has more than 4000 digits") as caught:
        composed(layers, 1)
    assert caught.value.code == "invalid-value"
