"""The command line: the group of commands and the one place where an error becomes words and an exit code."""

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import click

from dlcalc import __version__
from dlcalc.cli.options import help_option, message_option
from dlcalc.core.errors import DlcalcError, failure, lacks_memory, out_of_memory

COMMANDS = ("conv-shape", "conv-params", "softmax-grad", "bn-fold")  # in the order of the help page


class _ClosedPipeError(Exception):
    """The reader of the output has gone. Click would turn the OSError itself into exit code 1."""


class _Commands(click.Group):
    """The group of commands; each is imported when it is called."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Resolve a command as Click does, but name the commands that there are in a refusal."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from dlcalc.core.spelling import one_of

            hint = "dlcalc --help" if args[0] == "help" else one_of(args[0], COMMANDS)
            raise DlcalcError("usage", f"there is no command {args[0]!r}", hint=hint)
        return super().resolve_command(ctx, args)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Parse as Click does, but keep a closed pipe from becoming exit code 1."""
        try:
            return super().make_context(*args, **extra)
        except BrokenPipeError:
            raise _ClosedPipeError from None

    def invoke(self, ctx: click.Context) -> Any:
        """Call as Click does, but keep a closed pipe from becoming exit code 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _ClosedPipeError from None

    def get_help(self, ctx: click.Context) -> str:
        """Write the help page as wide as the terminal is."""
        from dlcalc.cli.help_page import help_of

        return help_of(self, ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command; None for an unknown one."""
        if cmd_name == "conv-shape":
            from dlcalc.cli.conv_shape import command
        elif cmd_name == "conv-params":
            from dlcalc.cli.conv_params import command
        elif cmd_name == "softmax-grad":
            _room_for_numpy()
            from dlcalc.cli.softmax_grad import command
        elif cmd_name == "bn-fold":
            _room_for_numpy()
            from dlcalc.cli.bn_fold import command
        else:
            return None
        return command


def _room_for_numpy() -> None:
    """Ask for the memory that NumPy is loaded with: where there is none, its linear algebra ends the program itself.

    Raises:
        MemoryError: there is none.
    """
    bytes(112 << 20)  # never touched, and given back at once


@click.group(cls=_Commands)
@message_option("--version", message=lambda _: f"dlcalc {__version__}", text="Show the version and exit.")
@help_option
def dlcalc() -> None:
    """A calculator and verifier for the arithmetic of deep learning.

    Every answer can be proved with --check, and every claim judged with --expect, which names the mistake.
    """


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 a verification failed, 2 not answered."""
    words = list(sys.argv[1:] if args is None else args)
    try:
        _prepare_streams()
        try:
            refuse_misread_help(words)
            code = dlcalc.main(words, prog_name="dlcalc", standalone_mode=False)
            sys.stdout.flush()
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            return 2
        except click.UsageError as error:
            named = dlcalc.get_command(click.Context(dlcalc), words[0]) if words else None
            raise usage_error(error, words, named) from None
        return int(code or 0)
    except DlcalcError as error:
        return _refuse(error, words)
    except (KeyboardInterrupt, click.Abort):
        return _silence(130)
    except (BrokenPipeError, _ClosedPipeError):
        return _silence(141)
    except OSError as error:
        if lacks_memory(error):
            return _refuse(out_of_memory(), words)
        reason = error.strerror or str(error)
        _silence(2)
        message = f"the output cannot be written: {reason}"
        return _refuse(DlcalcError("write-failed", message, hint="a place with room, or a smaller question"), words)
    except click.exceptions.Exit as done:
        return done.exit_code
    except Exception as error:  # no memory, or a bug, and still no traceback for the user
        error.with_traceback(None)  # which holds all that has been computed
        return _refuse(failure(error), words)


def _prepare_streams() -> None:
    """Make every character writable on stdout, and refuse a stdout that is closed."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")
    if sys.stdout is None:
        raise DlcalcError("write-failed", "stdout is closed", hint="redirect it to a file or a pipe")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _refuse(error: DlcalcError, words: Sequence[str]) -> int:
    """Say an error on stderr, as JSON where JSON was asked for."""
    from dlcalc.report.errors import in_words, wants_json

    if wants_json(words):
        from dlcalc.report.json_lines import error_line

        text = error_line(error) + "\n"
    else:
        from dlcalc.report.paragraph import columns

        text = in_words(error, columns(sys.stderr))
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        return _silence(2)
    return 2


def _silence(code: int) -> int:
    """Keep the interpreter from complaining when it closes a stdout that has no reader."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


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
        meant = _option_meant(error) if error.ctx else None
        return DlcalcError("usage", f"there is no option {error.option_name}", hint=meant or hint, option=option)
    if isinstance(error, click.BadParameter) and error.param is not None:
        return DlcalcError("usage", error.message, hint="one value", option=error.param.name)
    if isinstance(error, click.BadOptionUsage):
        option = _name(error.option_name, command)
    return DlcalcError("usage", error.format_message(), hint=hint, option=option)


def _name(option: str, command: click.Command | None) -> str:
    """Give the name by which all errors call an option: ``--k`` is kernel, ``--ceil-mode`` is ceil_mode."""
    known = {typed: parameter.name for parameter in (command.params if command else ()) for typed in parameter.opts}
    return known.get(option) or option.lstrip("-").replace("-", "_")


def _options(ctx: click.Context) -> list[str]:
    parameters = ctx.command.get_params(ctx)
    return [name for parameter in parameters for name in (*parameter.opts, *parameter.secondary_opts)]


def _option_meant(error: click.NoSuchOption) -> str | None:
    """Write the option that is meant, or the commands that have such an option."""
    from dlcalc.core.spelling import did_you_mean

    ctx, typed = error.ctx, error.option_name
    assert ctx is not None
    if ctx.parent is not None and isinstance(ctx.parent.command, click.Group):
        group = ctx.parent.command
        commands = [group.get_command(ctx.parent, name) for name in group.list_commands(ctx.parent)]
        having = [command.name or "" for command in commands if command and _has(command, typed)]
        if having:
            *others, last = having
            return "it is an option of " + (f"{', '.join(others)} and {last}" if others else last)
    known = {option.lstrip("-"): option for option in _options(ctx)}
    meant = did_you_mean(typed.lstrip("-"), known)
    return f"did you mean {known[meant]}?" if meant else None


def _has(command: click.Command, option: str) -> bool:
    return any(option in (*parameter.opts, *parameter.secondary_opts) for parameter in command.params)


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
