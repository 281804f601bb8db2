"""Claims about one layer of a network by its name, and about what a linear layer reads, with the mistakes behind it."""

from typing import Any

import pytest

from tests.conftest import Run

CNN = "5p2c16 max2 5p2c32 max2 fc10"  # 28, 14, 14, 7 pixels: 32*7*7 = 1568 features
SHAPE = f"conv-shape --size 28 {CNN}"
COUNT = f"conv-params --c-in 1 --w 28 --n 8 {CNN}"
BLOCK = "conv-shape --size 32 3p1c8 @x 3s2p1c8 convt3s2p1o1c8 add@x"

RIGHT = [
    (SHAPE, "conv1.output=28"),
    (SHAPE, "conv2.output=14x14"),
    (SHAPE, "pool1.receptive_field=6"),  # 1 + 4 + 1
    (SHAPE, "conv2.receptive_field=14"),  # 6 + 4*2
    (SHAPE, "conv2.jump=2"),
    (SHAPE, "pool1.center=0.5"),
    (SHAPE, "conv2.unread=0"),
    (SHAPE, "in_features=1568"),
    (SHAPE, "fc1.in_features=1568"),
    (SHAPE, "out_features=10"),
    (SHAPE, "fc1.output=10"),
    (SHAPE, "output=10"),
    (SHAPE, "10"),
    (BLOCK, "conv2.output=16"),
    (BLOCK, "add1.output=32"),
    (BLOCK, "transposed1.receptive_field_min=5"),
    (COUNT, "conv1.params=400"),
    (COUNT, "conv2.weights=12800"),
    (COUNT, "conv2.output=14"),
    (COUNT, f"conv2.macs={8 * 12800 * 14 * 14}"),
    (COUNT, f"fc1.flops={2 * 8 * 15680}"),
    (COUNT, "in_features=1568"),
    (COUNT, "fc1.in_features=1568"),
    (COUNT, "fc1.out_features=10"),
    (COUNT, "fc1.output=10"),
    (COUNT, "output=10"),
]


@pytest.mark.parametrize(("words", "claim"), RIGHT)
def test_right(run: Run, words: str, claim: str) -> None:
    found = run(*words.split(), "--expect", claim, "--json")
    assert (found.code, found.json["expect"]["passed"]) == (0, True)


# Words, a claim that is wrong, a mistake behind it, and a part of what is said of it; None where none is known.
WRONG: list[tuple[str, str, str | None, str]] = [
    (SHAPE, "in_features=49", "channels-not-flattened", "leaving the channels out would give 49"),
    (SHAPE, "fc1.in_features=49", "channels-not-flattened", "leaving the channels out would give 49"),
    (SHAPE, f"in_features={32 * 14 * 14}", "size-before-last-pooling", "before layer 4 (max2) would give 6,272"),
    (COUNT, "in_features=49", "channels-not-flattened", "leaving the channels out would give 49"),
    (COUNT, f"in_features={32 * 14 * 14}", "size-before-last-pooling", "before layer 4 (max2) would give 6,272"),
    (COUNT, f"in_features={8 * 1568}", "batch-flattened", "would give 12,544"),
    (COUNT, f"fc1.in_features={8 * 1568}", "batch-flattened", "would give 12,544"),
    (SHAPE, f"in_features={8 * 1568}", None, ""),  # of one sample there is no batch
    # 28 - 4 = 24, 12, 12 - 4 = 8, 4: 32*4*4; and with one of the two 12, 12, 6, or 14, 10, 5
    (SHAPE, "in_features=512", "padding-ignored", "leaving the padding out in every layer would give 512"),
    (SHAPE, "in_features=1152", "padding-ignored", "leaving the padding out in layer 1 (5p2c16) would give 1,152"),
    (SHAPE, "in_features=800", "padding-ignored", "leaving the padding out in layer 3 (5p2c32) would give 800"),
    (COUNT, "in_features=512", "padding-ignored", "leaving the padding out in every layer would give 512"),
    (SHAPE, "conv2.output=10", "padding-ignored", "leaving the padding out in layer 3 (5p2c32) would give 10"),
    (SHAPE, "pool1.jump=1", "stride-ignored", "taking the stride as 1 in layer 2 (max2) would give 1"),
    (BLOCK, "transposed1.output=31", "output-padding-ignored", "in layer 3 (convt3s2p1o1c8) would give 31"),
    (COUNT, "conv1.params=416", "bias-included", "counting the bias would give 416"),
    (COUNT, f"conv2.macs={2 * 8 * 12800 * 196}", "flops-not-macs", "counting 2 for each multiply-accumulate"),
    (SHAPE, "out_features=11", None, ""),
    (SHAPE, "conv1.receptive_field=28", None, ""),
]  # fmt: skip


