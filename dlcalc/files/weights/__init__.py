"""Files of weights: what tensors they hold, and where, from their headers alone. Nothing in them is believed."""

import re
from collections.abc import Iterable, Sequence
from math import prod

from dlcalc.files import malformed
from dlcalc.files.json_document import quoted

MAX_NAME = 10_000
_DIGITS = 6  # of the number of a layer
MAX_AXES = 64
MAX_ENTRIES = 1 << 63


def trusted_shape(shape: object, name: str, tensor: str, hint: str) -> tuple[int, ...]:
    """Return a shape that a file says, if it can be one.

    Raises:
        DlcalcError: ``malformed-file``.

    >>> trusted_shape([2, 3], "x.safetensors", "weight", "...")
    (2, 3)
    """
    extents: Sequence[object] = shape if isinstance(shape, list | tuple) and len(shape) <= MAX_AXES else (None,)
    whole = [extent for extent in extents if type(extent) is int and 0 <= extent < MAX_ENTRIES]
    if len(whole) < len(extents):
        raise malformed(name, f"the shape of {quoted(tensor)} is not a list of whole numbers from 0 on", hint)
    if prod([extent or 1 for extent in whole]) >= MAX_ENTRIES:
        raise malformed(name, f"the shape of {quoted(tensor)} has more entries than can be addressed", hint)
    return tuple(whole)


def by_number(names: Iterable[str], path: str, hint: str) -> list[str]:
    """Sort names so that layer 10 stands behind layer 9.

    Raises:
        DlcalcError: ``malformed-file`` for a name too long for one.

    >>> by_number(["layer.10.weight", "layer.9.weight", "bias"], "x.safetensors", "...")
    ['bias', 'layer.9.weight', 'layer.10.weight']
    """

    def padded(name: str) -> str:
        if len(name) > MAX_NAME:
            raise malformed(path, f"the name {quoted(name)} has {len(name):,} characters", hint)
        return re.sub("[0-9]+", lambda digits: digits[0].zfill(_DIGITS), name)

    return sorted(names, key=padded)
