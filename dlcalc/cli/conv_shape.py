"""``dlcalc conv-shape``."""

from typing import Any

import click

from dlcalc.cli.driver import Mode, Task, run
from dlcalc.cli.options import (
    Command,
    Word,
    answer_options,
    dims_option,
    framework_options,
    layer_options,
    option,
    size_options,
)
from dlcalc.core.layer import KINDS
from dlcalc.core.shape import ConvShapeQuestion, conv_shape
from dlcalc.notation import conv_shape as notation
from dlcalc.notation import layers
from dlcalc.report import conv_shape as view

EXAMPLES = (
    "dlcalc conv-shape --w 7 --k 3 --s 1",
    "dlcalc conv-shape --size 224x224 --k 7 --s 2 --p 3 --explain",
    "dlcalc conv-shape --w 224 --k 3 --s 2 --p same --framework tensorflow --json",
    "dlcalc conv-shape --w 9 --k 4 --s 4 --p 2 --kind max-pool --ceil-mode --check",
    "dlcalc conv-shape --w 224 --k 7 --s 2 --p 3 --expect 112 --expect receptive_field=7",
    "dlcalc conv-shape --w 224 --k 3 --s 2 --p same --compare",
    "dlcalc conv-shape --w 10 --k 3 --s 2 --d 2 --p 1 --draw",
    "dlcalc conv-shape --w 7..64..7 --k 3,5 -q",
    """echo '{"w": 7, "k": 3, "expect": 5}' | dlcalc conv-shape --batch -""",
)


def _compare(question: ConvShapeQuestion) -> Any:
    from dlcalc.core.side_by_side import side_by_side

    return side_by_side(question)


TASK = Task(
    keys=notation.KEYS,
    question=notation.question,
    answer=conv_shape,
    steps="dlcalc.core.steps",
    check="dlcalc.core.enumeration",
    judge="dlcalc.core.mistakes.conv_shape",
    view=view,
    merged=notation.merged,
    sweepable=layers.INTEGERS,
    restated=notation.restated,
    modes={
        "compare": Mode(_compare, "dlcalc.report.conv_frameworks", features=("every framework",)),
        "draw": Mode(conv_shape, "dlcalc.report.conv_drawing"),
    },
)


@click.command(
    "conv-shape", cls=Command, examples=EXAMPLES, short_help="Feature-map size after a convolution or a pooling."
)
@size_options
@dims_option("How many axes --size N stands for.  [default: 2]")
@layer_options("1; of a pooling, the kernel")
@option("--kind", group="Layer", type=Word(list(KINDS)), help="Kind of layer.  [default: conv]")
@option("--ceil-mode", is_flag=True, group="Layer", help="Round the number of a pooling's windows up.")
@framework_options
@option(
    "--compare",
    is_flag=True,
    group="Answer",
    help="Show PyTorch, Keras and ONNX Runtime side by side, and what differs.",
)
@option("--draw", is_flag=True, group="Answer", help="Draw the windows along each axis, as text.")
@answer_options
def command(**given: Any) -> int:
    """The size of the feature map after a convolution, a transposed convolution or a pooling.

    W2 = (W1 - K + 2P)/S + 1, for an input of width W1, a kernel of K, padding of P on each side and a stride of S; and
    what each framework makes of it, the input that no window reads, and the receptive field.

    Only the axes that are named are computed: --w 7 is one axis, --w 7 --h 9 two. An integer option (and --p) takes
    several values too, 7,14,28 or 7..64 or 7..64..7: every combination is answered, the last typed turning fastest.

    The keys that --expect judges are output, unread, receptive_field, receptive_field_min, jump and center.
    """
    return run(TASK, given)
