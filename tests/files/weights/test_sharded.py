"""An index and its shards: what is read, and files that it must not reach."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from dlcalc.core.errors import DlcalcError
from dlcalc.core.weights.tensors import Checkpoint
from dlcalc.jobs.weights import load_weights
from tests.support.weight_files import (
    Spec,
    Tensor,
    safetensors_header,
    write_index,
    write_safetensors,
    write_state_dict,
)

SHARDS = {
    "model-1.safetensors": {"b.10.weight": Spec((2, 3)), "a": Spec((4,))},
    "model-2.safetensors": {"b.9.weight": Spec((5,), "float16")},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "model"
    found.mkdir()
    write_safetensors(tmp_path / "outside.safetensors", safetensors_header({"a": Spec((2,))}))
    return found


def load(path: Path) -> Checkpoint:
    return load_weights(str(path), "model")


def refused(path: Path, code: str) -> str:
    with pytest.raises(DlcalcError) as caught:
        load(path)
    assert (caught.value.code, caught.value.option) == (code, "model"), caught.value
    assert caught.value.hint
    return caught.value.message


def mapped(folder: Path, weight_map: object, **rest: Any) -> Path:
    path = folder / "model.safetensors.index.json"
    path.write_text(json.dumps({"weight_map": weight_map, **rest}))
    return path


def test_shards_are_one(folder: Path) -> None:
    found = load(write_index(folder / "model.safetensors.index.json", SHARDS, total_size=50))
    assert list(found.tensors) == ["a", "b.9.weight", "b.10.weight"]
    assert {name: os.path.basename(one.storage.file) for name, one in found.tensors.items()} == {
        "a": "model-1.safetensors",
        "b.9.weight": "model-2.safetensors",
        "b.10.weight": "model-1.safetensors",
    }
    sizes = [(folder / name).stat().st_size for name in SHARDS]
    assert (found.files, found.file_bytes, found.notices, found.packed) == (2, sum(sizes), (), True)


def test_shards_that_torch_wrote(folder: Path) -> None:
    write_state_dict(folder / "part.bin", {"a": Tensor(0, (2, 3)), "b": Tensor(1, (4,))})
    path = folder / "pytorch_model.bin.index.json"
    path.write_text(json.dumps({"weight_map": {"a": "part.bin", "b": "part.bin"}}))
    assert load(path).format == "pytorch"


def test_a_wrong_total_and_tensors_that_are_not_listed_are_said(folder: Path) -> None:
    path = write_index(folder / "model.safetensors.index.json", SHARDS, total_size=49)
    assert [notice.code for notice in load(path).notices] == ["total-size-differs"]
    mapped(folder, {"a": "model-1.safetensors"})
    found = load(path)
    assert [notice.code for notice in found.notices] == ["entries-left-out"]
    assert "'b.10.weight'" in found.notices[0].message
    assert not found.packed


@pytest.mark.parametrize(
    "name",
    [
        "../outside.safetensors",
        "x/../../outside.safetensors",
        "..",
        "",
        ".",
        "/etc/passwd",
        "{outside}",
        "C:\\x.safetensors",
        "..\\x.safetensors",
        "a\0.safetensors",
        "link.safetensors",
        "linked/outside.safetensors",
    ],
)
def test_no_file_outside_of_the_folder_is_opened(folder: Path, name: str) -> None:
    (folder / "link.safetensors").symlink_to("../outside.safetensors")
    (folder / "linked").symlink_to("..")
    path = mapped(folder, {"a": name.format(outside=folder.parent / "outside.safetensors")})
    assert "not in its folder" in refused(path, "unsafe-file")


def test_files_in_the_folder_may_be_linked(folder: Path) -> None:
    (folder / "parts").mkdir()
    write_safetensors(folder / "parts" / "one.safetensors", safetensors_header({"a": Spec((2,))}))
    (folder / "link.safetensors").symlink_to("parts/one.safetensors")
    assert load(mapped(folder, {"a": "link.safetensors"})).files == 1
    assert load(mapped(folder, {"a": "parts/one.safetensors"})).files == 1


def test_a_file_with_many_names_is_read_once(folder: Path) -> None:
    write_safetensors(folder / "one.safetensors", safetensors_header({"a": Spec((2,)), "b": Spec((2,))}))
    found = load(mapped(folder, {"a": "one.safetensors", "b": "././one.safetensors"}))
    assert (found.files, list(found.tensors), found.notices) == (1, ["a", "b"], ())


def test_the_cache_of_the_hub_links_to_its_blobs(tmp_path: Path) -> None:
    """``snapshots/REVISION/name`` is a link to ``blobs/HASH``, the index too; and to nothing else."""
    snapshot, blobs = tmp_path / "models--x" / "snapshots" / "abc", tmp_path / "models--x" / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    write_safetensors(blobs / "f00", safetensors_header({"a": Spec((2,))}))
    (snapshot / "m-1.safetensors").symlink_to("../../blobs/f00")
    (blobs / "1de").write_text(json.dumps({"weight_map": {"a": "m-1.safetensors"}}))
    index = snapshot / "m.safetensors.index.json"
    index.symlink_to("../../blobs/1de")
    assert list(load(index).tensors) == ["a"]
    (snapshot / "m-1.safetensors").unlink()
    write_safetensors(tmp_path / "secret", safetensors_header({"a": Spec((2,))}))
    (snapshot / "m-1.safetensors").symlink_to("../../../secret")
    refused(index, "unsafe-file")


@pytest.mark.parametrize(
    ("weight_map", "code", "said"),
    [
        (None, "malformed-file", "weight_map"),
        ([], "malformed-file", "weight_map"),
        ({}, "malformed-file", "weight_map"),
        ({"a": 1}, "malformed-file", "weight_map"),
        ({"c": "model-1.safetensors"}, "malformed-file", "'c' is in"),
        ({"a": "model-3.safetensors"}, "file-not-found", "'model-3.safetensors'"),
        ({"a": "model.safetensors.index.json"}, "unsupported-file", "ending"),
        ({"a": "graph.onnx"}, "unsupported-file", "layers"),
        ({"a": "folder.safetensors"}, "file-unreadable", "folder"),
    ],
)
def test_an_index_that_lies(folder: Path, weight_map: object, code: str, said: str) -> None:
    write_index(folder / "model.safetensors.index.json", SHARDS)
    (folder / "folder.safetensors").mkdir()
    assert said in refused(mapped(folder, weight_map), code)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"weight_map": {"a": "x", "a": "y"}}', "NaN", '{"weight_map":' + "[" * 10**5]
)
def test_what_is_no_index(folder: Path, text: str) -> None:
    path = folder / "x.safetensors.index.json"
    path.write_text(text)
    refused(path, "malformed-file")


def test_a_large_index_is_not_read(folder: Path) -> None:
    path = mapped(folder, {"a": "x"})
    os.truncate(path, 200_000_000)
    refused(path, "malformed-file")
