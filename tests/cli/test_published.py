"""Published networks in words, to the last digit.

Sources: the weight tables of torchvision and of Keras, He et al. 2016, Howard et al. 2017, LeCun et al. 1998 (LeNet-5
as it is built today). MACs are of convolutions and linear layers on 3x224x224, or 1x28x28.
"""

from itertools import pairwise

import pytest

from tests.conftest import Run


def vgg(*counts: int) -> str:
    stages = zip(counts, (64, 128, 256, 512, 512), strict=True)
    words = [word for count, channels in stages for word in [*[f"3p1c{channels}"] * count, "max2"]]
    return " ".join([*words, "fc4096 fc4096 fc1000"])


SEPARABLE = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]
BLOCKS = " ".join(f"dw3s{stride}p1 bn 1c{channels} bn" for channels, stride in SEPARABLE)
MOBILENET = f"3s2p1c32 bn {BLOCKS} gap fc1000b1"
ALEXNET = "11s4p2c64 max3s2 5p2c192 max3s2 3p1c384 3p1c256 3p1c256 max3s2 fc4096 fc4096 fc1000"
LENET = "5p2c6 avg2 5c16 avg2 fc120 fc84 fc10"


def resnet(counts: tuple[int, ...], bottleneck: bool, stride_in_3x3: bool = True) -> list[str]:
    """The main path, and each shortcut with its projection; the stride is in the 1x1 in the paper, later in the 3x3."""
    main, shortcuts, channels, size = ["7s2p3c64 bn max3s2p1"], [], 64, 56
    for inner, count in zip((64, 128, 256, 512), counts, strict=True):
        outer = 4 * inner if bottleneck else inner
        for number in range(count):
            stride = 2 if number == 0 and inner > 64 else 1
            if channels != outer:
                shortcuts.append(f"--c-in {channels} --w {size} 1s{stride}c{outer} bn")
            size, channels = size // stride, outer
            if bottleneck:
                first, second = (1, stride) if stride_in_3x3 else (stride, 1)
                main.append(f"1s{first}c{inner} bn 3s{second}p1c{inner} bn 1c{outer} bn")
            else:
                main.append(f"3s{stride}p1c{inner} bn 3p1c{inner} bn")
    return [f"--c-in 3 --w 224 {' '.join([*main, 'gap fc1000b1'])}", *shortcuts]


NETWORKS = [
    ([f"--bias --c-in 3 --w 224 {vgg(1, 1, 2, 2, 2)}"], 132_863_336, 7_609_090_048),
    ([f"--bias --c-in 3 --w 224 {vgg(2, 2, 2, 2, 2)}"], 133_047_848, 11_308_466_176),
    ([f"--bias --c-in 3 --w 224 {vgg(2, 2, 3, 3, 3)}"], 138_357_544, 15_470_264_320),
    ([f"--bias --c-in 3 --w 224 {vgg(2, 2, 4, 4, 4)}"], 143_667_240, 19_632_062_464),
    ([f"--bias --c-in 3 --w 224 {ALEXNET}"], 61_100_840, 714_188_480),
    ([f"--c-in 3 --w 224 {MOBILENET}"], 4_231_976, 568_740_352),
    ([f"--bias --c-in 1 --w 28 {LENET}"], 61_706, 416_520),
    (resnet((2, 2, 2, 2), bottleneck=False), 11_689_512, 1_814_073_344),
    (resnet((3, 4, 6, 3), bottleneck=False), 21_797_672, 3_663_761_408),
    (resnet((3, 4, 6, 3), bottleneck=True), 25_557_032, 4_089_184_256),
    (resnet((3, 4, 6, 3), bottleneck=True, stride_in_3x3=False), 25_557_032, 3_857_973_248),
    (resnet((3, 4, 23, 3), bottleneck=True), 44_549_160, 7_801_405_440),
    (resnet((3, 8, 36, 3), bottleneck=True), 60_192_808, 11_513_626_624),
]


@pytest.mark.parametrize(("stacks", "params", "macs"), NETWORKS)
def test_parameters_and_macs(conv_params: Run, stacks: list[str], params: int, macs: int) -> None:
    answers = [conv_params(f"{stack} --json").json for stack in stacks]
    assert sum(answer["params"] for answer in answers) == params
    assert sum(answer["macs"] for answer in answers) == macs
    for answer in answers:
        layers = answer["layers"]
        for key in ("weights", "bias", "params", "buffers", "param_bytes", "macs", "activation_bytes"):
            assert answer[key] == sum(layer[key] for layer in layers)
        assert answer["peak_activation_bytes"] == max(layer["peak_activation_bytes"] for layer in layers)
        for before, layer in pairwise(layers):
            if layer["kind"] != "linear":  # which takes a vector
                assert (before["output"], before["output_channels"]) == (layer["input"], layer["input_channels"])


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
    sizes = conv_shape(f"--target 388 --solve input -q {U_NET} {up} 1c2").out.split()
    assert "572" in sizes


def test_the_stem_of_a_resnet(conv_shape: Run) -> None:
    found = conv_shape("--size 224 7s2p3c64 bn max3s2p1 --json --check").json
    assert found["output"] == {"h": 56, "w": 56}
    assert found["check"]["passed"]
    names = [(layer["name"], layer["word"], layer["output_channels"]) for layer in found["layers"]]
    assert names == [("conv1", "7s2p3c64", 64), ("bn1", "bn", 64), ("pool1", "max3s2p1", 64)]
    assert [layer["receptive_field"]["w"] for layer in found["layers"]] == [7, 7, 11]
    assert "input_channels" not in found["layers"][0]
