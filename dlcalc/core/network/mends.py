"""What would make maps meet that are joined and differ: small changes of the network, each tried before it is said."""

from collections.abc import Iterator

from dlcalc.core.conv.frameworks import framework_of
from dlcalc.core.conv.layer import AXES, Layer
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.layer_shape import MapsDoNotMeetError, title_of
from dlcalc.core.network.network import Node, Op, ShapeQuestion, in_layer
from dlcalc.core.network.shape import network_shape
from dlcalc.core.network.sizes import AxisSizes

_LAYERS = 6  # of each branch, from the join upwards, that are changed
_FURTHEST = 64  # an input is looked for, in pixels
_STRIDES = (1, 2, 3, 4)


def with_mends(error: MapsDoNotMeetError, question: ShapeQuestion) -> DlcalcError:
    """Name the layer of an error, and the nearest changes with which its maps would meet.

    Args:
        error: as it was raised.
        question: the network and its input.
    """
    nodes = question.network.nodes
    number = next(number for number, node in enumerate(nodes, 1) if node.name == error.name)
    title = title_of(number, nodes[number - 1])
    if error.advice or not question.size:
        return in_layer(error, title)
    mends = _Mends(question, nodes[number - 1]).found()
    hint = ", or ".join(mends) or "branches that have the same strides and paddings"
    return in_layer(DlcalcError(error.code, error.message, hint=hint), title)


