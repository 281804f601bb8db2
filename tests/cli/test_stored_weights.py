"""conv-params --model: files of weights from the command line, in every format of the answer."""

import io
import zipfile
from pathlib import Path

import pytest

from tests.cli.test_startup import HEAVY, loaded, modules_after
from tests.conftest import Run
from tests.support.weight_files import (
    Spec,
    Tensor,
    gpt2,
    npy,
    resnet50,
    safetensors_header,
    write_index,
    write_npz,
    write_safetensors,
    write_state_dict,
    write_zip,
)

SMALL = {"conv.weight": Spec((4, 3, 3, 3)), "conv.bias": Spec((4,)), "bn.running_mean": Spec((4,))}


@pytest.fixture
def weights(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call ``conv-params --model`` with the words of one string, in a folder with files of weights."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    for name in ("FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    write_safetensors(tmp_path / "resnet50.safetensors", safetensors_header(resnet50()))
    write_safetensors(tmp_path / "gpt2.safetensors", safetensors_header(gpt2()))
    write_safetensors(tmp_path / "small.safetensors", safetensors_header(SMALL))
    write_npz(tmp_path / "small.npz", SMALL)
    write_state_dict(tmp_path / "tied.pt", {"wte.weight": Tensor(0, (7, 4)), "head.weight": Tensor(0, (7, 4))})
    return lambda text, **rest: run("conv-params", "--model", *text.split(), **rest)


def test_the_totals_of_resnet50_are_torchvisions(weights: Run) -> None:
    found = weights("resnet50.safetensors --json --check").json
    assert (found["params"], found["buffers"], found["param_bytes"]) == (25_557_032, 53_120, 4 * 25_557_032)
    assert (found["command"], found["model"], found["format"]) == ("conv-params", "resnet50.safetensors", "safetensors")
    assert found["check"]["passed"]
    assert found["check"]["method"] == "bytes"
    assert len(found["tensors"]) == 320


def test_the_totals_of_gpt2_are_the_published_ones(weights: Run) -> None:
    """124,439,808 with the embeddings, without the causal masks that its state dict has."""
    assert weights("gpt2.safetensors -q").out == "124439808\n"


def test_each_tensor_says_five_things(weights: Run) -> None:
    assert weights("small.safetensors --json").json["tensors"] == [
        {"name": "bn.running_mean", "dtype": "float32", "shape": [4], "bytes": 16, "kind": "statistics"},
        {"name": "conv.bias", "dtype": "float32", "shape": [4], "bytes": 16, "kind": "bias"},
        {"name": "conv.weight", "dtype": "float32", "shape": [4, 3, 3, 3], "bytes": 432, "kind": "conv"},
    ]


def test_rows_for_a_spreadsheet(weights: Run) -> None:
    rows = weights("tied.pt --format csv --check").rows
    assert rows == [
        {
            "model": "tied.pt",
            "name": name,
            "kind": kind,
            "dtype": "float32",
            "shape": "7x4",
            "entries": "28",
            "bytes": "112",
            "shared_with": shared,
            "check_passed": "true",
            "expect_passed": "",
            "error": "",
        }
        for name, kind, shared in (("wte.weight", "embedding", ""), ("head.weight", "linear", "wte.weight"))
    ]


def test_what_two_names_share_is_counted_once_and_said(weights: Run) -> None:
    assert weights("tied.pt -q").out == "28\n"
    assert "head.weight has numbers of wte.weight, which are counted once" in weights("tied.pt").out
    assert weights("tied.pt --json").json["tensors"][1]["shared_with"] == "wte.weight"


def test_blocks(weights: Run) -> None:
    found = weights("gpt2.safetensors --summary --json").json
    assert "tensors" not in found
    assert [(block["name"], block["repeat"]) for block in found["blocks"]] == [
        ("h.0 to h.11", 12),
        ("ln_f", 1),
        ("wpe", 1),
        ("wte", 1),
    ]
    for key in ("params", "buffers", "param_bytes"):
        assert sum(block[key] for block in found["blocks"]) == found[key]
    rows = weights("gpt2.safetensors --summary --format csv").rows
    assert [(row["name"], row["repeat"]) for row in rows] == [
        ("h.0 to h.11", "12"),
        ("ln_f", "1"),
        ("wpe", "1"),
        ("wte", "1"),
    ]


def test_the_table_says_the_total_first_and_shows_repeated_blocks_once(weights: Run) -> None:
    lines = weights("gpt2.safetensors").out.splitlines()
    assert lines[1] == "  124,439,808 parameters"
    assert lines[2] == "  160 tensors of float32 in gpt2.safetensors, 522.72 MiB"
    row = ["h.0", "to", "h.11", "12", "times", "97,637,376", "68.3", "%", "390,549,504"]
    assert any(line.split() == row for line in lines)
    assert sum("mlp.c_fc.weight" in line for line in lines) == 1
    assert len(lines) < 50
    assert any(line.split() == ["all", "tensors", "137,022,720", "548,090,880"] for line in lines)


def test_every_tensor_stands_in_the_table_where_none_repeats(weights: Run) -> None:
    out = weights("small.safetensors").out
    assert all(name in out for name in SMALL)
    assert "repeat" not in out


def test_a_narrow_terminal_breaks_no_name_and_no_number(weights: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for columns in (80, 40):
        screen = Terminal()
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "dumb")
        monkeypatch.setattr("sys.stdout", screen)
        weights("resnet50.safetensors")
        lines = screen.getvalue().splitlines()
        assert any("layer1.0.downsample.1.num_batches_tracked" in line and line.endswith(" 1") for line in lines)
        assert any("2,359,296" in line for line in lines)
        if columns == 80:
            assert max(map(len, lines[:-8])) <= 80


def test_claims(weights: Run) -> None:
    claims = "--expect 25,557,032 --expect buffers=53120 --expect params=25.6M --expect fc.weight.bytes=8192000"
    assert weights(f"resnet50.safetensors -q {claims}").code == 0
    found = weights("resnet50.safetensors --json --expect 25610152 --expect param_bytes=97.49")
    assert found.code == 1
    first, second = found.json["expect"]["claims"]
    assert [one["mistake"] for one in first["diagnosis"]] == ["batch-norm-with-statistics"]
    assert [one["mistake"] for one in second["diagnosis"]] == ["mib-not-mb"]
    assert weights("resnet50.safetensors --json --expect fc.wieght.bytes=1").error["code"] == "usage"


def test_a_tensor_is_explained(weights: Run) -> None:
    steps = weights("small.npz --json --explain --at conv.weight").json["explain"]
    assert [(step["tensor"], step["symbol"], step["value"]) for step in steps] == [
        ("conv.weight", "entries", 108),
        ("conv.weight", "bytes", 432),
    ]
    weights("small.npz --json --explain --at conv").refused("usage", "at")


def test_warnings_stand_on_stderr(weights: Run, tmp_path: Path) -> None:
    write_index(tmp_path / "x.safetensors.index.json", {"s.safetensors": SMALL}, total_size=1)
    found = weights("x.safetensors.index.json -q")
    assert (found.code, found.out) == (0, "112\n")
    assert "[total-size-differs]" in weights("x.safetensors.index.json").err
    assert weights("x.safetensors.index.json --json").json["warnings"][0]["code"] == "total-size-differs"


@pytest.mark.parametrize(
    ("words", "code", "option"),
    [
        ("gone.safetensors", "file-not-found", "model"),
        ("small.safetensors/x.npz", "file-not-found", "model"),
        ("folder", "file-unreadable", "model"),
        ("folder.npz", "file-unreadable", "model"),
        ("text.npz", "malformed-file", "model"),
        ("text.pt", "malformed-file", "model"),
        ("text.safetensors", "malformed-file", "model"),
        ("text.safetensors.index.json", "malformed-file", "model"),
        ("text.txt", "unsupported-file", "model"),
        ("graph.onnx", "unsupported-file", "model"),
        ("graph.keras", "file-not-found", "model"),
        ("graph.PT2", "file-not-found", "model"),
        ("small.npz --k 3", "usage", "kernel"),
        ("small.npz --w 224", "usage", "w"),
        ("small.npz --bias", "usage", "bias"),
        ("small.npz --framework keras", "usage", "framework"),
        ("small.npz 3p1c4", "usage", "layers"),
        ("small.npz --compare", "usage", "compare"),
        ("small.npz --batch -", "usage", "batch"),
        ("small.npz --at conv.weight", "usage", "at"),
        ("small.npz --expect macs=5", "usage", "expect"),
    ],
)
def test_refusals(weights: Run, tmp_path: Path, words: str, code: str, option: str) -> None:
    for name in ("folder", "folder.npz"):
        (tmp_path / name).mkdir()
    for ending in ("npz", "pt", "safetensors", "safetensors.index.json", "txt"):
        (tmp_path / f"text.{ending}").write_text("hello, this is text")
    weights(f"{words} --json").refused(code, option)


def test_a_batch_has_no_files(run: Run) -> None:
    found = run("conv-params", "--batch", "-", stdin='{"model": "x.npz"}')
    assert found.json["error"]["code"] == "usage"


def test_names_cannot_steer_a_terminal(weights: Run, tmp_path: Path) -> None:
    header = safetensors_header({"\x1b[2J": Spec((2,)), "\ud800": Spec((3,)), "[bold]x": Spec((4,))})
    write_safetensors(tmp_path / "odd.safetensors", header)
    for form in ("table", "csv", "json"):
        found = weights(f"odd.safetensors --format {form}")
        assert (found.code, found.err) == (0, "")
        assert "\x1b" not in found.out
        assert "[bold]x" in found.out
        found.out.encode()


def test_reading_takes_no_numpy_and_a_zip_only_where_there_is_one(weights: Run, tmp_path: Path) -> None:
    plain = modules_after("import click, json")
    for name in ("resnet50.safetensors", "tied.pt", "small.npz"):
        for more in (["--json"], ["-q"], ["--json", "--check", "--expect", "5"]):
            modules = loaded(["conv-params", "--model", str(tmp_path / name), *more])
            allowed = set() if name.endswith("safetensors") else {"zipfile", "lzma", "pathlib"}
            assert not (HEAVY & modules) - plain - allowed, name
            assert ("zipfile" in modules) == (not name.endswith("safetensors"))
    modules = loaded(["conv-params", "--model", str(tmp_path / "small.npz")])
    assert "rich" in modules
    assert "numpy" not in modules


def test_numbers_are_not_read(weights: Run, tmp_path: Path) -> None:
    """A terabyte, in a file without blocks: it would take an hour."""
    layers = {f"l{number}.weight": Spec((1 << 18, 1 << 18)) for number in range(4)}
    write_safetensors(tmp_path / "huge.safetensors", safetensors_header(layers))
    assert weights("huge.safetensors -q --check").out == f"{1 << 38}\n"


def test_a_compressed_archive_is_not_expanded(weights: Run, tmp_path: Path) -> None:
    """As far as its header is read; of the rest it would be told that its checksum is wrong."""
    write_zip(tmp_path / "x.npz", {"a.npy": npy((1 << 22,))}, zipfile.ZIP_DEFLATED)
    data = bytearray((tmp_path / "x.npz").read_bytes())
    data[data.index(b"PK\1\2") - 40] ^= 255
    (tmp_path / "x.npz").write_bytes(data)
    assert weights("x.npz -q").out == f"{1 << 22}\n"
