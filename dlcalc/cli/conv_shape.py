"""``dlcalc conv-shape``."""

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
)
from dlcalc.core import conv_shape as engine
from dlcalc.core.conv.layer import FRAMEWORKS, KINDS
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.layer_shape import ConvShape
from dlcalc.notation import conv_shape as notation
from dlcalc.report.conv_shape.view import VIEW

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlcalc.core.evidence.claim import Claim, Verdict
    from dlcalc.core.network.compare import SideBySide
    from dlcalc.core.network.network import ShapeQuestion
    from dlcalc.core.solve.joint import Joint, JointQuestion
    from dlcalc.core.solve.question import Inverse, InverseQuestion
    from dlcalc.report.view import View

SOLVED = ("input", "kernel", "stride", "padding", "dilation", "output-padding")

EXAMPLES = (
    "dlcalc conv-shape --w 7 --k 3 --s 1",
    "dlcalc conv-shape --size 224x224 --k 7 --s 2 --p 3 --explain",
    "dlcalc conv-shape --w 224 --k 3 --s 2 --p same --framework tensorflow --json",
    "dlcalc conv-shape --w 9 --k 4 --s 4 --p 2 --kind max-pool --ceil-mode --check",
    "dlcalc conv-shape --w 224 --k 7 --s 2 --p 3 --expect 112 --expect receptive_field=7",
    "dlcalc conv-shape --w 224 --k 5 --target 224 --solve padding",
    "dlcalc conv-shape --k 7 --s 2 --p 3 --target 112x56 --solve input -q",
    "dlcalc conv-shape --w 7 --k 4 --p 1 --kind transposed --target 14 --solve stride,output-padding",
    "dlcalc conv-shape --w 224 --k 3 --s 2 --p same --compare",
    "dlcalc conv-shape --w 10 --k 3 --s 2 --d 2 --p 1 --draw",
    "dlcalc conv-shape --w 7..64..7 --k 3,5 -q",
    "dlcalc conv-shape --size 224 7s2p3c64 bn max3s2p1",
    "dlcalc conv-shape --w 32 3p1c16 max2 dw3p1 1c32 max2 gap fc10 --check",
    "dlcalc conv-shape --target 56 --solve input 7s2p3 max3s2p1 -q",
    "dlcalc conv-shape --w 32 3p1 max2 3p1 max2 --draw",
    "dlcalc conv-shape --size 28 5p2c16 max2 5p2c32 max2 fc10 --expect in_features=1568",
    "dlcalc conv-shape --w 64 3p1c8 @a 3s2p1c16 up2 3p1c8 add@a relu --check",
    "dlcalc conv-shape --w 56 rep3 @x 3p1c64 relu 3p1c64 add@x relu end --summary",
    """echo '{"w": 7, "k": 3, "expect": 5}' | dlcalc conv-shape --batch -""",
)


def _compare() -> Mode["ShapeQuestion", "SideBySide"]:
    from dlcalc.core.network.compare import compare_frameworks
    from dlcalc.report.conv_shape.frameworks import VIEW as view  # noqa: N811

    return Mode(notation.question, compare_frameworks, view, {}, ("every framework",), _refusal)


def _compare_drawn() -> Mode["ShapeQuestion", "SideBySide"]:
    from dlcalc.core.network.compare import compare_frameworks
    from dlcalc.report.conv_shape.compared_drawing import VIEW as view  # noqa: N811

    return Mode(notation.question, compare_frameworks, view, {}, ("every framework",), _refusal)


def _draw() -> Mode["ShapeQuestion", ConvShape]:
    from dlcalc.report.conv_shape.drawing import VIEW as view  # noqa: N811

    return Mode(notation.question, engine.answer, view)


def _solve() -> Mode["InverseQuestion | JointQuestion", "Inverse | Joint"]:
    from dlcalc.core.solve.question import InverseQuestion
    from dlcalc.core.solve.solve import solve
    from dlcalc.notation.solve import KEYS, question

    def answer(asked: "InverseQuestion | JointQuestion") -> "Inverse | Joint":
        if isinstance(asked, InverseQuestion):
            return solve(asked)
        from dlcalc.core.solve.joint import solve_joint

        return solve_joint(asked)

    def view(asked: "InverseQuestion | JointQuestion") -> "View[Any, Any, Any]":
        from dlcalc.report.conv_shape import joint_solutions, solutions

        return solutions.VIEW if isinstance(asked, InverseQuestion) else joint_solutions.VIEW

    return Mode(question, answer, view, KEYS)


def _refusal(answer: "SideBySide") -> DlcalcError | None:
    return answer.refusal


