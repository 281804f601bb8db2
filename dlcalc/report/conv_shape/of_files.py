"""How the answers about model files look, where they differ from those about layers that were typed."""

from collections.abc import Mapping, Sequence

from dlcalc.core.conv.layer import ALL_AXES
from dlcalc.core.network.layer_shape import ConvShape, LayerShape
from dlcalc.report.arrays import text


def ends_by_name(answer: ConvShape, keys: Mapping[str, object]) -> dict[str, object]:
    """Put the inputs and the outputs of a model by their names in place of one, where there are several."""
    network = answer.question.network
    assert network.file is not None
    found = dict(keys)
    if len(network.inputs) > 1:
        del found["input"]
        found["inputs"] = {one.name: _sized(one.size or (), one.dims) for one in network.inputs}
    made = [layer for layer in answer.layers if layer.name in network.file.outputs]
    if len(made) > 1:
        del found["output"]
        found["outputs"] = {layer.name: _sized(layer.output, layer.made.dims) for layer in made}
    return found


def _sized(size: tuple[int, ...], dims: Sequence[object] | None) -> dict[str, object]:
    """Give the size by axis, and the shape of the whole tensor."""
    return {**dict(zip(ALL_AXES[-len(size) :], size, strict=False)), "shape": dims}


def tensor(layer: LayerShape) -> str:
    """Write what a layer makes: the size of a map, or the shape of a tensor that is none."""
    if layer.output:
        return text(layer.output)
    dims = layer.made.dims
    return "?" if dims is None else "-" if len(dims) == 2 else f"({', '.join(map(str, dims))})"


def block(name: str) -> str:
    """Cut the path of a layer behind its first part that ends in a number, the name of the layer itself left out.

    >>> block("layer1.0.conv1"), block("features.12.block.0"), block("encoder.norm"), block("conv1")
    ('layer1', 'features.12', 'encoder', 'conv1')
    """
    parts = name.split(".")
    end = next((index for index, part in enumerate(parts[:-1]) if part[-1:].isdigit()), 0)
    return ".".join(parts[: end + 1])
