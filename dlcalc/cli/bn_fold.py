"""``dlcalc bn-fold``."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from dlcalc.cli.command import Command, Mode, OnDisk, reading_arrays
from dlcalc.cli.driver import run
from dlcalc.cli.options import HelpfulCommand, Word, answer_options, option, output_options, stacked, strictness_options
from dlcalc.core import bn_fold as engine
from dlcalc.core.batch_norm.layouts import LAYER_KINDS
from dlcalc.core.batch_norm.statistics import ESTIMATORS
from dlcalc.notation import bn_fold as notation
from dlcalc.report.bn_fold import VIEW

if TYPE_CHECKING:
    from dlcalc.cli.command import Job
    from dlcalc.core.batch_norm.answer import BnFold
    from dlcalc.core.batch_norm.compare import Estimates
    from dlcalc.core.batch_norm.question import BnFoldQuestion
    from dlcalc.core.evidence.array_claim import ArrayClaim
    from dlcalc.core.evidence.array_verdict import ArrayVerdict

EXAMPLES = (
    "dlcalc bn-fold --gamma 2 --beta 1 --mean 0.5 --var 4 --eps 1e-5",
    "dlcalc bn-fold --gamma 2,-1 --mean 0.5,2 --var 4,0.25 --weight 1,2/3,4 --bias 0.5,-1 --check",
    "dlcalc bn-fold --batches 1,2,3,4/2,4,6,8 --framework paper --explain",
    "dlcalc bn-fold --batches 1,2,3,4/2,4,6,8 --momentum none --framework pytorch --json",
    "dlcalc bn-fold --batches 1,2,3,4/2,4,6,8 --compare",
    "dlcalc bn-fold --mean 0.5 --var 4 --weight 2 --bias 1 --x 3",
    "dlcalc bn-fold --mean 0.5 --var 4 --eps 0 --expect 0.5 --expect shift=-0.25",
    """echo '{"mean": [0, 1], "var": [1, 4], "eps": 0}' | dlcalc bn-fold --batch -""",
)


def _job() -> "Job[BnFoldQuestion, BnFold, Mapping[str, tuple[int, ...]], ArrayClaim, ArrayVerdict]":
    from dlcalc.jobs.folded_files import answered

    return answered


def _compare() -> "Mode[BnFoldQuestion, Estimates]":
    from dlcalc.core.batch_norm.compare import compare
    from dlcalc.report.bn_fold_estimators import VIEW as view  # noqa: N811

    return Mode(question, compare, view)


question, claims = reading_arrays(notation.question, notation.BY_ROWS)
COMMAND = Command(
    notation.KEYS,
    question,
    notation.merged,
    claims,
    engine,
    VIEW,
    modes={"compare": _compare},
    on_disk=OnDisk(lambda question: False, lambda question: (question.channels, 8), _job),
)

norm_options = stacked(
    option("--gamma", group="Batch norm", metavar="ARRAY", help="Scale of each channel.  [default: 1]"),
    option("--beta", group="Batch norm", metavar="ARRAY", help="Shift of each channel.  [default: 0]"),
    option("--mean", group="Batch norm", metavar="ARRAY", help="Population mean of each channel."),
    option("--var", group="Batch norm", metavar="ARRAY", help="Population variance of each channel."),
    option("--eps", group="Batch norm", metavar="E", help="Inside the root.  [default: the framework's, 1e-5]"),
    option(
        "--batches",
        group="Statistics",
        metavar="ARRAY",
        help="Mini-batches, a row each: what mean and variance come from, or with --mean and --var go on from.",
    ),
    option(
        "--layout",
        group="Statistics",
        metavar="LETTERS",
        help="The axes of --batches: B batches, N samples, C channels, D H W.  [default: rows BN, of a file BNC]",
    ),
    option(
        "--framework",
        group="Statistics",
        type=Word(list(ESTIMATORS)),
        help="Whose estimator, momentum and eps hold.  [default: paper]",
    ),
    option(
        "--momentum",
        group="Statistics",
        metavar="M",
        help="In the framework's own sense; none averages over all batches (pytorch).",
    ),
)
layer_options = stacked(
    option("--weight", group="Layer", metavar="ARRAY", help="The layer to fold it into: a row for each output."),
    option(
        "--weight-layout",
        group="Layer",
        metavar="LETTERS",
        help="Its axes, o outputs, i inputs, k taps.  [default: oik; in Keras kio, of a linear layer io]",
    ),
    option("--bias", group="Layer", metavar="ARRAY", help="Its bias.  [default: 0]"),
    option(
        "--kind", group="Layer", type=Word(LAYER_KINDS), help="Its kind.  [default: linear for two axes, else conv]"
    ),
    option("--g", "--groups", "groups", group="Layer", metavar="INT", help="Its groups.  [default: 1]"),
    option("--s", "--stride", "stride", group="Layer", metavar="INT[xINT...]", help="Its stride.  [default: 1]"),
    option(
        "--p", "--padding", "padding", group="Layer", metavar="INT[xINT...]", help="Its zero padding.  [default: 0]"
    ),
    option("--d", "--dilation", "dilation", group="Layer", metavar="INT[xINT...]", help="Its dilation.  [default: 1]"),
    option("--bn-first", is_flag=True, group="Layer", help="The batch norm stands before the layer."),
    option("--x", group="Layer", metavar="ARRAY", help="Inputs to evaluate: in training, unfolded and folded."),
)


@click.command(
    "bn-fold", cls=HelpfulCommand, examples=EXAMPLES, short_help="Batch-norm statistics, and folding into a layer."
)
@norm_options
@layer_options
@option("--compare", is_flag=True, group="Answer", help="Show what each estimator makes of --batches, side by side.")
@strictness_options
@answer_options
@output_options
def command(**given: Any) -> int:
    """What a batch norm is at inference, y = scale*x + shift, and the layer with it folded in.

    scale = gamma/sqrt(var + eps) and shift = beta - mean*scale, each exact and rounded once; so is the folded layer:
    W' = W*scale, b' = (b - mean)*scale + beta, in the precision of the weight.

    An ARRAY is numbers, 1,2,3, with / between rows, 1,2,3/4,5,6; or a file, .npy, .npz (file.npz:key), .csv or .json;
    or - for JSON on stdin.

    The keys that --expect judges are scale and shift; with a layer weight, the headline then, and bias; with --batches
    mean and var; with --x training, unfolded and folded. --output writes weight and bias, or scale and shift without a
    layer, to .npz or .safetensors, in the precision of the weight; .npy holds the one array that there is.
    """
    return run(COMMAND, given)
