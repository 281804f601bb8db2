"""The page of all error, warning and mistake codes, each with its sentence."""

from collections.abc import Iterable, Mapping
from typing import Any

from dlcalc.core.batch_norm.mistakes import MISTAKES as BN_FOLD
from dlcalc.core.conv.mistakes import MISTAKES as CONV_SHAPE
from dlcalc.core.errors import ErrorCode, NoticeCode
from dlcalc.core.evidence.diagnosis import Mistake
from dlcalc.core.network.whole_mistakes import FEATURE_MISTAKES, FIELD_MISTAKES
from dlcalc.core.params.mistakes import MISTAKES as CONV_PARAMS
from dlcalc.core.softmax.mistakes.table import MISTAKES as SOFTMAX_GRAD
from dlcalc.core.weights.mistakes import MISTAKES as STORED_WEIGHTS
from docs.markdown import grid, prose

ERRORS: dict[ErrorCode, str] = {
    "usage": "an option cannot be read as what it is, or options do not go together",
    "invalid-value": "a value can be read, and is not legal: a stride of 0, more than 18 digits",
    "kernel-exceeds-input": "the kernel, with its holes, is larger than the padded input",
    "unsupported-by-framework": "the framework does not compute such a layer; another one may",
    "padding-too-large": "a pooling of this framework takes less padding for this kernel",
    "output-padding-too-large": "the output padding of a transposed layer must be less than its stride (or dilation)",
    "groups-do-not-divide": "the groups do not divide the channels",
    "empty-output": "a transposed layer, or a crop, cuts its whole output away",
    "no-solution": "no value of the number that `--solve` leaves open gives the target",
    "too-many-questions": "a sweep or a list of solutions is longer than 10,000,000",
    "shape-mismatch": "counts of axes, rows, classes or channels do not fit together, or joined maps do not meet",
    "label-out-of-range": "a label is no class of the logits",
    "no-valid-rows": "the mean is over nothing: the class weight of every target is 0",
    "no-finite-logit": "a row has no softmax: NaN, +inf, or -inf for every class",
    "not-enough-samples": "an unbiased variance needs two samples per channel",
    "invalid-statistics": "a variance or a mean is no number that a batch norm can have",
    "file-not-found": "there is no file of this name",
    "file-unreadable": "the file is there and cannot be read",
    "malformed-file": "the content of a file is not what its format says",
    "unsafe-file": "reading the file could run code (pickled objects), or expand without bounds",
    "unsupported-file": "the format of the file is not one that is read or written here",
    "unsupported-dtype": "the array has a dtype that is not one of real numbers",
    "certificate-failed": "a batch norm in front of a layer cannot be folded: outputs at the border would differ",
    "output-exists": "the file to be written exists; `--force` replaces it",
    "write-failed": "the output cannot be written",
    "missing-dependency": "a file needs a package that is not installed (reserved: nothing needs one yet)",
    "out-of-memory": "there is not enough memory, or none for another thread",
    "internal-error": "a bug in dlcalc; please report it",
}

NOTICES: dict[NoticeCode, str] = {
    "affine-overflow": "scale or shift is beyond the range of float64",
    "backend-refuses": "Keras states this size, and its backend refuses to run the layer",
    "channels-in-size": "a size like 3x224x224 is read as a volume, and its first number looks like channels",
    "crops-input": "SAME padding is negative here: the framework leaves input out",
    "declared-shape-differs": "a model file declares another shape of a layer than its own numbers give",
    "entries-left-out": "a file holds more than the tensors that are counted",
    "field-exceeds-input": "windows see more than all of the input: beyond it there is nothing to learn from",
    "field-unknown": "of the layers of a model behind this one it is not known what they see of the input",
    "gradient-overflows": "an entry of the gradient is beyond the range of its format",
    "implementations-differ": "the text of ONNX and its implementations differ on this layer",
    "infinite-loss": "the loss of a row is infinite",
    "layout-assumed": "typed rows are read as mini-batches of one channel, and frameworks read samples of channels",
    "logits-look-like-probabilities": "every row lies in [0, 1] and sums to 1: softmax would be applied twice",
    "momentum-looks-reversed": "a momentum is written as another framework writes it",
    "needs-crop-layer": "the framework needs a crop behind its transposed layer",
    "needs-pad-layer": "the framework needs an explicit pad layer in front of its layer",
    "open-dimension": "a model file leaves an extent open, and it is taken as in the example that it was traced with",
    "folded-overflow": "folded numbers are beyond the range of their format",
    "folded-subnormal": "folded weights are subnormal in their format, and have fewer digits",
    "gamma-zero": "gamma is 0, so a channel gives beta alone",
    "negative-variance": "a variance is less than 0, and still over 0 with eps",
    "no-valid-rows": "every row is ignored: the mean loss is NaN, and the gradient 0",
    "same-ignores-dilation": "ONNX Runtime's pools compute SAME from the undilated kernel",
    "start-value-left": "the running statistics still hold a part of their start values",
    "stored-by-column": "a file in Fortran order, or with many classes that are not its last axis, is read slowly",
    "target-negative": "a target distribution has a negative entry",
    "target-not-normalized": "a target distribution does not sum to 1",
    "total-size-differs": "an index of weights says another size than its tensors have",
    "uint16-read-as-bfloat16": "a file of uint16 is read as bfloat16",
    "unbounded": "every number from here on is a solution: the smallest stands for all",
    "uneven-overlap": "outputs of a transposed layer are sums of different numbers of products: checkerboard patterns",
    "unread-output": "layers of a network in words are computed, and nothing reads what they make",
    "unused-name": "a map of a network in words is named, and the name is never read",
    "variance-below-eps": "a variance is less than eps, so eps decides the scale",
    "weights-not-counted": "a model file does not say what is stored for a layer of a class that is not known here",
}