@pytest.mark.parametrize(("words", "claim", "mistake", "text"), WRONG)
def test_wrong(run: Run, words: str, claim: str, mistake: str | None, text: str) -> None:
    found = run(*words.split(), "--expect", claim, "--json")
    assert found.code == 1
    (verdict,) = found.json["expect"]["claims"]
    said = {each["mistake"]: each["text"] for each in [*verdict.get("could_be", []), *verdict["diagnosis"]]}
    if mistake is None:
        assert said == {}
        assert "distance" in verdict
        return
    assert text in said[mistake]
    assert "distance" not in verdict
    table = run(*words.split(), "--expect", claim)
    assert (table.code, f"[{mistake}]" in table.out) == (1, True)


@pytest.mark.parametrize(
    ("words", "mistake"),
    [
        ("3p1c8 gap fc10", "size-before-last-pooling"),
        ("3p1c8 @a max2 gap mul@a fc10", "channels-not-flattened"),
        ("3p1c8 max2 relu flatten dropout fc10", "size-before-last-pooling"),
        ("3p1c8 max2 relu flatten dropout fc10", "channels-not-flattened"),
        ("3p1c8 aavg4 bn fc10", "size-before-last-pooling"),
        ("3p1c8 amax4 fc10 relu fc5", "channels-not-flattened"),
    ],
)
def test_a_mistake_in_flattening_is_worked_out_from_the_map(conv_shape: Run, words: str, mistake: str) -> None:
    """The features that the mistake gives, by walking from the first fc back."""
    layers = conv_shape(f"--size 16 {words} --json").json["layers"]
    by_name: dict[str, Any] = {layer["name"]: layer for layer in layers}
    linear = next(layer for layer in layers if layer["kind"] == "linear")
    flat = linear
    while not flat["input"]:
        flat = by_name[flat["inputs"][0]]
    pool = by_name[flat["inputs"][0]]
    while "pool" not in pool["kind"] and mistake.startswith("size"):
        pool = by_name[pool["inputs"][0]]
    size = flat if mistake.startswith("channels") else pool
    claim = size["input"]["h"] * size["input"]["w"] * (1 if size is flat else flat["input_channels"])
    assert claim != linear["in_features"]
    found = conv_shape(f"--size 16 {words} --expect in_features={claim} --json").json["expect"]["claims"][0]
    assert (found["actual"], found["passed"]) == (linear["in_features"], False)
    assert mistake in {each["mistake"] for each in found["diagnosis"]}


REFUSED = [
    (SHAPE, "conv9.output=3", "usage"),
    (SHAPE, "conv1.nope=3", "usage"),
    (SHAPE, "conv1.in_features=3", "usage"),
    (SHAPE, ".output=3", "usage"),
    (SHAPE, "in_features=3x3", "shape-mismatch"),
    (SHAPE, "conv1.output=3x3x3", "shape-mismatch"),
    (SHAPE, "fc1.output=3x3", "shape-mismatch"),
    (COUNT, "conv9.params=3", "usage"),
    (COUNT, "conv1.params=3x3", "shape-mismatch"),
    ("conv-shape --w 28 3p1 max2", "in_features=3", "usage"),  # there is no fc
    ("conv-shape --w 28 3p1 max2 fc10", "in_features=3", "usage"),  # nor are there channels
    ("conv-shape --w 28 3p1c4 max2 fc10", "in_features=3", "usage"),  # nor a height
    ("conv-params --c-in 3 3p1c4", "conv1.macs=3", "usage"),
    ("conv-params --c-in 3 3p1c4", "conv1.output=3", "usage"),
]


@pytest.mark.parametrize(("words", "claim", "code"), REFUSED)
def test_refused(run: Run, words: str, claim: str, code: str) -> None:
    run(*words.split(), "--expect", claim, "--json").refused(code, "expect")


KEYS = {
    "conv-shape": ("output", "unread", "receptive_field", "jump", "center", "in_features", "out_features"),
    "conv-params": ("params", "weights", "bias", "buffers", "macs", "flops", "activation_bytes", "in_features"),
}


@pytest.mark.parametrize("asked", ["conv-shape --size 32 --dims 1", "conv-params --c-in 4 --w 32 --dims 1"])
def test_every_key_of_every_layer_can_be_claimed(run: Run, asked: str) -> None:
    """What the JSON of a layer says is right, by the name of the layer; and a little more is wrong."""
    words = [*asked.split(), *["3p1c8", "bn", "@x", "3s2p1c8", "up2", "add@x", "max2", "flatten", "fc4", "relu", "fc2"]]
    right, wrong = list[str](), list[str]()
    for layer in run(*words, "--json").json["layers"]:
        for key in KEYS[words[0]]:
            value = layer.get(key, {})
            for number in value.values() if isinstance(value, dict) else [value]:
                right += ["--expect", f"{layer['name']}.{key}={number}"]
                wrong += ["--expect", f"{layer['name']}.{key}={number + 7.25}"]
    assert len(right) > 50
    assert run(*words, *right, "--json").json["expect"]["passed"] is True
    assert not any(claim["passed"] for claim in run(*words, *wrong, "--json").json["expect"]["claims"])


