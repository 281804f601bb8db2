"""Model files as the frameworks wrote them, and what these say of the models: read by every run of the tests."""

import gzip
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("models")
ANSWERS = FOLDER / "answers.json"


def save(name: str, path: Path) -> None:
    """Put a file into the folder, compressed, without the time."""
    (FOLDER / f"{name}.gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


def answers() -> dict[str, dict[str, Any]]:
    """What the frameworks say, by the names of the files."""
    found: dict[str, dict[str, Any]] = json.loads(ANSWERS.read_text())
    return found


def unpacked(name: str, folder: Path) -> Path:
    """Write a file as it was into a folder."""
    path = folder / name
    path.write_bytes(gzip.decompress((FOLDER / f"{name}.gz").read_bytes()))
    return path
