"""The graph of an exported PyTorch program, read as a network: its nodes in order, under their authors' names."""

from collections.abc import Iterator, Mapping
from math import prod
from types import MappingProxyType
from typing import Any, NamedTuple

from dlcalc.core.network.network import Input, Network, Node, OpKind
from dlcalc.core.tensors.saved import Dim, Dims, File, Saved, Stored
from dlcalc.files import malformed
from dlcalc.files.json_document import quoted
from dlcalc.files.models.aten import RESHAPES, SAME, layered
from dlcalc.files.models.call import Call, Operand, tensors_in
from dlcalc.files.models.names import Names, module_of

_HINT = "the file as torch.export.save wrote it"
_WORKING: tuple[OpKind, ...] = ("conv", "transposed", "linear", "matmul")  # layers even on what the file holds alone
_MOST_AXES = 64
_MOST = 10**18
_FLOATS = (6, 7, 8, 13)  # the numbers of half, float, double and bfloat16


class _Tensor(NamedTuple):
    """A tensor of the graph.

    Attributes:
        layer: the node that makes it; None where it comes from the file alone.
        stored: the parameters and buffers that it is made of, if it does.
    """

    layer: str | None
    stored: tuple[str, ...] = ()


class Weights(NamedTuple):
    """What the list of weights of a program says.

    Attributes:
        shared: parameters and buffers that are others by another name.
        params, buffers: the entries of each.
    """

    shared: Mapping[str, str] = MappingProxyType({})
    params: Mapping[str, int] = MappingProxyType({})
    buffers: Mapping[str, int] = MappingProxyType({})


def read_graph(content: Mapping[str, Any], path: str, weights: Weights) -> Network:
    """Read the graph of a program.

    Args:
        content: the JSON of the program.
        path: of the file, for errors.
        weights: what its list of weights says.

    Raises:
        DlcalcError: ``malformed-file``.
    """
    try:
        return _Reader(content, path, weights).network()
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"[:100]
        raise malformed(path, f"its graph is not as PyTorch writes it ({what})", _HINT) from None


