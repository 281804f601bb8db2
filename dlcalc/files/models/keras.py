"""Keras 3's .keras: a zip with the configuration of a model in JSON, which is read as data; weights are not read."""

from collections.abc import Iterator, Mapping
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple

from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.network.network import Input, Network, Node, Op
from dlcalc.core.tensors.saved import Dim, Dims, File, Saved, Stored
from dlcalc.files import malformed
from dlcalc.files.archive import open_archive
from dlcalc.files.json_document import MAX_BYTES, document, quoted
from dlcalc.files.models.keras_layers import Part, UnbuiltError, parts_of

_AGAIN = "model.save('model.keras')"
_MODELS = ("Functional", "Sequential", "Model")
_MOST_NESTED = 50
_MOST = 10**18
_BATCH = "batch"  # the name of a first extent that is open, which is the same in all shapes

Place = tuple[str, int, int]  # a layer, which of its calls, and which of the tensors that come of it


def read_keras(path: str) -> Network:
    """Read the network of a Keras model.

    Raises:
        DlcalcError: ``malformed-file``, ``unsafe-file``, ``unsupported-file`` for a model that is a class of its own.
        OSError: what the system says.
    """
    with open_archive(path) as archive:
        if "config.json" not in archive.members:
            raise malformed(path, "it has no config.json", _AGAIN)
        content = document(archive.read("config.json", MAX_BYTES), f"{path}: config.json", _AGAIN)
    try:
        return _Reader(path).network(content)
    except RecursionError:
        raise malformed(path, "its configuration is nested too deeply", _AGAIN) from None
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"[:100]
        raise malformed(path, f"its configuration is not as Keras writes it ({what})", _AGAIN) from None


class _Call(NamedTuple):
    """One call of a layer: the layer, the number of the call, and the tensors that it is given."""

    layer: Mapping[str, Any]
    number: int
    given: tuple[Place, ...]


