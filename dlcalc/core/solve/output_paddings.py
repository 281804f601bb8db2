"""The output paddings of the transposed layers of a network with which its maps meet and give the size asked for."""

from collections.abc import Iterator
from itertools import product

from dlcalc.core.conv.frameworks import Plan, framework_of, plan_layer
from dlcalc.core.conv.layer import AXES
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.sizes import AxisSizes
from dlcalc.core.solve.question import MAX_SOLUTIONS, InverseQuestion, Values
from dlcalc.core.validation import legal

MAX_TRIED = 200_000  # layers computed in all


def solve_output_paddings(question: InverseQuestion) -> tuple[Values, ...]:
    """Find all output paddings of the transposed layers that have none typed.

    Raises:
        DlcalcError: ``usage`` for a network without such layers, ``no-solution``, ``too-many-questions``.
    """
    template, axes = question.template, len(question.template.axes)
    if not question.open_nodes:
        message = "no transposed layer is without an output padding, and --solve output-padding is to find it"
        raise DlcalcError("usage", message, hint="a word like convt3s2, without o", option="solve")
    for extent, name, pixels in zip(question.target, template.axes, template.size, strict=True):
        legal(extent, "target", 1)
        legal(pixels, "depth" if name == "d" else name, 1)
    along_axes = []
    for index, (pixels, extent) in enumerate(zip(template.size, question.target, strict=True)):
        search = _Search(question, index, extent)
        found = list(search.found(pixels))
        if not found:
            raise _no_solution(search, question.target, index)
        along_axes.append(found)
    count = 1
    for found in along_axes:
        count *= len(found)
    if count > MAX_SOLUTIONS:
        message = f"{count} solutions are more than {MAX_SOLUTIONS:,}"
        raise DlcalcError("too-many-questions", message, hint="o in the words of some layers", option="solve")
    return tuple(
        tuple(each[axis][number] for number in range(len(question.open_nodes)) for axis in range(axes))
        for each in product(*along_axes)
    )


class _Search:
    """Goes through the layers along one axis, with every output padding of a transposed layer that is open."""

    def __init__(self, question: InverseQuestion, index: int, target: int) -> None:
        self.sizes, self.target = AxisSizes(question.template, index), target
        self.nodes = question.template.network.nodes
        self.last = self.nodes[-1].name
        self.choices: dict[str, list[Plan]] = {}
        framework = question.template.framework
        for node in question.open_nodes:
            plan = self.sizes.plans[node.name]
            bound = framework_of(framework).output_padding.apply(plan.axes[index])
            padded = [
                plan.layer._replace(output_padding=self._of_axis(extra, index, plan))
                for extra in range(min(bound, MAX_TRIED))
            ]
            self.choices[node.name] = [plan_layer(framework, layer, len(plan.axes)) for layer in padded]
        self.tried = 0
        self.outputs: set[int] = set()  # that were reached

    @staticmethod
    def _of_axis(extra: int, index: int, plan: Plan) -> Values:
        """An output padding along one axis, and none along the others."""
        return tuple([extra if number == index else 0 for number in range(len(plan.axes))])

    def found(self, pixels: int) -> Iterator[Values]:
        """Give the output paddings, one of each open layer, that give the target."""
        start = {one.name: pixels for one in self.sizes.network.inputs}
        yield from self._from(0, start, ())

    def _from(self, number: int, sizes: dict[str, int], chosen: Values) -> Iterator[Values]:
        sizes = dict(sizes)
        while number < len(self.nodes):
            node = self.nodes[number]
            read = [sizes[name] for name in node.inputs]
            number += 1
            self.tried += 1
            if self.tried > MAX_TRIED:
                message = f"more than {MAX_TRIED:,} layers would have to be computed"
                raise DlcalcError("too-many-questions", message, hint="o in the words of some layers", option="solve")
            choices = self.choices.get(node.name)
            try:
                if choices is None:
                    sizes[node.name] = self.sizes.behind(node, read)
                    continue
            except DlcalcError:
                return
            for extra, plan in enumerate(choices):
                try:
                    size = self.sizes.behind(node, read, plan)
                except DlcalcError:
                    continue
                yield from self._from(number, {**sizes, node.name: size}, (*chosen, extra))
            return
        self.outputs.add(sizes[self.last])
        if sizes[self.last] == self.target:
            yield chosen


def _no_solution(search: _Search, target: tuple[int, ...], index: int) -> DlcalcError:
    from dlcalc.core.solve.axis import nearest_targets

    message = f"no output padding gives an output {AXES[search.sizes.name]} of {target[index]}"
    error = nearest_targets(message, target, index, search.outputs)
    if error is not None:
        return error
    return DlcalcError("no-solution", f"{message}: with none do all maps meet", hint="another input", option="target")
