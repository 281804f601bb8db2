"""Networks in layer words, built of PyTorch's own modules and run for real.

PyTorch is left to refuse what it refuses. What it would answer, and the words do not mean, is refused here: windows on
a vector, which it takes for a map without a batch, and maps without entries. A padding that a module cannot express is
a pad in front of it, or behind a transposed convolution a cut.
"""

import warnings
from collections.abc import Callable
from typing import Any

import pytest

from tests.oracle.read_words import Amount, Facts, Node, RefusedError, Sides, Windows, read_amount, read_windows, walk

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'dlcalc-verify[oracle]'")
counting = pytest.importorskip("torch.utils.flop_counter")
nn, functional = torch.nn, torch.nn.functional
torch.set_num_threads(1)  # on maps as small as these, threads only wait for one another

Function = Callable[[Any], Any]
Layer = tuple[Function, ...]  # modules, and functions that learn nothing, one after the other

MODULES = {"conv": "Conv", "dw": "Conv", "convt": "ConvTranspose", "max": "MaxPool", "avg": "AvgPool"}
ADAPTIVE = {"aavg": "AdaptiveAvgPool", "amax": "AdaptiveMaxPool"}
PLAIN = {
    "relu": "ReLU",
    "relu6": "ReLU6",
    "leaky": "LeakyReLU",
    "elu": "ELU",
    "selu": "SELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "mish": "Mish",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "hardswish": "Hardswish",
    "hardsigmoid": "Hardsigmoid",
    "dropout": "Dropout",
    "identity": "Identity",
    "flatten": "Flatten",
}


def facts(raw: dict[str, Any]) -> Facts | str:
    """Build and run a network, asked for in the keys of a batch; if PyTorch refuses a word, that word."""
    with warnings.catch_warnings(), torch.no_grad(), counting.FlopCounterMode(display=False) as counter:
        warnings.simplefilter("ignore")
        network = _Network(raw["dims"], raw["bias"], counter.get_total_flops)
        given = torch.zeros(raw["n"], raw["c_in"], *map(int, raw["size"].split("x")))
        refused = walk(raw["layers"], given, network.layer, network.join)
    return refused or Facts(network.nodes, network.in_features)


