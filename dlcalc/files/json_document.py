"""Reading JSON that a file carries: an object, of bounded size, without duplicate keys."""

import json
from typing import Any

from dlcalc.core.errors import DlcalcError
from dlcalc.files import first_line, malformed

MAX_BYTES = 100_000_000
MAX_TOKENS = 2_000_000  # lists, objects and entries, each of which takes some 100 bytes when it is read


class _RepeatedKeyError(Exception):
    """A key that stands twice in an object, of which each reader would take another."""


def document(data: bytes, name: str, hint: str) -> dict[str, Any]:
    r"""Read an object of JSON.

    Args:
        data: UTF-8 text, at most ``MAX_BYTES`` long.
        name: what it stands in, for errors.
        hint: what would write such a file right.

    Raises:
        DlcalcError: ``malformed-file``, and ``unsafe-file`` for more entries than anybody needs.

    >>> document(b'{"a": [1, 2]}', "x.json", "...")
    {'a': [1, 2]}
    """
    if sum(map(data.count, (b",", b"[", b"{"))) > MAX_TOKENS:
        message = f"{name}: its JSON has more than {MAX_TOKENS:,} entries"
        raise DlcalcError("unsafe-file", message, hint="fewer tensors, or less metadata")
    try:
        content = json.loads(data.decode(), object_pairs_hook=_unique, parse_constant=_refuse)
    except _RepeatedKeyError as error:
        raise malformed(name, f"its JSON has the key {error.args[0]} twice", hint) from None
    except RecursionError:
        raise malformed(name, "its JSON is nested too deeply", hint) from None
    except UnicodeDecodeError:
        raise malformed(name, "its JSON is not UTF-8", hint) from None
    except ValueError as error:
        raise malformed(name, f"it holds no JSON ({first_line(error)})", hint) from None
    if not isinstance(content, dict):
        raise malformed(name, "its JSON is no object", hint)
    return content


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _RepeatedKeyError(quoted(key))
            seen.add(key)
    return members


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def quoted(name: str) -> str:
    """Quote a name that a file gives, cut where it is long; what is not printable is escaped.

    >>> quoted("conv1.weight"), len(quoted("x" * 1000))
    ("'conv1.weight'", 85)
    """
    return repr(name) if len(name) <= 80 else f"{name[:80]!r}..."
