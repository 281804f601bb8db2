"""``dlcalc conv-params``."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from dlcalc.cli.command import Command, Mode, number_claims
from dlcalc.cli.driver import run
from dlcalc.cli.options import (
    LAYER_WORDS,
    HelpfulCommand,
    Word,
    answer_options,
    dims_option,
    framework_options,
    layer_options,
    layers_argument,
    network_options,
    option,
    size_options,
    stacked,
)
from dlcalc.core import conv_params as engine
from dlcalc.core.conv.layer import FRAMEWORKS
from dlcalc.core.params.question import DTYPES, KINDS, ParamsQuestion
from dlcalc.notation import conv_params as notation
from dlcalc.report.conv_params.view import VIEW

if TYPE_CHECKING:
    from dlcalc.core.evidence.claim import Claim, Verdict
    from dlcalc.core.params.count import ConvParams
    from dlcalc.core.params.variants import Comparison
    from dlcalc.core.weights.answer import StoredParams
    from dlcalc.core.weights.question import WeightsQuestion

EXAMPLES = (
    "dlcalc conv-params --k 3 --c-in 64 --c-out 128",
    "dlcalc conv-params --k 3 --c-in 64 --c-out 128 --w 56 --p 1 --explain",
    "dlcalc conv-params --k 3 --c-in 32 --c-out 32 --groups 32 --bias --dtype float16 --json",
    "dlcalc conv-params --k 4 --c-in 16 --c-out 8 --kind transposed --w 14 --s 2 --p 1 --check",
    "dlcalc conv-params --kind linear --c-in 4096 --c-out 1000 --bias --n 32 -q",
    "dlcalc conv-params --k 3 --c-in 64 --c-out 128 --w 56 --p 1 --expect 73728 --expect macs=231211008",
    "dlcalc conv-params --k 3 --c-in 64 --c-out 128 --w 56 --p 1 --compare",
    "dlcalc conv-params --c-in 3 --w 224 7s2p3c64 bn max3s2p1",
    "dlcalc conv-params --c-in 3 --w 32 --bias 3p1c16 max2 dw3p1 1c32 max2 gap fc10 --check",
    "dlcalc conv-params --c-in 64 --w 56 rep3 @x 3p1c64 bn relu 3p1c64 bn add@x relu end --summary",
    "dlcalc conv-params --k 1,3,5 --c-in 64 --c-out 64,128",
    "dlcalc conv-params --model gpt2.safetensors --summary",
    """echo '{"k": 3, "c_in": 64, "c_out": 128, "expect": 73728}' | dlcalc conv-params --batch -""",
)


def _compare() -> Mode[ParamsQuestion, "Comparison"]:
    from dlcalc.core.params.variants import compare
    from dlcalc.report.conv_params.variants import VIEW as view  # noqa: N811

    return Mode(notation.question, compare, view)


COMMAND = Command(
    notation.KEYS,
    notation.question,
    notation.merged,
    number_claims,
    engine,
    VIEW,
    modes={"compare": _compare},
    sweepable=notation.SWEEPABLE,
    restated=notation.restated,
)


def _of_weights() -> Command["WeightsQuestion", "StoredParams", "Mapping[str, Sequence[str]]", "Claim", "Verdict"]:
    """Make the command that answers about a file of weights; what it needs is loaded when it is asked for."""
    from dlcalc.core import stored_weights
    from dlcalc.jobs.weights import load_weights
    from dlcalc.report.conv_params.stored import VIEW as view  # noqa: N811

    return Command(
        notation.FILE_KEYS,
        lambda raw: notation.weights_question(raw, load_weights),
        notation.merged,
        number_claims,
        stored_weights,
        view,
    )


def _of_model() -> "Command[ParamsQuestion, ConvParams, Mapping[str, Sequence[str]], Claim, Verdict]":
    """Make the command that answers about a model file; what it needs is loaded when it is asked for."""
    from dlcalc.jobs.models import load_graph
    from dlcalc.notation.models.question import params_question

    keys = {**notation.KEYS, "model": ()}
    return Command(
        keys,
        lambda raw: params_question(raw, load_graph),
        lambda _, own: own,
        number_claims,
        engine,
        VIEW,
        COMMAND.modes,
    )


channel_options = stacked(
    option("--c-in", "--in-channels", "c_in", group="Layer", metavar="INT", help="Channels of the input."),
    option("--c-out", "--out-channels", "c_out", group="Layer", metavar="INT", help="Channels of the output."),
    option("--g", "--groups", "groups", group="Layer", metavar="INT", help="Groups of channels.  [default: 1]"),
    option(
        "--bias/--no-bias",
        is_flag=True,
        default=None,
        group="Layer",
        help="Whether each output channel has a bias.  [default: no bias]",
    ),
)


@click.command(
    "conv-params",
    cls=HelpfulCommand,
    examples=EXAMPLES,
    sections=LAYER_WORDS,
    short_help="Parameters, multiply-accumulates and memory of a layer or a network of layers.",
)
@layers_argument
@layer_options("1")
@channel_options
@dims_option("How many axes the layer has.  [default: 2]", group="Layer")
@option("--ceil-mode", is_flag=True, group="Layer", help="Round the number of a pooling's windows up, in LAYERS.")
@option("--kind", group="Layer", type=Word(KINDS), help="Kind of layer.  [default: conv]")
@option(
    "--dtype",
    group="Layer",
    type=Word(list(DTYPES)),
    metavar="DTYPE",
    help=f"Type of an entry: {', '.join(DTYPES)}.  [default: float32]",
)
@framework_options(FRAMEWORKS)
@option(
    "--model",
    group="Input",
    metavar="FILE",
    type=click.Path(),
    help="A saved model, in place of LAYERS: .keras, .pt2; or weights alone: .safetensors, their .index.json, .npz, "
    ".pt, .pth, .ckpt, .bin.",
)
@size_options
@option("--n", group="Input", metavar="INT", help="Samples in a batch.  [default: 1]")
@option(
    "--compare",
    is_flag=True,
    group="Answer",
    help="Show the standard, grouped, depthwise-separable and bottleneck forms side by side.",
)
@network_options("--explain is")
@answer_options
def command(**given: Any) -> int:
    """The parameters of a layer or of a network, and its work and memory where the size of its input is given.

    A convolution has K*K*C_in*C_out weights, and C_out more with --bias; of C_in input channels an output channel sees
    those of its group. One multiply-accumulate (MAC) is two FLOPs.

    --w alone means a square input, or a cubic one. --kind linear has no kernel, and its work needs no size. An integer
    option (and --p) takes several values too, 64,128 or 1..9 or 1..9..2: every combination is answered.

    LAYERS, in place of --k, --c-out and the other numbers of one layer, are a network on an input of --c-in channels;
    each convolution says its output channels, but dw keeps them. --bias holds for all but those with b0.

    The keys that --expect judges are params, weights, bias, buffers and param_bytes, and with a size output, macs,
    macs_without_padding (no zeros of the padding; of a transposed layer, no product that the padding cuts off), flops,
    activation_bytes and peak_activation_bytes (the input and output of a layer, and all that is read later); of LAYERS
    conv3.macs, of one of them, and in_features, what the first fc reads.

    --model FILE, in place of LAYERS, is a model that was saved with its layers (.keras, .pt2), under the names that its
    author gave them. Of a file of weights alone it counts what is stored, tensor by tensor, from the headers: the keys
    are params, buffers, param_bytes, and fc.weight.bytes, of one tensor. Every number counts once, also where two
    layers or two names share it.
    """
    if given["model"] is None:
        return run(COMMAND, given)
    from dlcalc.jobs.models import is_graph

    return run(_of_model(), given) if is_graph(given["model"]) else run(_of_weights(), given)
