"""Arrays as text: CSV, and JSON with nested lists."""

import json
import re
from typing import Any

from dlcalc.core.errors import DlcalcError

_SEPARATOR = re.compile(r"\s*[,;\t]\s*|\s+")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:inf|infinity|nan)", re.IGNORECASE)


def csv_rows(data: bytes, name: str) -> list[list[str]]:
    r"""The numbers of a CSV file as text, row by row; blank lines and lines behind a # are passed over.

    Raises:
        DlcalcError: ``malformed-file`` for what is not a number, saying where.

    >>> csv_rows(b"# z\n1,2\n3, 4\n", "z.csv")
    [['1', '2'], ['3', '4']]
    """
    rows = []
    for number, line in enumerate(_text(data, name).splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            rows.append(_SEPARATOR.split(line.strip()))
            for column, cell in enumerate(rows[-1], 1):
                if not _NUMBER.fullmatch(cell):
                    message = f"{name}: {cell[:40]!r} in line {number}, column {column} is not a number"
                    raise DlcalcError("malformed-file", message, hint="numbers alone, without a line of titles")
    return rows


def json_value(data: bytes, name: str) -> Any:
    """The value of a JSON text.

    Raises:
        DlcalcError: ``malformed-file``.

    >>> json_value(b"[[1, 2], [3, 4]]", "z.json")
    [[1, 2], [3, 4]]
    """
    try:
        return json.loads(_text(data, name))
    except (ValueError, RecursionError) as error:
        raise DlcalcError(
            "malformed-file", f"{name}: it is not JSON ({error})", hint="a list, like [[1, 2], [3, 4]]"
        ) from None


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DlcalcError("malformed-file", f"{name}: it is not text in UTF-8", hint="a text file in UTF-8") from None
