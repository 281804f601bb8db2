"""The sizes of all maps along one axis, and nothing else: what is asked again and again of many inputs."""

from dlcalc.core.conv.frameworks import Plan, framework_of, plan_layer
from dlcalc.core.conv.shape import axis_output, resolve
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.geometry import along, amount_along, refuse_uneven
from dlcalc.core.network.layer_shape import MapsDoNotMeetError, title_of
from dlcalc.core.network.network import ADAPTIVE, JOINS, Node, ShapeQuestion, in_layer

_VECTORS = ("flatten", "linear")


class AxisSizes:
    """The sizes along one axis as a function of the size of the input.

    Args:
        question: the network; its own size is of no account.
        index: of the axis.
    """

    def __init__(self, question: ShapeQuestion, index: int) -> None:
        self.network, self.framework, self.index = question.network, question.framework, index
        self.name, count = question.axes[index], len(question.axes)
        self.plans = {}
        for number, node in enumerate(self.network.nodes, 1):
            if node.op.layer is not None:
                try:
                    self.plans[node.name] = plan_layer(self.framework, node.op.layer, count)
                except DlcalcError as error:
                    raise in_layer(error, title_of(number, node)) from None

    def of(self, size: int) -> dict[str, int]:
        """Compute the size of every map by the forward rule, on an input of ``size``.

        Raises:
            DlcalcError: all that the forward rule raises; ``MapsDoNotMeetError`` where maps that are joined differ.
        """
        sizes = {one.name: size for one in self.network.inputs}
        for number, node in enumerate(self.network.nodes, 1):
            read = [sizes[name] for name in node.inputs]
            try:
                sizes[node.name] = self.behind(node, read)
            except MapsDoNotMeetError as error:
                error.name = node.name
                raise
            except DlcalcError as error:
                raise in_layer(error, title_of(number, node)) from None
        return sizes

    def behind(self, node: Node, read: list[int], plan: Plan | None = None) -> int:
        """Compute the size behind one node, by a plan in place of its own; what it raises does not name the node."""
        kind = node.op.kind
        if kind in JOINS:
            if not meets(node, read):
                raise MapsDoNotMeetError("shape-mismatch", "maps of different sizes do not meet")
            return max(read)
        plan = plan or self.plans.get(node.name)
        if plan is not None:
            return axis_output(plan, self.name, plan.axes[self.index], read[0])[2]
        if kind in _VECTORS:
            return 1
        shape = along(node.op, self.index, self.name, read[0])
        if kind in ADAPTIVE:
            refuse_uneven((shape,), framework_of(self.framework))
        return shape.output

    def too_small(self, sizes: dict[str, int]) -> bool:
        """Tell whether some layer is refused for its input, of these sizes, and will not be for a larger one."""
        for node in self.network.nodes:
            plan = self.plans.get(node.name)
            if plan is not None:
                try:
                    axis_output(plan, self.name, plan.axes[self.index], sizes[node.inputs[0]])
                except DlcalcError as error:
                    if error.code in ("kernel-exceeds-input", "empty-output"):
                        return True
        return False

    def loosely(self, size: int) -> dict[str, int]:
        """Compute the size of every map without a refusal: 0 where there is no output, of joined maps the largest."""
        sizes = {one.name: size for one in self.network.inputs}
        for node in self.network.nodes:
            read, kind, plan = [sizes[name] for name in node.inputs], node.op.kind, self.plans.get(node.name)
            if 0 in read:
                found = 0
            elif kind in JOINS:
                found = max(read)
            elif plan is not None:
                found = max(0, plan.size.value(resolve(plan, plan.axes[self.index], read[0])[0]))
            elif kind in _VECTORS:
                found = 1
            elif kind == "pixel-unshuffle":
                found = read[0] // amount_along(node.op, self.index)
            elif kind == "crop":
                found = max(0, read[0] + sum(along(node.op, self.index, self.name, FAR_SIZE).window[4:6]))
            else:
                found = along(node.op, self.index, self.name, read[0]).output
            sizes[node.name] = found
        return sizes


FAR_SIZE = 10**40  # of which no crop leaves nothing


def meets(node: Node, read: list[int]) -> bool:
    """Tell whether maps of these sizes can be joined: all are equal, or spread from one position."""
    return len({size for size in read if size > 1 or node.op.kind == "concat"}) <= 1
