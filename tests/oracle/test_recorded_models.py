"""Model files that PyTorch and Keras wrote, read without either: every layer and every total as they have them."""

from pathlib import Path
from typing import Any

import pytest

from dlcalc.core.conv_params import answer as conv_params
from dlcalc.core.conv_params import check as check_params
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.conv_shape import check as check_shape
from dlcalc.core.network.network import Network
from dlcalc.jobs.models import load_graph
from dlcalc.notation.models import question as models
from tests.oracle.recorded_models import answers, unpacked

ANSWERS = answers()


def question(network: Network, theirs: dict[str, Any]) -> dict[str, object]:
    """What is to be said besides the file: the sizes of the example, where Keras leaves them open."""
    raw: dict[str, object] = {"model": "model"}
    if "example" in theirs:
        n, *size, _ = theirs["example"][0]
        open_extents = any(one is None for one in (network.inputs[0].dims or ())[1:-1])
        raw |= {"n": n} | ({"size": "x".join(map(str, size))} if open_extents else {})
    return raw


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_every_layer_and_every_total_is_the_frameworks(name: str, tmp_path: Path) -> None:
    agrees(unpacked(name, tmp_path), ANSWERS[name])


def agrees(path: Path, theirs: dict[str, Any]) -> None:
    """Assert that every layer and every total of a file is what its framework says, and that the proofs hold."""
    network = load_graph(str(path))
    raw = question(network, theirs)
    shape = conv_shape(models.shape_question(raw, lambda *_: network))
    layers = {layer.name: layer for layer in shape.layers}
    for layer, dims in theirs["outputs"].items():
        if layer in layers or not any(other.startswith(f"{layer}.") for other in layers):  # but of several parts
            made = layers[layer].made.dims
            assert made is not None
            assert len(made) == len(dims)
            assert all(ours == one for ours, one in zip(made, dims, strict=True) if one is not None), layer
    params = conv_params(models.params_question(raw, lambda *_: network))
    assert params.amounts.params == theirs["params"]
    assert params.amounts.buffers == theirs["buffers"]
    assert params.amounts.work is not None
    assert params.amounts.work.macs == theirs["macs"]
    assert not [notice for notice in shape.warnings if notice.code == "declared-shape-differs"]
    assert check_shape(shape).passed
    assert check_params(params).passed


def test_the_files_stay_small() -> None:
    from tests.oracle.recorded_models import FOLDER

    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 500_000
    assert len(ANSWERS) >= 20
