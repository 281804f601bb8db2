"""Published networks in words, to the last digit.

Sources: the weight tables of torchvision and of Keras, He et al. 2016, Howard et al. 2017, LeCun et al. 1998 (LeNet-5
as it is built today). MACs are of convolutions and linear layers on 3x224x224, or 1x28x28.
"""

import pytest

from tests.conftest import Run


def vgg(*counts: int) -> str:
    stages = zip(counts, (64, 128, 256, 512, 512), strict=True)
    words = [word for count, channels in stages for word in [*[f"3p1c{channels}"] * count, "max2"]]
    return " ".join([*words, "fc4096 fc4096 fc1000"])


SEPARABLE = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]
BLOCKS = " ".join(f"dw3s{stride}p1 bn 1c{channels} bn" for channels, stride in SEPARABLE)
MOBILENET = f"3s2p1c32 bn {BLOCKS} gap fc1000b1"
LENET = "5p2c6 avg2 5c16 avg2 fc120 fc84 fc10"


def resnet(counts: tuple[int, ...], bottleneck: bool) -> list[str]:
    """The main path, and each shortcut with its projection, of the widths in torchvision."""
    main, shortcuts, channels, size = ["7s2p3c64 bn max3s2p1"], [], 64, 56
    for inner, count in zip((64, 128, 256, 512), counts, strict=True):
        outer = 4 * inner if bottleneck else inner
        for number in range(count):
            stride = 2 if number == 0 and inner > 64 else 1
            if channels != outer:
                shortcuts.append(f"--c-in {channels} --w {size} 1s{stride}c{outer} bn")
            size, channels = size // stride, outer
            if bottleneck:
                main.append(f"1c{inner} bn 3s{stride}p1c{inner} bn 1c{outer} bn")
            else:
                main.append(f"3s{stride}p1c{inner} bn 3p1c{inner} bn")
    return [f"--c-in 3 --w 224 {' '.join([*main, 'gap fc1000b1'])}", *shortcuts]


NETWORKS = [
    ([f"--bias --c-in 3 --w 224 {vgg(1, 1, 2, 2, 2)}"], 132_863_336, 7_609_090_048),
    ([f"--bias --c-in 3 --w 224 {vgg(2, 2, 2, 2, 2)}"], 133_047_848, 11_308_466_176),
    ([f"--bias --c-in 3 --w 224 {vgg(2, 2, 4, 4, 4)}"], 143_667_240, 19_632_062_464),
    ([f"--c-in 3 --w 224 {MOBILENET}"], 4_231_976, 568_740_352),
    ([f"--bias --c-in 1 --w 28 {LENET}"], 61_706, 416_520),
    (resnet((2, 2, 2, 2), bottleneck=False), 11_689_512, 1_814_073_344),
    (resnet((3, 4, 6, 3), bottleneck=False), 21_797_672, 3_663_761_408),
    (resnet((3, 4, 6, 3), bottleneck=True), 25_557_032, 4_089_184_256),
    (resnet((3, 4, 23, 3), bottleneck=True), 44_549_160, 7_801_405_440),
    (resnet((3, 8, 36, 3), bottleneck=True), 60_192_808, 11_513_626_624),
]


@pytest.mark.parametrize(("stacks", "params", "macs"), NETWORKS)
def test_parameters_and_macs(conv_params: Run, stacks: list[str], params: int, macs: int) -> None:
    answers = [conv_params(f"{stack} --json").json for stack in stacks]
    assert sum(answer["params"] for answer in answers) == params
    assert sum(answer["macs"] for answer in answers) == macs


def test_the_memory_of_vgg_16(conv_params: Run) -> None:
    """15,237,608 values, the input of 150,528 among them: 58.13 MiB."""
    found = conv_params(f"--bias --c-in 3 --w 224 --json {vgg(2, 2, 3, 3, 3)}").json
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