ALIKE = "conv-shape --w 32 3p1 3p1 3p1 3p1"
FEW = "conv-shape --w 32 3p1 3p1 3p1"
WORK = "conv-params --c-in 8 --size 32 3p1c8 3p1c8 3p1c8 3p1c8"


@pytest.mark.parametrize(
    ("words", "claim", "mistake", "layers"),
    [
        (ALIKE, "30", "padding-ignored", ["conv1", "conv2", "conv3", "conv4"]),
        (ALIKE, "conv4.output=30", "padding-ignored", ["conv1", "conv2", "conv3", "conv4"]),
        (WORK, f"params={4 * 9 * 64 + 8}", "bias-included", ["conv1", "conv2", "conv3", "conv4"]),
    ],
)
def test_slips_in_more_than_three_layers_are_no_evidence(
    run: Run, words: str, claim: str, mistake: str, layers: list[str]
) -> None:
    found = run(*words.split(), "--expect", claim, "--json")
    (verdict,) = found.json["expect"]["claims"]
    assert (found.code, verdict["diagnosis"]) == (1, [])
    assert [each["layer"] for each in verdict["could_be"] if each["mistake"] == mistake] == layers
    assert all(set(each) == {"mistake", "layer", "text"} for each in verdict["could_be"])
    number, name = 1, layers[0]
    assert f"in layer {number} (3p1" in verdict["could_be"][0]["text"]
    assert verdict["could_be"][0]["layer"] == name
    table = run(*words.split(), "--expect", claim)
    assert f"no mistake stands out: each of {len(verdict['could_be'])} slips in one layer would give it" in table.out
    assert verdict["could_be"][0]["text"] in " ".join(table.out.split())


def test_slips_in_three_layers_are_one_diagnosis_and_so_is_one_in_every_layer(run: Run) -> None:
    (verdict,) = run(*FEW.split(), "--expect", "30", "--json").json["expect"]["claims"]
    (one,) = verdict["diagnosis"]
    assert one["text"] == "leaving the padding out in layer 1 (3p1), layer 2 (3p1) or layer 3 (3p1) would give 30"
    assert "could_be" not in verdict
    (verdict,) = run(*ALIKE.split(), "--expect", "24", "--json").json["expect"]["claims"]
    assert [each["text"] for each in verdict["diagnosis"]] == ["leaving the padding out in every layer would give 24"]
    assert "could_be" not in verdict


def test_slips_of_more_than_three_kinds_are_no_evidence_of_any(run: Run) -> None:
    """56 for 57: without the + 1, with the padding once, or without, in either layer."""
    words = "conv-shape --w 225 7s2p3 max3s2p1 --expect 56 --json"
    (verdict,) = run(*words.split()).json["expect"]["claims"]
    kinds = {each["mistake"] for each in verdict["could_be"]}
    assert verdict["diagnosis"] == []
    assert kinds == {"missing-plus-one", "plus-one-inside", "padding-once", "padding-ignored"}


@pytest.mark.parametrize(
    ("words", "claim", "first"),
    [
        ("--w 64 3p1 3p1 3p1", "receptive_field=9", "kernels-summed"),  # 3 + 3 + 3 for 7
        ("--w 64 3p1 3d2p2 3p1", "receptive_field=11", "kernels-summed"),  # 3 + 5 + 3 for 9
        ("--w 64 3p1 max2 3p1", "receptive_field=10", "one-layer-more"),  # 3 - 1 more than 8
        ("--w 64 3s2p1 3p1 3p1", "receptive_field=23", "one-layer-more"),  # 3 + 2*(11 - 1)
        ("--w 64 3s2d2p2 3p1", "receptive_field=19", "one-layer-more"),  # 3 + 2*(9 - 1), the first without dilation
        ("--w 64 @x 3p1 3p1 add@x 3p1", "receptive_field=9", "kernels-summed"),  # past the join, where the work is
    ],
)
def test_fields(run: Run, words: str, claim: str, first: str) -> None:
    found = run("conv-shape", *words.split(), "--expect", claim, "--json")
    (verdict,) = found.json["expect"]["claims"]
    assert first in [each["mistake"] for each in verdict["diagnosis"]], verdict
