"""What people type, and is read as they mean it, or said to be read otherwise."""

import json

import pytest

from tests.conftest import Run

NAMES = {"torch": "pytorch", "keras": "tensorflow", "tf": "tensorflow", "ort": "onnx"}
BY_FRAMEWORK = [
    "conv-shape --w 224 --k 3 --s 2 --p 1",
    "conv-shape --w 224 7s2pvalid max3s2",
    "conv-params --c-in 3 --c-out 8 --k 3 --w 9",
    "conv-params --c-in 3 --w 9 3c8 bn",
    "bn-fold --batches 1,2,3,4/2,4,6,8",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("words", BY_FRAMEWORK)
def test_other_names_of_frameworks(run: Run, words: str, name: str) -> None:
    """On the command line and in a batch; the answer has the name that scripts know."""
    known = run(*f"{words} --framework {NAMES[name]} --json".split())
    found = run(*f"{words} --framework {name} --json".split())
    assert (found.code, found.out, found.err) == (known.code, known.out, known.err)
    line = run(*f"{words} --batch - --json".split(), stdin=json.dumps({"framework": name})).json
    assert {key: value for key, value in line.items() if key != "line"} == known.json
    for unknown in (name.upper(), f"{name}x"):
        run(*f"{words} --framework {unknown} --json".split()).refused("usage", "framework")


# A size that looks like channels x height x width gets a warning, and what says that it is a volume gets none.
SIZES = [
    ("conv-shape --size 3x224x224 --k 7 --s 2 --p 3", True),
    ("conv-shape --size 1x28x28 --k 1", True),
    ("conv-shape --size 4x64x48 --k 3 --p 1 --kind max-pool", True),
    ("conv-shape --size 3x224x224 7p3 max2", True),
    ("conv-shape --size 3x224x224 --k 7 --p 3 --target 3x224x224 --solve stride", True),
    ("conv-shape --size 3x224x224 --k 7 --p 3 --compare", True),
    ("conv-params --size 3x224x224 --c-in 3 --c-out 64 --k 3", True),
    ("conv-params --size 3x224x224 --c-in 3 3c64", True),
    ("conv-shape --size 3x224x224 --dims 3 --k 1", False),
    ("conv-shape --size 3x224x224 --k 1x7x7", False),
    ("conv-shape --size 3x224x224 --k 3 --s 1x2x2", False),
    ("conv-shape --size 3x224x224 --k 3 --p 1x1:0x1", False),
    ("conv-shape --size 3x224x224 3 1x2x2", False),
    ("conv-shape --depth 3 --h 224 --w 224 --k 3", False),
    ("conv-shape --size 16x112x112 --k 3", False),
    ("conv-shape --size 3x3x224 --k 3", False),
    ("conv-shape --size 3x224 --k 3", False),
    ("conv-shape --size 2x224x224 --k 1", False),
    ("conv-params --size 3x224x224 --c-in 3 --c-out 64 --k 1x3x3", False),
    ("conv-params --size 3x224x224 --c-in 3 --dims 3 3c64", False),
    ("conv-shape --size 224x224x3 --k 3", True),
    ("conv-shape --size 28x28x1 1 1", True),
    ("conv-params --size 224x224x3 --c-in 3 --c-out 64 --k 3", True),
    ("conv-shape --size 224x224x3 --dims 3 --k 3", False),
    ("conv-shape --size 224x224x3 --k 3x3x1", False),
    ("conv-shape --size 112x112x16 --k 3", False),
]


@pytest.mark.parametrize(("words", "warned"), SIZES)
def test_channels_in_a_size(run: Run, words: str, warned: bool) -> None:
    found = run(*f"{words} --json".split())
    assert found.code == 0
    messages = [one["message"] for one in found.json.get("warnings", []) if one["code"] == "channels-in-size"]
    assert len(messages) == warned
    if warned:
        *_, size = words.partition("--size ")
        whole = size.split()[0]
        assert whole in messages[0]
        first, *middle, last = whole.split("x")
        plane = [*middle, last] if first in ("1", "3", "4") else [first, *middle]
        assert f"the size is {'x'.join(plane)} " in messages[0]


def test_channels_in_a_size_of_a_batch(conv_shape: Run) -> None:
    lines = ['{"size": [3, 9, 9], "k": 3}', '{"size": {"d": 3, "h": 9, "w": 9}, "k": 3}', '{"size": "3x9x9", "k": 3}']
    found = conv_shape("--batch -", stdin="\n".join(lines)).lines
    assert [[one["code"] for one in line.get("warnings", [])] for line in found] == [
        ["channels-in-size"], [], ["channels-in-size"],
    ]  # fmt: skip


VGG16 = (
    "conv-params --c-in 3 --w 224 --bias 3p1c64 3p1c64 max2 3p1c128 3p1c128 max2 3p1c256 3p1c256 3p1c256 max2 3p1c512"
    " 3p1c512 3p1c512 max2 3p1c512 3p1c512 3p1c512 max2 fc4096 fc4096 fc1000"
)
CLAIMS = [
    ("138,357,544", 0), ("138.36M", 0), ("138M", 0), ("138.35M", 0), ("0.138G", 0), ("1.38357544e8", 0),
    ("macs=15.47G", 0), ("macs=15.5G", 0), ("macs=15.4G", 0), ("macs=15.47e9", 0), ("flops=30.9G", 0),
    ("138,357,545", 1), ("138.37M", 1), ("138.4G", 1), ("139M", 1), ("macs=15.48G", 1), ("macs=15.46G", 1),
    ("macs=15470000000", 1), ("conv1.params=1.79K", 0), ("conv1.params=1.8K", 0), ("conv1.params=1.78K", 1),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "code"), CLAIMS)
