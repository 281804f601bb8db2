"""What must be read from the words before Click sees them, because Click would act on them too early or too late."""

from collections.abc import Sequence

from dlcalc.core.errors import DlcalcError


def wants_json(words: Sequence[str]) -> bool:
    """Whether an error is to be JSON; known even where the options cannot be parsed.

    >>> wants_json(["conv-shape", "--format", "json"]), wants_json(["conv-shape", "--batch", "-"]), wants_json(["-q"])
    (True, True, False)
    """
    for number, word in enumerate(words):
        if word in ("--json", "--batch", "--format=json") or word.startswith("--batch="):
            return True
        if word == "--format" and words[number + 1 : number + 2] == ["json"]:
            return True
    return False


def refuse_misread_help(words: Sequence[str]) -> None:
    """``-h 160`` would print the help, and somebody meant the height.

    Raises:
        DlcalcError: ``usage``.
    """
    for number, word in enumerate(words[1:], 1):
        if not word.startswith("-h") or word.startswith("-help"):
            continue
        value = word[2:].removeprefix("=") or (words[number + 1] if number + 1 < len(words) else "")
        if value[:1].isdigit():
            raise DlcalcError("usage", f"-h is for help, and {value!r} follows it", hint=f"--h {value}", option="h")
