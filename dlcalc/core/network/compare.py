"""Compare what every framework makes of some layers: what differs, and what that means in a sentence."""

from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from dlcalc.core.conv.frameworks import framework_of
from dlcalc.core.conv.layer import FRAMEWORKS, FrameworkName
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.network.layer_shape import ConvShape, LayerShape
from dlcalc.core.network.network import ShapeQuestion
from dlcalc.core.network.shape import network_shape

Span = tuple[int, int]
V = TypeVar("V", bound=Hashable)

# What is wrong with the question itself. Every other refusal is a framework's, and stands in its place.
_OF_THE_QUESTION = ("usage", "invalid-value", "shape-mismatch", "groups-do-not-divide")


class LayerFacts(NamedTuple):
    """The choices of a framework for one layer, one entry per axis.

    Attributes:
        name: of the layer.
        output: positions of the output; none of a vector.
        padding: positions added before and after; of a transposed layer, cut off.
        first_window: the first and the last tap of the first window, as positions of the layer's input; of a
            transposed layer, where the products of its first input land, as positions of its output.
    """

    name: str
    output: tuple[int, ...]
    padding: tuple[Span, ...]
    first_window: tuple[Span, ...]

    @property
    def starts(self) -> tuple[int, ...]:
        """The first tap along each axis."""
        return tuple(first for first, _ in self.first_window)


class Side(NamedTuple):
    """One framework's answer, or its refusal.

    Attributes:
        framework: the framework.
        answer: its answer; None where it refuses.
        error: its refusal; None where it answers.
        same: its answer with ``same``, where its own layer cannot pad by these numbers: a port is tempted to take it.
    """

    framework: FrameworkName
    answer: ConvShape | None
    error: DlcalcError | None
    same: ConvShape | None = None

    @property
    def layers(self) -> tuple[LayerFacts, ...]:
        """The choices for each layer; empty where the framework refuses."""
        return () if self.answer is None else tuple(map(facts, self.answer.layers))

    @property
    def transposed(self) -> bool:
        """Whether the first layer is a transposed one."""
        return self.answer is not None and self.answer.layers[0].scatters


class SideBySide(NamedTuple):
    """Every framework's answer to one question, in the order of ``FRAMEWORKS``."""

    question: ShapeQuestion
    sides: tuple[Side, ...]

    @property
    def answering(self) -> tuple[Side, ...]:
        """The frameworks that do not refuse."""
        return tuple(side for side in self.sides if side.answer is not None)

    @property
    def warnings(self) -> tuple[Notice, ...]:
        """The notices of all frameworks, each once; each names its framework."""
        return tuple(dict.fromkeys(warned for side in self.sides if side.answer for warned in side.answer.warnings))

    @property
    def refusal(self) -> DlcalcError | None:
        """Why there is no answer at all: what the first framework says, where all refuse."""
        return None if self.answering else self.sides[0].error

    @property
    def differs(self) -> tuple[str, ...]:
        """Which of ``error``, ``output``, ``padding`` and ``first_window`` are not the same in all frameworks."""
        codes = {side.error.code if side.error else None for side in self.sides}
        found = ("error",) if len(codes) > 1 else ()
        layers = [side.layers for side in self.answering]
        of_each = {
            key: [tuple(getattr(layer, key) for layer in each) for each in layers] for key in LayerFacts._fields[1:]
        }
        return (*found, *(key for key, values in of_each.items() if _differ(values)))

    @property
    def summary(self) -> str:
        """The comparison in one sentence."""
        answering, differs = self.answering, self.differs
        if not answering:
            return "all three refuse"
        refusing = [side.framework for side in self.sides if side.answer is None]
        outputs = [side.answer.output for side in answering if side.answer is not None]
        if refusing:
            head = f"{_names(refusing)} {'refuse' if len(refusing) > 1 else 'refuses'}; {_gives(answering, outputs)}"
        elif _differ(outputs):
            head = f"sizes differ: {_gives(answering, outputs)}"
        elif not differs:
            return f"all three agree on {_by_axis(outputs[0]) or _features(answering[0])}"
        else:
            head = "same size"
        return head if _differ(outputs) or not set(differs) - {"error"} else f"{head}, {_apart(answering)}"

    @property
    def remarks(self) -> tuple[str, ...]:
        """Where a port would be tempted to take other windows than these, a sentence each."""
        return tuple(filter(None, map(_tempting, self.sides)))


def compare_frameworks(question: ShapeQuestion) -> SideBySide:
    """Ask every framework the same question.

    Args:
        question: about a layer, or a network; its own framework is of no account.

    Raises:
        DlcalcError: ``usage``, ``invalid-value``, ``shape-mismatch``: what no framework is asked.

    >>> from dlcalc.core.conv.layer import Layer
    >>> from dlcalc.core.network.network import layer_question
    >>> compare_frameworks(layer_question(("w",), (224,), Layer(3, 2, "same"))).summary
    'PyTorch refuses; Keras and ONNX Runtime give 112'
    >>> compare_frameworks(layer_question(("w",), (7,), Layer(3))).summary
    'all three agree on 5'
    """
    return SideBySide(question, tuple(_side(question, framework) for framework in FRAMEWORKS))