class _Mends:
    """Looks for changes of a network with which the maps of one join meet.

    Args:
        question: the network and its input.
        join: the node whose maps do not meet.
    """

    def __init__(self, question: ShapeQuestion, join: Node) -> None:
        self.question, self.join, self.size = question, join, question.size
        self.network = question.network.up_to(join.name)
        self.numbers = {node.name: number for number, node in enumerate(question.network.nodes, 1)}
        before = self.network._replace(nodes=self.network.nodes[:-1])
        axes = range(len(self.size))
        along = [AxisSizes(question._replace(network=before), index).of(self.size[index]) for index in axes]
        self.sizes = [[sizes[name] for name in join.inputs] for sizes in along]  # of the maps, per axis
        counts = {one.name: one.channels for one in before.inputs}
        if before.nodes:
            layers = network_shape(question._replace(network=before), fields=False).layers
            counts |= {layer.name: layer.made.channels for layer in layers}
        self.channels = [counts[name] for name in join.inputs]

    def found(self) -> list[str]:
        """List the changes with which they meet, the smallest first; a crop of most of a map if there is no other."""
        differ = self._differing_channels()
        if differ and (shortcut := list(self._shortcut())):  # which mends both
            return shortcut
        mends = list(self._small()) or list(self._at_the_join(any_amount=True))
        if differ and mends:
            mends[-1] += f"; their channels differ too, {' and '.join(map(str, differ))}"
        return mends

    def _differing_channels(self) -> list[int]:
        """The channels of maps that are to be added or multiplied, where they differ."""
        known = {count for count in self.channels if count is not None and count > 1}
        return sorted(known) if self.join.op.kind != "concat" and len(known) > 1 else []

    def _small(self) -> Iterator[str]:
        """Give the changes that are worth a try, at most one of a kind."""
        by_name = {node.name: node for node in self.network.nodes}
        branches = self._branches(by_name)
        for change in (self._output_padding, self._padding, self._stride):
            yield from next(([text] for node in branches for text in change(node)), [])
        yield from self._shortcut()
        yield from self._at_the_join(any_amount=False)
        yield from self._inputs()

    def _branches(self, by_name: dict[str, Node]) -> list[Node]:
        """The layers with windows above the join, on one branch alone, the nearest first."""
        above = []
        for name in self.join.inputs:
            part = self.network.up_to(name).nodes if name in by_name else ()
            own = [node for node in reversed(part) if not node.name.endswith(".pointwise")]  # which no word pads
            above.append([node for node in own if node.op.layer is not None])
        found = []
        for nodes in above:
            others = {node.name for other in above if other is not nodes for node in other}
            found += [node for node in nodes if node.name not in others][:_LAYERS]
        return found

    def _meets(self, *changed: Node) -> bool:
        """Tell whether the maps meet with some nodes in place of those of their names, or of a new name in front."""
        names = {node.name: node for node in changed}
        nodes = [names.pop(node.name, node) for node in self.network.nodes[:-1]]
        join = names.pop(self.join.name, self.join)
        network = self.network._replace(nodes=(*nodes, *names.values(), join))
        question = self.question._replace(network=network)
        try:
            axes = [(AxisSizes(question, index), extent) for index, extent in enumerate(self.size)]
        except DlcalcError:
            return False
        return all(self._alike(sizes, extent, join) for sizes, extent in axes)

    def _with(self, node: Node, **numbers: object) -> Node:
        assert node.op.layer is not None
        return node._replace(op=node.op._replace(layer=Layer(**(node.op.layer._asdict() | numbers))))

    def _title(self, node: Node) -> str:
        return title_of(self.numbers[node.name], node)

    def _output_padding(self, node: Node) -> Iterator[str]:
        if node.op.kind != "transposed":
            return
        plan = AxisSizes(self.question._replace(network=self.network), 0).plans[node.name]
        bound = min(framework_of(self.question.framework).output_padding.apply(axis) for axis in plan.axes)
        for extra in range(1, min(bound, 10)):
            for per_axis in self._per_axis(extra):
                if self._meets(self._with(node, output_padding=per_axis)):
                    yield f"o{_typed(per_axis)} in {self._title(node)}"

    def _padding(self, node: Node) -> Iterator[str]:
        assert node.op.layer is not None
        kernel = node.op.layer.kernel
        half = (kernel if isinstance(kernel, int) else max(kernel)) // 2
        for padding in dict.fromkeys((half, 1, 0)):
            if node.op.layer.padding != padding and self._meets(self._with(node, padding=padding)):
                yield f"p{padding} in {self._title(node)}"

    def _stride(self, node: Node) -> Iterator[str]:
        for stride in _STRIDES:
            if self._meets(self._with(node, stride=stride)):
                yield f"s{stride} in {self._title(node)}"

    def _per_axis(self, number: int) -> Iterator[int | tuple[int, ...]]:
        """The number along every axis, and along those alone whose maps do not meet."""
        yield number
        apart = tuple([number if len(set(sizes)) > 1 else 0 for sizes in self.sizes])
        if 0 in apart:
            yield apart

    def _shortcut(self) -> Iterator[str]:
        """A convolution 1x1 with a stride on the other map, as where a block of a ResNet halves its map."""
        if len(self.join.inputs) != 2 or "@" not in self.join.word:
            return
        current, other = zip(*self.sizes, strict=True)
        strides = {-(-large // small) for small, large in zip(current, other, strict=True)}
        if len(strides) != 1 or strides == {1}:
            return
        (stride,) = strides
        node = Node(f"{self.join.name} shortcut", Op("conv", Layer(1, stride)), self.join.inputs[1:])
        if self._meets(node, self.join._replace(inputs=(self.join.inputs[0], node.name))):
            before, _, name = self.join.word.partition("@")
            word = f"1s{stride}" + (f"c{self.channels[0]}" if self.channels[0] else "")
            yield f"a shortcut {word}: @y from@{name} {word} {before}@y"

    def _at_the_join(self, *, any_amount: bool) -> Iterator[str]:
        """Crop or pad the current map to the size of another, or crop the other one."""
        for other in range(1, len(self.join.inputs) if "@" in self.join.word else 1):
            apart = [sizes[0] - sizes[other] for sizes in self.sizes]
            if not any_amount and max(abs(each) for each in apart) >= min(map(min, self.sizes)):
                continue
            for kind, sign, of in (("crop", 1, 0), ("pad", -1, 0), ("crop", -1, other)):
                sides = tuple([_halves(max(0, sign * each)) for each in apart])
                if not any(sum(side) for side in sides):
                    continue
                op = Op("crop" if kind == "crop" else "pad", amount=sides)
                node = Node(f"{self.join.name} {kind}", op, (self.join.inputs[of],))
                inputs = [node.name if place == of else name for place, name in enumerate(self.join.inputs)]
                if self._meets(node, self.join._replace(inputs=tuple(inputs))):
                    where = f"in front of {self.join.said}" if of == 0 else f"on @{self.join.word.split('@')[of]}"
                    yield f"{kind}{_sides(sides)} {where}"

    def _inputs(self) -> Iterator[str]:
        """The nearest inputs with which the whole network runs, below and above."""
        found = []
        try:
            axes = [AxisSizes(self.question, index) for index in range(len(self.size))]
        except DlcalcError:  # of a layer behind the join, which no input mends
            return
        for sign in (-1, 1):
            size = list(self.size)
            for index, along in enumerate(axes):
                size[index] = next(
                    (
                        extent
                        for by in range(_FURTHEST)
                        if self._alike(along, extent := self.size[index] + sign * by, self.join)
                    ),
                    0,
                )
            if 0 not in size and all(2 * extent > was for extent, was in zip(size, self.size, strict=True)):
                found.append("x".join(map(str, size)))
        if found:
            names = " x ".join(AXES[axis] for axis in self.question.axes)
            yield f"an input {names} of {' or '.join(found)}"

    def _alike(self, sizes: AxisSizes, extent: int, join: Node) -> bool:
        """Tell whether the maps of a join meet on an input of ``extent``; none is spread that was not before."""
        try:
            found = sizes.of(extent) if extent > 0 else {}
        except DlcalcError:
            return False
        read = {found[name] for name in join.inputs if name in found}
        return len(read - {1}) == 1 if 1 in self.sizes[sizes.index] else len(read) == 1


def _halves(number: int) -> tuple[int, int]:
    """Divide positions between both ends, the extra one at the end."""
    return number // 2, number - number // 2


def _typed(numbers: int | tuple[int, ...]) -> str:
    return str(numbers) if isinstance(numbers, int) else "x".join(map(str, numbers))


def _sides(sides: tuple[tuple[int, int], ...]) -> str:
    """Write the positions at both ends as they are typed: ``1``, ``0:1``, ``0:1x0:0``."""
    texts = [str(begin) if begin == end else f"{begin}:{end}" for begin, end in sides]
    return texts[0] if len(set(texts)) == 1 else "x".join(texts)
