"""The one exception of the package, and the caveats that an answer may carry without being wrong."""

import errno
from collections.abc import Sequence
from functools import partial
from typing import Literal, NamedTuple

ErrorCode = Literal[
    "usage",
    "invalid-value",
    "kernel-exceeds-input",
    "unsupported-by-framework",
    "padding-too-large",
    "output-padding-too-large",
    "groups-do-not-divide",
    "empty-output",
    "no-solution",
    "too-many-questions",
    "shape-mismatch",
    "label-out-of-range",
    "no-valid-rows",
    "no-finite-logit",
    "not-enough-samples",
    "invalid-statistics",
    "file-not-found",
    "file-unreadable",
    "malformed-file",
    "unsafe-file",
    "unsupported-file",
    "unsupported-dtype",
    "certificate-failed",
    "output-exists",
    "write-failed",
    "missing-dependency",
    "out-of-memory",
    "internal-error",
]

NoticeCode = Literal[
    "affine-overflow",
    "backend-refuses",
    "channels-in-size",
    "crops-input",
    "declared-shape-differs",
    "entries-left-out",
    "field-exceeds-input",
    "field-unknown",
    "gradient-overflows",
    "implementations-differ",
    "infinite-loss",
    "layout-assumed",
    "logits-look-like-probabilities",
    "momentum-looks-reversed",
    "needs-crop-layer",
    "needs-pad-layer",
    "open-dimension",
    "folded-overflow",
    "folded-subnormal",
    "gamma-zero",
    "negative-variance",
    "no-valid-rows",
    "same-ignores-dilation",
    "start-value-left",
    "stored-by-column",
    "target-negative",
    "target-not-normalized",
    "total-size-differs",
    "uint16-read-as-bfloat16",
    "unbounded",
    "uneven-overlap",
    "unread-output",
    "unused-name",
    "variance-below-eps",
    "weights-not-counted",
]


class Fix(NamedTuple):
    """An argument and a value for it, as part of a hint: each interface writes it as its user would type it.

    The library writes ``kernel=3``, the command line ``--kernel 3``, a layer word ``a kernel of 3``.

    Attributes:
        argument: the name of the argument, in snake_case.
        value: a legal value; per axis a tuple, of paddings one of (begin, end) pairs; of an array a list. None names
            the argument alone.
    """

    argument: str
    value: object = None

    def __str__(self) -> str:
        """The fix as Python writes it.

        >>> str(Fix("padding", ((0, 1),))), str(Fix("ceil_mode"))
        ('padding=((0, 1),)', 'ceil_mode')
        """
        return self.argument if self.value is None else f"{self.argument}={self.value!r}"


Advice = Sequence[str | Fix]


class DlcalcError(Exception):
    """A question that cannot be answered.

    Args:
        code: the rule that was broken, e.g. ``"kernel-exceeds-input"``. Codes are stable: scripts may depend on them.
        message: the bad value and the rule that it breaks.
        hint: the nearest legal value, or what to do instead; in parts where it names arguments.
        option: the long name of the option that carried the value, in snake_case.

    >>> error = DlcalcError("invalid-value", "stride 0 is less than 1", hint=Fix("stride", 1), option="stride")
    >>> error.code, str(error), error.hint
    ('invalid-value', 'stride 0 is less than 1', 'stride=1')
    """

    def __init__(
        self, code: ErrorCode, message: str, *, hint: str | Fix | Advice | None = None, option: str | None = None
    ) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.message = message
        self.advice: Advice = () if hint is None else (hint,) if isinstance(hint, str | Fix) else tuple(hint)
        self.option = option

    def __reduce__(self) -> tuple[partial["DlcalcError"], tuple[()]]:
        """Let the error pass from one process to another, which exceptions with keywords do not by themselves."""
        return partial(type(self), self.code, self.message, hint=self.advice, option=self.option), ()

    @property
    def hint(self) -> str | None:
        """The hint as a Python caller types it, or None."""
        return "".join(map(str, self.advice)) or None


class Notice(NamedTuple):
    """A caveat about an answer: a stable code, and a sentence."""

    code: NoticeCode
    message: str


def alternatives(argument: str, values: Sequence[object]) -> Advice:
    """The hint that names several values of one argument: ``kernel=1 or kernel=3``.

    >>> "".join(map(str, alternatives("kernel", (1, 3))))
    'kernel=1 or kernel=3'
    """
    parts: list[str | Fix] = []
    for value in values:
        parts += [" or ", Fix(argument, value)] if parts else [Fix(argument, value)]
    return parts


# What the interpreter and the loader of libraries say besides MemoryError where memory ends.
_NO_MEMORY = ("Cannot allocate memory", "failed to map segment", "can't start new thread", "Unable to allocate")


def lacks_memory(error: BaseException) -> bool:
    """Tell whether an error, or one that it came of, is that there is no memory, or none for another thread.

    >>> lacks_memory(ImportError("numpy.so: failed to map segment from shared object")), lacks_memory(KeyError("w"))
    (True, False)
    """
    # The interpreter loses some, "error without exception set", and takes others for a fault of what it compiles.
    while not isinstance(error, MemoryError | SystemError | SyntaxError):
        if isinstance(error, OSError) and error.errno == errno.ENOMEM:
            return True
        if isinstance(error, ImportError | RuntimeError) and any(text in str(error) for text in _NO_MEMORY):
            return True
        before = error.__cause__ or error.__context__
        if before is None:
            return False
        error = before
    return True


def out_of_memory() -> DlcalcError:
    """Make the error for what does not fit into memory."""
    return DlcalcError(
        "out-of-memory", "there is not enough memory for this", hint="a smaller question, or a higher limit of memory"
    )


def failure(error: BaseException) -> DlcalcError:
    """Turn what nobody expected into one line, so that no traceback reaches a user: no memory, or a bug."""
    if lacks_memory(error):
        return out_of_memory()
    message = f"dlcalc has failed ({type(error).__name__}: {error})"
    return DlcalcError("internal-error", message, hint="please report it, with the command")