def test_claims_about_counts(run: Run, claim: str, code: int) -> None:
    assert run(*f"{VGG16} --expect {claim} -q".split()).code == code


def test_a_rounded_claim_says_what_it_is_rounded_from(run: Run) -> None:
    found = run(*f"{VGG16} --expect macs=15.47G --expect 138,357,544".split()).out
    assert "macs 15,470,000,000, rounded or cut from 15,470,264,320: right" in found
    assert "params 138,357,544: right" in found


@pytest.mark.parametrize(("claim", "mistake"), [("1.73K", "bias-forgotten"), ("7.17K", "bytes-not-count")])
def test_a_rounded_claim_is_diagnosed(run: Run, claim: str, mistake: str) -> None:
    words = "conv-params --c-in 3 --c-out 64 --k 3 --bias --json --expect"
    found = run(*f"{words} {claim}".split()).json["expect"]["claims"][0]
    assert found["diagnosis"][0]["mistake"] == mistake


QUIET = [
    (
        "conv-shape --w 7 --k 3 --expect 4",
        "5\n",
        "output 4: wrong, it is 5; forgetting the + 1 would give 4 [missing-plus-one]\n",
    ),
    (
        "conv-params --c-in 3 --c-out 4 --k 3 --expect 200",
        "108\n",
        "params 200: wrong, it is 108; no known mistake gives it, off by 92\n",
    ),
    (
        "conv-shape --w 7 --k 3 --expect 5 --expect jump=3",
        "5\n",
        "jump 3: wrong, it is 1; no known mistake gives it, off by 2\n",
    ),
    ("conv-shape --w 7 --k 3 --expect 5", "5\n", ""),
    (
        "softmax-grad --logits 1,2,3 --label 2 --expect 0.09,0.245,0.665",
        "0.09003057317038046,0.2447284710547977,-0.3347590442251781\n",
        "grad_logits 0.09, 0.245, 0.665: wrong, it is 0.0900306, 0.244728, -0.334759; stopping at the softmax",
    ),
]


@pytest.mark.parametrize(("words", "out", "err"), QUIET)
def test_a_wrong_claim_is_told_on_stderr(run: Run, words: str, out: str, err: str) -> None:
    found = run(*f"{words} -q".split())
    assert (found.code, found.out) == (1 if err else 0, out)
    assert found.err.startswith(err)
    assert found.err.count("\n") == bool(err)


def test_a_wrong_claim_of_a_batch_is_told_with_its_line(conv_shape: Run) -> None:
    lines = '{"w": 7, "k": 3, "expect": 5}\n{"w": 7, "k": 3, "expect": 4}\n{"w": 1, "k": 3}\n'
    found = conv_shape("--batch - -q", stdin=lines)
    assert found.out == "5\n5\n\n"
    assert found.err.startswith(
        "line 2: output 4: wrong, it is 5; forgetting the + 1 would give 4 [missing-plus-one]\nline 3: "
    )


@pytest.mark.parametrize(("framework", "first"), [("tensorflow", "with-statistics"), ("pytorch", "included")])
def test_the_total_of_keras_comes_first_under_its_rules(run: Run, framework: str, first: str) -> None:
    """Keras's own summary counts the statistics of batch norms: 2 x 512 more than 2,139,728."""
    words = f"conv-params --c-in 4096 --w 1 --bias fc512 bn fc80 --framework {framework} --expect 2140752 --json"
    (claim,) = run(*words.split()).json["expect"]["claims"]
    assert claim["diagnosis"][0]["mistake"] == f"batch-norm-{first}"
    assert "batch-norm-with-statistics" in [one["mistake"] for one in claim["diagnosis"]]