VGG_16 = (
    "3p1c64 3p1c64 max2 3p1c128 3p1c128 max2 3p1c256 3p1c256 3p1c256 max2 3p1c512 3p1c512 3p1c512 max2 "
    "3p1c512 3p1c512 3p1c512 max2 fc4096 fc4096 fc1000"
)


ALEXNET = "11s4p2c64 max3s2 5p2c192 max3s2 3p1c384 3p1c256 3p1c256 max3s2 fc4096 fc4096 fc1000"


def block(inner: int, stride: int, in_3x3: bool) -> str:
    first, second = (1, stride) if in_3x3 else (stride, 1)
    return f"1s{first}c{inner} bn 3s{second}p1c{inner} bn 1c{4 * inner} bn"


def resnet_50(in_3x3: bool) -> tuple[str, list[str]]:
    """The main path, and the four shortcuts, each with the channels and the size of its input."""
    words, shortcuts, channels, size = ["7s2p3c64 bn max3s2p1"], [], 64, 56
    for stage, (inner, count) in enumerate(zip((64, 128, 256, 512), (3, 4, 6, 3), strict=True)):
        stride = 1 if stage == 0 else 2
        shortcuts.append(f"--c-in {channels} --w {size} 1s{stride}c{4 * inner} bn")
        size, channels = size // stride, 4 * inner
        words += [block(inner, stride if number == 0 else 1, in_3x3) for number in range(count)]
    return " ".join([*words, "gap fc1000b1"]), shortcuts


@pytest.mark.parametrize(
    ("words", "params", "macs"), [(VGG_16, 138_357_544, 15_470_264_320), (ALEXNET, 61_100_840, 714_188_480)]
)
def test_published_networks(conv_params: Run, words: str, params: int, macs: int) -> None:
    found = conv_params(f"--bias --c-in 3 --w 224 --json {words} --check")
    assert found.code == 0
    assert (found.json["params"], found.json["macs"], found.json["flops"]) == (params, macs, 2 * macs)
    for key in ("weights", "bias", "params", "buffers", "param_bytes", "macs", "activation_bytes"):
        assert found.json[key] == sum(layer[key] for layer in found.json["layers"])
    peaks = [layer["peak_activation_bytes"] for layer in found.json["layers"]]
    assert found.json["peak_activation_bytes"] == max(peaks)
    convs = sum(layer["macs"] for layer in found.json["layers"] if layer["kind"] == "conv")
    if words == VGG_16:
        assert convs == 15_346_630_656
        assert found.json["activation_bytes"] == 4 * (15_237_608 - 150_528)


@pytest.mark.parametrize(("in_3x3", "macs"), [(True, 4_089_184_256), (False, 3_857_973_248)])
def test_resnet_50(conv_params: Run, in_3x3: bool, macs: int) -> None:
    main, shortcuts = resnet_50(in_3x3)
    answers = [conv_params(f"--c-in 3 --w 224 --json {main}").json]
    answers += [conv_params(f"{shortcut} --json").json for shortcut in shortcuts]
    assert sum(answer["params"] for answer in answers) == 25_557_032
    assert sum(answer["buffers"] for answer in answers) == 53_120
    assert sum(answer["macs"] for answer in answers) == macs
    for before, layer in zip(answers[0]["layers"], answers[0]["layers"][1:], strict=False):
        assert (before["output"], before["output_channels"]) == (layer["input"], layer["input_channels"])


def test_the_stem_of_a_resnet(conv_shape: Run) -> None:
    found = conv_shape("--size 224 7s2p3c64 bn max3s2p1 --json --check").json
    assert found["output"] == {"h": 56, "w": 56}
    assert found["check"]["passed"]
    names = [(layer["name"], layer["word"], layer["output_channels"]) for layer in found["layers"]]
    assert names == [("conv1", "7s2p3c64", 64), ("bn1", "bn", 64), ("pool1", "max3s2p1", 64)]
    assert [layer["receptive_field"]["w"] for layer in found["layers"]] == [7, 7, 11]
    assert "input_channels" not in found["layers"][0]
