"""Wherever one word of a known list is typed, one that is nearly such a word is told which is meant."""

import shlex

import pytest

from tests.conftest import Run

ONE = "conv-shape --w 7 --k 3"
TWO = "conv-shape --w 7 3 3"
COUNTED = "conv-params --k 3 --c-in 3 --c-out 4"
OPTIONS = [
    ("conv-shap --w 7", "conv-shape"),
    ("softmax --logits 1,2", "softmax-grad"),
    ("bnfold", "bn-fold"),
    (f"{ONE} --framework pytroch", "pytorch"),
    (f"{ONE} --kind transpose", "transposed"),
    (f"{ONE} --format jsn", "json"),
    (f"{ONE} --p smae", "same"),
    (f"{ONE} --expect outptu=5", "output"),
    (f"{ONE} --expect recptive_field=3", "receptive_field"),
    (f"{TWO} --expect conv1.ouput=5", "conv1.output"),
    (f"{TWO} --expect covn2.output=3", "conv2.output"),
    (f"{TWO} --expect ouput=3", "output"),
    (f"{TWO} --at cnv2 --draw", "conv2"),
    (f"{COUNTED} --dtype fp16", "float16"),
    (f"{COUNTED} --kind dense", "linear"),
    (f"{COUNTED} --expect param=5", "params"),
    ("conv-shape --w 7 --target 5 --solve paddding --k 3", "padding"),
    ("softmax-grad --logits 1,2 --label 0 --reduction avg", "mean"),
    ("softmax-grad --logits 1,2 --label 0 --expect los=1", "loss"),
    ("bn-fold --mean 1 --var 1 --expect scal=1", "scale"),
    ("bn-fold --mean 1 --var 1 --framework kears", "tensorflow"),
]


@pytest.mark.parametrize(("call", "meant"), OPTIONS)
def test_a_value_or_a_key(run: Run, call: str, meant: str) -> None:
    found = run(*shlex.split(call))
    assert (found.code, found.out) == (2, "")
    assert f"did you mean {meant}?" in found.err
    assert "[usage]" in found.err or "[file-not-found]" in found.err


WORDS = [
    ("rellu", "relu"),
    ("ReLU", "relu"),
    ("relu3", "relu"),
    ("maxpool3", "max3"),
    ("maxpool3s2p1", "max3s2p1"),
    ("MaxPool2d3s2", "max3s2"),
    ("batchnrom", "bn"),
    ("linaer10", "fc10"),
    ("avgpool2", "avg2"),
    ("Conv2d3", "conv3"),  # and no conv2d3, which is a kernel of 2 with a dilation of 3
    ("Conv3", "conv3"),
    ("3p1C64", "3p1c64"),
    ("linear10", "fc10"),
    ("dense10b1", "fc10b1"),
    ("batchnorm", "bn"),
    ("BatchNorm2d64", "bn"),
    ("deconv4s2p1", "convt4s2p1"),
    ("conv-transpose4s2p1", "convt4s2p1"),
    ("Conv2d", "conv with its number behind, like conv2"),
    ("globalavgpool", "gap"),
    ("adaptiveavgpool7", "aavg7"),
    ("upsample2", "up2"),
    ("pixelshuffle2", "shuffle2"),
    ("zeropad1", "pad1"),
    ("sigmod", "sigmoid"),
    ("leakyrelu0.1", "leaky"),
    ("flaten", "flatten"),
    ("concat@a", "cat@a"),
    ("Add@a", "add@a"),
    ("form@a", "from@a"),
    ("repeat3", "rep3"),
    # the kernel behind a k, and as papers write it
    ("k3c64", "3c64"),
    ("K3C64", "3c64"),
    ("c64k3s2", "3c64s2"),
    ("dwk3p1", "dw3p1"),
    ("conv3-64", "conv3c64"),
    ("FC-4096", "fc4096"),
    ("2x2maxpool", "max2x2"),
    ("1x1conv", "conv1x1"),
]


@pytest.mark.parametrize(("typed", "meant"), WORDS)
def test_a_layer_word(run: Run, typed: str, meant: str) -> None:
    layers = ["3p1c8", "@a", typed, "3p1c8", *(["end"] if typed.startswith("rep") else [])]
    found = run("conv-shape", "--size", "32", *layers)
    assert (found.code, found.out) == (2, "")
    assert f"hint: did you mean {meant}?" in found.err


@pytest.mark.parametrize(
    "typed",
    [
        "rep@",
        "rep3a@",
        "rep0",
        "repx@x",
        "maxs2",
        "max3c64",
        "xyz",
        "3q1",
        "@a!",
        "abc@q",
        "3p",
        "3c64k3",
        "c64",
        "3" * 50 + "q",
        "é3",
    ],
)
def test_nothing_is_suggested_that_cannot_be_read(run: Run, typed: str) -> None:
    found = run("conv-shape", "--size", "32", "3p1c8", "@a", typed)
    assert found.code == 2
    assert "hint: a word is" in found.err


