"""Writes the pages of docs/ that repeat what tables of the code say: codes.md and frameworks.md.

    python -m docs.generate

A test compares the pages with what this script writes, so that a new code without its sentence does not pass.
"""

from collections.abc import Callable
from pathlib import Path

from docs import codes, frameworks

PAGES: dict[str, Callable[[], str]] = {"codes.md": codes.page, "frameworks.md": frameworks.page}


def main() -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        (Path(__file__).parent / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
