"""Exported programs that are not as PyTorch writes them: refused by name, and never a traceback."""

from pathlib import Path
from typing import Any

import pytest

from dlcalc.core.errors import DlcalcError
from dlcalc.jobs.models import load_graph
from tests.support.model_files import Edit, edited, members, zipped

NAME = "conditioned.pt2"


def graph(content: Any) -> Any:
    return content["graph_module"]["graph"]


def conv(content: Any) -> Any:
    return next(node for node in graph(content)["nodes"] if "conv2d" in node["target"])


def renamed(content: Any) -> None:
    """The first layer reads what a later one makes: a circle, as far as anybody can tell."""
    nodes = graph(content)["nodes"]
    conv(content)["inputs"][0]["arg"]["as_tensor"]["name"] = nodes[-1]["outputs"][0]["as_tensor"]["name"]


def doubled(content: Any) -> None:
    conv(content)["outputs"][0]["as_tensor"]["name"] = "image"


REFUSED: list[tuple[Edit, str, str]] = [
    (lambda c: c["schema_version"].update(major=9), "unsupported-file", "its schema is 9, and 8 is read"),
    (lambda c: c.pop("schema_version"), "unsupported-file", "its schema is None"),
    (lambda c: c.pop("graph_module"), "malformed-file", "KeyError: 'graph_module'"),
    (lambda c: graph(c).update(nodes=[]), "malformed-file", "makes it"),
    (lambda c: graph(c).update(nodes=7), "malformed-file", "its graph is not as PyTorch writes it"),
    (lambda c: conv(c).update(target=None), "malformed-file", "a target is no text"),
    (lambda c: c["graph_module"]["signature"].update(input_specs=[]), "malformed-file", "no input"),
    (renamed, "malformed-file", "is read, and nothing before it makes it"),
    (doubled, "malformed-file", "two tensors of its graph are named 'image'"),
    (lambda c: graph(c)["tensor_values"].pop("image"), "malformed-file", "KeyError: 'image'"),
    (
        lambda c: graph(c)["tensor_values"]["image"].update(sizes=[{"as_int": -1}]),
        "malformed-file",
        "'image' has an extent of -1",
    ),
    (
        lambda c: graph(c)["tensor_values"]["image"].update(sizes=[{"as_int": 10**30}]),
        "malformed-file",
        "'image' has an extent of 1000",
    ),
    (
        lambda c: graph(c)["tensor_values"]["image"].update(sizes=[{"as_int": 1}] * 65),
        "malformed-file",
        "'image' has 65 axes",
    ),
]


@pytest.mark.parametrize(("edit", "code", "message"), REFUSED)
def test_a_graph_that_is_not_pytorchs_is_refused(edit: Edit, code: str, message: str, tmp_path: Path) -> None:
    path = edited(NAME, tmp_path / "model.pt2", edit)
    with pytest.raises(DlcalcError) as caught:
        load_graph(path)
    assert caught.value.code == code
    assert message in caught.value.message
    assert caught.value.hint


def test_an_archive_without_a_graph_is_refused(tmp_path: Path) -> None:
    for contents, code in [
        ({"m/archive_format": b"pt2"}, "malformed-file"),
        ({"m/data/aotinductor/model/x.so": b""}, "unsupported-file"),
        ({"m/models/model.json": b"[" * 100_000}, "malformed-file"),
        ({"m/models/model.json": b'{"a": 1, "a": 2}'}, "malformed-file"),
        ({"m/models/model.json": b"\xff"}, "malformed-file"),
    ]:
        with pytest.raises(DlcalcError) as caught:
            load_graph(zipped(tmp_path / "model.pt2", contents))
        assert caught.value.code == code
    (tmp_path / "text.pt2").write_bytes(b"PK no zip")
    with pytest.raises(DlcalcError, match="no readable zip archive"):
        load_graph(str(tmp_path / "text.pt2"))


def test_a_list_of_weights_that_is_not_pytorchs_is_refused(tmp_path: Path) -> None:
    config = "data/weights/model_weights_config.json"
    for edit in (
        lambda c: c.update(config=3),
        lambda c: c["config"]["both.bias"].pop("tensor_meta"),
        lambda c: c["config"]["both.bias"]["tensor_meta"].update(sizes=[{"as_int": -3}]),
    ):
        with pytest.raises(DlcalcError, match="its list of weights") as caught:
            load_graph(edited(NAME, tmp_path / "model.pt2", edit, config))
        assert caught.value.code == "malformed-file"


def test_an_operation_that_is_not_known_keeps_its_declared_shape(tmp_path: Path) -> None:
    path = edited(NAME, tmp_path / "model.pt2", lambda c: conv(c).update(target="torch.ops.mine.frob.default"))
    (node, *_) = [node for node in load_graph(path).nodes if node.saved and not node.saved.known]
    assert node.saved is not None
    assert (node.saved.op, node.op.kind, node.saved.declared) == ("frob", "tensor", (2, 8, 16, 16))
    assert node.saved.stored[2] == 3 * 8 * 9 + 8


def test_an_older_program_is_read_by_its_old_name(tmp_path: Path) -> None:
    contents = members(NAME)
    program = next(content for name, content in contents.items() if name.endswith("models/model.json"))
    path = zipped(tmp_path / "old.pt2", {"serialized_exported_program.json": program})
    assert [node.name for node in load_graph(path).nodes][:2] == ["image", "vector"]


def test_no_pickle_is_opened(tmp_path: Path) -> None:
    contents = {
        name: (b"cos\nsystem\n(S'false'\ntR." if name.endswith(".pt") else content)
        for name, content in members(NAME).items()
    }
    assert load_graph(zipped(tmp_path / "model.pt2", contents)).nodes
