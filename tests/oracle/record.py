"""Ask PyTorch, Keras and ONNX Runtime, and record their answers for ``test_recorded.py``, which runs without them.

Run it as ``pip install -e '.[dev,oracle]' && python -m tests.oracle.record``.
"""

from itertools import islice
from typing import Any

import numpy as np

from dlcalc.core.batch_norm.weighted_layer import KINDS
from dlcalc.core.conv.layer import FrameworkName, PaddingWord
from dlcalc.core.network.layer_shape import ConvShape
from dlcalc.core.network.network import ShapeQuestion, layer_question
from dlcalc.core.params.count import ConvParams
from dlcalc.notation import bn_fold as bn_fold_notation
from tests.oracle import ask_keras, ask_onnxruntime, ask_torch, recorded
from tests.oracle.compare import padded
from tests.oracle.recorded import Raw, Record
from tests.support import random_layers, random_norms, random_params, random_softmax
from tests.support.random_layers import layer_of

TORCH = f"PyTorch {ask_torch.torch.__version__}"
KERAS = f"Keras {ask_keras.keras.__version__}"
ONNXRUNTIME = f"ONNX Runtime {ask_onnxruntime.onnxruntime.__version__}"
DIGITS = 12  # of a float that is recorded
ENTRIES = 12  # of the logits, at most

Answers = list[tuple[Raw, Any]]


def main() -> None:
    records = [
        Record(TORCH, "size", sizes("pytorch", ask_torch, ("same", "valid"), 3_000)),
        Record(TORCH, "behind-padding", behind_padding("pytorch", ask_torch, ("causal", "full"), 600)),
        Record(TORCH, "amounts", amounts("pytorch", ask_torch.parameters, 600)),
        Record(TORCH, "amounts", amounts("pytorch", ask_torch.work, 600)),
        Record(TORCH, "amounts", amounts("pytorch", ask_torch.work_on_data, 400)),
        Record(TORCH, "gradients", gradients(500)),
        Record(TORCH, "statistics", statistics("pytorch", ask_torch.running_statistics, (0.1, 0.5, 1.0, None), 100)),
        Record(TORCH, "outputs", outputs(150)),
        Record(KERAS, "size", sizes("tensorflow", ask_keras, ("same", "valid", "causal"), 3_000)),
        Record(KERAS, "behind-padding", behind_padding("tensorflow", ask_keras, ("full",), 600)),
        Record(KERAS, "amounts", amounts("tensorflow", ask_keras.parameters, 400)),
        Record(KERAS, "statistics", statistics("tensorflow", ask_keras.running_statistics, (0.99, 0.5, 0.0, 1.0), 60)),
        Record(ONNXRUNTIME, "size", sizes("onnx", ask_onnxruntime, tuple(ask_onnxruntime.AUTO_PADS), 3_000)),
        Record(ONNXRUNTIME, "placement", placements(600)),
    ]
    recorded.save(records)
    for record in records:
        refused = sum(answer is None for _, answer in record.answers)
        print(f"{record.framework}, {record.topic}: {len(record.answers)} answers, {refused} of them refusals")  # noqa: T201
    print(f"{recorded.FILE}: {recorded.FILE.stat().st_size:,} bytes")  # noqa: T201


def written(question: ShapeQuestion) -> Raw:
    """The question as a line of a batch."""
    layer = layer_of(question)
    found: Raw = {"size": question.size, "framework": question.framework}
    default = layer._field_defaults
    return found | {key: value for key, value in layer._asdict().items() if key == "kernel" or value != default[key]}


def sizes(framework: FrameworkName, ask: Any, words: tuple[PaddingWord, ...], count: int) -> Answers:
    drawn = random_layers.questions(10 * count, 31, (framework,), words)
    own = (question for question in drawn if getattr(ask, "expressible", lambda _: True)(question))
    return [(written(question), ask.size(question)) for question in islice(own, count)]


def behind_padding(framework: FrameworkName, ask: Any, words: tuple[PaddingWord, ...], count: int) -> Answers:
    """Layers whose padding stands in a layer of its own, with the size of the padded input."""
    drawn = random_layers.answers(20 * count, 32, (framework,), words)
    windows = (answer for answer in drawn if layer_of(answer.question).family != "transposed")
    own = (answer for answer in windows if (plan := answer.layers[0].plan) is not None and plan.pad_layer)

    def asked(answer: ConvShape) -> tuple[Raw, Any]:
        size = padded(answer)
        return written(answer.question), (size, ask.size_behind_padding(answer.question, size))

    return [asked(answer) for answer in islice(own, count)]


