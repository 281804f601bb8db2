"""Files that something has happened to: read and answered, or refused by a code, and never anything else."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from dlcalc.core import conv_params, conv_shape
from dlcalc.core.errors import DlcalcError
from dlcalc.jobs.models import load_graph
from dlcalc.notation.models import question as models
from tests.support.model_files import members, zipped

NAMES = (
    "windows.pt2",
    "shuffled.pt2",
    "unet-open.pt2",
    "keras-nested.keras",
    "keras-windows.keras",
    "keras-sequence.keras",
)
ODD: list[Any] = [None, True, -1, 0, 1, 2, 7, 10**9, 10**19, 1.5, "", "x", [], [0], {}, {"as_int": 3}, [[1, 2], 3]]


def survives(path: str) -> None:
    """Read a file and answer both questions about it; what is refused must have a code that is no accident."""
    try:
        network = load_graph(path)
        raw: dict[str, object] = {"model": path, "n": 2}
        if network.inputs[0].size and any(not isinstance(one, int) for one in (network.inputs[0].dims or ())[1:]):
            raw["size"] = "32x48"
        shape = conv_shape.answer(models.shape_question(raw, lambda *_: network))
        conv_shape.check(shape)
        conv_params.answer(models.params_question(raw, lambda *_: network))
    except DlcalcError as error:
        assert error.code != "internal-error"
        assert error.message


def mutated(content: Any, choose: random.Random) -> None:
    """Put something odd in place of something, or exchange, leave out or repeat it, somewhere in a document."""
    place = content
    for _ in range(40):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = choose.choice(keys)
        inside = place[key]
        if isinstance(inside, dict | list) and inside and choose.random() < 0.9:
            place = inside
            continue
        how = choose.random()
        if how < 0.7:
            place[key] = json.loads(json.dumps(choose.choice(ODD)))
        elif how < 0.85:
            del place[key]
        elif isinstance(place, list):
            place.append(place[key])
        return


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_document_is_survived(name: str, tmp_path: Path) -> None:
    contents = members(name)
    ending = "models/model.json" if name.endswith(".pt2") else "config.json"
    member = next(one for one in contents if one.endswith(ending))
    choose = random.Random(name)
    for _ in range(60):
        content = json.loads(contents[member])
        for _ in range(choose.randint(1, 4)):
            mutated(content, choose)
        kept = {member: json.dumps(content).encode()}
        survives(zipped(tmp_path / name, kept))


@pytest.mark.parametrize("name", NAMES)
def test_changed_bytes_are_survived(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    zipped(path, {one: content for one, content in members(name).items() if one.endswith(".json")})
    whole = path.read_bytes()
    choose = random.Random(name)
    for _ in range(60):
        changed = bytearray(whole)
        for _ in range(choose.randint(1, 8)):
            changed[choose.randrange(len(changed))] = choose.randrange(256)
        path.write_bytes(changed if choose.random() < 0.8 else changed[: choose.randrange(len(changed))])
        survives(str(path))
