"""Small models of the kinds that are published, in PyTorch: what each file is recorded from."""

# mypy: disable-error-code="misc, no-any-return, name-defined"
# PyTorch has no types here, and its models are classes.

import warnings
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'dlcalc-verify[oracle]'")
counting = pytest.importorskip("torch.utils.flop_counter")
attention = pytest.importorskip("torch.nn.attention")
nn, F = torch.nn, torch.nn.functional
Tensor = Any
Module = Any

IN_TWO = nn.Conv2d, nn.ConvTranspose2d, nn.MaxPool2d, nn.BatchNorm2d
IN_ONE = nn.Conv1d, nn.ConvTranspose1d, nn.MaxPool1d, nn.BatchNorm1d
IN_THREE = nn.Conv3d, nn.ConvTranspose3d, nn.MaxPool3d, nn.BatchNorm3d


class Saved(NamedTuple):
    """A model, an example, and how it is exported."""

    name: str
    model: Module
    example: tuple[Tensor, ...]
    options: Mapping[str, Any] = MappingProxyType({})
    decomposed: bool = False


class BasicBlock(nn.Module):
    def __init__(self, read: int, made: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(read, made, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(made)
        self.conv2 = nn.Conv2d(made, made, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(made)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride > 1:
            self.downsample = nn.Sequential(nn.Conv2d(read, made, 1, stride, bias=False), nn.BatchNorm2d(made))

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        y += x if self.downsample is None else self.downsample(x)
        return self.relu(y)


class ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(BasicBlock(8, 8, 1), BasicBlock(8, 8, 1))
        self.layer2 = nn.Sequential(BasicBlock(8, 16, 2), BasicBlock(16, 16, 1))
        self.fc = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        x = self.layer2(self.layer1(x))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class UNet(nn.Module):
    def __init__(self, kinds: Any = IN_TWO, width: int = 4) -> None:
        super().__init__()
        conv, transposed, pool, norm = kinds

        def block(read: int, made: int) -> Module:
            layers = [conv(read, made, 3, padding=1, bias=False), norm(made), nn.LeakyReLU(0.1, inplace=True)]
            return nn.Sequential(*layers, conv(made, made, 3, padding=1), nn.GroupNorm(2, made), nn.ELU())

        self.down1, self.down2, self.middle = block(1, width), block(width, 2 * width), block(2 * width, 4 * width)
        self.pool = pool(2)
        self.up2, self.up1 = transposed(4 * width, 2 * width, 2, 2), transposed(2 * width, width, 4, 2, 1)
        self.level2, self.level1 = block(4 * width, 2 * width), block(2 * width, width)
        self.out = conv(width, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        one = self.down1(x)
        two = self.down2(self.pool(one))
        y = self.level2(torch.cat([self.up2(self.middle(self.pool(two))), two], 1))
        return self.out(self.level1(torch.cat([self.up1(y), one], 1)))


class Windows(nn.Module):
    """Windows of all sorts, squeeze and excitation, and two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.dilated = nn.Conv2d(3, 8, 3, dilation=2, padding=2)
        self.same = nn.Conv2d(8, 8, (3, 5), dilation=(1, 4), padding="same")
        self.grouped = nn.Conv2d(8, 16, 3, 2, groups=4, padding=1, padding_mode="reflect")
        self.ceiled, self.mean = nn.MaxPool2d(3, 2, 1, ceil_mode=True), nn.AvgPool2d(3, 2, 1)
        self.shuffle = nn.PixelShuffle(2)
        self.transposed = nn.ConvTranspose2d(4, 6, 3, 3, 1, output_padding=2, dilation=2, groups=2)
        self.squeeze, self.excite = nn.Linear(6, 2), nn.Linear(2, 6)
        self.prelu, self.cut = nn.PReLU(6), nn.AdaptiveAvgPool2d((3, 5))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.mean(self.ceiled(self.grouped(self.same(F.relu(self.dilated(x), inplace=True)))))
        x = self.prelu(self.transposed(self.shuffle(x)))
        x = x * torch.sigmoid(self.excite(F.gelu(self.squeeze(x.mean((2, 3))))))[:, :, None, None]
        x = F.pad(F.interpolate(x, scale_factor=2), (1, 2, 0, 3))[:, :, 1:-1]
        return self.cut(x), F.adaptive_max_pool2d(x, 1).flatten(1)


class ViT(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 16, 8, 8)
        self.cls, self.positions = nn.Parameter(torch.zeros(1, 1, 16)), nn.Parameter(torch.zeros(1, 17, 16))
        self.norm1, self.norm2 = nn.LayerNorm(16), nn.LayerNorm(16)
        self.qkv, self.project = nn.Linear(16, 48), nn.Linear(16, 16)
        self.mlp = nn.Sequential(nn.Linear(16, 64), nn.GELU(), nn.Linear(64, 16))
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1) + self.positions
        qkv = self.qkv(self.norm1(x)).reshape(x.shape[0], 17, 3, 2, 8).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(*qkv.unbind(0))
        x = x + self.project(attended.transpose(1, 2).reshape(x.shape[0], 17, 16))
        return self.head((x + self.mlp(self.norm2(x)))[:, 0])


class ConvNeXt(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.depthwise = nn.Conv2d(3, 8, 4, 4), nn.Conv2d(8, 8, 7, padding=3, groups=8)
        self.norm, self.wide, self.narrow = nn.LayerNorm(8), nn.Linear(8, 32), nn.Linear(32, 8)
        self.scale, self.head = nn.Parameter(torch.ones(8, 1, 1)), nn.Conv2d(8, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.narrow(F.gelu(self.wide(y))).permute(0, 3, 1, 2)
        return self.head(x + self.scale * y)


class Shuffled(nn.Module):
    """Channels that are split, shuffled and concatenated, as in ShuffleNet and DenseNet."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.branch = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.dense = nn.ModuleList([nn.Conv2d(8 + 4 * index, 4, 3, padding=1) for index in range(2)])

    def forward(self, x: Tensor) -> Tensor:
        one, other = self.stem(x).chunk(2, 1)
        x = torch.cat([one, self.branch(other)], 1)
        n, c, h, w = x.shape
        maps = [x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)]
        for layer in self.dense:
            maps.append(layer(F.relu(torch.cat(maps, 1))))
        return torch.cat(maps, 1).mean((2, 3))


class Tied(nn.Module):
    """Tokens, weights that two layers share, a layer that works twice, and one that nobody uses."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.out = nn.Embedding(20, 8), nn.Linear(8, 20, bias=False)
        self.out.weight = self.tokens.weight
        self.twice, self.unused = nn.Linear(8, 8), nn.Linear(3, 4)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.out(self.twice(self.twice(self.tokens(tokens))))


class Conditioned(nn.Module):
    """A map and a vector."""

    def __init__(self) -> None:
        super().__init__()
        self.image, self.vector, self.both = nn.Conv2d(3, 8, 3, padding=1), nn.Linear(5, 8), nn.Conv2d(8, 8, 3)

    def forward(self, image: Tensor, vector: Tensor) -> Tensor:
        return self.both(self.image(image) + self.vector(vector)[:, :, None, None])


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.lstm, self.fc = (
            nn.Conv1d(4, 8, 5, 2, dilation=2),
            nn.LSTM(8, 6, batch_first=True),
            nn.Linear(6, 3),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.lstm(self.conv(x).transpose(1, 2))[0][:, -1])


def models() -> Iterator[Saved]:
    """Every model that is recorded."""
    auto = torch.export.Dim.AUTO
    yield Saved("resnet", ResNet().eval(), (torch.zeros(2, 3, 64, 64),))
    yield Saved("resnet-strict", ResNet().eval(), (torch.zeros(1, 3, 64, 64),), {"strict": True})
    yield Saved("resnet-decomposed", ResNet().eval(), (torch.zeros(2, 3, 64, 64),), decomposed=True)
    open_size = {"dynamic_shapes": {"x": {0: auto, 2: auto, 3: auto}}}
    yield Saved("unet-open", UNet().eval(), (torch.zeros(2, 1, 32, 48),), open_size)
    yield Saved("unet-1d", UNet(IN_ONE).eval(), (torch.zeros(2, 1, 32),))
    yield Saved("unet-3d", UNet(IN_THREE, 2).eval(), (torch.zeros(1, 1, 8, 12, 16),))
    yield Saved("windows", Windows().eval(), (torch.zeros(2, 3, 40, 56),))
    yield Saved("windows-decomposed", Windows().eval(), (torch.zeros(2, 3, 40, 56),), decomposed=True)
    yield Saved("vit", ViT().eval(), (torch.zeros(2, 3, 32, 32),))
    yield Saved("vit-decomposed", ViT().eval(), (torch.zeros(2, 3, 32, 32),), decomposed=True)
    yield Saved("convnext", ConvNeXt().eval(), (torch.zeros(2, 3, 32, 40),))
    yield Saved("convnext-decomposed", ConvNeXt().eval(), (torch.zeros(2, 3, 32, 40),), decomposed=True)
    yield Saved("shuffled", Shuffled().eval(), (torch.zeros(2, 3, 16, 16),))
    yield Saved("tied", Tied().eval(), (torch.zeros(2, 7, dtype=torch.int64),))
    yield Saved("tied-strict", Tied().eval(), (torch.zeros(2, 7, dtype=torch.int64),), {"strict": True})
    yield Saved("conditioned", Conditioned().eval(), (torch.zeros(2, 3, 16, 16), torch.zeros(2, 5)))
    yield Saved("recurrent", Recurrent().eval(), (torch.zeros(2, 4, 40),))


MODELS = tuple(models())
_OBSERVED = (
    *(nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d),
    *(nn.Linear, nn.MaxPool2d, nn.AvgPool2d),
)


def save(one: Saved, path: str) -> dict[str, Any]:
    """Export a model, and answer: the output of each layer as a hook sees it, and PyTorch's own totals."""
    with torch.no_grad():  # so that the file compresses: nobody reads the numbers
        for parameter in one.model.parameters():
            parameter.zero_()
    outputs: dict[str, list[int]] = {}

    def observed(name: str) -> Any:
        def hook(_: Module, __: Any, output: Tensor) -> None:
            outputs.setdefault(name, list(output.shape))

        return hook

    layers = [(name, layer) for name, layer in one.model.named_modules() if isinstance(layer, _OBSERVED)]
    hooks = [layer.register_forward_hook(observed(name)) for name, layer in layers]
    counter = counting.FlopCounterMode(display=False)
    with torch.no_grad(), attention.sdpa_kernel(attention.SDPBackend.MATH), counter:
        one.model(*one.example)
    for hook in hooks:
        hook.remove()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyTorch about itself
        program = torch.export.export(one.model, one.example, **one.options)
        torch.export.save(program.run_decompositions() if one.decomposed else program, path)
    buffers = [entry for name, entry in one.model.named_buffers() if not name.endswith("num_batches_tracked")]
    return {
        "outputs": outputs,
        "params": sum(entry.numel() for entry in one.model.parameters()),
        "buffers": sum(entry.numel() for entry in buffers),
        "macs": counter.get_total_flops() // 2,
    }