class _Reader:
    def __init__(self, content: Mapping[str, Any], path: str, weights: Weights) -> None:
        module = content["graph_module"]
        self.path, self.graph, self.signature = path, module["graph"], module["signature"]
        self.shared = weights.shared
        self.env: dict[str, _Tensor] = {}
        self.examples: dict[str, int] = {}
        self.shapes: dict[str, Dims] = {}
        # Of each parameter and buffer, by its name in the state dict; a program may store some that it does not use.
        self.entries = {**weights.params, **weights.buffers}
        self.buffers = set(weights.buffers)
        self.owned: set[str] = set()
        self.nodes: list[Node] = []
        self.declared: dict[str, Dims] = {}  # what the file says of the output of each node
        self.users: dict[str, list[Mapping[str, Any]]] = {}
        for node in self.graph["nodes"]:
            for name in [name for one in node["inputs"] for name in tensors_in(one["arg"])]:
                self.users.setdefault(name, []).append(node)
        self.in_place_of: dict[str, Dims] = {}  # of linear layers, the shape of their output behind a view of it

    def network(self) -> Network:
        """Read inputs, nodes and outputs."""
        parents = {name.rpartition(".")[0] for name in self.entries}
        self.names = Names(map(module_of, self.graph["nodes"]), parents)
        inputs = self._inputs()
        outputs = [
            name
            for spec in self.signature["output_specs"]
            if "user_output" in spec
            for name in tensors_in(spec["user_output"]["arg"])
        ]
        self.used = {*self.users, *outputs}
        for node in self.graph["nodes"]:
            self._node(node)
        ends = [self._tensor(name).layer for name in outputs]
        if not self.nodes:
            raise malformed(self.path, "its graph has no layer", _HINT)
        file = File(
            "pytorch",
            tuple(dict.fromkeys(end for end in ends if end is not None)),
            self._stored(self.entries, {}),
            tuple(self.examples.items()),
        )
        return Network(tuple(inputs), tuple(self.nodes), (), file)

    def _inputs(self) -> list[Input]:
        """Read what is given: parameters and buffers by their names in the state dict, and the inputs."""
        found: list[Input] = []
        for spec in self.signature["input_specs"]:
            ((kind, of),) = spec.items()
            argument = of["arg"]
            if kind in ("parameter", "buffer"):
                graph_name, stored = argument["name"], of[f"{kind}_name"]
                self._define(graph_name, _Tensor(None, (stored,)))
                if kind == "buffer":
                    self.buffers.add(stored)
                self.entries[stored] = self._numel(graph_name)
            elif kind == "user_input":
                for name in tensors_in(argument):
                    called = self.names.input(name)
                    self._define(name, _Tensor(called))
                    found.append(self._input(name)._replace(name=called))
            elif isinstance(argument, dict) and isinstance(argument.get("name"), str):
                self._define(argument["name"], _Tensor(None))
        if not found:
            raise malformed(self.path, "its graph has no input", _HINT)
        return sorted(found, key=lambda one: not one.size)

    def _input(self, name: str) -> Input:
        dims = self._dims(name)
        is_map = len(dims) in (4, 5) or (len(dims) == 3 and self.graph["tensor_values"][name]["dtype"] in _FLOATS)
        size = (0,) * (len(dims) - 2) if is_map else ()  # until the open extents are known
        channels = dims[1] if is_map else dims[-1] if dims else 1
        return Input(name, size, channels if isinstance(channels, int) else None, dims)

    def _define(self, name: str, tensor: _Tensor) -> None:
        if name in self.env:
            raise malformed(self.path, f"two tensors of its graph are named {quoted(name)}", _HINT)
        self.env[name] = tensor

    def _tensor(self, name: str) -> _Tensor:
        if name not in self.env:
            raise malformed(self.path, f"{quoted(name)} is read, and nothing before it makes it", _HINT)
        return self.env[name]

    def _dims(self, name: str) -> Dims:
        """Read the shape of a tensor."""
        if name not in self.shapes:
            sizes = self.graph["tensor_values"][name]["sizes"]
            if len(sizes) > _MOST_AXES:
                raise malformed(self.path, f"{quoted(name)} has {len(sizes)} axes", _HINT)
            self.shapes[name] = tuple([self._dim(size, name) for size in sizes])
        return self.shapes[name]

    def _dim(self, size: Mapping[str, Any], name: str) -> Dim:
        if "as_int" in size:
            extent = size["as_int"]
            if type(extent) is not int or not 0 <= extent < _MOST:
                raise malformed(self.path, f"{quoted(name)} has an extent of {str(extent)[:30]}", _HINT)
            return extent
        from dlcalc.core.tensors.expressions import symbol  # which most files do not need

        expression = size["as_expr"]
        text, hint = expression["expr_str"], expression.get("hint")
        known = hint.get("as_int") if isinstance(hint, dict) else None
        alone = symbol(text)
        if alone is not None and type(known) is int and 0 < known < _MOST:
            self.examples.setdefault(alone, known)
        return alone or str(text)

    def _numel(self, name: str) -> int:
        dims = self._dims(name)
        numbers = [one for one in dims if isinstance(one, int)]
        if len(numbers) < len(dims):
            raise malformed(self.path, f"the stored {quoted(name)} has an open extent", _HINT)
        return prod(numbers)

    def _node(self, node: Mapping[str, Any]) -> None:
        """Read one call: what it makes becomes known under its name, as a layer or as what the file alone gives."""
        made = [name for output in node["outputs"] for name in tensors_in(output)]
        if not made:
            return
        operands = tuple(self._operands(node))
        op, overload = _target(node["target"])
        in_place = op.endswith("_") and not op.startswith("__")
        arguments = {one["name"]: one["arg"] for one in node["inputs"] if isinstance(one.get("name"), str)}
        for number, name in enumerate(made):
            call = Call(op.rstrip("_") if in_place else op, overload, arguments, operands, self._dims(name), number)
            if name not in self.used or (number and _is_statistic(op)):
                self._define(name, _Tensor(None))
                continue
            if call.op in SAME and operands:
                self._define(name, self._tensor(operands[0].tensor))
                continue
            self._define(name, self._made(call, node))
            if in_place and operands and number == 0:
                self.env[operands[0].tensor] = self.env[name]

    def _operands(self, node: Mapping[str, Any]) -> Iterator[Operand]:
        for one in node["inputs"]:
            for name in tensors_in(one["arg"]):
                yield Operand(str(one.get("name")), name, self._dims(name), self._tensor(name).layer)

    def _made(self, call: Call, node: Mapping[str, Any]) -> _Tensor:
        """Make the layer of a call; or hand on the parameters, where it computes with what the file holds alone."""
        of_file = [name for operand in call.operands for name in self._tensor(operand.tensor).stored]
        if call.op in RESHAPES and call.read and self.in_place_of.get(call.read[0].layer or "") == call.output:
            return self._tensor(call.read[0].tensor)
        found = layered(call)
        if not call.read and (found.op.kind not in _WORKING or not found.reads):
            return _Tensor(None, tuple(dict.fromkeys(of_file)))
        reads = tuple(dict.fromkeys([one.layer for one in found.reads if one.layer is not None]))
        if found.op.kind in ("add", "multiply", "concat", "matmul"):  # which may read a tensor twice
            reads = tuple([one.layer for one in found.reads if one.layer is not None])
        named = found.weight or call.operand("weight", "running_mean")
        weight = self._tensor(named.tensor).stored if named is not None else ()
        name = self.names.name(call.op, module_of(node), weight[0] if weight else None)
        roles = {
            stored: role
            for role, one in (("bias", found.bias), ("weights", found.weight))
            if one is not None
            for stored in self._tensor(one.tensor).stored
        }
        constants = tuple([one.dims for one in found.reads if one.layer is None])
        saved = Saved(call.op, call.output, self._stored(of_file, roles), constants, found.known, module_of(node))
        saved = saved._replace(equation=found.equation, keeps=found.keeps)
        if found.op.kind == "linear":
            reads, saved = self._without_views(node, name, reads, saved)
        self.nodes.append(Node(name, found.op, reads, saved=saved))
        self.declared[name] = saved.declared or ()
        return _Tensor(name)

    def _without_views(
        self, node: Mapping[str, Any], name: str, reads: tuple[str, ...], saved: Saved
    ) -> tuple[tuple[str, ...], Saved]:
        """Let a linear layer read the whole tensor, where it works between two views, as decompositions write it."""
        view = self.nodes[-1] if self.nodes and (self.nodes[-1].name,) == reads else None
        if view is None or view.op.kind != "reshape" or view.saved is None or not saved.declared:
            return reads, saved
        before = self.declared.get(view.inputs[0])
        viewed = next((operand for operand in self._operands(node) if operand.layer == view.name), None)
        if before is None or viewed is None or len(before) < 2 or len(self.users[viewed.tensor]) > 1:
            return reads, saved
        whole = (*before[:-1], saved.declared[-1])
        (made,) = [tensor for output in node["outputs"] for tensor in tensors_in(output)]
        behind = self.users.get(made, [])
        back = [_target(user["target"])[0] in RESHAPES and self._dims_made(user) == whole for user in behind]
        if before[-1:] != (view.saved.declared or ())[-1:] or not back or not all(back):
            return reads, saved
        self.nodes.pop()
        self.in_place_of[name] = whole
        return view.inputs, saved._replace(declared=whole)

    def _dims_made(self, node: Mapping[str, Any]) -> Dims | None:
        made = [name for output in node["outputs"] for name in tensors_in(output)]
        return self._dims(made[0]) if len(made) == 1 else None

    def _stored(self, names: Any, roles: Mapping[str, str]) -> Stored:
        """Count the entries of parameters and buffers that nobody has counted before."""
        counts = dict.fromkeys(Stored._fields, 0)
        for name in names:
            one = self.shared.get(name, name)
            if one not in self.owned and name not in self.owned:
                role = "buffers" if name in self.buffers else roles.get(name, "other")
                counts[role] += 0 if name.endswith("num_batches_tracked") else self.entries[name]
            self.owned |= {name, one}
        return Stored(**counts)


def _target(target: object) -> tuple[str, str]:
    """Split ``torch.ops.aten.conv2d.default`` into the operation and its overload."""
    if not isinstance(target, str):
        raise TypeError("a target is no text")
    parts = target.split(".")
    return (parts[-2], parts[-1]) if len(parts) > 3 else (parts[-1], "")


def _is_statistic(op: str) -> bool:
    """Whether the further outputs of an operation are no maps: statistics of a norm."""
    return "norm" in op
