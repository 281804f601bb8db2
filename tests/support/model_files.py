"""Model files with something changed in them: made of those that a framework wrote."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from tests.oracle.recorded_models import FOLDER

Edit = Callable[[Any], object]


def members(name: str) -> dict[str, bytes]:
    """The members of a recorded file."""
    import gzip

    with ZipFile(BytesIO(gzip.decompress((FOLDER / f"{name}.gz").read_bytes()))) as archive:
        return {one: archive.read(one) for one in archive.namelist()}


def zipped(path: Path, contents: dict[str, bytes]) -> str:
    """Write members into an archive, and return its path."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return str(path)


def edited(name: str, path: Path, edit: Edit, member: str | None = None) -> str:
    """Write a recorded file with its JSON edited: of a .pt2 the graph, of a .keras the configuration."""
    contents = members(name)
    ending = member or ("models/model.json" if name.endswith(".pt2") else "config.json")
    target = next(one for one in contents if one.endswith(ending))
    content = json.loads(contents[target])
    edit(content)
    contents[target] = json.dumps(content).encode()
    return zipped(path, contents)
