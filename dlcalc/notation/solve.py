"""The question of conv-shape backwards: the number that is open, and the size that is to come out."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from dlcalc.core.conv.layer import AXES
from dlcalc.core.errors import DlcalcError
from dlcalc.core.solve.question import UNKNOWNS, InverseQuestion, Unknown
from dlcalc.core.validation import spoken, spread, wrong_rank
from dlcalc.notation import conv_shape, layers
from dlcalc.notation.input_size import AXIS_OF, axis_count, dims_given
from dlcalc.notation.values import flag, per_axis, shown

if TYPE_CHECKING:
    from dlcalc.core.solve.joint import JointQuestion

# Every key of a question, and the short names that are read for it.
KEYS: Mapping[str, tuple[str, ...]] = {**conv_shape.KEYS, "solve": (), "target": ()}

_SHORT = {
    "input": ("i", "w", "h", "width", "height", "depth", "size"),
    "kernel": ("k",),
    "stride": ("s",),
    "padding": ("p",),
    "dilation": ("d",),
    "output_padding": ("o", "op", "output-padding"),
}
_UNKNOWN_OF = {name: unknown for unknown in UNKNOWNS for name in (unknown, *_SHORT[unknown])}

# A legal value for the question to hold in place of the open number.
_STAND_IN = {"kernel": 1, "stride": 1, "padding": 0, "dilation": 1, "output_padding": 0}


def question(raw: Mapping[str, object]) -> "InverseQuestion | JointQuestion":
    """Read the question.

    Args:
        raw: the values of a question of conv-shape, the open ones left out, and ``solve`` and ``target``; the inputs
            with which layers in words run at all need no target.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``.

    >>> question({"solve": "p", "target": "112", "w": "224", "kernel": "7"}).unknown
    'padding'
    >>> question({"solve": "input", "target": "112x56", "kernel": "7"}).template.axes
    ('h', 'w')
    >>> question({"solve": "stride,p", "target": "112", "w": "224", "kernel": "7"}).unknowns
    ('stride', 'padding')
    """
    unknowns = _unknowns(raw["solve"])
    if "target" not in raw and not (unknowns == ("input",) and "layers" in raw):
        message = "--solve needs the size that is to come out, and there is none"
        raise DlcalcError("usage", message, hint="--target 112", option="solve")
    given = {key: value for key, value in raw.items() if key not in ("solve", "target")}
    if "layers" in raw:
        layers.refuse_single(given)
        _refuse_of_layers(unknowns)
    for unknown in unknowns:
        if unknown == "input":
            _refuse_given(unknown, (*AXIS_OF, "size"), given)
            given["size"] = [1] * _count_axes(raw.get("target"), given)
        else:
            _refuse_given(unknown, (unknown,), given)
            if "layers" not in raw:
                given[unknown] = _STAND_IN[unknown]
    template = conv_shape.question(given)
    target: tuple[int, ...] = ()
    if "target" in raw:
        target = spread(per_axis(raw["target"], "target", template.axes), len(template.axes), "target", 1)
    if len(unknowns) == 1:
        return InverseQuestion(template, unknowns[0], target)
    from dlcalc.core.solve.joint import JointQuestion

    return JointQuestion(template, unknowns, target)


def _unknowns(value: object) -> tuple[Unknown, ...]:
    """Read the numbers to solve for: one, or several between commas."""
    parts = value.split(",") if isinstance(value, str) else [value]
    found = tuple(map(_unknown, parts))
    twice = next((unknown for unknown in found if found.count(unknown) > 1), None)
    if twice is not None:
        message = f"--solve {shown(value)} names the {spoken(twice)} twice"
        raise DlcalcError("usage", message, hint=f"--solve {','.join(dict.fromkeys(found))}", option="solve")
    return found


def _unknown(value: object) -> Unknown:
    if isinstance(value, str) and value.strip() in _UNKNOWN_OF:
        return _UNKNOWN_OF[value.strip()]
    from dlcalc.core.spelling import one_of

    hint = one_of(value, [unknown.replace("_", "-") for unknown in UNKNOWNS])
    hint += "; or i, k, s, p, d, o; several like stride,padding"
    raise DlcalcError("usage", f"there is no {shown(value)} to solve for", hint=hint, option="solve")


def _refuse_of_layers(unknowns: tuple[Unknown, ...]) -> None:
    if unknowns not in (("input",), ("output_padding",)):
        named = ",".join(unknown.replace("_", "-") for unknown in unknowns)
        message = f"--solve {named} is for a single layer, and LAYERS are given"
        hint = "--solve input or output-padding, or one layer in options, like --k 3"
        raise DlcalcError("usage", message, hint=hint, option="solve")


def _refuse_given(unknown: str, keys: Iterable[str], given: Mapping[str, object]) -> None:
    for key in keys:
        if key in given:
            message = f"{flag(key)} is given, and --solve {unknown.replace('_', '-')} is to find it"
            raise DlcalcError("usage", message, hint=f"leave {flag(key)} out, or --solve another number", option=key)


def _count_axes(target: object, given: Mapping[str, object]) -> int:
    """Count the axes of an open input: ``dims`` says how many, else the target, else the layer; else it has a width."""
    counts = [dims_given(given), *map(axis_count, (target, *(given.get(key) for key in layers.LAYER_KEYS)))]
    if "layers" in given:
        from dlcalc.notation.input_size import axes_of_words
        from dlcalc.notation.networks import split_layer_words

        counts.append(axes_of_words(split_layer_words(given["layers"])))
    count = next((count for count in counts if count is not None), 1)
    if not 1 <= count <= len(AXES):
        raise wrong_rank(count)
    return count
