"""Published networks in words, to the last digit.

Sources: the weight tables of torchvision and of Keras, He et al. 2016, Howard et al. 2017, LeCun et al. 1998 (LeNet-5
as it is built today). MACs are of convolutions and linear layers on 3x224x224, or 1x28x28. The networks in
``published.json`` each say where they come from; their numbers are those of the real models.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.support.solutions import inputs_in


def vgg(*counts: int) -> str:
    stages = zip(counts, (64, 128, 256, 512, 512), strict=True)
    words = [word for count, channels in stages for word in [*[f"3p1c{channels}"] * count, "max2"]]
    return " ".join([*words, "fc4096 fc4096 fc1000"])


SEPARABLE = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]
BLOCKS = " ".join(f"dw3s{stride}p1 bn 1c{channels} bn" for channels, stride in SEPARABLE)
MOBILENET = f"3s2p1c32 bn {BLOCKS} gap fc1000b1"
ALEXNET = "11s4p2c64 max3s2 5p2c192 max3s2 3p1c384 3p1c256 3p1c256 max3s2 fc4096 fc4096 fc1000"
LENET = "5p2c6 avg2 5c16 avg2 fc120 fc84 fc10"


def resnet(counts: tuple[int, ...], bottleneck: bool, stride_in_3x3: bool = True) -> str:
    """A ResNet; the stride of a block is in its 1x1 in the paper, later in the 3x3."""
    words, channels = "7s2p3c64 bn relu max3s2p1", 64
    for inner, count in zip((64, 128, 256, 512), counts, strict=True):
        outer = 4 * inner if bottleneck else inner
        for number in range(count):
            stride = 2 if number == 0 and inner > 64 else 1
            if bottleneck:
                first, second = (1, stride) if stride_in_3x3 else (stride, 1)
                path = f"1s{first}c{inner} bn relu 3s{second}p1c{inner} bn relu 1c{outer} bn"
            else:
                path = f"3s{stride}p1c{inner} bn relu 3p1c{inner} bn"
            shortcut = f"@y from@x 1s{stride}c{outer} bn add@y" if channels != outer else "add@x"
            words, channels = f"{words} @x {path} {shortcut} relu", outer
    return f"{words} gap fc1000b1"


ON_224 = "--c-in 3 --w 224"
NETWORKS = [
    (f"--bias {ON_224} {vgg(1, 1, 2, 2, 2)}", 132_863_336, 7_609_090_048),
    (f"--bias {ON_224} {vgg(2, 2, 2, 2, 2)}", 133_047_848, 11_308_466_176),
    (f"--bias {ON_224} {vgg(2, 2, 3, 3, 3)}", 138_357_544, 15_470_264_320),
    (f"--bias {ON_224} {vgg(2, 2, 4, 4, 4)}", 143_667_240, 19_632_062_464),
    (f"--bias {ON_224} {ALEXNET}", 61_100_840, 714_188_480),
    (f"{ON_224} {MOBILENET}", 4_231_976, 568_740_352),
    (f"--bias --c-in 1 --w 28 {LENET}", 61_706, 416_520),
    (f"{ON_224} {resnet((2, 2, 2, 2), bottleneck=False)}", 11_689_512, 1_814_073_344),
    (f"{ON_224} {resnet((3, 4, 6, 3), bottleneck=False)}", 21_797_672, 3_663_761_408),
    (f"{ON_224} {resnet((3, 4, 6, 3), bottleneck=True)}", 25_557_032, 4_089_184_256),
    (f"{ON_224} {resnet((3, 4, 6, 3), bottleneck=True, stride_in_3x3=False)}", 25_557_032, 3_857_973_248),
    (f"{ON_224} {resnet((3, 4, 23, 3), bottleneck=True)}", 44_549_160, 7_801_405_440),
    (f"{ON_224} {resnet((3, 8, 36, 3), bottleneck=True)}", 60_192_808, 11_513_626_624),
]


@pytest.mark.parametrize(("words", "params", "macs"), NETWORKS)
def test_parameters_and_macs(conv_params: Run, words: str, params: int, macs: int) -> None:
    answer = conv_params(f"{words} --json").json
    assert (answer["params"], answer["macs"]) == (params, macs)
    consistent(answer)


def consistent(answer: Any) -> None:
    """Totals are sums, the peak is in its layer, and what a layer reads is what was made."""
    layers = answer["layers"]
    for key in ("weights", "bias", "params", "buffers", "param_bytes", "macs", "activation_bytes"):
        assert answer[key] == sum(layer[key] for layer in layers)
    by_name = {layer["name"]: layer for layer in layers}
    assert len(by_name) == len(layers)
    peak = max(layer["peak_activation_bytes"] for layer in layers)
    assert answer["peak_activation_bytes"] == peak == by_name[answer["peak_layer"]]["peak_activation_bytes"]
    for layer in layers:
        if layer["inputs"][0] == "input":
            continue
        before = by_name[layer["inputs"][0]]
        assert layer["input_channels"] == before["output_channels"]
        assert layer["input"] == before["output"] or (layer["kind"] == "multiply" and not before["output"])


PUBLISHED = json.loads(Path(__file__).with_name("published.json").read_text(encoding="utf-8"))


def given(record: Any) -> str:
    """The words of a published network, and its input."""
    size = f"--size {'x'.join(map(str, record['size']))} --dims {len(record['size'])}"
    return f"{size} --framework {record.get('framework', 'pytorch')} {record['words']}"


@pytest.mark.parametrize("record", PUBLISHED, ids=lambda record: record["name"])
def test_a_published_network(conv_params: Run, conv_shape: Run, record: Any) -> None:
    bias = "--bias" if record["bias"] else ""
    answer = conv_params(f"--c-in {record['c_in']} {bias} {given(record)} --json").json
    found = {key: answer[key] for key in ("params", "buffers", "macs")}
    assert found == {key: record[key] for key in found}
    assert list(answer["output"].values()) == record["output"]
    assert answer["layers"][-1]["output_channels"] == record["channels"]
    features = [layer["in_features"] for layer in answer["layers"] if layer["kind"] == "linear"]
    assert features == record["in_features"]
    consistent(answer)
    shape = conv_shape(f"{given(record)} --json").json
    assert (shape["output"], len(shape["layers"])) == (answer["output"], len(answer["layers"]))
    for layer, counted in zip(shape["layers"], answer["layers"], strict=True):
        shared = ("name", "kind", "word", "inputs", "input", "output", "padding", "in_features", "out_features")
        assert [layer.get(key) for key in shared] == [counted.get(key) for key in shared]


def test_a_layer_of_every_kind_is_in_some_published_network() -> None:
    words = " ".join(record["words"] for record in PUBLISHED).split()
    for part in (
        "g32",
        "dw",
        "sep",
        "mul@",
        "add@",
        "cat@",
        "from@",
        "rep",
        "up2",
        "shuffle2",
        "crop",
        "convt",
        "psame",
    ):
        assert any(part in word for word in words), part
    assert {len(record["size"]) for record in PUBLISHED} == {1, 2, 3}


def test_the_memory_of_vgg_16(conv_params: Run) -> None:
    """15,237,608 values, the input of 150,528 among them: 58.13 MiB."""
    found = conv_params(f"--bias --c-in 3 --w 224 --json --check {vgg(2, 2, 3, 3, 3)}").json
    assert found["check"]["passed"]
    assert sum(layer["macs"] for layer in found["layers"] if layer["kind"] == "conv") == 15_346_630_656
    assert found["activation_bytes"] == 4 * (15_237_608 - 150_528)
    assert round((found["activation_bytes"] + 4 * 150_528) / 2**20, 2) == 58.13
    assert found["buffers"] == 0


U_NET = "3c64 3c64 max2 3c128 3c128 max2 3c256 3c256 max2 3c512 3c512 max2 3c1024 3c1024"


@pytest.mark.parametrize(
    ("words", "field", "jump"),
    [
        (MOBILENET.removesuffix(" gap fc1000b1"), 315, 32),
        (U_NET, 140, 16),
        ("3 3 3", 7, 1),
        ("3d1 3d2 3d4 3d8", 31, 1),
        ("2d1 2d2 2d4 2d8 2d16 2d32 2d64 2d128 2d256 2d512", 1024, 1),
        ("11s4p2 max3s2 5p2 max3s2 3p1 3p1 3p1 max3s2", 195, 32),
    ],
)
def test_receptive_fields(conv_shape: Run, words: str, field: int, jump: int) -> None:
    """Of MobileNet; of the contracting path of U-Net; of dilations that double (WaveNet: 1,024 samples); AlexNet."""
    found = conv_shape(f"--w 1200 --json --check {words}").json
    last = found["layers"][-1]
    assert (last["receptive_field"]["w"], last["jump"]["w"]) == (field, jump)
    assert found["check"]["passed"]


def test_u_net_on_572_pixels(conv_shape: Run) -> None:
    """Ronneberger et al. 2015: 572 in, 28 at the bottom, 388 out; and it is among the inputs that fit."""
    up = " ".join(f"convt2s2c{channels} 3c{channels} 3c{channels}" for channels in (512, 256, 128, 64))
    assert conv_shape(f"--size 572 {U_NET} -q").out == "28x28\n"
    assert conv_shape(f"--size 572 {U_NET} {up} 1c2 -q").out == "388x388\n"
    sizes = conv_shape(f"--target 388 --solve input -q {U_NET} {up} 1c2").out
    assert 572 in inputs_in(sizes)


def test_the_stem_of_a_resnet(conv_shape: Run) -> None:
    found = conv_shape("--size 224 7s2p3c64 bn max3s2p1 --json --check").json
    assert found["output"] == {"h": 56, "w": 56}
    assert found["check"]["passed"]
    names = [(layer["name"], layer["word"], layer["output_channels"]) for layer in found["layers"]]
    assert names == [("conv1", "7s2p3c64", 64), ("bn1", "bn", 64), ("pool1", "max3s2p1", 64)]
    assert [layer["receptive_field"]["w"] for layer in found["layers"]] == [7, 7, 11]
    assert "input_channels" not in found["layers"][0]
