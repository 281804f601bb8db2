"""The notation of a number as text, for whatever reads one: typed, in CSV, in JSON."""

import re

# Not \d+\.?\d*, which takes the square of a text's length to find that it is no number.
_NUMBER = r"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|inf|infinity|nan)"
_match = re.compile(_NUMBER, re.IGNORECASE | re.ASCII).fullmatch


def is_number(text: str) -> bool:
    """Tell whether a text is one real number that ``float`` reads: decimal, in plain digits, or ``inf`` or ``nan``.

    >>> [is_number(text) for text in ("-1.5e-3", ".5", "5.", "-Infinity", "NaN")]
    [True, True, True, True, True]
    >>> [is_number(text) for text in ("", " 5", "1_0", "0x1", "e5", "5,")]
    [False, False, False, False, False, False]
    """
    return _match(text) is not None
