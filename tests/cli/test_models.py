"""--model in both commands: every format and mode, what does not go together, and what a file leaves open."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.oracle.recorded_models import unpacked

BOTH = pytest.mark.parametrize("command", ["conv-shape", "conv-params"])


@pytest.fixture(scope="module", autouse=True)
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for name in ("resnet.pt2", "unet-open.pt2", "vit.pt2", "conditioned.pt2", "tied.pt2", "keras-nested.keras"):
        unpacked(name, folder)
    return folder


@pytest.fixture(autouse=True)
def here(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(files)
    for name in ("COLUMNS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def layers(run: Run, *words: str) -> dict[str, Any]:
    found = run(*words, "--json")
    assert found.code == 0, found
    return {layer["name"]: layer for layer in found.json["layers"]}


def test_layers_have_their_authors_names_and_the_keys_of_words(run: Run) -> None:
    found = layers(run, "conv-shape", "--model", "resnet.pt2")
    assert found["layer2.0.downsample.0"] == {
        "name": "layer2.0.downsample.0",
        "kind": "conv",
        "op": "conv2d",
        "inputs": ["layer1.1.relu_2"],
        "shape": [2, 16, 8, 8],
        "input_channels": 8,
        "output_channels": 16,
        "kernel": {"h": 1, "w": 1},
        "stride": {"h": 2, "w": 2},
        "dilation": {"h": 1, "w": 1},
        "padding": {"h": [0, 0], "w": [0, 0]},
        "input": {"h": 16, "w": 16},
        "output": {"h": 8, "w": 8},
        "unread": {"h": 8, "w": 8},
        "receptive_field": {"h": 43, "w": 43},
        "jump": {"h": 8, "w": 8},
        "center": {"h": 0.0, "w": 0.0},
    }
    counted = layers(run, "conv-params", "--model", "resnet.pt2")["layer1.0.conv1"]
    assert (counted["weights"], counted["macs"], counted["groups"]) == (576, 2 * 576 * 256, 1)


def test_what_is_not_known_is_null_and_said_once(run: Run) -> None:
    found = run("conv-shape", "--model", "vit.pt2", "--json")
    by_name = {layer["name"]: layer for layer in found.json["layers"]}
    assert by_name["patches"]["receptive_field"] == {"h": 8, "w": 8}
    assert by_name["qkv"]["shape"] == [2, 17, 48]
    assert [warning["code"] for warning in found.json["warnings"]].count("field-unknown") == 1
    tied = layers(run, "conv-params", "--model", "tied.pt2")
    assert (tied["other"]["params"], tied["tokens"]["params"], tied["out"]["params"]) == (16, 160, 0)


@BOTH
def test_every_format_answers(run: Run, command: str) -> None:
    rows = run(command, "--model", "resnet.pt2", "--format", "csv").rows
    assert [row["name"] for row in rows][:3] == ["conv1", "bn1", "relu"]
    assert (rows[0]["op"], rows[0]["shape"], rows[0]["output_h"]) == ("conv2d", "2x8x32x32", "32")
    assert run(command, "--model", "resnet.pt2", "-q").out == {"conv-shape": "10\n", "conv-params": "12082\n"}[command]
    assert "layer2.1.conv2" in run(command, "--model", "resnet.pt2").out
    blocks = run(command, "--model", "resnet.pt2", "--summary", "--json").json["blocks"]
    assert [block["name"] for block in blocks][4:6] == ["layer1", "layer2"]
    for more in ("--check", "--explain"):
        assert run(command, "--model", "resnet.pt2", more).code == 0


def test_claims_about_any_layer(run: Run) -> None:
    shape = ["--expect", "layer2.0.conv1.output=8", "--expect", "conv1.receptive_field=7", "--expect", "10"]
    assert run("conv-shape", "--model", "resnet.pt2", *shape).code == 0
    count = ["--expect", "12,082", "--expect", "layer1.0.conv1.weights=576", "--expect", "fc.in_features=16"]
    assert run("conv-params", "--model", "resnet.pt2", *count, "--expect", "buffers=240").code == 0
    wrong = run("conv-params", "--model", "resnet.pt2", "--expect", "conv1.macs=4816896", "--json")
    (claim,) = wrong.json["expect"]["claims"]
    assert wrong.code == 1
    assert [one["mistake"] for one in claim["diagnosis"]] == ["flops-not-macs"]
    wrong = run("conv-shape", "--model", "resnet.pt2", "--expect", "maxpool.output=15", "--json")
    assert wrong.code == 1
    assert wrong.json["expect"]["claims"][0]["diagnosis"]


def test_a_picture_goes_down_to_the_input(run: Run) -> None:
    picture = run("conv-shape", "--model", "resnet.pt2", "--draw", "--at", "layer1.0.conv2").out
    assert "of layer1.0.conv2 sees of every map, down to the input" in picture
    found = run("conv-shape", "--model", "vit.pt2", "--draw", "--at", "head")
    assert (found.code, found.out) == (2, "")
    assert "it is not known what head sees of the input" in found.err


def test_open_extents(run: Run) -> None:
    found = run("conv-shape", "--model", "unet-open.pt2", "--json")
    assert found.json["output"] == {"h": 32, "w": 48}
    assert [warning["code"] for warning in found.json["warnings"]] == ["open-dimension"]
    found = run("conv-shape", "--model", "unet-open.pt2", "--n", "1", "--h", "64", "--w", "80", "--json")
    assert (found.json["output"], "warnings" in found.json) == ({"h": 64, "w": 80}, False)
    assert found.json["layers"][-1]["shape"] == [1, 3, 64, 80]
    assert run("conv-shape", "--model", "keras-nested.keras", "--size", "64", "-q").code == 0


def test_several_inputs_and_outputs_stand_by_name(run: Run) -> None:
    found = run("conv-shape", "--model", "conditioned.pt2", "--json").json
    assert "input" not in found
    assert found["inputs"]["input_image"] == {"h": 16, "w": 16, "shape": [2, 3, 16, 16]}
    found = run("conv-shape", "--model", "keras-nested.keras", "--size", "64", "--json").json
    assert "output" not in found
    assert list(found["outputs"]) == ["fc", "mul"]


REFUSED = [
    ("--model resnet.pt2 3p1", "usage", "layers"),
    ("--model resnet.pt2 --k 3", "usage", "kernel"),
    ("--model resnet.pt2 --framework onnx", "usage", "framework"),
    ("--model resnet.pt2 --compare", "usage", "compare"),
    ("--model resnet.pt2 --batch -", "usage", "batch"),
    ("--model resnet.pt2 --size 224", "usage", "h"),
    ("--model resnet.pt2 --depth 3", "usage", "depth"),
    ("--model resnet.pt2 --n 3", "usage", "n"),
    ("--model unet-open.pt2 --n 0", "invalid-value", "n"),
    ("--model keras-nested.keras", "usage", "h"),
    ("--model keras-nested.keras --w 64", "usage", "h"),
    ("--model resnet.pt2 --explain --at layer9", "usage", "at"),
    ("--model resnet.pt2 --at conv1", "usage", "at"),
    ("--model missing.pt2", "file-not-found", "model"),
]


@BOTH
@pytest.mark.parametrize(("words", "code", "option"), REFUSED)
def test_what_is_refused(run: Run, command: str, words: str, code: str, option: str) -> None:
    run(command, *words.split(), "--json").refused(code, option)


def test_a_file_without_layers_is_refused(run: Run, files: Path) -> None:
    (files / "folder.pt2").mkdir()
    (files / "weights.npz").write_bytes(b"")
    run("conv-shape", "--model", "folder.pt2", "--json").refused("file-unreadable", "model")
    run("conv-shape", "--model", "weights.npz", "--json").refused("unsupported-file", "model")


def test_solve_and_n_are_refused(run: Run) -> None:
    run("conv-shape", "--model", "resnet.pt2", "--target", "3", "--solve", "input", "--json").refused("usage", "solve")
    run("conv-shape", "--w", "7", "--k", "3", "--n", "2", "--json").refused("usage", "n")


def test_a_model_loads_no_numpy(files: Path) -> None:
    """And of what reads it only the standard library."""
    import subprocess
    import sys

    code = (
        "import sys, json; from dlcalc.cli import main; "
        "main(['conv-params', '--model', 'resnet.pt2', '-q']); "
        "print(json.dumps([name for name in ('numpy', 'rich', 'torch', 'keras') if name in sys.modules]))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=files, check=True)
    assert json.loads(found.stdout.splitlines()[-1]) == []
