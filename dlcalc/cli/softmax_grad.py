"""``dlcalc softmax-grad``."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from dlcalc.cli.command import Command, OnDisk, reading_arrays
from dlcalc.cli.driver import run
from dlcalc.cli.options import (
    File,
    HelpfulCommand,
    Word,
    answer_options,
    option,
    output_options,
    stacked,
    strictness_options,
)
from dlcalc.core import softmax_grad as engine
from dlcalc.core.softmax.answer import SoftmaxGrad
from dlcalc.core.softmax.question import SoftmaxQuestion
from dlcalc.core.softmax.targets import REDUCTIONS
from dlcalc.notation import softmax_grad as notation
from dlcalc.report.softmax_grad import VIEW

if TYPE_CHECKING:
    from dlcalc.cli.command import Job
    from dlcalc.core.evidence.array_claim import ArrayClaim
    from dlcalc.core.evidence.array_verdict import ArrayVerdict

EXAMPLES = (
    "dlcalc softmax-grad --logits 1,2,3 --label 2",
    "dlcalc softmax-grad --logits 1,2,3 --label 2 --jacobian --explain",
    "dlcalc softmax-grad --logits 1,2,3/0.5,-1,0.25 --label 2,0 --reduction sum -q",
    "dlcalc softmax-grad --logits 1,2,3 --target 0.2,0.3,0.5 --check --json",
    "dlcalc softmax-grad --logits 1,2,3 --label 2 --expect 0.0900,0.2447,-0.3348 --expect loss=0.4076",
    "dlcalc softmax-grad --x 1.5,-2 --weight 0.1,0.2/0.3,-0.4/-0.5,0.6 --label 1",
    """echo '{"logits": [1, 2, 3], "label": 2, "expect": {"loss": 0.4076}}' | dlcalc softmax-grad --batch -""",
)


def _job() -> "Job[SoftmaxQuestion, SoftmaxGrad, Mapping[str, tuple[int, ...]], ArrayClaim, ArrayVerdict]":
    from dlcalc.jobs.softmax_files import answered

    return answered


question, claims = reading_arrays(notation.question, notation.BY_ROWS)
COMMAND = Command(
    notation.KEYS,
    question,
    notation.merged,
    claims,
    engine,
    VIEW,
    on_disk=OnDisk(lambda question: question.streamed, lambda question: (question.rows, question.row_bytes), _job),
)

source_options = stacked(
    option("--logits", group="Logits", metavar="ARRAY", help="The logits: rows of classes."),
    option(
        "--class-axis",
        group="Logits",
        metavar="N",
        help="Which axis of the arrays the classes are; 1 for PyTorch's (N, C, d1, ...).  [default: -1, the last]",
    ),
    option("--x", group="Logits", metavar="ARRAY", help="Or the inputs of a linear layer, z = Wx + b: rows of inputs."),
    option("--weight", group="Logits", metavar="ARRAY", help="Its weight W: a row for each class."),
    option("--bias", group="Logits", metavar="ARRAY", help="Its bias b.  [default: 0]"),
    option(
        "--label",
        group="Target",
        metavar="INT[,INT...]",
        type=File(),
        help="The class of each row, from 0 on; or a FILE.",
    ),
    option("--target", group="Target", metavar="ARRAY", help="Or the distribution of each row."),
    option("--ignore-index", group="Target", metavar="INT", help="The label of rows to ignore.  [default: -100]"),
)
loss_options = stacked(
    option("--reduction", group="Loss", type=Word(REDUCTIONS), help="Over the rows.  [default: mean]"),
    option("--class-weights", group="Loss", metavar="ARRAY", help="A weight for each class."),
    option(
        "--label-smoothing",
        group="Loss",
        metavar="A",
        help="The part of the target that is spread over all classes.  [default: 0]",
    ),
    option("--temperature", group="Loss", metavar="T", help="The logits are divided by T.  [default: 1]"),
    option("--jacobian", is_flag=True, group="Loss", help="Show da/dz too."),
)


@click.command(
    "softmax-grad",
    cls=HelpfulCommand,
    examples=EXAMPLES,
    short_help="Softmax, cross-entropy, its gradient and Jacobian.",
)
@source_options
@loss_options
@strictness_options
@answer_options
@output_options
def command(**given: Any) -> int:
    """The gradient of softmax and cross-entropy: dC/dz = (a*sum(t) - t)/D, which for one class a row is a - y.

    An ARRAY is numbers, 1,2,3, with / between rows, 1,2,3/4,5,6; or a file, .npy, .npz (file.npz:key), .csv or .json;
    or - for JSON on stdin. The options mean what they mean in PyTorch's cross_entropy.

    The keys that --expect judges are grad_logits, loss, softmax, grad_softmax, jacobian, and of a linear layer logits,
    grad_weight, grad_bias and grad_x. --output writes grad_logits, in the precision of the logits. Files may be larger
    than memory: logits, labels, targets and claims in .npy, and in .npz as numpy.savez writes it, are read by rows.
    """
    return run(COMMAND, given)
