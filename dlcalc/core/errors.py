"""The one exception of the package, and what is worth a warning without being one."""

from typing import NamedTuple


class DlcalcError(Exception):
    """A question that cannot be answered.

    Args:
        code: which rule was broken, e.g. ``"kernel-exceeds-input"``. Codes are stable: scripts may depend on them.
        message: the bad value and the rule that it breaks.
        hint: the nearest legal value, or what to do instead.
        option: the long name of the option that carried the value, in snake_case.

    >>> error = DlcalcError("invalid-value", "stride 0 is less than 1", hint="--stride 1", option="stride")
    >>> error.code, str(error)
    ('invalid-value', 'stride 0 is less than 1')
    """

    def __init__(self, code: str, message: str, *, hint: str | None = None, option: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.option = option

    def as_dict(self) -> dict[str, str]:
        """The error as JSON shows it; what is not known is left out."""
        fields = {"code": self.code, "message": self.message, "hint": self.hint, "option": self.option}
        return {key: value for key, value in fields.items() if value is not None}


class Notice(NamedTuple):
    """Something that the reader of an answer should know."""

    code: str
    message: str