@pytest.mark.parametrize(
    "words",
    [
        "conv-shape --size 3x224x224 --k 7 --s 2",
        "conv-shape --size 3x224x224 7s2p2 max3s2",
        "conv-params --size 3x224x224 --k 7 --c-in 3 --c-out 8",
        "conv-params --size 3x224x224 --c-in 3 7s2c8 3c8",
        "conv-shape --size 224x224x3 --k 7 --s 2",
        "conv-params --size 224x224x3 --c-in 3 7s2c8 3c8",
    ],
)
def test_a_refused_size_with_channels_says_the_size_without(run: Run, words: str) -> None:
    found = run(*words.split(), "--json")
    assert found.code == 2
    assert found.error["code"] == "kernel-exceeds-input"
    assert found.error["hint"] == "--size 224x224, if 3 is the number of channels"
    volume = run(*words.split(), *([] if "params" in words else ["--dims", "3"]), "--json")
    assert ("channels" in volume.error["hint"]) == ("params" in words)


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        # in brackets, with other signs between, with more axes than there are
        (["--size", "(224, 224)", "--k", "3"], "usage", "digits only, like --size 224x224"),
        (["--size", "[3,224,224]", "--k", "3"], "usage", "digits only, like --size 224x224"),
        (["--size", "224X160", "--k", "3"], "usage", "digits only, like --size 224x160"),
        (["--size", "224\u00d7160", "--k", "3"], "usage", "digits only, like --size 224x160"),
        (["--size", "224 160", "--k", "3"], "usage", "digits only, like --size 224x160"),
        (["--size", "9", "--k", "(3, 5)"], "usage", "digits only, like --kernel 3x5"),
        (["--w", "9", "--k", "(3, 3)"], "usage", "digits only, like --kernel 3"),
        (["--size", "9", "--k", "3", "--p", "(1, 1)"], "usage", "digits only, like --padding 1x1"),
        (["--w", "1_000", "--k", "3"], "usage", "digits only, like --w 1000"),
        (["--w", "7.5", "--k", "3"], "usage", "digits only, like --w 3"),
        (["--w", "1,024", "--k", "3"], "usage", "--w 1024, or values without a 0 in front"),
        (["--size", "32x3x64x48", "--k", "3"], "shape-mismatch", "--size 64x48"),
        (["--size", "1x48x64x3", "--k", "3"], "shape-mismatch", "--size 48x64"),
        (["--w", "9", "--k", "3x5"], "shape-mismatch", "--kernel 5, or an input of 2 axes, like --size 224x224"),
        (["--w", "9", "3x5"], "shape-mismatch", "a kernel of 5, or an input of 2 axes, like --size 224x224"),
        (["--size", "9", "--k", "1x3x5"], "shape-mismatch", "--kernel 3x5, or one number for all axes"),
        (["--w", "5", "--k", "7", "--p", "valid"], "kernel-exceeds-input", "--kernel 5 at most, or padding in numbers"),
        (["--size", "9", "3c16", "--expect", "16x7x7"], "shape-mismatch", "7x7, or one number for all axes"),
    ],
)
def test_sizes_as_other_programs_write_them(run: Run, words: list[str], code: str, hint: str) -> None:
    error = run("conv-shape", *words, "--json").error
    assert (error["code"], error["hint"]) == (code, hint)


def test_two_values_in_a_sweep_are_no_thousand(run: Run) -> None:
    assert run("conv-shape", "--w", "1,280", "--k", "1", "-q").out == "1\n280\n"


def test_a_fully_connected_layer_in_front_reads_a_vector(run: Run) -> None:
    """The hint works, and a network with windows in front gets the size of a map first."""
    words = ["conv-params", "--c-in", "784", "--bias", "fc128", "relu", "fc10"]
    assert run(*words, "--json").error["hint"].startswith("--w 1 (a vector), or ")
    assert run(*words, "--w", "1", "-q").out == "101770\n"
    assert run("conv-params", "--c-in", "3", "3c8", "fc10", "--json").error["hint"].startswith("--w 224 ")


def test_numbers_of_a_verdict_are_written_in_groups(run: Run) -> None:
    words = "conv-params --k 1 --c-in 25557032 --c-out 1 --expect param_bytes=97.49M -q"
    assert "taking MiB for MB would give 97,492,340.0879 [" in run(*words.split()).err
    assert (
        "would give 2.3333 [" in run(*["conv-shape", "--w", "7", "--k", "3", "--s", "3", "--expect", "2.33", "-q"]).err
    )


def test_one_channel_is_no_plural(run: Run) -> None:
    error = run(*["conv-params", "--k", "1", "--c-in", "1", "--c-out", "4", "--g", "2", "--json"]).error
    assert error["message"] == "groups 2 does not divide the 1 input channel"


def test_the_rule_of_solutions_speaks_of_all_axes(run: Run) -> None:
    found = run(*["conv-shape", "--k", "3", "--s", "2", "--p", "1", "--target", "112x56", "--solve", "input"])
    assert " = 56, and likewise along the other axis" in found.out