class _Network:
    """Runs one layer after the other, and takes down what each makes, learns and computes."""

    def __init__(self, axes: int, bias: bool, flops: Callable[[], int]) -> None:
        self.axes, self.bias, self.flops = axes, bias, flops
        self.nodes: list[Node] = []
        self.in_features: list[int] = []

    def layer(self, word: str, current: Any) -> Any:
        for layer in self.layers(word, current):
            current = self.run(layer, current)
        return current

    def join(self, how: str, maps: list[Any]) -> Any:
        """Join maps; in a sum or a product an entry of a vector stands for all positions of a channel."""
        rank = max(one.dim() for one in maps)
        if how == "cat":
            if any(one.dim() < rank for one in maps):
                raise RefusedError("a vector and a map with axes")
            return self.run((lambda joined: torch.cat(joined, 1),), maps)
        first, *rest = (one.reshape(*one.shape, *(1,) * (rank - one.dim())) for one in maps)
        for one in rest:
            first = {"add": torch.add, "mul": torch.mul}[how](first, one)
        return self.run((), first)

    def run(self, layer: Layer, current: Any) -> Any:
        done, modules = self.flops(), [part for part in layer if isinstance(part, nn.Module)]
        for part in layer:
            current = part.eval()(current) if isinstance(part, nn.Module) else part(current)
        if not current.numel():
            raise RefusedError("nothing is left")
        params = sum(one.numel() for module in modules for one in module.parameters())
        buffers = sum(one.numel() for module in modules for one in module.buffers() if one.dim())  # no count of batches
        self.nodes.append(Node(tuple(current.shape[1:]), params, buffers, (self.flops() - done) // 2))
        self.in_features += [module.in_features for module in modules if isinstance(module, nn.Linear)]
        return current

    def layers(self, word: str, current: Any) -> tuple[Layer, ...]:
        """The layers of a word, for the map that they read: one, or two of a separable convolution."""
        channels, axes = current.shape[1], self.axes
        if word in PLAIN:
            return ((getattr(nn, PLAIN[word])(),),)
        if word == "softmax":
            return ((nn.Softmax(1),),)
        if word == "bn":
            return ((getattr(nn, f"BatchNorm{max(1, current.dim() - 2)}d")(channels),),)
        if word == "ln":
            return ((lambda x: x.movedim(1, -1), nn.LayerNorm(channels), lambda x: x.movedim(-1, 1)),)
        asked = read_amount(word, axes)
        if asked and asked.kind == "gn":
            return ((nn.GroupNorm(asked.numbers[0], channels),),)
        if asked and asked.kind == "fc":
            has_bias = self.bias if asked.bias is None else asked.bias
            return ((nn.Flatten(), nn.Linear(current[0].numel(), asked.numbers[0], has_bias)),)
        if current.dim() != axes + 2:
            raise RefusedError(f"{word} on a vector")
        if word == "gap":
            return ((getattr(nn, f"AdaptiveAvgPool{axes}d")(1),),)
        if asked:
            return ((_resizing(asked, axes),),)
        windows = read_windows(word, axes)
        has_bias = self.bias if windows.bias is None else windows.bias
        if windows.kind == "sep":
            pointwise = getattr(nn, f"Conv{axes}d")(channels, windows.channels, 1, bias=has_bias)
            return _windowed(windows._replace(kind="dw", channels=None), channels, False), (pointwise,)
        return (_windowed(windows, channels, has_bias),)


def _resizing(asked: Amount, axes: int) -> Function:
    """An upsampling, a shuffle, an adaptive pooling, a pad or a crop: nothing that learns."""
    kind, numbers, sides = asked.kind, asked.numbers, asked.sides
    if kind in ("pad", "crop"):
        return _padded(sides if kind == "pad" else [(-before, -after) for before, after in sides])
    if kind not in ("up", *ADAPTIVE) and (axes != 2 or len(set(numbers)) > 1):
        return _shuffled(numbers) if kind == "shuffle" else _unshuffled(numbers)
    made: Function
    if kind in ADAPTIVE:
        made = getattr(nn, f"{ADAPTIVE[kind]}{axes}d")(numbers)
    elif kind == "up":
        made = nn.Upsample(scale_factor=tuple(map(float, numbers)))
    else:
        made = {"shuffle": nn.PixelShuffle, "unshuffle": nn.PixelUnshuffle}[kind](numbers[0])
    return made


def _shuffled(factors: tuple[int, ...]) -> Function:
    """A pixel shuffle over any number of axes, of which PyTorch has the one over two axes alike."""

    def shuffle(x: Any) -> Any:
        batch, _, *size = x.shape
        axes = len(size)
        x = x.reshape(batch, -1, *factors, *size)
        order = [place for axis in range(axes) for place in (2 + axes + axis, 2 + axis)]
        extents = [extent * factor for extent, factor in zip(size, factors, strict=True)]
        return x.permute(0, 1, *order).reshape(batch, x.shape[1], *extents)

    return shuffle


def _unshuffled(factors: tuple[int, ...]) -> Function:
    """And back."""

    def unshuffle(x: Any) -> Any:
        batch, channels, *size = x.shape
        extents = [extent // factor for extent, factor in zip(size, factors, strict=True)]
        cut = [part for pair in zip(extents, factors, strict=True) for part in pair]
        x = x.reshape(batch, channels, *cut)
        order = [*range(3, x.dim(), 2), *range(2, x.dim(), 2)]
        return x.permute(0, 1, *order).reshape(batch, -1, *extents)

    return unshuffle


def _windowed(windows: Windows, channels: int, bias: bool) -> Layer:
    """A convolution or a pooling, with a pad in front of it, or a cut behind it, that its module cannot express."""
    kind, pools = windows.kind, windows.kind in ("max", "avg")
    own, outer = _padding(windows)
    options: dict[str, Any] = {"stride": windows.stride, "padding": own}
    if kind != "avg" or max(windows.dilation) > 1:
        options["dilation"] = windows.dilation  # of which an average pooling has none
    if windows.output_padding is not None:
        options["output_padding"] = windows.output_padding
    make = getattr(nn, f"{MODULES[kind]}{len(windows.taps)}d")
    if pools:
        made = make(windows.taps, ceil_mode=windows.ceil_mode, **options)
    else:
        outputs = channels if windows.channels is None else windows.channels
        groups = channels if kind == "dw" else windows.groups
        made = make(channels, outputs, windows.taps, groups=groups, bias=bias, **options)
    if outer is None:
        return (made,)
    if kind == "convt":
        return made, _padded([(-before, -after) for before, after in outer])
    return _padded(outer), made


def _padding(windows: Windows) -> tuple[str | tuple[int, ...], list[Sides] | None]:
    """The padding of the module itself, and the one outside it; a word that is not taken is left to it to refuse."""
    padding, none = windows.padding, (0,) * len(windows.taps)
    if not isinstance(padding, str):
        even = all(before == after for before, after in padding)
        return (tuple(before for before, _ in padding), None) if even else (none, padding)
    if windows.kind != "convt" and padding in ("causal", "full"):
        return none, [(extent - 1, extent - 1 if padding == "full" else 0) for extent in windows.extents]
    return "same" if padding == "same-upper" else padding, None


def _padded(sides: list[Sides]) -> Function:
    """A pad of zeros; of negative ones a cut."""
    flat = [count for pair in reversed(sides) for count in pair]
    return lambda x: functional.pad(x, flat)
