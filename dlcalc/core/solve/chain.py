"""Every input of layers one behind another that gives an output of the size asked for, from the last to the first."""

from collections.abc import Callable
from typing import NamedTuple

from dlcalc.core.conv.frameworks import plan_layer
from dlcalc.core.conv.layer import AXES
from dlcalc.core.conv.shape import axis_output
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.layer_shape import title_of
from dlcalc.core.network.network import ELEMENTWISE, OpKind, ShapeQuestion, in_layer
from dlcalc.core.solve.axis import confirm, inputs_giving, nearest_targets, sizes_at_edges, sizes_close_by
from dlcalc.core.solve.open_axis import NO_OUTPUT, OpenAxis, open_axes, refusal
from dlcalc.core.solve.question import FAR, LIMIT, Run, joined, refuse_too_many
from dlcalc.core.validation import MAX_DIGITS, legal

_FURTHEST = 40  # distance at which sizes are tried, where none was found at an edge


class _Stage(NamedTuple):
    """A layer along one axis with its input unknown; ``axis`` is None where every input gives one position."""

    title: str
    axis: OpenAxis | None


class _Chain(NamedTuple):
    """The layers of a network along one axis.

    Attributes:
        stages: the layers that change a size, the first layer first.
        dims: how many axes the network has.
    """

    stages: tuple[_Stage, ...]
    dims: int

    def inputs_giving(self, target: int, limit: int = LIMIT) -> tuple[Run, ...]:
        """Find the inputs below ``limit`` from which the layers make the target; by default those that can be typed."""
        runs: tuple[Run, ...] = (Run(target, target),)
        for number, stage in reversed(list(enumerate(self.stages))):
            if stage.axis is not None:
                runs = joined(inputs_giving(stage.axis, runs, FAR if number else limit))
            else:
                runs = (Run(1, None),) if any(run.first == 1 for run in runs) else ()
        return runs

    def size_function(self) -> Callable[[int], int]:
        """Make the function from an input to the output size, which never falls and refuses nothing; 0 is no output."""
        rules = [stage.axis and stage.axis.size_function() for stage in self.stages]

        def size_of(value: int) -> int:
            for rule in rules:
                if value < 1:
                    break
                value = 1 if rule is None else rule(value)
            return value

        return size_of

    def output_function(self) -> Callable[[int], int]:
        """Make the function from an input to the output size by the forward rule, which raises all its refusals."""
        plans = [stage.axis and plan_layer(stage.axis.framework, stage.axis.layer, self.dims) for stage in self.stages]

        def output_of(value: int) -> int:
            for (title, axis), plan in zip(self.stages, plans, strict=True):
                if axis is None or plan is None:
                    value = 1
                    continue
                try:
                    value = axis_output(plan, axis.name, axis.numbers, value)[2]
                except DlcalcError as error:
                    raise in_layer(error, title) from None
            return value

        return output_of


def solve_chain(question: ShapeQuestion, target: tuple[int, ...]) -> tuple[tuple[Run, ...], ...]:
    """Find the inputs along each axis that give the target behind the last layer.

    Args:
        question: layers one behind another; its size is of no account.
        target: the output's extent along each axis.

    Raises:
        DlcalcError: ``no-solution``, ``too-many-questions``, and what is wrong with a layer whatever its input is.

    >>> from dlcalc.core.conv.layer import Layer
    >>> from dlcalc.core.network.network import Op, chain
    >>> stem = [Op("conv", Layer(7, 2, 3)), Op("max-pool", Layer(3, 2, 1, kind="max-pool"))]
    >>> solve_chain(ShapeQuestion(chain(stem), ("w",)), (56,))
    ((Run(first=221, last=224, step=1),),)
    """
    for extent in target:
        legal(extent, "target", 1)
    chains = _chains(question)
    runs = tuple(chain.inputs_giving(extent) for chain, extent in zip(chains, target, strict=True))
    if () in runs:
        index = runs.index(())
        raise _no_solution(chains[index], question.axes[index], target, index)
    refuse_too_many(runs)
    for name, chain, along_axis, extent in zip(question.axes, chains, runs, target, strict=True):
        confirm(along_axis, chain.output_function(), extent, AXES[name])
    return runs


_SIZELESS: tuple[OpKind, ...] = ("batch-norm", "layer-norm", "group-norm", *ELEMENTWISE)  # that change no size


def is_chain(question: ShapeQuestion) -> bool:
    """Tell whether each layer reads the one before it, and has windows, or changes no size, or pools all there is."""
    before = question.network.inputs[0].name
    for node in question.network.nodes:
        if node.inputs != (before,):
            return False
        if node.op.layer is None and node.op.kind not in (*_SIZELESS, "global-avg-pool"):
            return False
        before = node.name
    return True


def _chains(question: ShapeQuestion) -> list[_Chain]:
    """Collect the layers along each axis; those that change no size are left out."""
    axes, framework = question.axes, question.framework
    stages: list[list[_Stage]] = [[] for _ in axes]
    for number, node in enumerate(question.network.nodes, 1):
        title, layer = title_of(number, node), node.op.layer
        if node.op.kind in _SIZELESS:
            continue
        if layer is None:
            for along_axis in stages:
                along_axis.append(_Stage(title, None))
            continue
        try:
            numbers = plan_layer(framework, layer, len(axes)).axes
        except DlcalcError as error:
            raise in_layer(error, title) from None
        opened = open_axes(framework, layer, axes, (1,) * len(axes), numbers, "input")
        for along_axis, axis in zip(stages, opened, strict=True):
            along_axis.append(_Stage(title, axis))
    return [_Chain(tuple(along_axis), len(axes)) for along_axis in stages]


def _no_solution(chain: _Chain, name: str, target: tuple[int, ...], index: int) -> DlcalcError:
    """Make the error for an axis without a solution; a network that is refused whatever the input has its own."""
    digits = f" of at most {MAX_DIGITS} digits" if chain.inputs_giving(target[index], FAR) else ""
    message = f"no input{digits} gives an output {AXES[name]} of {target[index]}"
    size_of, output_of = chain.size_function(), chain.output_function()
    sizes = sizes_at_edges(size_of, output_of, target[index], 1, LIMIT - 1)
    sizes = sizes or sizes_close_by(chain.inputs_giving, target[index], _FURTHEST)
    nearest = nearest_targets(message, target, index, sizes)
    if nearest is not None:
        return nearest
    error = refusal(output_of, 1)
    if error is None or error.code in NO_OUTPUT:
        return DlcalcError("no-solution", message, hint="other layers", option="target")
    return error
