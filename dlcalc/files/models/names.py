"""The names of layers as their author wrote them: the paths of modules."""

from collections.abc import Iterable, Mapping, Set
from typing import Any


def module_of(node: Mapping[str, Any]) -> str:
    """Read the path of the module that a node of an exported graph belongs to; empty for the whole model.

    >>> module_of({"metadata": {"nn_module_stack": "L__self__,,Net;L__self___layer1,layer1.0@1,torch.nn.ReLU"}})
    'layer1.0'
    """
    metadata = node.get("metadata")
    stack = metadata.get("nn_module_stack") if isinstance(metadata, dict) else None
    if not isinstance(stack, str):
        return ""
    parts = stack.rpartition(";")[2].split(",")
    return parts[1].partition("@")[0] if len(parts) > 2 else ""


class Names:
    """Gives each layer a name of its own.

    Args:
        modules: the paths of the modules that layers belong to.
        weighted: the paths of modules with parameters, whose names are kept for the layers that use those.
    """

    def __init__(self, modules: Iterable[str], weighted: Set[str]) -> None:
        self.taken = set[str]()
        self.counts: dict[str, int] = {}
        self.weighted = weighted
        self.containers = {""}
        self.modules = {*modules, *weighted}
        for path in self.modules:
            parts = path.split(".")
            self.containers.update(".".join(parts[:end]) for end in range(1, len(parts)))

    def name(self, op: str, module: str, weight: str | None = None) -> str:
        """Name a layer after the weight that it uses, or after its module, with the operation where that has several.

        >>> names = Names(["layer1.conv1", "layer1"], {"layer1.conv1"})
        >>> names.name("conv2d", "layer1.conv1", "layer1.conv1.weight"), names.name("relu", "layer1")
        ('layer1.conv1', 'layer1.relu')
        """
        if weight is not None and self._owns(module, weight):
            wanted = weight.removesuffix("weight").removesuffix("running_mean").rstrip("._") or weight
        elif module in self.containers or (module in self.weighted and weight is None):
            wanted = f"{module}.{op}" if module else op
        else:
            wanted = module
        return self._alone(wanted)

    def input(self, name: str) -> str:
        """Name an input, but as no layer is."""
        return self._alone(f"input_{name}" if name in self.modules else name)

    def _owns(self, module: str, weight: str) -> bool:
        """Whether a weight is of a module, or of one in it, and not of another that shares it."""
        return module in self.containers or weight.startswith(f"{module}.")

    def _alone(self, wanted: str) -> str:
        name = wanted
        while name in self.taken:
            self.counts[wanted] = self.counts.get(wanted, 1) + 1
            name = f"{wanted}_{self.counts[wanted]}"
        self.taken.add(name)
        return name
