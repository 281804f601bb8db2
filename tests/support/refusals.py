"""What must be refused, and with which error."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import pytest

from dlcalc.core.errors import DlcalcError

Code = TypeVar("Code")


def refused(call: Callable[..., object], *values: object, **options: object) -> DlcalcError:
    """The error of a call that must not succeed; there is a hint in every one."""
    with pytest.raises(DlcalcError) as caught:
        call(*values, **options)
    assert caught.value.hint
    return caught.value


def cause(call: Callable[..., object], *values: object, **options: object) -> tuple[str, str | None]:
    """Its code, and the option that is at fault."""
    error = refused(call, *values, **options)
    return error.code, error.option


def rows(by_code: Mapping[Code, Sequence[Any]]) -> list[tuple[Any, Code]]:
    """The values of a table by the code of their error, or by another outcome, each with it."""
    return [(value, code) for code, values in by_code.items() for value in values]


def by_option(by_code: Mapping[str, Sequence[dict[str, object]]]) -> list[tuple[dict[str, object], str, str]]:
    """The options of a question in a table by code: each with its code and the option at fault, which is its last."""
    return [(raw, code, [*raw][-1]) for raw, code in rows(by_code)]