MISTAKES: Mapping[str, Iterable[Mistake[Any]]] = {
    "conv-shape": CONV_SHAPE,
    "conv-params": CONV_PARAMS,
    "conv-params --model": STORED_WEIGHTS,
    "softmax-grad": SOFTMAX_GRAD,
    "bn-fold": BN_FOLD,
}
# Of mistakes whose sentence depends on the question or on the claim, the sentence about any.
ANY = {
    "eps-default": "taking another eps: a framework's default, or one that the claim itself says",
    "last-window-starts-in-padding": "keeping a last window that starts in the padding, or behind the input",
    "kl-divergence": "taking the KL divergence, which is the cross-entropy less the entropy of the target",
    "label-off-by-one": "taking label y + 1 or y - 1 for y",
    "low-precision-fold": "computing in float32, float16 or bfloat16, and not only storing in it",
    "mib-not-mb": "taking MiB for MB, or MB for MiB, or giving MiB and not bytes",
    "sign-flipped": "losing the minus of the loss, or taking the opposite sign, t - a for a - t",
    "smoothing-other": "smoothing by another definition: t = y + alpha/C, (1 - alpha)*y + 1/C, or fastai's",
    "scaled": "a constant factor, which is fitted to the claim and said",
}


def page() -> str:
    """The page of all codes."""
    lines = [
        "# Codes",
        "",
        *prose(
            "Scripts may depend on every code on this page: once released, it is never renamed or given another "
            "meaning. New ones may be added. `python -m docs.generate` writes this page from the tables of the "
            "code."
        ),
        "",
        "## Errors",
        "",
        *prose(
            "A question without an answer exits 2. Its error stands on stderr in words; with JSON it is an object "
            "with `code`, `message`, `hint` (the nearest legal value, or what to do instead) and `option`."
        ),
        "",
        *_table("code", ERRORS),
        "",
        "## Warnings",
        "",
        *prose(
            "A warning is a caveat about an answer that stands. It is in `warnings` of the JSON, or on stderr "
            "beside a table."
        ),
        "",
        *_table("code", NOTICES),
        "",
        "## Mistakes",
        "",
        *prose(
            "A mistake is named where a claim is wrong and the mistake would give it: the whole claim, to its "
            "last digit or within its tolerance. A mistake is tried only where its option matters. Those that fit "
            "are listed in the order of these tables. Two at once are tried where no single one fits and the "
            "claim carries enough digits. In a network each is tried in every layer at once, and in one "
            "layer, which is named; where single slips in more than three layers, or of more than three kinds, "
            "would give the claim, none of them is evidence, and they stand in `could_be`."
        ),
    ]
    for command, mistakes in MISTAKES.items():
        said = {mistake.name: _sentence(mistake).removesuffix(",") for mistake in mistakes}
        said |= {**FIELD_MISTAKES, **FEATURE_MISTAKES} if command == "conv-shape" else {}
        lines += ["", f"### {command}", "", *_table("mistake", said)]
    return "\n".join(lines) + "\n"


def _sentence(mistake: Mistake[Any]) -> str:
    return mistake.sentence if isinstance(mistake.sentence, str) else ANY[mistake.name]


def _table(title: str, sentences: Mapping[str, str] | Mapping[ErrorCode, str] | Mapping[NoticeCode, str]) -> list[str]:
    return grid([title, "meaning"], [(f"`{code}`", sentence) for code, sentence in sentences.items()])
