"""Configurations that are not as Keras writes them: refused by name, and nothing that they name is imported."""

from pathlib import Path
from typing import Any

import pytest

from dlcalc.core.errors import DlcalcError
from dlcalc.jobs.models import load_graph
from tests.support.model_files import Edit, edited, zipped

NAME = "keras-nested.keras"


def layer(content: Any, name: str) -> Any:
    return next(one for one in content["config"]["layers"] if one["config"]["name"] == name)


def history(content: Any, name: str) -> Any:
    return layer(content, name)["inbound_nodes"][0]["args"][0]["config"]["keras_history"]


def nested(content: Any) -> None:
    inner = layer(content, "inner")
    for _ in range(60):
        config = {**inner["config"], "layers": inner["config"]["layers"][:]}
        inner["config"]["layers"][1:] = [{**inner, "config": config}]
        inner = inner["config"]["layers"][1]


def circle(content: Any) -> None:
    history(content, "stem")[0] = "relu"


def twice(content: Any) -> None:
    layer(content, "dw")["config"]["name"] = "bn"


REFUSED: list[tuple[Edit, str, str]] = [
    (lambda c: c.update(class_name="MyModel"), "unsupported-file", "the model is a 'MyModel'"),
    (lambda c: c.pop("config"), "malformed-file", "KeyError: 'config'"),
    (lambda c: c["config"].update(layers=[]), "malformed-file", "KeyError"),
    (lambda c: c["config"].update(layers=5), "malformed-file", "not as Keras writes it"),
    (lambda c: history(c, "bn").__setitem__(0, "nobody"), "malformed-file", "'nobody' is read, and no layer makes it"),
    (lambda c: history(c, "bn").__setitem__(1, 7), "malformed-file", "'stem' is read, and no layer makes it"),
    (lambda c: history(c, "bn").__setitem__(0, [1]), "malformed-file", "not as Keras writes it"),
    (circle, "malformed-file", "stands in a circle"),
    (twice, "malformed-file", "two layers of it are named 'bn'"),
    (nested, "malformed-file", "nested"),
    (lambda c: layer(c, "stem")["config"].update(kernel_size="3"), "malformed-file", "no list of whole numbers"),
    (lambda c: layer(c, "stem")["config"].update(padding="odd"), "malformed-file", "the padding 'odd' is unknown"),
    (lambda c: layer(c, "image")["config"].update(batch_shape=[None, -3]), "malformed-file", "-3 is no extent"),
    (lambda c: layer(c, "image")["config"].update(batch_shape="x"), "malformed-file", "is no shape"),
]


@pytest.mark.parametrize(("edit", "code", "message"), REFUSED)
def test_a_configuration_that_is_not_keras_is_refused(edit: Edit, code: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DlcalcError) as caught:
        load_graph(edited(NAME, tmp_path / "model.keras", edit))
    assert caught.value.code == code
    assert message in caught.value.message
    assert caught.value.hint


def test_an_archive_without_a_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DlcalcError, match=r"it has no config\.json"):
        load_graph(zipped(tmp_path / "model.keras", {"metadata.json": b"{}"}))


def test_a_class_that_is_not_known_is_not_looked_for(tmp_path: Path) -> None:
    """Its shape is what the next layer declares, and that its weights are not counted is said."""

    def edit(content: Any) -> None:
        layer(content, "dw").update(class_name="system", module="os", registered_name="os>system")

    network = load_graph(edited(NAME, tmp_path / "model.keras", edit))
    node = next(node for node in network.nodes if node.name == "dw")
    assert node.saved is not None
    assert (node.saved.op, node.saved.known, node.op.kind) == ("system", False, "tensor")
    assert [notice.code for notice in network.notices] == ["weights-not-counted"]


def test_a_layer_that_works_twice_stores_its_weights_once(tmp_path: Path) -> None:
    network = load_graph(edited(NAME, tmp_path / "model.keras", lambda _: None))
    stored = {node.name: sum(node.saved.stored) for node in network.nodes if node.saved and ".sep" in node.name}
    assert stored == {
        "inner.sep.depthwise": 72,
        "inner.sep.pointwise": 72,
        "inner.sep_call2.depthwise": 0,
        "inner.sep_call2.pointwise": 0,
    }
