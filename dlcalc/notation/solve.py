"""The question of conv-shape backwards: the number that is open, and the size that is to come out."""

from collections.abc import Mapping

from dlcalc.core.conv.layer import AXES
from dlcalc.core.errors import DlcalcError
from dlcalc.core.solve.layer import UNKNOWNS, InverseQuestion
from dlcalc.core.validation import flag, spread, wrong_rank
from dlcalc.notation import conv_shape, layers, values
from dlcalc.notation.layers import refuse_single

_SHORT = {
    "input": ("i", "w", "h", "width", "height", "depth", "size"),
    "kernel": ("k",),
    "stride": ("s",),
    "padding": ("p",),
    "dilation": ("d",),
    "output_padding": ("o", "op", "output-padding"),
}
_NAMES = {name: solved for solved in UNKNOWNS for name in (solved, *_SHORT[solved])}

# What stands in the question in place of the open number.
_SOME_VALUE = {"kernel": 1, "stride": 1, "padding": 0, "dilation": 1, "output_padding": 0}


def question(raw: Mapping[str, object]) -> InverseQuestion:
    """The question that the values ask.

    Args:
        raw: the values of a question of conv-shape, the open one left out, and ``solve`` and ``target``.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``.

    >>> question({"solve": "p", "target": "112", "w": "224", "kernel": "7"}).solve
    'padding'
    >>> question({"solve": "input", "target": "112x56", "kernel": "7"}).asked.axes
    ('h', 'w')
    """
    solve = _solved(raw["solve"])
    given = {key: value for key, value in raw.items() if key not in ("solve", "target")}
    if "layers" in raw:
        refuse_single(given)
        if solve != "input":
            message = f"--solve {flag(solve)[2:]} is for a single layer, and LAYERS are given"
            hint = "--solve input, or one layer in options, like --k 3"
            raise DlcalcError("usage", message, hint=hint, option="solve")
    if solve == "input":
        _refuse_given(solve, (*layers.SIZES, "size"), given)
        given["size"] = _some_size(raw["target"], given)
    else:
        _refuse_given(solve, (solve,), given)
        given[solve] = _SOME_VALUE[solve]
    asked = conv_shape.question(given)
    target = spread(values.per_axis(raw["target"], "target", asked.axes), len(asked.axes), "target", 1)
    return InverseQuestion(asked, solve, target)


def _solved(value: object) -> str:
    if isinstance(value, str) and value in _NAMES:
        return _NAMES[value]
    hint = "one of " + ", ".join(solved.replace("_", "-") for solved in UNKNOWNS) + "; or i, k, s, p, d, o"
    raise DlcalcError("usage", f"there is no {values.shown(value)} to solve for", hint=hint, option="solve")


def _refuse_given(solve: str, keys: tuple[str, ...], given: Mapping[str, object]) -> None:
    for key in keys:
        if key in given:
            message = f"{flag(key)} is given, and --solve {solve.replace('_', '-')} is to find it"
            raise DlcalcError("usage", message, hint=f"leave {flag(key)} out, or --solve another number", option=key)


def _some_size(target: object, given: Mapping[str, object]) -> list[int]:
    """An input with as many axes as are said: by ``dims``, else the target, else the layer; else it has a width."""
    counts = [layers.dims(given), *map(layers.how_many, (target, *(given.get(key) for key in layers.LAYER_KEYS)))]
    if "layers" in given:
        from dlcalc.notation.networks import axes_said

        counts.append(axes_said(given["layers"]))
    count = next((count for count in counts if count is not None), 1)
    if not 1 <= count <= len(AXES):
        raise wrong_rank(count)
    return [1] * count
