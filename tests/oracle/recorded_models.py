"""Model files as the frameworks wrote them, and what these say of the models: read by every run of the tests."""

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("models")
ANSWERS = FOLDER / "answers.json"


def save(name: str, path: Path) -> None:
    """Put a file into the folder, compressed, without the time, and without the lines of code that traces name."""
    (FOLDER / f"{name}.gz").write_bytes(gzip.compress(_without_traces(path), 9, mtime=0))


def _without_traces(path: Path) -> bytes:
    """A file whose graphs do not say in which file on which machine each operation was written."""
    made = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w") as new:
        for member in old.infolist():
            content = old.read(member)
            if member.filename.endswith(".json"):
                content = json.dumps(_without(json.loads(content), "stack_trace"), separators=(",", ":")).encode()
            entry = zipfile.ZipInfo(member.filename, member.date_time)
            entry.compress_type = member.compress_type
            new.writestr(entry, content)
    return made.getvalue()


def _without(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return {name: _without(entry, key) for name, entry in value.items() if name != key}
    return [_without(entry, key) for entry in value] if isinstance(value, list) else value


def answers() -> dict[str, dict[str, Any]]:
    """What the frameworks say, by the names of the files."""
    found: dict[str, dict[str, Any]] = json.loads(ANSWERS.read_text())
    return found


def unpacked(name: str, folder: Path) -> Path:
    """Write a file as it was into a folder."""
    path = folder / name
    path.write_bytes(gzip.decompress((FOLDER / f"{name}.gz").read_bytes()))
    return path
