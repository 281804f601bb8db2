"""Options that several commands share, each declared once, and a help page that shows them in groups."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from dlcalc.cli.help_page import Section

F = TypeVar("F", bound=Callable[..., Any])

Format = Literal["table", "json", "csv", "quiet"]  # how to print; -q is the last
FORMATS: tuple[Format, ...] = ("table", "json", "csv")


class Word(click.Choice[str]):
    """A choice for help and completion. Reading it is for the notation, which options and batch lines share."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Leave the value as it was typed."""
        return value


class File(click.ParamType[str]):
    """A file, or numbers in its place. Reading it is for the notation; a shell completes its name."""

    name = "file"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        """Complete the name of a file."""
        return [_file(incomplete)]


class Claim(File):
    """A claim, whose value may be a file: ``loss=losses.npy``."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        """Complete the name of a file, behind the key where there is one: no shell looks for files there."""
        from click.shell_completion import CompletionItem

        key, sign, path = incomplete.rpartition("=")
        if not sign:
            return [_file(incomplete)]
        folder, slash, begun = path.rpartition("/")
        try:
            found = sorted(os.scandir((folder + slash) or "."), key=lambda entry: entry.name)
        except OSError:
            return []
        names = [entry.name + "/" * entry.is_dir() for entry in found if entry.name.startswith(begun)]
        return [CompletionItem(f"{key}={folder}{slash}{name}") for name in names]


def _file(incomplete: str) -> "CompletionItem":
    """Ask the shell to complete the name of a file."""
    from click.shell_completion import CompletionItem

    return CompletionItem(incomplete, type="file")


class Option(click.Option):
    """An option that stands in a group of the help page."""

    def __init__(self, *args: Any, group: str = "Options", **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.group = group


def once(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> str | None:
    """Return the one value of an option; refuse two, of which one would be silently dropped."""
    if len(values) > 1:
        raise click.BadParameter(f"{param.opts[0]} is given {len(values)} times; one value is meant", ctx, param)
    return values[0] if values else None


class HelpfulCommand(click.Command):
    """A command whose help shows the options in groups, and examples that run as they stand.

    ``sections`` are further parts of the help page: a title, and terms with their meanings.
    """

    def __init__(
        self,
        *args: Any,
        examples: Sequence[str] = (),
        sections: "Mapping[str, Section] | None" = None,
        **attributes: Any,
    ) -> None:
        super().__init__(*args, **attributes)
        self.examples = examples
        self.sections = sections or {}

    def get_help(self, ctx: click.Context) -> str:
        """Write the page as wide as the terminal is."""
        from dlcalc.cli.help_page import help_of

        return help_of(self, ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Complete options, else a file name: bash parts ``--expect loss=g`` at the sign, and asks about ``g``."""
        return super().shell_complete(ctx, incomplete) or ([] if incomplete.startswith("-") else [_file(incomplete)])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, group by group."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and not isinstance(parameter, click.Argument):  # which has a section of its own
                groups.setdefault(getattr(parameter, "group", "Other"), []).append(record)
        for title, records in groups.items():
            with formatter.section(title):
                formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write further sections, what an exit code means, and the examples, each to be run as it stands."""
        from dlcalc.cli.help_page import HelpPage

        assert isinstance(formatter, HelpPage)
        for title, section in self.sections.items():
            with formatter.section(title):
                formatter.write_section(section)
        with formatter.section("Exit codes"):
            formatter.write_text("0 all is well, 1 a claim or a proof fails, 2 the question cannot be answered")
        with formatter.section("Examples"):
            for example in self.examples:
                formatter.write_example(example)


def option(*names: str, group: str, **attributes: Any) -> Callable[[F], F]:
    """Declare an option in a group of the help page: a flag, or one value. A shell completes an ARRAY or a FILE."""
    if attributes.get("metavar") in ("ARRAY", "FILE"):
        attributes.setdefault("type", File())
    if not attributes.get("is_flag") and not attributes.get("multiple"):
        attributes |= {"multiple": True, "callback": once}
    return click.option(*names, cls=Option, group=group, **attributes)


def message_option(*names: str, message: Callable[[click.Context], str], text: str) -> Callable[[F], F]:
    """Declare an option that prints a message and exits; Click's own ones look for translations, at 2 ms per start."""

    def show(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            click.echo(message(ctx))
            ctx.exit()

    return option(*names, group="Other", is_flag=True, is_eager=True, expose_value=False, help=text, callback=show)


help_option = message_option("-h", "--help", message=click.Context.get_help, text="Show this message and exit.")


def stacked(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Combine several decorators into one, in the order of the help page."""

    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


size_options = stacked(
    option("--w", "--width", "w", group="Input", metavar="INT", help="Width of the input."),
    option("--h", "--height", "h", group="Input", metavar="INT", help="Height of the input."),
    option("--depth", group="Input", metavar="INT", help="Depth of the input."),
    option("--size", group="Input", metavar="INT[xINT...]", help="All of them: 224x224, or 224 on every axis."),
)


# How a layer is written in a word.
LAYER_WORDS: "Mapping[str, Section]" = {
    "LAYERS, a word each, one after the other": (
        ("3, conv3", "a convolution with a kernel of 3; 3x5 is 3 high and 5 wide"),
        ("convt3", "a transposed convolution"),
        ("dw3, sep3", "a depthwise convolution; sep has a 1x1 convolution behind it"),
        ("max3, avg3", "a pooling; its stride is its kernel"),
        "and behind the kernel, in any order:",
        ("s2", "stride"),
        ("p1", "padding; p0:1, psame"),
        ("d2", "dilation"),
        ("o1", "output padding"),
        ("c64", "output channels"),
        ("g2", "groups"),
        ("b1, b0", "with or without a bias"),
        ("u", "ceil mode of a pooling"),
        "so that the stem of a ResNet is 7s2p3c64 bn relu max3s2p1",
        ("fc10", "a fully connected layer with 10 outputs"),
        ("gap, flatten", "a global average pooling; a vector of all there is"),
        ("aavg7, amax7", "an adaptive pooling to a size of 7"),
        ("up2", "upsampling"),
        ("shuffle2", "pixel shuffle; unshuffle2 goes back"),
        ("pad1, crop1", "zeros at both ends, or cut off; pad0:1, crop0:1"),
        ("bn ln gn8", "norms; gn8 of 8 groups"),
        ("relu, gelu", "and relu6 leaky elu selu silu mish sigmoid tanh: nothing to count"),
        ("softmax", "and hardswish hardsigmoid dropout identity: likewise"),
        "branches and blocks:",
        ("@a", "names the map that stands here"),
        ("from@a", "goes on from that map"),
        ("add@a, mul@a", "adds it to the current map, or multiplies; 1x1 maps are spread"),
        ("cat@a@b", "puts the channels of other maps behind those of the current one"),
        ("rep3 ... end", "repeats what stands between"),
        "so that a block of a ResNet is @x 3p1c64 bn relu 3p1c64 bn add@x relu",
    )
}

layers_argument = click.argument(
    "layers", nargs=-1, metavar="[LAYERS]...", callback=lambda ctx, param, words: words or None
)


def dims_option(text: str, group: str = "Input") -> Callable[[F], F]:
    """Declare ``--dims``: the axes of the input for one command, of the layer for another."""
    return option("--dims", group=group, metavar="[1|2|3]", help=text)


def layer_options(stride: str) -> Callable[[F], F]:
    """Declare the numbers of a layer with windows; ``stride`` names the default stride."""
    each = "INT[xINT...]"
    words = "same, same-upper, same-lower, valid, causal, full"
    padding = f"Padding: 1, per axis 1x2, begin:end 0:1, or {words}.  [default: 0]"
    return stacked(
        option("--k", "--kernel", "kernel", group="Layer", metavar=each, help="Kernel size."),
        option("--s", "--stride", "stride", group="Layer", metavar=each, help=f"Stride.  [default: {stride}]"),
        option("--p", "--padding", "padding", group="Layer", metavar="PADDING", help=padding),
        option("--d", "--dilation", "dilation", group="Layer", metavar=each, help="Dilation.  [default: 1]"),
    )


def framework_options(frameworks: Sequence[str]) -> Callable[[F], F]:
    """Declare the options in which frameworks differ; ``frameworks`` are the names that ``--framework`` takes."""
    return stacked(
        option(
            "--output-padding",
            group="Layer",
            metavar="INT[xINT...]",
            help="Extra output of a transposed layer; in Keras 0 is not the same as none.",
        ),
        option(
            "--framework",
            group="Layer",
            type=Word(frameworks),
            help="Whose rules hold; torch, keras, tf, ort are read too.  [default: pytorch]",
        ),
    )


def network_options(about: str) -> Callable[[F], F]:
    """Declare what is asked of LAYERS alone; ``about`` are the options that ``--at`` goes with."""
    return stacked(
        option(
            "--at", group="Answer", metavar="LAYER", help=f"The layer, like conv2 in the table, that {about} about."
        ),
        option("--summary", is_flag=True, group="Answer", help="Of LAYERS show the repeated blocks and totals only."),
    )


output_options = stacked(
    option("-o", "--output", group="Output", metavar="FILE", help="Write the result to a file."),
    option("--force", is_flag=True, group="Output", help="Replace the file if it exists."),
)

strictness_options = stacked(
    option("--rtol", group="Answer", metavar="R", help="With --expect: relative tolerance, in place of the format's."),
    option("--atol", group="Answer", metavar="A", help="With --expect: absolute tolerance, likewise."),
    option("--exact", is_flag=True, group="Answer", help="With --expect: each number within half an ulp."),
)

answer_options = stacked(
    option(
        "--explain", is_flag=True, group="Answer", help="Show the formulas, the numbers in them, and why (table, JSON)."
    ),
    option(
        "--check", is_flag=True, group="Answer", help="Prove the answer by an independent method; exit 1 if it fails."
    ),
    option(
        "--expect",
        multiple=True,
        group="Answer",
        metavar="[KEY=]VALUE",
        type=Claim(),
        help=("Judge a claimed answer and name the mistake behind a wrong one; without KEY= the headline. Repeatable."),
    ),
    option(
        "--batch",
        group="Answer",
        metavar="FILE",
        help="Answer one question a line, in JSON, its keys the long option names; - is stdin.",
    ),
    option("--format", group="Output", type=Word(FORMATS), help="How to print.  [default: table; of a batch, json]"),
    option("--json", is_flag=True, group="Output", help="The same as --format json: one object on one line."),
    option("-q", "--quiet", is_flag=True, group="Output", help="The bare answer and nothing else."),
    help_option,
)
