"""An error as the command line says it: a hint in options, or in the letters of a layer word."""

from collections.abc import Callable, Sequence

from dlcalc.core.errors import DlcalcError, Fix

# What an option is called in a layer word.
_IN_WORDS = {
    "kernel": "a kernel of ",
    "stride": "s",
    "padding": "p",
    "dilation": "d",
    "output_padding": "o",
    "groups": "g",
    "group_norm": "gn",
    "c_out": "c",
    "features": "fc",
}


def wants_json(words: Sequence[str]) -> bool:
    """Tell whether errors are to be JSON, even where the options cannot be parsed.

    >>> wants_json(["conv-shape", "--format", "json"]), wants_json(["conv-shape", "--batch", "-"]), wants_json(["-q"])
    (True, True, False)
    """
    for number, word in enumerate(words):
        if word in ("--json", "--batch", "--format=json") or word.startswith("--batch="):
            return True
        if word == "--format" and words[number + 1 : number + 2] == ["json"]:
            return True
    return False


def as_dict(error: DlcalcError) -> dict[str, str]:
    """Give the error as JSON shows it; what is not known is left out.

    >>> as_dict(DlcalcError("invalid-value", "stride 0 is less than 1", hint=[Fix("stride", 1)]))["hint"]
    '--stride 1'
    """
    fields = {"code": error.code, "message": error.message, "hint": hint(error), "option": error.option}
    return {key: value for key, value in fields.items() if value is not None}


def in_words(error: DlcalcError, width: int | None, where: str = "") -> str:
    """Write the error in words, for a stderr of so many columns; ``where`` tells it from others."""
    from dlcalc.report.paragraph import wrapped

    said = hint(error)
    lines = [f"{where}error: {error.message} [{error.code}]", *([f"hint: {said}"] if said else [])]
    return "".join(wrapped(line, width) + "\n" for line in lines)


def hint(error: DlcalcError) -> str | None:
    """Write the hint as it is typed on the command line, or None; about a layer word, in the letters of words.

    >>> hint(DlcalcError("invalid-value", "stride 0 is less than 1", hint=[Fix("stride", 1)], option="layers"))
    's1'
    """
    spell: Callable[[Fix], str] = _in_word if error.option == "layers" else _as_option
    return "".join(spell(part) if isinstance(part, Fix) else part for part in error.advice) or None


def _as_option(fix: Fix) -> str:
    option = "--" + fix.argument.replace("_", "-")
    return option if fix.value is None else f"{option} {_typed(fix.value)}"


def _in_word(fix: Fix) -> str:
    letter = _IN_WORDS.get(fix.argument)
    return _as_option(fix) if letter is None else f"{letter}{_typed(fix.value)}"


def _typed(value: object, inner: bool = False) -> str:
    """Write a value as it is typed: ``3x5`` per axis, ``0:1`` for both sides of a padding, ``1,2/3,4`` for rows."""
    if isinstance(value, tuple):
        return (":" if inner else "x").join(_typed(entry, inner=True) for entry in value)
    if isinstance(value, list):
        return ("/" if isinstance(value[0], list) else ",").join(map(_typed, value))
    return str(value).replace("e-0", "e-") if isinstance(value, float) else str(value)
