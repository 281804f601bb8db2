"""What is read from the words themselves: before Click acts on them too early, and after it has refused them."""

from collections.abc import Sequence

import click

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


def usage_error(error: click.UsageError, words: Sequence[str]) -> DlcalcError:
    """A refusal of Click's as an error of ours, with what to type instead where that can be told."""
    named = [word for word in words[:1] if not word.startswith("-")]  # Click's parser does not say whose option it was
    path = error.ctx.command_path if error.ctx else " ".join(("dlcalc", *named))
    option = None
    if isinstance(error, click.NoSuchOption):
        option = error.option_name.lstrip("-")
        if error.ctx and error.option_name[:2] != "--" and f"-{error.option_name}" in _options(error.ctx):
            hint = " ".join((f"-{error.option_name}", *_value_after(words, error.option_name)))
            return DlcalcError("usage", f"there is no option {error.option_name}", hint=hint, option=option)
    elif isinstance(error, click.BadParameter) and error.param is not None:
        return DlcalcError("usage", error.message, hint="one value", option=error.param.name)
    elif isinstance(error, click.BadOptionUsage):
        option = error.option_name.lstrip("-")
    return DlcalcError("usage", error.format_message(), hint=f"{path} --help", option=option)


def _options(ctx: click.Context) -> list[str]:
    return [name for parameter in ctx.command.get_params(ctx) for name in parameter.opts]


def _value_after(words: Sequence[str], option: str) -> list[str]:
    """The value that stands with an option: behind it, or joined to it."""
    for number, word in enumerate(words):
        if word == option:
            return [value for value in words[number + 1 : number + 2] if not value[:2].strip("-").isalpha()]
        if word.startswith(option):
            return [word.removeprefix(option).removeprefix("=")]
    return []