def _side(question: ShapeQuestion, framework: FrameworkName) -> Side:
    question = question._replace(framework=framework)
    try:
        answer = network_shape(question)
    except DlcalcError as error:
        if error.code in _OF_THE_QUESTION:
            raise
        return Side(framework, None, error)
    return Side(framework, answer, None, _same(question, answer))


def _same(question: ShapeQuestion, answer: ConvShape) -> ConvShape | None:
    """Answer the layer with ``same`` for its padding in numbers, where these need a pad layer and ``same`` does not."""
    plan = answer.layers[0].plan
    if question.network.single is None or plan is None or not plan.pad_layer or isinstance(plan.layer.padding, str):
        return None
    try:
        same = network_shape(question.with_layer(plan.layer._replace(padding="same")))
    except DlcalcError:
        return None
    return same if same.output == answer.output else None


def facts(layer: LayerShape) -> LayerFacts:
    """Collect what is compared of a layer."""
    windows = [axis.window for axis in layer.axes] if layer.plan is not None else []
    return LayerFacts(
        layer.name,
        layer.output,
        tuple((window.before, window.after) for window in windows),
        tuple((-window.before, window.extent - 1 - window.before) for window in windows),
    )


def _differ(values: Iterable[object]) -> bool:
    return len(set(values)) > 1


def _features(side: Side) -> str:
    """Write the features of a vector, which has no axes."""
    features = side.answer.layers[-1].made.channels if side.answer else None
    return "a vector" if features is None else f"{features} features"


def _apart(answering: Sequence[Side]) -> str:
    """Say how the windows differ where the sizes are the same."""
    layers = [side.layers for side in answering]
    if len(layers[0]) > 1:
        unlike = [several[0].name for several in zip(*layers, strict=True) if _differ(several)]
        return f"but not the same windows in {_listed(unlike)}"
    starts = [side[0].starts for side in layers]
    shift = max(max(along) - min(along) for along in zip(*starts, strict=True))
    if not shift:
        return "same windows, another padding at the end"
    places = ", ".join(f"at {_by_axis(start)} in {_names(names)}" for start, names in _grouped(answering, starts))
    return _shifted(answering[0], shift) + places


def _shifted(side: Side, shift: int) -> str:
    """Begin the sentence that says where windows, or the products of a transposed layer, start."""
    what = "outputs" if side.transposed else "windows"
    first = "the products of the first input start" if side.transposed else "the first starts"
    return f"{what} {'one pixel' if shift == 1 else f'{shift} pixels'} apart: {first} "


def _tempting(side: Side) -> str:
    """Say what a framework's own ``same`` would do in place of the pad layer that its answer needs."""
    if side.answer is None or side.same is None:
        return ""
    starts, same = (facts(answer.layers[0]).starts for answer in (side.answer, side.same))
    shift = max(abs(start - other) for start, other in zip(starts, same, strict=True))
    means = "has the same windows"
    if shift:
        means = f"gives this size too, but {_shifted(side, shift)}at {_by_axis(same)}"
    extra = "a layer that cuts the output" if side.transposed else "a pad layer"
    return f"{framework_of(side.framework).name} needs {extra} for this padding; its own 'same' {means}"


def _gives(answering: Sequence[Side], outputs: Sequence[tuple[int, ...]]) -> str:
    """Say who gives which size: ``Keras gives 4, ONNX Runtime 5``."""
    sizes = [_by_axis(output) or _features(side) for side, output in zip(answering, outputs, strict=True)]
    (size, who), *others = _grouped(answering, sizes)
    first = f"{_names(who)} {'give' if len(who) > 1 else 'gives'} {size}"
    return ", ".join((first, *(f"{_names(names)} {other}" for other, names in others)))


def _grouped(sides: Sequence[Side], values: Sequence[V]) -> list[tuple[V, list[FrameworkName]]]:
    """Group the frameworks by their value, each value once."""
    groups: dict[V, list[FrameworkName]] = {}
    for side, value in zip(sides, values, strict=True):
        groups.setdefault(value, []).append(side.framework)
    return list(groups.items())


def _by_axis(values: Iterable[int]) -> str:
    return " x ".join(map(str, values))


def _names(frameworks: Iterable[FrameworkName]) -> str:
    return _listed([framework_of(framework).name for framework in frameworks])


def _listed(names: Sequence[str]) -> str:
    """Join names in a sentence: ``a, b and c``."""
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]
