"""Reads the typed words themselves: before Click acts on them too early, and after a refusal of Click's."""

from collections.abc import Sequence

import click

from dlcalc.core.errors import DlcalcError


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


def refuse_misread_help(words: Sequence[str]) -> None:
    """Refuse ``-h 160``, which would print the help where the height is meant.

    Raises:
        DlcalcError: ``usage``.
    """
    for number, word in enumerate(words[1:], 1):
        if not word.startswith("-h") or word.startswith("-help"):
            continue
        value = word[2:].removeprefix("=") or (words[number + 1] if number + 1 < len(words) else "")
        if value[:1].isdigit():
            raise DlcalcError("usage", f"-h is for help, and {value!r} follows it", hint=f"--h {value}", option="h")


def internal_error(error: Exception) -> DlcalcError:
    """Turn a bug into one line, so that no traceback reaches a user."""
    message = f"dlcalc has failed ({type(error).__name__}: {error})"
    return DlcalcError("internal-error", message, hint="please report it, with the command")


def usage_error(error: click.UsageError, words: Sequence[str], command: click.Command | None) -> DlcalcError:
    """Translate a refusal of Click's into a ``DlcalcError``, with a hint what to type instead where that can be told.

    Args:
        error: what Click raised; its parser does not say whose option it was about.
        words: what was typed.
        command: the command that it was typed for, if there is one.
    """
    path = error.ctx.command_path if error.ctx else f"dlcalc {command.name}" if command else "dlcalc"
    hint, option = f"{path} --help", None
    if isinstance(error, click.NoSuchOption):
        option = error.option_name.lstrip("-")
        if error.ctx and not error.option_name.startswith("--"):
            double = _with_two_dashes(words, error.option_name, _options(error.ctx))
            if double:
                return DlcalcError("usage", f"there is no option {error.option_name}", hint=double, option=option)
    elif isinstance(error, click.BadParameter) and error.param is not None:
        return DlcalcError("usage", error.message, hint="one value", option=error.param.name)
    elif isinstance(error, click.BadOptionUsage):
        option = _name(error.option_name, command)
    return DlcalcError("usage", error.format_message(), hint=hint, option=option)


def _name(option: str, command: click.Command | None) -> str:
    """Give the name by which all errors call an option: ``--k`` is kernel, ``--ceil-mode`` is ceil_mode."""
    known = {typed: parameter.name for parameter in (command.params if command else ()) for typed in parameter.opts}
    return known.get(option) or option.lstrip("-").replace("-", "_")


def _options(ctx: click.Context) -> list[str]:
    return [name for parameter in ctx.command.get_params(ctx) for name in parameter.opts]


def _with_two_dashes(words: Sequence[str], letter: str, options: Sequence[str]) -> str | None:
    """Spell ``-k 3``, ``-k3``, ``-k=3`` or ``-kernel 3`` with two dashes, if there is such an option."""
    number, word = next((pair for pair in enumerate(words) if pair[1].startswith(letter)), (0, ""))
    name, equals, value = word.partition("=")
    if f"-{name}" not in options:
        joined = name.removeprefix(letter)
        if f"-{letter}" not in options or not joined[:1].isdigit():
            return None
        return f"-{letter} {joined}{equals}{value}"
    following = list(words[number + 1 : number + 2])
    if equals:
        following = [value]
    elif following and following[0].startswith("-") and not following[0][1:2].isdigit():
        following = []
    return " ".join((f"-{name}", *following))