class _Reader:
    def __init__(self, path: str) -> None:
        self.path = path
        self.nodes: list[Node] = []
        self.inputs: list[Input] = []
        self.taken: set[str] = set()
        self.owned: set[str] = set()
        self.unbuilt: list[str] = []
        self.first = False  # whether a layer has its channels in front of the axes

    def network(self, content: Mapping[str, Any]) -> Network:
        """Read the outermost model."""
        class_name, config = content["class_name"], content["config"]
        if class_name not in _MODELS or "layers" not in config:
            message = f"{self.path}: the model is a {quoted(str(class_name))}, whose layers its own code calls"
            raise DlcalcError("unsupported-file", message, hint="a Functional or Sequential model")
        self.first = '"channels_first"' in repr(config).replace("'", '"')
        outputs = self._model(config, class_name, None, "", 0)
        if not self.nodes:
            raise malformed(self.path, "it has no layers", _AGAIN)
        file = File("tensorflow", tuple(dict.fromkeys(outputs)))
        inputs = tuple(sorted(self.inputs, key=lambda one: not one.size))
        return Network(inputs, tuple(self.nodes), tuple(self._notices()), file)

    def _notices(self) -> Iterator[Notice]:
        if self.unbuilt:
            names = ", ".join(self.unbuilt[:3]) + (
                f" and {len(self.unbuilt) - 3} more" if len(self.unbuilt) > 3 else ""
            )
            yield Notice("weights-not-counted", f"{names}: what is stored for them, the configuration does not say")

    def _model(
        self, config: Mapping[str, Any], class_name: str, given: list[str] | None, prefix: str, depth: int
    ) -> list[str]:
        """Read a model; one in another on the tensors that it is ``given``. Return the nodes of its outputs."""
        if depth > _MOST_NESTED:
            raise malformed(self.path, f"its models are nested more than {_MOST_NESTED} deep", _AGAIN)
        layers = config["layers"]
        if class_name == "Sequential":
            return self._sequential(config, layers, given, prefix, depth)
        made: dict[Place, str] = {}
        starts = dict(zip(_places(config["input_layers"]), given, strict=False)) if given is not None else {}
        shapes = dict(_stated(layers))
        for call in self._in_order(layers):
            name = call.layer["config"]["name"]
            if call.layer["class_name"] == "InputLayer":
                made[name, 0, 0] = starts.get((name, 0, 0)) or self._input(call.layer["config"], prefix)
                continue
            read = [made[place] for place in call.given]
            stated = [shapes[place] for place in call.given]
            declared = shapes.get((name, call.number, 0))
            for number, node in enumerate(self._layer(call.layer, read, stated, declared, prefix, depth)):
                made[name, call.number, number] = node
        return [made[place] for place in _places(config["output_layers"])]

    def _sequential(
        self, config: Mapping[str, Any], layers: list[Any], given: list[str] | None, prefix: str, depth: int
    ) -> list[str]:
        current, shape = list(given or ()), None
        for index, layer in enumerate(layers):
            if layer["class_name"] == "InputLayer":
                shape = _dims(layer["config"].get("batch_shape") or layer["config"].get("batch_input_shape"))
                current = current or [self._input(layer["config"], prefix)]
                continue
            built = (layer.get("build_config") or {}).get("input_shape")
            stated = _dims(built) if _is_shape(built) else shape if index < 2 else None
            if not current:
                first = {"batch_shape": config.get("build_input_shape"), "name": "input"}
                current = [self._input(first, prefix)]
                stated = stated or _dims(config.get("build_input_shape"))
            following = layers[index + 1] if index + 1 < len(layers) else {}
            after = (following.get("build_config") or {}).get("input_shape")
            declared = _dims(after) if _is_shape(after) else None
            current = self._layer(layer, current[:1], [stated or ()], declared, prefix, depth)
        return current

    def _input(self, config: Mapping[str, Any], prefix: str) -> str:
        shape = config.get("batch_shape") or config.get("batch_input_shape")
        dims = _dims(shape)
        name = self._name(prefix + str(config["name"]))
        is_map = len(dims) in (4, 5) or (len(dims) == 3 and "int" not in str(config.get("dtype")))
        channels = (dims[1] if self.first else dims[-1]) if is_map else dims[-1] if dims else 1
        size = (0,) * (len(dims) - 2) if is_map else ()  # until the open extents are known
        whole = channels if isinstance(channels, int) else None
        self.inputs.append(Input(name, size, whole, dims, last=is_map and not self.first))
        return name

    def _name(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self.taken:
            number += 1
            name = f"{wanted}_call{number}"
        self.taken.add(name)
        return name

    def _layer(
        self,
        layer: Mapping[str, Any],
        read: list[str],
        stated: list[Dims],
        declared: Dims | None,
        prefix: str,
        depth: int,
    ) -> list[str]:
        """Read one call of a layer; return the nodes of its outputs."""
        class_name, config = str(layer["class_name"]), layer["config"]
        path = prefix + str(config["name"])
        if class_name in _MODELS and "layers" in config:
            return self._model(config, class_name, read, f"{path}.", depth + 1)
        try:
            parts = parts_of(class_name, config, stated or [()])
        except UnbuiltError:
            parts = [Part(Op("tensor"), known=False)]
        if not read:
            raise malformed(self.path, f"its layer {quoted(path)} reads nothing", _AGAIN)
        counted = path in self.owned
        self.owned.add(path)
        if not parts[0].known and not any(parts[0].stored) and not counted and "build_config" in layer:
            self.unbuilt.append(path)
        called = self._name(path)
        names: dict[int | str, str] = dict(enumerate(read))
        for part in parts:
            name = f"{called}.{part.name}" if part.name else called
            reads = [names[one] for one in part.reads] if part.reads is not None else read
            stored = Stored() if counted else part.stored
            shape = declared if part is parts[-1] else None
            saved = Saved(class_name, shape, stored, known=part.known, module=path, keeps=part.keeps)
            self.nodes.append(Node(name, part.op, tuple(reads), saved=saved))
            names[part.name] = name
        return [name]

    def _in_order(self, layers: list[Any]) -> Iterator[_Call]:
        """Go through the calls of all layers, each when what it reads is made; in the order of the file else."""
        calls: list[_Call] = []
        number_of: dict[tuple[str, int], int] = {}
        for layer in layers:
            name = str(layer["config"]["name"])
            nodes = layer.get("inbound_nodes") or []
            if layer["class_name"] == "InputLayer":
                nodes = [{}]
            for number, node in enumerate(nodes):
                given = tuple([place for place, _ in _tensors([node.get("args"), node.get("kwargs")])])
                if (name, number) in number_of:
                    raise malformed(self.path, f"two layers of it are named {quoted(name)}", _AGAIN)
                number_of[name, number] = len(calls)
                calls.append(_Call(layer, number, given))
        waiting = []
        readers: dict[int, list[int]] = {}
        for index, call in enumerate(calls):
            before = {number_of.get(place[:2], -1) for place in call.given}
            if -1 in before:
                wanted = next(place for place in call.given if place[:2] not in number_of)
                raise malformed(self.path, f"{quoted(str(wanted[0]))} is read, and no layer makes it", _AGAIN)
            waiting.append(len(before))
            for one in before:
                readers.setdefault(one, []).append(index)
        ready = [index for index, count in enumerate(waiting) if not count]
        heapify(ready)
        done = 0
        while ready:
            index = heappop(ready)
            done += 1
            yield calls[index]
            for reader in readers.get(index, ()):
                waiting[reader] -= 1
                if not waiting[reader]:
                    heappush(ready, reader)
        if done < len(calls):
            stuck = next(call for call, count in zip(calls, waiting, strict=True) if count > 0)
            raise malformed(self.path, f"its layer {quoted(stuck.layer['config']['name'])} stands in a circle", _AGAIN)


def _tensors(argument: Any) -> Iterator[tuple[Place, Dims]]:
    """List the tensors in the arguments of a call, however deep in lists they stand, with their shapes."""
    if isinstance(argument, dict):
        if argument.get("class_name") == "__keras_tensor__":
            name, node, tensor = argument["config"]["keras_history"]
            if not isinstance(name, str) or type(node) is not int or type(tensor) is not int:
                raise TypeError("a history is no layer and two numbers")
            yield (name, node, tensor), _dims(argument["config"]["shape"])
            return
        argument = list(argument.values())
    if isinstance(argument, list):
        for one in argument:
            yield from _tensors(one)


def _stated(layers: list[Any]) -> Iterator[tuple[Place, Dims]]:
    """List what the readers of tensors state of their shapes."""
    for layer in layers:
        for node in layer.get("inbound_nodes") or []:
            yield from _tensors([node.get("args"), node.get("kwargs")])


def _places(ends: Any) -> list[Place]:
    """Read where a model begins or ends: one place, several in a list, or by names."""
    if isinstance(ends, dict):
        ends = list(ends.values())
    if len(ends) == 3 and isinstance(ends[0], str):
        ends = [ends]
    return [(str(name), int(node), int(tensor)) for name, node, tensor in ends]


def _is_shape(value: Any) -> bool:
    return isinstance(value, list) and all(one is None or type(one) is int for one in value)


def _dims(shape: Any) -> Dims:
    if not _is_shape(shape) or len(shape) > 64:
        raise TypeError(f"{str(shape)[:40]} is no shape")
    dims: list[Dim] = []
    for extent in shape:
        if extent is not None and not 0 <= extent < _MOST:
            raise ValueError(f"{str(extent)[:30]} is no extent")
        dims.append(_BATCH if extent is None and not dims else extent)
    return tuple(dims)