def placements(count: int) -> Answers:
    drawn = random_layers.answers(100 * count, 33, ("onnx",), ("same", "same-lower"))
    along = (answer.question for answer in drawn if len(answer.question.axes) == 1)
    own = (question for question in along if (layer := layer_of(question)).kind != "max-pool" and not layer.ceil_mode)
    return [(written(question), ask_onnxruntime.placement(question)) for question in islice(own, count)]


def amounts(framework: FrameworkName, ask: Any, count: int) -> Answers:
    def of(answer: ConvParams) -> Raw:
        (counted,), asked = answer.layers, answer.question
        layer = counted.shape.node.op.layer
        found: Raw = {"c_in": counted.c_in, "c_out": counted.c_out, "bias": counted.bias}
        found |= {"dtype": asked.dtype, "n": asked.n}
        if layer is None:
            return found | {"kind": "linear", "framework": asked.framework}
        geometry = written(layer_question(asked.axes, asked.size or (), layer, asked.framework))
        if asked.size is None:
            geometry["dims"] = len(asked.axes)
            del geometry["size"]
        return found | geometry | {"groups": counted.groups}

    drawn = random_params.answers(20 * count, 34, (framework,), ("same", "valid"))
    own = ((of(answer), ask(answer)) for answer in drawn)
    return list(islice(((raw, theirs) for raw, theirs in own if theirs is not None), count))


def gradients(count: int) -> Answers:
    """Losses and gradients; of every tenth question the softmax and its Jacobian too."""
    found: Answers = []
    small = (case for case in random_softmax.cases(10 * count, 35) if case.logits.size <= ENTRIES)
    for number, case in enumerate(islice(small, count)):
        case = case._replace(logits=np.round(case.logits, 2))
        options = {key: value for key, value in case.options.items() if value is not None}
        if (weights := options.get("class_weights")) is not None:
            case.options["class_weights"] = options["class_weights"] = np.round(weights, 2)
        if case.labels is None:
            del options["ignore_index"]
        target = {"target": case.distribution} if case.labels is None else {"label": case.labels}
        theirs = ask_torch.cross_entropy(case)
        if number % 10 == 0:
            theirs |= ask_torch.softmax(case.logits, case.options["temperature"])
        found.append(({"logits": case.logits, **target, **options}, theirs))
    rng = np.random.default_rng(36)
    for _ in range(count // 5):
        rows, classes, inputs = rng.integers(1, 5), rng.integers(2, 6), rng.integers(1, 5)
        x, weight = rng.standard_normal((rows, inputs)).round(2), rng.standard_normal((classes, inputs)).round(2)
        bias, labels = rng.standard_normal(classes).round(2), rng.integers(0, classes, rows)
        raw = {"x": x, "weight": weight, "bias": bias, "label": labels}
        found.append((raw, ask_torch.linear_layer(x, weight, bias, labels)))
    return plainly(found)


def statistics(framework: FrameworkName, ask: Any, momenta: tuple[float | None, ...], count: int) -> Answers:
    rng, found = np.random.default_rng(37), []
    for number in range(count):
        shape = (int(rng.integers(2, 5)), 2, 2, int(rng.integers(1, 3)))
        batches = [(rng.standard_normal(shape) * 2 + 1).round(2) for _ in range(int(rng.integers(1, 5)))]
        momentum = momenta[number % len(momenta)]
        theirs = ask(batches, momentum)
        if number % 5:
            theirs.pop("outputs", None)
        raw = {"batches": batches, "framework": framework, "momentum": "none" if momentum is None else momentum}
        found.append((raw, theirs))
    return plainly(found)


def outputs(count: int) -> Answers:
    """What a layer and the batch norm behind it make of some inputs."""
    rng, found = np.random.default_rng(38), []
    for _ in range(count):
        kind = KINDS[int(rng.integers(len(KINDS)))]
        layer = random_norms.layer(rng, kind, "float64")
        norm = random_norms.affine(rng, layer.outputs)
        raw = {
            "gamma": norm.gamma.round(2),
            "beta": norm.beta.round(2),
            "mean": norm.mean.round(2),
            "var": norm.var.round(3),
            "eps": norm.eps or 1e-5,
            "weight": layer.weight.clip(-3, 3).round(2),
            "bias": layer.bias.clip(-3, 3).round(2),
            "kind": kind,
            "x": rng.standard_normal((2, layer.inputs, *layer.kernel)).round(2),
        }
        if layer.groups > 1:
            raw["groups"] = layer.groups
        raw = plain(raw)
        found.append((raw, ask_torch.layer_and_norm(bn_fold_notation.question(raw, recorded.no_file))))
    return plainly(found)


def plainly(answers: Answers) -> Answers:
    return [(plain(raw), plain(theirs)) for raw, theirs in answers]


def plain(value: Any) -> Any:
    """The value with lists for arrays, and no more digits than are recorded."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