COMMAND = Command(
    notation.KEYS,
    notation.question,
    notation.merged,
    number_claims,
    engine,
    VIEW,
    modes={"compare draw": _compare_drawn, "compare": _compare, "draw": _draw, "solve": _solve},
    sweepable=notation.SWEEPABLE,
    restated=notation.restated,
)


def _model_question(raw: "Mapping[str, object]") -> "ShapeQuestion":
    from dlcalc.jobs.models import load_graph
    from dlcalc.notation.models.question import shape_question

    return shape_question(raw, load_graph)


def _of_model() -> "Command[ShapeQuestion, ConvShape, Mapping[str, Sequence[str]], Claim, Verdict]":
    """Make the command that answers about a model file; what it needs is loaded when it is asked for."""

    def draw() -> Mode["ShapeQuestion", ConvShape]:
        return Mode(_model_question, engine.answer, _draw().view)

    keys = {**notation.KEYS, "model": (), "n": ()}
    modes = {**COMMAND.modes, "draw": draw}
    return Command(keys, _model_question, lambda _, own: own, number_claims, engine, VIEW, modes)


@click.command(
    "conv-shape",
    cls=HelpfulCommand,
    examples=EXAMPLES,
    sections=LAYER_WORDS,
    short_help="Feature-map size after a convolution, a pooling or a network of layers.",
)
@layers_argument
@option(
    "--model",
    group="Input",
    metavar="FILE",
    type=click.Path(),
    help="A saved model, in place of LAYERS: .keras, .pt2.",
)
@size_options
@option("--n", group="Input", metavar="INT", help="Samples in a batch, where a model file leaves that open.")
@dims_option("How many axes --size N stands for.  [default: 2]")
@layer_options("1; of a pooling, the kernel")
@option("--kind", group="Layer", type=Word(list(KINDS)), help="Kind of layer.  [default: conv]")
@option("--ceil-mode", is_flag=True, group="Layer", help="Round the number of a pooling's windows up.")
@framework_options(FRAMEWORKS)
@option(
    "--compare",
    is_flag=True,
    group="Answer",
    help="Show PyTorch, Keras and ONNX Runtime side by side, and what differs.",
)
@option(
    "--draw",
    is_flag=True,
    group="Answer",
    help="Draw the windows along each axis, as text; of LAYERS what an output sees; with --compare in each framework.",
)
@option(
    "--solve",
    group="Answer",
    type=Word(SOLVED),
    metavar="NUMBER[,NUMBER...]",
    help=f"Leave a number out and find all its values that give --target: {', '.join(SOLVED)}; or i, k, s, p, d, o. "
    "Several, like stride,padding: their combinations. Of LAYERS the input, or output-padding.",
)
@option("--target", group="Answer", metavar="INT[xINT...]", help="The size that is to come out, for --solve.")
@network_options("--draw and --explain are")
@answer_options
def command(**given: Any) -> int:
    """The size of the feature map after a convolution, a transposed convolution or a pooling, or a network of layers.

    W2 = (W1 - K + 2P)/S + 1, for an input of width W1, a kernel of K, padding of P on each side and a stride of S; and
    what each framework makes of it, the input that no window reads, and the receptive field.

    Only the axes that are named are computed: --w 7 is one axis, --w 7 --h 9 two. An integer option (and --p) takes
    several values too, 7,14,28 or 7..64 or 7..64..7: every combination is answered, the last typed turning fastest.

    LAYERS, in place of --k and the other numbers of one layer, are a network, a layer a word, like 7s2p3c64, with
    branches and repeated blocks; --framework and --ceil-mode hold for all that they fit. Receptive field, jump and
    centre are in pixels of the input of the whole network.

    --target 112 --solve padding goes backwards: every padding, and no other, that gives 112. It is split evenly, the
    extra at the end. Of several axes every value along one goes with every value along another. --solve input needs no
    size, and goes back through LAYERS too: --target 112 is a width, --target 112x56, or --dims 2, a height and a width.
    --solve output-padding of LAYERS finds those of their transposed layers. --solve stride,padding finds the
    combinations of several numbers, within bounds that the answer says.

    --model FILE, in place of LAYERS, is a model that was saved with its layers, under the names that its author gave
    them; --n --w --h --depth --size set what the file leaves open.

    The keys that --expect judges are output, unread, receptive_field, receptive_field_min, jump and center, of LAYERS
    those of the last one; conv3.output is that of another layer, and in_features what the first fc reads.
    """
    return run(COMMAND if given["model"] is None else _of_model(), given)
