"""Reading arrays from text: CSV, and JSON with nested lists. Numbers stay text, so that their digits are kept."""

import json
import re
from typing import Any

from dlcalc.core.arrays.formats import is_number
from dlcalc.files import malformed

Lists = list[Any]  # of numbers as text, or of such lists

_SEPARATOR = re.compile(r"\s*[,;\t]\s*|\s+")
_LIST = "a list of numbers, like [[1, 2], [3, 4]]"


def csv_rows(data: bytes, name: str) -> list[list[str]]:
    r"""Read the numbers of a CSV file as text, row by row; blank lines and lines behind a # are passed over.

    Args:
        data: the content of the file, UTF-8.
        name: of the file, for errors.

    Raises:
        DlcalcError: ``malformed-file`` for what is not a number, saying where.

    >>> csv_rows(b"# z\n1,2\n3, 4\n", "z.csv")
    [['1', '2'], ['3', '4']]
    """
    rows = []
    for number, line in enumerate(_text(data, name).splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            if "," in line and ";" in line:  # 1,5;2,5 is two numbers to some, and would be read as four
                hint = "a point in decimals, and one kind of separator"
                raise malformed(name, f"both , and ; stand in line {number}", hint)
            rows.append(_SEPARATOR.split(line.strip()))
            for column, cell in enumerate(rows[-1], 1):
                if not is_number(cell):
                    problem = f"{cell[:40]!r} in line {number}, column {column} is not a number"
                    raise malformed(name, problem, "numbers alone, without a line of titles")
    return rows


def json_lists(data: bytes, name: str) -> Lists:
    """Read the numbers of a JSON text as text, in the lists that they stand in; a single number as a list of one.

    NaN and the infinities may be words in quotes, as JSON written by this package has them.

    Raises:
        DlcalcError: ``malformed-file``.

    >>> json_lists(b"[[1, 0.50], [3e-5, NaN]]", "z.json")
    [['1', '0.50'], ['3e-5', 'NaN']]
    """
    try:
        content = json.loads(_text(data, name), parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise malformed(name, f"it is not JSON ({error})", _LIST) from None
    lists: Lists = content if isinstance(content, list) else [content]
    remaining: list[Lists] = [lists]
    while remaining:
        for entry in remaining.pop():
            if isinstance(entry, list):
                remaining.append(entry)
            elif not isinstance(entry, str) or not is_number(entry):
                raise malformed(name, f"{json.dumps(entry)[:40]} is not a number", _LIST)
    return lists


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise malformed(name, "it is not text in UTF-8", "a text file in UTF-8") from None