def test_the_name_of_a_map(run: Run) -> None:
    found = run("conv-shape", "--w", "32", "@block", "3p1", "@other", "add@blok")
    assert found.code == 2
    assert found.err.splitlines()[2].endswith("a name that was given before: @block [usage]")


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ('{"w": 7, "kernal": 3}', "kernel"),
        ('{"w": 7, "k": 3, "expekt": 5}', "expect"),
        ('{"w": 7, "kernel_size": 3}', "kernel"),
        ('{"w": 7, "k": 3, "framwork": "onnx"}', "framework"),
    ],
)
def test_a_key_of_a_line_of_a_batch(run: Run, line: str, meant: str) -> None:
    found = run("conv-shape", "--batch", "-", stdin=line)
    assert found.code == 2
    assert found.json["error"]["hint"] == f"did you mean {meant}?"


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        ("conv-shape --w 7 --k 3 --strides 2", "did you mean --stride?"),
        ("conv-shape --w 7 --kernel-size 3", "did you mean --kernel?"),
        ("conv-shape --W 7 --k 3", "did you mean --w?"),
        ("conv-shape --w 7 --k 3 --pad 1", "did you mean --padding?"),
        ("conv-shape --input-size 7 --k 3", "did you mean --size?"),
        ("conv-shape --w 7 --k 3 --output-size 5 --solve padding", "did you mean --target?"),
        ("conv-params --k 3 --in_channels 3 --c-out 4", "did you mean --in-channels?"),
        ("conv-params --k 3 --c-in 3 --filters 4", "did you mean --c-out?"),
        ("conv-params --k 3 --c-in 3 --c-out 4 --use-bias", "did you mean --bias?"),
        ("conv-params --k 3 --c-in 3 --c-out 4 --batch-size 8", "did you mean --n?"),
        ("conv-shape --w 7 --k 3 --c-out 4", "it is an option of conv-params"),
        ("conv-shape --w 7 --k 3 --bias", "it is an option of conv-params, softmax-grad and bn-fold"),
        ("conv-shape --w 7 --k 3 --verbose", "dlcalc conv-shape --help"),
    ],
)
def test_an_option(run: Run, call: str, hint: str) -> None:
    """It is called otherwise by a framework, misspelled, or an option of another command."""
    found = run(*shlex.split(call), "--json")
    assert (found.code, found.error["code"], found.error["hint"]) == (2, "usage", hint)


@pytest.mark.parametrize(
    ("call", "near"),
    [
        (f"{COUNTED} --expect 1_000", "1000"),
        (f"{COUNTED} --expect '138 357 544'", "138357544"),
        (f"{COUNTED} --expect 138.357.544", "138357544"),
        (f"{COUNTED} --expect '138.4 million'", "138.4M"),
        (f"{COUNTED} --w 9 --expect 'macs=4.09 GMac'", "4.09G"),
        (f"{COUNTED} --w 9 --expect flops=8.2GFLOPs", "8.2G"),
        (f"{COUNTED} --w 9 --expect 'flops=8.2 GFLOPS/s'", "8.2G"),
        (f"{COUNTED} --w 9 --expect macs=569m", "569M"),
        (f"{COUNTED} --expect param_bytes=97.5MB", "97.5M"),
        ("conv-shape --size 9 3 3 --expect '(5, 5)'", "5x5"),
        ("conv-shape --size 9 3 3 --expect '[16, 5, 5]'", "5x5"),
        (f"{TWO} --expect conv1=5", "conv1.output"),
    ],
)
def test_a_claim(run: Run, call: str, near: str) -> None:
    found = run(*shlex.split(call), "--json")
    found.refused("usage", "expect")
    assert found.error["hint"] == f"did you mean {near}?"


def test_a_unit_that_is_no_power_of_a_thousand_is_not_guessed(run: Run) -> None:
    found = run(*COUNTED.split(), "--expect", "param_bytes=97.5MiB", "--json")
    found.refused("usage", "expect")
    assert found.error["hint"] == "a number, like --expect 112 or --expect 54.25"


@pytest.mark.parametrize(("kind", "near"), [("depthwise", "dw3"), ("max-pool", "max2"), ("BatchNorm2d", "bn")])
def test_a_kind_that_layer_words_know(run: Run, kind: str, near: str) -> None:
    found = run(*COUNTED.split(), "--kind", kind, "--json")
    found.refused("usage", "kind")
    assert found.error["hint"] == f"one of conv, transposed, linear; or in words, like {near}"
