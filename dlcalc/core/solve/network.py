"""A stack backwards: every size of its input that gives an output of the size asked for, from the last layer up."""

from collections.abc import Callable
from typing import NamedTuple

from dlcalc.core.conv.layer import AXES
from dlcalc.core.conv.plan import plan_layer
from dlcalc.core.conv.shape import Place, axis_output
from dlcalc.core.errors import DlcalcError, alternatives
from dlcalc.core.network.network import StackQuestion, in_layer, place_layers
from dlcalc.core.solve.axis import inputs_giving
from dlcalc.core.solve.layer import Inverse, InverseQuestion, refuse_too_many
from dlcalc.core.solve.notices import remarks
from dlcalc.core.solve.open_axis import NO_OUTPUT, OpenAxis, refusal, stand_in
from dlcalc.core.solve.runs import FAR, Run, first, joined
from dlcalc.core.validation import legal

_TRIED = 40  # sizes on each side of the target, where those that can be had are not found at an edge


class _Stage(NamedTuple):
    """One layer along one axis: its windows with the input open, or none where the whole input gives one position."""

    place: Place
    opened: OpenAxis | None


def solve_stack(question: InverseQuestion) -> Inverse:
    """All the sizes of the input, along each axis, that give the target behind the last layer, and only those.

    Raises:
        DlcalcError: ``no-solution``, ``too-many-questions``, ``usage`` for a stack that gives a vector, and what is
            wrong with a layer whatever its input is.

    >>> from dlcalc.core.conv.layer import Layer
    >>> from dlcalc.core.network.network import StackLayer
    >>> stem = StackLayer("conv", Layer(7, 2, 3)), StackLayer("max-pool", Layer(3, 2, 1, kind="max-pool"))
    >>> solve_stack(InverseQuestion(StackQuestion(("w",), (1,), stem), "input", (56,))).runs
    ((Run(first=221, last=224, step=1),),)
    """
    axes = question.asked.axes
    for extent in question.target:
        legal(extent, "target", 1)
    every = _stages(question.asked)
    runs = tuple([_giving(stages, extent) for stages, extent in zip(every, question.target, strict=True)])
    for number, (stages, extent, of_axis) in enumerate(zip(every, question.target, runs, strict=True)):
        if not of_axis:
            raise _no_solution(question, stages, number, extent)
    refuse_too_many(runs)
    for name, stages, extent, of_axis in zip(axes, every, question.target, runs, strict=True):
        output = _forward(stages, len(axes))
        for run in of_axis:
            for value in run.values():
                if output(value) != extent:  # a bug, and never an answer
                    raise AssertionError(f"{AXES[name]} {value} gives {output(value)}, not {extent}")
    return Inverse(question, runs, None, remarks(question, runs, None))


def _stages(asked: StackQuestion) -> list[list[_Stage]]:
    """The layers along each axis; batch norms, which change no size, are left out."""
    count = len(asked.axes)
    found: list[list[_Stage]] = [[] for _ in asked.axes]
    for place, layer in zip(place_layers(asked.layers, asked.channels), asked.layers, strict=True):
        if place.gives_vector:
            error = DlcalcError("usage", "its output has no axes, and so no size", hint="the layers in front of the fc")
            raise in_layer(error, place)
        if place.kind == "batch-norm":
            continue
        if layer.layer is None:
            for stages in found:
                stages.append(_Stage(place, None))
            continue
        try:
            numbers = plan_layer(asked.framework, layer.layer, count).axes
        except DlcalcError as error:
            raise in_layer(error, place) from None
        for number, (name, axis) in enumerate(zip(asked.axes, numbers, strict=True)):
            others = [
                stand_in(asked.framework, "input", other, False) for other in numbers[:number] + numbers[number + 1 :]
            ]
            opened = OpenAxis(asked.framework, layer.layer, name, 1, axis, tuple(others), "input", False)
            found[number].append(_Stage(place, opened))
    return found


def _giving(stages: list[_Stage], target: int) -> tuple[Run, ...]:
    """The inputs from which the layers make the target."""
    runs: tuple[Run, ...] = (Run(target, target),)
    for stage in reversed(stages):
        if stage.opened is not None:
            runs = joined(inputs_giving(stage.opened, runs))
        else:  # every input gives 1
            runs = (Run(1, None),) if any(run.first == 1 for run in runs) else ()
    return runs


def _forward(stages: list[_Stage], count: int) -> Callable[[int], int]:
    """From an input to the output of the last layer, by the rule that answers every question."""
    plans = [None if opened is None else plan_layer(opened.framework, opened.layer, count) for _, opened in stages]

    def output(value: int) -> int:
        for (place, opened), plan in zip(stages, plans, strict=True):
            if opened is None or plan is None:
                value = 1
                continue
            try:
                value = axis_output(plan, opened.name, opened.numbers, value)[2]
            except DlcalcError as error:
                raise in_layer(error, place) from None
        return value

    return output


def _no_solution(question: InverseQuestion, stages: list[_Stage], number: int, target: int) -> DlcalcError:
    """The error for an axis without a solution, with the nearest sizes that can be had."""
    name = AXES[question.asked.axes[number]]
    message = f"no input gives an output {name} of {target}"
    sizes = sorted(_sizes_near(stages, target, len(question.asked.axes)), key=lambda size: abs(size - target))
    nearest = sorted(size for size in sizes if abs(size - target) == abs(sizes[0] - target))
    if nearest:
        targets = [_target(question.target, number, size) for size in nearest]
        hint = (*alternatives("target", targets), ", the nearest that can be had")
        return DlcalcError("no-solution", message, hint=hint, option="target")
    error = refusal(_forward(stages, len(question.asked.axes)), 1)
    if error is None or error.code in NO_OUTPUT:
        return DlcalcError("no-solution", message, hint="other layers", option="target")
    return error


def _target(target: tuple[int, ...], number: int, size: int) -> int | tuple[int, ...]:
    wanted = (*target[:number], size, *target[number + 1 :])
    return size if len(set(wanted)) == 1 else wanted


def _sizes_near(stages: list[_Stage], target: int, count: int) -> set[int]:
    """Sizes that can be had: at the edges of where the target would stand, or else some close by.

    The larger the input, the larger the output, or as large.
    """
    rules = [None if opened is None else opened.size_rule() for _, opened in stages]
    output = _forward(stages, count)

    def size_of(value: int) -> int:
        for rule in rules:
            value = value if value < 1 else 1 if rule is None else rule(value)
        return value

    edges = [first(lambda value: size_of(value) >= least, 1, FAR) for least in (1, target)]  # noqa: B023
    tried = [value for edge in edges for value in (edge - 1, edge) if 1 <= value < FAR]
    found = {output(value) for value in tried if refusal(output, value) is None} - {target}
    for distance in range(1, 0 if found else _TRIED):
        found |= {size for size in (target - distance, target + distance) if size > 0 and _giving(stages, size)}
        if found:
            break
    return found
