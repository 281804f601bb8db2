"""``dlcalc conv-shape``."""

from typing import Any

import click

from dlcalc.cli.driver import Task, run
from dlcalc.cli.options import Command, Word, answer_options, layer_options, option, size_options
from dlcalc.core.frameworks import FRAMEWORKS
from dlcalc.core.layer import KINDS
from dlcalc.core.shape import ConvShape, conv_shape
from dlcalc.core.verdict import Verdict
from dlcalc.notation import conv_shape as notation
from dlcalc.report import conv_shape as view

EXAMPLES = (
    "dlcalc conv-shape --w 7 --k 3 --s 1",
    "dlcalc conv-shape --size 224x224 --k 7 --s 2 --p 3 --explain",
    "dlcalc conv-shape --w 224 --k 3 --s 2 --p same --framework tensorflow --json",
    "dlcalc conv-shape --w 9 --k 4 --s 4 --p 2 --kind max-pool --ceil-mode --check",
    "dlcalc conv-shape --w 7..64..7 --k 3,5 -q",
)


def _explain(answer: ConvShape) -> tuple[Any, ...]:
    from dlcalc.core.steps import steps

    return steps(answer)


def _check(answer: ConvShape) -> Any:
    from dlcalc.core.enumeration import check

    return check(answer)


def _judge(answer: ConvShape, raw: object) -> tuple[Verdict, ...]:
    from dlcalc.core.mistakes.conv_shape import KEYS, judge
    from dlcalc.notation.claims import claims

    return tuple(judge(answer, claim) for claim in claims(raw, tuple(KEYS), answer.question.axes))


TASK = Task(
    keys=notation.KEYS,
    sweepable=notation.INTEGERS,
    question=notation.question,
    merged=notation.merged,
    restated=notation.restated,
    answer=conv_shape,
    explain=_explain,
    check=_check,
    judge=_judge,
    view=view,
)


@click.command("conv-shape", cls=Command, examples=EXAMPLES, no_args_is_help=False)
@size_options
@layer_options
@option("--kind", group="Layer", type=Word(list(KINDS)), help="Kind of layer.  [default: conv]")
@option("--ceil-mode", is_flag=True, group="Layer", help="Round a pooling's size up.")
@option("--output-padding", group="Layer", metavar="INT[xINT...]", help="Extra output of a transposed layer.")
@option("--framework", group="Layer", type=Word(list(FRAMEWORKS)), help="Whose rules hold.  [default: pytorch]")
@answer_options
def command(**given: Any) -> int:
    """The size of the feature map after a convolution or a pooling: (W - K + 2P)/S + 1."""
    return run(TASK, given)
